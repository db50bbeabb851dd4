package ec2_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	sim "github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func region() (*world.World, *sim.EC2) {
	w := world.New(start, 1, 0)
	return w, sim.New(w.In("us-west-2"), "us-west-2", "111122223333", "aws")
}

// must is an answer without an error.
func must[O any](out O, err error) O {
	if err != nil {
		panic(err)
	}
	return out
}

// network is a VPC with a public and a private subnet behind a NAT gateway.
type network struct{ vpc, public, private, nat, igw, address string }

func build(e *sim.EC2) network {
	var n network
	tag := []types.TagSpecification{{Tags: []types.Tag{{Key: new("Name"), Value: new("net")}}}}
	n.vpc = *must(e.CreateVpc(nil, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16"), TagSpecifications: tag})).Vpc.VpcId
	subnet := func(block, zone string) string {
		return *must(e.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: &n.vpc, CidrBlock: &block, AvailabilityZone: &zone})).Subnet.SubnetId
	}
	n.public, n.private = subnet("10.0.0.0/24", "us-west-2a"), subnet("10.0.1.0/28", "us-west-2b")
	n.igw = *must(e.CreateInternetGateway(nil, &ec2.CreateInternetGatewayInput{})).InternetGateway.InternetGatewayId
	must(e.AttachInternetGateway(nil, &ec2.AttachInternetGatewayInput{InternetGatewayId: &n.igw, VpcId: &n.vpc}))
	n.address = *must(e.AllocateAddress(nil, &ec2.AllocateAddressInput{})).AllocationId
	n.nat = *must(e.CreateNatGateway(nil, &ec2.CreateNatGatewayInput{SubnetId: &n.public, AllocationId: &n.address})).NatGateway.NatGatewayId
	for s, in := range map[string]*ec2.CreateRouteInput{n.public: {GatewayId: &n.igw}, n.private: {NatGatewayId: &n.nat}} {
		in.RouteTableId = must(e.CreateRouteTable(nil, &ec2.CreateRouteTableInput{VpcId: &n.vpc})).RouteTable.RouteTableId
		must(e.AssociateRouteTable(nil, &ec2.AssociateRouteTableInput{RouteTableId: in.RouteTableId, SubnetId: &s}))
		in.DestinationCidrBlock = new("0.0.0.0/0")
		must(e.CreateRoute(nil, in))
	}
	return n
}

func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestANATGatewayTakesItsTime(t *testing.T) {
	w, e := region()
	n := build(e)
	if way := e.Internet(n.private); way != "" {
		t.Errorf("a pending NAT gateway leads to %q", way)
	}
	w.Advance(125 * time.Second)
	if a, b := e.Internet(n.public), e.Internet(n.private); a != "igw" || b != "nat" {
		t.Errorf("ways are %q and %q", a, b)
	}
	for what, err := range map[string]error{
		"address in use":      second(e.ReleaseElasticAddress(nil, &ec2.ReleaseAddressInput{AllocationId: &n.address})),
		"mapped addresses":    second(e.DetachInternetGateway(nil, &ec2.DetachInternetGatewayInput{InternetGatewayId: &n.igw, VpcId: &n.vpc})),
		"gateway in a subnet": second(e.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: &n.public})),
		"subnets in a VPC":    second(e.DeleteVpc(nil, &ec2.DeleteVpcInput{VpcId: &n.vpc})),
	} {
		if c := code(err); c != "DependencyViolation" && c != "AuthFailure" {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(e.DeleteNatGateway(nil, &ec2.DeleteNatGatewayInput{NatGatewayId: &n.nat}))
	w.Advance(95 * time.Second)
	must(e.ReleaseElasticAddress(nil, &ec2.ReleaseAddressInput{AllocationId: &n.address}))
	must(e.DetachInternetGateway(nil, &ec2.DetachInternetGatewayInput{InternetGatewayId: &n.igw, VpcId: &n.vpc}))
	must(e.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: &n.public}))
}

func second[O any](_ O, err error) error { return err }

