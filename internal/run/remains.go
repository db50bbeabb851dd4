package run

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/stack"
)

// remains are the security groups that EKS made for a control plane and left: somebody
// deleted it by hand, while rules of the cluster's stack referred to them. The VPC cannot
// go before they do.
func remains(ctx context.Context, c *awsc.Clients, live *observe.Observed) ([]string, error) {
	if live.Cluster != nil || live.Stacks[stack.ClusterName(live.Name)] == nil {
		return nil, nil
	}
	pages := ec2.NewDescribeSecurityGroupsPaginator(c.EC2, &ec2.DescribeSecurityGroupsInput{
		Filters: []types.Filter{{Name: new("tag:aws:eks:cluster-name"), Values: []string{live.Name}}}})
	return awsc.Collect(ctx, pages, func(p *ec2.DescribeSecurityGroupsOutput) (ids []string) {
		for _, g := range p.SecurityGroups {
			ids = append(ids, aws.ToString(g.GroupId))
		}
		return ids
	})
}
