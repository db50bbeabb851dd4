package rules

var nodesAfterGroup = Rule{
	Name:    "nodes-after-group",
	Reason:  "nodes are counted while their group comes up; its scaling group can be set once it is there",
	Source:  "facts/eks.md §2",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, id := range d.Of(Nodes) {
			_, name := cut(id)
			d.Wait(id, ID(NodeGroup, name), "the group starts the instances")
			d.Wait(id, ID(GroupUpdate, name), "the group is given its new size first")
			d.Wait(id, ID(GroupLive, name), "the group is given its new size first")
		}
		for _, id := range d.Of(GroupUpdate, GroupLive) {
			_, name := cut(id)
			d.Wait(id, ID(NodeGroup, name), "what is under way ends first")
			d.Wait(id, ID(GroupSettled, name), "EKS takes one change of a node group at a time")
		}
		for _, id := range d.Of(GroupLive) {
			_, name := cut(id)
			d.Wait(id, ID(GroupUpdate, name), "EKS takes one change of a node group at a time")
		}
		for _, id := range d.Of(GroupSettled) {
			_, name := cut(id)
			d.Wait(ID(Nodes, name), id, "what is under way ends first")
		}
		for _, id := range d.Of(Tags) {
			for _, name := range d.Steps[id].For {
				d.Wait(id, ID(NodeGroup, name), "the group is there first")
			}
		}
		for _, id := range d.Of(GroupScaling) {
			_, name := cut(id)
			d.Wait(id, ID(NodeGroup, name), "the Auto Scaling group comes with the node group")
		}
	},
}
