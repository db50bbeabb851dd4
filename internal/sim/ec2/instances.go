package ec2

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

func (e *EC2) registerInstances(s *wire.Service) {
	handle(e, s, "RunInstances", e.RunInstances)
	handle(e, s, "DescribeInstances", e.DescribeInstances)
	handle(e, s, "DescribeInstanceStatus", e.DescribeInstanceStatus)
	handle(e, s, "DescribeInstanceAttribute", e.DescribeInstanceAttribute)
	handle(e, s, "ModifyInstanceAttribute", e.ModifyInstanceAttribute)
	handle(e, s, "TerminateInstances", e.TerminateInstances)
	handle(e, s, "GetConsoleOutput", e.GetConsoleOutput)
}

// events says what happens to what is under way.
func (e *EC2) events() {
	world.On(e.w, "ec2:running", e.running)
	world.On(e.w, "ec2:terminated", e.terminated)
	world.On(e.w, "ec2:instance-gone", e.instanceGone)
	world.On(e.w, "ec2:nat-up", e.natUp)
	world.On(e.w, "ec2:nat-down", e.natDown)
	world.On(e.w, "ec2:nat-gone", func(id string, _ struct{}) { drop(e, e.nats, id) })
	world.On(e.w, "ec2:volume", e.volumeMoves)
	world.On(e.w, "ec2:volume-modified", e.volumeModified)
	world.On(e.w, "ec2:snapshot", e.snapshotDone)
}

// attributes are those of an instance that DescribeInstances does not show.
type attributes struct {
	KeepRunning, KeepAlive bool // not to be stopped, not to be terminated, by the API
	Shutdown               types.ShutdownBehavior
}

// Launch is what somebody asks for who starts one instance: RunInstances, a fleet or an
// Auto Scaling group.
type Launch struct {
	Template, TemplateName *string
	Version                string
	// Over is what the request says over the template, or without one.
	Over *types.ResponseLaunchTemplateData
	Type string
	// Subnet is where it goes; "": what the template names, or the default VPC.
	Subnet string
	Zone   string
	Spot   bool
	Tags   []types.Tag
	Token  *string
	// Index is its place among those of one request.
	Index int32
}

// freeTier are the instance types of an account on the free plan (July 2025 on).
var freeTier = []string{"t3.micro", "t3.small", "t4g.micro", "t4g.small", "c7i-flex.large", "m7i-flex.large"}

// Start launches one instance.
func (e *EC2) Start(l Launch) (*types.Instance, error) {
	d := &types.ResponseLaunchTemplateData{}
	if l.Template != nil || l.TemplateName != nil {
		of, v, err := e.TemplateData(l.Template, l.TemplateName, l.Version)
		if err != nil {
			return nil, err
		}
		whole := *of
		d = &whole
		l.Tags = append(slices.Clone(l.Tags), types.Tag{Key: new("aws:ec2launchtemplate:id"), Value: v.LaunchTemplateId},
			types.Tag{Key: new("aws:ec2launchtemplate:version"), Value: new(fmt.Sprint(*v.VersionNumber))})
	}
	if l.Over != nil {
		overlay(d, l.Over)
	}
	if l.Type == "" {
		l.Type = string(d.InstanceType)
	}
	if l.Type == "" {
		l.Type = "m1.small" // EC2's default, which this region does not offer
	}
	l.Spot = l.Spot || d.InstanceMarketOptions != nil && d.InstanceMarketOptions.MarketType == types.MarketTypeSpot
	return e.launch(l, d)
}

