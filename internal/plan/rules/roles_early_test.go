package rules

import "testing"

func TestWhatAGroupNeedsOfIAMIsMadeWhileTheControlPlaneIs(t *testing.T) {
	expect(t, rolesEarly, "",
		[]Step{{Kind: ClusterStack}, {Kind: ControlPlane}, {Kind: GroupRole, Name: "g"}, {Kind: NodeGroup, Name: "g"}, {Kind: NodeGroup, Name: "h"}},
		[]string{"nodegroup-role/g < cluster-stack", "nodegroup/g < nodegroup-role/g"},
		[]string{"nodegroup-role/g < control-plane", "nodegroup/h < nodegroup-role/g"})
}
