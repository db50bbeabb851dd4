package ec2

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerGateways(s *wire.Service) {
	wire.Handle(s, "CreateInternetGateway", e.CreateInternetGateway)
	wire.Handle(s, "AttachInternetGateway", e.AttachInternetGateway)
	wire.Handle(s, "DetachInternetGateway", e.DetachInternetGateway)
	wire.Handle(s, "DeleteInternetGateway", e.DeleteInternetGateway)
	wire.Handle(s, "DescribeInternetGateways", e.DescribeInternetGateways)
	wire.Handle(s, "CreateEgressOnlyInternetGateway", e.CreateEgressOnlyInternetGateway)
	wire.Handle(s, "DeleteEgressOnlyInternetGateway", e.DeleteEgressOnlyInternetGateway)
	wire.Handle(s, "DescribeEgressOnlyInternetGateways", e.DescribeEgressOnlyInternetGateways)
	wire.Handle(s, "AllocateAddress", e.AllocateAddress)
	wire.Handle(s, "ReleaseAddress", e.ReleaseElasticAddress)
	wire.Handle(s, "DescribeAddresses", e.DescribeAddresses)
	wire.Handle(s, "CreateNatGateway", e.CreateNatGateway)
	wire.Handle(s, "DescribeNatGateways", e.DescribeNatGateways)
	wire.Handle(s, "DeleteNatGateway", e.DeleteNatGateway)
	wire.Handle(s, "CreateRouteTable", e.CreateRouteTable)
	wire.Handle(s, "DescribeRouteTables", e.DescribeRouteTables)
	wire.Handle(s, "DeleteRouteTable", e.DeleteRouteTable)
	wire.Handle(s, "CreateRoute", e.CreateRoute)
	wire.Handle(s, "DeleteRoute", e.DeleteRoute)
	wire.Handle(s, "AssociateRouteTable", e.AssociateRouteTable)
	wire.Handle(s, "DisassociateRouteTable", e.DisassociateRouteTable)
	wire.Handle(s, "CreateVpcEndpoint", e.CreateVpcEndpoint)
	wire.Handle(s, "DescribeVpcEndpoints", e.DescribeVpcEndpoints)
	wire.Handle(s, "DeleteVpcEndpoints", e.DeleteVpcEndpoints)
	wire.Handle(s, "DescribeVpcEndpointServices", e.DescribeVpcEndpointServices)
}

// CreateInternetGateway makes a detached gateway.
func (e *EC2) CreateInternetGateway(_ *wire.Caller, in *ec2.CreateInternetGatewayInput) (*ec2.CreateInternetGatewayOutput, error) {
	id := e.w.ID("igw-", identity(in.TagSpecifications))
	g := e.igws.Put(id, &types.InternetGateway{InternetGatewayId: new(id), OwnerId: new(e.Account)})
	e.tagSpec(id, in.TagSpecifications)
	return &ec2.CreateInternetGatewayOutput{InternetGateway: g}, nil
}

// AttachInternetGateway attaches a gateway to a VPC that has none.
func (e *EC2) AttachInternetGateway(_ *wire.Caller, in *ec2.AttachInternetGatewayInput) (*ec2.AttachInternetGatewayOutput, error) {
	g := e.igws.Get(aws.ToString(in.InternetGatewayId))
	if g == nil {
		return nil, notFound("InvalidInternetGatewayID.NotFound", "internetGateway ID", aws.ToString(in.InternetGatewayId))
	}
	if e.vpcs.Get(aws.ToString(in.VpcId)) == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	if len(g.Attachments) > 0 {
		return nil, wire.Errorf("Resource.AlreadyAssociated", "resource %s is already attached to network %s", *g.InternetGatewayId, *g.Attachments[0].VpcId)
	}
	g.Attachments = []types.InternetGatewayAttachment{{VpcId: in.VpcId, State: "available"}}
	return &ec2.AttachInternetGatewayOutput{}, nil
}

