package rules

import "testing"

func TestNodesAreCountedOnceTheirGroupIsThere(t *testing.T) {
	expect(t, nodesAfterGroup, "",
		[]Step{{Kind: NodeGroup, Name: "g"}, {Kind: Nodes, Name: "g"}, {Kind: GroupScaling, Name: "g"}, {Kind: GroupUpdate, Name: "h"}, {Kind: Nodes, Name: "h"}},
		[]string{"nodes/g < nodegroup/g", "nodegroup-scaling/g < nodegroup/g", "nodes/h < nodegroup-update/h"},
		[]string{"nodes/h < nodegroup/g"})
	expect(t, nodesAfterGroup, "",
		[]Step{{Kind: NodeGroup, Name: "g"}, {Kind: GroupUpdate, Name: "g"}, {Kind: GroupLive, Name: "g"}, {Kind: GroupSettled, Name: "h"}, {Kind: GroupUpdate, Name: "h"}, {Kind: GroupLive, Name: "h"}, {Kind: Nodes, Name: "h"}, {Kind: Tags, Name: "t", For: []string{"g"}}},
		[]string{"nodegroup-update/g < nodegroup/g", "nodegroup-live/g < nodegroup-update/g", "nodegroup-update/h < nodegroup-settled/h", "nodegroup-live/h < nodegroup-settled/h", "nodes/h < nodegroup-live/h", "tags/t < nodegroup/g"},
		[]string{"nodegroup-update/h < nodegroup/g"})
}