func TestFiltersAreEC2s(t *testing.T) {
	w, e := region()
	n := build(e)
	w.Advance(time.Hour)
	f := func(name string, values ...string) []types.Filter {
		return []types.Filter{{Name: &name, Values: values}}
	}
	for _, x := range []struct {
		got, want int
		what      string
	}{
		{len(must(e.DescribeSubnets(nil, &ec2.DescribeSubnetsInput{Filters: f("availability-zone-id", "usw2-az1")})).Subnets), 1, "availability-zone-id"},
		{len(must(e.DescribeSubnets(nil, &ec2.DescribeSubnetsInput{Filters: f("available-ip-address-count", "11")})).Subnets), 1, "available-ip-address-count"},
		{len(must(e.DescribeVpcs(nil, &ec2.DescribeVpcsInput{Filters: f("is-default", "false")})).Vpcs), 1, "is-default"},
		{len(must(e.DescribeVpcs(nil, &ec2.DescribeVpcsInput{Filters: f("tag:Name", "n?t")})).Vpcs), 1, "tag:Name"},
		{len(must(e.DescribeVpcs(nil, &ec2.DescribeVpcsInput{Filters: f("owner-id", "9")})).Vpcs), 0, "owner-id"},
		{len(must(e.DescribeRouteTables(nil, &ec2.DescribeRouteTablesInput{Filters: f("route.nat-gateway-id", n.nat)})).RouteTables), 1,
			"route.nat-gateway-id"},
		{len(must(e.DescribeAddresses(nil, &ec2.DescribeAddressesInput{Filters: f("domain", "vpc")})).Addresses), 1, "domain"},
		{len(must(e.DescribeSecurityGroups(nil, &ec2.DescribeSecurityGroupsInput{Filters: f("egress.ip-permission.cidr", "0.0.0.0/0")})).SecurityGroups), 1,
			"egress"},
		{len(must(e.DescribeNetworkInterfaces(nil, &ec2.DescribeNetworkInterfacesInput{Filters: f("interface-type", "natGateway")})).NetworkInterfaces), 1,
			"interface-type"},
		{len(must(e.DescribeInstanceTypes(nil, &ec2.DescribeInstanceTypesInput{Filters: f("instance-type", "m5.large", "m6?.large")})).InstanceTypes), 4,
			"instance-type"},
	} {
		if x.got != x.want {
			t.Errorf("%s: %d, want %d", x.what, x.got, x.want)
		}
	}
	for what, err := range map[string]error{
		"subnets": second(e.DescribeSubnets(nil, &ec2.DescribeSubnetsInput{Filters: f("colour", "x")})),
		"zones":   second(e.DescribeAvailabilityZones(nil, &ec2.DescribeAvailabilityZonesInput{Filters: f("colour", "x")})),
	} {
		if code(err) != "InvalidParameterValue" || !strings.Contains(err.Error(), "The filter 'colour' is invalid") {
			t.Errorf("%s by a filter that is none: %v", what, err)
		}
	}
}

func TestASubnetHandsOutWhatItHas(t *testing.T) {
	_, e := region()
	n := build(e)
	var ids []string
	for {
		i := e.NewInterface(n.private, "test", nil)
		if i == nil {
			break
		}
		ids = append(ids, *i.NetworkInterfaceId)
	}
	if len(ids) != 11 || *e.Subnet(n.private).AvailableIpAddressCount != 0 { // of sixteen, AWS keeps five
		t.Fatalf("%d addresses, %d left", len(ids), *e.Subnet(n.private).AvailableIpAddressCount)
	}
	e.DropInterface(ids[3])
	if i := e.NewInterface(n.private, "test", nil); i == nil || *e.Subnet(n.private).AvailableIpAddressCount != 0 {
		t.Error("an address that was given back is not handed out")
	}
}

