package eks

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/node"
	"github.com/slipway-eks/slipway/internal/sim/node/bootstrap"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// booted follows an instance from power-on to a registered node (facts/eks.md
// §2): it must find its cluster in its user data, reach AWS and the endpoint, and
// be let in.
func (s *EKS) booted(i *ec2types.Instance) {
	group := s.ec2.Tags(*i.InstanceId)["eks:nodegroup-name"]
	n, err := s.boots(i)
	if err != nil {
		return // what nodeadm, cloud-init or the kubelet cannot read never joins
	}
	c := s.clusters.Get(n.Cluster)
	if c == nil {
		return // an instance that knows no cluster joins none
	}
	d := s.w.Draw("node:join", *i.InstanceId, seconds(20), seconds(14), seconds(40))
	s.w.Start("node:join", *i.InstanceId, d, "eks:joins", c.ID, joining{*i.InstanceId, group})
}

// joining is an instance on its way to being a node, and the managed group it is of.
type joining struct{ Instance, Group string }

// join is a try of an instance; kubelet and nodeadm keep trying.
func (s *EKS) join(c *cluster, p joining) {
	i := s.ec2.Instance(p.Instance)
	if i == nil || i.State.Name != ec2types.InstanceStateNameRunning || c.Deleting {
		return
	}
	n, err := s.boots(i)
	if err != nil {
		return
	}
	if cmp.Or(strange(c, n), s.cannotJoin(c, i)) != "" {
		s.w.Schedule(15*time.Second, "eks:joins", c.ID, p)
		return
	}
	s.register(c, i, n, c.groups.Get(p.Group))
}

// cannotJoin says why an instance does not get as far as a Node object; "" when
// nothing stands in its way. Each reason is a row of facts/eks.md §5.
func (s *EKS) cannotJoin(c *cluster, i *ec2types.Instance) string {
	role := s.iam.ProfileRole(aws.ToString(i.IamInstanceProfile.Arn))
	vc := c.ResourcesVpcConfig
	way := s.ec2.Internet(*i.SubnetId)
	private := s.ec2.HasEndpoints(*i.VpcId, "ec2", "ecr.api", "ecr.dkr", "s3", "sts")
	switch {
	case c.Status == types.ClusterStatusCreating:
		return "no endpoint yet"
	case way == "igw" && i.PublicIpAddress == nil && !private:
		return "public subnet without an assigned public address" // row 11
	case way == "" && !private:
		return "no route to AWS APIs" // row 10
	case !s.ec2.VPCDNS(*i.VpcId):
		return "VPC DNS attributes are off" // row 15
	case !vc.EndpointPrivateAccess && !s.publicReach(c, i, way):
		return "the public endpoint's CIDRs exclude the node" // row 12
	case vc.EndpointPrivateAccess && !s.groupsReach(c, i):
		return "security groups block 443 to the control plane" // row 13
	case role == "":
		return "no instance role"
	case s.iam.STS(s.Region) != nil:
		return "kubelet gets no token: STS is not activated in the region" // row 18
	case c.kube.Down() != "":
		return "the API server does not answer"
	case !s.iam.Allows(role, "ec2:DescribeInstances", "AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2FullAccess"):
		return "the node role cannot call ec2:DescribeInstances" // row 17
	case !c.admits(role):
		return "kubelet is Unauthorized: no access entry or aws-auth mapping for the node role" // row 14
	}
	return ""
}

func (c *cluster) admits(role string) bool {
	u := c.user(role)
	return u != nil && slices.Contains(u.Groups, "system:nodes")
}

// publicReach tells whether a node's public source address may call the endpoint.
func (s *EKS) publicReach(c *cluster, i *ec2types.Instance, way string) bool {
	addr := aws.ToString(i.PublicIpAddress)
	if way == "nat" {
		rt := s.ec2.RouteTableOf(*i.SubnetId)
		for _, r := range rt.Routes {
			if n := s.ec2.Nat(aws.ToString(r.NatGatewayId)); n != nil {
				addr = aws.ToString(n.NatGatewayAddresses[0].PublicIp)
			}
		}
	}
	a, err := netip.ParseAddr(addr)
	return slices.ContainsFunc(c.ResourcesVpcConfig.PublicAccessCidrs, func(x string) bool {
		p, perr := netip.ParsePrefix(x)
		return x == "0.0.0.0/0" || err == nil && perr == nil && p.Contains(a)
	})
}

