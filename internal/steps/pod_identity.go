package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
)

// PodIdentity associates a service account with a role.
type PodIdentity struct {
	Association config.PodIdentityAssociation `json:"association"`
	Role        string                        `json:"role"` // stack name or ARN
}

// Run looks, then creates.
func (s *PodIdentity) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	a := s.Association
	pages := eks.NewListPodIdentityAssociationsPaginator(e.AWS.EKS, &eks.ListPodIdentityAssociationsInput{
		ClusterName: &e.Name, Namespace: &a.Namespace, ServiceAccount: &a.ServiceAccountName,
	})
	have, err := awsc.Collect(ctx, pages, func(p *eks.ListPodIdentityAssociationsOutput) []types.PodIdentityAssociationSummary {
		return p.Associations
	})
	if err != nil {
		return engine.Result{}, fmt.Errorf("looking for the association of %s/%s: %w", a.Namespace, a.ServiceAccountName, err)
	}
	if len(have) > 0 {
		return engine.Finished("in place")
	}
	arn, err := roleOf(ctx, e, s.Role)
	if err != nil {
		return engine.Result{}, err
	}
	in := &eks.CreatePodIdentityAssociationInput{ClusterName: &e.Name, Namespace: &a.Namespace, ServiceAccount: &a.ServiceAccountName, RoleArn: arn, Tags: a.Tags,
		DisableSessionTags: a.DisableSessionTags, ClientRequestToken: e.token(e.Name, "podidentity", a.Namespace, a.ServiceAccountName, *arn)}
	if a.Policy != "" {
		in.Policy = &a.Policy
	}
	if a.TargetRoleARN != "" {
		in.TargetRoleArn = &a.TargetRoleARN
	}
	if _, err := e.AWS.EKS.CreatePodIdentityAssociation(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("associating %s/%s with its role: %w", a.Namespace, a.ServiceAccountName, err)
	}
	return engine.Result{State: engine.Done, Reason: "associated", Changed: true}, nil
}

// PodIdentityUpdate gives a live association another role or other settings. Its
// input names no cluster: Env does.
type PodIdentityUpdate struct {
	Input eks.UpdatePodIdentityAssociationInput `json:"input"`
	Role  string                                `json:"role,omitempty"` // stack name or ARN; "": the role stays
}

// Run looks, then updates.
func (s *PodIdentityUpdate) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	in := s.Input
	if s.Role != "" {
		arn, err := roleOf(ctx, e, s.Role)
		if err != nil {
			return engine.Result{}, err
		}
		in.RoleArn = arn
	}
	have, err := e.AWS.EKS.DescribePodIdentityAssociation(ctx, &eks.DescribePodIdentityAssociationInput{ClusterName: &e.Name, AssociationId: in.AssociationId})
	if err != nil {
		return engine.Result{}, fmt.Errorf("describing the pod identity association %s: %w", aws.ToString(in.AssociationId), err)
	}
	a := have.Association
	same := func(want, have *string) bool { return want == nil || *want == aws.ToString(have) }
	if same(in.RoleArn, a.RoleArn) && same(in.TargetRoleArn, a.TargetRoleArn) && same(in.Policy, a.Policy) &&
		(in.DisableSessionTags == nil || *in.DisableSessionTags == aws.ToBool(a.DisableSessionTags)) {
		return engine.Finished("as wanted")
	}
	in.ClusterName = &e.Name
	in.ClientRequestToken = e.token(e.Name, "podidentityupdate", aws.ToString(in.AssociationId), aws.ToString(in.RoleArn), aws.ToString(in.TargetRoleArn),
		fmt.Sprint(aws.ToBool(in.DisableSessionTags)))
	if _, err := e.AWS.EKS.UpdatePodIdentityAssociation(ctx, &in); err != nil {
		return engine.Result{}, fmt.Errorf("updating the pod identity association %s: %w", aws.ToString(in.AssociationId), err)
	}
	return engine.Result{State: engine.Done, Reason: "updated", Changed: true}, nil
}