// DetachInternetGateway refuses while public addresses are mapped through it.
func (e *EC2) DetachInternetGateway(_ *wire.Caller, in *ec2.DetachInternetGatewayInput) (*ec2.DetachInternetGatewayOutput, error) {
	g := e.igws.Get(aws.ToString(in.InternetGatewayId))
	if g == nil {
		return nil, notFound("InvalidInternetGatewayID.NotFound", "internetGateway ID", aws.ToString(in.InternetGatewayId))
	}
	if e.nats.Find(func(n *types.NatGateway) bool {
		return *n.VpcId == aws.ToString(in.VpcId) && n.State != types.NatGatewayStateDeleted && n.State != types.NatGatewayStateFailed
	}) != nil {
		return nil, wire.Errorf("DependencyViolation",
			"Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", aws.ToString(in.VpcId))
	}
	g.Attachments = nil
	return &ec2.DetachInternetGatewayOutput{}, nil
}

// DeleteInternetGateway refuses an attached gateway.
func (e *EC2) DeleteInternetGateway(_ *wire.Caller, in *ec2.DeleteInternetGatewayInput) (*ec2.DeleteInternetGatewayOutput, error) {
	g := e.igws.Get(aws.ToString(in.InternetGatewayId))
	if g == nil {
		return nil, notFound("InvalidInternetGatewayID.NotFound", "internetGateway ID", aws.ToString(in.InternetGatewayId))
	}
	if len(g.Attachments) > 0 {
		return nil, wire.Errorf("DependencyViolation", "The internetGateway '%s' has dependencies and cannot be deleted.", *g.InternetGatewayId)
	}
	e.igws.Delete(*g.InternetGatewayId)
	return &ec2.DeleteInternetGatewayOutput{}, nil
}

// DescribeInternetGateways lists gateways.
func (e *EC2) DescribeInternetGateways(_ *wire.Caller, in *ec2.DescribeInternetGatewaysInput) (*ec2.DescribeInternetGatewaysOutput, error) {
	l, err := res.List(e.igws, in.InternetGatewayIds, filters(in.Filters), e.viewInternetGateway)
	return &ec2.DescribeInternetGatewaysOutput{InternetGateways: l}, err
}

// CreateEgressOnlyInternetGateway makes and attaches one.
func (e *EC2) CreateEgressOnlyInternetGateway(_ *wire.Caller, in *ec2.CreateEgressOnlyInternetGatewayInput) (*ec2.CreateEgressOnlyInternetGatewayOutput,
	error) {
	id := e.w.ID("eigw-", aws.ToString(in.VpcId))
	g := e.eigws.Put(id, &types.EgressOnlyInternetGateway{EgressOnlyInternetGatewayId: new(id),
		Attachments: []types.InternetGatewayAttachment{{VpcId: in.VpcId, State: "attached"}}})
	e.tagSpec(id, in.TagSpecifications)
	return &ec2.CreateEgressOnlyInternetGatewayOutput{EgressOnlyInternetGateway: g}, nil
}

// DeleteEgressOnlyInternetGateway removes one.
func (e *EC2) DeleteEgressOnlyInternetGateway(_ *wire.Caller, in *ec2.DeleteEgressOnlyInternetGatewayInput) (*ec2.DeleteEgressOnlyInternetGatewayOutput,
	error) {
	e.eigws.Delete(aws.ToString(in.EgressOnlyInternetGatewayId))
	return &ec2.DeleteEgressOnlyInternetGatewayOutput{ReturnCode: new(true)}, nil
}

// DescribeEgressOnlyInternetGateways lists them.
func (e *EC2) DescribeEgressOnlyInternetGateways(_ *wire.Caller,
	in *ec2.DescribeEgressOnlyInternetGatewaysInput) (*ec2.DescribeEgressOnlyInternetGatewaysOutput, error) {
	l, err := res.List(e.eigws, in.EgressOnlyInternetGatewayIds, filters(in.Filters), e.viewEgressOnly)
	return &ec2.DescribeEgressOnlyInternetGatewaysOutput{EgressOnlyInternetGateways: l}, err
}

// AllocateAddress hands out an Elastic IP address within the quota.
func (e *EC2) AllocateAddress(_ *wire.Caller, in *ec2.AllocateAddressInput) (*ec2.AllocateAddressOutput, error) {
	if e.addresses.Len() >= e.Quotas.Addresses {
		return nil, wire.Errorf("AddressLimitExceeded", "The maximum number of addresses has been reached.")
	}
	id := e.w.ID("eipalloc-", identity(in.TagSpecifications))
	a := e.addresses.Put(id, &types.Address{AllocationId: new(id), PublicIp: new(e.publicAddress(id, "203.0.113.0")), Domain: types.DomainTypeVpc,
		NetworkBorderGroup: new(e.Region)})
	e.tagSpec(id, in.TagSpecifications)
	return &ec2.AllocateAddressOutput{AllocationId: a.AllocationId, PublicIp: a.PublicIp, Domain: a.Domain}, nil
}