func TestAnInstanceRunsAndEnds(t *testing.T) {
	w, e := region()
	n := build(e)
	var states []string
	e.OnRunning = append(e.OnRunning, func(i *types.Instance) { states = append(states, "running") })
	e.OnTerminated = append(e.OnTerminated, func(i *types.Instance) { states = append(states, "terminated") })
	in := &ec2.RunInstancesInput{MinCount: new(int32(1)), MaxCount: new(int32(1)), InstanceType: "m5.large", SubnetId: &n.public,
		ImageId: new(sim.ImageID("amazon-eks-node-al2023", "x86_64", "1.34"))}
	id := *must(e.RunInstances(nil, in)).Instances[0].InstanceId
	free := *e.Subnet(n.public).AvailableIpAddressCount
	w.Advance(time.Minute)
	e.Terminate(id)
	if e.Terminate(id) {
		t.Error("it was terminated twice")
	}
	w.Advance(time.Minute)
	if s := strings.Join(states, " "); s != "running terminated" || *e.Subnet(n.public).AvailableIpAddressCount != free+1 {
		t.Errorf("%s, %d addresses free", s, *e.Subnet(n.public).AvailableIpAddressCount)
	}
	e.NoCapacity["m5.large/us-west-2a"] = true
	if _, err := e.RunInstances(nil, in); code(err) != "InsufficientInstanceCapacity" {
		t.Errorf("without capacity: %v", err)
	}
	delete(e.NoCapacity, "m5.large/us-west-2a")
	e.Quotas.VCPUs = 1
	if _, err := e.RunInstances(nil, in); code(err) != "VcpuLimitExceeded" {
		t.Errorf("over the quota: %v", err)
	}
}

