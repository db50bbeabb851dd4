package rules

var deploymentsAfterNodes = Rule{
	Name:    "deployments-after-nodes",
	Reason:  "an add-on that runs a Deployment is DEGRADED until its pods find a node, and heals by itself; waiting for it before nodes exist would never end",
	Source:  "facts/eks.md §1 (eksctl #5891, terraform-aws-eks #3001); pulumi-eks #1819",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, health := range d.Of(AddonHealth) {
			_, name := cut(health)
			d.Wait(health, ID(Addon, name), "the add-on is created first")
			d.Wait(health, ID(AddonUpdate, name), "the add-on is changed first")
			if d.Steps[health].Daemon {
				continue
			}
			for _, n := range d.Of(Nodes) {
				_, group := cut(n)
				if s := d.Steps[ID(NodeGroup, group)]; s == nil || !s.Windows {
					d.Wait(health, n, "its pods need a node to run on")
				}
			}
			for _, f := range d.Of(Fargate) {
				d.Wait(health, f, "its pods may run on Fargate")
			}
		}
	},
}
