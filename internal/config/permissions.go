package config

import "github.com/slipway-eks/slipway/internal/eksfacts"

// Permissions is where an add-on's pods take their permissions in AWS from.
type Permissions string

// Where from.
const (
	FromNode        Permissions = "node role"       // the role of the node that they run on
	FromAccount     Permissions = "service account" // the role that their service account names (IRSA)
	FromPodIdentity Permissions = "pod identity"    // a role that the pod identity agent hands out
)

// Permissions tells where an add-on's pods take their permissions from. Pod identity
// is asked for by name, or is what is left without an OIDC provider.
func (c *ClusterConfig) Permissions(a *Addon) Permissions {
	switch {
	case a.ServiceAccountRoleARN != "":
		return FromAccount
	case len(a.PodIdentityAssociations) > 0:
		return FromPodIdentity
	case !a.Custom() && !c.Recommended(a) && !c.cniIPv6(a):
		return FromNode
	case c.AutoPodIdentity(a) || !On(c.IAM.WithOIDC, false):
		return FromPodIdentity
	}
	return FromAccount
}

// Custom tells whether the file gives an add-on policies.
func (a *Addon) Custom() bool {
	return len(a.AttachPolicyARNs) > 0 || a.AttachPolicy != nil || a.WellKnownPolicies != nil
}

// Recommended tells whether an add-on gets a role with the policies that EKS recommends:
// by pod identity where the file asks for that, else, of an add-on that the file lists,
// where there is an OIDC provider.
func (c *ClusterConfig) Recommended(a *Addon) bool {
	return len(eksfacts.AddonNamed(a.Name).Policies) > 0 && !a.Custom() && (c.AutoPodIdentity(a) || On(c.IAM.WithOIDC, false) && !a.Implied)
}

// AutoPodIdentity tells whether an add-on gets the pod identities that EKS recommends.
func (c *ClusterConfig) AutoPodIdentity(a *Addon) bool {
	return On(a.UseDefaultPodIdentityAssociations, false) || c.AddonsConfig != nil && On(c.AddonsConfig.AutoApplyPodIdentityAssociations, false)
}

// cniIPv6: node roles do not carry what the VPC CNI needs in an IPv6 cluster.
func (c *ClusterConfig) cniIPv6(a *Addon) bool { return a.Name == eksfacts.VPCCNI && c.IPv6() }

// CNIPermissions tells where the VPC CNI takes its permissions from: a copy that EKS
// does not manage has the node's; "": there is none, for the user brings another plugin.
func (c *ClusterConfig) CNIPermissions() Permissions {
	if a := c.Addon(eksfacts.VPCCNI); a != nil {
		return c.Permissions(a)
	}
	if c.CNI != nil {
		return ""
	}
	return FromNode
}
