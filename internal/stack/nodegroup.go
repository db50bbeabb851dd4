package stack

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
)

// Live is what a node group stack takes from the cluster as it is now, where
// eksctl's imports what a record once said.
type Live struct {
	Cluster       string
	Version       string
	Endpoint      string
	CA            string // base64
	ServiceCIDR   string
	VPC           string
	Blocks        []string // IPv4 blocks of the VPC; read where OpensSSHToVPC
	ClusterGroup  string   // cluster security group
	ControlGroup  string   // control-plane security group, "" if none
	SharedGroup   string   // shared node security group, "" if none
	Subnets       []string
	AMI           string // resolved for self-managed groups
	InstanceTypes []string
	KeyName       string
	CNIOnNode     bool // the VPC CNI takes its permissions from the node role
	IPv6          bool
	RoleName      string // of the node role that a self-managed group's stack makes; "": CloudFormation's
	AccessEntry   bool   // create the node role's access entry (self-managed)
}

func nodeLabels(c *config.ClusterConfig, n *config.NodeGroupBase) map[string]string {
	out := map[string]string{TagCluster: c.Metadata.Name, TagGroup: n.Name}
	maps.Copy(out, n.Labels)
	return out
}

// amiTypes is EKS's AMI type of an AMI family, for x86_64 and arm64.
var amiTypes = map[string][2]string{
	"AmazonLinux2023":                {"AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD"},
	"AmazonLinux2":                   {"AL2_x86_64", "AL2_ARM_64"},
	"Bottlerocket":                   {"BOTTLEROCKET_x86_64", "BOTTLEROCKET_ARM_64"},
	"BottlerocketFips":               {"BOTTLEROCKET_x86_64_FIPS", "BOTTLEROCKET_ARM_64_FIPS"},
	"WindowsServer2019CoreContainer": {"WINDOWS_CORE_2019_x86_64", ""},
	"WindowsServer2019FullContainer": {"WINDOWS_FULL_2019_x86_64", ""},
	"WindowsServer2022CoreContainer": {"WINDOWS_CORE_2022_x86_64", ""},
	"WindowsServer2022FullContainer": {"WINDOWS_FULL_2022_x86_64", ""},
	"WindowsServer2025CoreContainer": {"WINDOWS_CORE_2025_x86_64", ""},
	"WindowsServer2025FullContainer": {"WINDOWS_FULL_2025_x86_64", ""},
}

// ARM tells whether an instance type has a Graviton processor: a g after the
// generation's digit (m6g, c7gd, t4g), which no x86 family has.
func ARM(t string) bool {
	fam, _, _ := strings.Cut(t, ".")
	i := strings.IndexAny(fam, "0123456789")
	return i > 0 && strings.HasPrefix(strings.TrimLeft(fam[i:], "0123456789"), "g") && !strings.HasPrefix(fam, "g")
}

func gpu(t string) bool {
	return strings.HasPrefix(t, "p") || strings.HasPrefix(t, "g") && !strings.HasPrefix(t, "gr")
}

func amiType(n *config.NodeGroupBase, types []string) string {
	if len(types) == 0 {
		types = []string{n.InstanceType}
	}
	t := amiTypes[n.AmiFamily]
	switch {
	case ARM(types[0]):
		return t[1]
	case n.AmiFamily == "AmazonLinux2023" && gpu(types[0]):
		return "AL2023_x86_64_NVIDIA"
	case n.AmiFamily == "AmazonLinux2" && gpu(types[0]):
		return "AL2_x86_64_GPU"
	case n.AmiFamily == "Bottlerocket" && gpu(types[0]):
		return "BOTTLEROCKET_x86_64_NVIDIA"
	}
	return t[0]
}

