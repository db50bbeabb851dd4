// Package config is eksctl's ClusterConfig (eksctl.io/v1alpha5) with Slipway's few
// extensions: the types, a strict loader that names file, line and column, the
// defaults that eksctl applies, and the validation that needs no AWS. It must not
// call AWS or Kubernetes.
package config

import (
	"fmt"
	"slices"
)

// APIVersion and Kind are the only ones accepted.
const (
	APIVersion = "eksctl.io/v1alpha5"
	Kind       = "ClusterConfig"
)

// EMRContainers is Amazon EMR on EKS, the one AWS service that identity mappings know.
const EMRContainers = "emr-containers"

// CIDR is an address block in CIDR notation.
type CIDR string

// Document is arbitrary JSON, such as an IAM policy.
type Document map[string]any

// Subnet names an existing subnet, or describes one to find.
type Subnet struct {
	ID   string `json:"id,omitempty"`
	AZ   string `json:"az,omitempty"`
	CIDR CIDR   `json:"cidr,omitempty"`
}

// CNI declares a third-party network plugin by its DaemonSet, "namespace/name".
type CNI struct {
	DaemonSet string `json:"daemonSet" required:"true" slipway:"true"`
	Timeout   string `json:"timeout,omitempty" slipway:"true"`
}

// Taint keeps pods away from a node.
type Taint struct {
	Key    string `json:"key" required:"true"`
	Value  string `json:"value,omitempty"`
	Effect string `json:"effect,omitempty" enum:"NoSchedule|PreferNoSchedule|NoExecute"`
}

// Taints is a list of taints, or eksctl's older map from key to "value:effect".
type Taints []Taint

// IdentityProvider is an OIDC identity provider for the Kubernetes API.
type IdentityProvider struct {
	Type           string            `json:"type" enum:"oidc" required:"true"`
	Name           string            `json:"name,omitempty" required:"true"`
	IssuerURL      string            `json:"issuerURL,omitempty" required:"true"`
	ClientID       string            `json:"clientID,omitempty" required:"true"`
	UsernameClaim  string            `json:"usernameClaim,omitempty"`
	UsernamePrefix string            `json:"usernamePrefix,omitempty"`
	GroupsClaim    string            `json:"groupsClaim,omitempty"`
	GroupsPrefix   string            `json:"groupsPrefix,omitempty"`
	RequiredClaims map[string]string `json:"requiredClaims,omitempty"`
	Tags           map[string]string `json:"tags,omitempty"`
}

// ClusterIAMServiceAccountStatus is written by eksctl and ignored on input.
type ClusterIAMServiceAccountStatus struct {
	Capabilities []string          `json:"capabilities,omitempty"`
	RoleARN      string            `json:"roleARN,omitempty"`
	StackName    string            `json:"stackName,omitempty"`
	Tags         map[string]string `json:"tags,omitempty"`
}

// On reads an optional boolean with a default.
func On(b *bool, def bool) bool {
	if b == nil {
		return def
	}
	return *b
}

// Int reads an optional integer with a default.
func Int(n *int, def int) int {
	if n == nil {
		return def
	}
	return *n
}

// AutoMode tells whether EKS runs the nodes itself.
func (c *ClusterConfig) AutoMode() bool {
	return c.AutoModeConfig != nil && On(c.AutoModeConfig.Enabled, false)
}

// IPv6 tells whether pods get IPv6 addresses.
func (c *ClusterConfig) IPv6() bool {
	return c.KubernetesNetworkConfig != nil && c.KubernetesNetworkConfig.IpFamily == "IPv6"
}

// Groups lists every node group's shared part, managed first, in file order.
func (c *ClusterConfig) Groups() []*NodeGroupBase {
	var out []*NodeGroupBase
	for i := range c.ManagedNodeGroups {
		out = append(out, &c.ManagedNodeGroups[i].NodeGroupBase)
	}
	for i := range c.NodeGroups {
		out = append(out, &c.NodeGroups[i].NodeGroupBase)
	}
	return out
}

// Addon is the add-on of that name, or nil.
func (c *ClusterConfig) Addon(name string) *Addon {
	if i := slices.IndexFunc(c.Addons, func(a Addon) bool { return a.Name == name }); i >= 0 {
		return &c.Addons[i]
	}
	return nil
}

// ExistingVPC tells whether the file names a VPC or subnets that exist.
func (c *ClusterConfig) ExistingVPC() bool {
	v := c.VPC
	if v == nil {
		return false
	}
	if v.ID != "" || len(v.ControlPlaneSubnetIDs) > 0 {
		return true
	}
	if v.Subnets != nil {
		for _, m := range []map[string]Subnet{v.Subnets.Public, v.Subnets.Private} {
			for _, s := range m {
				if s.ID != "" {
					return true
				}
			}
		}
	}
	return false
}

// Windows tells whether a node group runs Windows.
func (n *NodeGroupBase) Windows() bool { return len(n.AmiFamily) > 7 && n.AmiFamily[:7] == "Windows" }

// Group is a node group of either kind, and where it stands in the file.
type Group struct {
	Path string // managedNodeGroups[0]
	*NodeGroupBase
	Managed *ManagedNodeGroup // nil for a self-managed group
	Own     *NodeGroup        // nil for a managed one
}

// Taints are the group's taints: each kind holds its own.
func (g Group) Taints() Taints {
	if g.Managed != nil {
		return g.Managed.Taints
	}
	return g.Own.Taints
}

// Types are the instance types that the group names, none where a selector or a
// launch template chooses them.
func (g Group) Types() []string {
	var out []string
	switch {
	case g.Managed != nil:
		out = g.Managed.InstanceTypes
	case g.Own.InstancesDistribution != nil:
		out = g.Own.InstancesDistribution.InstanceTypes
	}
	if len(out) == 0 && g.InstanceType != "" && g.InstanceType != "mixed" {
		out = []string{g.InstanceType}
	}
	return out
}

// EachGroup visits every node group, managed ones first, in file order.
func (c *ClusterConfig) EachGroup(visit func(Group)) {
	for i := range c.ManagedNodeGroups {
		m := &c.ManagedNodeGroups[i]
		visit(Group{Path: fmt.Sprintf("managedNodeGroups[%d]", i), NodeGroupBase: &m.NodeGroupBase, Managed: m})
	}
	for i := range c.NodeGroups {
		n := &c.NodeGroups[i]
		visit(Group{Path: fmt.Sprintf("nodeGroups[%d]", i), NodeGroupBase: &n.NodeGroupBase, Own: n})
	}
}
