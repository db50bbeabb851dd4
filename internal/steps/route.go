package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/engine"
)

// Route has a route table lead a block somewhere, or no longer.
type Route struct {
	Table       string `json:"table"`
	Destination string `json:"destination"` // a block, or a prefix list
	// To is where it leads: igw-…, nat-…, eigw-…, tgw-…, pcx-…, eni-…, i-….
	To string `json:"to,omitempty"`
	// ToNAT leads to the NAT gateway of a subnet, which a step before has made.
	ToNAT  *Place `json:"toNat,omitempty"`
	Remove bool   `json:"remove,omitempty"`
}

// Run looks, then makes, replaces or deletes the route.
func (s *Route) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	to := s.To
	if s.ToNAT != nil {
		nat, err := natAt(ctx, e, *s.ToNAT)
		if err != nil {
			return engine.Result{}, err
		}
		if nat == nil {
			return engine.Result{}, fmt.Errorf("the subnet %s has no NAT gateway any more: run again, which looks anew", s.ToNAT.CIDR)
		}
		to = aws.ToString(nat.NatGatewayId)
	}
	d, err := e.AWS.EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{s.Table}})
	if err != nil {
		return engine.Result{}, fmt.Errorf("reading the route table %s: %w", s.Table, err)
	}
	if len(d.RouteTables) == 0 {
		return engine.Result{}, fmt.Errorf("the route table %s is gone: run again, which looks anew", s.Table)
	}
	have := s.among(d.RouteTables[0].Routes)
	switch {
	case s.Remove && have == nil, have != nil && !s.Remove && leads(have) == to && have.State != ec2types.RouteStateBlackhole:
		return engine.Finished("as wanted")
	case s.Remove:
		in := &ec2.DeleteRouteInput{RouteTableId: &s.Table}
		s.destination(&in.DestinationCidrBlock, &in.DestinationIpv6CidrBlock, &in.DestinationPrefixListId)
		_, err = e.AWS.EC2.DeleteRoute(ctx, in)
	case have == nil:
		in := &ec2.CreateRouteInput{RouteTableId: &s.Table}
		s.destination(&in.DestinationCidrBlock, &in.DestinationIpv6CidrBlock, &in.DestinationPrefixListId)
		*target(to, &in.GatewayId, &in.NatGatewayId, &in.EgressOnlyInternetGatewayId, &in.TransitGatewayId, &in.VpcPeeringConnectionId,
			&in.NetworkInterfaceId, &in.InstanceId) = &to
		_, err = e.AWS.EC2.CreateRoute(ctx, in)
	default:
		in := &ec2.ReplaceRouteInput{RouteTableId: &s.Table}
		s.destination(&in.DestinationCidrBlock, &in.DestinationIpv6CidrBlock, &in.DestinationPrefixListId)
		*target(to, &in.GatewayId, &in.NatGatewayId, &in.EgressOnlyInternetGatewayId, &in.TransitGatewayId, &in.VpcPeeringConnectionId,
			&in.NetworkInterfaceId, &in.InstanceId) = &to
		_, err = e.AWS.EC2.ReplaceRoute(ctx, in)
	}
	if err != nil {
		return engine.Result{}, fmt.Errorf("the route of %s for %s: %w", s.Table, s.Destination, err)
	}
	return engine.Result{State: engine.Done, Reason: "set", Changed: true}, nil
}

// among is the table's route for the destination; nil: it has none.
func (s *Route) among(routes []ec2types.Route) *ec2types.Route {
	for i, r := range routes {
		for _, d := range []*string{r.DestinationCidrBlock, r.DestinationIpv6CidrBlock, r.DestinationPrefixListId} {
			if aws.ToString(d) == s.Destination {
				return &routes[i]
			}
		}
	}
	return nil
}

// destination puts the destination into the member of a request that takes its kind.
func (s *Route) destination(v4, v6, list **string) {
	switch {
	case strings.HasPrefix(s.Destination, "pl-"):
		*list = &s.Destination
	case strings.Contains(s.Destination, ":"):
		*v6 = &s.Destination
	default:
		*v4 = &s.Destination
	}
}

// target is the member of a request that takes a target of its kind.
func target(to string, gateway, nat, egress, transit, peering, eni, instance **string) **string {
	for prefix, member := range map[string]**string{"nat-": nat, "eigw-": egress, "tgw-": transit, "pcx-": peering, "eni-": eni, "i-": instance} {
		if strings.HasPrefix(to, prefix) {
			return member
		}
	}
	return gateway
}

// leads is what a route leads to.
func leads(r *ec2types.Route) string {
	for _, id := range []*string{r.NatGatewayId, r.EgressOnlyInternetGatewayId, r.TransitGatewayId, r.VpcPeeringConnectionId, r.InstanceId, r.NetworkInterfaceId,
		r.GatewayId} {
		if aws.ToString(id) != "" {
			return *id
		}
	}
	return ""
}