// Managed is the template of a managed node group.
func Managed(c *config.ClusterConfig, m *config.ManagedNodeGroup, live Live) *Template {
	n := &m.NodeGroupBase
	t := newTemplate("EKS Managed Nodes (SSH access: " + yesNo(n.SSH != nil && config.On(n.SSH.Allow, false)) + ")").withPrincipals()
	labels := M{}
	for k, v := range nodeLabels(c, n) {
		labels[k] = v
	}
	p := M{"ClusterName": c.Metadata.Name, "NodegroupName": n.Name, "NodeRole": t.nodeRole(GroupName(c.Metadata.Name, n.Name), n, live.CNIOnNode), "Subnets": strs(live.Subnets), "Labels": labels,
		"ScalingConfig": M{"MinSize": *n.MinSize, "MaxSize": *n.MaxSize, "DesiredSize": *n.DesiredCapacity}}
	tags := M{TagGroup: n.Name, TagGroupType: "managed"}
	for k, v := range n.Tags {
		tags[k] = v
	}
	p["Tags"] = tags
	if m.Taints != nil {
		p["Taints"] = taints(m.Taints)
	}
	if config.On(m.Spot, false) {
		p["CapacityType"] = "SPOT"
	}
	if u := n.UpdateConfig; u != nil {
		p["UpdateConfig"] = updateConfig(u)
	}
	if r := m.NodeRepairConfig; r != nil {
		p["NodeRepairConfig"] = repair(r)
	}
	if m.ReleaseVersion != "" {
		p["ReleaseVersion"] = m.ReleaseVersion
	}
	if lt := m.LaunchTemplate; lt != nil {
		spec := M{"Id": lt.ID}
		if lt.Version != "" {
			spec["Version"] = lt.Version
		}
		p["LaunchTemplate"] = spec
		if len(m.InstanceTypes) > 0 {
			p["InstanceTypes"] = strs(m.InstanceTypes)
		} else if len(live.InstanceTypes) > 0 {
			p["InstanceTypes"] = strs(live.InstanceTypes)
		}
	} else {
		types := live.InstanceTypes
		if len(types) == 0 {
			types = m.InstanceTypes
		}
		if len(types) == 0 {
			types = []string{n.InstanceType}
		}
		p["InstanceTypes"] = strs(types)
		if !customAMI(n) {
			p["AmiType"] = amiType(n, types)
		}
		t.add("LaunchTemplate", "AWS::EC2::LaunchTemplate", M{"LaunchTemplateName": Sub("${AWS::StackName}"), "LaunchTemplateData": t.managedTemplate(c, m, live)})
		p["LaunchTemplate"] = M{"Id": Ref("LaunchTemplate")}
	}
	t.add("ManagedNodeGroup", "AWS::EKS::Nodegroup", p)
	t.keep(groupPart(c, m, nil))
	return t
}

func updateConfig(u *config.NodeGroupUpdateConfig) M {
	return pick(M{"MaxUnavailable": u.MaxUnavailable, "MaxUnavailablePercentage": u.MaxUnavailablePercentage})
}

func customAMI(n *config.NodeGroupBase) bool {
	return n.AMI != "" && n.AMI != "auto" && n.AMI != "auto-ssm" && n.AMI != "static"
}

// pick drops nil values and follows pointers.
func pick(in M) M {
	out := M{}
	for k, v := range in {
		switch x := v.(type) {
		case *int:
			if x != nil {
				out[k] = *x
			}
		case *bool:
			if x != nil {
				out[k] = *x
			}
		case *float64:
			if x != nil {
				out[k] = *x
			}
		case string:
			if x != "" {
				out[k] = x
			}
		default:
			if v != nil {
				out[k] = v
			}
		}
	}
	return out
}

func repair(r *config.NodeGroupNodeRepairConfig) M {
	p := pick(M{"Enabled": r.Enabled, "MaxParallelNodesRepairedCount": r.MaxParallelNodesRepairedCount, "MaxParallelNodesRepairedPercentage": r.MaxParallelNodesRepairedPercentage, "MaxUnhealthyNodeThresholdCount": r.MaxUnhealthyNodeThresholdCount, "MaxUnhealthyNodeThresholdPercentage": r.MaxUnhealthyNodeThresholdPercentage})
	var over L
	for _, o := range r.NodeRepairConfigOverrides {
		over = append(over, pick(M{"NodeMonitoringCondition": o.NodeMonitoringCondition, "NodeUnhealthyReason": o.NodeUnhealthyReason, "MinRepairWaitTimeMins": o.MinRepairWaitTimeMins, "RepairAction": o.RepairAction}))
	}
	if over != nil {
		p["NodeRepairConfigOverrides"] = over
	}
	return p
}

