package fields

import (
	"maps"
	"slices"

	"github.com/slipway-eks/slipway/internal/observe"
)

// identity is who the cluster, its pods and its callers are.
var identity = slices.Concat(
	[]Field{f("iam", "IAM roles of the cluster and of service accounts.").is(Never).remedy(anotherOne)},
	prefix(
		"iam",
		f("serviceRoleARN", "An existing role for the control plane.").live(cluster(func(c *observe.Cluster) any { return c.RoleARN })),
		f("serviceRolePermissionsBoundary", "The boundary of the role that is made otherwise."),
		f("vpcResourceControllerPolicy", "Give that role the policy for security groups of pods."),
		f(
			"withOIDC",
			"Register the cluster's OIDC issuer with IAM, for roles of service accounts.",
		).via("oidc-provider").
			live(func(o *observe.Observed, _ string) (any, bool) {
				return o.OIDCProvider != nil, o.Missed(observe.OIDC) == nil
			}).
			breaks("pods cannot assume roles by their service accounts"),
		f("fargatePodExecutionRoleARN", "An existing role for pods on Fargate.").is(CreateOnly),
		f("fargatePodExecutionRolePermissionsBoundary", "The boundary of the role that is made otherwise.").is(CreateOnly),
		f("serviceAccounts", "Service accounts with a role each, by the OIDC issuer.").via("service-account-role").key("metadata.namespace", "metadata.name"),
	),
	prefix(
		"iam.serviceAccounts",
		f("metadata", "The service account.").via("service-account"),
		f("metadata.name", "Its name.").is(Identity),
		f("metadata.namespace", "Its namespace; default where none is named.").is(Identity),
		f("metadata.labels", "Labels on it.").additive().live(account(func(a *observe.ServiceAccount) any { return a.Labels })),
		f("metadata.annotations", "Annotations on it.").additive().live(account(func(a *observe.ServiceAccount) any { return a.Annotations })),
		f("attachPolicyARNs", "Managed policies of its role."),
		f("attachPolicy", "A policy document for its role."),
		f(
			"attachRoleARN",
			"An existing role instead.",
		).via("service-account").
			live(account(func(a *observe.ServiceAccount) any { return a.Annotations[observe.RoleAnnotation] })).
			breaks("its pods have another role's permissions"),
		f("permissionsBoundary", "The role's permissions boundary."),
		f("roleName", "The role's name."),
		f("roleOnly", "Make the role only, no service account."),
		f("subjectPattern", "A pattern for the names of service accounts that may assume the role."),
		f("tags", "Tags on the role's stack.").is(CreateOnly),
		f("status", "Written by eksctl, ignored in a file.").is(Ignore),
		f("status.capabilities", "Likewise."),
		f("status.roleARN", "Likewise."),
		f("status.stackName", "Likewise."),
		f("status.tags", "Likewise."),
	),
	wellKnown("iam.serviceAccounts"),
	[]Field{
		f("iam.podIdentityAssociations", "Service accounts with a role each, by EKS Pod Identity.").via("pod-identity").key("namespace", "serviceAccountName"),
	},
	podIdentity("iam.podIdentityAssociations", true),
	[]Field{f("accessConfig", "How IAM principals get into Kubernetes.").is(Never).remedy(anotherOne)},
	prefix("accessConfig",
		f("authenticationMode", "Access entries, the aws-auth config map, or both; EKS goes one way only: CONFIG_MAP, API_AND_CONFIG_MAP, API.").via(clusterUpdate).
			live(cluster(func(c *observe.Cluster) any {
				if c.AccessConfig == nil {
					return nil
				}
				return c.AccessConfig.AuthenticationMode
			})).breaks("access entries, or the mappings in aws-auth, do not count"),
		f("bootstrapClusterCreatorAdminPermissions", "Make whoever makes the cluster its administrator."),
		f("accessEntries", "IAM principals that are let in.").via("access-entry").key("principalARN"),
	),
	prefix("accessConfig.accessEntries",
		f("principalARN", "The IAM role or user.").is(Identity),
		f("type", "STANDARD, or the kind of nodes that come with it.").is(Replace).remedy("put it back, or delete the entry first (aws eks delete-access-entry)").
			live(entry(func(e *observe.AccessEntry) any { return e.Type })),
		f("kubernetesUsername", "The name that it has in Kubernetes.").live(entry(func(e *observe.AccessEntry) any { return e.Username })),
		f("kubernetesGroups", "The Kubernetes groups that it is in.").none().live(entry(entryGroups)).
			breaks("it may do more, or less, than the file says"),
		f("accessPolicies", "EKS's access policies on it.").asOne().none().plain(withScopes).live(entry(entryPolicies)).
			breaks("it may do more, or less, than the file says"),
		f("accessPolicies.policyARN", "The policy."),
		f("accessPolicies.accessScope", "Where it holds."),
		f("accessPolicies.accessScope.type", "In the whole cluster or in namespaces."),
		f("accessPolicies.accessScope.namespaces", "The namespaces; * stands for any letters."),
	),
	[]Field{f("iamIdentityMappings", "IAM principals that are mapped in kube-system/aws-auth.").via("identity-mapping").asOne()},
	prefix("iamIdentityMappings",
		f("arn", "The IAM role or user."), f("username", "Its name in Kubernetes."), f("groups", "Its groups in Kubernetes."),
		f("account", "A whole AWS account instead."),
		f("serviceName", "An AWS service instead: emr-containers."), f("namespace", "The namespace that the service works in."),
		f("noDuplicateARNs", "A mapping is never written twice anyway.").is(Ignore),
	),
	[]Field{f("identityProviders", "OIDC identity providers of the Kubernetes API.").is(Replace).key("name").
		remedy("disassociate it first (eksctl disassociate identityprovider), or give the new one another name")},
	prefix("identityProviders",
		f("type", "oidc, the one kind that there is.").is(Ignore),
		f("name", "Its name.").is(Identity),
		f("issuerURL", "The issuer.").live(provider(func(p *observe.IdentityProvider) any { return p.IssuerURL })).breaks("people cannot sign in, or others can"),
		f("clientID", "The client ID that tokens are for.").live(provider(func(p *observe.IdentityProvider) any { return p.ClientID })),
		f("usernameClaim", "The claim that names the user.").live(provider(func(p *observe.IdentityProvider) any { return p.UsernameClaim })),
		f("usernamePrefix", "What stands before it.").none().live(provider(func(p *observe.IdentityProvider) any { return p.UsernamePrefix })),
		f("groupsClaim", "The claim that names the groups.").none().live(provider(func(p *observe.IdentityProvider) any { return p.GroupsClaim })),
		f("groupsPrefix", "What stands before each.").none().live(provider(func(p *observe.IdentityProvider) any { return p.GroupsPrefix })),
		f("requiredClaims", "Claims that a token must have.").none().live(provider(func(p *observe.IdentityProvider) any { return p.RequiredClaims })),
		f("tags", "Tags on it.").via("tags").additive().live(provider(func(p *observe.IdentityProvider) any { return p.Tags })),
	),
)