// launch starts an instance of whole data.
func (e *EC2) launch(l Launch, d *types.ResponseLaunchTemplateData) (*types.Instance, error) {
	first := firstInterface(d)
	if first != nil && len(d.SecurityGroupIds) > 0 {
		return nil, wire.Errorf("InvalidParameterCombination",
			"Network interfaces and an instance-level security groups may not be specified on the same request")
	}
	s, err := e.whereTo(l, d, first)
	if err != nil {
		return nil, err
	}
	image, it, err := e.launchable(l, d, s)
	if err != nil {
		return nil, err
	}
	groups := d.SecurityGroupIds
	if first != nil {
		groups = first.Groups
	}
	if groups, err = e.inSubnet(s, groups); err != nil {
		return nil, err
	}
	tags := append(templateTags(d, types.ResourceTypeInstance), l.Tags...)
	id := e.w.ID("i-", *s.SubnetId, *image.ImageId, tagIdentity(tags))
	nis, err := e.launchInterfaces(id, s, d, groups)
	if err != nil {
		return nil, err
	}
	i := &types.Instance{InstanceId: new(id), ImageId: image.ImageId, InstanceType: types.InstanceType(l.Type), SubnetId: s.SubnetId, VpcId: s.VpcId,
		LaunchTime: new(e.w.Date()), AmiLaunchIndex: new(l.Index), KeyName: d.KeyName, ClientToken: l.Token, EbsOptimized: new(aws.ToBool(d.EbsOptimized)),
		Placement:    &types.Placement{AvailabilityZone: s.AvailabilityZone, AvailabilityZoneId: s.AvailabilityZoneId, Tenancy: types.TenancyDefault},
		Architecture: types.ArchitectureValues(it.Arch), Hypervisor: types.HypervisorTypeXen, VirtualizationType: types.VirtualizationTypeHvm,
		EnaSupport: new(true), RootDeviceName: image.RootDeviceName, RootDeviceType: types.DeviceTypeEbs, Monitoring: &types.Monitoring{State: "disabled"},
		State:           &types.InstanceState{Code: new(int32(0)), Name: types.InstanceStateNamePending},
		CpuOptions:      &types.CpuOptions{CoreCount: new(int32(max(1, it.VCPUs/2))), ThreadsPerCore: new(int32(min(2, it.VCPUs)))},
		MetadataOptions: metadata(d.MetadataOptions), PlatformDetails: new("Linux/UNIX"), UsageOperation: new("RunInstances"),
		EnclaveOptions: &types.EnclaveOptions{Enabled: new(false)}, HibernationOptions: &types.HibernationOptions{Configured: new(false)},
		MaintenanceOptions: &types.InstanceMaintenanceOptions{AutoRecovery: types.InstanceAutoRecoveryStateDefault}}
	if p := d.Placement; p != nil {
		i.Placement.GroupName, i.Placement.PartitionNumber = p.GroupName, p.PartitionNumber
		if p.Tenancy != "" {
			i.Placement.Tenancy = p.Tenancy
		}
	}
	if d.Monitoring != nil && aws.ToBool(d.Monitoring.Enabled) {
		i.Monitoring.State = types.MonitoringStateEnabled
	}
	if p := d.IamInstanceProfile; p != nil {
		i.IamInstanceProfile = &types.IamInstanceProfile{Arn: new(e.profileARN(p)), Id: new("AIPA" + e.hash(e.profileARN(p)))}
	}
	if l.Spot {
		i.InstanceLifecycle, i.SpotInstanceRequestId = types.InstanceLifecycleTypeSpot, new("sir-"+e.hash(id)[:8])
	}
	if image.Platform == types.PlatformValuesWindows {
		i.Platform, i.PlatformDetails = types.PlatformValuesWindows, new("Windows")
	}
	e.instances.Put(id, i)
	e.show(i, nis)
	e.tag(id, tags)
	for _, n := range nis {
		e.tag(*n.NetworkInterfaceId, templateTags(d, types.ResourceTypeNetworkInterface))
	}
	e.attachVolumes(i, image, d)
	e.userData[id] = aws.ToString(d.UserData)
	e.attributes[id] = attributes{KeepRunning: aws.ToBool(d.DisableApiStop), KeepAlive: aws.ToBool(d.DisableApiTermination),
		Shutdown: d.InstanceInitiatedShutdownBehavior}
	e.w.Start("ec2:instance", id, e.w.Draw("ec2:instance", id, 8*time.Second, 3*time.Second, 14*time.Second), "ec2:running", id, nil)
	return i, nil
}

