package ec2

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type vpc struct {
	types.Vpc
	dnsSupport, dnsHostnames bool
	mainRouteTable           string
	defaultGroup             string
}

type subnet struct {
	types.Subnet
	next int // offset of the next address to hand out
	used map[string]string
}

func (e *EC2) registerNetwork(s *wire.Service) {
	wire.Handle(s, "CreateVpc", e.CreateVpc)
	wire.Handle(s, "DescribeVpcs", e.DescribeVpcs)
	wire.Handle(s, "DeleteVpc", e.DeleteVpc)
	wire.Handle(s, "ModifyVpcAttribute", e.ModifyVpcAttribute)
	wire.Handle(s, "DescribeVpcAttribute", e.DescribeVpcAttribute)
	wire.Handle(s, "AssociateVpcCidrBlock", e.AssociateVpcCidrBlock)
	wire.Handle(s, "CreateSubnet", e.CreateSubnet)
	wire.Handle(s, "DescribeSubnets", e.DescribeSubnets)
	wire.Handle(s, "DeleteSubnet", e.DeleteSubnet)
	wire.Handle(s, "ModifySubnetAttribute", e.ModifySubnetAttribute)
	wire.Handle(s, "AssociateSubnetCidrBlock", e.AssociateSubnetCidrBlock)
	wire.Handle(s, "DescribeNetworkAcls", e.DescribeNetworkAcls)
}

// CreateVpc makes a VPC with its main route table, default security group and,
// when asked, an Amazon-provided IPv6 block.
func (e *EC2) CreateVpc(_ *wire.Caller, in *ec2.CreateVpcInput) (*ec2.CreateVpcOutput, error) {
	return e.createVpc(e.w.ID("vpc-"), in)
}

func (e *EC2) createVpc(id string, in *ec2.CreateVpcInput) (*ec2.CreateVpcOutput, error) {
	if e.vpcs.Len() >= e.Quotas.VPCs {
		return nil, wire.Errorf("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
	}
	p, err := netip.ParsePrefix(aws.ToString(in.CidrBlock))
	if err != nil || p.Bits() < 16 || p.Bits() > 28 {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", aws.ToString(in.CidrBlock))
	}
	v := &vpc{Vpc: types.Vpc{VpcId: new(id), CidrBlock: new(p.Masked().String()), State: types.VpcStateAvailable, OwnerId: new(e.Account), IsDefault: new(false), InstanceTenancy: types.TenancyDefault, DhcpOptionsId: new("dopt-default"),
		CidrBlockAssociationSet: []types.VpcCidrBlockAssociation{{CidrBlock: new(p.Masked().String()), AssociationId: new(e.w.ID("vpc-cidr-assoc-")), CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeAssociated}}}}, dnsSupport: true}
	e.vpcs.Put(id, v)
	e.tagSpec(id, in.TagSpecifications)
	if aws.ToBool(in.AmazonProvidedIpv6CidrBlock) {
		e.giveIPv6(v)
	}
	rt := e.newRouteTable(id)
	rt.Associations = []types.RouteTableAssociation{{Main: new(true), RouteTableId: rt.RouteTableId, RouteTableAssociationId: new(e.w.ID("rtbassoc-")), AssociationState: associated()}}
	v.mainRouteTable = *rt.RouteTableId
	v.defaultGroup = *e.newGroup(id, "default", "default VPC security group").GroupId
	e.allow(v.defaultGroup, false, types.IpPermission{IpProtocol: new("-1"), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: new(v.defaultGroup)}}}, nil)
	return &ec2.CreateVpcOutput{Vpc: new(e.viewVpc(v))}, nil
}

func associated() *types.RouteTableAssociationState {
	return &types.RouteTableAssociationState{State: types.RouteTableAssociationStateCodeAssociated}
}

