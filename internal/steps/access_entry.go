package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
)

// AccessEntryUpdate brings a live access entry that no stack of ours holds to what
// the file says.
type AccessEntryUpdate struct {
	Entry config.AccessEntry `json:"entry"`
}

// Run sets what differs of groups, user name and policies; policies that the file
// does not name go.
func (s *AccessEntryUpdate) Run(ctx context.Context, e *Env, _ *Memo) (r engine.Result, err error) {
	if r.Changed, err = s.entry(ctx, e); err != nil {
		return r, err
	}
	more, err := s.policies(ctx, e)
	r.Changed = r.Changed || more
	if err != nil {
		return r, err
	}
	r.State, r.Reason = engine.Done, "as wanted"
	if r.Changed {
		r.Reason = "updated"
	}
	return r, nil
}

func (s *AccessEntryUpdate) entry(ctx context.Context, e *Env) (changed bool, err error) {
	w := s.Entry
	d, err := e.AWS.EKS.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &e.Name, PrincipalArn: &w.PrincipalARN})
	if err != nil {
		return false, fmt.Errorf("describing the access entry of %s: %w", w.PrincipalARN, err)
	}
	sorted := func(in []string) []string { return slices.Sorted(slices.Values(in)) }
	if slices.Equal(sorted(w.KubernetesGroups), sorted(d.AccessEntry.KubernetesGroups)) &&
		(w.KubernetesUsername == "" || w.KubernetesUsername == aws.ToString(d.AccessEntry.Username)) {
		return false, nil
	}
	in := &eks.UpdateAccessEntryInput{ClusterName: &e.Name, PrincipalArn: &w.PrincipalARN, KubernetesGroups: w.KubernetesGroups}
	if in.KubernetesGroups == nil {
		in.KubernetesGroups = []string{}
	}
	if w.KubernetesUsername != "" {
		in.Username = &w.KubernetesUsername
	}
	in.ClientRequestToken = e.token(e.Name, "accessentry", w.PrincipalARN, w.KubernetesUsername, strings.Join(w.KubernetesGroups, " "))
	if _, err := e.AWS.EKS.UpdateAccessEntry(ctx, in); err != nil {
		return false, fmt.Errorf("updating the access entry of %s: %w", w.PrincipalARN, err)
	}
	return true, nil
}

func (s *AccessEntryUpdate) policies(ctx context.Context, e *Env) (changed bool, err error) {
	w := s.Entry
	have, err := awsc.Collect(
		ctx,
		eks.NewListAssociatedAccessPoliciesPaginator(e.AWS.EKS, &eks.ListAssociatedAccessPoliciesInput{ClusterName: &e.Name, PrincipalArn: &w.PrincipalARN}),
		func(o *eks.ListAssociatedAccessPoliciesOutput) []types.AssociatedAccessPolicy {
			return o.AssociatedAccessPolicies
		},
	)
	if err != nil {
		return false, fmt.Errorf("listing the access policies of %s: %w", w.PrincipalARN, err)
	}
	for _, p := range w.AccessPolicies {
		if slices.ContainsFunc(have, func(h types.AssociatedAccessPolicy) bool { return Granted(p, h) }) {
			continue
		}
		in := &eks.AssociateAccessPolicyInput{ClusterName: &e.Name, PrincipalArn: &w.PrincipalARN, PolicyArn: new(p.PolicyARN), AccessScope: Scope(p)}
		if _, err := e.AWS.EKS.AssociateAccessPolicy(ctx, in); err != nil {
			return changed, fmt.Errorf("granting %s to %s: %w", p.PolicyARN, w.PrincipalARN, err)
		}
		changed = true
	}
	for _, p := range have {
		if slices.ContainsFunc(w.AccessPolicies, func(x config.AccessPolicy) bool { return x.PolicyARN == aws.ToString(p.PolicyArn) }) {
			continue
		}
		in := &eks.DisassociateAccessPolicyInput{ClusterName: &e.Name, PrincipalArn: &w.PrincipalARN, PolicyArn: p.PolicyArn}
		if _, err := e.AWS.EKS.DisassociateAccessPolicy(ctx, in); err != nil {
			return changed, fmt.Errorf("taking %s from %s: %w", aws.ToString(p.PolicyArn), w.PrincipalARN, err)
		}
		changed = true
	}
	return changed, nil
}

// Granted tells whether a live access policy is the wanted one, where it is wanted.
func Granted(w config.AccessPolicy, have types.AssociatedAccessPolicy) bool {
	return w.PolicyARN == aws.ToString(have.PolicyArn) && have.AccessScope != nil && within(Scope(w), have.AccessScope) &&
		len(Scope(w).Namespaces) == len(have.AccessScope.Namespaces)
}

// Scope is where an access policy holds: the whole cluster, or namespaces.
func Scope(p config.AccessPolicy) *types.AccessScope {
	out := &types.AccessScope{Type: types.AccessScopeTypeCluster}
	if p.AccessScope != nil {
		out.Type, out.Namespaces = types.AccessScopeType(p.AccessScope.Type), p.AccessScope.Namespaces
	}
	return out
}
