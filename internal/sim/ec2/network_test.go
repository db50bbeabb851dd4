package ec2_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// is fails where an error has another code.
func is(t *testing.T, what string, err error, want string) {
	t.Helper()
	if c := code(err); c != want {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

// A VPC has a default ACL in which its subnets are; a subnet is given another one, whose
// entries have numbers of their own.
func TestNetworkACLs(t *testing.T) {
	_, e := region()
	n := build(e)
	acls := must(e.DescribeNetworkAcls(nil, &ec2.DescribeNetworkAclsInput{})).NetworkAcls
	if len(acls) != 1 || !*acls[0].IsDefault || len(acls[0].Associations) != 2 || len(acls[0].Entries) != 4 {
		t.Fatalf("%+v", acls)
	}
	own := must(e.CreateNetworkAcl(nil, &ec2.CreateNetworkAclInput{VpcId: &n.vpc})).NetworkAcl
	if len(own.Entries) != 2 || *own.Entries[0].RuleNumber != 32767 {
		t.Errorf("a new ACL denies all: %+v", own.Entries)
	}
	in := &ec2.CreateNetworkAclEntryInput{NetworkAclId: own.NetworkAclId, RuleNumber: new(int32(90)), Egress: new(false), RuleAction: "allow",
		Protocol: new("tcp"), CidrBlock: new("10.0.0.0/8"), PortRange: &types.PortRange{From: new(int32(1)), To: new(int32(2))}}
	must(e.CreateNetworkAclEntry(nil, in))
	is(t, "the same number", second(e.CreateNetworkAclEntry(nil, in)), "NetworkAclEntryAlreadyExists")
	must(e.ReplaceNetworkAclEntry(nil, &ec2.ReplaceNetworkAclEntryInput{NetworkAclId: own.NetworkAclId, RuleNumber: new(int32(90)), Egress: new(false),
		RuleAction: "deny", Protocol: new("-1"), Ipv6CidrBlock: new("::/0")}))
	if x := must(e.DescribeNetworkAcls(nil, &ec2.DescribeNetworkAclsInput{NetworkAclIds: one(own.NetworkAclId)})).NetworkAcls[0].Entries[1]; x.RuleAction !=
		"deny" || *x.Protocol != "-1" {
		t.Errorf("%+v", x)
	}
	moved := must(e.ReplaceNetworkAclAssociation(nil, &ec2.ReplaceNetworkAclAssociationInput{NetworkAclId: own.NetworkAclId,
		AssociationId: acls[0].Associations[0].NetworkAclAssociationId}))
	is(t, "an ACL in use", second(e.DeleteNetworkAcl(nil, &ec2.DeleteNetworkAclInput{NetworkAclId: own.NetworkAclId})), "DependencyViolation")
	must(e.ReplaceNetworkAclAssociation(nil, &ec2.ReplaceNetworkAclAssociationInput{NetworkAclId: acls[0].NetworkAclId, AssociationId: moved.NewAssociationId}))
	del := func(n int32) error {
		return second(e.DeleteNetworkAclEntry(nil, &ec2.DeleteNetworkAclEntryInput{NetworkAclId: own.NetworkAclId, RuleNumber: &n, Egress: new(false)}))
	}
	is(t, "an entry", del(90), "")
	is(t, "an entry that is gone", del(90), "InvalidNetworkAclEntry.NotFound")
	is(t, "the last entry", del(32767), "InvalidNetworkAclEntry.NotFound")
	is(t, "an ACL", second(e.DeleteNetworkAcl(nil, &ec2.DeleteNetworkAclInput{NetworkAclId: own.NetworkAclId})), "")
	is(t, "the default one", second(e.DeleteNetworkAcl(nil, &ec2.DeleteNetworkAclInput{NetworkAclId: acls[0].NetworkAclId})), "InvalidParameterValue")
}

func one(p *string) []string { return []string{*p} }

// Routes are replaced and deleted by destination, and a subnet is in one table.
func TestRoutesAndAssociations(t *testing.T) {
	_, e := region()
	n := build(e)
	table := func(subnet string) types.RouteTable {
		return must(e.DescribeRouteTables(nil, &ec2.DescribeRouteTablesInput{Filters: []types.Filter{{Name: new("association.subnet-id"),
			Values: []string{subnet}}}})).RouteTables[0]
	}
	pub, priv := table(n.public), table(n.private)
	is(t, "a second table", second(e.AssociateRouteTable(nil, &ec2.AssociateRouteTableInput{RouteTableId: priv.RouteTableId, SubnetId: &n.public})),
		"Resource.AlreadyAssociated")
	must(e.ReplaceRoute(nil, &ec2.ReplaceRouteInput{RouteTableId: priv.RouteTableId, DestinationCidrBlock: new("0.0.0.0/0"), GatewayId: &n.igw}))
	if way := e.Internet(n.private); way != "igw" {
		t.Errorf("the replaced route leads to %q", way)
	}
	is(t, "no such route", second(e.ReplaceRoute(nil, &ec2.ReplaceRouteInput{RouteTableId: priv.RouteTableId, DestinationCidrBlock: new("1.0.0.0/8"),
		GatewayId: &n.igw})), "InvalidParameterValue")
	is(t, "no such route to delete", second(e.DeleteRoute(nil, &ec2.DeleteRouteInput{RouteTableId: priv.RouteTableId,
		DestinationCidrBlock: new("1.0.0.0/8")})), "InvalidRoute.NotFound")
	is(t, "the local route", second(e.DeleteRoute(nil, &ec2.DeleteRouteInput{RouteTableId: priv.RouteTableId, DestinationCidrBlock: new("10.0.0.0/16")})),
		"InvalidParameterValue")
	must(e.ReplaceRouteTableAssociation(nil, &ec2.ReplaceRouteTableAssociationInput{RouteTableId: pub.RouteTableId,
		AssociationId: priv.Associations[0].RouteTableAssociationId}))
	if got := *table(n.private).RouteTableId; got != *pub.RouteTableId {
		t.Errorf("the subnet is in %s", got)
	}
	is(t, "an association that is not there", second(e.DisassociateRouteTable(nil, &ec2.DisassociateRouteTableInput{AssociationId: new("rtbassoc-1")})),
		"InvalidAssociationID.NotFound")
	must(e.AssociateVpcCidrBlock(nil, &ec2.AssociateVpcCidrBlockInput{VpcId: &n.vpc, CidrBlock: new("10.1.0.0/16")}))
	if l := table(n.public).Routes; !slices.ContainsFunc(l, func(r types.Route) bool {
		return aws.ToString(r.DestinationCidrBlock) == "10.1.0.0/16" && *r.GatewayId == "local"
	}) {
		t.Errorf("a VPC's second block has no local route: %+v", l)
	}
}

// Blocks of a VPC go as they came, but for the first and those in use.
func TestVPCBlocksAreDisassociated(t *testing.T) {
	_, e := region()
	n := build(e)
	v := must(e.DescribeVpcs(nil, &ec2.DescribeVpcsInput{})).Vpcs[0]
	out := func(id *string) error {
		return second(e.DisassociateVpcCidrBlock(nil, &ec2.DisassociateVpcCidrBlockInput{AssociationId: id}))
	}
	is(t, "the first", out(v.CidrBlockAssociationSet[0].AssociationId), "OperationNotPermitted")
	more := must(e.AssociateVpcCidrBlock(nil, &ec2.AssociateVpcCidrBlockInput{VpcId: &n.vpc, CidrBlock: new("10.1.0.0/16")})).CidrBlockAssociation
	is(t, "overlap", second(e.AssociateVpcCidrBlock(nil, &ec2.AssociateVpcCidrBlockInput{VpcId: &n.vpc, CidrBlock: new("10.1.0.0/20")})), "InvalidVpc.Conflict")
	s := must(e.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: &n.vpc, CidrBlock: new("10.1.0.0/24")})).Subnet
	is(t, "one in use", out(more.AssociationId), "InvalidCidrBlock.InUse")
	must(e.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: s.SubnetId}))
	is(t, "a free one", out(more.AssociationId), "")
	is(t, "one that is gone", out(more.AssociationId), "InvalidVpcCidrBlockAssociationID.NotFound")
}

