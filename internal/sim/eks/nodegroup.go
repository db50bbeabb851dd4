package eks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgsdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"

	ec2sdk "github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/node"
	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type nodegroup struct {
	types.Nodegroup
	ASG      string
	Template string // launch template that EKS made
	Profile  string
	UserLT   *types.LaunchTemplateSpecification
	Started  time.Duration
	Updates  table.Table[types.Update]
	Current  string `json:",omitempty"` // the version of Template that nodes are launched from; "" is the first
	Rolling  *roll  `json:",omitempty"` // the upgrade under way

	c *cluster
}

func (s *EKS) registerNodegroups(svc *wire.Service) {
	wire.Handle(svc, "CreateNodegroup", s.CreateNodegroup)
	wire.Handle(svc, "DescribeNodegroup", s.DescribeNodegroup)
	wire.Handle(svc, "ListNodegroups", s.ListNodegroups)
	wire.Handle(svc, "DeleteNodegroup", s.DeleteNodegroup)
	wire.Handle(svc, "UpdateNodegroupConfig", s.UpdateNodegroupConfig)
	wire.Handle(svc, "UpdateNodegroupVersion", s.UpdateNodegroupVersion)
}

func (s *EKS) group(clusterName, name *string) (*cluster, *nodegroup, error) {
	c, err := s.cluster(clusterName)
	if err != nil {
		return nil, nil, err
	}
	g := c.groups.Get(aws.ToString(name))
	if g == nil {
		return nil, nil, notFound("No node group found for name: %s.", aws.ToString(name)).Member("clusterName", *c.Name).Member("nodegroupName",
			aws.ToString(name))
	}
	return c, g, nil
}

// variants are those of AMI types that are images of their own beside the family's.
var variants = map[types.AMITypes]string{
	types.AMITypesAl2X8664Gpu:                 ":gpu",
	types.AMITypesAl2023X8664Neuron:           ":neuron",
	types.AMITypesAl2023X8664Nvidia:           ":nvidia",
	types.AMITypesAl2023Arm64Nvidia:           ":nvidia",
	types.AMITypesBottlerocketArm64Nvidia:     ":nvidia",
	types.AMITypesBottlerocketX8664Nvidia:     ":nvidia",
	types.AMITypesBottlerocketArm64NvidiaFips: ":nvidia-fips",
	types.AMITypesBottlerocketX8664NvidiaFips: ":nvidia-fips",
	types.AMITypesWindowsCore2025X8664:        ":2025-English-Core",
	types.AMITypesWindowsFull2025X8664:        ":2025-English-Full",
	types.AMITypesBottlerocketArm64Fips:       ":fips",
	types.AMITypesBottlerocketX8664Fips:       ":fips",
	types.AMITypesWindowsCore2019X8664:        ":2019-English-Core",
	types.AMITypesWindowsFull2019X8664:        ":2019-English-Full",
	types.AMITypesWindowsFull2022X8664:        ":2022-English-Full",
}

// amiFamily is the AMI family behind an AMI type.
func amiFamily(t types.AMITypes) (family, arch, os string) {
	n := string(t)
	family, arch, os = "amazon-eks-node-al2023", "x86_64", "linux"
	switch {
	case strings.HasPrefix(n, "AL2_"):
		family = "amazon-eks-node-al2"
	case strings.HasPrefix(n, "BOTTLEROCKET"):
		family = "bottlerocket"
	case strings.HasPrefix(n, "WINDOWS"):
		family, os = "windows", "windows"
	}
	family += variants[t]
	if strings.Contains(n, "ARM") {
		arch = "arm64"
	}
	return family, arch, os
}

