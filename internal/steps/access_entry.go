package steps

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
)

// AccessEntryUpdate brings a live access entry that no stack of ours holds to what
// the file says.
type AccessEntryUpdate struct {
	Env   *Env
	Entry config.AccessEntry
}

// Run sets groups, user name and policies; policies that the file does not name go.
func (s *AccessEntryUpdate) Run(ctx context.Context) (engine.Result, error) {
	e, name := s.Entry, new(s.Env.Name())
	in := &eks.UpdateAccessEntryInput{ClusterName: name, PrincipalArn: new(e.PrincipalARN), KubernetesGroups: e.KubernetesGroups}
	if in.KubernetesGroups == nil {
		in.KubernetesGroups = []string{}
	}
	if e.KubernetesUsername != "" {
		in.Username = new(e.KubernetesUsername)
	}
	if _, err := s.Env.AWS.EKS.UpdateAccessEntry(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("updating the access entry of %s: %w", e.PrincipalARN, err)
	}
	have, err := s.Env.AWS.EKS.ListAssociatedAccessPolicies(ctx, &eks.ListAssociatedAccessPoliciesInput{ClusterName: name, PrincipalArn: new(e.PrincipalARN)})
	if err != nil {
		return engine.Result{}, err
	}
	for _, p := range e.AccessPolicies {
		if _, err := s.Env.AWS.EKS.AssociateAccessPolicy(ctx, &eks.AssociateAccessPolicyInput{ClusterName: name, PrincipalArn: new(e.PrincipalARN), PolicyArn: new(p.PolicyARN), AccessScope: Scope(p)}); err != nil {
			return engine.Result{}, fmt.Errorf("granting %s to %s: %w", p.PolicyARN, e.PrincipalARN, err)
		}
	}
	for _, p := range have.AssociatedAccessPolicies {
		if slices.ContainsFunc(e.AccessPolicies, func(w config.AccessPolicy) bool { return w.PolicyARN == *p.PolicyArn }) {
			continue
		}
		if _, err := s.Env.AWS.EKS.DisassociateAccessPolicy(ctx, &eks.DisassociateAccessPolicyInput{ClusterName: name, PrincipalArn: new(e.PrincipalARN), PolicyArn: p.PolicyArn}); err != nil {
			return engine.Result{}, fmt.Errorf("taking %s from %s: %w", *p.PolicyArn, e.PrincipalARN, err)
		}
	}
	return engine.Result{State: engine.Done, Reason: "updated", Changed: true}, nil
}

// Scope is where an access policy holds: the whole cluster, or namespaces.
func Scope(p config.AccessPolicy) *types.AccessScope {
	out := &types.AccessScope{Type: types.AccessScopeTypeCluster}
	if p.AccessScope != nil {
		out.Type, out.Namespaces = types.AccessScopeType(p.AccessScope.Type), p.AccessScope.Namespaces
	}
	return out
}