// One address is on one gateway: the second fails, and says why, as EC2 does after a
// while.
func TestAnAddressIsOnOneGateway(t *testing.T) {
	w, e := region()
	n := build(e)
	other := must(e.CreateNatGateway(nil, &ec2.CreateNatGatewayInput{SubnetId: &n.public, AllocationId: &n.address})).NatGateway
	w.Advance(125 * time.Second)
	got := must(e.DescribeNatGateways(nil, &ec2.DescribeNatGatewaysInput{NatGatewayIds: one(other.NatGatewayId)})).NatGateways[0]
	if got.State != types.NatGatewayStateFailed || *got.FailureCode != "Resource.AlreadyAssociated" {
		t.Errorf("%+v", got)
	}
	w.Advance(time.Hour)
	is(t, "a failed one is forgotten", second(e.DescribeNatGateways(nil, &ec2.DescribeNatGatewaysInput{NatGatewayIds: one(other.NatGatewayId)})),
		"NatGatewayNotFound")
	a := must(e.DescribeAddresses(nil, &ec2.DescribeAddressesInput{})).Addresses[0]
	is(t, "a gateway's address", second(e.DisassociateAddress(nil, &ec2.DisassociateAddressInput{AssociationId: a.AssociationId})), "AuthFailure")
}

// An Elastic IP address goes to an instance's interface and comes back.
func TestAnAddressIsAssociated(t *testing.T) {
	w, e := region()
	n := build(e)
	a := must(e.AllocateAddress(nil, &ec2.AllocateAddressInput{}))
	i := must(e.RunInstances(nil, run(n.public))).Instances[0]
	w.Advance(time.Minute)
	as := must(e.AssociateAddress(nil, &ec2.AssociateAddressInput{AllocationId: a.AllocationId, InstanceId: i.InstanceId}))
	if got := e.Instance(*i.InstanceId); *got.PublicIpAddress != *a.PublicIp || *got.NetworkInterfaces[0].Association.PublicIp != *a.PublicIp {
		t.Errorf("%+v", got)
	}
	is(t, "in use", second(e.ReleaseElasticAddress(nil, &ec2.ReleaseAddressInput{AllocationId: a.AllocationId})), "InvalidIPAddress.InUse")
	must(e.DisassociateAddress(nil, &ec2.DisassociateAddressInput{AssociationId: as.AssociationId}))
	if got := e.Instance(*i.InstanceId); got.PublicIpAddress != nil {
		t.Errorf("%s", *got.PublicIpAddress)
	}
	is(t, "released", second(e.ReleaseElasticAddress(nil, &ec2.ReleaseAddressInput{AllocationId: a.AllocationId})), "")
}