func account(read func(*observe.ServiceAccount) any) func(*observe.Observed, string) (any, bool) {
	return func(o *observe.Observed, key string) (any, bool) {
		if o.Kubernetes == nil || o.Kubernetes.ServiceAccounts[key] == nil {
			return nil, false
		}
		return read(o.Kubernetes.ServiceAccounts[key]), true
	}
}

func entry(read func(*observe.AccessEntry) any) func(*observe.Observed, string) (any, bool) {
	return of(func(o *observe.Observed) map[string]*observe.AccessEntry { return o.AccessEntries }, read)
}

func provider(read func(*observe.IdentityProvider) any) func(*observe.Observed, string) (any, bool) {
	return of(func(o *observe.Observed) map[string]*observe.IdentityProvider { return o.IdentityProviders }, read)
}

func association(read func(*observe.PodIdentity) any) func(*observe.Observed, string) (any, bool) {
	return of(func(o *observe.Observed) map[string]*observe.PodIdentity { return o.PodIdentities }, read)
}

// of reads a field of one element of a part of the observation.
func of[T any](part func(*observe.Observed) map[string]*T, read func(*T) any) func(*observe.Observed, string) (any, bool) {
	return func(o *observe.Observed, key string) (any, bool) {
		x := part(o)[key]
		if x == nil {
			return nil, false
		}
		return read(x), true
	}
}

