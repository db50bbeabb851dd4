package ec2

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type vpc struct {
	types.Vpc
	DNSSupport, DNSHostnames bool
	UsageMetrics             bool
	MainRouteTable           string
	DefaultGroup             string
}

type subnet struct {
	types.Subnet
	Next int               // offset of the next address to hand out
	Used map[string]string // address -> who holds it
}

func (e *EC2) registerNetwork(s *wire.Service) {
	handle(e, s, "CreateVpc", e.CreateVpc)
	handle(e, s, "DescribeVpcs", e.DescribeVpcs)
	handle(e, s, "DeleteVpc", e.DeleteVpc)
	handle(e, s, "ModifyVpcAttribute", e.ModifyVpcAttribute)
	handle(e, s, "DescribeVpcAttribute", e.DescribeVpcAttribute)
	handle(e, s, "AssociateVpcCidrBlock", e.AssociateVpcCidrBlock)
	handle(e, s, "CreateSubnet", e.CreateSubnet)
	handle(e, s, "DescribeSubnets", e.DescribeSubnets)
	handle(e, s, "DeleteSubnet", e.DeleteSubnet)
	handle(e, s, "ModifySubnetAttribute", e.ModifySubnetAttribute)
	handle(e, s, "AssociateSubnetCidrBlock", e.AssociateSubnetCidrBlock)
	handle(e, s, "DisassociateVpcCidrBlock", e.DisassociateVpcCidrBlock)
	handle(e, s, "DisassociateSubnetCidrBlock", e.DisassociateSubnetCidrBlock)
}

// CreateVpc makes a VPC with its main route table, default security group and,
// when asked, an Amazon-provided IPv6 block.
func (e *EC2) CreateVpc(_ *wire.Caller, in *ec2.CreateVpcInput) (*ec2.CreateVpcOutput, error) {
	if e.vpcs.Len() >= e.Quotas.VPCs {
		return nil, wire.Errorf("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
	}
	id := e.w.ID("vpc-", aws.ToString(in.CidrBlock), identity(in.TagSpecifications))
	v := &vpc{Vpc: types.Vpc{VpcId: new(id), CidrBlock: in.CidrBlock, InstanceTenancy: in.InstanceTenancy}, DNSSupport: true}
	if err := e.completeVpc(v); err != nil {
		return nil, err
	}
	e.vpcs.Put(id, v)
	e.tagSpec(id, in.TagSpecifications)
	if aws.ToBool(in.AmazonProvidedIpv6CidrBlock) {
		e.giveIPv6(v)
	}
	return &ec2.CreateVpcOutput{Vpc: new(e.viewVpc(v))}, nil
}

// completeVpc gives a VPC of an ID and a block what EC2 makes beside it.
func (e *EC2) completeVpc(v *vpc) error {
	p, err := netip.ParsePrefix(aws.ToString(v.CidrBlock))
	if err != nil || p.Bits() < 16 || p.Bits() > 28 {
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", aws.ToString(v.CidrBlock))
	}
	id := *v.VpcId
	v.CidrBlock, v.State, v.OwnerId, v.IsDefault = new(p.Masked().String()), types.VpcStateAvailable, new(e.Account), new(false)
	if v.InstanceTenancy == "" {
		v.InstanceTenancy = types.TenancyDefault
	}
	if v.DhcpOptionsId == nil {
		v.DhcpOptionsId = e.defaultDHCP().DhcpOptionsId
	}
	v.CidrBlockAssociationSet = []types.VpcCidrBlockAssociation{{CidrBlock: v.CidrBlock, AssociationId: new(e.w.ID("vpc-cidr-assoc-", id, *v.CidrBlock)),
		CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeAssociated}}}
	rt := e.newRouteTable(v, "main")
	rt.Associations = []types.RouteTableAssociation{{Main: new(true), RouteTableId: rt.RouteTableId,
		RouteTableAssociationId: new(e.w.ID("rtbassoc-", *rt.RouteTableId)), AssociationState: associated()}}
	v.MainRouteTable = *rt.RouteTableId
	v.DefaultGroup = *e.newGroup(id, "default", "default VPC security group").GroupId
	e.allow(v.DefaultGroup, false, types.IpPermission{IpProtocol: new("-1"), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: new(v.DefaultGroup)}}}, nil)
	e.newACL(v, "acl-"+strings.TrimPrefix(id, "vpc-"), true)
	return nil
}

