package rules

import "testing"

func TestWindowsGroupsWaitForWindowsSupport(t *testing.T) {
	expect(t, windowsSupportFirst, "",
		[]Step{{Kind: Addon, Name: "vpc-cni"}, {Kind: Windows}, {Kind: NodeGroup, Name: "w", Windows: true}, {Kind: NodeGroup, Name: "g"}},
		[]string{"nodegroup/w < windows-support", "windows-support < addon/vpc-cni"},
		[]string{"nodegroup/g < windows-support"})
}
