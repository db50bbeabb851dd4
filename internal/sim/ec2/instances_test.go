package ec2_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	sim "github.com/slipway-eks/slipway/internal/sim/ec2"
)

var image = sim.ImageID("amazon-eks-node-al2023", "x86_64", "1.34")

func template(e *sim.EC2, d *types.RequestLaunchTemplateData) *string {
	return must(e.CreateLaunchTemplate(nil, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: new("nodes"), LaunchTemplateData: d})).LaunchTemplate.LaunchTemplateId
}

// An instance is what its template says and the request over it, and shows its
// interfaces and volumes.
func TestAnInstanceComesFromItsTemplate(t *testing.T) {
	w, e := region()
	n := build(e)
	g := group(e, n.vpc)
	lt := template(e, &types.RequestLaunchTemplateData{ImageId: &image, InstanceType: "t3.medium", UserData: new("aGk="),
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{DeviceIndex: new(int32(0)), Groups: []string{g},
			AssociatePublicIpAddress: new(true)}},
		BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMappingRequest{{DeviceName: new("/dev/xvda"),
			Ebs: &types.LaunchTemplateEbsBlockDeviceRequest{VolumeSize: new(int32(50)), VolumeType: "gp3"}}},
		TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{{ResourceType: "instance", Tags: []types.Tag{{Key: new("Name"), Value: new("a")}}},
			{ResourceType: "volume", Tags: []types.Tag{{Key: new("Name"), Value: new("v")}}}}})
	in := &ec2.RunInstancesInput{MinCount: new(int32(2)), MaxCount: new(int32(2)), SubnetId: &n.public, InstanceType: "m5.large",
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: lt}}
	out := must(e.RunInstances(nil, in))
	if len(out.Instances) != 2 {
		t.Errorf("%d instances", len(out.Instances))
	}
	w.Advance(time.Minute)
	r := must(e.DescribeInstances(nil, &ec2.DescribeInstancesInput{})).Reservations
	if len(r) != 1 || len(r[0].Instances) != 2 {
		t.Fatalf("%+v", r)
	}
	i := r[0].Instances[0]
	ni := i.NetworkInterfaces[0]
	if i.InstanceType != "m5.large" || i.PublicIpAddress == nil || *ni.Groups[0].GroupName != "web" || !*ni.Attachment.DeleteOnTermination ||
		len(i.BlockDeviceMappings) != 1 || e.UserData(*i.InstanceId) != "aGk=" || e.Tags(*i.InstanceId)["Name"] != "a" {
		t.Errorf("%+v", i)
	}
	v := must(e.DescribeVolumes(nil, &ec2.DescribeVolumesInput{VolumeIds: one(i.BlockDeviceMappings[0].Ebs.VolumeId)})).Volumes[0]
	if *v.Size != 50 || v.VolumeType != "gp3" || *v.Iops != 3000 || *v.Tags[0].Value != "v" {
		t.Errorf("%+v", v)
	}
	must(e.TerminateInstances(nil, &ec2.TerminateInstancesInput{InstanceIds: one(i.InstanceId)}))
	w.Advance(time.Minute)
	is(t, "its volume", second(e.DescribeVolumes(nil, &ec2.DescribeVolumesInput{VolumeIds: one(v.VolumeId)})), "InvalidVolume.NotFound")
	w.Advance(time.Hour)
	is(t, "an hour later", second(e.DescribeInstances(nil, &ec2.DescribeInstancesInput{InstanceIds: one(i.InstanceId)})), "InvalidInstanceID.NotFound")
}