func templateTags(d *types.ResponseLaunchTemplateData, t types.ResourceType) []types.Tag {
	var out []types.Tag
	for _, s := range d.TagSpecifications {
		if s.ResourceType == t {
			out = append(out, s.Tags...)
		}
	}
	return out
}

// firstInterface is what a template says of the first interface, or nil.
func firstInterface(d *types.ResponseLaunchTemplateData) *types.LaunchTemplateInstanceNetworkInterfaceSpecification {
	for i, n := range d.NetworkInterfaces {
		if aws.ToInt32(n.DeviceIndex) == 0 && aws.ToInt32(n.NetworkCardIndex) == 0 {
			return &d.NetworkInterfaces[i]
		}
	}
	return nil
}

// whereTo is the subnet that an instance goes to.
func (e *EC2) whereTo(l Launch, d *types.ResponseLaunchTemplateData, first *types.LaunchTemplateInstanceNetworkInterfaceSpecification) (*subnet, error) {
	id := l.Subnet
	if id == "" && first != nil {
		id = aws.ToString(first.SubnetId)
		if n := e.enis.Get(aws.ToString(first.NetworkInterfaceId)); n != nil {
			id = *n.SubnetId
		}
	}
	if id == "" {
		zone := l.Zone
		if zone == "" && d.Placement != nil {
			zone = aws.ToString(d.Placement.AvailabilityZone)
		}
		if s := e.defaultSubnet(zone); s != nil {
			return s, nil
		}
		return nil, wire.Errorf("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")
	}
	if s := e.subnets.Get(id); s != nil {
		return s, nil
	}
	return nil, notFound("InvalidSubnetID.NotFound", "subnet ID", id)
}

// launchable checks what an instance is made of, and whether there is room for it.
func (e *EC2) launchable(l Launch, d *types.ResponseLaunchTemplateData, s *subnet) (*types.Image, Type, error) {
	var none Type
	if aws.ToString(d.ImageId) == "" {
		return nil, none, wire.Errorf("MissingParameter", "The request must contain the parameter ImageId")
	}
	image := e.images.Get(*d.ImageId)
	if image == nil {
		return nil, none, noImage(*d.ImageId)
	}
	it, ok := TypeOf(l.Type)
	if !ok {
		return nil, none, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceType.", l.Type)
	}
	if string(image.Architecture) != it.Arch && image.Architecture != "" {
		return nil, none, wire.Errorf("InvalidParameterValue", "The architecture '%s' of the specified instance type does not match the architecture '%s' "+
			"of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use "+
			"'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.", it.Arch, image.Architecture)
	}
	if k := aws.ToString(d.KeyName); k != "" && e.keys.Get(k) == nil {
		return nil, none, wire.Errorf("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", k)
	}
	if p := d.IamInstanceProfile; p != nil && e.HasProfile != nil && !e.HasProfile(aws.ToString(p.Arn)+aws.ToString(p.Name)) {
		if p.Arn != nil {
			return nil, none, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN",
				*p.Arn)
		}
		return nil, none, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
			aws.ToString(p.Name))
	}
	if e.FreeTierOnly && !slices.Contains(freeTier, l.Type) {
		return nil, none, wire.Errorf("InvalidParameterCombination",
			"The specified instance type is not eligible for Free Tier. For a list of Free Tier instance types, run 'describe-instance-types' with the "+
				"filter 'free-tier-eligible=true'.")
	}
	if e.NoCapacity[l.Type] || e.NoCapacity[l.Type+"/"+*s.AvailabilityZone] {
		return nil, none, wire.Errorf("InsufficientInstanceCapacity",
			"We currently do not have sufficient %s capacity in the Availability Zone you requested (%s). Our system will be working on provisioning "+
				"additional capacity.", l.Type, *s.AvailabilityZone).With(500)
	}
	if err := e.roomFor(l.Type, l.Spot); err != nil {
		return nil, none, err
	}
	return image, it, nil
}