// publicAddress is a public IPv4 address that nobody has: of 250 from a pool (a block
// for documentation), drawn by identifier, or else of the blocks for benchmarks.
func (e *EC2) publicAddress(id, pool string) string {
	taken := map[string]bool{}
	for _, a := range e.addresses.All() {
		taken[*a.PublicIp] = true
	}
	for _, i := range e.instances.All() {
		if i.State.Name != types.InstanceStateNameTerminated {
			taken[aws.ToString(i.PublicIpAddress)] = true
		}
	}
	first := netip.MustParseAddr(pool).As4()
	for at, n := e.w.Pick(id, 250), 0; n < 250; at, n = (at+1)%250, n+1 {
		first[3] = byte(at + 1)
		if a := netip.AddrFrom4(first).String(); !taken[a] {
			return a
		}
	}
	a := netip.MustParseAddr("198.18.0.1")
	for taken[a.String()] {
		a = a.Next()
	}
	return a.String()
}

// ReleaseElasticAddress refuses an address in use.
func (e *EC2) ReleaseElasticAddress(_ *wire.Caller, in *ec2.ReleaseAddressInput) (*ec2.ReleaseAddressOutput, error) {
	a := e.addresses.Get(aws.ToString(in.AllocationId))
	if a == nil {
		return nil, notFound("InvalidAllocationID.NotFound", "allocation ID", aws.ToString(in.AllocationId))
	}
	if a.AssociationId != nil {
		return nil, wire.Errorf("AuthFailure", "You do not have permission to access the specified resource.")
	}
	e.addresses.Delete(*a.AllocationId)
	return &ec2.ReleaseAddressOutput{}, nil
}

// DescribeAddresses lists Elastic IP addresses.
func (e *EC2) DescribeAddresses(_ *wire.Caller, in *ec2.DescribeAddressesInput) (*ec2.DescribeAddressesOutput, error) {
	l, err := res.List(e.addresses, in.AllocationIds, filters(in.Filters), e.viewAddress)
	return &ec2.DescribeAddressesOutput{Addresses: l}, err
}

// CreateNatGateway makes a gateway that is available after its drawn duration
// (facts/eks.md §7: 1m45s, 1m25 to 2m05).
func (e *EC2) CreateNatGateway(_ *wire.Caller, in *ec2.CreateNatGatewayInput) (*ec2.CreateNatGatewayOutput, error) {
	if id, ok := e.token("nat", in.ClientToken); ok {
		return &ec2.CreateNatGatewayOutput{NatGateway: e.nats.Get(id), ClientToken: in.ClientToken}, nil
	}
	s := e.subnets.Get(aws.ToString(in.SubnetId))
	if s == nil {
		return nil, notFound("InvalidSubnetID.NotFound", "subnet ID", aws.ToString(in.SubnetId))
	}
	a := e.addresses.Get(aws.ToString(in.AllocationId))
	if a == nil {
		return nil, notFound("InvalidAllocationID.NotFound", "allocation ID", aws.ToString(in.AllocationId))
	}
	id := e.w.ID("nat-", *s.SubnetId, *a.AllocationId)
	ni := e.newInterface(s, "Interface for NAT Gateway "+id, types.NetworkInterfaceTypeNatGateway, nil)
	if ni == nil {
		return nil, wire.Errorf("InsufficientFreeAddressesInSubnet",
			"There are not enough free addresses in subnet '%s' to satisfy the requested number of instances.", *s.SubnetId)
	}
	a.AssociationId = new(e.w.ID("eipassoc-", id))
	n := e.nats.Put(id, &types.NatGateway{NatGatewayId: new(id), SubnetId: in.SubnetId, VpcId: s.VpcId, State: types.NatGatewayStatePending,
		CreateTime: new(e.w.Date()), ConnectivityType: types.ConnectivityTypePublic,
		NatGatewayAddresses: []types.NatGatewayAddress{{AllocationId: in.AllocationId, PublicIp: a.PublicIp, NetworkInterfaceId: ni.NetworkInterfaceId,
			PrivateIp: ni.PrivateIpAddress}}})
	e.tagSpec(id, in.TagSpecifications)
	e.remember("nat", in.ClientToken, id)
	zone := *s.AvailabilityZone
	e.w.Start("ec2:natgateway", id, e.w.Draw("ec2:natgateway", zone, 105*time.Second, 85*time.Second, 125*time.Second), "ec2:nat-up", id, nil)
	return &ec2.CreateNatGatewayOutput{NatGateway: n, ClientToken: in.ClientToken}, nil
}