// CreateNodegroup validates as EKS does and starts the group on its way.
func (s *EKS) CreateNodegroup(by *wire.Caller, in *eks.CreateNodegroupInput) (*eks.CreateNodegroupOutput, error) {
	name := aws.ToString(in.NodegroupName)
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	if g := c.groups.Get(name); g != nil {
		if by.Before() != *g.NodegroupArn {
			return nil, inUse("NodeGroup already exists with name %s and cluster name %s", name, *c.Name).Member("clusterName", *c.Name).Member("nodegroupName",
				name)
		}
		return &eks.CreateNodegroupOutput{Nodegroup: new(g.Nodegroup)}, nil
	}
	if _, err := s.active(in.ClusterName); err != nil {
		return nil, err
	}
	if err := checkNewGroup(by, in); err != nil {
		return nil, err
	}
	if c.groups.Len() >= 30 {
		return nil, wire.Errorf("ResourceLimitExceededException", "Nodegroup limit exceeded for cluster %s: 30", *c.Name)
	}
	if s.iam.Role(aws.ToString(in.NodeRole)) == nil || !s.iam.Assumable(aws.ToString(in.NodeRole), "ec2.amazonaws.com") {
		return nil, invalid("Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of nodeRole %s",
			aws.ToString(in.NodeRole))
	}
	for _, id := range in.Subnets {
		sub := s.ec2.Subnet(id)
		if sub == nil {
			return nil, invalid("The subnet ID '%s' does not exist", id)
		}
		if *sub.VpcId != *c.ResourcesVpcConfig.VpcId {
			return nil, invalid("Specified subnets must belong to cluster's vpc %s", *c.ResourcesVpcConfig.VpcId)
		}
	}
	g := &nodegroup{c: c, UserLT: in.LaunchTemplate, Started: s.w.Elapsed()}
	if err := g.fill(in); err != nil {
		return nil, err
	}
	c.groups.Put(name, g)
	by.Note(*g.NodegroupArn)
	s.iam.Link("eks-nodegroup.amazonaws.com")
	key := *c.Name + "/" + name
	setup := s.w.Draw("eks:nodegroup-setup", key, seconds(45), seconds(30), seconds(75))
	s.w.Schedule(setup, "eks:group-provision", c.ID, groupEvent{part: g.part()})
	return &eks.CreateNodegroupOutput{Nodegroup: new(g.Nodegroup)}, nil
}

// groupEvent is something that happens to a node group.
type groupEvent struct {
	part
	Update string                          `json:",omitempty"`
	Change *eks.UpdateNodegroupConfigInput `json:",omitempty"`
}

func (g *nodegroup) part() part { return part{*g.NodegroupName, *g.NodegroupArn} }

// groupOf is the group that an event means, or nil when it is gone.
func (c *cluster) groupOf(p part) *nodegroup {
	if g := c.groups.Get(p.Name); g != nil && *g.NodegroupArn == p.ARN {
		return g
	}
	return nil
}

func (s *EKS) groupProvision(c *cluster, e groupEvent) {
	if g := c.groupOf(e.part); g != nil {
		g.provision()
	}
}

func (s *EKS) groupAwait(c *cluster, e groupEvent) {
	if g := c.groupOf(e.part); g != nil {
		g.await()
	}
}

func (s *EKS) groupActive(c *cluster, e groupEvent) {
	if g := c.groupOf(e.part); g != nil && g.Status == types.NodegroupStatusCreating {
		g.Status = types.NodegroupStatusActive
		g.ModifiedAt = new(s.w.Date())
		s.w.Record(groupLog(g, s.w.Elapsed()))
	}
}