// launchInterfaces makes or takes the interfaces that an instance starts with.
func (e *EC2) launchInterfaces(id string, s *subnet, d *types.ResponseLaunchTemplateData, groups []string) ([]*types.NetworkInterface, error) {
	specs := d.NetworkInterfaces
	if firstInterface(d) == nil {
		specs = append([]types.LaunchTemplateInstanceNetworkInterfaceSpecification{{}}, specs...)
	}
	var out []*types.NetworkInterface
	for _, spec := range specs {
		device, card := aws.ToInt32(spec.DeviceIndex), aws.ToInt32(spec.NetworkCardIndex)
		first := device == 0 && card == 0
		var n *types.NetworkInterface
		if own := aws.ToString(spec.NetworkInterfaceId); own != "" {
			if n = e.enis.Get(own); n == nil {
				return e.undo(out, e.enis.Missing(own))
			}
			if n.Attachment != nil {
				return e.undo(out, wire.Errorf("InvalidNetworkInterface.InUse", "Interface: [%s] in use.", own))
			}
			e.attach(n, id, device, card, false)
			out = append(out, n)
			continue
		}
		gs := groups
		if !first {
			var err error
			if gs, err = e.inSubnet(s, spec.Groups); err != nil {
				return e.undo(out, err)
			}
		}
		n, err := e.claim(s, aws.ToString(spec.Description), gs, spec.PrivateIpAddress, spec.PrivateIpAddresses)
		if err != nil {
			return e.undo(out, err)
		}
		out = append(out, n)
		n.SourceDestCheck = new(true)
		if t := aws.ToString(spec.InterfaceType); t == "efa" || t == "efa-only" {
			n.InterfaceType = types.NetworkInterfaceTypeEfa
		}
		e.attach(n, id, device, card, spec.DeleteOnTermination == nil || *spec.DeleteOnTermination)
		if _, err := e.assign(n, nil, int(aws.ToInt32(spec.SecondaryPrivateIpAddressCount)), int(aws.ToInt32(spec.Ipv4PrefixCount))); err != nil {
			return e.undo(out, err)
		}
		v6 := int(aws.ToInt32(spec.Ipv6AddressCount))
		if first && v6+len(spec.Ipv6Addresses) == 0 && aws.ToBool(s.AssignIpv6AddressOnCreation) {
			v6 = 1
		}
		if _, _, err := e.assignIPv6(n, v6Names(spec.Ipv6Addresses), v6, int(aws.ToInt32(spec.Ipv6PrefixCount))); err != nil {
			return e.undo(out, err)
		}
		public := aws.ToBool(s.MapPublicIpOnLaunch)
		if spec.AssociatePublicIpAddress != nil {
			public = *spec.AssociatePublicIpAddress
		}
		if first && public {
			ip := e.publicAddress(id, "198.51.100.0")
			n.Association = &types.NetworkInterfaceAssociation{IpOwnerId: new("amazon"), PublicIp: new(ip), PublicDnsName: new(e.publicName(ip))}
			n.PrivateIpAddresses[0].Association = n.Association
		}
	}
	return out, nil
}

// undo gives back what a launch took that cannot be done.
func (e *EC2) undo(l []*types.NetworkInterface, err error) ([]*types.NetworkInterface, error) {
	for _, n := range l {
		if n.Attachment != nil && !aws.ToBool(n.Attachment.DeleteOnTermination) {
			e.detach(n)
			continue
		}
		e.dropInterface(*n.NetworkInterfaceId)
	}
	return nil, err
}

// profileARN is an instance profile's ARN, by which of its names a request knows it.
func (e *EC2) profileARN(p *types.LaunchTemplateIamInstanceProfileSpecification) string {
	if p.Arn != nil {
		return *p.Arn
	}
	return "arn:" + e.Partition + ":iam::" + e.Account + ":instance-profile/" + aws.ToString(p.Name)
}

