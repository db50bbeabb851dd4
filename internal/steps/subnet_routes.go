package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/engine"
)

// SubnetRoutes has a subnet served by a route table.
type SubnetRoutes struct {
	Place Place  `json:"place"`
	Table string `json:"table"`
}

// Run looks, then associates, or replaces the association that there is.
func (s *SubnetRoutes) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	subnet, err := s.Place.id(ctx, e)
	if err != nil {
		return engine.Result{}, err
	}
	have, err := tables(ctx, e, subnet)
	if err != nil {
		return engine.Result{}, err
	}
	for _, t := range have {
		for _, a := range t.Associations {
			switch {
			case aws.ToString(a.SubnetId) != subnet:
			case aws.ToString(t.RouteTableId) == s.Table:
				return engine.Finished("as wanted")
			default:
				in := &ec2.ReplaceRouteTableAssociationInput{AssociationId: a.RouteTableAssociationId, RouteTableId: &s.Table}
				return s.done(e.AWS.EC2.ReplaceRouteTableAssociation(ctx, in))
			}
		}
	}
	return s.done(e.AWS.EC2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{SubnetId: &subnet, RouteTableId: &s.Table}))
}

// done is what came of a call.
func (s *SubnetRoutes) done(_ any, err error) (engine.Result, error) {
	if err != nil {
		return engine.Result{}, fmt.Errorf("giving the subnet %s the route table %s: %w", s.Place.CIDR, s.Table, err)
	}
	return engine.Result{State: engine.Done, Reason: "associated", Changed: true}, nil
}
