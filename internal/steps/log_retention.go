package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/engine"
)

// LogRetention sets how long the control plane's logs are kept.
type LogRetention struct {
	Days int `json:"days"`
}

// Run waits for EKS to have made the log group.
func (s *LogRetention) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	name := eksfacts.LogGroup(e.Name)
	g, err := logGroup(ctx, e, name)
	switch {
	case err != nil:
		return engine.Result{}, err
	case g == nil:
		return engine.Waiting("EKS has not made the log group yet")
	case int(aws.ToInt32(g.RetentionInDays)) == s.Days:
		return engine.Finished("as wanted")
	}
	in := &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &name, RetentionInDays: new(int32(s.Days))}
	if _, err := e.AWS.Logs.PutRetentionPolicy(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("setting the retention of %s: %w", name, err)
	}
	return engine.Result{State: engine.Done, Reason: fmt.Sprintf("%d days", s.Days), Changed: true}, nil
}

// logGroup finds a log group; nil: there is none.
func logGroup(ctx context.Context, e *Env, name string) (*types.LogGroup, error) {
	p := cloudwatchlogs.NewDescribeLogGroupsPaginator(e.AWS.Logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("looking for the log group %s: %w", name, err)
		}
		for i := range out.LogGroups {
			if aws.ToString(out.LogGroups[i].LogGroupName) == name {
				return &out.LogGroups[i], nil
			}
		}
	}
	return nil, nil
}
