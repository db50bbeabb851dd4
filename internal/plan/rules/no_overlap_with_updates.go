package rules

var noOverlapWithUpdates = Rule{
	Name:    "no-overlap-with-updates",
	Reason:  "while a cluster is UPDATING, EKS refuses CreateNodegroup and any second update",
	Source:  "EKS API: \"Cluster is not in ACTIVE status\", \"Cannot X because cluster currently has update Y\" (facts/eks.md §4; eksctl #2244)",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		last := ""
		for _, id := range d.Of(ClusterUpdate, Provider) {
			if last != "" {
				d.Wait(id, last, "EKS takes one cluster update at a time")
			}
			last = id
		}
		for _, id := range d.Of(AccessEntry) {
			d.Wait(id, ID(ClusterUpdate, "authentication-mode"), "EKS takes access entries once the authentication mode allows them")
		}
		for _, id := range d.Of(NodeGroup, Fargate) {
			if last != "" {
				d.Wait(id, last, "EKS refuses it while the cluster is UPDATING")
			}
		}
	},
}
