package read

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/observe"
)

func (o *observer) logs(ctx context.Context) error {
	prefix := "/aws/eks/" + o.Name + "/"
	list, err := awsc.Collect(ctx, cloudwatchlogs.NewDescribeLogGroupsPaginator(o.c.Logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &prefix}),
		func(p *cloudwatchlogs.DescribeLogGroupsOutput) []types.LogGroup { return p.LogGroups })
	if err != nil {
		return err
	}
	o.LogGroups = byKey[types.LogGroup, observe.LogGroup](list, func(g types.LogGroup) *string { return g.LogGroupName })
	return nil
}