// What cannot be launched is refused, and leaves nothing.
func TestALaunchIsRefusedWhole(t *testing.T) {
	_, e := region()
	n := build(e)
	for what, x := range map[string]struct {
		change func(*ec2.RunInstancesInput)
		code   string
	}{
		"more than there is room for": {func(in *ec2.RunInstancesInput) { in.MinCount, in.MaxCount = new(int32(12)), new(int32(12)) },
			"InsufficientFreeAddressesInSubnet"},
		"the least over the most": {func(in *ec2.RunInstancesInput) { in.MinCount = new(int32(2)) }, "InvalidParameterValue"},
		"no such key":             {func(in *ec2.RunInstancesInput) { in.KeyName = new("none") }, "InvalidKeyPair.NotFound"},
		"another architecture":    {func(in *ec2.RunInstancesInput) { in.InstanceType = "m6g.large" }, "InvalidParameterValue"},
		"groups twice": {func(in *ec2.RunInstancesInput) {
			in.SecurityGroupIds = []string{"sg-1"}
			in.NetworkInterfaces = []types.InstanceNetworkInterfaceSpecification{{DeviceIndex: new(int32(0))}}
		}, "InvalidParameterCombination"},
	} {
		in := run(n.private)
		x.change(in)
		is(t, what, second(e.RunInstances(nil, in)), x.code)
	}
	if l := must(e.DescribeInstances(nil, &ec2.DescribeInstancesInput{})).Reservations; len(l) != 0 || *e.Subnet(n.private).AvailableIpAddressCount != 11 {
		t.Errorf("left: %+v", l)
	}
	in := run(n.private)
	in.MaxCount = new(int32(20))
	if got := len(must(e.RunInstances(nil, in)).Instances); got != 11 {
		t.Errorf("as many as possible are %d", got)
	}
}

// Versions have numbers that are not given again, and one is the default.
func TestLaunchTemplateVersions(t *testing.T) {
	_, e := region()
	lt := template(e, &types.RequestLaunchTemplateData{InstanceType: "m5.large", EbsOptimized: new(true)})
	add := func(source *string, d *types.RequestLaunchTemplateData) *types.LaunchTemplateVersion {
		return must(e.CreateLaunchTemplateVersion(nil, &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: lt, LaunchTemplateData: d, SourceVersion: source,
			VersionDescription: new("next")})).LaunchTemplateVersion
	}
	two := add(new("1"), &types.RequestLaunchTemplateData{InstanceType: "m5.xlarge"})
	if d := two.LaunchTemplateData; *two.VersionNumber != 2 || d.InstanceType != "m5.xlarge" || !*d.EbsOptimized || *two.VersionDescription != "next" {
		t.Errorf("%+v", two)
	}
	must(e.ModifyLaunchTemplate(nil, &ec2.ModifyLaunchTemplateInput{LaunchTemplateId: lt, DefaultVersion: new("2")}))
	gone := must(e.DeleteLaunchTemplateVersions(nil, &ec2.DeleteLaunchTemplateVersionsInput{LaunchTemplateId: lt, Versions: []string{"1", "2", "7"}}))
	if len(gone.SuccessfullyDeletedLaunchTemplateVersions) != 1 || len(gone.UnsuccessfullyDeletedLaunchTemplateVersions) != 2 {
		t.Errorf("%+v", gone)
	}
	add(nil, &types.RequestLaunchTemplateData{})
	var got []string
	for _, v := range must(e.DescribeLaunchTemplateVersions(nil, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: lt})).LaunchTemplateVersions {
		got = append(got, fmt.Sprint(*v.VersionNumber, *v.DefaultVersion))
	}
	if s := strings.Join(got, ", "); s != "3 false, 2 true" {
		t.Errorf("%s", s)
	}
	is(t, "an unknown version", second(e.DescribeLaunchTemplateVersions(nil, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: lt,
		Versions: []string{"9"}})), "InvalidLaunchTemplateId.VersionNotFound")
	is(t, "an unknown source", second(e.CreateLaunchTemplateVersion(nil, &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: lt,
		LaunchTemplateData: &types.RequestLaunchTemplateData{}, SourceVersion: new("1")})), "InvalidLaunchTemplateId.VersionNotFound")
}