func associated() *types.RouteTableAssociationState {
	return &types.RouteTableAssociationState{State: types.RouteTableAssociationStateCodeAssociated}
}

func (e *EC2) giveIPv6(v *vpc) {
	n := e.w.Pick("ipv6:"+*v.VpcId, 1<<16)
	a := [16]byte{0x26, 0x00, 0x1f, 0x14}
	binary.BigEndian.PutUint16(a[4:], uint16(n))
	v.Ipv6CidrBlockAssociationSet = append(v.Ipv6CidrBlockAssociationSet, types.VpcIpv6CidrBlockAssociation{
		AssociationId: new(e.w.ID("vpc-cidr-assoc-", *v.VpcId, "ipv6")), Ipv6CidrBlock: new(netip.PrefixFrom(netip.AddrFrom16(a),
			56).String()), Ipv6Pool: new("Amazon"), NetworkBorderGroup: new(e.Region),
		Ipv6CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeAssociated}})
	e.hasIPv6(v)
}

// hasIPv6 gives a VPC's tables and ACLs what an IPv6 block brings.
func (e *EC2) hasIPv6(v *vpc) {
	e.relocate(v)
	if len(v.Ipv6CidrBlockAssociationSet) == 1 {
		e.aclIPv6(v)
	}
}

func (e *EC2) viewVpc(v *vpc) types.Vpc {
	out := v.Vpc
	out.Tags = e.tagsOf(*v.VpcId)
	return out
}

// DescribeVpcs lists VPCs.
func (e *EC2) DescribeVpcs(_ *wire.Caller, in *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
	l, err := res.List(e.vpcs, in.VpcIds, filters(in.Filters), e.viewVpc)
	return &ec2.DescribeVpcsOutput{Vpcs: l}, err
}

// DeleteVpc refuses while anything lives inside, as EC2 does.
func (e *EC2) DeleteVpc(_ *wire.Caller, in *ec2.DeleteVpcInput) (*ec2.DeleteVpcOutput, error) {
	id := aws.ToString(in.VpcId)
	v := e.vpcs.Get(id)
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", id)
	}
	inUse := e.subnets.Find(func(s *subnet) bool { return *s.VpcId == id }) != nil ||
		e.groups.Find(func(g *types.SecurityGroup) bool { return *g.VpcId == id && *g.GroupId != v.DefaultGroup }) != nil ||
		e.igws.Find(func(g *types.InternetGateway) bool { return len(g.Attachments) > 0 && *g.Attachments[0].VpcId == id }) != nil ||
		e.routes.Find(func(r *types.RouteTable) bool { return *r.VpcId == id && *r.RouteTableId != v.MainRouteTable }) != nil ||
		e.acls.Find(func(a *types.NetworkAcl) bool { return *a.VpcId == id && !*a.IsDefault }) != nil ||
		e.eigws.Find(func(g *types.EgressOnlyInternetGateway) bool { return *g.Attachments[0].VpcId == id }) != nil ||
		e.endpoints.Find(func(p *types.VpcEndpoint) bool { return *p.VpcId == id }) != nil
	if inUse {
		return nil, wire.Errorf("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", id)
	}
	drop(e, e.vpcs, id)
	drop(e, e.routes, v.MainRouteTable)
	e.dropGroup(v.DefaultGroup)
	if a := e.defaultACL(id); a != nil {
		drop(e, e.acls, *a.NetworkAclId)
	}
	return &ec2.DeleteVpcOutput{}, nil
}

