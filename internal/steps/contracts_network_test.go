package steps_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/steps"
)

// subnetOf is a live subnet of the cluster by a part of its name's tag, as a place.
func (s *stage) subnetOf(name string) (steps.Place, string) {
	if s == nil {
		return steps.Place{}, ""
	}
	vpc := *s.cluster().ResourcesVpcConfig.VpcId
	all, err := s.r.AWS.Subnets(s.t.Context(), vpc)
	s.must(err)
	for _, x := range all {
		for _, t := range x.Tags {
			if *t.Key == "Name" && strings.HasSuffix(*t.Value, name) {
				return steps.Place{VPC: vpc, CIDR: *x.CidrBlock}, *x.SubnetId
			}
		}
	}
	s.t.Fatalf("there is no subnet %s", name)
	return steps.Place{}, ""
}

func (s *stage) placeOf(name string) steps.Place { p, _ := s.subnetOf(name); return p }

// tableOf is the route table that serves a subnet.
func (s *stage) tableOf(name string) string {
	if s == nil {
		return ""
	}
	p, id := s.subnetOf(name)
	all, err := s.r.AWS.RouteTables(s.t.Context(), p.VPC)
	s.must(err)
	for _, x := range all {
		for _, a := range x.Associations {
			if aws.ToString(a.SubnetId) == id {
				return *x.RouteTableId
			}
		}
	}
	s.t.Fatalf("no table serves %s", name)
	return ""
}

// free is a block of the cluster's VPC that no subnet has.
func (s *stage) free() steps.Place {
	p := s.placeOf("SubnetPublicUSWEST2A")
	p.CIDR = "192.168.224.0/20"
	return p
}

const why = "the contract's"

var networkContracts = []contract{
	{"subnet", false, nil, func(s *stage) steps.Spec {
		return &steps.Subnet{Was: "subnet-0", Place: s.free(), Zone: "us-west-2b", Tags: map[string]string{"a": "b"}}
	}},
	{"subnet that is there", true, func(s *stage) {
		p := s.free()
		_, err := s.r.Region.EC2.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: &p.VPC, CidrBlock: &p.CIDR, AvailabilityZone: new("us-west-2b")})
		s.must(err)
	}, func(s *stage) steps.Spec { return &steps.Subnet{Place: s.free(), Zone: "us-west-2b"} }},
	{"subnet attributes", false, nil, func(s *stage) steps.Spec {
		return &steps.SubnetAttributes{Place: s.placeOf("SubnetPublicUSWEST2A"), PublicOnLaunch: new(false), HostnameType: "resource-name", RecordA: new(true)}
	}},
	{"subnet tags", false, nil, func(s *stage) steps.Spec {
		return &steps.SubnetTags{Place: s.placeOf("SubnetPublicUSWEST2A"), Tags: map[string]string{"a": "b"}}
	}},
	{"subnet tags that go", false, nil, func(s *stage) steps.Spec {
		return &steps.SubnetTags{Place: s.placeOf("SubnetPublicUSWEST2A"), Remove: []string{"kubernetes.io/role/elb", "never"}}
	}},
	{"subnet routes", false, nil, func(s *stage) steps.Spec {
		return &steps.SubnetRoutes{Place: s.placeOf("SubnetPrivateUSWEST2A"), Table: s.tableOf("SubnetPublicUSWEST2A")}
	}},
	{"subnet routes, of one that has none", false, func(s *stage) {
		p := s.free()
		_, err := s.r.Region.EC2.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: &p.VPC, CidrBlock: &p.CIDR, AvailabilityZone: new("us-west-2b")})
		s.must(err)
	}, func(s *stage) steps.Spec {
		return &steps.SubnetRoutes{Place: s.free(), Table: s.tableOf("SubnetPublicUSWEST2A")}
	}},
	{"subnet ACL", false, func(s *stage) {
		_, err := s.r.Region.EC2.CreateNetworkAcl(nil, &ec2.CreateNetworkAclInput{VpcId: new(s.free().VPC)})
		s.must(err)
	}, func(s *stage) steps.Spec {
		return &steps.SubnetACL{Place: s.placeOf("SubnetPublicUSWEST2A"), ACL: s.ownACL()}
	}},
	{"NAT gateway", false, func(s *stage) {
		_, err := s.r.Region.EC2.AllocateAddress(nil, &ec2.AllocateAddressInput{})
		s.must(err)
	}, func(s *stage) steps.Spec {
		return &steps.NATGateway{Was: "nat-0", Place: s.placeOf("SubnetPublicUSWEST2C"), Address: s.freeAddress(), Tags: map[string]string{"a": "b"}}
	}},
	{"route", false, nil, func(s *stage) steps.Spec {
		return &steps.Route{Table: s.tableOf("SubnetPublicUSWEST2A"), Destination: "10.9.0.0/16", To: s.gateway()}
	}},
	{"route to a subnet's NAT gateway", false, nil, func(s *stage) steps.Spec {
		return &steps.Route{Table: s.tableOf("SubnetPublicUSWEST2A"), Destination: "10.9.0.0/16", ToNAT: s.home()}
	}},
	{"route that goes", false, nil, func(s *stage) steps.Spec {
		return &steps.Route{Table: s.tableOf("SubnetPublicUSWEST2A"), Destination: "0.0.0.0/0", Remove: true}
	}},
	{"security group rules", false, nil, func(s *stage) steps.Spec {
		return &steps.GroupRules{Group: s.group(), Rules: []steps.GroupRule{
			{Protocol: "tcp", From: new(int32(22)), To: new(int32(22)), CIDR: "203.0.113.0/24", Description: why}, {Protocol: "-1", Group: s.group()}}}
	}},
	{"security group rules that go", false, nil, func(s *stage) steps.Spec {
		return &steps.GroupRules{Group: s.group(), Egress: true, Remove: true, Rules: []steps.GroupRule{{Protocol: "-1", CIDR: "0.0.0.0/0"}, {Protocol: "-1", IPv6: "::/0"}}}
	}},
	{"VPC attributes", false, nil, func(s *stage) steps.Spec {
		return &steps.VPCAttributes{VPC: s.free().VPC, DNSHostnames: new(false), DNSSupport: new(true)}
	}},
	{"control plane's network", false, nil, func(s *stage) steps.Spec {
		_, a := s.subnetOf("SubnetPublicUSWEST2A")
		_, b := s.subnetOf("SubnetPrivateUSWEST2B")
		return &steps.ControlPlaneNetwork{Subnets: []string{a, b}, Made: []steps.Place{s.placeOf("SubnetPublicUSWEST2C")}}
	}},
	{"node group's sizes", false, nil, func(*stage) steps.Spec {
		return &steps.GroupSizes{Group: "m", Bounds: steps.Bounds{Min: 0, Max: 3}}
	}},
}

