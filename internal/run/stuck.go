package run

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/observe"
)

// halted completes what was read of stacks whose rollback failed by their resources, which a
// look at many stacks leaves out: what could not be put back must be named where the rollback
// goes on. A stack that cannot be asked stays as it is: what is said of it names nothing then.
func halted(ctx context.Context, c *awsc.Clients, live *observe.Observed) {
	for _, s := range live.Stacks {
		if !s.RollbackFailed() || len(s.Resources) > 0 {
			continue
		}
		all, err := awsc.Collect(ctx, cloudformation.NewListStackResourcesPaginator(c.CFN, &cloudformation.ListStackResourcesInput{StackName: &s.Name}),
			func(p *cloudformation.ListStackResourcesOutput) []types.StackResourceSummary {
				return p.StackResourceSummaries
			})
		if err != nil {
			continue
		}
		for _, r := range all {
			x := observe.StackResource{Type: *r.ResourceType, LogicalID: *r.LogicalResourceId, Status: string(r.ResourceStatus)}
			if r.PhysicalResourceId != nil {
				x.PhysicalID = *r.PhysicalResourceId
			}
			if r.ResourceStatusReason != nil {
				x.Reason = *r.ResourceStatusReason
			}
			s.Resources = append(s.Resources, x)
		}
	}
}