func taints(ts config.Taints) L {
	effects := map[string]string{"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
	out := L{}
	for _, t := range ts {
		x := M{"Key": t.Key, "Effect": effects[t.Effect]}
		if t.Value != "" {
			x["Value"] = t.Value
		}
		out = append(out, x)
	}
	return out
}

// launchData is what both kinds' launch templates share.
func (t *Template) launchData(c *config.ClusterConfig, n *config.NodeGroupBase, live Live, groups L) M {
	d := M{"MetadataOptions": M{"HttpTokens": tokens(n), "HttpPutResponseHopLimit": hops(n)}, "BlockDeviceMappings": disks(n)}
	if live.KeyName != "" {
		d["KeyName"] = live.KeyName
	}
	if len(groups) > 0 {
		d["SecurityGroupIds"] = groups
	}
	name := n.InstanceName
	if name == "" {
		prefix := ""
		if n.InstancePrefix != "" {
			prefix = n.InstancePrefix + "-"
		}
		name = prefix + c.Metadata.Name + "-" + n.Name + "-Node"
	}
	tags := map[string]string{"Name": name, TagGroup: n.Name}
	for k, v := range c.Metadata.Tags {
		tags[k] = v
	}
	for k, v := range n.Tags {
		tags[k] = v
	}
	var tl L
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		tl = append(tl, M{"Key": k, "Value": tags[k]})
	}
	d["TagSpecifications"] = L{M{"ResourceType": "instance", "Tags": tl}, M{"ResourceType": "volume", "Tags": tl}, M{"ResourceType": "network-interface", "Tags": tl}}
	if n.EbsOptimized != nil {
		d["EbsOptimized"] = *n.EbsOptimized
	}
	if config.On(n.EnableDetailedMonitoring, false) {
		d["Monitoring"] = M{"Enabled": true}
	}
	if g := n.Placement; g != nil && g.GroupName != "" {
		d["Placement"] = M{"GroupName": g.GroupName}
	}
	if r := n.CapacityReservation; r != nil {
		spec := pick(M{"CapacityReservationPreference": r.CapacityReservationPreference})
		if x := r.CapacityReservationTarget; x != nil {
			spec["CapacityReservationTarget"] = pick(M{"CapacityReservationId": x.CapacityReservationID, "CapacityReservationResourceGroupArn": x.CapacityReservationResourceGroupARN})
		}
		d["CapacityReservationSpecification"] = spec
	}
	if m := n.InstanceMarketOptions; m != nil && m.MarketType != "" {
		d["InstanceMarketOptions"] = M{"MarketType": m.MarketType}
	}
	return d
}

func tokens(n *config.NodeGroupBase) string {
	if config.On(n.DisableIMDSv1, true) {
		return "required"
	}
	return "optional"
}

func hops(n *config.NodeGroupBase) int {
	if config.On(n.DisablePodIMDS, false) {
		return 1
	}
	return 2
}

func disks(n *config.NodeGroupBase) L {
	name := n.VolumeName
	if name == "" {
		name = "/dev/xvda"
		if strings.HasPrefix(n.AmiFamily, "Bottlerocket") {
			name = "/dev/xvdb"
		} else if n.Windows() || strings.HasPrefix(n.AmiFamily, "Ubuntu") {
			name = "/dev/sda1"
		}
	}
	ebs := func(size, iops, throughput *int, typ, key string, enc *bool, snapshot string) M {
		return pick(M{"VolumeSize": size, "VolumeType": typ, "Iops": iops, "Throughput": throughput, "Encrypted": enc, "KmsKeyId": key, "SnapshotId": snapshot})
	}
	out := L{M{"DeviceName": name, "Ebs": ebs(n.VolumeSize, n.VolumeIOPS, n.VolumeThroughput, n.VolumeType, n.VolumeKmsKeyID, n.VolumeEncrypted, "")}}
	for _, v := range n.AdditionalVolumes {
		typ := v.VolumeType
		if typ == "" && v.SnapshotID == "" {
			typ = "gp3"
		}
		out = append(out, M{"DeviceName": v.VolumeName, "Ebs": ebs(v.VolumeSize, v.VolumeIOPS, v.VolumeThroughput, typ, v.VolumeKmsKeyID, v.VolumeEncrypted, v.SnapshotID)})
	}
	return out
}

func (t *Template) managedTemplate(c *config.ClusterConfig, m *config.ManagedNodeGroup, live Live) M {
	n := &m.NodeGroupBase
	groups := L{live.ClusterGroup}
	groups = append(groups, strs(n.SecurityGroups.AttachIDs)...)
	if g := t.sshGroup(n, live); g != nil {
		groups = append(groups, g)
	}
	d := t.launchData(c, n, live, groups)
	if customAMI(n) {
		d["ImageId"] = n.AMI
	}
	if u := managedUserData(c, n, m.Taints, live); u != "" {
		d["UserData"] = u
	}
	return d
}

