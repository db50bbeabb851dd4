package rules

import "testing"

func TestNodesAreCountedOnceTheirGroupIsThere(t *testing.T) {
	expect(t, nodesAfterGroup, "",
		[]Step{{Kind: NodeGroup, Name: "g"}, {Kind: Nodes, Name: "g"}, {Kind: GroupScaling, Name: "g"}, {Kind: GroupUpdate, Name: "h"}, {Kind: Nodes, Name: "h"}},
		[]string{"nodes/g < nodegroup/g", "nodegroup-scaling/g < nodegroup/g", "nodes/h < nodegroup-update/h"},
		[]string{"nodes/h < nodegroup/g"})
}