// fill sets the group's description from the request, with EKS's defaults.
func (g *nodegroup) fill(in *eks.CreateNodegroupInput) error {
	s := g.c.e
	ami := in.AmiType
	kinds := in.InstanceTypes
	var custom string
	if err := checkTemplateName(in.LaunchTemplate); err != nil {
		return err
	}
	if lt := in.LaunchTemplate; lt != nil {
		d, ver, err := s.ec2.TemplateData(lt.Id, lt.Name, aws.ToString(lt.Version))
		if err != nil {
			return wire.Errorf("InvalidRequestException", "%s", err.(*wire.Error).Message)
		}
		g.UserLT = &types.LaunchTemplateSpecification{Id: ver.LaunchTemplateId, Name: ver.LaunchTemplateName, Version: new(fmt.Sprint(*ver.VersionNumber))}
		custom = aws.ToString(d.ImageId)
		if d.InstanceType != "" {
			if len(kinds) > 0 {
				return invalid("Cannot specify instance types in launch template and API request")
			}
			kinds = []string{string(d.InstanceType)}
		}
		if d.IamInstanceProfile != nil {
			return invalid(
				"Launch template %s should not have IamInstanceProfile. The noderole in your request will be used to construct an instance profile.",
				*ver.LaunchTemplateId)
		}
		if custom != "" && s.ec2.Image(custom) == nil {
			return wire.Errorf("InvalidRequestException", "The image id '[%s]' does not exist", custom)
		}
		if in.DiskSize != nil {
			return invalid("Disk size must be specified within the launch template.")
		}
	}
	if custom != "" {
		if ami != "" && ami != types.AMITypesCustom {
			return invalid("You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template.")
		}
		ami = types.AMITypesCustom
		// pulumi/pulumi-eks#1283 quotes what EKS says of the version.
		if in.Version != nil {
			return invalid("You cannot specify a kubernetes version to use when specifying an image id to use within the launch template.")
		}
		if in.ReleaseVersion != nil {
			return invalid("You cannot specify a release version to use when specifying an image id to use within the launch template.")
		}
	}
	if ami == types.AMITypesCustom && in.LaunchTemplate == nil {
		return invalid("Launch template details can't be null for Custom ami type node group")
	}
	if ami == "" {
		ami = types.AMITypesAl2023X8664Standard
	}
	if strings.HasPrefix(string(ami), "AL2_") && minorNumber(*g.c.Version) > 32 {
		return invalid("AMI Type %s is only supported for kubernetes versions 1.32 or earlier", ami)
	}
	if len(kinds) == 0 {
		kinds = []string{"t3.medium"}
	}
	for _, k := range kinds {
		it, ok := ec2.TypeOf(k)
		if !ok {
			return invalid("The following supplied instance types do not exist: [%s]", k)
		}
		if _, arch, _ := amiFamily(ami); ami != types.AMITypesCustom && it.Arch != arch {
			return invalid("[%s] is not a valid instance type for requested amiType %s", k, ami)
		}
	}
	version := aws.ToString(in.Version)
	if version == "" {
		version = *g.c.Version
	}
	if version != *g.c.Version {
		return invalid("Nodegroup Kubernetes version should be equal to Cluster kubernetes version %s", *g.c.Version)
	}
	if in.ReleaseVersion != nil {
		if err := s.checkRelease(ami, version, *in.ReleaseVersion); err != nil {
			return err
		}
	}
	sc := filledSizes(in.ScalingConfig)
	if err := errorOf(checkSizes(sc), checkTaints(in.Taints)); err != nil {
		return err
	}
	for k := range in.Labels {
		if strings.Contains(k, "kubernetes.io/") && !strings.HasPrefix(k, "node.kubernetes.io/") && !strings.HasPrefix(k, "kubelet.kubernetes.io/") &&
			!strings.Contains(k, "topology.") {
			if strings.HasPrefix(k, "kubernetes.io/") || strings.Contains(k, ".kubernetes.io/") && !strings.Contains(k, "node-restriction") {
				return invalid("Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]")
			}
		}
	}
	capacity := in.CapacityType
	if capacity == "" {
		capacity = types.CapacityTypesOnDemand
	}
	g.Nodegroup = types.Nodegroup{NodegroupName: in.NodegroupName,
		NodegroupArn: s.arn("nodegroup/%s/%s/%s", *g.c.Name, *in.NodegroupName, s.w.UUID("nodegroup", g.c.ID, *in.NodegroupName)), ClusterName: g.c.Name,
		Status: types.NodegroupStatusCreating, AmiType: ami, CapacityType: capacity, InstanceTypes: kinds, Labels: in.Labels, Taints: in.Taints,
		NodeRole: in.NodeRole, ScalingConfig: sc,
		Subnets: in.Subnets, Tags: tagsOf(in.Tags), UpdateConfig: in.UpdateConfig, NodeRepairConfig: in.NodeRepairConfig, LaunchTemplate: g.UserLT,
		DiskSize: in.DiskSize, RemoteAccess: in.RemoteAccess, Version: new(version), ReleaseVersion: new(release(ami, version)),
		CreatedAt: new(s.w.Date()), ModifiedAt: new(s.w.Date()), Health: &types.NodegroupHealth{Issues: []types.Issue{}}}
	if in.ReleaseVersion != nil {
		g.ReleaseVersion = in.ReleaseVersion
	}
	if custom != "" {
		g.ReleaseVersion = new(custom)
	}
	if g.UserLT == nil && g.DiskSize == nil {
		g.DiskSize = new(int32(20))
		if strings.HasPrefix(string(ami), "WINDOWS") {
			g.DiskSize = new(int32(50))
		}
	}
	if g.UpdateConfig == nil {
		g.UpdateConfig = &types.NodegroupUpdateConfig{MaxUnavailable: new(int32(1))}
	}
	return nil
}

// checkSizes refuses bounds that the desired size is not within.
// filledSizes are those of a new group: one to two nodes, and two, as far as a request's own
// sizes leave room for that.
func filledSizes(in *types.NodegroupScalingConfig) *types.NodegroupScalingConfig {
	var sc types.NodegroupScalingConfig
	if in != nil {
		sc = *in
	}
	if sc.MinSize == nil {
		sc.MinSize = new(int32(1))
	}
	if sc.DesiredSize == nil {
		want := int32(2)
		if sc.MaxSize != nil {
			want = min(want, *sc.MaxSize)
		}
		sc.DesiredSize = new(max(want, *sc.MinSize))
	}
	if sc.MaxSize == nil {
		sc.MaxSize = new(max(2, *sc.DesiredSize))
	}
	return &sc
}