// sshGroup admits SSH to a managed group's nodes.
func (t *Template) sshGroup(n *config.NodeGroupBase, live Live) any {
	s := n.SSH
	if s == nil || !config.On(s.Allow, false) {
		return nil
	}
	return t.add("SSH", "AWS::EC2::SecurityGroup", M{"GroupDescription": "Allow SSH access", "VpcId": live.VPC, "SecurityGroupIngress": sshRules(n, live.Blocks)})
}

// OpensSSHToVPC tells whether a node group's SSH port is open to the VPC, and to
// nobody else: its nodes have private addresses only, and no source is named.
func OpensSSHToVPC(n *config.NodeGroupBase) bool {
	return n.SSH != nil && config.On(n.SSH.Allow, false) && len(n.SSH.SourceSecurityGroupIds) == 0 && config.On(n.PrivateNetworking, false)
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
	t := newTemplate("EKS nodes (AMI family: " + n.AmiFamily + ", SSH access: " + yesNo(n.SSH != nil && config.On(n.SSH.Allow, false)) + ", private networking: " + yesNo(config.On(n.PrivateNetworking, false)) + ")").withPrincipals()
	var profile any = n.IAM.InstanceProfileARN
	role := any(n.IAM.InstanceRoleARN)
	if n.IAM.InstanceProfileARN == "" {
		role = t.nodeRole(GroupName(c.Metadata.Name, n.Name), named(n, live.RoleName), live.CNIOnNode)
		name := any(Ref("NodeInstanceRole"))
		if n.IAM.InstanceRoleARN != "" {
			name = n.IAM.InstanceRoleARN[strings.LastIndex(n.IAM.InstanceRoleARN, "/")+1:]
		}
		t.add("NodeInstanceProfile", "AWS::IAM::InstanceProfile", M{"Path": "/", "Roles": L{name}})
		profile = Att("NodeInstanceProfile", "Arn")
	}
	groups := t.nodeGroups(c, n, live)
	d := t.launchData(c, n, live, nil)
	d["NetworkInterfaces"] = L{M{"DeviceIndex": 0, "AssociatePublicIpAddress": !config.On(n.PrivateNetworking, false), "Groups": groups}}
	if live.IPv6 {
		delete(d["NetworkInterfaces"].(L)[0].(M), "AssociatePublicIpAddress")
	}
	d["ImageId"] = live.AMI
	d["IamInstanceProfile"] = M{"Arn": profile}
	d["UserData"] = selfManagedUserData(c, g, live)
	types := live.InstanceTypes
	if len(types) == 0 {
		types = []string{n.InstanceType}
	}
	if g.InstancesDistribution == nil {
		d["InstanceType"] = types[0]
	} else {
		d["InstanceType"] = g.InstancesDistribution.InstanceTypes[0]
	}
	if g.CpuCredits != "" {
		d["CreditSpecification"] = M{"CpuCredits": g.CpuCredits}
	}
	if config.On(g.EnclaveEnabled, false) {
		d["EnclaveOptions"] = M{"Enabled": true}
	}
	t.add("NodeGroupLaunchTemplate", "AWS::EC2::LaunchTemplate", M{"LaunchTemplateName": Sub("${AWS::StackName}"), "LaunchTemplateData": d})
	depends := L{}
	if live.AccessEntry {
		typ := "EC2_LINUX"
		if n.Windows() {
			typ = "EC2_WINDOWS"
		}
		t.add("AccessEntry", "AWS::EKS::AccessEntry", M{"ClusterName": c.Metadata.Name, "PrincipalArn": role, "Type": typ})
		// The instances must find themselves let in (facts/eks.md §5 row 14).
		depends = append(depends, "AccessEntry")
	}
	more := M{}
	if len(depends) > 0 {
		more["DependsOn"] = depends
	}
	t.add("NodeGroup", "AWS::AutoScaling::AutoScalingGroup", autoScalingGroup(c, g, live, types), more, M{"UpdatePolicy": M{"AutoScalingRollingUpdate": M{}}})
	if role != "" {
		t.output("InstanceRoleARN", role, true)
	}
	t.output("InstanceProfileARN", profile, true)
	t.output("FeaturePrivateNetworking", yesNo(config.On(n.PrivateNetworking, false)), false)
	t.output("FeatureSharedSecurityGroup", yesNo(config.On(n.SecurityGroups.WithShared, true)), false)
	t.output("FeatureLocalSecurityGroup", yesNo(config.On(n.SecurityGroups.WithLocal, true)), false)
	t.output("NodeGroupUsesAccessEntry", yesNo(live.AccessEntry), false)
	t.keep(groupPart(c, nil, g))
	return t
}

