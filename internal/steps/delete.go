package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/engine"
)

// DeleteFargate deletes a Fargate profile and polls until it is gone.
type DeleteFargate struct {
	Env  *Env
	Name string
}

// Run looks, deletes, polls.
func (s *DeleteFargate) Run(ctx context.Context) (engine.Result, error) {
	d, err := s.Env.AWS.EKS.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: new(s.Env.Name()), FargateProfileName: &s.Name})
	if awsc.NotFound(err) {
		return engine.Finished("gone")
	}
	if err != nil {
		return engine.Result{}, err
	}
	if d.FargateProfile.Status == types.FargateProfileStatusDeleting {
		return engine.Waiting("DELETING")
	}
	if _, err := s.Env.AWS.EKS.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: new(s.Env.Name()), FargateProfileName: &s.Name}); err != nil {
		return engine.Result{}, err
	}
	return engine.Started("DELETING")
}

// DeleteGroup deletes a managed node group that no stack holds.
type DeleteGroup struct {
	Env  *Env
	Name string
}

// Run looks, deletes, polls.
func (s *DeleteGroup) Run(ctx context.Context) (engine.Result, error) {
	d, err := s.Env.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: new(s.Env.Name()), NodegroupName: &s.Name})
	if awsc.NotFound(err) {
		return engine.Finished("gone")
	}
	if err != nil {
		return engine.Result{}, err
	}
	switch d.Nodegroup.Status {
	case types.NodegroupStatusDeleting:
		return engine.Waiting("DELETING")
	case types.NodegroupStatusDeleteFailed:
		return engine.Result{}, fmt.Errorf("the node group %s is DELETE_FAILED", s.Name)
	}
	if _, err := s.Env.AWS.EKS.DeleteNodegroup(ctx, &eks.DeleteNodegroupInput{ClusterName: new(s.Env.Name()), NodegroupName: &s.Name}); err != nil {
		return engine.Result{}, err
	}
	return engine.Started("DELETING")
}

// DeleteOIDC removes the cluster's OIDC provider from IAM.
type DeleteOIDC struct {
	Env *Env
	ARN string
}

// Run deletes; an absent provider is as good.
func (s *DeleteOIDC) Run(ctx context.Context) (engine.Result, error) {
	_, err := s.Env.AWS.IAM.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &s.ARN})
	if err != nil && !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	return engine.Result{State: engine.Done, Reason: "gone", Changed: true}, nil
}

// DeleteKey removes an imported SSH key.
type DeleteKey struct {
	Env  *Env
	Name string
}

// Run deletes; an absent key is as good.
func (s *DeleteKey) Run(ctx context.Context) (engine.Result, error) {
	_, err := s.Env.AWS.EC2.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyName: &s.Name})
	return engine.Result{State: engine.Done, Reason: "gone", Changed: true}, err
}

// DeleteLogs removes the control plane's log group.
type DeleteLogs struct{ Env *Env }

// Run deletes; an absent group is as good.
func (s *DeleteLogs) Run(ctx context.Context) (engine.Result, error) {
	_, err := s.Env.AWS.Logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: new("/aws/eks/" + s.Env.Name() + "/cluster")})
	if awsc.NotFound(err) {
		return engine.Finished("gone")
	}
	return engine.Result{State: engine.Done, Reason: "gone", Changed: true}, err
}