// run is a request for one instance in a subnet.
func run(subnet string) *ec2.RunInstancesInput {
	return &ec2.RunInstancesInput{MinCount: new(int32(1)), MaxCount: new(int32(1)), InstanceType: "m5.large", ImageId: new(image), SubnetId: &subnet}
}

// A default VPC is whole, and where an instance goes that names no subnet.
func TestTheDefaultVPC(t *testing.T) {
	_, e := region()
	e.AddDefaultVPC()
	v := must(e.DescribeVpcs(nil, &ec2.DescribeVpcsInput{Filters: []types.Filter{{Name: new("is-default"), Values: []string{"true"}}}})).Vpcs
	s := must(e.DescribeSubnets(nil, &ec2.DescribeSubnetsInput{})).Subnets
	if len(v) != 1 || *v[0].CidrBlock != "172.31.0.0/16" || len(s) != 4 || !*s[3].DefaultForAz || e.Internet(*s[3].SubnetId) != "igw" {
		t.Fatalf("%+v\n%+v", v, s)
	}
	in := run("")
	in.SubnetId = nil
	if i := must(e.RunInstances(nil, in)).Instances[0]; *i.VpcId != *v[0].VpcId || i.PublicIpAddress == nil {
		t.Errorf("%+v", i)
	}
}

