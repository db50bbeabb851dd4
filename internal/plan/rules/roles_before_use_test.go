package rules

import "testing"

func TestWhatRunsWithARoleWaitsForIt(t *testing.T) {
	expect(t, rolesBeforeUse, "",
		[]Step{{Kind: AddonRole, Name: "vpc-cni/aws-node"}, {Kind: Addon, Name: "vpc-cni"}, {Kind: AddonUpdate, Name: "vpc-cni"}, {Kind: Addon, Name: "coredns"}, {Kind: AccountRole, Name: "ns/sa"}, {Kind: Account, Name: "ns/sa"}, {Kind: PodRole, Name: "ns/sa"}, {Kind: PodIdentity, Name: "ns/sa"}, {Kind: FargateRole}, {Kind: Fargate, Name: "f"}, {Kind: KeyPair, Name: "g"}, {Kind: NodeGroup, Name: "g"}, {Kind: NodeGroup, Name: "h"}},
		[]string{"addon/vpc-cni < addon-role/vpc-cni/aws-node", "addon-update/vpc-cni < addon-role/vpc-cni/aws-node", "service-account/ns/sa < service-account-role/ns/sa", "pod-identity/ns/sa < pod-identity-role/ns/sa", "pod-identity/ns/sa < service-account/ns/sa", "fargate-profile/f < fargate-role", "nodegroup/g < key-pair/g"},
		[]string{"addon/coredns < addon-role/vpc-cni/aws-node", "nodegroup/h < key-pair/g"})
}
