package fields

import (
	"slices"

	"github.com/slipway-eks/slipway/internal/observe"
)

func addon(read func(*observe.Addon) any) func(*observe.Observed, string) (any, bool) {
	return of(func(o *observe.Observed) map[string]*observe.Addon { return o.Addons }, read)
}

// addons are EKS add-ons.
var addons = slices.Concat(
	[]Field{
		f("addonsConfig", "What holds for all add-ons.").is(Ignore),
		f("addonsConfig.autoApplyPodIdentityAssociations", "Give each add-on the pod identity that EKS recommends.").via("addon-update"),
		f("addonsConfig.disableDefaultAddons", "Leave out those that the file does not name; what stands stays.").is(CreateOnly),
		f("addons", "EKS add-ons; vpc-cni, kube-proxy, coredns and metrics-server are added where not named.").via("addon-update").key("name"),
	},
	prefix(
		"addons",
		f("name", "The add-on's name.").is(Identity),
		f("version", "Its version, a part of one, default or latest; none: EKS's default, and what stands stays.").
			request("addonVersion").
			live(addon(func(a *observe.Addon) any { return a.Version })).
			breaks("it may not fit the cluster's version"),
		f("configurationValues", "Its settings, by the add-on's own schema, as JSON or YAML text.").document().
			live(addon(func(a *observe.Addon) any { return a.ConfigurationValues })).
			breaks("it runs with other settings than the file says"),
		f("resolveConflicts", "What EKS does about fields that somebody else set, when it is made and when it is updated.").is(CreateOnly),
		f("serviceAccountRoleARN", "An existing role for its service account.").live(addon(func(a *observe.Addon) any { return a.ServiceAccountRoleARN })).
			breaks("it lacks permissions, or has others'"),
		f("attachPolicyARNs", "Managed policies of the role that is made otherwise."),
		f("attachPolicy", "A policy document for it."),
		f("permissionsBoundary", "Its permissions boundary."),
		f("podIdentityAssociations", "Roles for its service accounts by EKS Pod Identity.").asOne(),
		f("useDefaultPodIdentityAssociations", "Take those that EKS recommends."),
		f("namespaceConfig", "Where its pods run.").is(Replace).remedy("put it back, or delete the add-on first (aws eks delete-addon)"),
		f("namespaceConfig.namespace", "The namespace.").live(addon(func(a *observe.Addon) any {
			if a.NamespaceConfig == nil {
				return nil
			}
			return a.NamespaceConfig.Namespace
		})),
		f("tags", "Tags on it.").via("tags").additive().live(addon(func(a *observe.Addon) any { return a.Tags })),
		f("publishers", "A filter of eksctl's listings.").is(Ignore),
		f("types", "A filter of eksctl's listings.").is(Ignore),
		f("owners", "A filter of eksctl's listings.").is(Ignore),
		f("beforeCompute", "Whether node groups wait for it.").is(CreateOnly),
		f("timeout", "How long to wait for it.").is(CreateOnly),
		f("dependsOn", "Steps that it waits for: addon/x, nodegroup/y.").is(CreateOnly),
	),
	wellKnown("addons"),
	podIdentity("addons.podIdentityAssociations", false),
)

func profile(read func(*observe.FargateProfile) any) func(*observe.Observed, string) (any, bool) {
	return of(func(o *observe.Observed) map[string]*observe.FargateProfile { return o.Profiles }, read)
}

// fargate are Fargate profiles.
var fargate = append(
	[]Field{f("fargateProfiles", "Which pods run on Fargate.").is(Replace).key("name").remedy("give the new profile another name; EKS changes no profile")},
	prefix(
		"fargateProfiles",
		f("name", "The profile's name.").is(Identity),
		f("podExecutionRoleARN", "An existing role for its pods.").live(profile(func(p *observe.FargateProfile) any { return p.PodExecutionRoleARN })),
		f(
			"selectors",
			"The pods, by namespace and labels.",
		).asOne().live(profile(func(p *observe.FargateProfile) any { return p.Selectors })).
			breaks("pods wait for nodes that nobody makes"),
		f("selectors.namespace", "Their namespace."),
		f("selectors.labels", "Their labels."),
		f("subnets", "The subnets that they run in; private ones only.").live(profile(func(p *observe.FargateProfile) any { return p.Subnets })),
		f("tags", "Tags on the profile.").via("tags").additive().live(profile(func(p *observe.FargateProfile) any { return p.Tags })),
		f("status", "Written by eksctl, ignored in a file.").is(Ignore),
	)...)
