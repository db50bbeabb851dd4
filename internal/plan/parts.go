package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
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

// addStack adds a stack of its own.
func (b *builder) addStack(s rules.Step, title, name string, own map[string]string, typical, timeout time.Duration, step *steps.Stack) string {
	step.Env, step.Name, step.Tags = b.env, name, stack.Tags(b.cfg, own)
	s.Stack = name
	return b.add(s, Create, title, "cloudformation", typical, timeout, step)
}

func (b *builder) controlPlane() {
	name := stack.ClusterName(b.cfg.Metadata.Name)
	if b.needs(name) && !(b.exists() && b.live.Stacks[name] == nil) {
		oidc := fmt.Sprint(config.On(b.cfg.IAM.WithOIDC, false))
		what := "cluster stack: control plane, security groups, roles"
		if b.env.Net.VPC == "" {
			what = "cluster stack: VPC, NAT (" + b.cfg.VPC.NAT.Gateway + "), control plane, roles"
		}
		id := b.addStack(rules.Step{Kind: rules.ClusterStack}, what, name, map[string]string{stack.TagOIDC: oidc}, 5*time.Second, timeoutStack, &steps.Stack{Body: b.clusterBody})
		b.plan.Tasks[id].Step = &steps.StackStarted{Stack: b.plan.Tasks[id].Step.(*steps.Stack)}
		b.addStack(rules.Step{Kind: rules.ClusterStackDone}, "cluster stack complete", name, map[string]string{stack.TagOIDC: oidc}, typicalCluster, timeoutCluster, &steps.Stack{Body: b.clusterBody})
		b.plan.Entries[len(b.plan.Entries)-1].Action = Await
	}
	if !b.exists() || b.live.Cluster.Status != types.ClusterStatusActive {
		b.add(rules.Step{Kind: rules.ControlPlane}, Await, "control plane ACTIVE (Kubernetes "+b.cfg.Metadata.Version+")", "eks", typicalCluster, timeoutCluster, &steps.ControlPlane{Env: b.env})
	}
}

// clusterUpdates are the aspects of a live cluster that the config wants otherwise.
func (b *builder) clusterUpdates() {
	if !b.exists() {
		return
	}
	update := func(name, title string, in *eks.UpdateClusterConfigInput) {
		b.add(rules.Step{Kind: rules.ClusterUpdate, Name: name}, Update, title, "eks", typicalUpdate, timeoutUpdate, &steps.ClusterUpdate{Env: b.env, Input: in})
	}
	l, v := b.live.Cluster, b.cfg.VPC
	if rc := l.ResourcesVpcConfig; rc != nil {
		public, private := config.On(v.ClusterEndpoints.PublicAccess, true), config.On(v.ClusterEndpoints.PrivateAccess, false)
		cidrs := v.PublicAccessCIDRs
		if len(cidrs) == 0 {
			cidrs = []string{"0.0.0.0/0"}
		}
		if public != rc.EndpointPublicAccess || private != rc.EndpointPrivateAccess || public && !sameSet(cidrs, rc.PublicAccessCidrs) {
			in := &types.VpcConfigRequest{EndpointPublicAccess: &public, EndpointPrivateAccess: &private}
			if public {
				in.PublicAccessCidrs = cidrs
			}
			update("endpoints", "Kubernetes API endpoint access", &eks.UpdateClusterConfigInput{ResourcesVpcConfig: in})
		}
	}
	var want []string
	if w := b.cfg.CloudWatch; w != nil && w.ClusterLogging != nil {
		want = w.ClusterLogging.EnableTypes
	}
	if have := enabledLogs(l.Logging); len(want) > 0 && !sameSet(want, have) {
		on, off := types.LogSetup{Enabled: new(true)}, types.LogSetup{Enabled: new(false)}
		for _, t := range config.LogTypes {
			if slices.Contains(want, t) {
				on.Types = append(on.Types, types.LogType(t))
			} else {
				off.Types = append(off.Types, types.LogType(t))
			}
		}
		setup := []types.LogSetup{on}
		if len(off.Types) > 0 {
			setup = append(setup, off)
		}
		update("logging", "control-plane logging: "+strings.Join(want, ", "), &eks.UpdateClusterConfigInput{Logging: &types.Logging{ClusterLogging: setup}})
	}
	if u := b.cfg.UpgradePolicy; u != nil && u.SupportType != "" && l.UpgradePolicy != nil && string(l.UpgradePolicy.SupportType) != u.SupportType {
		update("upgrade-policy", "upgrade policy "+u.SupportType, &eks.UpdateClusterConfigInput{UpgradePolicy: &types.UpgradePolicyRequest{SupportType: types.SupportType(u.SupportType)}})
	}
	if z := b.cfg.ZonalShiftConfig; z != nil && z.Enabled != nil && (l.ZonalShiftConfig == nil || aws.ToBool(l.ZonalShiftConfig.Enabled) != *z.Enabled) {
		update("zonal-shift", fmt.Sprintf("zonal shift: %t", *z.Enabled), &eks.UpdateClusterConfigInput{ZonalShiftConfig: &types.ZonalShiftConfigRequest{Enabled: z.Enabled}})
	}
}

