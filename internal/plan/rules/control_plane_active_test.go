package rules

import "testing"

func TestNothingInsideAClusterBeforeItIsActive(t *testing.T) {
	expect(t, controlPlaneActive, "",
		[]Step{{Kind: ClusterStack}, {Kind: ControlPlane}, {Kind: NodeGroup, Name: "g", Managed: true}, {Kind: Addon, Name: "a"}, {Kind: Fargate, Name: "f"}, {Kind: AccessEntry, Name: "e"}, {Kind: PodIdentity, Name: "p"}, {Kind: Account, Name: "sa"}, {Kind: OIDC}, {Kind: Retention}, {Kind: AddonRole, Name: "r"}},
		[]string{"control-plane < cluster-stack", "nodegroup/g < control-plane", "addon/a < control-plane", "fargate-profile/f < control-plane", "access-entry/e < control-plane", "pod-identity/p < control-plane", "service-account/sa < control-plane", "oidc-provider < control-plane", "log-retention < control-plane"},
		[]string{"addon-role/r < control-plane"})
}
