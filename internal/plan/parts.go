package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Typical durations (facts/eks.md §7) and the waits after which a run pauses.
const (
	typicalCluster = 11 * time.Minute
	typicalRole    = 20 * time.Second
	typicalGroup   = 140 * time.Second
	typicalUpdate  = 5 * time.Minute
	timeoutCluster = 40 * time.Minute
	timeoutGroup   = 45 * time.Minute // past EKS's own deadline of 33 to 35 minutes, so that its cause is read
	timeoutAddon   = 20 * time.Minute
	timeoutStack   = 15 * time.Minute
	timeoutUpdate  = 60 * time.Minute
	timeoutGate    = 30 * time.Minute
	timeoutQuick   = 10 * time.Minute
)

var typicalAddon = map[string]time.Duration{"vpc-cni": 45 * time.Second, "kube-proxy": 25 * time.Second, "coredns": 15 * time.Second, "aws-ebs-csi-driver": 40 * time.Second, "aws-efs-csi-driver": 40 * time.Second}

// failedStacks puts stacks that failed up for deletion, so that they can be made
// again.
func (b *builder) failedStacks() {
	for _, name := range slices.Sorted(maps.Keys(b.live.Stacks)) {
		if b.live.Broken(name) {
			b.plan.Deletions = append(b.plan.Deletions, name)
			b.add(rules.Step{Kind: rules.DeleteStack, Name: name, Stack: name}, Delete, fmt.Sprintf("failed stack %s (%s)", name, b.live.Stacks[name].StackStatus), "cloudformation", 3*time.Minute, timeoutGroup, &steps.DeleteStack{AWS: b.env.AWS, Name: name})
		}
	}
}

// needs tells whether a stack is still to be made, or to be waited for.
func (b *builder) needs(name string) bool { return !b.live.Has(name) }

// own completes a stack step with its name and tags.
func (b *builder) own(name string, tags map[string]string, step *steps.Stack) *steps.Stack {
	step.Env, step.Name, step.Tags = b.env, name, stack.Tags(b.cfg, tags)
	return step
}

// addStack adds a stack of its own.
func (b *builder) addStack(s rules.Step, title, name string, tags map[string]string, typical, timeout time.Duration, step *steps.Stack) string {
	s.Stack = name
	return b.add(s, Create, title, "cloudformation", typical, timeout, b.own(name, tags, step))
}

func (b *builder) controlPlane() {
	name := stack.ClusterName(b.cfg.Metadata.Name)
	if b.needs(name) && !(b.exists() && b.live.Stacks[name] == nil) {
		tags := map[string]string{stack.TagOIDC: fmt.Sprint(config.On(b.cfg.IAM.WithOIDC, false))}
		what := "cluster stack: control plane, security groups, roles"
		if b.env.Net.VPC == "" {
			what = "cluster stack: VPC, NAT (" + b.cfg.VPC.NAT.Gateway + "), control plane, roles"
		}
		whole := b.own(name, tags, &steps.Stack{Body: b.clusterBody})
		b.add(rules.Step{Kind: rules.ClusterStack, Stack: name}, Create, what, "cloudformation", 5*time.Second, timeoutStack, &steps.StackStarted{Stack: whole})
		b.add(rules.Step{Kind: rules.ClusterStackDone, Stack: name}, Await, "cluster stack complete", "cloudformation", typicalCluster, timeoutCluster, whole)
	}
	if !b.exists() || b.live.Cluster.Status != types.ClusterStatusActive {
		b.add(rules.Step{Kind: rules.ControlPlane}, Await, "control plane ACTIVE (Kubernetes "+b.cfg.Metadata.Version+")", "eks", typicalCluster, timeoutCluster, &steps.ControlPlane{Env: b.env})
	}
}

