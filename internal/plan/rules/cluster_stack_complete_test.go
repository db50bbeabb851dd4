package rules

import "testing"

func TestInstancesWaitForTheWholeClusterStack(t *testing.T) {
	expect(t, clusterStackComplete, "",
		[]Step{{Kind: ClusterStack}, {Kind: ClusterStackDone}, {Kind: NodeGroup, Name: "g"}, {Kind: Fargate, Name: "f"}, {Kind: Addon, Name: "vpc-cni"}},
		[]string{"cluster-stack-complete < cluster-stack", "nodegroup/g < cluster-stack-complete", "fargate-profile/f < cluster-stack-complete"},
		[]string{"addon/vpc-cni < cluster-stack-complete"})
}