// A region that is saved in the middle goes on as it would have.
func TestARegionGoesOnAfterALoad(t *testing.T) {
	w, e := region()
	n := build(e)
	w.Advance(time.Minute)
	rows, time0 := must(e.Save()), must(w.Save())
	w2, e2 := region()
	if err := errors.Join(w2.Load(time0), e2.Load(rows)); err != nil {
		t.Fatal(err)
	}
	if *e2.Subnet(n.public).AvailabilityZone != "us-west-2a" || e2.Internet(n.private) != "" {
		t.Errorf("%+v", e2.Subnet(n.public))
	}
	for _, x := range []*world.World{w, w2} {
		x.Advance(time.Hour)
	}
	if a, b := must(e.Save()), must(e2.Save()); string(a) != string(b) || e2.Internet(n.private) != "nat" {
		t.Errorf("\n%s\n%s", a, b)
	}
	again := func(e *sim.EC2) string {
		return *must(e.CreateVpc(nil, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")})).Vpc.VpcId
	}
	if a, b := again(e), again(e2); a != b {
		t.Errorf("the next VPC is %s, and after the load %s", a, b)
	}
}

func TestAdoptedResourcesAreWhole(t *testing.T) {
	_, e := region()
	for kind, row := range map[string]string{"vpc": `{"VpcId":"vpc-1","CidrBlock":"10.1.0.0/16","DNSHostnames":true,"DNSSupport":true}`} {
		if err := e.Adopt(kind, []byte(row)); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Adopt("subnet", []byte(`{"SubnetId":"subnet-1","VpcId":"vpc-1","CidrBlock":"10.1.0.0/24","AvailabilityZone":"us-west-2a"}`)); err != nil {
		t.Fatal(err)
	}
	if err := e.AdoptRoutes("subnet-1", true); err != nil {
		t.Fatal(err)
	}
	if !e.VPCDNS("vpc-1") || e.Internet("subnet-1") != "igw" || !aws.ToBool(e.Subnet("subnet-1").MapPublicIpOnLaunch) {
		t.Errorf("%+v", e.Subnet("subnet-1"))
	}
	for name, row := range map[string]string{
		"in no VPC":     `{"SubnetId":"subnet-2","VpcId":"vpc-2","CidrBlock":"10.1.1.0/24"}`,
		"outside of it": `{"SubnetId":"subnet-2","VpcId":"vpc-1","CidrBlock":"10.2.1.0/24"}`,
		"in the way":    `{"SubnetId":"subnet-2","VpcId":"vpc-1","CidrBlock":"10.1.0.128/25"}`,
		"in no zone":    `{"SubnetId":"subnet-2","VpcId":"vpc-1","CidrBlock":"10.1.1.0/24","AvailabilityZone":"us-west-2z"}`,
	} {
		if err := e.Adopt("subnet", []byte(row)); err == nil || e.Subnet("subnet-2") != nil {
			t.Errorf("a subnet %s was adopted", name)
		}
	}
}

func TestUserDataHasALimit(t *testing.T) {
	_, e := region()
	n := build(e)
	sized := func(bytes int) *string { return new(base64.StdEncoding.EncodeToString(make([]byte, bytes))) }
	run := func(data *string) error {
		return second(e.RunInstances(nil, &ec2.RunInstancesInput{MinCount: new(int32(1)), MaxCount: new(int32(1)), InstanceType: "m5.large",
			ImageId: new(sim.ImageID("amazon-eks-node-al2023", "x86_64", "1.34")), SubnetId: &n.public, UserData: data}))
	}
	template := func(data *string) error {
		return second(e.CreateLaunchTemplate(nil, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: new(fmt.Sprint("of-", len(strings.TrimRight(*data, "=")))),
			LaunchTemplateData: &types.RequestLaunchTemplateData{UserData: data}}))
	}
	for _, x := range []struct {
		what string
		err  error
		code string
	}{
		{"an instance's", run(sized(16384)), ""},
		{"an instance's, a byte more", run(sized(16385)), "InvalidParameterValue"},
		{"an instance's, no base64", run(new("#!/bin/bash")), "InvalidUserData.Malformed"},
		{"a template's", template(sized(16384)), ""},
		{"a template's, a byte more", template(sized(16385)), "InvalidUserData.Malformed"},
	} {
		if code(x.err) != x.code {
			t.Errorf("%s: %v", x.what, x.err)
		}
	}
}

// No address is handed out twice: of more than a pool holds, of Elastic IPs and
// instances together, after a release too.
func TestNoAddressIsHandedOutTwice(t *testing.T) {
	_, e := region()
	e.Quotas.Addresses = 1000
	seen, first := map[string]bool{}, ""
	for i := range 600 {
		a := must(e.AllocateAddress(nil, &ec2.AllocateAddressInput{}))
		if seen[*a.PublicIp] {
			t.Fatalf("the %dth address is %s again", i, *a.PublicIp)
		}
		if seen[*a.PublicIp] = true; first == "" {
			first = *a.AllocationId
		}
	}
	must(e.ReleaseElasticAddress(nil, &ec2.ReleaseAddressInput{AllocationId: &first}))
	must(e.AllocateAddress(nil, &ec2.AllocateAddressInput{}))
	all := map[string]bool{}
	for _, a := range must(e.DescribeAddresses(nil, &ec2.DescribeAddressesInput{})).Addresses {
		all[*a.PublicIp] = true
	}
	if len(all) != 600 {
		t.Errorf("600 allocations have %d addresses", len(all))
	}
}

// The catalogue has what AWS has, and no size that does not exist.
func TestInstanceTypesAreAWSs(t *testing.T) {
	for name, want := range map[string]sim.Type{
		"m5.large":      {VCPUs: 2, MemMiB: 8192, Arch: "x86_64", ENIs: 3, IPs: 10},
		"c4.8xlarge":    {VCPUs: 36, MemMiB: 61440, Arch: "x86_64", ENIs: 8, IPs: 30, Xen: true},
		"c5n.18xlarge":  {VCPUs: 72, MemMiB: 196608, Arch: "x86_64", ENIs: 15, IPs: 50, EFA: true},
		"g5.12xlarge":   {VCPUs: 48, MemMiB: 196608, Arch: "x86_64", GPUs: 4, ENIs: 15, IPs: 50, EFA: true},
		"t3.medium":     {VCPUs: 2, MemMiB: 4096, Arch: "x86_64", ENIs: 3, IPs: 6},
		"t2.micro":      {VCPUs: 1, MemMiB: 1024, Arch: "x86_64", ENIs: 2, IPs: 2, Xen: true},
		"m6g.medium":    {VCPUs: 1, MemMiB: 4096, Arch: "arm64", ENIs: 2, IPs: 4},
		"p3dn.24xlarge": {VCPUs: 96, MemMiB: 786432, Arch: "x86_64", GPUs: 8, ENIs: 15, IPs: 50, EFA: true},
	} {
		want.Name = name
		if got, ok := sim.TypeOf(name); !ok || got != want {
			t.Errorf("%s is %+v, want %+v", name, got, want)
		}
	}
	for _, name := range []string{"m5.9xlarge", "m5.18xlarge", "m5.medium", "c5.8xlarge", "c5.16xlarge", "c3.48xlarge", "c5n.12xlarge", "m6g.24xlarge",
		"t3.4xlarge", "p3.4xlarge", "g4dn.24xlarge", "m5", "m5.", ".large", "x9.large"} {
		if got, ok := sim.TypeOf(name); ok {
			t.Errorf("AWS has no %s: %+v", name, got)
		}
	}
}