// metadata is how an instance's metadata are reached: EC2's defaults, and what the
// request says.
func metadata(m *types.LaunchTemplateInstanceMetadataOptions) *types.InstanceMetadataOptionsResponse {
	out := &types.InstanceMetadataOptionsResponse{State: types.InstanceMetadataOptionsStateApplied, HttpEndpoint: types.InstanceMetadataEndpointStateEnabled,
		HttpTokens: types.HttpTokensStateOptional, HttpPutResponseHopLimit: new(int32(1)), HttpProtocolIpv6: types.InstanceMetadataProtocolStateDisabled,
		InstanceMetadataTags: types.InstanceMetadataTagsStateDisabled}
	if m != nil {
		over := convert[types.InstanceMetadataOptionsResponse](m)
		over.State = ""
		overlay(out, over)
	}
	return out
}

func (e *EC2) running(id string, _ struct{}) {
	i := e.instances.Get(id)
	if i == nil || i.State.Name != types.InstanceStateNamePending {
		return
	}
	i.State = &types.InstanceState{Code: new(int32(16)), Name: types.InstanceStateNameRunning}
	for _, f := range e.OnRunning {
		f(i)
	}
}

// UserData is the user data an instance was launched with, base64.
func (e *EC2) UserData(id string) string { return e.userData[id] }

// RunInstances launches instances in one reservation: as many as can be of the most,
// and none if fewer than the least can be.
func (e *EC2) RunInstances(by *wire.Caller, in *ec2.RunInstancesInput) (*ec2.RunInstancesOutput, error) {
	if r := by.Before(); r != "" {
		return e.reservation(r), nil
	}
	least, most := aws.ToInt32(in.MinCount), aws.ToInt32(in.MaxCount)
	if least < 1 || most < least {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%d) for parameter minCount is invalid. It must be at least 1, and no more than maxCount (%d)",
			least, most)
	}
	if err := checkUserData(in.UserData, "InvalidParameterValue"); err != nil {
		return nil, err
	}
	over := convert[types.ResponseLaunchTemplateData](in)
	over.SecurityGroups = nil
	for _, n := range in.SecurityGroups {
		g, err := e.group(nil, new(n))
		if err != nil {
			return nil, err
		}
		over.SecurityGroupIds = append(over.SecurityGroupIds, *g.GroupId)
	}
	if p := in.PrivateIpAddress; p != nil && len(over.NetworkInterfaces) == 0 {
		over.NetworkInterfaces = []types.LaunchTemplateInstanceNetworkInterfaceSpecification{{DeviceIndex: new(int32(0)), PrivateIpAddress: p,
			Groups: over.SecurityGroupIds}}
		over.SecurityGroupIds = nil
	}
	l := Launch{Over: over, Subnet: aws.ToString(in.SubnetId), Token: in.ClientToken}
	if t := in.LaunchTemplate; t != nil {
		l.Template, l.TemplateName, l.Version = t.LaunchTemplateId, t.LaunchTemplateName, aws.ToString(t.Version)
		if in.TagSpecifications != nil { // they come beside the template's
			over.TagSpecifications = nil
			d, _, err := e.TemplateData(l.Template, l.TemplateName, l.Version)
			if err != nil {
				return nil, err
			}
			over.TagSpecifications = append(slices.Clone(d.TagSpecifications), convert[types.ResponseLaunchTemplateData](in).TagSpecifications...)
		}
	}
	r := ""
	var made []*types.Instance
	for range most {
		l.Index = int32(len(made))
		i, err := e.Start(l)
		if err != nil && len(made) < int(least) {
			for _, i := range made {
				e.unlaunch(i)
			}
			return nil, err
		}
		if err != nil {
			break
		}
		if r == "" {
			r = "r-" + (*i.InstanceId)[2:]
		}
		e.reservations[*i.InstanceId] = r
		made = append(made, i)
	}
	by.Note(r)
	return e.reservation(r), nil
}

// unlaunch takes an instance back that was never answered.
func (e *EC2) unlaunch(i *types.Instance) {
	id := *i.InstanceId
	e.release(i)
	e.instanceGone(id, struct{}{})
}