// Interfaces are made, attached, given addresses and taken back, as a CNI does it.
func TestInterfacesOfACNI(t *testing.T) {
	w, e := region()
	n := build(e)
	i := must(e.RunInstances(nil, run(n.public))).Instances[0]
	w.Advance(time.Minute)
	ni := must(e.CreateNetworkInterface(nil, &ec2.CreateNetworkInterfaceInput{SubnetId: &n.public, Description: new("aws-K8S-" + *i.InstanceId),
		SecondaryPrivateIpAddressCount: new(int32(3))})).NetworkInterface
	if ni.Status != "available" || len(ni.PrivateIpAddresses) != 4 {
		t.Fatalf("%+v", ni)
	}
	at := must(e.AttachNetworkInterface(nil, &ec2.AttachNetworkInterfaceInput{NetworkInterfaceId: ni.NetworkInterfaceId, InstanceId: i.InstanceId,
		DeviceIndex: new(int32(1))}))
	must(e.ModifyNetworkInterfaceAttribute(nil, &ec2.ModifyNetworkInterfaceAttributeInput{NetworkInterfaceId: ni.NetworkInterfaceId,
		Attachment: &types.NetworkInterfaceAttachmentChanges{AttachmentId: at.AttachmentId, DeleteOnTermination: new(true)}}))
	is(t, "twice", second(e.AttachNetworkInterface(nil, &ec2.AttachNetworkInterfaceInput{NetworkInterfaceId: ni.NetworkInterfaceId, InstanceId: i.InstanceId,
		DeviceIndex: new(int32(2))})), "InvalidNetworkInterface.InUse")
	assign := func(in *ec2.AssignPrivateIpAddressesInput) error {
		in.NetworkInterfaceId = ni.NetworkInterfaceId
		return second(e.AssignPrivateIpAddresses(nil, in))
	}
	is(t, "a prefix", assign(&ec2.AssignPrivateIpAddressesInput{Ipv4PrefixCount: new(int32(1))}), "")
	is(t, "more than the type has", assign(&ec2.AssignPrivateIpAddressesInput{SecondaryPrivateIpAddressCount: new(int32(9))}),
		"PrivateIpAddressLimitExceeded")
	shown := e.Instance(*i.InstanceId).NetworkInterfaces
	if len(shown) != 2 || len(shown[1].PrivateIpAddresses) != 4 || len(shown[1].Ipv4Prefixes) != 1 {
		t.Errorf("%+v", shown)
	}
	must(e.UnassignPrivateIpAddresses(nil, &ec2.UnassignPrivateIpAddressesInput{NetworkInterfaceId: ni.NetworkInterfaceId,
		PrivateIpAddresses: one(shown[1].PrivateIpAddresses[3].PrivateIpAddress)}))
	is(t, "no IPv6 in the subnet", second(e.AssignIpv6Addresses(nil, &ec2.AssignIpv6AddressesInput{NetworkInterfaceId: ni.NetworkInterfaceId,
		Ipv6AddressCount: new(int32(1))})), "InvalidParameterValue")
	is(t, "in use", second(e.DeleteNetworkInterface(nil, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: ni.NetworkInterfaceId})), "InvalidParameterValue")
	must(e.DetachNetworkInterface(nil, &ec2.DetachNetworkInterfaceInput{AttachmentId: at.AttachmentId}))
	is(t, "free", second(e.DeleteNetworkInterface(nil, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: ni.NetworkInterfaceId})), "")
	if got := *e.Subnet(n.public).AvailableIpAddressCount; got != 251-2 { // the instance's and the gateway's
		t.Errorf("%d addresses are free", got)
	}
}

