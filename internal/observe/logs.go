package observe

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
)

// LogGroup is a CloudWatch log group of the cluster.
type LogGroup struct {
	Name            string `json:"logGroupName"`
	ARN             string `json:"arn,omitempty"`
	RetentionInDays int    `json:"retentionInDays,omitempty"` // 0: for good
	KMSKeyID        string `json:"kmsKeyId,omitempty"`
	Class           string `json:"logGroupClass,omitempty"`
}

// ControlPlaneLogs is the name of the log group that a control plane writes to.
func ControlPlaneLogs(cluster string) string { return "/aws/eks/" + cluster + "/cluster" }

func (o *observer) logs(ctx context.Context) error {
	prefix := "/aws/eks/" + o.Name + "/"
	list, err := awsc.Collect(ctx, cloudwatchlogs.NewDescribeLogGroupsPaginator(o.c.Logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &prefix}),
		func(p *cloudwatchlogs.DescribeLogGroupsOutput) []types.LogGroup { return p.LogGroups })
	if err != nil {
		return err
	}
	o.LogGroups = byKey[types.LogGroup, LogGroup](list, func(g types.LogGroup) *string { return g.LogGroupName })
	return nil
}
