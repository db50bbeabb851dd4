package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// entryUpdate brings a live access entry to what the file says: through its stack
// where one of ours records something else, directly otherwise.
func (b *builder) entryUpdate(e config.AccessEntry, name string) {
	have := b.live.AccessEntries[e.PrincipalARN]
	if have == nil || sameEntry(e, have) {
		return
	}
	s := rules.Step{Kind: rules.AccessEntry, Name: e.PrincipalARN}
	title := "access entry " + short(e.PrincipalARN)
	want := stack.AccessEntry(b.cfg.Metadata.Name, e).JSON()
	if recorded, ok := b.template(name); ok && stack.Ours(recorded) && !stack.Same(recorded, want) {
		b.stackUpdate(s, title, name, want)
		return
	}
	if e.Type != "" && e.Type != have.Type {
		i := slices.IndexFunc(b.cfg.AccessConfig.AccessEntries, func(x config.AccessEntry) bool { return x.PrincipalARN == e.PrincipalARN })
		b.refuse(at("accessConfig.accessEntries", i, "type"), "set it to "+have.Type+", or delete the entry first (aws eks delete-access-entry)", "the live access entry of %s has type %s, and EKS changes no type", e.PrincipalARN, have.Type)
		return
	}
	b.add(part{Step: s, Action: Update, Title: title,
		Typical: 2 * time.Second, Timeout: timeoutQuick,
		Run: &steps.AccessEntryUpdate{Entry: e}})
}

func sameEntry(e config.AccessEntry, have *observe.AccessEntry) bool {
	if e.Type != "" && e.Type != have.Type || e.KubernetesUsername != "" && e.KubernetesUsername != have.Username {
		return false
	}
	if standard := e.Type == "" || e.Type == "STANDARD"; standard && !sameSet(e.KubernetesGroups, have.KubernetesGroups) || len(e.AccessPolicies) != len(have.Policies) {
		return false
	}
	for _, p := range e.AccessPolicies {
		if !slices.ContainsFunc(have.Policies, func(h observe.AccessPolicy) bool { return granted(p, h) }) {
			return false
		}
	}
	return true
}

// granted tells whether an access policy of the file is on the entry, where it holds.
func granted(want config.AccessPolicy, have observe.AccessPolicy) bool {
	scope := observe.AccessScope{Type: "cluster"}
	if s := want.AccessScope; s != nil && s.Type == "namespace" {
		scope = observe.AccessScope{Type: "namespace", Namespaces: s.Namespaces}
	}
	return have.PolicyARN == want.PolicyARN && have.AccessScope != nil && have.AccessScope.Type == scope.Type && sameSet(have.AccessScope.Namespaces, scope.Namespaces)
}

// associationUpdate brings a live pod identity association to what the file says.
func (b *builder) associationUpdate(p config.PodIdentityAssociation, role string) {
	id := p.Namespace + "/" + p.ServiceAccountName
	have := b.live.PodIdentities[id]
	if have == nil {
		return
	}
	step := &steps.PodIdentityUpdate{Input: eks.UpdatePodIdentityAssociationInput{AssociationId: &have.ID}}
	in := &step.Input
	var what []string
	if arn := b.roleARN(role); arn == "" || arn != have.RoleARN {
		step.Role = role
		what = append(what, "role")
	}
	if p.TargetRoleARN != have.TargetRoleARN {
		in.TargetRoleArn = new(p.TargetRoleARN)
		what = append(what, "target role")
	}
	if config.On(p.DisableSessionTags, false) != have.DisableSessionTags {
		in.DisableSessionTags = new(config.On(p.DisableSessionTags, false))
		what = append(what, "session tags")
	}
	if p.Policy != have.Policy {
		in.Policy = new(p.Policy)
		what = append(what, "session policy")
	}
	if len(what) > 0 {
		b.add(part{Step: rules.Step{Kind: rules.PodIdentity, Name: id}, Action: Update, Title: "pod identity association " + id + ": " + strings.Join(what, ", "),
			Typical: 2 * time.Second, Timeout: timeoutQuick,
			Run: step})
	}
	b.tags("pod identity association "+id, have.ARN, p.Tags, have.Tags)
}

// providerChanges refuses what EKS does not change in an identity provider.
func (b *builder) providerChanges(i int, p config.IdentityProvider) {
	h := b.live.IdentityProviders[p.Name]
	if h == nil {
		return
	}
	was := config.IdentityProvider{Type: p.Type, Name: p.Name, IssuerURL: h.IssuerURL, ClientID: h.ClientID,
		UsernameClaim: h.UsernameClaim, UsernamePrefix: h.UsernamePrefix, GroupsClaim: h.GroupsClaim, GroupsPrefix: h.GroupsPrefix, RequiredClaims: h.RequiredClaims}
	now := p
	now.Tags = nil
	if now.UsernameClaim == "" {
		was.UsernameClaim = "" // EKS fills its default in
	}
	b.refuseChanges(at("identityProviders", i, ""), "the identity provider "+p.Name, was, now)
	b.tags("identity provider "+p.Name, h.ARN, p.Tags, h.Tags)
}

// profileChanges refuses what EKS does not change in a Fargate profile.
func (b *builder) profileChanges(i int, p config.FargateProfile, f *observe.FargateProfile) {
	was, now := config.FargateProfile{Name: p.Name, Subnets: p.Subnets, PodExecutionRoleARN: p.PodExecutionRoleARN}, p
	now.Tags, now.Status = nil, ""
	if len(p.Subnets) > 0 {
		was.Subnets = f.Subnets
		if sameSet(p.Subnets, f.Subnets) {
			was.Subnets = p.Subnets
		}
	}
	if p.PodExecutionRoleARN != "" {
		was.PodExecutionRoleARN = f.PodExecutionRoleARN
	}
	for _, s := range f.Selectors {
		was.Selectors = append(was.Selectors, config.FargateProfileSelector{Namespace: s.Namespace, Labels: s.Labels})
	}
	b.refuseChanges(at("fargateProfiles", i, ""), "the Fargate profile "+p.Name, was, now)
	b.tags("Fargate profile "+p.Name, f.ARN, p.Tags, f.Tags)
}

// tags sets tags of the file that a live resource does not carry; others stay.
func (b *builder) tags(what, arn string, want, have map[string]string) {
	missing := map[string]string{}
	for k, v := range want {
		if x, ok := have[k]; !ok || x != v {
			missing[k] = v
		}
	}
	if len(missing) > 0 && arn != "" {
		b.tag(what, &steps.Tag{ARN: arn, Tags: missing}, "")
	}
}

// tag sets tags on what stands, or on a node group once it does.
func (b *builder) tag(what string, run *steps.Tag, group string) {
	s := rules.Step{Kind: rules.Tags, Name: strings.ReplaceAll(what, " ", "-")}
	if group != "" {
		s = s.Label(rules.With(rules.For, group))
	}
	b.add(part{Step: s, Action: Update, Title: "tags of " + what,
		Typical: time.Second, Timeout: timeoutQuick,
		Run: run})
}