// groupsReach tells whether a control-plane group admits 443 from the node.
func (s *EKS) groupsReach(c *cluster, i *ec2types.Instance) bool {
	vc := c.ResourcesVpcConfig
	for _, id := range append([]string{aws.ToString(vc.ClusterSecurityGroupId)}, vc.SecurityGroupIds...) {
		g := s.ec2.Group(id)
		if g == nil {
			continue
		}
		for _, p := range g.IpPermissions {
			if *p.IpProtocol != "-1" && (aws.ToInt32(p.FromPort) > 443 || aws.ToInt32(p.ToPort) < 443) {
				continue
			}
			if len(p.IpRanges) > 0 || slices.ContainsFunc(p.UserIdGroupPairs, func(u ec2types.UserIdGroupPair) bool {
				return slices.ContainsFunc(i.SecurityGroups, func(x ec2types.GroupIdentifier) bool { return *x.GroupId == *u.GroupId })
			}) {
				return true
			}
		}
	}
	return false
}

func (s *EKS) register(c *cluster, i *ec2types.Instance, n *bootstrap.Config, g *nodegroup) {
	it, _ := ec2.TypeOf(string(i.InstanceType))
	arch := map[string]string{"x86_64": "amd64", "arm64": "arm64"}[it.Arch]
	img := s.ec2.Image(*i.ImageId)
	// A node is as new as its AMI, not as its control plane.
	os, image, minor, patch := "linux", "Amazon Linux 2023.9.20261027", *c.Version, ""
	if img != nil {
		name := aws.ToString(img.Name)
		minor, patch = cmp.Or(ec2.MinorOf(name), minor), ec2.PatchOf(aws.ToString(img.Description))
		switch family := bootstrap.FamilyOf(name); {
		case family == bootstrap.Bottlerocket:
			image = "Bottlerocket OS 1.50.0 (aws-k8s-" + minor + ")"
		case family == bootstrap.Windows:
			os, image = "windows", "Windows Server 2022 Datacenter"
		case strings.HasPrefix(name, "ubuntu"):
			image = "Ubuntu 22.04.5 LTS"
		case family == bootstrap.AL2:
			image = "Amazon Linux 2"
		}
	}
	labels := map[string]string{"k8s.io/cloud-provider-aws": "0f5cb1c2d5f7a4c1"}
	maps.Copy(labels, n.Labels)
	taints := n.Taints
	if g != nil {
		// EKS sets a managed group's labels and taints on its nodes, whatever they say
		// of themselves.
		maps.Copy(labels, g.nodeLabels())
		labels["eks.amazonaws.com/nodegroup-image"] = *i.ImageId
		taints = addTaints(g.nodeTaints(), taints)
	}
	pods := max(4, it.Pods())
	if n.MaxPods > 0 {
		pods = n.MaxPods
	}
	name := *i.PrivateDnsName
	c.ByNode[name], c.ByInstance[*i.InstanceId] = *i.InstanceId, name
	c.nodes.Register(node.Spec{
		Name: name, InstanceID: *i.InstanceId, Zone: *i.Placement.AvailabilityZone, Region: s.Region, InstanceType: string(i.InstanceType),
		Arch: arch, OS: os, Image: image, InternalIP: *i.PrivateIpAddress, ExternalIP: aws.ToString(i.PublicIpAddress),
		Version: nodeKubelet(minor, patch), Labels: labels, Taints: taints, CPUs: it.VCPUs, MemMiB: it.MemMiB, Pods: pods, GPUs: it.GPUs, Ready: os == "windows",
	})
}

