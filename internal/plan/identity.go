package plan

import (
	"maps"
	"time"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// identity: the OIDC provider and identity providers.
func (b *builder) identity() {
	if config.On(b.cfg.IAM.WithOIDC, false) && b.live.OIDCProvider == nil {
		b.add(part{Step: rules.Step{Kind: rules.OIDC}, Action: Create, Title: "IAM OIDC provider",
			Typical: 2 * time.Second, Timeout: timeoutQuick,
			Run: &steps.OIDCProvider{Tags: stack.Tags(b.cfg, nil)}})
	}
	for _, p := range b.cfg.IdentityProviders {
		live := b.live.IdentityProviders[p.Name]
		m := create
		if live != nil {
			m = b.standing("identityProviders", p.Name, "identity provider", live.ARN, live.Status)
		}
		if m == follow {
			continue
		}
		x := part{Step: rules.Step{Kind: rules.Provider, Name: p.Name}, Action: Create, Title: "OIDC identity provider " + p.Name,
			Typical: 6 * time.Minute, Timeout: timeoutUpdate,
			Run: &steps.IdentityProvider{Provider: p}} // it looks: what is being made is awaited, what is going as well
		if live != nil {
			x.Title += ", which is " + live.Status
		}
		if m == settle {
			x.Action = Await
		}
		b.add(x)
	}
}

// inside is what was seen inside Kubernetes; nil: nothing was, and every step on
// its API is planned: they look for themselves.
func (b *builder) inside() *observe.Kubernetes { return b.live.Kubernetes }

// kubernetes adds a step on the Kubernetes API.
func (b *builder) kubernetes(s rules.Step, title string, run steps.Spec) {
	b.add(part{Step: s, Action: Create, Title: title,
		Typical: time.Second, Timeout: timeoutQuick,
		Run: run})
}

func (b *builder) serviceAccounts() {
	c := b.cfg.Metadata.Name
	for _, sa := range b.cfg.IAM.ServiceAccounts {
		m := sa.Metadata
		id := m.Namespace + "/" + m.Name
		role := sa.AttachRoleARN
		if role == "" {
			role = stack.ServiceAccountName(c, m.Namespace, m.Name)
			b.role(
				rules.Step{Kind: rules.AccountRole, Name: id, Labels: []string{rules.NeedsIssuer}},
				"IAM role for service account "+id,
				role,
				merge(map[string]string{eksfacts.TagAccount: id}, sa.Tags),
				stack.Role{
					Description: "IAM role for serviceaccount \"" + id + "\"",
					Namespace:   m.Namespace,
					Name:        nameOr(sa.SubjectPattern, m.Name),
					Pattern:     sa.SubjectPattern != "",
					RoleName:    sa.RoleName,
					Boundary:    sa.PermissionsBoundary,
					ARNs:        sa.AttachPolicyARNs,
					Policy:      sa.AttachPolicy,
					WellKnown:   sa.WellKnownPolicies,
				},
			)
		}
		if !config.On(sa.RoleOnly, false) {
			b.account(&steps.ServiceAccount{Namespace: m.Namespace, Name: m.Name, Labels: m.Labels, Annotations: m.Annotations, Role: role})
		}
	}
}

// account adds a service account that is not there, or not as wanted.
func (b *builder) account(s *steps.ServiceAccount) {
	id := s.Namespace + "/" + s.Name
	if in := b.inside(); in != nil && in.ServiceAccounts[id] != nil {
		want := maps.Clone(s.Annotations)
		if arn := b.roleARN(s.Role); arn != "" {
			want = merge(map[string]string{steps.RoleAnnotation: arn}, want)
		}
		if a := in.ServiceAccounts[id]; steps.Holds(a.Annotations, want) && steps.Holds(a.Labels, s.Labels) && (s.Role == "" || b.roleARN(s.Role) != "") {
			return
		}
	}
	b.kubernetes(rules.Step{Kind: rules.Account, Name: id}, "service account "+id, s)
}

func nameOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func merge(a, b map[string]string) map[string]string {
	for k, v := range b {
		a[k] = v
	}
	return a
}

func (b *builder) podIdentities() {
	c := b.cfg.Metadata.Name
	for _, p := range b.cfg.IAM.PodIdentityAssociations {
		id := p.Namespace + "/" + p.ServiceAccountName
		role := p.RoleARN
		if role == "" {
			role = stack.PodRoleName(c, p.Namespace, p.ServiceAccountName)
			b.role(rules.Step{Kind: rules.PodRole, Name: id}, "pod identity role for "+id, role, map[string]string{eksfacts.TagPodIdentity: id}, podRole(p, id))
		}
		if config.On(p.CreateServiceAccount, false) {
			b.account(&steps.ServiceAccount{Namespace: p.Namespace, Name: p.ServiceAccountName})
		}
		if _, ok := b.live.PodIdentities[id]; ok {
			b.associationUpdate(p, role)
			continue
		}
		b.add(part{Step: rules.Step{Kind: rules.PodIdentity, Name: id}, Action: Create, Title: "pod identity association " + id,
			Typical: 2 * time.Second, Timeout: timeoutQuick,
			Run: &steps.PodIdentity{Association: p, Role: role}})
	}
}

func podRole(p config.PodIdentityAssociation, id string) stack.Role {
	return stack.Role{
		Description: "IAM role for pod identity association " + id,
		RoleName:    p.RoleName,
		Boundary:    p.PermissionsBoundaryARN,
		ARNs:        p.PermissionPolicyARNs,
		Policy:      p.PermissionPolicy,
		PolicyName:  p.PermissionPolicyName,
		WellKnown:   p.WellKnownPolicies,
	}
}