func checkSizes(sc *types.NodegroupScalingConfig) error {
	low, want, high := aws.ToInt32(sc.MinSize), aws.ToInt32(sc.DesiredSize), aws.ToInt32(sc.MaxSize)
	switch {
	case low > high:
		return invalid("Minimum capacity %d can't be greater than maximum size %d", low, high)
	case low > want:
		return invalid("Minimum capacity %d can't be greater than desired size %d", low, want)
	case want > high:
		return invalid("Desired capacity %d can't be greater than max size %d", want, high)
	case high < 1:
		return invalid("Maximum capacity must be greater than 0")
	}
	return nil
}

// scaled is the group's scaling configuration with what a request changes.
func (g *nodegroup) scaled(sc *types.NodegroupScalingConfig) *types.NodegroupScalingConfig {
	n := *g.ScalingConfig
	if sc.MinSize != nil {
		n.MinSize = sc.MinSize
	}
	if sc.MaxSize != nil {
		n.MaxSize = sc.MaxSize
	}
	if sc.DesiredSize != nil {
		n.DesiredSize = sc.DesiredSize
	}
	return &n
}

// follow takes over what an autoscaler made of the desired size in the Auto Scaling group, as
// EKS does (API reference, NodegroupScalingConfig).
func (g *nodegroup) follow() {
	a := g.c.e.asg.Group(g.ASG)
	if a == nil || g.Rolling != nil || g.Status != types.NodegroupStatusActive && g.Status != types.NodegroupStatusUpdating {
		return
	}
	if n := aws.ToInt32(a.DesiredCapacity); n >= *g.ScalingConfig.MinSize && n <= *g.ScalingConfig.MaxSize {
		g.ScalingConfig = g.scaled(&types.NodegroupScalingConfig{DesiredSize: new(n)})
	}
}

func (g *nodegroup) checkScaling(sc *types.NodegroupScalingConfig) error {
	if sc == nil {
		return nil
	}
	return checkSizes(g.scaled(sc))
}

func minorNumber(v string) int {
	n := 0
	_, m, _ := strings.Cut(v, ".")
	fmt.Sscan(m, &n)
	return n
}

// provision makes the launch template and the Auto Scaling group, and lets the
// node role in.
func (g *nodegroup) provision() {
	s, c := g.c.e, g.c
	if g.Status != types.NodegroupStatusCreating {
		return
	}
	name := *g.NodegroupName
	s.admitNodes(c, *g.NodeRole, g.AmiType)
	id := s.w.UUID("group of", *g.NodegroupArn)
	g.ASG = "eks-" + name + "-" + id
	g.Profile = "eks-" + id
	role := (*g.NodeRole)[strings.LastIndex(*g.NodeRole, "/")+1:]
	s.iam.AdoptProfile("arn:"+s.Partition+":iam::"+s.Account+":instance-profile/"+g.Profile, role)
	g.Resources = &types.NodegroupResources{AutoScalingGroups: []types.AutoScalingGroup{{Name: new(g.ASG)}}}
	if err := g.openSSH(id); err != nil {
		g.fail(types.NodegroupIssueCodeEc2SecurityGroupNotFound, err.Error(), nil)
		return
	}
	data, err := g.launchData(*g.Version, *g.ReleaseVersion, g.UserLT)
	if err != nil {
		g.fail(types.NodegroupIssueCodeEc2LaunchTemplateInvalidConfiguration, err.Error(), nil)
		return
	}
	lt, err := s.ec2.CreateLaunchTemplate(nil, &ec2sdk.CreateLaunchTemplateInput{LaunchTemplateName: new("eks-" + id), LaunchTemplateData: data})
	if err != nil {
		g.fail(types.NodegroupIssueCodeEc2LaunchTemplateInvalidConfiguration, err.Error(), nil)
		return
	}
	g.Template = *lt.LaunchTemplate.LaunchTemplateId
	var over []asgtypes.LaunchTemplateOverrides
	for _, k := range g.InstanceTypes {
		over = append(over, asgtypes.LaunchTemplateOverrides{InstanceType: new(k)})
	}
	spot := int32(100)
	if g.CapacityType == types.CapacityTypesSpot {
		spot = 0
	}
	tag := func(k, v string) asgtypes.Tag {
		return asgtypes.Tag{Key: new(k), Value: new(v), PropagateAtLaunch: new(true), ResourceId: new(g.ASG), ResourceType: new("auto-scaling-group")}
	}
	_, err = s.asg.CreateAutoScalingGroup(nil, &asgsdk.CreateAutoScalingGroupInput{AutoScalingGroupName: new(g.ASG), MinSize: g.ScalingConfig.MinSize,
		MaxSize: g.ScalingConfig.MaxSize, DesiredCapacity: g.ScalingConfig.DesiredSize, VPCZoneIdentifier: new(strings.Join(g.Subnets, ",")),
		MixedInstancesPolicy: &asgtypes.MixedInstancesPolicy{LaunchTemplate: &asgtypes.LaunchTemplate{
			LaunchTemplateSpecification: &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: new(g.Template), Version: new("1")}, Overrides: over},
			InstancesDistribution: &asgtypes.InstancesDistribution{OnDemandPercentageAboveBaseCapacity: new(spot)}},
		LifecycleHookSpecificationList: []asgtypes.LifecycleHookSpecification{leaveHook},
		Tags: []asgtypes.Tag{tag("eks:cluster-name", *c.Name), tag("eks:nodegroup-name", name),
			tag("kubernetes.io/cluster/"+*c.Name, "owned"), tag("k8s.io/cluster-autoscaler/enabled", "true"),
			tag("k8s.io/cluster-autoscaler/"+*c.Name, "owned")}})
	if err != nil {
		g.fail(types.NodegroupIssueCodeAutoScalingGroupInvalidConfiguration, err.Error(), nil)
		return
	}
	g.await()
}

