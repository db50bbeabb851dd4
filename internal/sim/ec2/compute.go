package ec2

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

type launchTemplate struct {
	types.LaunchTemplate
	Versions []types.LaunchTemplateVersion
}

func (e *EC2) registerCompute(s *wire.Service) {
	wire.Handle(s, "CreateLaunchTemplate", e.CreateLaunchTemplate)
	wire.Handle(s, "CreateLaunchTemplateVersion", e.CreateLaunchTemplateVersion)
	wire.Handle(s, "DescribeLaunchTemplates", e.DescribeLaunchTemplates)
	wire.Handle(s, "DescribeLaunchTemplateVersions", e.DescribeLaunchTemplateVersions)
	wire.Handle(s, "DeleteLaunchTemplate", e.DeleteLaunchTemplate)
	wire.Handle(s, "RunInstances", e.RunInstances)
	wire.Handle(s, "DescribeInstances", e.DescribeInstances)
	wire.Handle(s, "TerminateInstances", e.TerminateInstances)
	wire.Handle(s, "GetConsoleOutput", e.GetConsoleOutput)
	wire.Handle(s, "DescribeNetworkInterfaces", e.DescribeNetworkInterfaces)
	wire.Handle(s, "DeleteNetworkInterface", e.DeleteNetworkInterface)
	wire.Handle(s, "CreatePlacementGroup", e.CreatePlacementGroup)
	wire.Handle(s, "DeletePlacementGroup", e.DeletePlacementGroup)
	wire.Handle(s, "DescribePlacementGroups", e.DescribePlacementGroups)
}

// convert copies a request structure into its response twin: EC2 models them as
// two types with the same JSON-shaped members.
func convert[T any](in any) *T {
	var out T
	b, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("launch template data: %v", err)) // same module, same shape
	}
	return &out
}

