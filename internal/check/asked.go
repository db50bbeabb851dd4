package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/finding"
)

// asked keeps what several checks ask for, so that AWS is asked once.
type asked struct {
	subnets   *answer[map[string]ec2types.Subnet]
	routes    *answer[[]ec2types.RouteTable]
	endpoints *answer[[]ec2types.VpcEndpoint]
	said      []string // what could not be read
}

type answer[T any] struct {
	value T
	err   error
}

func once[T any](slot **answer[T], ask func() (T, error)) (T, error) {
	if *slot == nil {
		v, err := ask()
		*slot = &answer[T]{v, err}
	}
	return (*slot).value, (*slot).err
}

// unread is a finding that something could not be read, which stops a launch: what
// was not looked at may be wrong.
func unread(what string, err error) finding.Findings {
	return finding.Findings{failed("cannot-read", what+" cannot be read: "+firstLine(awsc.Message(err)), "let the caller read it, and repeat", err)}
}

// unseen is unread of what the subnets' checks ask, said once. Of a cluster that stands in
// the VPC which its stack made, whoever may not look is told so and goes on: the group's
// step looks again, and the stack put the subnets up as nodes need them.
func (in *Input) unseen(what string, err error) finding.Findings {
	if slices.Contains(in.asked.said, what) {
		return nil
	}
	in.asked.said = append(in.asked.said, what)
	if in.dedicated && awsc.Denied(err) {
		return finding.Findings{unchecked("whether nodes can live in the subnets: "+what+" cannot be read: "+firstLine(awsc.Message(err)),
			"let the caller read it")}
	}
	return unread(what, err)
}

// unchecked is a warning that something could not be looked at, and what would make it
// certain.
func unchecked(what, remedy string) finding.Finding {
	f := failed("not-checked", "not checked: "+what, remedy, nil)
	f.Severity = finding.Warning
	return f
}

// subnetsByID are the subnets of the VPC that exists.
func (in *Input) subnetsByID(ctx context.Context) (map[string]ec2types.Subnet, error) {
	return once(&in.asked.subnets, func() (map[string]ec2types.Subnet, error) {
		all, err := in.AWS.Subnets(ctx, in.Net.VPC)
		out := map[string]ec2types.Subnet{}
		for _, s := range all {
			out[aws.ToString(s.SubnetId)] = s
		}
		return out, err
	})
}

// routeTables are the route tables of the VPC that exists.
func (in *Input) routeTables(ctx context.Context) ([]ec2types.RouteTable, error) {
	return once(&in.asked.routes, func() ([]ec2types.RouteTable, error) { return in.AWS.RouteTables(ctx, in.Net.VPC) })
}

// vpcEndpoints are the VPC endpoints of the VPC that exists.
func (in *Input) vpcEndpoints(ctx context.Context) ([]ec2types.VpcEndpoint, error) {
	return once(&in.asked.endpoints, func() ([]ec2types.VpcEndpoint, error) {
		return awsc.Collect(ctx, ec2.NewDescribeVpcEndpointsPaginator(in.AWS.EC2, &ec2.DescribeVpcEndpointsInput{
			Filters: []ec2types.Filter{{Name: new("vpc-id"), Values: []string{in.Net.VPC}}}}),
			func(o *ec2.DescribeVpcEndpointsOutput) []ec2types.VpcEndpoint { return o.VpcEndpoints })
	})
}

// theSubnets names the subnets of the VPC, for messages.
func (in *Input) theSubnets() string { return fmt.Sprintf("the subnets of %s", in.Net.VPC) }
