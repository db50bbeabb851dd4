package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

func inVPC(id string) []types.Filter {
	return []types.Filter{{Name: new("vpc-id"), Values: []string{id}}}
}

// Subnets are the subnets of a VPC.
func (c *Clients) Subnets(ctx context.Context, vpc string) ([]types.Subnet, error) {
	return Collect(ctx, ec2.NewDescribeSubnetsPaginator(c.EC2, &ec2.DescribeSubnetsInput{Filters: inVPC(vpc)}),
		func(o *ec2.DescribeSubnetsOutput) []types.Subnet { return o.Subnets })
}

// RouteTables are the route tables of a VPC.
func (c *Clients) RouteTables(ctx context.Context, vpc string) ([]types.RouteTable, error) {
	return Collect(ctx, ec2.NewDescribeRouteTablesPaginator(c.EC2, &ec2.DescribeRouteTablesInput{Filters: inVPC(vpc)}),
		func(o *ec2.DescribeRouteTablesOutput) []types.RouteTable { return o.RouteTables })
}

// RouteTableOf is the route table that a subnet uses: its own, or the VPC's main one; nil
// where neither is among the tables.
func RouteTableOf(tables []types.RouteTable, subnet string) *types.RouteTable {
	var main *types.RouteTable
	for i := range tables {
		for _, a := range tables[i].Associations {
			if aws.ToString(a.SubnetId) == subnet {
				return &tables[i]
			}
			if aws.ToBool(a.Main) {
				main = &tables[i]
			}
		}
	}
	return main
}
