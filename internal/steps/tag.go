package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/engine"
)

// Tag sets tags on an EKS resource; others stay.
type Tag struct {
	ARN  string            `json:"arn"`
	Tags map[string]string `json:"tags"`
}

// Run looks, then sets them.
func (s *Tag) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	have, err := e.AWS.EKS.ListTagsForResource(ctx, &eks.ListTagsForResourceInput{ResourceArn: &s.ARN})
	if err != nil {
		return engine.Result{}, fmt.Errorf("reading the tags of %s: %w", s.ARN, err)
	}
	if Holds(have.Tags, s.Tags) {
		return engine.Finished("as wanted")
	}
	if _, err := e.AWS.EKS.TagResource(ctx, &eks.TagResourceInput{ResourceArn: &s.ARN, Tags: s.Tags}); err != nil {
		return engine.Result{}, fmt.Errorf("tagging %s: %w", s.ARN, err)
	}
	return engine.Result{State: engine.Done, Reason: "tagged", Changed: true}, nil
}
