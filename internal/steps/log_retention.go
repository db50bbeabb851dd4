package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
)

// LogRetention sets how long the control plane's logs are kept.
type LogRetention struct {
	Env  *Env
	Days int
}

// Run waits for EKS to have made the log group.
func (s *LogRetention) Run(ctx context.Context) (engine.Result, error) {
	_, err := s.Env.AWS.Logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: new("/aws/eks/" + s.Env.Name() + "/cluster"), RetentionInDays: new(int32(s.Days))})
	if awsc.NotFound(err) {
		return engine.Waiting("EKS has not made the log group yet")
	}
	return engine.Result{State: engine.Done, Reason: fmt.Sprintf("%d days", s.Days), Changed: true}, err
}