// identity: the OIDC provider and identity providers.
func (b *builder) identity() {
	if config.On(b.cfg.IAM.WithOIDC, false) && !b.live.OIDC {
		b.add(rules.Step{Kind: rules.OIDC}, Create, "IAM OIDC provider", "iam", 2*time.Second, timeoutQuick, &steps.OIDCProvider{Env: b.env})
	}
	for i, p := range b.cfg.IdentityProviders {
		if slices.Contains(b.live.Providers, p.Name) {
			b.providerChanges(i, p)
		} else {
			b.add(rules.Step{Kind: rules.Provider, Name: p.Name}, Create, "OIDC identity provider "+p.Name, "eks", 6*time.Minute, timeoutUpdate, &steps.IdentityProvider{Env: b.env, Provider: p})
		}
	}
}

// access: entries, aws-auth mappings.
func (b *builder) access() {
	for _, e := range b.cfg.AccessConfig.AccessEntries {
		name := stack.AccessEntryName(b.cfg.Metadata.Name, e.PrincipalARN)
		if slices.Contains(b.live.Entries, e.PrincipalARN) {
			b.entryUpdate(e, name)
		} else if b.needs(name) {
			b.addStack(rules.Step{Kind: rules.AccessEntry, Name: e.PrincipalARN}, "access entry "+short(e.PrincipalARN), name, nil, 10*time.Second, timeoutStack, &steps.Stack{Body: body(stack.AccessEntry(b.cfg.Metadata.Name, e))})
		}
	}
	for i, m := range b.cfg.IamIdentityMappings {
		m = b.env.ServiceMapping(m)
		if in := b.inside(); m.ServiceName == config.EMRContainers && (in == nil || !in.RoleBindings[m.Namespace+"/"+m.ServiceName]) {
			b.kubernetes(rules.Step{Kind: rules.Mapping, Name: "emr/" + m.Namespace}, "EMR's role in namespace "+m.Namespace, &steps.EMRAccess{Env: b.env, Namespace: m.Namespace})
		}
		if in := b.inside(); in != nil && steps.Mapped(in.AWSAuth, m) {
			continue
		}
		b.kubernetes(rules.Step{Kind: rules.Mapping, Name: fmt.Sprint(i)}, "aws-auth mapping "+short(m.ARN+m.ServiceName+m.Account), &steps.IdentityMapping{Env: b.env, Mapping: m})
	}
}

func short(arn string) string {
	if i := strings.LastIndexAny(arn, ":/"); i >= 0 && i < len(arn)-1 {
		return arn[i+1:]
	}
	return arn
}

// inside is what was seen inside Kubernetes; nil: nothing was, and every step on
// its API is planned: they look for themselves.
func (b *builder) inside() *cluster.Inside {
	if b.live.Details == nil {
		return nil
	}
	return b.live.Details.Inside
}

// kubernetes adds a step on the Kubernetes API.
func (b *builder) kubernetes(s rules.Step, title string, step engine.Step) {
	s.Kubernetes = true
	b.add(s, Create, title, "kubernetes", time.Second, timeoutQuick, step)
}

func (b *builder) serviceAccounts() {
	c := b.cfg.Metadata.Name
	for _, sa := range b.cfg.IAM.ServiceAccounts {
		m := sa.Metadata
		id := m.Namespace + "/" + m.Name
		role := sa.AttachRoleARN
		if role == "" {
			role = stack.ServiceAccountName(c, m.Namespace, m.Name)
			b.role(rules.Step{Kind: rules.AccountRole, Name: id, IRSA: true}, "IAM role for service account "+id, role, merge(map[string]string{stack.TagAccount: id}, sa.Tags),
				stack.Role{Description: "IAM role for serviceaccount \"" + id + "\"", Namespace: m.Namespace, Name: nameOr(sa.SubjectPattern, m.Name), Pattern: sa.SubjectPattern != "", RoleName: sa.RoleName, Boundary: sa.PermissionsBoundary, ARNs: sa.AttachPolicyARNs, Policy: sa.AttachPolicy, WellKnown: sa.WellKnownPolicies})
		}
		if !config.On(sa.RoleOnly, false) {
			b.account(&steps.ServiceAccount{Env: b.env, Namespace: m.Namespace, Name: m.Name, Labels: m.Labels, Annotions: m.Annotations, Role: role})
		}
	}
}