// reservation is the answer about the instances of one launch.
func (e *EC2) reservation(r string) *ec2.RunInstancesOutput {
	out := &ec2.RunInstancesOutput{ReservationId: new(r), OwnerId: new(e.Account), Groups: []types.GroupIdentifier{}}
	for _, i := range e.instances.Select(func(i *types.Instance) bool { return e.reservationOf(i) == r }) {
		out.Instances = append(out.Instances, e.viewInstance(i))
	}
	return out
}

// reservationOf is the launch that an instance came with.
func (e *EC2) reservationOf(i *types.Instance) string {
	if r := e.reservations[*i.InstanceId]; r != "" {
		return r
	}
	return "r-" + (*i.InstanceId)[2:]
}

func (e *EC2) viewInstance(i *types.Instance) types.Instance {
	v := *i
	v.Tags = e.tagsOf(*i.InstanceId)
	v.NetworkInterfaces = slices.Clone(i.NetworkInterfaces)
	if v.State.Name == types.InstanceStateNameTerminated {
		v.PrivateDnsName, v.PublicDnsName = new(""), new("")
	}
	return v
}

// DescribeInstances lists instances by their reservations.
func (e *EC2) DescribeInstances(_ *wire.Caller, in *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error) {
	l, err := e.instances.Describe(in.InstanceIds, filters(in.Filters))
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeInstancesOutput{Reservations: []types.Reservation{}}
	at := map[string]int{}
	for _, i := range l {
		r := e.reservationOf(i)
		n, ok := at[r]
		if !ok {
			n = len(out.Reservations)
			at[r] = n
			out.Reservations = append(out.Reservations, types.Reservation{ReservationId: new(r), OwnerId: new(e.Account), Groups: []types.GroupIdentifier{}})
		}
		out.Reservations[n].Instances = append(out.Reservations[n].Instances, e.viewInstance(i))
	}
	return out, nil
}

// statusFilters are those of DescribeInstanceStatus.
var statusFilters = map[string]string{"availability-zone": "AvailabilityZone", "instance-state-code": "InstanceState.Code",
	"instance-state-name": "InstanceState.Name", "instance-status.status": "InstanceStatus.Status", "system-status.status": "SystemStatus.Status",
	"instance-status.reachability": "InstanceStatus.Details.Status", "system-status.reachability": "SystemStatus.Details.Status",
	"availability-zone-id": "AvailabilityZoneId", "event.code": "Events.Code", "event.description": "Events.Description",
	"event.instance-event-id": "Events.InstanceEventId", "event.not-after": "Events.NotAfter", "event.not-before": "Events.NotBefore",
	"event.not-before-deadline": "Events.NotBeforeDeadline", "attached-ebs-status.status": "AttachedEbsStatus.Status",
	"operator.managed": "Operator.Managed", "operator.principal": "Operator.Principal"}

// DescribeInstanceStatus tells of running instances, or of all, whether they are well:
// those of the region are, a minute and a half after their launch.
func (e *EC2) DescribeInstanceStatus(_ *wire.Caller, in *ec2.DescribeInstanceStatusInput) (*ec2.DescribeInstanceStatusOutput, error) {
	l, err := e.instances.Describe(in.InstanceIds, nil)
	if err != nil {
		return nil, err
	}
	rows := []types.InstanceStatus{}
	for _, i := range l {
		if i.State.Name != types.InstanceStateNameRunning && !aws.ToBool(in.IncludeAllInstances) {
			continue
		}
		s, d := types.SummaryStatusNotApplicable, types.StatusType("")
		if i.State.Name == types.InstanceStateNameRunning {
			s, d = types.SummaryStatusOk, types.StatusTypePassed
			if e.w.Date().Sub(*i.LaunchTime) < 90*time.Second {
				s, d = types.SummaryStatusInitializing, types.StatusTypeInitializing
			}
		}
		sum := &types.InstanceStatusSummary{Status: s}
		if d != "" {
			sum.Details = []types.InstanceStatusDetails{{Name: types.StatusNameReachability, Status: d}}
		}
		rows = append(rows, types.InstanceStatus{InstanceId: i.InstanceId, AvailabilityZone: i.Placement.AvailabilityZone,
			AvailabilityZoneId: i.Placement.AvailabilityZoneId, InstanceState: i.State, InstanceStatus: sum, SystemStatus: sum, Events: []types.InstanceStatusEvent{}})
	}
	rows, err = res.Pick(rows, filters(in.Filters), res.Fields[types.InstanceStatus](statusFilters))
	return &ec2.DescribeInstanceStatusOutput{InstanceStatuses: rows}, err
}

