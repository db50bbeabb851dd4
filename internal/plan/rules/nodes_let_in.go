package rules

import "slices"

var nodesLetIn = Rule{
	Name:    "nodes-let-in",
	Reason:  "a self-managed node's role must be known to the cluster before its kubelet calls; for managed groups, Fargate and Auto Mode EKS sees to it",
	Source:  "facts/eks.md §5 row 14, §2.3",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, id := range d.Of(NodeGroup) {
			if d.Steps[id].Managed {
				continue
			}
			_, name := cut(id)
			for _, entry := range d.Of(AccessEntry) {
				if slices.Contains(d.Steps[entry].For, name) {
					d.Wait(id, entry, "the node role is let in before its instances start")
				}
			}
			d.Wait(id, ID(Mapping, "nodes/"+name), "the node role is mapped in aws-auth before its instances start")
		}
	},
}