// openSSH makes the security group by which a group with remote access is reached: by
// those that the request names, or by everybody.
func (g *nodegroup) openSSH(id string) error {
	r := g.RemoteAccess
	if r == nil || r.Ec2SshKey == nil {
		return nil
	}
	s := g.c.e
	out, err := s.ec2.CreateSecurityGroup(nil, &ec2sdk.CreateSecurityGroupInput{VpcId: g.c.ResourcesVpcConfig.VpcId, GroupName: new("eks-remoteAccess-" + id),
		Description: new("Security group for all nodes in the nodeGroup to allow SSH access"), TagSpecifications: []ec2types.TagSpecification{{
			ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: []ec2types.Tag{{Key: new("eks"), Value: new("eks-remoteAccess-" + id)},
				{Key: new("eks:nodegroup-name"), Value: g.NodegroupName}}}}})
	if err != nil {
		return err
	}
	p := ec2types.IpPermission{IpProtocol: new("tcp"), FromPort: new(int32(22)), ToPort: new(int32(22))}
	for _, from := range r.SourceSecurityGroups {
		p.UserIdGroupPairs = append(p.UserIdGroupPairs, ec2types.UserIdGroupPair{GroupId: &from})
	}
	if len(r.SourceSecurityGroups) == 0 {
		p.IpRanges = []ec2types.IpRange{{CidrIp: new("0.0.0.0/0")}}
	}
	g.Resources.RemoteAccessSecurityGroup = out.GroupId
	_, err = s.ec2.AuthorizeSecurityGroupIngress(nil, &ec2sdk.AuthorizeSecurityGroupIngressInput{GroupId: out.GroupId, IpPermissions: []ec2types.IpPermission{p}})
	return err
}

// launchData is what the group's nodes are launched with: the user's template, if any,
// with what EKS adds to it.
func (g *nodegroup) launchData(version, release string, own *types.LaunchTemplateSpecification) (*ec2types.RequestLaunchTemplateData, error) {
	s := g.c.e
	data := &ec2types.RequestLaunchTemplateData{}
	if own != nil {
		d, _, err := s.ec2.TemplateData(own.Id, nil, *own.Version)
		if err == nil {
			data = ec2.RequestData(d)
		}
	}
	if data.ImageId == nil {
		family, arch, _ := amiFamily(g.AmiType)
		data.ImageId = new(ec2.ImageOf(family, arch, version, release))
	}
	merged, err := g.userData(aws.ToString(data.UserData))
	if err != nil {
		return nil, err
	}
	data.UserData = &merged
	data.InstanceType = ""
	data.IamInstanceProfile = &ec2types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: new(g.Profile)}
	if len(data.SecurityGroupIds) == 0 && len(data.NetworkInterfaces) == 0 {
		data.SecurityGroupIds = []string{*g.c.ResourcesVpcConfig.ClusterSecurityGroupId}
	}
	if g.Resources != nil && g.Resources.RemoteAccessSecurityGroup != nil {
		data.SecurityGroupIds = append(data.SecurityGroupIds, *g.Resources.RemoteAccessSecurityGroup)
		data.KeyName = g.RemoteAccess.Ec2SshKey
	}
	if own == nil && g.DiskSize != nil {
		data.BlockDeviceMappings = []ec2types.LaunchTemplateBlockDeviceMappingRequest{{DeviceName: new("/dev/xvda"),
			Ebs: &ec2types.LaunchTemplateEbsBlockDeviceRequest{VolumeSize: g.DiskSize, VolumeType: ec2types.VolumeTypeGp3,
				DeleteOnTermination: new(true)}}}
	}
	return data, nil
}

