package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/engine"
)

// Tag sets tags on an EKS resource; others stay.
type Tag struct {
	ARN  string            `json:"arn,omitempty"`
	Tags map[string]string `json:"tags"`
	// Group is the node group to tag, where its ARN is not known when the plan is made.
	Group string `json:"group,omitempty"`
}

// Run looks, then sets them.
func (s *Tag) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	arn, err := s.arn(ctx, e)
	if err != nil {
		return engine.Result{}, err
	}
	have, err := e.AWS.EKS.ListTagsForResource(ctx, &eks.ListTagsForResourceInput{ResourceArn: &arn})
	if err != nil {
		return engine.Result{}, fmt.Errorf("reading the tags of %s: %w", arn, err)
	}
	if Holds(have.Tags, s.Tags) {
		return engine.Finished("as wanted")
	}
	if _, err := e.AWS.EKS.TagResource(ctx, &eks.TagResourceInput{ResourceArn: &arn, Tags: s.Tags}); err != nil {
		return engine.Result{}, fmt.Errorf("tagging %s: %w", arn, err)
	}
	return engine.Result{State: engine.Done, Reason: "tagged", Changed: true}, nil
}

func (s *Tag) arn(ctx context.Context, e *Env) (string, error) {
	if s.Group == "" {
		return s.ARN, nil
	}
	out, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &e.Name, NodegroupName: &s.Group})
	if err != nil {
		return "", fmt.Errorf("describing node group %s: %w", s.Group, err)
	}
	return aws.ToString(out.Nodegroup.NodegroupArn), nil
}
