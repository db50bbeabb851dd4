package rules

var fargateOneAtATime = Rule{
	Name:    "fargate-one-at-a-time",
	Reason:  "EKS creates or deletes one Fargate profile at a time in a cluster",
	Source:  "EKS API: CreateFargateProfile conflicts (facts/eks.md §1, §4)",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		var last string
		for _, id := range d.Of(Fargate) {
			if last != "" {
				d.Wait(id, last, "EKS takes one Fargate profile at a time")
			}
			last = id
		}
	},
}