// Volumes are made, attached, grown and taken back, as a CSI driver does it.
func TestVolumesOfACSIDriver(t *testing.T) {
	w, e := region()
	n := build(e)
	i := must(e.RunInstances(nil, run(n.public))).Instances[0]
	w.Advance(time.Minute)
	v := must(e.CreateVolume(nil, &ec2.CreateVolumeInput{AvailabilityZone: new("us-west-2a"), Size: new(int32(10)), VolumeType: "gp3"}))
	state := func() types.Volume {
		return must(e.DescribeVolumes(nil, &ec2.DescribeVolumesInput{VolumeIds: one(v.VolumeId)})).Volumes[0]
	}
	attach := &ec2.AttachVolumeInput{VolumeId: v.VolumeId, InstanceId: i.InstanceId, Device: new("/dev/xvdba")}
	is(t, "before it is there", second(e.AttachVolume(nil, attach)), "IncorrectState")
	w.Advance(5 * time.Second)
	must(e.AttachVolume(nil, attach))
	w.Advance(5 * time.Second)
	if s := state(); s.State != "in-use" || s.Attachments[0].State != "attached" || len(e.Instance(*i.InstanceId).BlockDeviceMappings) != 2 {
		t.Errorf("%+v", s)
	}
	must(e.ModifyVolume(nil, &ec2.ModifyVolumeInput{VolumeId: v.VolumeId, Size: new(int32(20))}))
	is(t, "smaller", second(e.ModifyVolume(nil, &ec2.ModifyVolumeInput{VolumeId: v.VolumeId, Size: new(int32(5))})), "IncorrectModificationState")
	w.Advance(30 * time.Second)
	m := must(e.DescribeVolumesModifications(nil, &ec2.DescribeVolumesModificationsInput{VolumeIds: one(v.VolumeId)})).VolumesModifications[0]
	if *state().Size != 20 || m.ModificationState != "completed" {
		t.Errorf("%+v", m)
	}
	snap := must(e.CreateSnapshot(nil, &ec2.CreateSnapshotInput{VolumeId: v.VolumeId}))
	is(t, "in use", second(e.DeleteVolume(nil, &ec2.DeleteVolumeInput{VolumeId: v.VolumeId})), "VolumeInUse")
	must(e.DetachVolume(nil, &ec2.DetachVolumeInput{VolumeId: v.VolumeId}))
	w.Advance(time.Minute)
	must(e.DeleteVolume(nil, &ec2.DeleteVolumeInput{VolumeId: v.VolumeId}))
	again := must(e.CreateVolume(nil, &ec2.CreateVolumeInput{AvailabilityZone: new("us-west-2b"), SnapshotId: snap.SnapshotId}))
	if *again.Size != 20 || again.VolumeType != "gp2" || *again.Iops != 100 {
		t.Errorf("%+v", again)
	}
	must(e.DeleteSnapshot(nil, &ec2.DeleteSnapshotInput{SnapshotId: snap.SnapshotId}))
}

// An instant fleet takes the cheapest that can be launched, and tells of the others.
func TestAFleetTakesWhatItCan(t *testing.T) {
	_, e := region()
	n := build(e)
	lt := template(e, &types.RequestLaunchTemplateData{ImageId: &image})
	e.NoCapacity["t3.medium"] = true
	var over []types.FleetLaunchTemplateOverridesRequest
	for _, k := range []types.InstanceType{"m5.2xlarge", "t3.medium", "m5.large"} {
		over = append(over, types.FleetLaunchTemplateOverridesRequest{InstanceType: k, SubnetId: &n.public, ImageId: &image})
	}
	in := &ec2.CreateFleetInput{Type: "instant", TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: new(int32(1)),
		DefaultTargetCapacityType: "spot"}, LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
		LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateId: lt, Version: new("$Latest")}, Overrides: over}},
		TagSpecifications: []types.TagSpecification{{ResourceType: "instance", Tags: []types.Tag{{Key: new("k"), Value: new("v")}}}}}
	out := must(e.CreateFleet(nil, in))
	if len(out.Instances) != 1 || out.Instances[0].InstanceType != "m5.large" || out.Instances[0].Lifecycle != "spot" || len(out.Errors) != 1 ||
		*out.Errors[0].ErrorCode != "InsufficientInstanceCapacity" || aws.ToString(out.Instances[0].LaunchTemplateAndOverrides.Overrides.ImageId) != image {
		t.Errorf("%+v", out)
	}
	if e.Tags(out.Instances[0].InstanceIds[0])["k"] != "v" {
		t.Error("the instance has no tags")
	}
	in.Type = "maintain"
	is(t, "a fleet that stays", second(e.CreateFleet(nil, in)), "UnsupportedOperation")
	got := sim.Matching(&types.InstanceRequirementsRequest{VCpuCount: &types.VCpuCountRangeRequest{Min: new(int32(2)), Max: new(int32(2))},
		MemoryMiB: &types.MemoryMiBRequest{Min: new(int32(8192)), Max: new(int32(8192))}, AllowedInstanceTypes: []string{"m5*.large"}}, nil)
	if s := strings.Join(got, " "); s != "m5.large m5a.large m5d.large m5n.large" {
		t.Errorf("%s", s)
	}
	prices := must(e.DescribeSpotPriceHistory(nil, &ec2.DescribeSpotPriceHistoryInput{InstanceTypes: []types.InstanceType{"m5.large"},
		ProductDescriptions: []string{"Linux/UNIX"}, AvailabilityZone: new("us-west-2a")})).SpotPriceHistory
	if len(prices) != 1 || aws.ToString(prices[0].SpotPrice) == "" {
		t.Errorf("%+v", prices)
	}
}
