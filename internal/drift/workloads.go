package drift

import (
	"fmt"
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
		Path: "addons.managers", Doc: "Nobody but EKS set fields of an add-on's DaemonSet or Deployment.",
		From:   []observe.Part{observe.Addons, observe.Inside},
		Things: addonWorkloads,
		Want:   func(*Truths, Thing) Reading { return says([]string{}) },
		Live: func(_ *Truths, x Thing) Reading {
			out := []string{}
			for _, m := range x.Data.(*observe.Workload).Managers {
				if byHand(m) {
					out = append(out, m)
				}
			}
			return says(out)
		},
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Foreign, finding.Info
			d.What = fmt.Sprintf("%s set fields of %s, which an EKS add-on runs", list(d.Extra), x.Key)
			d.Breaks = []string{"the add-on's next update takes them back, or fails (ConfigurationConflict)"}
		},
	},
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

// byHand tells a field manager that stands for a person: kubectl's, and editors'.
func byHand(manager string) bool {
	return strings.HasPrefix(manager, "kubectl") || slices.Contains([]string{"k9s", "Lens", "node-fetch", "dashboard"}, manager)
}