func taintEffect(e types.TaintEffect) corev1.TaintEffect {
	return map[types.TaintEffect]corev1.TaintEffect{
		types.TaintEffectNoExecute:        corev1.TaintEffectNoExecute,
		types.TaintEffectNoSchedule:       corev1.TaintEffectNoSchedule,
		types.TaintEffectPreferNoSchedule: corev1.TaintEffectPreferNoSchedule,
	}[e]
}

// gone removes the node of a terminated instance.
func (s *EKS) gone(i *ec2types.Instance) {
	for _, c := range s.clusters.All() {
		if n := c.ByInstance[*i.InstanceId]; n != "" {
			if c.nodes != nil && !c.Deleting {
				c.nodes.Forget(n)
			}
			delete(c.ByInstance, *i.InstanceId)
			delete(c.ByNode, n)
		}
	}
}

// podRole is the role whose credentials a pod's SDK finds: by IRSA, by pod identity, or its
// node's; or what its SDK says when it finds none.
func (c *cluster) podRole(ns, sa string, i *ec2types.Instance) (role, problem string) {
	s := c.e
	if k := kubeapi.Get[corev1.ServiceAccount](c.kube, ns, sa); k != nil && k.Annotations["eks.amazonaws.com/role-arn"] != "" {
		irsa, url := k.Annotations["eks.amazonaws.com/role-arn"], *c.Identity.Oidc.Issuer
		if !s.iam.HasProvider(url) {
			return "", "WebIdentityErr: failed to retrieve credentials: InvalidIdentityToken: No OpenIDConnect provider found in your account for " + url
		}
		if !s.iam.TrustsWebIdentity(irsa, url, "system:serviceaccount:"+ns+":"+sa) {
			return "", "WebIdentityErr: failed to retrieve credentials: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"
		}
		return irsa, ""
	}
	if a := c.associations.Find(func(a *association) bool { return *a.Namespace == ns && *a.ServiceAccount == sa }); a != nil {
		if d, _, ok := c.nodes.Workload("DaemonSet", "kube-system", "eks-pod-identity-agent"); !ok || d == 0 {
			return "", "failed to load credentials: dial tcp 169.254.170.23:80: connect: connection refused (the Pod Identity Agent is not on this node)"
		}
		return *a.RoleArn, ""
	}
	if i == nil || i.IamInstanceProfile == nil {
		return "", "no EC2 IMDS role found"
	}
	return s.iam.ProfileRole(aws.ToString(i.IamInstanceProfile.Arn)), ""
}

// CNI decides whether aws-node works on a node: permissions from pod identity,
// IRSA or the node role, and a free address in the node's subnet.
func (c *cluster) CNI(n *corev1.Node, sa string) string {
	s := c.e
	i := s.ec2.Instance(c.ByNode[n.Name])
	if i == nil {
		return ""
	}
	role, problem := c.podRole("kube-system", sa, i)
	if problem != "" {
		return problem
	}
	action, managed := "ec2:AssignPrivateIpAddresses", "AmazonEKS_CNI_Policy"
	if c.KubernetesNetworkConfig.IpFamily == types.IpFamilyIpv6 {
		action, managed = "ec2:AssignIpv6Addresses", "AmazonEKS_CNI_IPv6_Policy"
	}
	if !s.iam.Allows(role, action, managed) {
		return "UnauthorizedOperation: You are not authorized to perform this operation. User: " + role + " is not authorized to perform: " + action // row 3
	}
	if s.ec2.Subnet(*i.SubnetId) == nil || *s.ec2.Subnet(*i.SubnetId).AvailableIpAddressCount < 1 {
		return "InsufficientFreeAddressesInSubnet: The specified subnet does not have enough free addresses to satisfy the request." // row 4
	}
	return ""
}

func groupLog(g *nodegroup, end time.Duration) world.Entry {
	return world.Entry{Kind: "eks:nodegroup", Name: *g.c.Name + "/" + *g.NodegroupName, Start: g.Started, End: end, Note: string(g.Status)}
}

func entryLog(s *EKS, cluster, principal string) world.Entry {
	at := s.w.Elapsed()
	return world.Entry{Kind: "eks:accessentry", Name: cluster + "/" + principal, Start: at, End: at}
}