func (e *EC2) giveIPv6(v *vpc) {
	n := e.w.Pick("ipv6:"+*v.VpcId, 1<<16)
	a := [16]byte{0x26, 0x00, 0x1f, 0x14}
	binary.BigEndian.PutUint16(a[4:], uint16(n))
	v.Ipv6CidrBlockAssociationSet = append(v.Ipv6CidrBlockAssociationSet, types.VpcIpv6CidrBlockAssociation{
		AssociationId: new(e.w.ID("vpc-cidr-assoc-")), Ipv6CidrBlock: new(netip.PrefixFrom(netip.AddrFrom16(a), 56).String()), Ipv6Pool: new("Amazon"), NetworkBorderGroup: new(e.Region),
		Ipv6CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeAssociated}})
}

func (e *EC2) viewVpc(v *vpc) types.Vpc {
	out := v.Vpc
	out.Tags = e.tagsOf(*v.VpcId)
	return out
}

// DescribeVpcs lists VPCs.
func (e *EC2) DescribeVpcs(_ *wire.Caller, in *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
	rows, err := pick(&e.vpcs, in.VpcIds, func(id string) error { return notFound("InvalidVpcID.NotFound", "vpc ID", id) }, in.Filters, func(v *vpc, n string) []string {
		switch n {
		case "vpc-id":
			return one(v.VpcId)
		case "cidr", "cidr-block":
			return one(v.CidrBlock)
		case "state":
			return []string{string(v.State)}
		}
		return e.tagFilter(*v.VpcId, n)
	})
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcsOutput{Vpcs: []types.Vpc{}}
	for _, v := range rows {
		out.Vpcs = append(out.Vpcs, e.viewVpc(v))
	}
	return out, nil
}

// DeleteVpc refuses while anything lives inside, as EC2 does.
func (e *EC2) DeleteVpc(_ *wire.Caller, in *ec2.DeleteVpcInput) (*ec2.DeleteVpcOutput, error) {
	id := aws.ToString(in.VpcId)
	v := e.vpcs.Get(id)
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", id)
	}
	inUse := e.subnets.Find(func(s *subnet) bool { return *s.VpcId == id }) != nil ||
		e.groups.Find(func(g *types.SecurityGroup) bool { return *g.VpcId == id && *g.GroupId != v.defaultGroup }) != nil ||
		e.igws.Find(func(g *types.InternetGateway) bool { return len(g.Attachments) > 0 && *g.Attachments[0].VpcId == id }) != nil ||
		e.routes.Find(func(r *types.RouteTable) bool { return *r.VpcId == id && *r.RouteTableId != v.mainRouteTable }) != nil
	if inUse {
		return nil, wire.Errorf("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", id)
	}
	e.vpcs.Delete(id)
	e.routes.Delete(v.mainRouteTable)
	e.dropGroup(v.defaultGroup)
	return &ec2.DeleteVpcOutput{}, nil
}

