package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/stack"
)

// FargateProfile creates a profile and polls it to ACTIVE.
type FargateProfile struct {
	Profile config.FargateProfile `json:"profile"`
	Role    string                `json:"role,omitempty"` // "": the one that the cluster's stacks made
}

// Run looks, creates, polls.
func (s *FargateProfile) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	name := s.Profile.Name
	d, err := e.AWS.EKS.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: new(e.Name), FargateProfileName: &name})
	if err == nil {
		switch p := d.FargateProfile; p.Status {
		case types.FargateProfileStatusActive:
			return engine.Finished("ACTIVE")
		case types.FargateProfileStatusCreateFailed, types.FargateProfileStatusDeleteFailed:
			return engine.Result{}, fmt.Errorf("the Fargate profile %s is %s: delete it (aws eks delete-fargate-profile), then run again", name, p.Status)
		default:
			return engine.Waiting(string(p.Status))
		}
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	role, err := s.role(ctx, e)
	if err != nil {
		return engine.Result{}, err
	}
	subnets := s.Profile.Subnets
	if len(subnets) == 0 {
		if subnets, err = e.subnets(ctx, true, nil, nil); err != nil {
			return engine.Result{}, err
		}
	}
	in := &eks.CreateFargateProfileInput{
		ClusterName:         new(e.Name),
		FargateProfileName:  &name,
		PodExecutionRoleArn: new(role),
		Subnets:             subnets,
		Tags:                s.Profile.Tags,
		ClientRequestToken:  e.token(e.Name, "fargate", name, role),
	}
	for _, sel := range s.Profile.Selectors {
		in.Selectors = append(in.Selectors, types.FargateProfileSelector{Namespace: new(sel.Namespace), Labels: sel.Labels})
	}
	if _, err := e.AWS.EKS.CreateFargateProfile(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("creating Fargate profile %s: %w", name, err)
	}
	return engine.Started("CREATING")
}

// role is the pods' execution role: the one named, or the one that the cluster's
// stack made, or, of a cluster made without profiles, the one of its own stack.
func (s *FargateProfile) role(ctx context.Context, e *Env) (string, error) {
	if s.Role != "" {
		return s.Role, nil
	}
	for _, name := range []string{stack.ClusterName(e.Name), stack.FargateName(e.Name)} {
		st, err := describeStack(ctx, e.AWS, name)
		if err != nil {
			return "", err
		}
		if arn := output(st, "FargatePodExecutionRoleARN"); arn != "" {
			return arn, nil
		}
	}
	return "", fmt.Errorf("no stack of the cluster holds a role for pods on Fargate; name one in podExecutionRoleARN")
}
