package steps

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
)

// AddonUpdate changes a live add-on and waits for the update. Roles are resolved when
// it runs: their stacks may be made in the same run. Its input names no cluster: Env
// does.
type AddonUpdate struct {
	Input    eks.UpdateAddonInput `json:"input"`
	Role     string               `json:"role,omitempty"`     // as Addon's
	PodRoles map[string]string    `json:"podRoles,omitempty"` // as Addon's
	// Anyway: it is asked for though EKS has the add-on as wanted: its objects are not.
	Anyway bool `json:"anyway,omitempty"`
}

// Run looks, begins, polls.
func (s *AddonUpdate) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	name := aws.ToString(s.Input.AddonName)
	var in eks.UpdateAddonInput
	return update{what: "add-on " + name, in: eks.DescribeUpdateInput{AddonName: &name},
		look: func(ctx context.Context) (string, bool, error) {
			a, err := describeAddon(ctx, e, name)
			if err != nil {
				return "", false, err
			}
			if a == nil {
				return "", false, fmt.Errorf("the add-on %s is gone; run again to make it", name)
			}
			if m.Update != "" {
				return string(a.Status), false, nil
			}
			if in, err = s.resolved(ctx, e); err != nil {
				return "", false, err
			}
			wanted, err := s.wanted(ctx, e, in, a)
			// What could not be updated keeps that status until an update of it succeeds.
			return string(a.Status), wanted && !s.Anyway && a.Status != types.AddonStatusUpdateFailed, err
		},
		begin: func(ctx context.Context) (*types.Update, error) {
			in.ClusterName, in.ClientRequestToken = &e.Name, e.token("addon-update", name, fmt.Sprint(plain(in)), fmt.Sprint(m.Attempt))
			out, err := e.AWS.EKS.UpdateAddon(ctx, &in)
			if err != nil {
				return nil, err
			}
			return out.Update, nil
		}}.run(ctx, e, m)
}

// resolved is the request with its roles.
func (s *AddonUpdate) resolved(ctx context.Context, e *Env) (in eks.UpdateAddonInput, err error) {
	in = s.Input
	if in.PodIdentityAssociations, err = associations(ctx, e, s.PodRoles); err != nil {
		return in, err
	}
	if s.Role != "" {
		in.ServiceAccountRoleArn, err = roleOf(ctx, e, s.Role)
	}
	return in, err
}

func (s *AddonUpdate) wanted(ctx context.Context, e *Env, in eks.UpdateAddonInput, a *types.Addon) (bool, error) {
	same := func(want, have *string) bool { return want == nil || *want == aws.ToString(have) }
	if !same(in.AddonVersion, a.AddonVersion) || !same(in.ConfigurationValues, a.ConfigurationValues) || !same(in.ServiceAccountRoleArn, a.ServiceAccountRoleArn) {
		return false, nil
	}
	if len(in.PodIdentityAssociations) == 0 {
		return true, nil
	}
	have := map[string]string{}
	for _, id := range a.PodIdentityAssociations {
		d, err := e.AWS.EKS.DescribePodIdentityAssociation(ctx, &eks.DescribePodIdentityAssociationInput{ClusterName: &e.Name, AssociationId: new(lastPart(id))})
		if err != nil {
			return false, fmt.Errorf("describing the pod identity association %s: %w", id, err)
		}
		have[aws.ToString(d.Association.ServiceAccount)] = aws.ToString(d.Association.RoleArn)
	}
	want := map[string]string{}
	for _, w := range in.PodIdentityAssociations {
		want[aws.ToString(w.ServiceAccount)] = aws.ToString(w.RoleArn)
	}
	return maps.Equal(want, have), nil
}
