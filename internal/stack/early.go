package stack

import (
	"encoding/json"

	"github.com/slipway-eks/slipway/internal/config"
)

// ManagedEarly is the first template of a managed group's stack: what can stand
// while the control plane is CREATING. Of live it reads CNIOnNode, and, for the group
// that admits SSH, VPC and Blocks ("" leaves that group to the full template).
// An UpdateStack with Managed completes it. nil: nothing of the group can be made
// before the control plane stands.
//
// The launch template is not in it. It names the cluster's own security group, which
// EKS makes last, and a managed group uses the template's default version, which an
// update of the stack would leave at the first one.
func ManagedEarly(c *config.ClusterConfig, m *config.ManagedNodeGroup, live Live) *Template {
	t, _, _ := managedBase(c, m, live)
	return early(t)
}

// SelfManagedEarly is the same of a self-managed group, completed by SelfManaged. Of
// live it reads CNIOnNode, RoleName, and, for the group's security group, VPC, Blocks
// and ControlGroup, all of which EKS names from the start.
func SelfManagedEarly(c *config.ClusterConfig, g *config.NodeGroup, live Live) *Template {
	t, _ := selfManagedBase(c, g, live)
	return early(t)
}

func early(t *Template) *Template {
	if len(t.Resources) == 0 {
		return nil // CloudFormation takes no template without resources
	}
	return t
}

// Completed tells whether a node group stack's template makes the group itself: one
// that does not is the first half of ours, and waits for its update.
func Completed(body string) bool {
	var t struct{ Resources map[string]json.RawMessage }
	if json.Unmarshal([]byte(body), &t) != nil {
		return true // YAML: another tool's
	}
	return t.Resources["ManagedNodeGroup"] != nil || t.Resources["NodeGroup"] != nil
}
