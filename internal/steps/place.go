package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// Place is a subnet by its block in its VPC, which has a block once: one that is made
// again has another ID, which no plan knows.
type Place struct {
	VPC  string `json:"vpc"`
	CIDR string `json:"cidr"`
}

// find is the subnet at a place; nil: there is none.
func (p Place) find(ctx context.Context, e *Env) (*ec2types.Subnet, error) {
	all, err := e.AWS.Subnets(ctx, p.VPC)
	if err != nil {
		return nil, fmt.Errorf("listing the subnets of %s: %w", p.VPC, err)
	}
	for i := range all {
		if aws.ToString(all[i].CidrBlock) == p.CIDR {
			return &all[i], nil
		}
	}
	return nil, nil
}

// must is the subnet at a place, which stood or which a step before has made.
func (p Place) must(ctx context.Context, e *Env) (*ec2types.Subnet, error) {
	s, err := p.find(ctx, e)
	if err == nil && s == nil {
		err = fmt.Errorf("the VPC %s has no subnet %s any more: run again, which looks anew", p.VPC, p.CIDR)
	}
	return s, err
}

// id is the ID of the subnet at a place.
func (p Place) id(ctx context.Context, e *Env) (string, error) {
	s, err := p.must(ctx, e)
	if err != nil {
		return "", err
	}
	return aws.ToString(s.SubnetId), nil
}

// filter is one of EC2's, as its requests have it.
func filter(name string, values ...string) []ec2types.Filter {
	return []ec2types.Filter{{Name: &name, Values: values}}
}

// tables are the route tables that serve a subnet of their own right: none or one.
func tables(ctx context.Context, e *Env, subnet string) ([]ec2types.RouteTable, error) {
	d, err := e.AWS.EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filter("association.subnet-id", subnet)})
	if err != nil {
		return nil, fmt.Errorf("reading which route table serves %s: %w", subnet, err)
	}
	return d.RouteTables, nil
}
