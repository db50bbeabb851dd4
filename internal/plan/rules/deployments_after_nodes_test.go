package rules

import "testing"

func TestDeploymentsAreAwaitedOnceLinuxNodesAreThere(t *testing.T) {
	expect(t, deploymentsAfterNodes, "",
		[]Step{{Kind: Addon, Name: "coredns"}, {Kind: AddonHealth, Name: "coredns"}, {Kind: NodeGroup, Name: "g"}, {Kind: Nodes, Name: "g"}, {Kind: NodeGroup, Name: "w", Windows: true}, {Kind: Nodes, Name: "w"}, {Kind: Fargate, Name: "f"}, {Kind: AddonUpdate, Name: "coredns"}},
		[]string{"addon-health/coredns < addon/coredns", "addon-health/coredns < addon-update/coredns", "addon-health/coredns < nodes/g", "addon-health/coredns < fargate-profile/f"},
		[]string{"addon-health/coredns < nodes/w", "addon/coredns < nodes/g"})
}
