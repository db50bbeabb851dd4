package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/engine"
)

// Tag sets tags on an EKS resource; others stay.
type Tag struct {
	Env  *Env
	ARN  string
	Tags map[string]string
}

// Run sets them.
func (s *Tag) Run(ctx context.Context) (engine.Result, error) {
	if _, err := s.Env.AWS.EKS.TagResource(ctx, &eks.TagResourceInput{ResourceArn: &s.ARN, Tags: s.Tags}); err != nil {
		return engine.Result{}, fmt.Errorf("tagging %s: %w", s.ARN, err)
	}
	return engine.Result{State: engine.Done, Reason: "tagged", Changed: true}, nil
}
