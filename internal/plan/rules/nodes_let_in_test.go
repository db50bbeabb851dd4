package rules

import "testing"

func TestSelfManagedNodesAreLetInFirst(t *testing.T) {
	expect(t, nodesLetIn, "",
		[]Step{{Kind: AccessEntry, Name: "nodes/s"}, {Kind: Mapping, Name: "nodes/s"}, {Kind: NodeGroup, Name: "s"}, {Kind: NodeGroup, Name: "g", Managed: true}, {Kind: "nodegroup-mapping", Name: "t"}, {Kind: Addon, Name: "vpc-cni"}, {Kind: NodeGroup, Name: "t"}, {Kind: Nodes, Name: "t"}},
		[]string{"nodegroup/s < access-entry/nodes/s", "nodegroup/s < identity-mapping/nodes/s", "nodes/t < nodegroup-mapping/t", "nodegroup-mapping/t < addon/vpc-cni"},
		[]string{"nodegroup/g < access-entry/nodes/s", "nodegroup/t < nodegroup-mapping/t"})
}
