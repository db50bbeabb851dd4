package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
)

var dependsOn = Rule{
	Name:    "depends-on",
	Reason:  "the config says so",
	Source:  "dependsOn in the config file",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, a := range d.Config.Addons {
			d.needs(ID(Addon, a.Name), "addon "+a.Name, a.DependsOn)
		}
		for i := range d.Config.ManagedNodeGroups {
			m := &d.Config.ManagedNodeGroups[i]
			d.needs(ID(NodeGroup, m.Name), "node group "+m.Name, m.DependsOn)
		}
	},
}

// needs adds the edges of one dependsOn list: addon/x means that x is healthy,
// nodegroup/y that its nodes are Ready.
func (d *Draft) needs(id, what string, on []string) {
	for _, dep := range on {
		kind, name, ok := strings.Cut(dep, "/")
		if !ok || kind != "addon" && kind != "nodegroup" {
			d.Reject(fmt.Errorf("%s depends on %q, which is neither addon/NAME nor nodegroup/NAME", what, dep))
			continue
		}
		if !d.known(kind, name) {
			d.Reject(fmt.Errorf("%s depends on %s, which the config does not have", what, dep))
			continue
		}
		reason := "the config says that it depends on " + dep
		if kind == "nodegroup" {
			d.Wait(id, ID(Nodes, name), reason)
			d.Wait(id, ID(NodeGroup, name), reason)
			continue
		}
		if d.Graph.Has(ID(AddonHealth, name)) {
			d.Wait(id, ID(AddonHealth, name), reason)
		}
		d.Wait(id, ID(Addon, name), reason)
	}
}

func (d *Draft) known(kind, name string) bool {
	if kind == "addon" {
		return d.Config.Addon(name) != nil
	}
	return slices.ContainsFunc(d.Config.Groups(), func(n *config.NodeGroupBase) bool { return n.Name == name })
}
