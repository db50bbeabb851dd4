package plan

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

func (b *builder) addons() {
	early := earlyAddons(b.cfg)
	groups := len(b.cfg.Groups()) > 0
	unawaited := []string{}
	for _, a := range b.cfg.Addons {
		live, m := b.live.Addons[a.Name], create
		if live != nil {
			m = bare[classOf(live.Status)]
		}
		if m == follow || m == settle { // its update waits for what is under way
			b.addonChanges(a, live)
			if live.Status == "ACTIVE" {
				continue
			}
		}
		fact := eksfacts.AddonNamed(a.Name)
		daemon := fact.DaemonSet != ""
		awaited := daemon && (slices.Contains(early, a.Name) || groups)
		timeout := timeoutAddon
		if d, err := time.ParseDuration(a.Timeout); err == nil {
			timeout = d
		}
		if m == remake {
			b.discard(rules.DeleteAddon, "addon", a.Name, live.Status)
		}
		if m == create || m == remake {
			until := ""
			switch {
			case awaited && slices.Contains(early, a.Name) && daemon && !b.in.GateActive && b.in.Unreachable == "":
				until = steps.Applied // node groups wait for this much; ACTIVE is awaited beside them
			case awaited:
				until = steps.Active
			}
			b.addonCreate(a, until, fact.Typical, timeout)
			if until == steps.Active {
				continue
			}
		}
		if !daemon && !b.placed(a) {
			unawaited = append(unawaited, a.Name)
			continue
		}
		b.add(part{Step: b.addonStep(rules.AddonHealth, a), Action: Await, Title: "add-on " + a.Name + " ACTIVE",
			Typical: fact.Typical, Timeout: timeout,
			Run: &steps.AddonHealth{Name: a.Name}})
	}
	if len(unawaited) > 0 {
		b.plan.Notes = append(
			b.plan.Notes,
			"Not awaited, since nothing in the file takes their pods (a Linux node whose taints they tolerate, or a Fargate profile that selects them): "+
				strings.Join(unawaited, ", ")+". EKS shows them DEGRADED until something does.",
		)
	}
	if b.in.Unreachable != "" {
		b.plan.Notes = append(
			b.plan.Notes,
			"The Kubernetes API cannot be used from here: "+b.in.Unreachable+". Add-ons count as ready by EKS's status alone, and nodes by their group's.",
		)
	}
	if b.cfg.CNI != nil && len(b.cfg.Groups()) > 0 && !b.gateOpen() {
		b.plan.Notes = append(b.plan.Notes, "The run waits for you to install the network plugin "+b.cfg.CNI.DaemonSet+" once the control plane is up.")
		timeout := timeoutGate
		if d, err := time.ParseDuration(b.cfg.CNI.Timeout); err == nil {
			timeout = d
		}
		b.add(part{Step: rules.Step{Kind: rules.CNIGate}, Action: Await, Title: "network plugin " + b.cfg.CNI.DaemonSet + ", installed by you",
			Typical: 2 * time.Minute, Timeout: timeout,
			Run: &steps.CNIGate{DaemonSet: b.cfg.CNI.DaemonSet}})
	}
	windows := slices.ContainsFunc(b.cfg.Groups(), func(n *config.NodeGroupBase) bool { return n.Windows() })
	if in := b.inside(); windows && (in == nil || in.VPCCNIConfig["enable-windows-ipam"] != "true") {
		b.kubernetes(rules.Step{Kind: rules.Windows}, "Windows support in the VPC CNI", &steps.WindowsSupport{})
	}
}

// addonCreate adds a new add-on, with its IAM.
func (b *builder) addonCreate(a config.Addon, until string, typical, timeout time.Duration) {
	step := &steps.Addon{
		Name:       a.Name,
		Kubernetes: b.cfg.Metadata.Version,
		Values:     a.ConfigurationValues,
		Tags:       a.Tags,
		Until:      until,
		Role:       a.ServiceAccountRoleARN,
	}
	if a.Version != "default" {
		step.Version = a.Version
	}
	if a.Name == "coredns" && fargateOnly(b.cfg) && step.Values == "" && b.onFargate(a) {
		step.Values = `{"computeType":"Fargate"}`
	}
	if a.NamespaceConfig != nil {
		step.Namespace = a.NamespaceConfig.Namespace
	}
	if r := strings.ToUpper(a.ResolveConflicts); r == "NONE" || r == "PRESERVE" {
		step.ResolveConflicts = r
	}
	b.addonIAM(a, step)
	switch until {
	case "":
		typical = 2 * time.Second
	case steps.Applied:
		typical /= 3
	}
	b.add(part{Step: b.addonStep(rules.Addon, a).Label(rules.With(rules.Of, "addon/"+a.Name)), Action: Create, Title: "add-on " + a.Name,
		Typical: typical, Timeout: timeout,
		Run: step})
}