// DescribeInstanceAttribute reads one attribute.
func (e *EC2) DescribeInstanceAttribute(_ *wire.Caller, in *ec2.DescribeInstanceAttributeInput) (*ec2.DescribeInstanceAttributeOutput, error) {
	i := e.instances.Get(aws.ToString(in.InstanceId))
	if i == nil {
		return nil, e.instances.Missing(aws.ToString(in.InstanceId))
	}
	a := e.attributes[*i.InstanceId]
	out := &ec2.DescribeInstanceAttributeOutput{InstanceId: i.InstanceId}
	flag := func(b bool) *types.AttributeBooleanValue { return &types.AttributeBooleanValue{Value: new(b)} }
	switch in.Attribute {
	case types.InstanceAttributeNameInstanceType:
		out.InstanceType = &types.AttributeValue{Value: new(string(i.InstanceType))}
	case types.InstanceAttributeNameUserData:
		out.UserData = &types.AttributeValue{}
		if d := e.userData[*i.InstanceId]; d != "" {
			out.UserData.Value = new(d)
		}
	case types.InstanceAttributeNameDisableApiTermination:
		out.DisableApiTermination = flag(a.KeepAlive)
	case types.InstanceAttributeNameDisableApiStop:
		out.DisableApiStop = flag(a.KeepRunning)
	case types.InstanceAttributeNameInstanceInitiatedShutdownBehavior:
		s := a.Shutdown
		if s == "" {
			s = types.ShutdownBehaviorStop
		}
		out.InstanceInitiatedShutdownBehavior = &types.AttributeValue{Value: new(string(s))}
	case types.InstanceAttributeNameRootDeviceName:
		out.RootDeviceName = &types.AttributeValue{Value: i.RootDeviceName}
	case types.InstanceAttributeNameBlockDeviceMapping:
		out.BlockDeviceMappings = i.BlockDeviceMappings
	case types.InstanceAttributeNameSourceDestCheck:
		out.SourceDestCheck = flag(aws.ToBool(i.SourceDestCheck))
	case types.InstanceAttributeNameGroupSet:
		out.Groups = i.SecurityGroups
	case types.InstanceAttributeNameEbsOptimized:
		out.EbsOptimized = flag(aws.ToBool(i.EbsOptimized))
	case types.InstanceAttributeNameEnaSupport:
		out.EnaSupport = flag(true)
	default:
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Unknown attribute.", in.Attribute)
	}
	return out, nil
}

// ModifyInstanceAttribute changes what can be changed of a running instance.
func (e *EC2) ModifyInstanceAttribute(_ *wire.Caller, in *ec2.ModifyInstanceAttributeInput) (*ec2.ModifyInstanceAttributeOutput, error) {
	i := e.instances.Get(aws.ToString(in.InstanceId))
	if i == nil {
		return nil, e.instances.Missing(aws.ToString(in.InstanceId))
	}
	id := *i.InstanceId
	if in.InstanceType != nil || in.UserData != nil || in.Kernel != nil || in.Ramdisk != nil || in.EbsOptimized != nil {
		return nil, wire.Errorf("IncorrectInstanceState", "The instance '%s' is not in the 'stopped' state.", id)
	}
	n := e.primary(id)
	if len(in.Groups) > 0 && n != nil {
		if _, err := e.inSubnet(e.subnets.Get(*n.SubnetId), in.Groups); err != nil {
			return nil, err
		}
		e.setGroups(n, in.Groups)
	}
	if in.SourceDestCheck != nil && n != nil {
		n.SourceDestCheck = in.SourceDestCheck.Value
		e.showInterfaces(id)
	}
	a := e.attributes[id]
	if in.DisableApiTermination != nil {
		a.KeepAlive = aws.ToBool(in.DisableApiTermination.Value)
	}
	if in.DisableApiStop != nil {
		a.KeepRunning = aws.ToBool(in.DisableApiStop.Value)
	}
	if in.InstanceInitiatedShutdownBehavior != nil {
		a.Shutdown = types.ShutdownBehavior(aws.ToString(in.InstanceInitiatedShutdownBehavior.Value))
	}
	e.attributes[id] = a
	return &ec2.ModifyInstanceAttributeOutput{}, nil
}