// DescribeNatGateways lists NAT gateways, deleted ones too, as EC2 does for an hour.
func (e *EC2) DescribeNatGateways(_ *wire.Caller, in *ec2.DescribeNatGatewaysInput) (*ec2.DescribeNatGatewaysOutput, error) {
	l, err := res.List(e.nats, in.NatGatewayIds, filters(in.Filter), e.viewNat)
	return &ec2.DescribeNatGatewaysOutput{NatGateways: l}, err
}

// DeleteNatGateway takes 65 to 95 s (facts/eks.md §7).
func (e *EC2) DeleteNatGateway(_ *wire.Caller, in *ec2.DeleteNatGatewayInput) (*ec2.DeleteNatGatewayOutput, error) {
	n := e.nats.Get(aws.ToString(in.NatGatewayId))
	if n == nil {
		return nil, wire.Errorf("NatGatewayNotFound", "NAT gateway %s was not found", aws.ToString(in.NatGatewayId))
	}
	n.State = types.NatGatewayStateDeleting
	id := *n.NatGatewayId
	d := e.w.Draw("ec2:natgateway-delete", id, 80*time.Second, 65*time.Second, 95*time.Second)
	e.w.Start("ec2:natgateway-delete", id, d, "ec2:nat-down", id, nil)
	return &ec2.DeleteNatGatewayOutput{NatGatewayId: n.NatGatewayId}, nil
}

func (e *EC2) natUp(id string, _ struct{}) {
	if n := e.nats.Get(id); n != nil && n.State == types.NatGatewayStatePending {
		n.State = types.NatGatewayStateAvailable
	}
}

func (e *EC2) natDown(id string, _ struct{}) {
	n := e.nats.Get(id)
	if n == nil {
		return
	}
	n.State = types.NatGatewayStateDeleted
	for _, a := range n.NatGatewayAddresses {
		e.dropInterface(aws.ToString(a.NetworkInterfaceId))
		if ad := e.addresses.Get(aws.ToString(a.AllocationId)); ad != nil {
			ad.AssociationId = nil
		}
	}
}

// Nat is a NAT gateway, or nil.
func (e *EC2) Nat(id string) *types.NatGateway { return e.nats.Get(id) }

func (e *EC2) newRouteTable(v *vpc, identity string) *types.RouteTable {
	id := e.w.ID("rtb-", *v.VpcId, identity)
	return e.routes.Put(id, &types.RouteTable{RouteTableId: new(id), VpcId: v.VpcId, OwnerId: new(e.Account),
		Routes: []types.Route{{DestinationCidrBlock: v.CidrBlock, GatewayId: new("local"), State: types.RouteStateActive,
			Origin: types.RouteOriginCreateRouteTable}}})
}