func (b *builder) gateOpen() bool {
	in := b.inside()
	return in != nil && in.DaemonSets[b.cfg.CNI.DaemonSet] != nil
}

func keys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// addonIAM gives an add-on the roles that it takes its permissions from.
func (b *builder) addonIAM(a config.Addon, step *steps.Addon) {
	from := b.cfg.Permissions(&a)
	if from == config.FromNode || a.ServiceAccountRoleARN != "" {
		return
	}
	step.PodRoles = map[string]string{}
	for _, p := range a.PodIdentityAssociations {
		if p.RoleARN != "" {
			step.PodRoles[p.ServiceAccountName] = p.RoleARN
		} else {
			b.addonPodRole(a.Name, p.ServiceAccountName, p, step)
		}
	}
	if len(a.PodIdentityAssociations) > 0 {
		return
	}
	fact, policies, doc := eksfacts.AddonNamed(a.Name), a.AttachPolicyARNs, a.AttachPolicy
	switch {
	case a.Custom():
	case a.Name == eksfacts.VPCCNI && b.cfg.IPv6():
		doc = cniIPv6
	default:
		for _, p := range fact.Policies {
			policies = append(policies, "arn:"+b.in.Partition+":iam::aws:policy/"+p)
		}
	}
	ns, sa := eksfacts.SplitAccount(fact.Account)
	if from == config.FromPodIdentity {
		b.addonPodRole(a.Name, sa, config.PodIdentityAssociation{PermissionPolicyARNs: policies, PermissionPolicy: doc,
			WellKnownPolicies: a.WellKnownPolicies, PermissionsBoundaryARN: a.PermissionsBoundary}, step)
		return
	}
	step.Role = stack.AddonRoleName(b.cfg.Metadata.Name, a.Name)
	b.role(
		rules.Step{Kind: rules.AddonRole, Name: a.Name, Labels: []string{rules.NeedsIssuer, rules.With(rules.For, a.Name)}},
		"IAM role for add-on "+a.Name,
		step.Role,
		map[string]string{eksfacts.TagAddon: a.Name},
		stack.Role{Description: "IAM role for \"" + a.Name + "\" addon", Namespace: ns, Name: sa,
			Boundary: a.PermissionsBoundary, ARNs: policies, Policy: doc, WellKnown: a.WellKnownPolicies},
	)
}

// addonPodRole gives a service account of an add-on a role by pod identity.
func (b *builder) addonPodRole(addon, sa string, p config.PodIdentityAssociation, step *steps.Addon) {
	name := stack.AddonPodRoleName(b.cfg.Metadata.Name, addon, sa)
	step.PodRoles[sa] = name
	b.role(rules.Step{Kind: rules.AddonRole, Name: addon + "/" + sa, Labels: []string{rules.With(rules.For, addon)}}, "pod identity role for add-on "+addon, name,
		map[string]string{eksfacts.TagAddon: addon, eksfacts.TagAddonPod: sa}, podRole(p, "add-on "+addon))
}

// cniIPv6 is what the VPC CNI needs in an IPv6 cluster; AWS has no managed policy
// for it (EKS user guide, "AmazonEKS_CNI_IPv6_Policy").
var cniIPv6 = config.Document{"Version": "2012-10-17", "Statement": []any{
	map[string]any{
		"Effect":   "Allow",
		"Action":   []any{"ec2:AssignIpv6Addresses", "ec2:DescribeInstances", "ec2:DescribeTags", "ec2:DescribeNetworkInterfaces", "ec2:DescribeInstanceTypes"},
		"Resource": "*",
	},
	map[string]any{"Effect": "Allow", "Action": []any{"ec2:CreateTags"}, "Resource": "arn:*:ec2:*:*:network-interface/*"},
}}