// ownACL is a network ACL that is not the VPC's default one.
func (s *stage) ownACL() string {
	if s == nil {
		return ""
	}
	d, err := s.r.AWS.EC2.DescribeNetworkAcls(s.t.Context(), &ec2.DescribeNetworkAclsInput{})
	s.must(err)
	for _, a := range d.NetworkAcls {
		if !*a.IsDefault {
			return *a.NetworkAclId
		}
	}
	return ""
}

// freeAddress is an elastic IP that nothing uses.
func (s *stage) freeAddress() string {
	if s == nil {
		return ""
	}
	d, err := s.r.AWS.EC2.DescribeAddresses(s.t.Context(), &ec2.DescribeAddressesInput{})
	s.must(err)
	for _, a := range d.Addresses {
		if a.AssociationId == nil {
			return *a.AllocationId
		}
	}
	return ""
}

// gateway is the VPC's internet gateway.
func (s *stage) gateway() string {
	if s == nil {
		return ""
	}
	in := &ec2.DescribeInternetGatewaysInput{Filters: []ec2types.Filter{{Name: new("attachment.vpc-id"), Values: []string{s.free().VPC}}}}
	d, err := s.r.AWS.EC2.DescribeInternetGateways(s.t.Context(), in)
	s.must(err)
	return *d.InternetGateways[0].InternetGatewayId
}

// home is the subnet of the cluster's NAT gateway.
func (s *stage) home() *steps.Place {
	if s == nil {
		return nil
	}
	d, err := s.r.AWS.EC2.DescribeNatGateways(s.t.Context(), &ec2.DescribeNatGatewaysInput{})
	s.must(err)
	all, err := s.r.AWS.Subnets(s.t.Context(), *d.NatGateways[0].VpcId)
	s.must(err)
	for _, x := range all {
		if *x.SubnetId == *d.NatGateways[0].SubnetId {
			return &steps.Place{VPC: *x.VpcId, CIDR: *x.CidrBlock}
		}
	}
	return nil
}

// group is the control plane's security group.
func (s *stage) group() string {
	if s == nil {
		return ""
	}
	return s.cluster().ResourcesVpcConfig.SecurityGroupIds[0]
}

// networkFingerprint is all of a network that those steps change, in order.
func networkFingerprint(s *stage) (out []string) {
	ctx, c, vpc := s.t.Context(), s.r.AWS.EC2, *s.cluster().ResourcesVpcConfig.VpcId
	subnets, err := s.r.AWS.Subnets(ctx, vpc)
	s.must(err)
	for _, x := range subnets {
		tags := []string{}
		for _, t := range x.Tags {
			tags = append(tags, *t.Key+"="+*t.Value)
		}
		slices.Sort(tags)
		out = append(out, fmt.Sprintf("subnet %s %s %t %s %t %v", *x.CidrBlock, *x.AvailabilityZone, *x.MapPublicIpOnLaunch,
			x.PrivateDnsNameOptionsOnLaunch.HostnameType, *x.PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord, tags))
	}
	tables, err := s.r.AWS.RouteTables(ctx, vpc)
	s.must(err)
	for _, x := range tables {
		out = append(out, fmt.Sprintf("table with %d routes for %d subnets", len(x.Routes), len(x.Associations)))
	}
	acls, err := c.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{})
	s.must(err)
	for _, x := range acls.NetworkAcls {
		out = append(out, fmt.Sprintf("ACL of %d subnets", len(x.Associations)))
	}
	nats, err := c.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{})
	s.must(err)
	for _, x := range nats.NatGateways {
		out = append(out, fmt.Sprintf("NAT gateway %s", x.State))
	}
	groups, err := c.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
	s.must(err)
	for _, x := range groups.SecurityGroups {
		out = append(out, fmt.Sprintf("security group %s with %d and %d permissions", *x.GroupName, len(x.IpPermissions), len(x.IpPermissionsEgress)))
	}
	names, err := c.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &vpc, Attribute: "enableDnsHostnames"})
	s.must(err)
	out = append(out, fmt.Sprintf("host names %t", *names.EnableDnsHostnames.Value), fmt.Sprintf("%d subnets of the control plane", len(s.cluster().ResourcesVpcConfig.SubnetIds)))
	slices.Sort(out)
	return out
}
