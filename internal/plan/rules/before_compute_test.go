package rules

import (
	"strings"
	"testing"
)

func TestBeforeComputeStandsBeforeEveryGroup(t *testing.T) {
	expect(t, beforeCompute, "addons: [{name: eks-node-monitoring-agent, beforeCompute: true}]",
		[]Step{{Kind: Addon, Name: "eks-node-monitoring-agent"}, {Kind: Addon, Name: "vpc-cni"}, {Kind: NodeGroup, Name: "g"}, {Kind: NodeGroup, Name: "h"}},
		[]string{"nodegroup/g < addon/eks-node-monitoring-agent", "nodegroup/h < addon/eks-node-monitoring-agent"},
		[]string{"nodegroup/g < addon/vpc-cni"})
}

func TestBeforeComputeOfADeploymentIsRefused(t *testing.T) {
	d := draft(t, "addons: [{name: coredns, beforeCompute: true}]", Step{Kind: Addon, Name: "coredns"}, Step{Kind: NodeGroup, Name: "g"})
	err := Apply(d)
	if err == nil || !strings.Contains(err.Error(), "coredns waits for the nodes") {
		t.Errorf("got %v", err)
	}
}
