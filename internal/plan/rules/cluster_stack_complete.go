package rules

var clusterStackComplete = Rule{
	Name:    "cluster-stack-complete",
	Reason:  "nodes reach AWS through the NAT gateways, routes and security group rules that the cluster stack makes beside the control plane",
	Source:  "facts/eks.md §5 rows 10 to 13: instances fail to join without route or rules",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		// The control plane becomes ACTIVE while its stack is still at work, so that
		// add-ons go ahead; only what runs instances waits for the whole.
		d.Wait(clusterStackDone, ClusterStack, "CloudFormation must have the stack first")
		for _, id := range d.Of(NodeGroup, Fargate) {
			d.Wait(id, clusterStackDone, "NAT, routes and security group rules come with the rest of the cluster stack")
		}
	},
}

// clusterStackDone is the step that sees the stack complete.
const clusterStackDone = "cluster-stack-complete"

// ClusterStackDone is the kind of the step that sees the cluster stack complete.
const ClusterStackDone = clusterStackDone
