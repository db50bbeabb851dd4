package rules

import "testing"

func TestSelfManagedNodesAreLetInFirst(t *testing.T) {
	expect(t, nodesLetIn, "",
		[]Step{{Kind: AccessEntry, Name: "arn", For: []string{"s"}}, {Kind: Mapping, Name: "nodes/s"}, {Kind: NodeGroup, Name: "s"}, {Kind: NodeGroup, Name: "g", Managed: true}},
		[]string{"nodegroup/s < access-entry/arn", "nodegroup/s < identity-mapping/nodes/s"},
		[]string{"nodegroup/g < access-entry/arn"})
}
