package rules

import (
	"fmt"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
)

var beforeCompute = Rule{
	Name:    "before-compute",
	Reason:  "an add-on marked beforeCompute stands before any node group; one whose pods need nodes would wait for ever and is refused",
	Source:  "terraform-aws-eks before_compute, a 30-second sleep there (facts/terraform.md §1, H7)",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, a := range d.Config.Addons {
			if !config.On(a.BeforeCompute, false) {
				continue
			}
			if eksfacts.AddonNamed(a.Name).DaemonSet == "" {
				d.Reject(fmt.Errorf("the add-on %s cannot stand beforeCompute: its pods need a node, and the nodes would wait for it:\n  the node groups wait for %s (beforeCompute)\n  %s waits for the nodes: its Deployment's pods must run somewhere\nRemove beforeCompute from %s", a.Name, a.Name, a.Name, a.Name))
				continue
			}
			for _, g := range d.Of(NodeGroup) {
				d.Wait(g, ID(Addon, a.Name), "the config marks the add-on beforeCompute")
			}
		}
	},
}