// entryGroups are an entry's groups; those of nodes are EKS's own.
func entryGroups(e *observe.AccessEntry) any {
	if e.Type != "" && e.Type != "STANDARD" {
		return nil
	}
	return e.KubernetesGroups
}

// withScopes writes out that a policy without a scope holds in the whole cluster.
func withScopes(policies any) any {
	list, ok := policies.([]any)
	if !ok {
		return policies
	}
	var out []any
	for _, p := range list {
		if m, ok := p.(map[string]any); ok && m["accessScope"] == nil {
			m = maps.Clone(m)
			m["accessScope"] = map[string]any{"type": "cluster"}
			p = m
		}
		out = append(out, p)
	}
	return out
}

// entryPolicies are an entry's policies as the file writes them.
func entryPolicies(e *observe.AccessEntry) any {
	out := []any{}
	for _, p := range e.Policies {
		x := map[string]any{"policyARN": p.PolicyARN}
		if s := p.AccessScope; s != nil {
			scope := map[string]any{"type": s.Type}
			if len(s.Namespaces) > 0 {
				scope["namespaces"] = []string(s.Namespaces)
			}
			x["accessScope"] = scope
		}
		out = append(out, x)
	}
	return out
}

// podIdentity are the rows of a pod identity association. An add-on's is compared as
// a whole, with its add-on.
func podIdentity(path string, own bool) []Field {
	live := func(x Field, read func(*observe.PodIdentity) any) Field {
		if own {
			return x.live(association(read))
		}
		return x
	}
	id := func(x Field) Field {
		if own {
			return x.is(Identity)
		}
		return x
	}
	role := func(x Field) Field {
		if own {
			return x.via("pod-identity-role")
		}
		return x
	}
	return append(prefix(path,
		id(f("namespace", "The service account's namespace.")),
		id(f("serviceAccountName", "The service account's name.")),
		live(f("roleARN", "An existing role.").breaks("its pods have another role's permissions"), func(p *observe.PodIdentity) any { return p.RoleARN }),
		role(f("roleName", "The name of the role that is made otherwise.")),
		role(f("permissionPolicyARNs", "Managed policies of that role.")),
		role(f("permissionPolicy", "A policy document for it.")),
		role(f("permissionPolicyName", "That policy's name.")),
		role(f("permissionsBoundaryARN", "Its permissions boundary.")),
		live(f("targetRoleARN", "A role, of another account as well, that it goes on to assume.").none(),
			func(p *observe.PodIdentity) any { return p.TargetRoleARN }),
		live(f("disableSessionTags", "Leave out the tags that EKS puts on sessions.").none(), func(p *observe.PodIdentity) any { return p.DisableSessionTags }),
		live(f("policy", "A session policy that narrows the role.").none().document(), func(p *observe.PodIdentity) any { return p.Policy }),
		f("createServiceAccount", "Make the service account too.").via("service-account"),
		live(f("tags", "Tags on the association.").via("tags").additive(), func(p *observe.PodIdentity) any { return p.Tags }),
	), wellKnown(path)...)
}

// wellKnown are policies that the file asks for by name.
func wellKnown(path string) []Field {
	return prefix(path,
		f("wellKnownPolicies", "Policies that Slipway knows by name."),
		f("wellKnownPolicies.autoScaler", "For the cluster autoscaler."),
		f("wellKnownPolicies.awsLoadBalancerController", "For the AWS Load Balancer Controller."),
		f("wellKnownPolicies.certManager", "For cert-manager, with Route 53."),
		f("wellKnownPolicies.ebsCSIController", "For the EBS CSI driver."),
		f("wellKnownPolicies.efsCSIController", "For the EFS CSI driver."),
		f("wellKnownPolicies.externalDNS", "For external-dns."),
		f("wellKnownPolicies.imageBuilder", "For building and pushing images to ECR."),
	)
}