// Endpoints show in the tables that they are for, and are changed.
func TestEndpointsAreModified(t *testing.T) {
	_, e := region()
	n := build(e)
	rt := *e.RouteTableOf(n.private).RouteTableId
	s3 := must(e.CreateVpcEndpoint(nil, &ec2.CreateVpcEndpointInput{VpcId: &n.vpc, ServiceName: new("com.amazonaws.us-west-2.s3"),
		RouteTableIds: []string{rt}})).VpcEndpoint
	lists := must(e.DescribePrefixLists(nil, &ec2.DescribePrefixListsInput{Filters: []types.Filter{{Name: new("prefix-list-name"),
		Values: []string{*s3.ServiceName}}}})).PrefixLists
	has := func() bool {
		r := must(e.DescribeRouteTables(nil, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{rt}})).RouteTables[0].Routes
		return slices.ContainsFunc(r, func(r types.Route) bool { return aws.ToString(r.DestinationPrefixListId) == *lists[0].PrefixListId })
	}
	if len(lists) != 1 || !has() {
		t.Fatalf("%+v", lists)
	}
	must(e.ModifyVpcEndpoint(nil, &ec2.ModifyVpcEndpointInput{VpcEndpointId: s3.VpcEndpointId, RemoveRouteTableIds: []string{rt}}))
	if has() {
		t.Error("the route is left")
	}
	api := must(e.CreateVpcEndpoint(nil, &ec2.CreateVpcEndpointInput{VpcId: &n.vpc, ServiceName: new("com.amazonaws.us-west-2.ec2"),
		VpcEndpointType: "Interface", SubnetIds: []string{n.public}})).VpcEndpoint
	must(e.ModifyVpcEndpoint(nil, &ec2.ModifyVpcEndpointInput{VpcEndpointId: api.VpcEndpointId, AddSubnetIds: []string{n.private},
		RemoveSubnetIds: []string{n.public}}))
	got := must(e.DescribeVpcEndpoints(nil, &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: one(api.VpcEndpointId)})).VpcEndpoints[0]
	if fmt.Sprint(got.SubnetIds) != fmt.Sprint([]string{n.private}) || len(got.NetworkInterfaceIds) != 1 || len(got.Groups) != 1 {
		t.Errorf("%+v", got)
	}
	is(t, "a service that is not there", second(e.CreateVpcEndpoint(nil, &ec2.CreateVpcEndpointInput{VpcId: &n.vpc, ServiceName: new("s3")})),
		"InvalidServiceName")
	gone := must(e.DeleteVpcEndpoints(nil, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{*api.VpcEndpointId, "vpce-0"}}))
	if len(gone.Unsuccessful) != 1 || *gone.Unsuccessful[0].Error.Code != "InvalidVpcEndpointId.NotFound" {
		t.Errorf("%+v", gone)
	}
}

// DHCP options are a VPC's until it has others.
func TestDHCPOptions(t *testing.T) {
	_, e := region()
	n := build(e)
	def := must(e.DescribeDhcpOptions(nil, &ec2.DescribeDhcpOptionsInput{})).DhcpOptions
	own := must(e.CreateDhcpOptions(nil, &ec2.CreateDhcpOptionsInput{DhcpConfigurations: []types.NewDhcpConfiguration{{Key: new("domain-name"),
		Values: []string{"example.com"}}}})).DhcpOptions
	must(e.AssociateDhcpOptions(nil, &ec2.AssociateDhcpOptionsInput{VpcId: &n.vpc, DhcpOptionsId: own.DhcpOptionsId}))
	del := func() error {
		return second(e.DeleteDhcpOptions(nil, &ec2.DeleteDhcpOptionsInput{DhcpOptionsId: own.DhcpOptionsId}))
	}
	is(t, "in use", del(), "DependencyViolation")
	must(e.AssociateDhcpOptions(nil, &ec2.AssociateDhcpOptionsInput{VpcId: &n.vpc, DhcpOptionsId: def[0].DhcpOptionsId}))
	is(t, "free", del(), "")
	is(t, "gone", del(), "InvalidDhcpOptionID.NotFound")
}

// A subnet's IPv6 block is one of its VPC's that no other subnet has: what is no block at
// all broke the interfaces that were made there later.
func TestIPv6BlocksAreTheVPCs(t *testing.T) {
	_, e := region()
	n := build(e)
	vpc := must(e.AssociateVpcCidrBlock(nil, &ec2.AssociateVpcCidrBlockInput{VpcId: &n.vpc, AmazonProvidedIpv6CidrBlock: new(true)}))
	own := strings.Replace(*vpc.Ipv6CidrBlockAssociation.Ipv6CidrBlock, "/56", "/64", 1)
	give := func(subnet, block string) error {
		return second(e.AssociateSubnetCidrBlock(nil, &ec2.AssociateSubnetCidrBlockInput{SubnetId: &subnet, Ipv6CidrBlock: &block}))
	}
	is(t, "a block of the VPC", give(n.private, own), "")
	is(t, "another subnet's", give(n.public, own), "InvalidSubnet.Conflict")
	for what, x := range map[string]string{"": "InvalidParameterValue", "Fn::Equals": "InvalidParameterValue", "10.0.0.0/24": "InvalidParameterValue",
		"2001:db8::1/64": "InvalidParameterValue", "2001:db8::/64": "InvalidSubnet.Range"} {
		is(t, "the block "+what, give(n.public, what), x)
		is(t, "a subnet of the block "+what, second(e.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: &n.vpc, CidrBlock: new("10.0.7.0/24"), Ipv6CidrBlock: &what})), x)
	}
	is(t, "a VPC's block", second(e.AssociateVpcCidrBlock(nil, &ec2.AssociateVpcCidrBlockInput{VpcId: &n.vpc, Ipv6CidrBlock: new("x")})), "InvalidParameterValue")
}