// ModifyVpcAttribute sets the DNS attributes.
func (e *EC2) ModifyVpcAttribute(_ *wire.Caller, in *ec2.ModifyVpcAttributeInput) (*ec2.ModifyVpcAttributeOutput, error) {
	v := e.vpcs.Get(aws.ToString(in.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	if in.EnableDnsSupport != nil {
		v.dnsSupport = aws.ToBool(in.EnableDnsSupport.Value)
	}
	if in.EnableDnsHostnames != nil {
		v.dnsHostnames = aws.ToBool(in.EnableDnsHostnames.Value)
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
		out.EnableDnsSupport = &types.AttributeBooleanValue{Value: new(v.dnsSupport)}
	case types.VpcAttributeNameEnableDnsHostnames:
		out.EnableDnsHostnames = &types.AttributeBooleanValue{Value: new(v.dnsHostnames)}
	case types.VpcAttributeNameEnableNetworkAddressUsageMetrics:
		out.EnableNetworkAddressUsageMetrics = &types.AttributeBooleanValue{Value: new(false)}
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
	switch {
	case aws.ToBool(in.AmazonProvidedIpv6CidrBlock):
		e.giveIPv6(v)
		out.Ipv6CidrBlockAssociation = &v.Ipv6CidrBlockAssociationSet[len(v.Ipv6CidrBlockAssociationSet)-1]
	case in.Ipv6CidrBlock != nil:
		v.Ipv6CidrBlockAssociationSet = append(v.Ipv6CidrBlockAssociationSet, types.VpcIpv6CidrBlockAssociation{AssociationId: new(e.w.ID("vpc-cidr-assoc-")), Ipv6CidrBlock: in.Ipv6CidrBlock, Ipv6Pool: in.Ipv6Pool,
			Ipv6CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeAssociated}})
		out.Ipv6CidrBlockAssociation = &v.Ipv6CidrBlockAssociationSet[len(v.Ipv6CidrBlockAssociationSet)-1]
	default:
		v.CidrBlockAssociationSet = append(v.CidrBlockAssociationSet, types.VpcCidrBlockAssociation{AssociationId: new(e.w.ID("vpc-cidr-assoc-")), CidrBlock: in.CidrBlock,
			CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeAssociated}})
		out.CidrBlockAssociation = &v.CidrBlockAssociationSet[len(v.CidrBlockAssociationSet)-1]
	}
	return out, nil
}

// CreateSubnet carves a subnet out of a VPC's blocks.
func (e *EC2) CreateSubnet(_ *wire.Caller, in *ec2.CreateSubnetInput) (*ec2.CreateSubnetOutput, error) {
	return e.createSubnet(e.w.ID("subnet-"), in)
}

func (e *EC2) createSubnet(id string, in *ec2.CreateSubnetInput) (*ec2.CreateSubnetOutput, error) {
	v := e.vpcs.Get(aws.ToString(in.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	p, err := netip.ParsePrefix(aws.ToString(in.CidrBlock))
	if err != nil || p.Bits() > 28 {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", aws.ToString(in.CidrBlock))
	}
	if !slices.ContainsFunc(v.CidrBlockAssociationSet, func(a types.VpcCidrBlockAssociation) bool {
		b := netip.MustParsePrefix(*a.CidrBlock)
		return b.Contains(p.Addr()) && b.Bits() <= p.Bits()
	}) {
		return nil, wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", p)
	}
	if e.subnets.Find(func(s *subnet) bool {
		return *s.VpcId == *in.VpcId && netip.MustParsePrefix(*s.CidrBlock).Overlaps(p)
	}) != nil {
		return nil, wire.Errorf("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", p)
	}
	zone := aws.ToString(in.AvailabilityZone)
	if zone == "" {
		zone = aws.ToString(in.AvailabilityZoneId)
	}
	if zone == "" {
		zone = e.Zones[0].Name
	}
	z := e.zone(zone)
	if z == nil {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.", zone, e.zoneNames())
	}
	s := &subnet{next: 4, used: map[string]string{}, Subnet: types.Subnet{SubnetId: new(id), SubnetArn: e.arn("subnet", id), VpcId: in.VpcId, CidrBlock: new(p.String()), AvailabilityZone: new(z.Name), AvailabilityZoneId: new(z.ID),
		State: types.SubnetStateAvailable, MapPublicIpOnLaunch: new(false), AssignIpv6AddressOnCreation: new(false), OwnerId: new(e.Account), DefaultForAz: new(false)}}
	if in.Ipv6CidrBlock != nil {
		s.setIPv6(e, *in.Ipv6CidrBlock)
	}
	e.subnets.Put(id, s)
	e.tagSpec(id, in.TagSpecifications)
	return &ec2.CreateSubnetOutput{Subnet: new(e.viewSubnet(s))}, nil
}

func (s *subnet) setIPv6(e *EC2, block string) *types.SubnetIpv6CidrBlockAssociation {
	s.Ipv6CidrBlockAssociationSet = append(s.Ipv6CidrBlockAssociationSet, types.SubnetIpv6CidrBlockAssociation{AssociationId: new(e.w.ID("subnet-cidr-assoc-")), Ipv6CidrBlock: new(block),
		Ipv6CidrBlockState: &types.SubnetCidrBlockState{State: types.SubnetCidrBlockStateCodeAssociated}})
	return &s.Ipv6CidrBlockAssociationSet[len(s.Ipv6CidrBlockAssociationSet)-1]
}

func (e *EC2) zoneNames() string {
	s := ""
	for i, z := range e.Zones {
		if i > 0 {
			s += ", "
		}
		s += z.Name
	}
	return s
}

// free counts a subnet's addresses: its size less the five that AWS keeps.
func (s *subnet) free() int {
	return 1<<(32-netip.MustParsePrefix(*s.CidrBlock).Bits()) - 5 - len(s.used)
}

func (e *EC2) viewSubnet(s *subnet) types.Subnet {
	out := s.Subnet
	out.AvailableIpAddressCount = new(int32(s.free()))
	out.Tags = e.tagsOf(*s.SubnetId)
	return out
}

// DescribeSubnets lists subnets; one unknown ID fails the whole call.
func (e *EC2) DescribeSubnets(_ *wire.Caller, in *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
	rows, err := pick(&e.subnets, in.SubnetIds, func(id string) error { return notFound("InvalidSubnetID.NotFound", "subnet ID", id) }, in.Filters, func(s *subnet, n string) []string {
		switch n {
		case "vpc-id":
			return one(s.VpcId)
		case "subnet-id":
			return one(s.SubnetId)
		case "availability-zone", "availabilityZone":
			return one(s.AvailabilityZone)
		case "cidr-block", "cidr", "cidrBlock":
			return one(s.CidrBlock)
		case "state":
			return []string{string(s.State)}
		}
		return e.tagFilter(*s.SubnetId, n)
	})
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeSubnetsOutput{Subnets: []types.Subnet{}}
	for _, s := range rows {
		out.Subnets = append(out.Subnets, e.viewSubnet(s))
	}
	return out, nil
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
	e.subnets.Delete(id)
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
		s.PrivateDnsNameOptionsOnLaunch = &types.PrivateDnsNameOptionsOnLaunch{HostnameType: in.PrivateDnsHostnameTypeOnLaunch}
	}
	return &ec2.ModifySubnetAttributeOutput{}, nil
}

// AssociateSubnetCidrBlock adds an IPv6 block.
func (e *EC2) AssociateSubnetCidrBlock(_ *wire.Caller, in *ec2.AssociateSubnetCidrBlockInput) (*ec2.AssociateSubnetCidrBlockOutput, error) {
	s := e.subnets.Get(aws.ToString(in.SubnetId))
	if s == nil {
		return nil, notFound("InvalidSubnetID.NotFound", "subnet ID", aws.ToString(in.SubnetId))
	}
	return &ec2.AssociateSubnetCidrBlockOutput{SubnetId: s.SubnetId, Ipv6CidrBlockAssociation: s.setIPv6(e, aws.ToString(in.Ipv6CidrBlock))}, nil
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
		binary.BigEndian.PutUint32(b[:], base+uint32(s.next))
		if s.next++; s.next >= size-1 {
			s.next = 4
		}
		a := netip.AddrFrom4(b).String()
		if s.used[a] == "" {
			s.used[a] = holder
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

// TakeAddress uses one address of a subnet for holder; false when it is full.
func (e *EC2) TakeAddress(subnetID, holder string) (string, bool) {
	if s := e.subnets.Get(subnetID); s != nil {
		return e.takeIP(s, holder)
	}
	return "", false
}

// ReleaseAddress gives back one address.
func (e *EC2) ReleaseAddress(subnetID, addr string) {
	if s := e.subnets.Get(subnetID); s != nil {
		delete(s.used, addr)
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
	return v != nil && v.dnsHostnames && v.dnsSupport
}

// AdoptVPC creates a VPC under a given ID: one that existed before
// the world began.
func (e *EC2) AdoptVPC(id, cidr string) error {
	if e.vpcs.Get(id) != nil {
		return nil
	}
	_, err := e.createVpc(id, &ec2.CreateVpcInput{CidrBlock: new(cidr)})
	if err == nil {
		v := e.vpcs.Get(id)
		v.dnsHostnames = true
	}
	return err
}

// AdoptSubnet creates a subnet under a given ID.
func (e *EC2) AdoptSubnet(id, vpcID, cidr, zone string) error {
	if e.subnets.Get(id) != nil {
		return nil
	}
	_, err := e.createSubnet(id, &ec2.CreateSubnetInput{VpcId: new(vpcID), CidrBlock: new(cidr), AvailabilityZone: new(zone)})
	return err
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