// templateVersion is the version of EKS's template that the group launches from.
func (g *nodegroup) templateVersion() string { return cmp.Or(g.Current, "1") }

// admitNodes lets a node role join: an access entry, or aws-auth in CONFIG_MAP
// mode. EKS does this for managed groups and Fargate.
func (s *EKS) admitNodes(c *cluster, role string, ami types.AMITypes) {
	if c.AccessConfig.AuthenticationMode == types.AuthenticationModeConfigMap {
		c.mapNodeRole(role)
		return
	}
	if c.entries.Get(role) == nil {
		typ := "EC2_LINUX"
		if strings.HasPrefix(string(ami), "WINDOWS") {
			typ = "EC2_WINDOWS"
		}
		s.newEntry(c, role, typ)
	}
}

// deadline is when EKS gives a group up: 33 to 35 minutes (facts/eks.md §1).
func (g *nodegroup) deadline() time.Duration {
	return g.c.e.w.Draw("eks:nodegroup-deadline", *g.c.Name+"/"+*g.NodegroupName, 34*time.Minute, 33*time.Minute, 35*time.Minute)
}

// members are the group's instances and the nodes that joined.
func (g *nodegroup) members() (instances []string, nodes []*corev1.Node) {
	a := g.c.e.asg.Group(g.ASG)
	if a == nil {
		return nil, nil
	}
	for _, i := range a.Instances {
		instances = append(instances, *i.InstanceId)
		if n := g.c.ByInstance[*i.InstanceId]; n != "" {
			if k := kubeapi.Get[corev1.Node](g.c.kube, "", n); k != nil {
				nodes = append(nodes, k)
			}
		}
	}
	return instances, nodes
}

// await follows a group to ACTIVE, or to CREATE_FAILED at its deadline.
func (g *nodegroup) await() {
	s := g.c.e
	if g.Status != types.NodegroupStatusCreating {
		return
	}
	instances, nodes := g.members()
	ready := 0
	for _, n := range nodes {
		if node.NodeReady(n) {
			ready++
		}
	}
	if want := int(*g.ScalingConfig.DesiredSize); ready >= want && len(instances) >= want {
		d := s.w.Draw("eks:nodegroup-confirm", *g.c.Name+"/"+*g.NodegroupName, seconds(20), seconds(10), seconds(40))
		s.w.Schedule(d, "eks:group-active", g.c.ID, groupEvent{part: g.part()})
		return
	}
	if s.w.Elapsed()-g.Started > g.deadline() {
		g.explain(instances, nodes)
		return
	}
	s.w.Schedule(3*time.Second, "eks:group-await", g.c.ID, groupEvent{part: g.part()})
}

// explain ends a group as EKS would, from what its instances and nodes show.
func (g *nodegroup) explain(instances []string, nodes []*corev1.Node) {
	if i := launchIssue(g.ASG, g.c.e.asg.LastFailure(g.ASG)); i != nil && len(instances) < int(*g.ScalingConfig.DesiredSize) {
		g.fail(i.Code, *i.Message, i.ResourceIds)
		return
	}
	if i := findings(g, groupChecks); len(i) > 0 {
		g.fail(i[0].Code, *i[0].Message, i[0].ResourceIds)
		return
	}
	if len(nodes) == 0 {
		g.fail(types.NodegroupIssueCodeNodeCreationFailure, "Instances failed to join the kubernetes cluster", instances)
		return
	}
	var bad []string
	for _, n := range nodes {
		if !node.NodeReady(n) {
			bad = append(bad, g.c.ByNode[n.Name])
		}
	}
	if len(bad) == 0 {
		g.fail(types.NodegroupIssueCodeNodeCreationFailure, "Instances failed to join the kubernetes cluster", instances)
		return
	}
	slices.Sort(bad)
	g.fail(types.NodegroupIssueCodeNodeCreationFailure, "Unhealthy nodes in the kubernetes cluster", bad)
}

