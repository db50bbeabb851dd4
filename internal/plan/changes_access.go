package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// entryUpdate brings a live access entry to what the file says: through its stack
// where one of ours records something else, directly otherwise.
func (b *builder) entryUpdate(e config.AccessEntry, name string) {
	have := b.live.Details.Entries[e.PrincipalARN]
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
	if e.Type != "" && e.Type != aws.ToString(have.Type) {
		i := slices.IndexFunc(b.cfg.AccessConfig.AccessEntries, func(x config.AccessEntry) bool { return x.PrincipalARN == e.PrincipalARN })
		b.refuse(at("accessConfig.accessEntries", i, "type"), "set it to "+aws.ToString(have.Type)+", or delete the entry first (aws eks delete-access-entry)", "the live access entry of %s has type %s, and EKS changes no type", e.PrincipalARN, aws.ToString(have.Type))
		return
	}
	b.add(part{Step: s, Action: Update, Title: title,
		Typical: 2 * time.Second, Timeout: timeoutQuick,
		Run: &steps.AccessEntryUpdate{Entry: e}})
}

func sameEntry(e config.AccessEntry, have *cluster.Entry) bool {
	if e.Type != "" && e.Type != aws.ToString(have.Type) || e.KubernetesUsername != "" && e.KubernetesUsername != aws.ToString(have.Username) {
		return false
	}
	if standard := e.Type == "" || e.Type == "STANDARD"; standard && !sameSet(e.KubernetesGroups, have.KubernetesGroups) || len(e.AccessPolicies) != len(have.Policies) {
		return false
	}
	for _, p := range e.AccessPolicies {
		if !slices.ContainsFunc(have.Policies, func(h types.AssociatedAccessPolicy) bool { return steps.Granted(p, h) }) {
			return false
		}
	}
	return true
}

// associationUpdate brings a live pod identity association to what the file says.
func (b *builder) associationUpdate(p config.PodIdentityAssociation, role string) {
	id := p.Namespace + "/" + p.ServiceAccountName
	have := b.live.Details.Associations[id]
	if have == nil {
		return
	}
	step := &steps.PodIdentityUpdate{Input: eks.UpdatePodIdentityAssociationInput{AssociationId: have.AssociationId}}
	in := &step.Input
	var what []string
	if arn := b.roleARN(role); arn == "" || arn != aws.ToString(have.RoleArn) {
		step.Role = role
		what = append(what, "role")
	}
	if p.TargetRoleARN != aws.ToString(have.TargetRoleArn) {
		in.TargetRoleArn = new(p.TargetRoleARN)
		what = append(what, "target role")
	}
	if config.On(p.DisableSessionTags, false) != aws.ToBool(have.DisableSessionTags) {
		in.DisableSessionTags = new(config.On(p.DisableSessionTags, false))
		what = append(what, "session tags")
	}
	if p.Policy != aws.ToString(have.Policy) {
		in.Policy = new(p.Policy)
		what = append(what, "session policy")
	}
	if len(what) > 0 {
		b.add(part{Step: rules.Step{Kind: rules.PodIdentity, Name: id}, Action: Update, Title: "pod identity association " + id + ": " + strings.Join(what, ", "),
			Typical: 2 * time.Second, Timeout: timeoutQuick,
			Run: step})
	}
	b.tags("pod identity association "+id, aws.ToString(have.AssociationArn), p.Tags, have.Tags)
}

// providerChanges refuses what EKS does not change in an identity provider.
func (b *builder) providerChanges(i int, p config.IdentityProvider) {
	h := b.live.Details.Providers[p.Name]
	if h == nil {
		return
	}
	was := config.IdentityProvider{Type: p.Type, Name: p.Name, IssuerURL: aws.ToString(h.IssuerUrl), ClientID: aws.ToString(h.ClientId), UsernameClaim: aws.ToString(h.UsernameClaim), UsernamePrefix: aws.ToString(h.UsernamePrefix), GroupsClaim: aws.ToString(h.GroupsClaim), GroupsPrefix: aws.ToString(h.GroupsPrefix), RequiredClaims: h.RequiredClaims}
	now := p
	now.Tags = nil
	if now.UsernameClaim == "" {
		was.UsernameClaim = "" // EKS fills its default in
	}
	b.refuseChanges(at("identityProviders", i, ""), "the identity provider "+p.Name, was, now)
	b.tags("identity provider "+p.Name, aws.ToString(h.IdentityProviderConfigArn), p.Tags, h.Tags)
}

// profileChanges refuses what EKS does not change in a Fargate profile.
func (b *builder) profileChanges(i int, p config.FargateProfile, f *types.FargateProfile) {
	was, now := config.FargateProfile{Name: p.Name, Subnets: p.Subnets, PodExecutionRoleARN: p.PodExecutionRoleARN}, p
	now.Tags, now.Status = nil, ""
	if len(p.Subnets) > 0 {
		was.Subnets = f.Subnets
		if sameSet(p.Subnets, f.Subnets) {
			was.Subnets = p.Subnets
		}
	}
	if p.PodExecutionRoleARN != "" {
		was.PodExecutionRoleARN = aws.ToString(f.PodExecutionRoleArn)
	}
	for _, s := range f.Selectors {
		was.Selectors = append(was.Selectors, config.FargateProfileSelector{Namespace: aws.ToString(s.Namespace), Labels: s.Labels})
	}
	b.refuseChanges(at("fargateProfiles", i, ""), "the Fargate profile "+p.Name, was, now)
	b.tags("Fargate profile "+p.Name, aws.ToString(f.FargateProfileArn), p.Tags, f.Tags)
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
		b.add(part{Step: rules.Step{Kind: rules.Tags, Name: strings.ReplaceAll(what, " ", "-")}, Action: Update, Title: "tags of " + what,
			Typical: time.Second, Timeout: timeoutQuick,
			Run: &steps.Tag{ARN: arn, Tags: missing}})
	}
}
