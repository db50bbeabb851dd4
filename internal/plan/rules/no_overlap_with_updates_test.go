package rules

import "testing"

func TestClusterUpdatesGoOneAtATimeAndBeforeNodeGroups(t *testing.T) {
	expect(t, noOverlapWithUpdates, "",
		[]Step{{Kind: ClusterUpdate, Name: "authentication-mode"}, {Kind: ClusterUpdate, Name: "logging"}, {Kind: Provider, Name: "p"}, {Kind: NodeGroup, Name: "g"}, {Kind: Fargate, Name: "f"}, {Kind: AccessEntry, Name: "e"}, {Kind: Addon, Name: "a"}},
		[]string{"cluster-update/logging < cluster-update/authentication-mode", "identity-provider/p < cluster-update/logging", "nodegroup/g < identity-provider/p", "fargate-profile/f < identity-provider/p", "access-entry/e < cluster-update/authentication-mode"},
		[]string{"addon/a < identity-provider/p"})
}
