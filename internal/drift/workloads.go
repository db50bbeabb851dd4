package drift

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// workloads are EKS add-ons beside the fields of the file.
var workloads = []Field{
	{
		Path: "addons.health", Doc: "What EKS finds wrong with an add-on.", From: []observe.Part{observe.Addons},
		Things: func(t *Truths) []Thing { return keys(t.Live.Addons) },
		Live:   func(_ *Truths, x Thing) Reading { return says(issues(x.Data.(*observe.Addon).Health)) },
		Same:   func(_, live any) bool { return len(live.([]any)) == 0 },
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Unwell, finding.Warning
			d.What, d.Extra = "EKS finds of add-on "+x.Key+": "+list(d.Extra), nil
			if slices.Contains(eksfacts.NetworkAddons(), x.Key) {
				d.Severity, d.Breaks = finding.Error, []string{"new nodes may not become Ready"}
			}
		},
	},
	{
		Path: "addons.managers", Doc: "Nobody but EKS set fields of an add-on's DaemonSet or Deployment (managedFields).",
		From:   []observe.Part{observe.Addons, observe.Inside},
		Things: addonWorkloads,
		Want:   func(*Truths, Thing) Reading { return says([]string{}) },
		Live: func(_ *Truths, x Thing) Reading {
			w, out := x.Data.(*observe.Workload), []string{}
			for _, who := range slices.Sorted(maps.Keys(w.Taken)) {
				for _, field := range w.Taken[who] {
					if !restarts(field) {
						out = append(out, who+": "+field)
					}
				}
			}
			return says(out)
		},
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Foreign, finding.Info
			d.What = fmt.Sprintf("others than EKS set fields of %s, which an add-on of its runs: %s", x.Key, list(d.Extra))
			d.Breaks = []string{"the add-on's next update takes them back, or fails (ConfigurationConflict)"}
		},
	},
	{
		Path: "workloads.network", Doc: "The VPC CNI, kube-proxy and CoreDNS run, where the record does not say that something else does it.",
		From: []observe.Part{observe.Inside, observe.ControlPlane},
		Things: func(t *Truths) []Thing {
			if t.Live.Kubernetes == nil || len(t.Resources) == 0 || t.bringsItsOwn() {
				return nil
			}
			return []Thing{{"kube-system/aws-node", nil}, {"kube-system/kube-proxy", nil}, {"kube-system/coredns", nil}}
		},
		Want: exists,
		Live: func(t *Truths, x Thing) Reading {
			k := t.Live.Kubernetes
			return there(k.DaemonSets[x.Key] != nil || k.Deployments[x.Key] != nil, x)
		},
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Gone, finding.Error
			d.What = "there is no " + x.Key + " in the cluster"
			d.Breaks = []string{map[string]string{"kube-system/aws-node": "new nodes do not become Ready: cni plugin not initialized",
				"kube-system/kube-proxy": "nodes do not reach Services", "kube-system/coredns": "pods do not resolve names"}[x.Key]}
			d.About = About{Calls: []string{"DeleteAddon"}, Mentions: addonOf[x.Key]}
			d.Repairs = []Repair{t.ask("makes the add-on again, in EKS's default version", "eks", "CreateAddon",
				map[string]any{"clusterName": t.Live.Name, "addonName": addonOf[x.Key]})}
			if t.Live.Addons[addonOf[x.Key]] != nil { // EKS puts back what it runs, where it is told to
				d.Repairs = []Repair{t.ask("has EKS put it back", "eks", "UpdateAddon",
					map[string]any{"clusterName": t.Live.Name, "addonName": addonOf[x.Key], "resolveConflicts": "OVERWRITE"})}
			}
		},
	},
}

var addonOf = map[string]string{"kube-system/aws-node": "vpc-cni", "kube-system/kube-proxy": "kube-proxy", "kube-system/coredns": "coredns"}

// bringsItsOwn tells whether a cluster is not meant to run EKS's network add-ons: Auto Mode
// has them on its nodes, and a config may leave them out, or have another network plugin.
func (t *Truths) bringsItsOwn() bool {
	if c := t.Live.Cluster; c == nil || c.ComputeConfig != nil && c.ComputeConfig.Enabled {
		return true
	}
	if t.Record == nil || t.Record.Config == nil {
		return false
	}
	c := t.Record.Config
	if c.CNI != nil || c.AddonsConfig == nil {
		return c.CNI != nil
	}
	off := c.AddonsConfig.DisableDefaultAddons
	return off != nil && *off
}

// restarts tells a field by which people have pods start again: nothing else follows it.
func restarts(field string) bool {
	return strings.HasPrefix(field, ".spec.template.metadata.annotations")
}

// addonWorkloads are the DaemonSets and Deployments that add-ons are awaited by.
func addonWorkloads(t *Truths) []Thing {
	k := t.Live.Kubernetes
	if k == nil {
		return nil
	}
	var out []Thing
	for _, a := range keys(t.Live.Addons) {
		known := eksfacts.AddonNamed(a.Key)
		for _, p := range []string{known.DaemonSet, known.Deployment} {
			if w := k.DaemonSets[p]; w != nil {
				out = append(out, Thing{p, w})
			}
			if w := k.Deployments[p]; w != nil {
				out = append(out, Thing{p, w})
			}
		}
	}
	return out
}