// nodeGroups adds the group's own security group and its rules with the control
// plane, and lists all groups of the nodes.
func (t *Template) nodeGroups(c *config.ClusterConfig, n *config.NodeGroupBase, live Live) L {
	out := strs(n.SecurityGroups.AttachIDs)
	if config.On(n.SecurityGroups.WithLocal, true) {
		rules := L{}
		if n.SSH != nil && config.On(n.SSH.Allow, false) {
			rules = sshRules(n, live.Blocks)
		}
		desc := "Communication between the control plane and worker nodes in group " + n.Name
		p := M{"VpcId": live.VPC, "GroupDescription": desc, "Tags": L{M{"Key": "kubernetes.io/cluster/" + c.Metadata.Name, "Value": "owned"}, M{"Key": "Name", "Value": Sub("${AWS::StackName}/SG")}}}
		if len(rules) > 0 {
			p["SecurityGroupIngress"] = rules
		}
		sg := t.add("SG", "AWS::EC2::SecurityGroup", p)
		out = append(out, sg)
		if cp := live.ControlGroup; cp != "" {
			in := func(id string, group, from any, a, b int, d string) {
				t.add(id, "AWS::EC2::SecurityGroupIngress", M{"GroupId": group, "SourceSecurityGroupId": from, "IpProtocol": "tcp", "FromPort": a, "ToPort": b, "Description": d})
			}
			eg := func(id string, a, b int, d string) {
				t.add(id, "AWS::EC2::SecurityGroupEgress", M{"GroupId": cp, "DestinationSecurityGroupId": sg, "IpProtocol": "tcp", "FromPort": a, "ToPort": b, "Description": d})
			}
			in("IngressInterCluster", sg, cp, 1025, 65535, "Allow worker nodes in group "+n.Name+" to communicate with control plane (kubelet and workload TCP ports)")
			eg("EgressInterCluster", 1025, 65535, "Allow control plane to communicate with worker nodes in group "+n.Name+" (kubelet and workload TCP ports)")
			in("IngressInterClusterAPI", sg, cp, 443, 443, "Allow worker nodes in group "+n.Name+" to communicate with control plane (workloads using HTTPS port, commonly used with extension API servers)")
			eg("EgressInterClusterAPI", 443, 443, "Allow control plane to communicate with worker nodes in group "+n.Name+" (workloads using HTTPS port, commonly used with extension API servers)")
			in("IngressInterClusterCP", cp, sg, 443, 443, "Allow control plane to receive API requests from worker nodes in group "+n.Name)
		}
	}
	if config.On(n.SecurityGroups.WithShared, true) && live.SharedGroup != "" {
		out = append(out, live.SharedGroup)
	}
	return out
}

func autoScalingGroup(c *config.ClusterConfig, g *config.NodeGroup, live Live, types []string) M {
	n := &g.NodeGroupBase
	spec := M{"LaunchTemplateName": Sub("${AWS::StackName}"), "Version": Att("NodeGroupLaunchTemplate", "LatestVersionNumber")}
	p := M{"MinSize": fmt.Sprint(*n.MinSize), "MaxSize": fmt.Sprint(*n.MaxSize), "DesiredCapacity": fmt.Sprint(*n.DesiredCapacity), "VPCZoneIdentifier": strs(live.Subnets)}
	tags := map[string]string{"Name": c.Metadata.Name + "-" + n.Name + "-Node", "kubernetes.io/cluster/" + c.Metadata.Name: "owned"}
	if n.InstanceName != "" {
		tags["Name"] = n.InstanceName
	}
	for k, v := range n.Tags {
		tags[k] = v
	}
	if config.On(n.PropagateASGTags, false) {
		for k, v := range n.Labels {
			tags["k8s.io/cluster-autoscaler/node-template/label/"+k] = v
		}
		for _, x := range g.Taints {
			tags["k8s.io/cluster-autoscaler/node-template/taint/"+x.Key] = x.Value + ":" + x.Effect
		}
	}
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
		dist := pick(M{"OnDemandBaseCapacity": d.OnDemandBaseCapacity, "OnDemandPercentageAboveBaseCapacity": d.OnDemandPercentageAboveBaseCapacity, "SpotInstancePools": d.SpotInstancePools, "SpotAllocationStrategy": d.SpotAllocationStrategy})
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
