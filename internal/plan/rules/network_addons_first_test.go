package rules

import "testing"

func TestNodeGroupsWaitForTheNetworkPlugin(t *testing.T) {
	expect(t, networkAddonsFirst, "",
		[]Step{{Kind: Addon, Name: "vpc-cni"}, {Kind: Addon, Name: "kube-proxy"}, {Kind: Addon, Name: "coredns"}, {Kind: NodeGroup, Name: "g"}},
		[]string{"nodegroup/g < addon/vpc-cni", "nodegroup/g < addon/kube-proxy"},
		[]string{"nodegroup/g < addon/coredns"})
	expect(t, networkAddonsFirst, "addons: [{name: eks-pod-identity-agent}, {name: vpc-cni, useDefaultPodIdentityAssociations: true}]",
		[]Step{{Kind: Addon, Name: "eks-pod-identity-agent"}, {Kind: NodeGroup, Name: "g"}},
		[]string{"nodegroup/g < addon/eks-pod-identity-agent"},
		[]string{})
	expect(t, networkAddonsFirst, "addons: [{name: eks-pod-identity-agent}]",
		[]Step{{Kind: Addon, Name: "eks-pod-identity-agent"}, {Kind: Addon, Name: "vpc-cni"}, {Kind: NodeGroup, Name: "g"}},
		[]string{"nodegroup/g < addon/vpc-cni"},
		[]string{"nodegroup/g < addon/eks-pod-identity-agent"})
}