// A subnet gives addresses of its IPv6 block where it has one, and keeps it while it does.
func TestASubnetGivesIPv6AddressesOfItsBlock(t *testing.T) {
	_, e := region()
	n := build(e)
	set := func(on bool) error {
		return second(e.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: &n.public,
			AssignIpv6AddressOnCreation: &types.AttributeBooleanValue{Value: &on}}))
	}
	err := set(true)
	is(t, "without a block", err, "InvalidParameterValue")
	if want := "Invalid value 'true' for assign-ipv6-address-on-creation. Cannot set assign-ipv6-address-on-creation to true unless the subnet (" + n.public +
		") has an IPv6 CIDR block associated with it."; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("it says %v", err)
	}
	is(t, "off, without a block", set(false), "")
	vpc := must(e.AssociateVpcCidrBlock(nil, &ec2.AssociateVpcCidrBlockInput{VpcId: &n.vpc, AmazonProvidedIpv6CidrBlock: new(true)}))
	block := must(e.AssociateSubnetCidrBlock(nil, &ec2.AssociateSubnetCidrBlockInput{SubnetId: &n.public,
		Ipv6CidrBlock: new(strings.Replace(*vpc.Ipv6CidrBlockAssociation.Ipv6CidrBlock, "/56", "/64", 1))})).Ipv6CidrBlockAssociation
	is(t, "with a block", set(true), "")
	take := func() error {
		return second(e.DisassociateSubnetCidrBlock(nil, &ec2.DisassociateSubnetCidrBlockInput{AssociationId: block.AssociationId}))
	}
	is(t, "the block, while addresses of it are given", take(), "InvalidCidrBlock.InUse")
	is(t, "off", set(false), "")
	is(t, "the block", take(), "")
}

// A number of addresses that no interface has is refused, and not counted to its end.
func TestAddressesPastAnInterfacesLimitAreRefused(t *testing.T) {
	_, e := region()
	n := build(e)
	vpc := must(e.AssociateVpcCidrBlock(nil, &ec2.AssociateVpcCidrBlockInput{VpcId: &n.vpc, AmazonProvidedIpv6CidrBlock: new(true)}))
	must(e.AssociateSubnetCidrBlock(nil, &ec2.AssociateSubnetCidrBlockInput{SubnetId: &n.public,
		Ipv6CidrBlock: new(strings.Replace(*vpc.Ipv6CidrBlockAssociation.Ipv6CidrBlock, "/56", "/64", 1))}))
	eni := must(e.CreateNetworkInterface(nil, &ec2.CreateNetworkInterfaceInput{SubnetId: &n.public})).NetworkInterface.NetworkInterfaceId
	most := new(int32(2147483647))
	is(t, "IPv6 addresses", second(e.AssignIpv6Addresses(nil, &ec2.AssignIpv6AddressesInput{NetworkInterfaceId: eni, Ipv6AddressCount: most})),
		"PrivateIpAddressLimitExceeded")
	is(t, "IPv6 prefixes", second(e.AssignIpv6Addresses(nil, &ec2.AssignIpv6AddressesInput{NetworkInterfaceId: eni, Ipv6PrefixCount: most})),
		"PrivateIpAddressLimitExceeded")
	is(t, "IPv4 addresses", second(e.AssignPrivateIpAddresses(nil, &ec2.AssignPrivateIpAddressesInput{NetworkInterfaceId: eni, SecondaryPrivateIpAddressCount: most})),
		"PrivateIpAddressLimitExceeded")
	is(t, "two", second(e.AssignIpv6Addresses(nil, &ec2.AssignIpv6AddressesInput{NetworkInterfaceId: eni, Ipv6AddressCount: new(int32(2))})), "")
}
