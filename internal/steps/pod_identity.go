package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
)

// PodIdentity associates a service account with a role.
type PodIdentity struct {
	Env         *Env
	Association config.PodIdentityAssociation
	Role        string // stack name or ARN
}

// Run looks, then creates.
func (s *PodIdentity) Run(ctx context.Context) (engine.Result, error) {
	a := s.Association
	out, err := s.Env.AWS.EKS.ListPodIdentityAssociations(ctx, &eks.ListPodIdentityAssociationsInput{ClusterName: new(s.Env.Name()), Namespace: new(a.Namespace), ServiceAccount: new(a.ServiceAccountName)})
	if err != nil {
		return engine.Result{}, err
	}
	if len(out.Associations) > 0 {
		return engine.Finished("in place")
	}
	arn, err := roleOf(ctx, s.Env, s.Role)
	if err != nil {
		return engine.Result{}, err
	}
	in := &eks.CreatePodIdentityAssociationInput{ClusterName: new(s.Env.Name()), Namespace: new(a.Namespace), ServiceAccount: new(a.ServiceAccountName), RoleArn: arn, Tags: a.Tags, DisableSessionTags: a.DisableSessionTags, ClientRequestToken: s.Env.token(s.Env.Name(), "podidentity", a.Namespace, a.ServiceAccountName, *arn)}
	if a.Policy != "" {
		in.Policy = new(a.Policy)
	}
	if a.TargetRoleARN != "" {
		in.TargetRoleArn = new(a.TargetRoleARN)
	}
	if _, err := s.Env.AWS.EKS.CreatePodIdentityAssociation(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("associating %s/%s with its role: %w", a.Namespace, a.ServiceAccountName, err)
	}
	return engine.Result{State: engine.Done, Reason: "associated", Changed: true}, nil
}

// PodIdentityUpdate gives a live association another role or other settings.
type PodIdentityUpdate struct {
	Env   *Env
	Input *eks.UpdatePodIdentityAssociationInput
	Role  string // stack name or ARN; "": the role stays
}

// Run updates it.
func (s *PodIdentityUpdate) Run(ctx context.Context) (engine.Result, error) {
	if s.Role != "" {
		arn, err := roleOf(ctx, s.Env, s.Role)
		if err != nil {
			return engine.Result{}, err
		}
		s.Input.RoleArn = arn
	}
	if _, err := s.Env.AWS.EKS.UpdatePodIdentityAssociation(ctx, s.Input); err != nil {
		return engine.Result{}, fmt.Errorf("updating the pod identity association %s: %w", *s.Input.AssociationId, err)
	}
	return engine.Result{State: engine.Done, Reason: "updated", Changed: true}, nil
}