// TerminateInstances ends instances; they are gone about 20 s later.
func (e *EC2) TerminateInstances(_ *wire.Caller, in *ec2.TerminateInstancesInput) (*ec2.TerminateInstancesOutput, error) {
	out := &ec2.TerminateInstancesOutput{}
	for _, id := range in.InstanceIds {
		if e.instances.Get(id) == nil {
			return nil, e.instances.Missing(id)
		}
		if e.attributes[id].KeepAlive {
			return nil, wire.Errorf("OperationNotPermitted",
				"The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", id)
		}
	}
	for _, id := range in.InstanceIds {
		was := e.instances.Get(id).State
		e.Terminate(id)
		out.TerminatingInstances = append(out.TerminatingInstances,
			types.InstanceStateChange{InstanceId: new(id), PreviousState: was, CurrentState: e.instances.Get(id).State})
	}
	return out, nil
}

// Terminate begins an instance's end; false if it was over already.
func (e *EC2) Terminate(id string) bool {
	i := e.instances.Get(id)
	if i == nil || i.State.Name == types.InstanceStateNameTerminated || i.State.Name == types.InstanceStateNameShuttingDown {
		return false
	}
	i.State = &types.InstanceState{Code: new(int32(32)), Name: types.InstanceStateNameShuttingDown}
	for _, f := range e.OnEnding {
		f(i)
	}
	i.StateTransitionReason = new("User initiated (" + e.w.Date().UTC().Format("2006-01-02 15:04:05 GMT") + ")")
	i.StateReason = &types.StateReason{Code: new("Client.UserInitiatedShutdown"), Message: new("Client.UserInitiatedShutdown: User initiated shutdown")}
	e.w.Schedule(e.w.Draw("ec2:terminate", id, 20*time.Second, 10*time.Second, 40*time.Second), "ec2:terminated", id, nil)
	return true
}

func (e *EC2) terminated(id string, _ struct{}) {
	i := e.instances.Get(id)
	if i == nil {
		return
	}
	i.State = &types.InstanceState{Code: new(int32(48)), Name: types.InstanceStateNameTerminated}
	e.release(i)
	for _, f := range e.OnTerminated {
		f(i)
	}
	e.forget("ec2:instance-gone", id)
}

// release gives back what an instance holds.
func (e *EC2) release(i *types.Instance) {
	for _, n := range e.attached(*i.InstanceId) {
		if aws.ToBool(n.Attachment.DeleteOnTermination) {
			e.dropInterface(*n.NetworkInterfaceId)
		} else {
			e.detach(n)
		}
	}
	i.NetworkInterfaces, i.PrivateIpAddress, i.PublicIpAddress, i.SecurityGroups = []types.InstanceNetworkInterface{}, nil, nil, []types.GroupIdentifier{}
	e.releaseVolumes(i)
}

// instanceGone forgets an instance that is over.
func (e *EC2) instanceGone(id string, _ struct{}) {
	drop(e, e.instances, id)
	delete(e.userData, id)
	delete(e.attributes, id)
	delete(e.reservations, id)
}

// Instance is an instance, or nil; shared, not to be changed.
func (e *EC2) Instance(id string) *types.Instance { return e.instances.Get(id) }

// Tags are a resource's tags; shared, not to be changed.
func (e *EC2) Tags(id string) map[string]string { return e.tags[id] }
