package ec2

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerRoutes(s *wire.Service) {
	handle(e, s, "CreateRouteTable", e.CreateRouteTable)
	handle(e, s, "DescribeRouteTables", e.DescribeRouteTables)
	handle(e, s, "DeleteRouteTable", e.DeleteRouteTable)
	handle(e, s, "CreateRoute", e.CreateRoute)
	handle(e, s, "ReplaceRoute", e.ReplaceRoute)
	handle(e, s, "DeleteRoute", e.DeleteRoute)
	handle(e, s, "AssociateRouteTable", e.AssociateRouteTable)
	handle(e, s, "DisassociateRouteTable", e.DisassociateRouteTable)
	handle(e, s, "ReplaceRouteTableAssociation", e.ReplaceRouteTableAssociation)
}

func (e *EC2) newRouteTable(v *vpc, identity string) *types.RouteTable {
	id := e.w.ID("rtb-", *v.VpcId, identity)
	return e.routes.Put(id, &types.RouteTable{RouteTableId: new(id), VpcId: v.VpcId, OwnerId: new(e.Account),
		Associations: []types.RouteTableAssociation{}, PropagatingVgws: []types.PropagatingVgw{}, Routes: localRoutes(v)})
}

// localRoutes are those to a VPC's own blocks, which every table of it has.
func localRoutes(v *vpc) []types.Route {
	var out []types.Route
	local := types.Route{GatewayId: new("local"), State: types.RouteStateActive, Origin: types.RouteOriginCreateRouteTable}
	for _, a := range v.CidrBlockAssociationSet {
		r := local
		r.DestinationCidrBlock = a.CidrBlock
		out = append(out, r)
	}
	for _, a := range v.Ipv6CidrBlockAssociationSet {
		r := local
		r.DestinationIpv6CidrBlock = a.Ipv6CidrBlock
		out = append(out, r)
	}
	return out
}

// relocate gives the tables of a VPC whose blocks changed their local routes.
func (e *EC2) relocate(v *vpc) {
	for _, r := range e.routes.Select(func(r *types.RouteTable) bool { return *r.VpcId == *v.VpcId }) {
		others := slices.DeleteFunc(r.Routes, func(x types.Route) bool { return x.Origin == types.RouteOriginCreateRouteTable })
		r.Routes = append(localRoutes(v), others...)
	}
}

// table is a route table, or EC2's error.
func (e *EC2) table(id *string) (*types.RouteTable, error) {
	if r := e.routes.Get(aws.ToString(id)); r != nil {
		return r, nil
	}
	return nil, e.routes.Missing(aws.ToString(id))
}

