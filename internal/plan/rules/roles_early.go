package rules

var rolesEarly = Rule{
	Name: "roles-early",
	Reason: "what a node group's stack holds besides the group (role, instance profile, security groups) is made while the control plane is; " +
		"an update of the stack makes the group",
	Source:  "IAM takes 15 s and more for a role, and EKS nothing before ACTIVE (facts/eks.md §4, §7)",
	Checked: "2026-11-29",
	Apply: func(d *Draft) {
		for _, id := range d.Of(GroupRole) {
			_, name := cut(id)
			d.Wait(id, ClusterStack, "nothing of a node group is made before CloudFormation has taken the cluster")
			d.Wait(ID(NodeGroup, name), id, "the group joins them in their stack")
		}
	},
}