// ModifyVpcAttribute sets the DNS attributes.
func (e *EC2) ModifyVpcAttribute(_ *wire.Caller, in *ec2.ModifyVpcAttributeInput) (*ec2.ModifyVpcAttributeOutput, error) {
	v := e.vpcs.Get(aws.ToString(in.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	if in.EnableDnsSupport != nil {
		v.DNSSupport = aws.ToBool(in.EnableDnsSupport.Value)
	}
	if in.EnableDnsHostnames != nil {
		v.DNSHostnames = aws.ToBool(in.EnableDnsHostnames.Value)
	}
	if in.EnableNetworkAddressUsageMetrics != nil {
		v.UsageMetrics = aws.ToBool(in.EnableNetworkAddressUsageMetrics.Value)
	}
	return &ec2.ModifyVpcAttributeOutput{}, nil
}

// DescribeVpcAttribute reads one DNS attribute.
func (e *EC2) DescribeVpcAttribute(_ *wire.Caller, in *ec2.DescribeVpcAttributeInput) (*ec2.DescribeVpcAttributeOutput, error) {
	v := e.vpcs.Get(aws.ToString(in.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	out := &ec2.DescribeVpcAttributeOutput{VpcId: v.VpcId}
	switch in.Attribute {
	case types.VpcAttributeNameEnableDnsSupport:
		out.EnableDnsSupport = &types.AttributeBooleanValue{Value: new(v.DNSSupport)}
	case types.VpcAttributeNameEnableDnsHostnames:
		out.EnableDnsHostnames = &types.AttributeBooleanValue{Value: new(v.DNSHostnames)}
	case types.VpcAttributeNameEnableNetworkAddressUsageMetrics:
		out.EnableNetworkAddressUsageMetrics = &types.AttributeBooleanValue{Value: new(v.UsageMetrics)}
	}
	return out, nil
}

// AssociateVpcCidrBlock adds an IPv4 or an Amazon-provided IPv6 block.
func (e *EC2) AssociateVpcCidrBlock(_ *wire.Caller, in *ec2.AssociateVpcCidrBlockInput) (*ec2.AssociateVpcCidrBlockOutput, error) {
	v := e.vpcs.Get(aws.ToString(in.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	out := &ec2.AssociateVpcCidrBlockOutput{VpcId: v.VpcId}
	state := &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeAssociated}
	switch {
	case aws.ToBool(in.AmazonProvidedIpv6CidrBlock):
		e.giveIPv6(v)
		out.Ipv6CidrBlockAssociation = new(v.Ipv6CidrBlockAssociationSet[len(v.Ipv6CidrBlockAssociationSet)-1])
	case in.Ipv6CidrBlock != nil:
		if _, err := ipv6Block(*in.Ipv6CidrBlock); err != nil {
			return nil, err
		}
		a := types.VpcIpv6CidrBlockAssociation{AssociationId: new(e.w.ID("vpc-cidr-assoc-", *v.VpcId, *in.Ipv6CidrBlock)), Ipv6CidrBlock: in.Ipv6CidrBlock,
			Ipv6Pool: in.Ipv6Pool, Ipv6CidrBlockState: state}
		v.Ipv6CidrBlockAssociationSet = append(v.Ipv6CidrBlockAssociationSet, a)
		e.hasIPv6(v)
		out.Ipv6CidrBlockAssociation = &a
	default:
		p, err := netip.ParsePrefix(aws.ToString(in.CidrBlock))
		if err != nil || !p.Addr().Is4() || p.Bits() < 16 || p.Bits() > 28 {
			return nil, wire.Errorf("InvalidVpc.Range", "The CIDR '%s' is invalid.", aws.ToString(in.CidrBlock))
		}
		for _, a := range v.CidrBlockAssociationSet {
			if netip.MustParsePrefix(*a.CidrBlock).Overlaps(p) {
				return nil, wire.Errorf("InvalidVpc.Conflict", "The CIDR '%s' conflicts with another CIDR of the VPC: %s", p, *a.CidrBlock)
			}
		}
		a := types.VpcCidrBlockAssociation{AssociationId: new(e.w.ID("vpc-cidr-assoc-", *v.VpcId, p.String())), CidrBlock: new(p.Masked().String()),
			CidrBlockState: state}
		v.CidrBlockAssociationSet = append(v.CidrBlockAssociationSet, a)
		e.relocate(v)
		out.CidrBlockAssociation = &a
	}
	return out, nil
}

// DisassociateVpcCidrBlock takes a block from a VPC: not its first one, and none that
// subnets are in.
func (e *EC2) DisassociateVpcCidrBlock(_ *wire.Caller, in *ec2.DisassociateVpcCidrBlockInput) (*ec2.DisassociateVpcCidrBlockOutput, error) {
	id := aws.ToString(in.AssociationId)
	for _, v := range e.vpcs.All() {
		out := &ec2.DisassociateVpcCidrBlockOutput{VpcId: v.VpcId}
		state := &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeDisassociating}
		for i, a := range v.CidrBlockAssociationSet {
			if *a.AssociationId != id {
				continue
			}
			b := netip.MustParsePrefix(*a.CidrBlock)
			if i == 0 {
				return nil, wire.Errorf("OperationNotPermitted", "The vpc CIDR block with association ID %s may not be disassociated. It is the primary "+
					"IPv4 CIDR block of the VPC", id)
			}
			if e.subnets.Find(func(s *subnet) bool { return *s.VpcId == *v.VpcId && netip.MustParsePrefix(*s.CidrBlock).Overlaps(b) }) != nil {
				return nil, wire.Errorf("InvalidCidrBlock.InUse", "The vpc %s currently has a subnet within CIDR block %s", *v.VpcId, b)
			}
			v.CidrBlockAssociationSet = slices.Delete(v.CidrBlockAssociationSet, i, i+1)
			e.relocate(v)
			a.CidrBlockState, out.CidrBlockAssociation = state, &a
			return out, nil
		}
		for i, a := range v.Ipv6CidrBlockAssociationSet {
			if *a.AssociationId != id {
				continue
			}
			if e.subnets.Find(func(s *subnet) bool { return *s.VpcId == *v.VpcId && len(s.Ipv6CidrBlockAssociationSet) > 0 }) != nil {
				return nil, wire.Errorf("InvalidCidrBlock.InUse", "The vpc %s currently has a subnet within CIDR block %s", *v.VpcId, *a.Ipv6CidrBlock)
			}
			v.Ipv6CidrBlockAssociationSet = slices.Delete(v.Ipv6CidrBlockAssociationSet, i, i+1)
			e.relocate(v)
			a.Ipv6CidrBlockState, out.Ipv6CidrBlockAssociation = state, &a
			return out, nil
		}
	}
	return nil, wire.Errorf("InvalidVpcCidrBlockAssociationID.NotFound", "The vpc CIDR block association ID '%s' does not exist", id)
}

// CreateSubnet carves a subnet out of a VPC's blocks.
func (e *EC2) CreateSubnet(_ *wire.Caller, in *ec2.CreateSubnetInput) (*ec2.CreateSubnetOutput, error) {
	zone := aws.ToString(in.AvailabilityZone)
	if zone == "" {
		zone = aws.ToString(in.AvailabilityZoneId)
	}
	id := e.w.ID("subnet-", aws.ToString(in.VpcId), aws.ToString(in.CidrBlock))
	s := &subnet{Subnet: types.Subnet{SubnetId: new(id), VpcId: in.VpcId, CidrBlock: in.CidrBlock, AvailabilityZone: new(zone)}}
	if in.Ipv6CidrBlock != nil {
		if _, err := s.setIPv6(e, *in.Ipv6CidrBlock); err != nil {
			return nil, err
		}
	}
	if err := e.completeSubnet(s); err != nil {
		return nil, err
	}
	e.subnets.Put(id, s)
	e.tagSpec(id, in.TagSpecifications)
	return &ec2.CreateSubnetOutput{Subnet: new(e.viewSubnet(s))}, nil
}

// completeSubnet gives a subnet of an ID, VPC, block and zone the rest, or says why
// there cannot be such a subnet.
func (e *EC2) completeSubnet(s *subnet) error {
	v := e.vpcs.Get(aws.ToString(s.VpcId))
	if v == nil {
		return notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(s.VpcId))
	}
	p, err := netip.ParsePrefix(aws.ToString(s.CidrBlock))
	if err != nil || p.Bits() < 16 || p.Bits() > 28 {
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", aws.ToString(s.CidrBlock))
	}
	if !slices.ContainsFunc(v.CidrBlockAssociationSet, func(a types.VpcCidrBlockAssociation) bool {
		b := netip.MustParsePrefix(*a.CidrBlock)
		return b.Contains(p.Addr()) && b.Bits() <= p.Bits()
	}) {
		return wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", p)
	}
	if e.subnets.Find(func(x *subnet) bool {
		return x != s && *x.VpcId == *s.VpcId && netip.MustParsePrefix(*x.CidrBlock).Overlaps(p)
	}) != nil {
		return wire.Errorf("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", p)
	}
	zone := aws.ToString(s.AvailabilityZone)
	if zone == "" {
		zone = e.Zones[0].Name
	}
	z := e.zone(zone)
	if z == nil || !e.usable(*z) {
		return wire.Errorf("InvalidParameterValue",
			"Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.", zone,
			e.zoneNames())
	}
	s.Next, s.Used = 4, map[string]string{}
	s.SubnetArn, s.CidrBlock, s.AvailabilityZone, s.AvailabilityZoneId = e.arn("subnet", *s.SubnetId), new(p.String()), new(z.Name), new(z.ID)
	s.State, s.OwnerId, s.AssignIpv6AddressOnCreation, s.DefaultForAz = types.SubnetStateAvailable, new(e.Account), new(false), new(false)
	s.EnableDns64, s.Ipv6Native, s.MapCustomerOwnedIpOnLaunch = new(false), new(false), new(false)
	s.PrivateDnsNameOptionsOnLaunch = &types.PrivateDnsNameOptionsOnLaunch{HostnameType: types.HostnameTypeIpName,
		EnableResourceNameDnsARecord: new(false), EnableResourceNameDnsAAAARecord: new(false)}
	if s.MapPublicIpOnLaunch == nil {
		s.MapPublicIpOnLaunch = new(false)
	}
	if a := e.defaultACL(*s.VpcId); a != nil {
		associateACL(a, *s.SubnetId, "aclassoc-"+strings.TrimPrefix(*s.SubnetId, "subnet-"))
	}
	return nil
}

// ipv6Block reads a block of a VPC or subnet.
func ipv6Block(block string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(block)
	if err != nil || !p.Addr().Is6() || p.Addr().Is4In6() || p != p.Masked() {
		return p, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter ipv6CidrBlock is invalid. This is not a valid CIDR block.", block)
	}
	return p, nil
}

// setIPv6 gives a subnet a block of its VPC's that no other subnet has.
func (s *subnet) setIPv6(e *EC2, block string) (*types.SubnetIpv6CidrBlockAssociation, error) {
	p, err := ipv6Block(block)
	if err != nil {
		return nil, err
	}
	within := func(a types.VpcIpv6CidrBlockAssociation) bool {
		b, err := netip.ParsePrefix(*a.Ipv6CidrBlock)
		return err == nil && b.Contains(p.Addr()) && b.Bits() <= p.Bits()
	}
	v := e.vpcs.Get(aws.ToString(s.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(s.VpcId))
	}
	if p.Bits() > 64 || !slices.ContainsFunc(v.Ipv6CidrBlockAssociationSet, within) {
		return nil, wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", p)
	}
	taken := func(a types.SubnetIpv6CidrBlockAssociation) bool {
		b, err := netip.ParsePrefix(*a.Ipv6CidrBlock)
		return err == nil && b.Overlaps(p)
	}
	if e.subnets.Find(func(x *subnet) bool {
		return *x.VpcId == *s.VpcId && slices.ContainsFunc(x.Ipv6CidrBlockAssociationSet, taken)
	}) != nil {
		return nil, wire.Errorf("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", p)
	}
	s.Ipv6CidrBlockAssociationSet = append(s.Ipv6CidrBlockAssociationSet,
		types.SubnetIpv6CidrBlockAssociation{AssociationId: new(e.w.ID("subnet-cidr-assoc-", *s.SubnetId, block)), Ipv6CidrBlock: new(block),
			Ipv6CidrBlockState: &types.SubnetCidrBlockState{State: types.SubnetCidrBlockStateCodeAssociated}})
	return &s.Ipv6CidrBlockAssociationSet[len(s.Ipv6CidrBlockAssociationSet)-1], nil
}

// free counts a subnet's addresses: its size less the five that AWS keeps.
func (s *subnet) free() int {
	return 1<<(32-netip.MustParsePrefix(*s.CidrBlock).Bits()) - 5 - len(s.Used)
}

func (e *EC2) viewSubnet(s *subnet) types.Subnet {
	out := s.Subnet
	out.AvailableIpAddressCount = new(int32(s.free()))
	out.Tags = e.tagsOf(*s.SubnetId)
	return out
}

// DescribeSubnets lists subnets; one unknown ID fails the whole call.
func (e *EC2) DescribeSubnets(_ *wire.Caller, in *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
	l, err := res.List(e.subnets, in.SubnetIds, filters(in.Filters), e.viewSubnet)
	return &ec2.DescribeSubnetsOutput{Subnets: l}, err
}

// DeleteSubnet refuses while an interface or NAT gateway is inside.
func (e *EC2) DeleteSubnet(_ *wire.Caller, in *ec2.DeleteSubnetInput) (*ec2.DeleteSubnetOutput, error) {
	id := aws.ToString(in.SubnetId)
	s := e.subnets.Get(id)
	if s == nil {
		return nil, notFound("InvalidSubnetID.NotFound", "subnet ID", id)
	}
	if e.enis.Find(func(n *types.NetworkInterface) bool { return *n.SubnetId == id }) != nil {
		return nil, wire.Errorf("DependencyViolation", "The subnet '%s' has dependencies and cannot be deleted.", id)
	}
	drop(e, e.subnets, id)
	for _, a := range e.acls.All() {
		a.Associations = slices.DeleteFunc(a.Associations, func(x types.NetworkAclAssociation) bool { return *x.SubnetId == id })
	}
	for _, rt := range e.routes.All() {
		rt.Associations = slices.DeleteFunc(rt.Associations, func(a types.RouteTableAssociation) bool { return aws.ToString(a.SubnetId) == id })
	}
	return &ec2.DeleteSubnetOutput{}, nil
}

// ModifySubnetAttribute sets one attribute.
func (e *EC2) ModifySubnetAttribute(_ *wire.Caller, in *ec2.ModifySubnetAttributeInput) (*ec2.ModifySubnetAttributeOutput, error) {
	s := e.subnets.Get(aws.ToString(in.SubnetId))
	if s == nil {
		return nil, notFound("InvalidSubnetID.NotFound", "subnet ID", aws.ToString(in.SubnetId))
	}
	if a := in.AssignIpv6AddressOnCreation; a != nil && aws.ToBool(a.Value) && len(s.Ipv6CidrBlockAssociationSet) == 0 {
		return nil, noIPv6(*s.SubnetId) // as terraform-aws-modules/terraform-aws-vpc#735 quotes it
	}
	if in.MapPublicIpOnLaunch != nil {
		s.MapPublicIpOnLaunch = in.MapPublicIpOnLaunch.Value
	}
	if in.AssignIpv6AddressOnCreation != nil {
		s.AssignIpv6AddressOnCreation = in.AssignIpv6AddressOnCreation.Value
	}
	if in.EnableDns64 != nil {
		s.EnableDns64 = in.EnableDns64.Value
	}
	if in.PrivateDnsHostnameTypeOnLaunch != "" {
		s.dnsNames().HostnameType = in.PrivateDnsHostnameTypeOnLaunch
	}
	if in.EnableResourceNameDnsARecordOnLaunch != nil {
		s.dnsNames().EnableResourceNameDnsARecord = in.EnableResourceNameDnsARecordOnLaunch.Value
	}
	if in.EnableResourceNameDnsAAAARecordOnLaunch != nil {
		s.dnsNames().EnableResourceNameDnsAAAARecord = in.EnableResourceNameDnsAAAARecordOnLaunch.Value
	}
	return &ec2.ModifySubnetAttributeOutput{}, nil
}

func noIPv6(subnet string) error {
	return wire.Errorf("InvalidParameterValue", "Invalid value 'true' for assign-ipv6-address-on-creation. Cannot set assign-ipv6-address-on-creation to true "+
		"unless the subnet (%s) has an IPv6 CIDR block associated with it.", subnet)
}

// dnsNames is how the subnet's instances are named, to be changed.
func (s *subnet) dnsNames() *types.PrivateDnsNameOptionsOnLaunch {
	o := types.PrivateDnsNameOptionsOnLaunch{}
	if s.PrivateDnsNameOptionsOnLaunch != nil {
		o = *s.PrivateDnsNameOptionsOnLaunch
	}
	s.PrivateDnsNameOptionsOnLaunch = &o
	return &o
}

// DisassociateSubnetCidrBlock takes a subnet's IPv6 block, unless new interfaces are to have
// addresses of it (hashicorp/terraform-provider-aws#1519).
func (e *EC2) DisassociateSubnetCidrBlock(_ *wire.Caller, in *ec2.DisassociateSubnetCidrBlockInput) (*ec2.DisassociateSubnetCidrBlockOutput, error) {
	id := aws.ToString(in.AssociationId)
	for _, s := range e.subnets.All() {
		for i, a := range s.Ipv6CidrBlockAssociationSet {
			if *a.AssociationId == id {
				if aws.ToBool(s.AssignIpv6AddressOnCreation) {
					return nil, wire.Errorf("InvalidCidrBlock.InUse", "The subnet IPv6 CIDR block with association ID %s may not be disassociated, "+
						"because its subnet has assign-ipv6-address-on-creation set to true.", id)
				}
				s.Ipv6CidrBlockAssociationSet = slices.Delete(s.Ipv6CidrBlockAssociationSet, i, i+1)
				a.Ipv6CidrBlockState = &types.SubnetCidrBlockState{State: types.SubnetCidrBlockStateCodeDisassociating}
				return &ec2.DisassociateSubnetCidrBlockOutput{SubnetId: s.SubnetId, Ipv6CidrBlockAssociation: &a}, nil
			}
		}
	}
	return nil, wire.Errorf("InvalidSubnetCidrBlockAssociationID.NotFound", "The subnet CIDR block association ID '%s' does not exist", id)
}

// AssociateSubnetCidrBlock adds an IPv6 block.
func (e *EC2) AssociateSubnetCidrBlock(_ *wire.Caller, in *ec2.AssociateSubnetCidrBlockInput) (*ec2.AssociateSubnetCidrBlockOutput, error) {
	s := e.subnets.Get(aws.ToString(in.SubnetId))
	if s == nil {
		return nil, notFound("InvalidSubnetID.NotFound", "subnet ID", aws.ToString(in.SubnetId))
	}
	a, err := s.setIPv6(e, aws.ToString(in.Ipv6CidrBlock))
	if err != nil {
		return nil, err
	}
	return &ec2.AssociateSubnetCidrBlockOutput{SubnetId: s.SubnetId, Ipv6CidrBlockAssociation: a}, nil
}

// takeIP hands out a private address; ok is false when the subnet is full.
func (e *EC2) takeIP(s *subnet, holder string) (string, bool) {
	if s.free() <= 0 {
		return "", false
	}
	p := netip.MustParsePrefix(*s.CidrBlock)
	size := 1 << (32 - p.Bits())
	base := binary.BigEndian.Uint32(p.Masked().Addr().AsSlice())
	for range size {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], base+uint32(s.Next))
		if s.Next++; s.Next >= size-1 {
			s.Next = 4
		}
		a := netip.AddrFrom4(b).String()
		if s.Used[a] == "" {
			s.Used[a] = holder
			return a, true
		}
	}
	return "", false
}

// Subnet is a subnet as DescribeSubnets shows it, or nil.
func (e *EC2) Subnet(id string) *types.Subnet {
	if s := e.subnets.Get(id); s != nil {
		return new(e.viewSubnet(s))
	}
	return nil
}

// ReleaseAddress gives back one address.
func (e *EC2) ReleaseAddress(subnetID, addr string) {
	if s := e.subnets.Get(subnetID); s != nil {
		delete(s.Used, addr)
	}
}

// Vpc is a VPC as DescribeVpcs shows it, or nil.
func (e *EC2) Vpc(id string) *types.Vpc {
	if v := e.vpcs.Get(id); v != nil {
		return new(e.viewVpc(v))
	}
	return nil
}

// VPCDNS tells whether both DNS attributes of a VPC are on.
func (e *EC2) VPCDNS(id string) bool {
	v := e.vpcs.Get(id)
	return v != nil && v.DNSHostnames && v.DNSSupport
}

// AdoptRoutes gives an existing subnet its way to the internet: a gateway route
// when public, a NAT gateway when private. A transit gateway stands for the NAT
// gateway that somebody else owns.
func (e *EC2) AdoptRoutes(subnetID string, public bool) error {
	s := e.subnets.Get(subnetID)
	if s == nil || e.Internet(subnetID) != "" {
		return nil
	}
	out, err := e.CreateRouteTable(nil, &ec2.CreateRouteTableInput{VpcId: s.VpcId})
	if err != nil {
		return err
	}
	rt := out.RouteTable.RouteTableId
	if _, err := e.AssociateRouteTable(nil, &ec2.AssociateRouteTableInput{RouteTableId: rt, SubnetId: new(subnetID)}); err != nil {
		return err
	}
	in := &ec2.CreateRouteInput{RouteTableId: rt, DestinationCidrBlock: new("0.0.0.0/0")}
	if !public {
		in.TransitGatewayId = new("tgw-0123456789abcdef0")
		_, err := e.CreateRoute(nil, in)
		return err
	}
	s.MapPublicIpOnLaunch = new(true)
	g := e.igws.Find(func(g *types.InternetGateway) bool {
		return len(g.Attachments) > 0 && *g.Attachments[0].VpcId == *s.VpcId
	})
	if g == nil {
		made, err := e.CreateInternetGateway(nil, &ec2.CreateInternetGatewayInput{})
		if err != nil {
			return err
		}
		g = made.InternetGateway
		if _, err := e.AttachInternetGateway(nil, &ec2.AttachInternetGatewayInput{InternetGatewayId: g.InternetGatewayId, VpcId: s.VpcId}); err != nil {
			return err
		}
	}
	in.GatewayId = g.InternetGatewayId
	_, err = e.CreateRoute(nil, in)
	return err
}