// CreateRouteTable makes a table with the local routes.
func (e *EC2) CreateRouteTable(by *wire.Caller, in *ec2.CreateRouteTableInput) (*ec2.CreateRouteTableOutput, error) {
	v := e.vpcs.Get(aws.ToString(in.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	if had := e.routes.Get(by.Before()); had != nil {
		return &ec2.CreateRouteTableOutput{RouteTable: new(e.viewRouteTable(had)), ClientToken: in.ClientToken}, nil
	}
	rt := e.newRouteTable(v, identity(in.TagSpecifications))
	e.tagSpec(*rt.RouteTableId, in.TagSpecifications)
	by.Note(*rt.RouteTableId)
	return &ec2.CreateRouteTableOutput{RouteTable: new(e.viewRouteTable(rt)), ClientToken: in.ClientToken}, nil
}

// DescribeRouteTables lists route tables.
func (e *EC2) DescribeRouteTables(_ *wire.Caller, in *ec2.DescribeRouteTablesInput) (*ec2.DescribeRouteTablesOutput, error) {
	l, err := res.List(e.routes, in.RouteTableIds, filters(in.Filters), e.viewRouteTable)
	return &ec2.DescribeRouteTablesOutput{RouteTables: l}, err
}

// DeleteRouteTable refuses a table with subnets, and a VPC's main one.
func (e *EC2) DeleteRouteTable(_ *wire.Caller, in *ec2.DeleteRouteTableInput) (*ec2.DeleteRouteTableOutput, error) {
	r, err := e.table(in.RouteTableId)
	if err != nil {
		return nil, err
	}
	if len(r.Associations) > 0 {
		return nil, wire.Errorf("DependencyViolation", "The routeTable '%s' has dependencies and cannot be deleted.", *r.RouteTableId)
	}
	drop(e, e.routes, *r.RouteTableId)
	return &ec2.DeleteRouteTableOutput{}, nil
}

// CreateRoute adds a route; the target must exist and, for an internet gateway,
// be attached to the VPC.
func (e *EC2) CreateRoute(_ *wire.Caller, in *ec2.CreateRouteInput) (*ec2.CreateRouteOutput, error) {
	r, err := e.table(in.RouteTableId)
	if err != nil {
		return nil, err
	}
	x := types.Route{DestinationCidrBlock: in.DestinationCidrBlock, DestinationIpv6CidrBlock: in.DestinationIpv6CidrBlock,
		DestinationPrefixListId: in.DestinationPrefixListId, GatewayId: in.GatewayId, NatGatewayId: in.NatGatewayId, NetworkInterfaceId: in.NetworkInterfaceId,
		EgressOnlyInternetGatewayId: in.EgressOnlyInternetGatewayId, TransitGatewayId: in.TransitGatewayId, InstanceId: in.InstanceId,
		VpcPeeringConnectionId: in.VpcPeeringConnectionId, State: types.RouteStateActive, Origin: types.RouteOriginCreateRoute}
	if err := e.checkRoute(r, &x); err != nil {
		return nil, err
	}
	if i := routeTo(r, x); i >= 0 {
		return nil, wire.Errorf("RouteAlreadyExists", "The route identified by %s already exists.", destination(x))
	}
	r.Routes = append(r.Routes, x)
	return &ec2.CreateRouteOutput{Return: new(true)}, nil
}

// checkRoute refuses a target that cannot be routed to.
func (e *EC2) checkRoute(r *types.RouteTable, x *types.Route) error {
	if destination(*x) == "" {
		return wire.Errorf("MissingParameter",
			"The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId")
	}
	if id := aws.ToString(x.GatewayId); strings.HasPrefix(id, "igw-") {
		g := e.igws.Get(id)
		if g == nil {
			return e.igws.Missing(id)
		}
		if len(g.Attachments) == 0 || *g.Attachments[0].VpcId != *r.VpcId {
			return wire.Errorf("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", *r.RouteTableId, id)
		}
	}
	if id := aws.ToString(x.NatGatewayId); id != "" && e.nats.Get(id) == nil {
		return wire.Errorf("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist", id)
	}
	if id := aws.ToString(x.EgressOnlyInternetGatewayId); id != "" && e.eigws.Get(id) == nil {
		return e.eigws.Missing(id)
	}
	if id := aws.ToString(x.InstanceId); id != "" {
		n := e.primary(id)
		if n == nil {
			return e.instances.Missing(id)
		}
		x.NetworkInterfaceId, x.InstanceOwnerId = n.NetworkInterfaceId, new(e.Account)
	}
	if id := aws.ToString(x.NetworkInterfaceId); id != "" && e.enis.Get(id) == nil {
		return e.enis.Missing(id)
	}
	return nil
}

// destination is where a route leads.
func destination(r types.Route) string {
	return aws.ToString(r.DestinationCidrBlock) + aws.ToString(r.DestinationIpv6CidrBlock) + aws.ToString(r.DestinationPrefixListId)
}

// routeTo is the place of the table's route to the same destination, or -1.
func routeTo(r *types.RouteTable, x types.Route) int {
	return slices.IndexFunc(r.Routes, func(y types.Route) bool { return destination(y) == destination(x) })
}

// ReplaceRoute changes the target of a route.
func (e *EC2) ReplaceRoute(_ *wire.Caller, in *ec2.ReplaceRouteInput) (*ec2.ReplaceRouteOutput, error) {
	r, err := e.table(in.RouteTableId)
	if err != nil {
		return nil, err
	}
	x := types.Route{DestinationCidrBlock: in.DestinationCidrBlock, DestinationIpv6CidrBlock: in.DestinationIpv6CidrBlock,
		DestinationPrefixListId: in.DestinationPrefixListId, GatewayId: in.GatewayId, NatGatewayId: in.NatGatewayId, NetworkInterfaceId: in.NetworkInterfaceId,
		EgressOnlyInternetGatewayId: in.EgressOnlyInternetGatewayId, TransitGatewayId: in.TransitGatewayId, InstanceId: in.InstanceId,
		VpcPeeringConnectionId: in.VpcPeeringConnectionId, State: types.RouteStateActive, Origin: types.RouteOriginCreateRoute}
	if aws.ToBool(in.LocalTarget) {
		x.GatewayId = new("local")
	}
	if err := e.checkRoute(r, &x); err != nil {
		return nil, err
	}
	i := routeTo(r, x)
	if i < 0 {
		return nil, wire.Errorf("InvalidParameterValue", "There is no route defined for '%s' in the route table. Use CreateRoute instead.", destination(x))
	}
	x.Origin = r.Routes[i].Origin
	r.Routes[i] = x
	return &ec2.ReplaceRouteOutput{}, nil
}

// DeleteRoute removes a route.
func (e *EC2) DeleteRoute(_ *wire.Caller, in *ec2.DeleteRouteInput) (*ec2.DeleteRouteOutput, error) {
	r, err := e.table(in.RouteTableId)
	if err != nil {
		return nil, err
	}
	x := types.Route{DestinationCidrBlock: in.DestinationCidrBlock, DestinationIpv6CidrBlock: in.DestinationIpv6CidrBlock,
		DestinationPrefixListId: in.DestinationPrefixListId}
	i := routeTo(r, x)
	if i < 0 {
		return nil, wire.Errorf("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", destination(x), *r.RouteTableId)
	}
	if r.Routes[i].Origin == types.RouteOriginCreateRouteTable {
		return nil, wire.Errorf("InvalidParameterValue", "cannot remove local route %s in route table %s", destination(x), *r.RouteTableId)
	}
	r.Routes = slices.Delete(r.Routes, i, i+1)
	return &ec2.DeleteRouteOutput{}, nil
}

// AssociateRouteTable ties a subnet or a gateway to a table; it has no other.
func (e *EC2) AssociateRouteTable(_ *wire.Caller, in *ec2.AssociateRouteTableInput) (*ec2.AssociateRouteTableOutput, error) {
	r, err := e.table(in.RouteTableId)
	if err != nil {
		return nil, err
	}
	switch {
	case in.GatewayId != nil:
		if e.igws.Get(*in.GatewayId) == nil {
			return nil, wire.Errorf("InvalidGatewayID.NotFound", "The gateway ID '%s' does not exist", *in.GatewayId)
		}
	case e.subnets.Get(aws.ToString(in.SubnetId)) == nil:
		return nil, notFound("InvalidSubnetID.NotFound", "subnet ID", aws.ToString(in.SubnetId))
	case *e.subnets.Get(*in.SubnetId).VpcId != *r.VpcId:
		return nil, wire.Errorf("InvalidParameterValue", "Route table %s and subnet %s belong to different networks", *r.RouteTableId, *in.SubnetId)
	}
	a := types.RouteTableAssociation{RouteTableId: r.RouteTableId, SubnetId: in.SubnetId, GatewayId: in.GatewayId, Main: new(false),
		AssociationState: associated()}
	for _, t := range e.routes.All() {
		i := slices.IndexFunc(t.Associations, func(x types.RouteTableAssociation) bool {
			return !aws.ToBool(x.Main) && aws.ToString(x.SubnetId) == aws.ToString(a.SubnetId) && aws.ToString(x.GatewayId) == aws.ToString(a.GatewayId)
		})
		switch {
		case i >= 0 && t == r:
			return &ec2.AssociateRouteTableOutput{AssociationId: t.Associations[i].RouteTableAssociationId, AssociationState: associated()}, nil
		case i >= 0:
			return nil, wire.Errorf("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association",
				*r.RouteTableId)
		}
	}
	a.RouteTableAssociationId = new(e.w.ID("rtbassoc-", *r.RouteTableId, aws.ToString(in.SubnetId)+aws.ToString(in.GatewayId)))
	r.Associations = append(r.Associations, a)
	return &ec2.AssociateRouteTableOutput{AssociationId: a.RouteTableAssociationId, AssociationState: associated()}, nil
}

// association is a route table's association, with its table and its place there.
func (e *EC2) association(id *string) (*types.RouteTable, int, error) {
	for _, r := range e.routes.All() {
		for i, a := range r.Associations {
			if *a.RouteTableAssociationId == aws.ToString(id) {
				return r, i, nil
			}
		}
	}
	return nil, 0, notFound("InvalidAssociationID.NotFound", "association ID", aws.ToString(id))
}

// DisassociateRouteTable unties a subnet.
func (e *EC2) DisassociateRouteTable(_ *wire.Caller, in *ec2.DisassociateRouteTableInput) (*ec2.DisassociateRouteTableOutput, error) {
	r, i, err := e.association(in.AssociationId)
	if err != nil {
		return nil, err
	}
	if aws.ToBool(r.Associations[i].Main) {
		return nil, wire.Errorf("InvalidParameterValue", "cannot disassociate the main route table association %s", *in.AssociationId)
	}
	r.Associations = slices.Delete(r.Associations, i, i+1)
	return &ec2.DisassociateRouteTableOutput{}, nil
}

// ReplaceRouteTableAssociation gives a subnet another table, or a VPC another main one.
func (e *EC2) ReplaceRouteTableAssociation(_ *wire.Caller,
	in *ec2.ReplaceRouteTableAssociationInput) (*ec2.ReplaceRouteTableAssociationOutput, error) {
	old, i, err := e.association(in.AssociationId)
	if err != nil {
		return nil, err
	}
	r, err := e.table(in.RouteTableId)
	if err != nil {
		return nil, err
	}
	if *r.VpcId != *old.VpcId {
		return nil, wire.Errorf("InvalidParameterValue", "Route table %s and %s belong to different networks", *r.RouteTableId, *old.RouteTableId)
	}
	a := old.Associations[i]
	old.Associations = slices.Delete(old.Associations, i, i+1)
	a.RouteTableId = r.RouteTableId
	a.RouteTableAssociationId = new(e.w.ID("rtbassoc-", *r.RouteTableId, aws.ToString(a.SubnetId)+aws.ToString(a.GatewayId)))
	r.Associations = append(r.Associations, a)
	if aws.ToBool(a.Main) {
		e.vpcs.Get(*r.VpcId).MainRouteTable = *r.RouteTableId
	}
	return &ec2.ReplaceRouteTableAssociationOutput{NewAssociationId: a.RouteTableAssociationId, AssociationState: associated()}, nil
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

// viewRouteTable is a table as EC2 shows it: a gateway endpoint's routes are in it, and
// those whose target is gone are black holes.
func (e *EC2) viewRouteTable(r *types.RouteTable) types.RouteTable {
	v := *r
	v.Routes, v.Associations = slices.Clone(r.Routes), append([]types.RouteTableAssociation{}, r.Associations...)
	for i := range v.Routes {
		if e.blackhole(*r.VpcId, v.Routes[i]) {
			v.Routes[i].State = types.RouteStateBlackhole
		}
	}
	for _, p := range e.endpoints.Select(func(p *types.VpcEndpoint) bool { return slices.Contains(p.RouteTableIds, *r.RouteTableId) }) {
		if l := e.prefixList(*p.ServiceName); l != nil {
			v.Routes = append(v.Routes, types.Route{DestinationPrefixListId: l.PrefixListId, GatewayId: p.VpcEndpointId, State: types.RouteStateActive,
				Origin: types.RouteOriginCreateRoute})
		}
	}
	v.Tags = e.tagsOf(*r.RouteTableId)
	return v
}

func (e *EC2) blackhole(vpcID string, r types.Route) bool {
	if id := aws.ToString(r.GatewayId); strings.HasPrefix(id, "igw-") {
		g := e.igws.Get(id)
		return g == nil || len(g.Attachments) == 0 || *g.Attachments[0].VpcId != vpcID
	}
	if id := aws.ToString(r.NatGatewayId); id != "" {
		n := e.nats.Get(id)
		return n == nil || n.State != types.NatGatewayStateAvailable && n.State != types.NatGatewayStatePending
	}
	if id := aws.ToString(r.NetworkInterfaceId); id != "" {
		n := e.enis.Get(id)
		return n == nil || n.Attachment == nil
	}
	return false
}