func enabledLogs(l *types.Logging) []string {
	var out []string
	if l != nil {
		for _, s := range l.ClusterLogging {
			if aws.ToBool(s.Enabled) {
				for _, t := range s.Types {
					out = append(out, string(t))
				}
			}
		}
	}
	return out
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// identity: the OIDC provider and identity providers.
func (b *builder) identity() {
	if config.On(b.cfg.IAM.WithOIDC, false) && !b.live.OIDC {
		b.add(rules.Step{Kind: rules.OIDC}, Create, "IAM OIDC provider", "iam", 2*time.Second, timeoutQuick, &steps.OIDCProvider{Env: b.env})
	}
	for _, p := range b.cfg.IdentityProviders {
		if !slices.Contains(b.live.Providers, p.Name) {
			b.add(rules.Step{Kind: rules.Provider, Name: p.Name}, Create, "OIDC identity provider "+p.Name, "eks", 6*time.Minute, timeoutUpdate, &steps.IdentityProvider{Env: b.env, Provider: p})
		}
	}
}

// access: entries, aws-auth mappings.
func (b *builder) access() {
	for _, e := range b.cfg.AccessConfig.AccessEntries {
		name := stack.AccessEntryName(b.cfg.Metadata.Name, e.PrincipalARN)
		if slices.Contains(b.live.Entries, e.PrincipalARN) || !b.needs(name) {
			continue
		}
		b.addStack(rules.Step{Kind: rules.AccessEntry, Name: e.PrincipalARN}, "access entry "+short(e.PrincipalARN), name, nil, 10*time.Second, timeoutStack, &steps.Stack{Body: body(stack.AccessEntry(b.cfg.Metadata.Name, e))})
	}
	for i, m := range b.cfg.IamIdentityMappings {
		what := m.ARN + m.ServiceName + m.Account
		b.quick(rules.Step{Kind: rules.Mapping, Name: fmt.Sprint(i), Kubernetes: true}, "aws-auth mapping "+short(what), &steps.IdentityMapping{Env: b.env, Mapping: m})
	}
}

func short(arn string) string {
	if i := strings.LastIndexAny(arn, ":/"); i >= 0 && i < len(arn)-1 {
		return arn[i+1:]
	}
	return arn
}

// quick adds a step on the Kubernetes API, unless a live cluster was found: those
// steps look first, and are left out of a plan that would otherwise be empty.
func (b *builder) quick(s rules.Step, title string, step interface {
	steps.Runner
}) {
	if b.exists() && b.live.Cluster.Status == types.ClusterStatusActive && b.env.InPlace != nil && b.env.InPlace(s.Kind, s.Name) {
		return
	}
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
			if b.needs(role) {
				sa := sa
				b.addStack(rules.Step{Kind: rules.AccountRole, Name: id, IRSA: true}, "IAM role for service account "+id, role, merge(map[string]string{stack.TagAccount: id}, sa.Tags), typicalRole, timeoutStack,
					&steps.Stack{Body: steps.IRSABody(b.env, stack.Role{Description: "IAM role for serviceaccount \"" + id + "\"", Namespace: m.Namespace, Name: nameOr(sa.SubjectPattern, m.Name), Pattern: sa.SubjectPattern != "", RoleName: sa.RoleName, Boundary: sa.PermissionsBoundary, ARNs: sa.AttachPolicyARNs, Policy: sa.AttachPolicy, WellKnown: sa.WellKnownPolicies})})
			}
		}
		if !config.On(sa.RoleOnly, false) {
			b.quick(rules.Step{Kind: rules.Account, Name: id, Kubernetes: true}, "service account "+id, &steps.ServiceAccount{Env: b.env, Namespace: m.Namespace, Name: m.Name, Labels: m.Labels, Annotions: m.Annotations, Role: role})
		}
	}
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
		if _, ok := b.live.Associations[id]; ok {
			continue
		}
		role := p.RoleARN
		if role == "" {
			role = stack.PodRoleName(c, p.Namespace, p.ServiceAccountName)
			if b.needs(role) {
				b.addStack(rules.Step{Kind: rules.PodRole, Name: id}, "pod identity role for "+id, role, map[string]string{stack.TagPodIdentity: id}, typicalRole, timeoutStack, &steps.Stack{Body: body(stack.PodIdentity(podRole(p, id)))})
			}
		}
		if config.On(p.CreateServiceAccount, false) {
			b.quick(rules.Step{Kind: rules.Account, Name: id, Kubernetes: true}, "service account "+id, &steps.ServiceAccount{Env: b.env, Namespace: p.Namespace, Name: p.ServiceAccountName})
		}
		b.add(rules.Step{Kind: rules.PodIdentity, Name: id}, Create, "pod identity association "+id, "eks", 2*time.Second, timeoutQuick, &steps.PodIdentity{Env: b.env, Association: p, Role: role})
	}
}

func podRole(p config.PodIdentityAssociation, id string) stack.Role {
	return stack.Role{Description: "IAM role for pod identity association " + id, RoleName: p.RoleName, Boundary: p.PermissionsBoundaryARN, ARNs: p.PermissionPolicyARNs, Policy: p.PermissionPolicy, PolicyName: p.PermissionPolicyName, WellKnown: p.WellKnownPolicies}
}

func (b *builder) fargate() {
	for _, p := range b.cfg.FargateProfiles {
		if f := b.live.Profiles[p.Name]; f != nil && f.Status == types.FargateProfileStatusActive {
			continue
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
	if b.exists() && b.env.InPlace != nil && b.env.InPlace(rules.Retention, fmt.Sprint(days)) {
		return
	}
	b.add(rules.Step{Kind: rules.Retention}, Create, fmt.Sprintf("log retention: %d days", days), "cloudwatchlogs", 2*time.Second, timeoutQuick, &steps.LogRetention{Env: b.env, Days: days})
}
