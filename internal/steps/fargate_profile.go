package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/stack"
)

// FargateProfile creates a profile and polls it to ACTIVE.
type FargateProfile struct {
	Env     *Env
	Profile config.FargateProfile
}

// Run looks, creates, polls.
func (s *FargateProfile) Run(ctx context.Context) (engine.Result, error) {
	name := s.Profile.Name
	d, err := s.Env.AWS.EKS.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: new(s.Env.Name()), FargateProfileName: &name})
	if err == nil {
		switch p := d.FargateProfile; p.Status {
		case types.FargateProfileStatusActive:
			return engine.Finished("ACTIVE")
		case types.FargateProfileStatusCreateFailed:
			return engine.Result{}, fmt.Errorf("the Fargate profile %s is CREATE_FAILED", name)
		default:
			return engine.Waiting(string(p.Status))
		}
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	role := s.Profile.PodExecutionRoleARN
	if role == "" {
		role = s.Env.Config().IAM.FargatePodExecutionRoleARN
	}
	if role == "" {
		st, err := describeStack(ctx, s.Env.AWS, stack.ClusterName(s.Env.Name()))
		if err != nil {
			return engine.Result{}, err
		}
		role = cluster.Output(st, "FargatePodExecutionRoleARN")
	}
	if role == "" { // the cluster was made without profiles: the role has a stack of its own
		st, err := describeStack(ctx, s.Env.AWS, stack.FargateName(s.Env.Name()))
		if err != nil {
			return engine.Result{}, err
		}
		role = cluster.Output(st, "FargatePodExecutionRoleARN")
	}
	subnets := s.Profile.Subnets
	if len(subnets) == 0 {
		if subnets, err = s.Env.subnets(ctx, true, nil, nil); err != nil {
			return engine.Result{}, err
		}
	}
	in := &eks.CreateFargateProfileInput{ClusterName: new(s.Env.Name()), FargateProfileName: &name, PodExecutionRoleArn: new(role), Subnets: subnets, Tags: s.Profile.Tags, ClientRequestToken: s.Env.token(s.Env.Name(), "fargate", name, role)}
	for _, sel := range s.Profile.Selectors {
		in.Selectors = append(in.Selectors, types.FargateProfileSelector{Namespace: new(sel.Namespace), Labels: sel.Labels})
	}
	if _, err := s.Env.AWS.EKS.CreateFargateProfile(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("creating Fargate profile %s: %w", name, err)
	}
	return engine.Started("CREATING")
}