// CreateRouteTable makes a table with the local route.
func (e *EC2) CreateRouteTable(_ *wire.Caller, in *ec2.CreateRouteTableInput) (*ec2.CreateRouteTableOutput, error) {
	v := e.vpcs.Get(aws.ToString(in.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	rt := e.newRouteTable(v, identity(in.TagSpecifications))
	e.tagSpec(*rt.RouteTableId, in.TagSpecifications)
	return &ec2.CreateRouteTableOutput{RouteTable: rt}, nil
}

// DescribeRouteTables lists route tables.
func (e *EC2) DescribeRouteTables(_ *wire.Caller, in *ec2.DescribeRouteTablesInput) (*ec2.DescribeRouteTablesOutput, error) {
	l, err := res.List(e.routes, in.RouteTableIds, filters(in.Filters), e.viewRouteTable)
	return &ec2.DescribeRouteTablesOutput{RouteTables: l}, err
}

// DeleteRouteTable refuses a table with subnets.
func (e *EC2) DeleteRouteTable(_ *wire.Caller, in *ec2.DeleteRouteTableInput) (*ec2.DeleteRouteTableOutput, error) {
	r := e.routes.Get(aws.ToString(in.RouteTableId))
	if r == nil {
		return nil, notFound("InvalidRouteTableID.NotFound", "routeTable ID", aws.ToString(in.RouteTableId))
	}
	if len(r.Associations) > 0 {
		return nil, wire.Errorf("DependencyViolation", "The routeTable '%s' has dependencies and cannot be deleted.", *r.RouteTableId)
	}
	e.routes.Delete(*r.RouteTableId)
	return &ec2.DeleteRouteTableOutput{}, nil
}

// CreateRoute adds a route; the target must exist and, for an internet gateway,
// be attached to the VPC.
func (e *EC2) CreateRoute(_ *wire.Caller, in *ec2.CreateRouteInput) (*ec2.CreateRouteOutput, error) {
	r := e.routes.Get(aws.ToString(in.RouteTableId))
	if r == nil {
		return nil, notFound("InvalidRouteTableID.NotFound", "routeTable ID", aws.ToString(in.RouteTableId))
	}
	if id := aws.ToString(in.GatewayId); strings.HasPrefix(id, "igw-") {
		g := e.igws.Get(id)
		if g == nil {
			return nil, notFound("InvalidInternetGatewayID.NotFound", "internetGateway ID", id)
		}
		if len(g.Attachments) == 0 || *g.Attachments[0].VpcId != *r.VpcId {
			return nil, wire.Errorf("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", *r.RouteTableId, id)
		}
	}
	if id := aws.ToString(in.NatGatewayId); id != "" && e.nats.Get(id) == nil {
		return nil, wire.Errorf("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist", id)
	}
	for _, x := range r.Routes {
		if aws.ToString(x.DestinationCidrBlock) == aws.ToString(in.DestinationCidrBlock) &&
			aws.ToString(x.DestinationIpv6CidrBlock) == aws.ToString(in.DestinationIpv6CidrBlock) {
			return nil, wire.Errorf("RouteAlreadyExists", "The route identified by %s%s already exists.", aws.ToString(in.DestinationCidrBlock),
				aws.ToString(in.DestinationIpv6CidrBlock))
		}
	}
	r.Routes = append(r.Routes, types.Route{DestinationCidrBlock: in.DestinationCidrBlock, DestinationIpv6CidrBlock: in.DestinationIpv6CidrBlock,
		GatewayId: in.GatewayId, NatGatewayId: in.NatGatewayId,
		EgressOnlyInternetGatewayId: in.EgressOnlyInternetGatewayId, TransitGatewayId: in.TransitGatewayId, State: types.RouteStateActive,
		Origin: types.RouteOriginCreateRoute})
	return &ec2.CreateRouteOutput{Return: new(true)}, nil
}

// DeleteRoute removes a route.
func (e *EC2) DeleteRoute(_ *wire.Caller, in *ec2.DeleteRouteInput) (*ec2.DeleteRouteOutput, error) {
	r := e.routes.Get(aws.ToString(in.RouteTableId))
	if r == nil {
		return nil, notFound("InvalidRouteTableID.NotFound", "routeTable ID", aws.ToString(in.RouteTableId))
	}
	r.Routes = slices.DeleteFunc(r.Routes, func(x types.Route) bool {
		return aws.ToString(x.DestinationCidrBlock) == aws.ToString(in.DestinationCidrBlock) &&
			aws.ToString(x.DestinationIpv6CidrBlock) == aws.ToString(in.DestinationIpv6CidrBlock)
	})
	return &ec2.DeleteRouteOutput{}, nil
}

// AssociateRouteTable ties a subnet to a table.
func (e *EC2) AssociateRouteTable(_ *wire.Caller, in *ec2.AssociateRouteTableInput) (*ec2.AssociateRouteTableOutput, error) {
	r := e.routes.Get(aws.ToString(in.RouteTableId))
	if r == nil {
		return nil, notFound("InvalidRouteTableID.NotFound", "routeTable ID", aws.ToString(in.RouteTableId))
	}
	if e.subnets.Get(aws.ToString(in.SubnetId)) == nil {
		return nil, notFound("InvalidSubnetID.NotFound", "subnet ID", aws.ToString(in.SubnetId))
	}
	id := e.w.ID("rtbassoc-", *r.RouteTableId, *in.SubnetId)
	r.Associations = append(r.Associations, types.RouteTableAssociation{RouteTableAssociationId: new(id), RouteTableId: r.RouteTableId, SubnetId: in.SubnetId,
		Main: new(false), AssociationState: associated()})
	return &ec2.AssociateRouteTableOutput{AssociationId: new(id), AssociationState: associated()}, nil
}

// DisassociateRouteTable unties a subnet.
func (e *EC2) DisassociateRouteTable(_ *wire.Caller, in *ec2.DisassociateRouteTableInput) (*ec2.DisassociateRouteTableOutput, error) {
	for _, r := range e.routes.All() {
		r.Associations = slices.DeleteFunc(r.Associations, func(a types.RouteTableAssociation) bool {
			return aws.ToString(a.RouteTableAssociationId) == aws.ToString(in.AssociationId)
		})
	}
	return &ec2.DisassociateRouteTableOutput{}, nil
}

// RouteTableOf is the table that routes a subnet's traffic.
func (e *EC2) RouteTableOf(subnetID string) *types.RouteTable {
	if r := e.routes.Find(func(r *types.RouteTable) bool {
		return slices.ContainsFunc(r.Associations, func(a types.RouteTableAssociation) bool { return aws.ToString(a.SubnetId) == subnetID })
	}); r != nil {
		return r
	}
	if s := e.subnets.Get(subnetID); s != nil {
		return e.routes.Get(e.vpcs.Get(*s.VpcId).MainRouteTable)
	}
	return nil
}

// Internet tells how a subnet reaches the internet: "igw", "nat", or "" when it
// cannot.
func (e *EC2) Internet(subnetID string) string {
	rt := e.RouteTableOf(subnetID)
	if rt == nil {
		return ""
	}
	for _, r := range rt.Routes {
		if aws.ToString(r.DestinationCidrBlock) != "0.0.0.0/0" {
			continue
		}
		if strings.HasPrefix(aws.ToString(r.GatewayId), "igw-") {
			return "igw"
		}
		if n := e.nats.Get(aws.ToString(r.NatGatewayId)); n != nil && n.State == types.NatGatewayStateAvailable {
			return "nat"
		}
		if r.TransitGatewayId != nil {
			return "nat"
		}
	}
	return ""
}

// HasEndpoints tells whether a VPC has interface or gateway endpoints for all the
// named services (ec2, ecr.api, …).
func (e *EC2) HasEndpoints(vpcID string, names ...string) bool {
	for _, n := range names {
		if e.endpoints.Find(func(v *types.VpcEndpoint) bool {
			return *v.VpcId == vpcID && strings.HasSuffix(*v.ServiceName, "."+n)
		}) == nil {
			return false
		}
	}
	return true
}

// CreateVpcEndpoint makes an endpoint.
func (e *EC2) CreateVpcEndpoint(_ *wire.Caller, in *ec2.CreateVpcEndpointInput) (*ec2.CreateVpcEndpointOutput, error) {
	if e.vpcs.Get(aws.ToString(in.VpcId)) == nil {
		return nil, notFound("InvalidVpcId.NotFound", "Vpc Id", aws.ToString(in.VpcId))
	}
	id := e.w.ID("vpce-", *in.VpcId, aws.ToString(in.ServiceName))
	t := in.VpcEndpointType
	if t == "" {
		t = types.VpcEndpointTypeGateway
	}
	v := &types.VpcEndpoint{VpcEndpointId: new(id), VpcId: in.VpcId, ServiceName: in.ServiceName, VpcEndpointType: t, State: types.StateAvailable,
		SubnetIds: in.SubnetIds, RouteTableIds: in.RouteTableIds,
		PrivateDnsEnabled: in.PrivateDnsEnabled, CreationTimestamp: new(e.w.Date())}
	for _, g := range in.SecurityGroupIds {
		v.Groups = append(v.Groups, types.SecurityGroupIdentifier{GroupId: new(g)})
	}
	for _, sid := range in.SubnetIds {
		s := e.subnets.Get(sid)
		if s == nil {
			return nil, notFound("InvalidSubnetId.NotFound", "subnet ID", sid)
		}
		if ni := e.newInterface(s, "VPC Endpoint Interface "+id, types.NetworkInterfaceTypeVpcEndpoint, in.SecurityGroupIds); ni != nil {
			v.NetworkInterfaceIds = append(v.NetworkInterfaceIds, *ni.NetworkInterfaceId)
		}
	}
	e.endpoints.Put(id, v)
	e.tagSpec(id, in.TagSpecifications)
	return &ec2.CreateVpcEndpointOutput{VpcEndpoint: v}, nil
}

// DescribeVpcEndpoints lists endpoints.
func (e *EC2) DescribeVpcEndpoints(_ *wire.Caller, in *ec2.DescribeVpcEndpointsInput) (*ec2.DescribeVpcEndpointsOutput, error) {
	l, err := res.List(e.endpoints, in.VpcEndpointIds, filters(in.Filters), e.viewEndpoint)
	return &ec2.DescribeVpcEndpointsOutput{VpcEndpoints: l}, err
}

// DeleteVpcEndpoints removes endpoints and their interfaces.
func (e *EC2) DeleteVpcEndpoints(_ *wire.Caller, in *ec2.DeleteVpcEndpointsInput) (*ec2.DeleteVpcEndpointsOutput, error) {
	for _, id := range in.VpcEndpointIds {
		if v := e.endpoints.Get(id); v != nil {
			for _, ni := range v.NetworkInterfaceIds {
				e.dropInterface(ni)
			}
			e.endpoints.Delete(id)
		}
	}
	return &ec2.DeleteVpcEndpointsOutput{}, nil
}

// DescribeVpcEndpointServices lists the AWS services reachable by endpoint.
func (e *EC2) DescribeVpcEndpointServices(_ *wire.Caller, in *ec2.DescribeVpcEndpointServicesInput) (*ec2.DescribeVpcEndpointServicesOutput, error) {
	prefix := "com.amazonaws."
	if e.Partition == "aws-cn" {
		prefix = "cn.com.amazonaws."
	}
	var all []types.ServiceDetail
	var zones []string
	for _, z := range e.Zones {
		if z.Type == "availability-zone" {
			zones = append(zones, z.Name)
		}
	}
	for _, n := range []string{"ec2", "ecr.api", "ecr.dkr", "s3", "sts", "logs", "autoscaling", "cloudformation", "eks", "eks-auth", "elasticloadbalancing",
		"ssm"} {
		full := prefix + e.Region + "." + n
		if len(in.ServiceNames) > 0 && !slices.Contains(in.ServiceNames, full) {
			continue
		}
		t := types.ServiceTypeInterface
		if n == "s3" {
			t = types.ServiceTypeGateway
		}
		all = append(all, types.ServiceDetail{ServiceName: new(full), ServiceType: []types.ServiceTypeDetail{{ServiceType: t}},
			AvailabilityZones: zones, Owner: new("amazon"), ServiceRegion: new(e.Region)})
	}
	all, err := res.Pick(all, filters(in.Filters), res.Fields[types.ServiceDetail](serviceFilters))
	out := &ec2.DescribeVpcEndpointServicesOutput{ServiceNames: []string{}, ServiceDetails: all}
	for _, d := range all {
		out.ServiceNames = append(out.ServiceNames, *d.ServiceName)
	}
	return out, err
}

func (e *EC2) viewInternetGateway(g *types.InternetGateway) types.InternetGateway {
	v := *g
	v.Tags = e.tagsOf(*g.InternetGatewayId)
	return v
}

func (e *EC2) viewEgressOnly(g *types.EgressOnlyInternetGateway) types.EgressOnlyInternetGateway {
	v := *g
	v.Tags = e.tagsOf(*g.EgressOnlyInternetGatewayId)
	return v
}

func (e *EC2) viewAddress(a *types.Address) types.Address {
	v := *a
	v.Tags = e.tagsOf(*a.AllocationId)
	return v
}

func (e *EC2) viewNat(n *types.NatGateway) types.NatGateway {
	v := *n
	v.Tags = e.tagsOf(*n.NatGatewayId)
	return v
}

func (e *EC2) viewRouteTable(r *types.RouteTable) types.RouteTable {
	v := *r
	v.Routes, v.Associations = slices.Clone(r.Routes), slices.Clone(r.Associations)
	v.Tags = e.tagsOf(*r.RouteTableId)
	return v
}

func (e *EC2) viewEndpoint(p *types.VpcEndpoint) types.VpcEndpoint {
	v := *p
	v.Tags = e.tagsOf(*p.VpcEndpointId)
	return v
}
