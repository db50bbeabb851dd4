package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/engine"
)

// NATGateway makes a NAT gateway in a subnet, with the elastic IP that one had that is
// gone, and waits until it works.
type NATGateway struct {
	Was     string            `json:"was,omitempty"` // the ID of the one whose place it takes
	Place   Place             `json:"place"`
	Address string            `json:"allocationId"`
	Tags    map[string]string `json:"tags,omitempty"`
}

// Run looks, makes it, and polls.
func (s *NATGateway) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	subnet, err := s.Place.id(ctx, e)
	if err != nil {
		return engine.Result{}, err
	}
	have, err := natAt(ctx, e, s.Place)
	if err != nil {
		return engine.Result{}, err
	}
	switch {
	case have == nil:
	case have.State == ec2types.NatGatewayStateAvailable:
		return engine.Finished(aws.ToString(have.NatGatewayId) + " is available")
	default:
		return engine.Waiting("EC2 is making the NAT gateway " + aws.ToString(have.NatGatewayId))
	}
	if m.Stack != "" { // the one that was made is gone again, or failed
		return engine.Result{}, s.failure(ctx, e, m.Stack)
	}
	in := &ec2.CreateNatGatewayInput{SubnetId: &subnet, AllocationId: &s.Address, ClientToken: e.token("nat-gateway", subnet, s.Address)}
	if len(s.Tags) > 0 {
		in.TagSpecifications = []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeNatgateway, Tags: ec2Tags(s.Tags)}}
	}
	out, err := e.AWS.EC2.CreateNatGateway(ctx, in)
	if err != nil {
		return engine.Result{}, fmt.Errorf("making a NAT gateway in %s: %w", subnet, err)
	}
	m.Stack = aws.ToString(out.NatGateway.NatGatewayId)
	m.Attempt++
	return engine.Started("EC2 is making the NAT gateway " + m.Stack)
}

// failure is why a gateway did not come up.
func (s *NATGateway) failure(ctx context.Context, e *Env, id string) error {
	d, err := e.AWS.EC2.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{id}})
	if err != nil {
		return err
	}
	for _, n := range d.NatGateways {
		return fmt.Errorf("the NAT gateway %s is %s: %s: %s", id, n.State, aws.ToString(n.FailureCode), aws.ToString(n.FailureMessage))
	}
	return fmt.Errorf("the NAT gateway %s is gone", id)
}

// natAt is the NAT gateway of a subnet that works, or is coming up; nil: it has none.
func natAt(ctx context.Context, e *Env, p Place) (*ec2types.NatGateway, error) {
	subnet, err := p.id(ctx, e)
	if err != nil {
		return nil, err
	}
	all, err := awsc.Collect(ctx, ec2.NewDescribeNatGatewaysPaginator(e.AWS.EC2, &ec2.DescribeNatGatewaysInput{Filter: filter("subnet-id", subnet)}),
		func(o *ec2.DescribeNatGatewaysOutput) []ec2types.NatGateway { return o.NatGateways })
	if err != nil {
		return nil, fmt.Errorf("listing the NAT gateways of %s: %w", subnet, err)
	}
	for i, n := range all {
		if n.State == ec2types.NatGatewayStateAvailable || n.State == ec2types.NatGatewayStatePending {
			return &all[i], nil
		}
	}
	return nil, nil
}