func (g *nodegroup) fail(code types.NodegroupIssueCode, msg string, ids []string) {
	g.Status = types.NodegroupStatusCreateFailed
	g.ModifiedAt = new(g.c.e.w.Date())
	g.Health = &types.NodegroupHealth{Issues: []types.Issue{{Code: code, Message: new(msg), ResourceIds: ids}}}
	g.c.e.w.Record(groupLog(g, g.c.e.w.Elapsed()))
}

// DescribeNodegroup reads a group.
func (s *EKS) DescribeNodegroup(_ *wire.Caller, in *eks.DescribeNodegroupInput) (*eks.DescribeNodegroupOutput, error) {
	_, g, err := s.group(in.ClusterName, in.NodegroupName)
	if err != nil {
		return nil, err
	}
	g.follow()
	return &eks.DescribeNodegroupOutput{Nodegroup: new(g.Nodegroup)}, nil
}

// ListNodegroups lists names.
func (s *EKS) ListNodegroups(_ *wire.Caller, in *eks.ListNodegroupsInput) (*eks.ListNodegroupsOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	out := &eks.ListNodegroupsOutput{Nodegroups: []string{}}
	for _, g := range c.groups.All() {
		out.Nodegroups = append(out.Nodegroups, *g.NodegroupName)
	}
	return out, nil
}

// DeleteNodegroup drains and ends the group: 4m12 to 8m21 with nodes.
func (s *EKS) DeleteNodegroup(_ *wire.Caller, in *eks.DeleteNodegroupInput) (*eks.DeleteNodegroupOutput, error) {
	c, g, err := s.group(in.ClusterName, in.NodegroupName)
	if err != nil {
		return nil, err
	}
	if g.Status == types.NodegroupStatusDeleting {
		return &eks.DeleteNodegroupOutput{Nodegroup: new(g.Nodegroup)}, nil
	}
	g.Status = types.NodegroupStatusDeleting
	key := *c.Name + "/" + *g.NodegroupName
	d := s.w.Draw("eks:nodegroup-delete", key, 380*time.Second, 252*time.Second, 501*time.Second)
	if *g.ScalingConfig.DesiredSize == 0 {
		d /= 3
	}
	s.w.Schedule(d/2, "eks:group-scale-in", c.ID, groupEvent{part: g.part()})
	s.w.Start("eks:nodegroup-delete", key, d, "eks:group-gone", c.ID, groupEvent{part: g.part()})
	return &eks.DeleteNodegroupOutput{Nodegroup: new(g.Nodegroup)}, nil
}

func (s *EKS) groupScaleIn(c *cluster, e groupEvent) {
	if g := c.groupOf(e.part); g != nil {
		s.asg.DeleteAutoScalingGroup(nil, &asgsdk.DeleteAutoScalingGroupInput{AutoScalingGroupName: new(g.ASG), ForceDelete: new(true)})
	}
}

func (s *EKS) groupGone(c *cluster, e groupEvent) {
	g := c.groupOf(e.part)
	if g == nil {
		return
	}
	s.ec2.DeleteLaunchTemplate(nil, &ec2sdk.DeleteLaunchTemplateInput{LaunchTemplateId: new(g.Template)})
	if g.Resources != nil && g.Resources.RemoteAccessSecurityGroup != nil {
		s.ec2.DeleteSecurityGroup(nil, &ec2sdk.DeleteSecurityGroupInput{GroupId: g.Resources.RemoteAccessSecurityGroup})
	}
	s.iam.DropProfile(g.Profile)
	role := *g.NodeRole
	c.groups.Delete(*g.NodegroupName)
	// The role's access entry stays (containers-roadmap #2441, #2631; eksctl #8516); aws-auth
	// loses it unless another managed group has it (user guide, deleting a managed node group).
	if c.groups.Find(func(x *nodegroup) bool { return *x.NodeRole == role }) == nil {
		c.unmapRole(role)
	}
}

