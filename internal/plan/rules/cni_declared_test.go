package rules

import "testing"

func TestADeclaredPluginGatesNodeGroups(t *testing.T) {
	expect(t, cniDeclared, "cni: {daemonSet: kube-system/cilium}",
		[]Step{{Kind: CNIGate}, {Kind: NodeGroup, Name: "g"}, {Kind: Fargate, Name: "f"}},
		[]string{"nodegroup/g < cni-gate"},
		[]string{"fargate-profile/f < cni-gate"})
}
