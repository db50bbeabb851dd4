package stack

import (
	"github.com/slipway-eks/slipway/internal/config"
)

// sshGroup admits SSH to a managed group's nodes.
func (t *Template) sshGroup(n *config.NodeGroupBase, live Live) any {
	if !allowsSSH(n) {
		return nil
	}
	return t.add("SSH", "AWS::EC2::SecurityGroup", M{"GroupDescription": "Allow SSH access", "VpcId": live.VPC, "SecurityGroupIngress": sshRules(n,
		live.Blocks)})
}

func allowsSSH(n *config.NodeGroupBase) bool { return n.SSH != nil && config.On(n.SSH.Allow, false) }

// OpensSSHToVPC tells whether a node group's SSH port is open to the VPC, and to
// nobody else: its nodes have private addresses only, and no source is named.
func OpensSSHToVPC(n *config.NodeGroupBase) bool {
	return allowsSSH(n) && len(n.SSH.SourceSecurityGroupIds) == 0 && config.On(n.PrivateNetworking, false)
}

// sshRules follow eksctl's makeSSHIngressRules, but that blocks added to the VPC count.
func sshRules(n *config.NodeGroupBase, blocks []string) L {
	port := 22
	if n.Windows() {
		port = 3389
	}
	rule := func(k, v string) M {
		return M{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, k: v, "Description": "Allow SSH access to worker nodes in group " + n.Name}
	}
	if ids := n.SSH.SourceSecurityGroupIds; len(ids) > 0 {
		out := L{}
		for _, id := range ids {
			out = append(out, rule("SourceSecurityGroupId", id))
		}
		return out
	}
	if OpensSSHToVPC(n) {
		out := L{}
		for _, b := range blocks {
			out = append(out, rule("CidrIp", b))
		}
		return out
	}
	return L{rule("CidrIp", "0.0.0.0/0"), rule("CidrIpv6", "::/0")}
}

// nodeGroups adds the group's own security group and its rules with the control
// plane, and lists all groups of the nodes.
func (t *Template) nodeGroups(c *config.ClusterConfig, n *config.NodeGroupBase, live Live) L {
	out := strs(n.SecurityGroups.AttachIDs)
	if config.On(n.SecurityGroups.WithLocal, true) {
		rules := L{}
		if allowsSSH(n) {
			rules = sshRules(n, live.Blocks)
		}
		desc := "Communication between the control plane and worker nodes in group " + n.Name
		p := M{"VpcId": live.VPC, "GroupDescription": desc, "Tags": L{M{"Key": "kubernetes.io/cluster/" + c.Metadata.Name, "Value": "owned"},
			M{"Key": "Name", "Value": Sub("${AWS::StackName}/SG")}}}
		if len(rules) > 0 {
			p["SecurityGroupIngress"] = rules
		}
		sg := t.add("SG", "AWS::EC2::SecurityGroup", p)
		out = append(out, sg)
		if cp := live.ControlGroup; cp != "" {
			in := func(id string, group, from any, a, b int, d string) {
				t.add(id, "AWS::EC2::SecurityGroupIngress", M{"GroupId": group, "SourceSecurityGroupId": from, "IpProtocol": "tcp", "FromPort": a, "ToPort": b,
					"Description": d})
			}
			eg := func(id string, a, b int, d string) {
				t.add(id, "AWS::EC2::SecurityGroupEgress", M{"GroupId": cp, "DestinationSecurityGroupId": sg, "IpProtocol": "tcp", "FromPort": a, "ToPort": b,
					"Description": d})
			}
			in("IngressInterCluster", sg, cp, 1025, 65535,
				"Allow worker nodes in group "+n.Name+" to communicate with control plane (kubelet and workload TCP ports)")
			eg("EgressInterCluster", 1025, 65535, "Allow control plane to communicate with worker nodes in group "+n.Name+" (kubelet and workload TCP ports)")
			in("IngressInterClusterAPI", sg, cp, 443, 443,
				"Allow worker nodes in group "+n.Name+" to communicate with control plane (workloads using HTTPS port, commonly used with extension API servers)")
			eg("EgressInterClusterAPI", 443, 443,
				"Allow control plane to communicate with worker nodes in group "+n.Name+" (workloads using HTTPS port, commonly used with extension API servers)")
			in("IngressInterClusterCP", cp, sg, 443, 443, "Allow control plane to receive API requests from worker nodes in group "+n.Name)
		}
	}
	if config.On(n.SecurityGroups.WithShared, true) && live.SharedGroup != "" {
		out = append(out, live.SharedGroup)
	}
	return out
}
