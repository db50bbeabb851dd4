package stack

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
)

// named is a node group whose role has a name.
func named(n *config.NodeGroupBase, role string) *config.NodeGroupBase {
	if role == "" {
		return n
	}
	out, iam := *n, *n.IAM
	iam.InstanceRoleName = role
	out.IAM = &iam
	return &out
}

// SelfManaged is the template of a self-managed node group.
func SelfManaged(c *config.ClusterConfig, g *config.NodeGroup, live Live) *Template {
	n := &g.NodeGroupBase
	t, base := selfManagedBase(c, g, live)
	types := live.InstanceTypes
	if len(types) == 0 {
		types = []string{n.InstanceType}
	}
	data := t.selfManagedTemplate(c, g, live, base, types)
	t.add("NodeGroupLaunchTemplate", "AWS::EC2::LaunchTemplate", M{"LaunchTemplateName": Sub("${AWS::StackName}"), "LaunchTemplateData": data})
	more := M{"UpdatePolicy": M{"AutoScalingRollingUpdate": M{}}}
	if live.AccessEntry {
		typ := "EC2_LINUX"
		if n.Windows() {
			typ = "EC2_WINDOWS"
		}
		t.add("AccessEntry", "AWS::EKS::AccessEntry", M{"ClusterName": c.Metadata.Name, "PrincipalArn": base.role, "Type": typ})
		// The instances must find themselves let in (facts/eks.md §5 row 14).
		more["DependsOn"] = L{"AccessEntry"}
	}
	t.add("NodeGroup", "AWS::AutoScaling::AutoScalingGroup", autoScalingGroup(c, g, live, types), more)
	t.output("FeaturePrivateNetworking", yesNo(config.On(n.PrivateNetworking, false)), false)
	t.output("FeatureSharedSecurityGroup", yesNo(config.On(n.SecurityGroups.WithShared, true)), false)
	t.output("FeatureLocalSecurityGroup", yesNo(config.On(n.SecurityGroups.WithLocal, true)), false)
	t.output("NodeGroupUsesAccessEntry", yesNo(live.AccessEntry), false)
	return t
}

// base is what the rest of a self-managed group's template refers to.
type base struct {
	role, profile any
	groups        L // security groups of the nodes
}

// selfManagedBase is the part of a self-managed group's template that waits for
// nothing: role, instance profile, and the security group where the VPC is known.
func selfManagedBase(c *config.ClusterConfig, g *config.NodeGroup, live Live) (*Template, base) {
	n := &g.NodeGroupBase
	private := yesNo(config.On(n.PrivateNetworking, false))
	desc := "EKS nodes (AMI family: " + n.AmiFamily + ", SSH access: " + yesNo(allowsSSH(n)) + ", private networking: " + private + ")"
	t := newTemplate(desc).withPrincipals()
	out := base{role: n.IAM.InstanceRoleARN, profile: n.IAM.InstanceProfileARN}
	if n.IAM.InstanceProfileARN == "" {
		out.role = t.nodeRole(GroupName(c.Metadata.Name, n.Name), named(n, live.RoleName), live.CNIOnNode)
		name := any(Ref("NodeInstanceRole"))
		if n.IAM.InstanceRoleARN != "" {
			name = n.IAM.InstanceRoleARN[strings.LastIndex(n.IAM.InstanceRoleARN, "/")+1:]
		}
		t.add("NodeInstanceProfile", "AWS::IAM::InstanceProfile", M{"Path": "/", "Roles": L{name}})
		out.profile = Att("NodeInstanceProfile", "Arn")
	}
	if live.VPC != "" {
		out.groups = t.nodeGroups(c, n, live)
	}
	if out.role != "" {
		t.output("InstanceRoleARN", out.role, true)
	}
	t.output("InstanceProfileARN", out.profile, true)
	t.keep(groupPart(c, nil, g))
	return t, out
}