// UpdateNodegroupConfig changes labels, taints, sizes and update settings.
func (s *EKS) UpdateNodegroupConfig(by *wire.Caller, in *eks.UpdateNodegroupConfigInput) (*eks.UpdateNodegroupConfigOutput, error) {
	c, g, err := s.group(in.ClusterName, in.NodegroupName)
	if err != nil {
		return nil, err
	}
	if u := g.Updates.Get(by.Before()); u != nil {
		return &eks.UpdateNodegroupConfigOutput{Update: new(*u)}, nil
	}
	if !g.stands() {
		return nil, inUse("Nodegroup cannot be updated as it is currently not in Active State").Member("clusterName", *c.Name).Member("nodegroupName",
			*g.NodegroupName)
	}
	g.follow()
	taints := types.UpdateTaintsPayload{}
	if in.Taints != nil {
		taints = *in.Taints
	}
	if err := errorOf(g.checkScaling(in.ScalingConfig), checkUpdateConfig(in.UpdateConfig), checkTaints(taints.AddOrUpdateTaints),
		checkTaints(taints.RemoveTaints)); err != nil {
		return nil, err
	}
	id := s.w.UUID("update", *g.NodegroupArn)
	u := g.Updates.Put(id, &types.Update{Id: new(id), Status: types.UpdateStatusInProgress, Type: types.UpdateTypeConfigUpdate, CreatedAt: new(s.w.Date()),
		Errors: []types.ErrorDetail{}})
	by.Note(*u.Id)
	g.Status = types.NodegroupStatusUpdating
	key := *c.Name + "/" + *g.NodegroupName
	d := s.w.Draw("eks:nodegroup-update", key, seconds(30), seconds(15), seconds(60))
	s.w.Start("eks:nodegroup-update", key, d, "eks:group-updated", c.ID, groupEvent{part: g.part(), Update: id, Change: in})
	return &eks.UpdateNodegroupConfigOutput{Update: u}, nil
}

func (s *EKS) groupUpdated(c *cluster, e groupEvent) {
	g := c.groupOf(e.part)
	if g == nil {
		return
	}
	g.apply(e.Change)
	if u := g.Updates.Get(e.Update); u != nil {
		u.Status = types.UpdateStatusSuccessful
	}
	g.rest()
}

// checkTaints: the model wants neither of a taint, and no node can bear one without.
func checkTaints(in []types.Taint) error {
	for _, t := range in {
		if aws.ToString(t.Key) == "" || t.Effect == "" {
			return invalid("Taint key and effect must be specified")
		}
	}
	return nil
}

func hasTaint(in []types.Taint, t types.Taint) bool {
	return slices.ContainsFunc(in, func(x types.Taint) bool { return *x.Key == *t.Key && x.Effect == t.Effect })
}

func (g *nodegroup) apply(in *eks.UpdateNodegroupConfigInput) {
	s := g.c.e
	if l := in.Labels; l != nil {
		if g.Labels == nil {
			g.Labels = map[string]string{}
		}
		maps.Copy(g.Labels, l.AddOrUpdateLabels)
		for _, k := range l.RemoveLabels {
			delete(g.Labels, k)
		}
	}
	if t := in.Taints; t != nil {
		g.Taints = slices.DeleteFunc(g.Taints, func(x types.Taint) bool { return hasTaint(t.AddOrUpdateTaints, x) || hasTaint(t.RemoveTaints, x) })
		g.Taints = append(g.Taints, t.AddOrUpdateTaints...)
	}
	_, nodes := g.members()
	for _, n := range nodes {
		u := n.DeepCopy()
		if l := in.Labels; l != nil {
			maps.Copy(u.Labels, l.AddOrUpdateLabels)
			for _, k := range l.RemoveLabels {
				delete(u.Labels, k)
			}
		}
		if t := in.Taints; t != nil {
			u.Spec.Taints = slices.DeleteFunc(u.Spec.Taints, func(x corev1.Taint) bool {
				return slices.ContainsFunc(slices.Concat(t.AddOrUpdateTaints, t.RemoveTaints),
					func(y types.Taint) bool { return *y.Key == x.Key && taintEffect(y.Effect) == x.Effect })
			})
			for _, x := range t.AddOrUpdateTaints {
				u.Spec.Taints = append(u.Spec.Taints, corev1.Taint{Key: *x.Key, Value: aws.ToString(x.Value), Effect: taintEffect(x.Effect)})
			}
		}
		g.c.kube.Save(u)
	}
	if sc := in.ScalingConfig; sc != nil {
		g.follow()
		n := g.scaled(sc)
		g.ScalingConfig = n
		s.asg.UpdateAutoScalingGroup(nil, &asgsdk.UpdateAutoScalingGroupInput{AutoScalingGroupName: new(g.ASG), MinSize: n.MinSize, MaxSize: n.MaxSize,
			DesiredCapacity: n.DesiredSize})
	}
	if in.UpdateConfig != nil {
		g.UpdateConfig = in.UpdateConfig
	}
	if in.NodeRepairConfig != nil {
		g.NodeRepairConfig = in.NodeRepairConfig
	}
}
