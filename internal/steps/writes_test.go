package steps_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/steps"
)

// makers make what is not there, add to what nobody claims as a whole, or only look.
var makers = []string{"addon-begun", "addon-ended", "addon-health", "cni-gate", "control-plane", "drain", "emr-access", "fargate-profile", "gate-available",
	"gate-command", "identity-provider", "key-pair", "launch-template",
	"nat-gateway", "node-access", "nodegroup-nodes", "nodegroup-rolled", "nodes", "nodes-followed", "nodes-proven",
	"oidc-provider", "pod-identity", "replacement-begun", "replacement-ended", "replacement-paused", "stack-wait", "subnet",
	"unpublish", "upgrade-ready", "upgrade-verified"}

// Each kind of step says what it writes, or is known to write nothing that may be
// somebody else's: a new kind is a decision.
func TestEachKindSaysWhatItWrites(t *testing.T) {
	for _, k := range steps.Kinds() {
		s, err := steps.Decode(k, []byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if writes := steps.Writes(s, "c") != nil; writes == slices.Contains(makers, k) {
			t.Errorf("%s: writes %v; list it as a maker, or say what it writes", k, writes)
		}
	}
}

func TestWhatIsWrittenIsNamedAsItsServiceDoes(t *testing.T) {
	for _, c := range []struct {
		step steps.Spec
		want owner.Ref
	}{
		{&steps.ClusterUpdate{}, owner.Ref{Kind: owner.ControlPlane, Name: "c"}},
		{&steps.GroupUpdate{Input: eks.UpdateNodegroupConfigInput{NodegroupName: new("g")}}, owner.Ref{Kind: owner.NodeGroup, Name: "g"}},
		{&steps.Delete{Resource: "stack", Name: "s"}, owner.Ref{Kind: owner.CloudFormation, Name: "s"}},
		{&steps.Tag{ARN: "arn:aws:eks:us-west-2:1:nodegroup/c/g/1-2"}, owner.Ref{Kind: owner.NodeGroup, Name: "g"}},
		{&steps.Tag{ARN: "arn:aws:eks:us-west-2:1:addon/c/coredns/1-2"}, owner.Ref{Kind: owner.AddOn, Name: "coredns"}},
		{&steps.Tag{ARN: "arn:aws:eks:us-west-2:1:cluster/c"}, owner.Ref{Kind: owner.ControlPlane, Name: "c"}},
		{&steps.Addon{Name: "vpc-cni"}, owner.Ref{Kind: owner.Workload, Name: "kube-system/vpc-cni"}},
		{&steps.ServiceAccount{Namespace: "kube-system", Name: "dns"}, owner.Ref{Kind: owner.Workload, Name: "kube-system/dns"}},
		{&steps.LogRetention{}, owner.Ref{Kind: owner.LogGroup, Name: "/aws/eks/c/cluster"}},
	} {
		if got := steps.Writes(c.step, "c"); len(got) == 0 || got[0] != c.want {
			t.Errorf("%+v writes %v", c.step, got)
		}
	}
}