func (t *Template) selfManagedTemplate(c *config.ClusterConfig, g *config.NodeGroup, live Live, b base, types []string) M {
	n := &g.NodeGroupBase
	d := t.launchData(c, n, live, nil)
	nic := M{"DeviceIndex": 0, "Groups": b.groups}
	if !live.IPv6 {
		nic["AssociatePublicIpAddress"] = !config.On(n.PrivateNetworking, false)
	}
	d["NetworkInterfaces"] = L{nic}
	d["ImageId"] = live.AMI
	d["IamInstanceProfile"] = M{"Arn": b.profile}
	d["UserData"] = selfManagedUserData(c, g, live)
	d["InstanceType"] = types[0]
	if x := g.InstancesDistribution; x != nil {
		d["InstanceType"] = x.InstanceTypes[0]
	}
	if g.CpuCredits != "" {
		d["CreditSpecification"] = M{"CpuCredits": g.CpuCredits}
	}
	if config.On(g.EnclaveEnabled, false) {
		d["EnclaveOptions"] = M{"Enabled": true}
	}
	return d
}

// NodeTemplateTags are the tags of an Auto Scaling group by which the cluster autoscaler
// knows what a node of it would be, where the group asks for them.
func NodeTemplateTags(n *config.NodeGroupBase, taints config.Taints) map[string]string {
	if !config.On(n.PropagateASGTags, false) {
		return nil
	}
	const template = "k8s.io/cluster-autoscaler/node-template/"
	tags := map[string]string{}
	for k, v := range n.Labels {
		tags[template+"label/"+k] = v
	}
	for _, x := range taints {
		tags[template+"taint/"+x.Key] = x.Value + ":" + x.Effect
	}
	return tags
}

func autoScalingGroup(c *config.ClusterConfig, g *config.NodeGroup, live Live, types []string) M {
	n := &g.NodeGroupBase
	spec := M{"LaunchTemplateName": Sub("${AWS::StackName}"), "Version": Att("NodeGroupLaunchTemplate", "LatestVersionNumber")}
	p := M{"MinSize": fmt.Sprint(*n.MinSize), "MaxSize": fmt.Sprint(*n.MaxSize), "DesiredCapacity": fmt.Sprint(*n.DesiredCapacity),
		"VPCZoneIdentifier": strs(live.Subnets)}
	tags := map[string]string{"Name": c.Metadata.Name + "-" + n.Name + "-Node", "kubernetes.io/cluster/" + c.Metadata.Name: "owned"}
	if n.InstanceName != "" {
		tags["Name"] = n.InstanceName
	}
	if w := n.IAM.WithAddonPolicies; w != nil && config.On(w.AutoScaler, false) { // EKS tags managed groups so by itself
		tags["k8s.io/cluster-autoscaler/enabled"] = "true"
		tags["k8s.io/cluster-autoscaler/"+c.Metadata.Name] = "owned"
	}
	for k, v := range n.Tags {
		tags[k] = v
	}
	maps.Copy(tags, NodeTemplateTags(n, g.Taints))
	var tl L
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		tl = append(tl, M{"Key": k, "Value": tags[k], "PropagateAtLaunch": "true"})
	}
	p["Tags"] = tl
	if d := g.InstancesDistribution; d != nil {
		var over L
		for _, x := range d.InstanceTypes {
			over = append(over, M{"InstanceType": x})
		}
		dist := pick(M{"OnDemandBaseCapacity": d.OnDemandBaseCapacity, "OnDemandPercentageAboveBaseCapacity": d.OnDemandPercentageAboveBaseCapacity,
			"SpotInstancePools": d.SpotInstancePools, "SpotAllocationStrategy": d.SpotAllocationStrategy})
		if d.MaxPrice != nil {
			dist["SpotMaxPrice"] = fmt.Sprint(*d.MaxPrice)
		}
		p["MixedInstancesPolicy"] = M{"LaunchTemplate": M{"LaunchTemplateSpecification": spec, "Overrides": over}, "InstancesDistribution": dist}
		if config.On(d.CapacityRebalance, false) {
			p["CapacityRebalance"] = true
		}
	} else {
		p["LaunchTemplate"] = spec
	}
	if len(g.TargetGroupARNs) > 0 {
		p["TargetGroupARNs"] = strs(g.TargetGroupARNs)
	}
	if len(g.ClassicLoadBalancerNames) > 0 {
		p["LoadBalancerNames"] = strs(g.ClassicLoadBalancerNames)
	}
	if g.MaxInstanceLifetime != nil {
		p["MaxInstanceLifetime"] = *g.MaxInstanceLifetime
	}
	var ms L
	for _, m := range g.AsgMetricsCollection {
		ms = append(ms, M{"Granularity": m.Granularity, "Metrics": strs(m.Metrics)})
	}
	if ms != nil {
		p["MetricsCollection"] = ms
	}
	return p
}