// account adds a service account that is not there, or not as wanted.
func (b *builder) account(s *steps.ServiceAccount) {
	id := s.Namespace + "/" + s.Name
	if in := b.inside(); in != nil && in.Accounts[id] != nil {
		want := maps.Clone(s.Annotions)
		if arn := b.roleARN(s.Role); arn != "" {
			want = merge(map[string]string{steps.RoleAnnotation: arn}, want)
		}
		if a := in.Accounts[id]; steps.Holds(a.Annotations, want) && steps.Holds(a.Labels, s.Labels) && (s.Role == "" || b.roleARN(s.Role) != "") {
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
			b.role(rules.Step{Kind: rules.PodRole, Name: id}, "pod identity role for "+id, role, map[string]string{stack.TagPodIdentity: id}, podRole(p, id))
		}
		if config.On(p.CreateServiceAccount, false) {
			b.account(&steps.ServiceAccount{Env: b.env, Namespace: p.Namespace, Name: p.ServiceAccountName})
		}
		if _, ok := b.live.Associations[id]; ok {
			b.associationUpdate(p, role)
			continue
		}
		b.add(rules.Step{Kind: rules.PodIdentity, Name: id}, Create, "pod identity association "+id, "eks", 2*time.Second, timeoutQuick, &steps.PodIdentity{Env: b.env, Association: p, Role: role})
	}
}

func podRole(p config.PodIdentityAssociation, id string) stack.Role {
	return stack.Role{Description: "IAM role for pod identity association " + id, RoleName: p.RoleName, Boundary: p.PermissionsBoundaryARN, ARNs: p.PermissionPolicyARNs, Policy: p.PermissionPolicy, PolicyName: p.PermissionPolicyName, WellKnown: p.WellKnownPolicies}
}

func (b *builder) fargate() {
	own := stack.FargateName(b.cfg.Metadata.Name)
	missing := b.exists() && stack.NeedsFargateRole(b.cfg) && cluster.Output(b.live.Stacks[stack.ClusterName(b.cfg.Metadata.Name)], "FargatePodExecutionRoleARN") == ""
	for i, p := range b.cfg.FargateProfiles {
		if f := b.live.Profiles[p.Name]; f != nil && f.Status == types.FargateProfileStatusActive {
			b.profileChanges(i, p, f)
			continue
		}
		if missing && p.PodExecutionRoleARN == "" && b.needs(own) {
			b.addStack(rules.Step{Kind: rules.FargateRole}, "IAM role for pods on Fargate", own, nil, typicalRole, timeoutStack, &steps.Stack{Body: body(stack.FargateRole(b.cfg))})
			missing = false
		}
		b.add(rules.Step{Kind: rules.Fargate, Name: p.Name}, Create, "Fargate profile "+p.Name, "eks", 90*time.Second, timeoutStack, &steps.FargateProfile{Env: b.env, Profile: p})
	}
}

func (b *builder) logRetention() {
	w := b.cfg.CloudWatch
	if w == nil || w.ClusterLogging == nil || config.Int(w.ClusterLogging.LogRetentionInDays, 0) == 0 || len(w.ClusterLogging.EnableTypes) == 0 {
		return
	}
	days := *w.ClusterLogging.LogRetentionInDays
	if b.live.Details != nil && b.live.Details.Retention == days {
		return
	}
	b.add(rules.Step{Kind: rules.Retention}, Create, fmt.Sprintf("log retention: %d days", days), "cloudwatchlogs", 2*time.Second, timeoutQuick, &steps.LogRetention{Env: b.env, Days: days})
}