// CreateLaunchTemplate makes a template with version 1.
func (e *EC2) CreateLaunchTemplate(_ *wire.Caller, in *ec2.CreateLaunchTemplateInput) (*ec2.CreateLaunchTemplateOutput, error) {
	name := aws.ToString(in.LaunchTemplateName)
	if e.templates.Find(func(t *launchTemplate) bool { return *t.LaunchTemplateName == name }) != nil {
		return nil, wire.Errorf("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
	}
	if err := checkTemplate(in.LaunchTemplateData); err != nil {
		return nil, err
	}
	id := e.w.ID("lt-", name)
	t := &launchTemplate{LaunchTemplate: types.LaunchTemplate{LaunchTemplateId: new(id), LaunchTemplateName: new(name)}}
	t.add(e, in.LaunchTemplateData)
	if err := e.completeTemplate(t); err != nil {
		return nil, err
	}
	e.templates.Put(id, t)
	e.tagSpec(id, in.TagSpecifications)
	return &ec2.CreateLaunchTemplateOutput{LaunchTemplate: &t.LaunchTemplate}, nil
}

// completeTemplate gives a launch template of an ID and versions the rest.
func (e *EC2) completeTemplate(t *launchTemplate) error {
	if len(t.Versions) == 0 {
		return wire.Errorf("MissingParameter", "a launch template has at least one version")
	}
	if t.LaunchTemplateName == nil {
		t.LaunchTemplateName = new("existing-" + *t.LaunchTemplateId)
	}
	t.DefaultVersionNumber, t.LatestVersionNumber = new(int64(1)), new(int64(len(t.Versions)))
	t.CreateTime, t.CreatedBy = new(e.w.Date()), new("arn:"+e.Partition+":iam::"+e.Account+":root")
	for i := range t.Versions {
		v := &t.Versions[i]
		v.LaunchTemplateId, v.LaunchTemplateName, v.VersionNumber, v.DefaultVersion = t.LaunchTemplateId, t.LaunchTemplateName, new(int64(i+1)), new(i == 0)
		if v.CreateTime == nil {
			v.CreateTime = t.CreateTime
		}
		if v.LaunchTemplateData == nil {
			v.LaunchTemplateData = &types.ResponseLaunchTemplateData{}
		}
	}
	return nil
}

func (t *launchTemplate) add(e *EC2, d *types.RequestLaunchTemplateData) *types.LaunchTemplateVersion {
	n := int64(len(t.Versions) + 1)
	t.Versions = append(t.Versions, types.LaunchTemplateVersion{LaunchTemplateId: t.LaunchTemplateId, LaunchTemplateName: t.LaunchTemplateName,
		VersionNumber: new(n), DefaultVersion: new(n == 1), CreateTime: new(e.w.Date()), LaunchTemplateData: convert[types.ResponseLaunchTemplateData](d)})
	t.LatestVersionNumber = new(n)
	return &t.Versions[n-1]
}

// checkTemplate is what EC2 looks at of a template before it keeps it: hardly anything.
func checkTemplate(d *types.RequestLaunchTemplateData) error {
	if d == nil {
		return nil
	}
	return checkUserData(d.UserData, "InvalidUserData.Malformed")
}

func noTemplate(id string) error {
	return wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
}

func (e *EC2) template(id, name *string) (*launchTemplate, error) {
	if id != nil {
		if t := e.templates.Get(*id); t != nil {
			return t, nil
		}
		return nil, noTemplate(*id)
	}
	if t := e.templates.Find(func(t *launchTemplate) bool { return *t.LaunchTemplateName == aws.ToString(name) }); t != nil {
		return t, nil
	}
	return nil, wire.Errorf("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.",
		aws.ToString(name))
}

// CreateLaunchTemplateVersion adds a version.
func (e *EC2) CreateLaunchTemplateVersion(_ *wire.Caller, in *ec2.CreateLaunchTemplateVersionInput) (*ec2.CreateLaunchTemplateVersionOutput, error) {
	t, err := e.template(in.LaunchTemplateId, in.LaunchTemplateName)
	if err != nil {
		return nil, err
	}
	if err := checkTemplate(in.LaunchTemplateData); err != nil {
		return nil, err
	}
	return &ec2.CreateLaunchTemplateVersionOutput{LaunchTemplateVersion: t.add(e, in.LaunchTemplateData)}, nil
}

// DescribeLaunchTemplates lists templates.
func (e *EC2) DescribeLaunchTemplates(_ *wire.Caller, in *ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error) {
	ids := in.LaunchTemplateIds
	for _, n := range in.LaunchTemplateNames {
		t, err := e.template(nil, new(n))
		if err != nil {
			return nil, err
		}
		ids = append(ids, *t.LaunchTemplateId)
	}
	l, err := res.List(e.templates, ids, filters(in.Filters), e.viewTemplate)
	return &ec2.DescribeLaunchTemplatesOutput{LaunchTemplates: l}, err
}

// DescribeLaunchTemplateVersions lists versions.
func (e *EC2) DescribeLaunchTemplateVersions(_ *wire.Caller, in *ec2.DescribeLaunchTemplateVersionsInput) (*ec2.DescribeLaunchTemplateVersionsOutput, error) {
	t, err := e.template(in.LaunchTemplateId, in.LaunchTemplateName)
	if err != nil {
		return nil, err
	}
	for _, v := range in.Versions {
		if t.resolve(v) < 0 {
			return nil, noVersion(v, *t.LaunchTemplateId)
		}
	}
	rows := []types.LaunchTemplateVersion{}
	for i := range t.Versions {
		if len(in.Versions) == 0 || slices.ContainsFunc(in.Versions, func(v string) bool { return t.resolve(v) == i }) {
			rows = append(rows, t.Versions[i])
		}
	}
	rows, err = res.Pick(rows, filters(in.Filters), res.Fields[types.LaunchTemplateVersion](versionFilters))
	return &ec2.DescribeLaunchTemplateVersionsOutput{LaunchTemplateVersions: rows}, err
}

func noVersion(version, id string) error {
	return wire.Errorf("InvalidLaunchTemplateId.VersionNotFound", "Could not find launch template version %s for launch template %s", version, id)
}

// resolve turns $Latest, $Default, "" or a number into an index, -1 if unknown.
func (t *launchTemplate) resolve(v string) int {
	switch v {
	case "$Latest":
		return len(t.Versions) - 1
	case "", "$Default":
		return int(*t.DefaultVersionNumber) - 1
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > len(t.Versions) {
		return -1
	}
	return n - 1
}

// DeleteLaunchTemplate removes a template.
func (e *EC2) DeleteLaunchTemplate(_ *wire.Caller, in *ec2.DeleteLaunchTemplateInput) (*ec2.DeleteLaunchTemplateOutput, error) {
	t, err := e.template(in.LaunchTemplateId, in.LaunchTemplateName)
	if err != nil {
		return nil, err
	}
	e.templates.Delete(*t.LaunchTemplateId)
	return &ec2.DeleteLaunchTemplateOutput{LaunchTemplate: &t.LaunchTemplate}, nil
}

// TemplateData is a launch template version's data; the error is EC2's.
func (e *EC2) TemplateData(id, name *string, version string) (*types.ResponseLaunchTemplateData, *types.LaunchTemplateVersion, error) {
	t, err := e.template(id, name)
	if err != nil {
		return nil, nil, err
	}
	i := t.resolve(version)
	if i < 0 {
		return nil, nil, noVersion(version, *t.LaunchTemplateId)
	}
	return t.Versions[i].LaunchTemplateData, &t.Versions[i], nil
}

// Launch is what an Auto Scaling group asks for when it starts one instance.
type Launch struct {
	Template, TemplateName *string
	Version                string
	Type                   string
	Subnet                 string
	Spot                   bool
	Image                  string
	UserData               string
	Profile                string
	Groups                 []string
	Tags                   []types.Tag
}

// freeTier are the instance types of an account on the free plan (July 2025 on).
var freeTier = []string{"t3.micro", "t3.small", "t4g.micro", "t4g.small", "c7i-flex.large", "m7i-flex.large"}

// Start launches one instance from a template with overrides, as Auto Scaling does.
func (e *EC2) Start(l Launch) (*types.Instance, error) {
	d, ver, err := e.TemplateData(l.Template, l.TemplateName, l.Version)
	if err != nil {
		return nil, err
	}
	if l.Type == "" {
		l.Type = string(d.InstanceType)
	}
	if l.Image == "" {
		l.Image = aws.ToString(d.ImageId)
	}
	if l.UserData == "" {
		l.UserData = aws.ToString(d.UserData)
	}
	if l.Profile == "" && d.IamInstanceProfile != nil {
		l.Profile = aws.ToString(d.IamInstanceProfile.Arn) + aws.ToString(d.IamInstanceProfile.Name)
	}
	public := false
	if len(l.Groups) == 0 {
		l.Groups = d.SecurityGroupIds
		for _, n := range d.NetworkInterfaces {
			l.Groups = append(l.Groups, n.Groups...)
			public = public || aws.ToBool(n.AssociatePublicIpAddress)
		}
	}
	l.Spot = l.Spot || d.InstanceMarketOptions != nil && d.InstanceMarketOptions.MarketType == types.MarketTypeSpot
	for _, s := range d.TagSpecifications {
		if s.ResourceType == types.ResourceTypeInstance {
			l.Tags = append(slices.Clone(s.Tags), l.Tags...)
		}
	}
	l.Tags = append(l.Tags, types.Tag{Key: new("aws:ec2launchtemplate:id"), Value: ver.LaunchTemplateId},
		types.Tag{Key: new("aws:ec2launchtemplate:version"), Value: new(fmt.Sprint(*ver.VersionNumber))})
	return e.launch(l, public, d.MetadataOptions)
}

func (e *EC2) launch(l Launch, public bool, meta *types.LaunchTemplateInstanceMetadataOptions) (*types.Instance, error) {
	s := e.subnets.Get(l.Subnet)
	if s == nil {
		return nil, notFound("InvalidSubnetID.NotFound", "subnet ID", l.Subnet)
	}
	if e.images.Get(l.Image) == nil {
		return nil, noImage(l.Image)
	}
	for _, g := range l.Groups {
		if e.groups.Get(g) == nil {
			return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in VPC '%s'", g, *s.VpcId)
		}
	}
	it, ok := TypeOf(l.Type)
	if !ok {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceType.", l.Type)
	}
	if e.FreeTierOnly && !slices.Contains(freeTier, l.Type) {
		return nil, wire.Errorf("InvalidParameterCombination",
			"The specified instance type is not eligible for Free Tier. For a list of Free Tier instance types, run 'describe-instance-types' with the "+
				"filter 'free-tier-eligible=true'.")
	}
	if e.NoCapacity[l.Type] || e.NoCapacity[l.Type+"/"+*s.AvailabilityZone] {
		return nil, wire.Errorf("InsufficientInstanceCapacity",
			"We currently do not have sufficient %s capacity in the Availability Zone you requested (%s). Our system will be working on provisioning "+
				"additional capacity.", l.Type, *s.AvailabilityZone).With(500)
	}
	if e.usedVCPUs()+it.VCPUs > e.Quotas.VCPUs {
		return nil, wire.Errorf("VcpuLimitExceeded",
			"You have requested more vCPU capacity than your current vCPU limit of %d allows for the instance bucket that the specified instance type "+
				"belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.", e.Quotas.VCPUs)
	}
	id := e.w.ID("i-", l.Subnet, l.Image, tagIdentity(l.Tags))
	groups := l.Groups
	if len(groups) == 0 {
		groups = []string{e.vpcs.Get(*s.VpcId).DefaultGroup}
	}
	ni := e.newInterface(s, "", types.NetworkInterfaceTypeInterface, groups)
	if ni == nil {
		return nil, wire.Errorf("InsufficientFreeAddressesInSubnet",
			"There are not enough free addresses in subnet '%s' to satisfy the requested number of instances.", l.Subnet)
	}
	ni.Attachment = &types.NetworkInterfaceAttachment{InstanceId: new(id), DeviceIndex: new(int32(0)), DeleteOnTermination: new(true),
		Status: types.AttachmentStatusAttached}
	ni.Status = types.NetworkInterfaceStatusInUse
	zone := e.Region + ".compute.internal"
	if e.Region == "us-east-1" {
		zone = "ec2.internal"
	}
	i := &types.Instance{InstanceId: new(id), ImageId: new(l.Image), InstanceType: types.InstanceType(l.Type), SubnetId: new(l.Subnet), VpcId: s.VpcId,
		LaunchTime: new(e.w.Date()), PrivateIpAddress: ni.PrivateIpAddress,
		PrivateDnsName: new("ip-" + strings.ReplaceAll(*ni.PrivateIpAddress, ".",
			"-") + "." + zone), Placement: &types.Placement{AvailabilityZone: s.AvailabilityZone}, Architecture: types.ArchitectureValues(it.Arch),
		State: &types.InstanceState{Code: new(int32(0)),
			Name: types.InstanceStateNamePending}, IamInstanceProfile: &types.IamInstanceProfile{Arn: new(l.Profile)},
		NetworkInterfaces: []types.InstanceNetworkInterface{{NetworkInterfaceId: ni.NetworkInterfaceId, SubnetId: ni.SubnetId,
			PrivateIpAddress: ni.PrivateIpAddress}}}
	if public || aws.ToBool(s.MapPublicIpOnLaunch) {
		i.PublicIpAddress = new(e.publicAddress(id, "198.51.100.0"))
	}
	if l.Spot {
		i.InstanceLifecycle = types.InstanceLifecycleTypeSpot
	}
	if meta != nil {
		i.MetadataOptions = convert[types.InstanceMetadataOptionsResponse](map[string]any{"HttpTokens": meta.HttpTokens,
			"HttpPutResponseHopLimit": meta.HttpPutResponseHopLimit})
	}
	for _, g := range groups {
		i.SecurityGroups = append(i.SecurityGroups, types.GroupIdentifier{GroupId: new(g)})
	}
	e.instances.Put(id, i)
	e.tag(id, l.Tags)
	e.userData[id] = l.UserData
	e.w.Start("ec2:instance", id, e.w.Draw("ec2:instance", id, 8*time.Second, 3*time.Second, 14*time.Second), "ec2:running", id, nil)
	return i, nil
}

// events says what happens to what is under way.
func (e *EC2) events() {
	world.On(e.w, "ec2:running", e.running)
	world.On(e.w, "ec2:terminated", e.terminated)
	world.On(e.w, "ec2:nat-up", e.natUp)
	world.On(e.w, "ec2:nat-down", e.natDown)
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

func (e *EC2) usedVCPUs() int {
	n := 0
	for _, i := range e.instances.All() {
		if i.State.Name != types.InstanceStateNameTerminated && i.InstanceLifecycle != types.InstanceLifecycleTypeSpot {
			it, _ := TypeOf(string(i.InstanceType))
			n += it.VCPUs
		}
	}
	return n
}

// RunInstances launches instances directly.
func (e *EC2) RunInstances(_ *wire.Caller, in *ec2.RunInstancesInput) (*ec2.RunInstancesOutput, error) {
	if err := checkUserData(in.UserData, "InvalidParameterValue"); err != nil {
		return nil, err
	}
	out := &ec2.RunInstancesOutput{ReservationId: new(e.w.ID("r-", aws.ToString(in.ClientToken), aws.ToString(in.SubnetId))), OwnerId: new(e.Account)}
	for range aws.ToInt32(in.MaxCount) {
		l := Launch{Type: string(in.InstanceType), Subnet: aws.ToString(in.SubnetId), Image: aws.ToString(in.ImageId), UserData: aws.ToString(in.UserData),
			Groups: in.SecurityGroupIds}
		if in.IamInstanceProfile != nil {
			l.Profile = aws.ToString(in.IamInstanceProfile.Arn) + aws.ToString(in.IamInstanceProfile.Name)
		}
		for _, s := range in.TagSpecifications {
			if s.ResourceType == types.ResourceTypeInstance {
				l.Tags = append(l.Tags, s.Tags...)
			}
		}
		i, err := e.launch(l, false, nil)
		if err != nil {
			return nil, err
		}
		out.Instances = append(out.Instances, e.viewInstance(i))
	}
	return out, nil
}

func (e *EC2) viewInstance(i *types.Instance) types.Instance {
	v := *i
	v.Tags = e.tagsOf(*i.InstanceId)
	return v
}

// DescribeInstances lists instances, one reservation each.
func (e *EC2) DescribeInstances(_ *wire.Caller, in *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error) {
	l, err := res.List(e.instances, in.InstanceIds, filters(in.Filters), func(i *types.Instance) types.Reservation {
		return types.Reservation{ReservationId: new(reservation(i)), OwnerId: new(e.Account), Instances: []types.Instance{e.viewInstance(i)}}
	})
	return &ec2.DescribeInstancesOutput{Reservations: l}, err
}

func reservation(i *types.Instance) string {
	return "r-" + (*i.InstanceId)[2:]
}

// TerminateInstances ends instances; they are gone about 20 s later.
func (e *EC2) TerminateInstances(_ *wire.Caller, in *ec2.TerminateInstancesInput) (*ec2.TerminateInstancesOutput, error) {
	out := &ec2.TerminateInstancesOutput{}
	for _, id := range in.InstanceIds {
		if e.instances.Get(id) == nil {
			return nil, wire.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
		}
	}
	for _, id := range in.InstanceIds {
		e.Terminate(id)
		out.TerminatingInstances = append(out.TerminatingInstances, types.InstanceStateChange{InstanceId: new(id), CurrentState: e.instances.Get(id).State})
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
	e.w.Schedule(e.w.Draw("ec2:terminate", id, 20*time.Second, 10*time.Second, 40*time.Second), "ec2:terminated", id, nil)
	return true
}

func (e *EC2) terminated(id string, _ struct{}) {
	i := e.instances.Get(id)
	if i == nil {
		return
	}
	i.State = &types.InstanceState{Code: new(int32(48)), Name: types.InstanceStateNameTerminated}
	for _, n := range e.enis.Select(func(n *types.NetworkInterface) bool {
		return n.Attachment != nil && aws.ToString(n.Attachment.InstanceId) == id
	}) {
		e.dropInterface(*n.NetworkInterfaceId)
	}
	for _, f := range e.OnTerminated {
		f(i)
	}
}

// Instance is an instance, or nil; shared, not to be changed.
func (e *EC2) Instance(id string) *types.Instance { return e.instances.Get(id) }

// newInterface makes a network interface with one address; nil when the subnet
// is full.
func (e *EC2) newInterface(s *subnet, desc string, t types.NetworkInterfaceType, groups []string) *types.NetworkInterface {
	id := e.w.ID("eni-", *s.SubnetId, desc, string(t))
	ip, ok := e.takeIP(s, id)
	if !ok {
		return nil
	}
	n := &types.NetworkInterface{NetworkInterfaceId: new(id), SubnetId: s.SubnetId, VpcId: s.VpcId, AvailabilityZone: s.AvailabilityZone,
		Description: new(desc), InterfaceType: t, PrivateIpAddress: new(ip),
		Status: types.NetworkInterfaceStatusInUse, OwnerId: new(e.Account), RequesterManaged: new(t != types.NetworkInterfaceTypeInterface)}
	for _, g := range groups {
		n.Groups = append(n.Groups, types.GroupIdentifier{GroupId: new(g)})
	}
	return e.enis.Put(id, n)
}

// NewInterface makes a requester-managed interface in a subnet; nil if full.
func (e *EC2) NewInterface(subnetID, desc string, groups []string) *types.NetworkInterface {
	if s := e.subnets.Get(subnetID); s != nil {
		return e.newInterface(s, desc, types.NetworkInterfaceTypeInterface, groups)
	}
	return nil
}

// DropInterface removes an interface and frees its address.
func (e *EC2) DropInterface(id string) { e.dropInterface(id) }

func (e *EC2) dropInterface(id string) {
	n := e.enis.Get(id)
	if n == nil {
		return
	}
	e.ReleaseAddress(*n.SubnetId, *n.PrivateIpAddress)
	e.enis.Delete(id)
}

// DescribeNetworkInterfaces lists interfaces.
func (e *EC2) DescribeNetworkInterfaces(_ *wire.Caller, in *ec2.DescribeNetworkInterfacesInput) (*ec2.DescribeNetworkInterfacesOutput, error) {
	l, err := res.List(e.enis, in.NetworkInterfaceIds, filters(in.Filters), e.viewInterface)
	return &ec2.DescribeNetworkInterfacesOutput{NetworkInterfaces: l}, err
}

// DeleteNetworkInterface refuses an attached interface.
func (e *EC2) DeleteNetworkInterface(_ *wire.Caller, in *ec2.DeleteNetworkInterfaceInput) (*ec2.DeleteNetworkInterfaceOutput, error) {
	n := e.enis.Get(aws.ToString(in.NetworkInterfaceId))
	if n == nil {
		return nil, notFound("InvalidNetworkInterfaceID.NotFound", "networkInterface ID", aws.ToString(in.NetworkInterfaceId))
	}
	if n.Status == types.NetworkInterfaceStatusInUse {
		return nil, wire.Errorf("InvalidParameterValue", "Network interface '%s' is currently in use.", *n.NetworkInterfaceId)
	}
	e.dropInterface(*n.NetworkInterfaceId)
	return &ec2.DeleteNetworkInterfaceOutput{}, nil
}

// CreatePlacementGroup makes one.
func (e *EC2) CreatePlacementGroup(_ *wire.Caller, in *ec2.CreatePlacementGroupInput) (*ec2.CreatePlacementGroupOutput, error) {
	name := aws.ToString(in.GroupName)
	if e.placements.Get(name) != nil {
		return nil, wire.Errorf("InvalidPlacementGroup.Duplicate", "The Placement Group '%s' already exists.", name)
	}
	p := e.placements.Put(name, &types.PlacementGroup{GroupName: new(name), GroupId: new(e.w.ID("pg-", name)), Strategy: types.PlacementStrategy(in.Strategy),
		State: types.PlacementGroupStateAvailable})
	return &ec2.CreatePlacementGroupOutput{PlacementGroup: p}, nil
}

// DeletePlacementGroup removes one.
func (e *EC2) DeletePlacementGroup(_ *wire.Caller, in *ec2.DeletePlacementGroupInput) (*ec2.DeletePlacementGroupOutput, error) {
	e.placements.Delete(aws.ToString(in.GroupName))
	return &ec2.DeletePlacementGroupOutput{}, nil
}

// DescribePlacementGroups lists them.
func (e *EC2) DescribePlacementGroups(_ *wire.Caller, in *ec2.DescribePlacementGroupsInput) (*ec2.DescribePlacementGroupsOutput, error) {
	l, err := res.List(e.placements, in.GroupNames, filters(in.Filters), e.viewPlacement)
	return &ec2.DescribePlacementGroupsOutput{PlacementGroups: l}, err
}

// RequestData turns a stored template's data back into request form.
func RequestData(d *types.ResponseLaunchTemplateData) *types.RequestLaunchTemplateData {
	return convert[types.RequestLaunchTemplateData](d)
}

// Tags are a resource's tags; shared, not to be changed.
func (e *EC2) Tags(id string) map[string]string { return e.tags[id] }

func (e *EC2) viewTemplate(t *launchTemplate) types.LaunchTemplate {
	v := t.LaunchTemplate
	v.Tags = e.tagsOf(*t.LaunchTemplateId)
	return v
}

func (e *EC2) viewInterface(n *types.NetworkInterface) types.NetworkInterface {
	v := *n
	v.TagSet = e.tagsOf(*n.NetworkInterfaceId)
	return v
}

func (e *EC2) viewPlacement(p *types.PlacementGroup) types.PlacementGroup { return *p }
