package rules

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
)

// draft is a plan with these steps, for a config with these lines.
func draft(t *testing.T, text string, steps ...Step) *Draft {
	t.Helper()
	f, err := config.Load("test.yaml", []byte("apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: us-west-2}\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDraft(f.Cluster)
	for _, s := range steps {
		d.Add(s)
	}
	return d
}

// Each rule alone adds its edge, with a reason, and not the one beside it.
func TestEachRule(t *testing.T) {
	group := Step{Kind: NodeGroup, Name: "g", Managed: true}
	for _, c := range []struct {
		rule       Rule
		config     string
		steps      []Step
		want, deny string // "after < before"
	}{
		{controlPlaneActive, "", []Step{{Kind: ControlPlane}, group}, "nodegroup/g < control-plane", ""},
		{clusterStackComplete, "", []Step{{Kind: ClusterStackDone}, group, {Kind: Addon, Name: "vpc-cni"}}, "nodegroup/g < cluster-stack-complete", "addon/vpc-cni < cluster-stack-complete"},
		{oidcBeforeIRSA, "", []Step{{Kind: OIDC}, {Kind: AddonRole, Name: "a", IRSA: true}, {Kind: AddonRole, Name: "b"}}, "addon-role/a < oidc-provider", "addon-role/b < oidc-provider"},
		{rolesBeforeUse, "", []Step{{Kind: AddonRole, Name: "vpc-cni/aws-node"}, {Kind: Addon, Name: "vpc-cni"}, {Kind: Addon, Name: "coredns"}}, "addon/vpc-cni < addon-role/vpc-cni/aws-node", "addon/coredns < addon-role/vpc-cni/aws-node"},
		{networkAddonsFirst, "", []Step{{Kind: Addon, Name: "vpc-cni"}, {Kind: Addon, Name: "coredns"}, group}, "nodegroup/g < addon/vpc-cni", "nodegroup/g < addon/coredns"},
		{networkAddonsFirst, "addons: [{name: eks-pod-identity-agent}, {name: vpc-cni, useDefaultPodIdentityAssociations: true}]", []Step{{Kind: Addon, Name: "eks-pod-identity-agent"}, group}, "nodegroup/g < addon/eks-pod-identity-agent", ""},
		{networkAddonsFirst, "addons: [{name: eks-pod-identity-agent}]", []Step{{Kind: Addon, Name: "eks-pod-identity-agent"}, {Kind: Addon, Name: "kube-proxy"}, group}, "nodegroup/g < addon/kube-proxy", "nodegroup/g < addon/eks-pod-identity-agent"},
		{cniDeclared, "cni: {daemonSet: a/b}", []Step{{Kind: CNIGate}, group}, "nodegroup/g < cni-gate", ""},
		{deploymentsAfterNodes, "", []Step{{Kind: AddonHealth, Name: "coredns"}, {Kind: Addon, Name: "coredns"}, group, {Kind: Nodes, Name: "g"}, {Kind: NodeGroup, Name: "w", Windows: true}, {Kind: Nodes, Name: "w"}}, "addon-health/coredns < nodes/g", "addon-health/coredns < nodes/w"},
		{fargateOneAtATime, "", []Step{{Kind: Fargate, Name: "a"}, {Kind: Fargate, Name: "b"}}, "fargate-profile/b < fargate-profile/a", "fargate-profile/a < fargate-profile/b"},
		{windowsSupportFirst, "", []Step{{Kind: Windows}, {Kind: NodeGroup, Name: "w", Windows: true}, group}, "nodegroup/w < windows-support", "nodegroup/g < windows-support"},
		{noOverlapWithUpdates, "", []Step{{Kind: ClusterUpdate, Name: "logging"}, {Kind: Provider, Name: "p"}, group}, "nodegroup/g < identity-provider/p", ""},
		{nodesLetIn, "", []Step{{Kind: AccessEntry, Name: "nodes/s"}, {Kind: NodeGroup, Name: "s"}, group}, "nodegroup/s < access-entry/nodes/s", "nodegroup/g < access-entry/nodes/s"},
		{nodesAfterGroup, "", []Step{group, {Kind: Nodes, Name: "g"}}, "nodes/g < nodegroup/g", ""},
		{deleteBeforeCreate, "", []Step{{Kind: DeleteStack, Name: "s", Stack: "s"}, {Kind: NodeGroup, Name: "g", Stack: "s"}, {Kind: NodeGroup, Name: "h", Stack: "t"}}, "nodegroup/g < delete-stack/s", "nodegroup/h < delete-stack/s"},
		{beforeCompute, "addons: [{name: eks-node-monitoring-agent, beforeCompute: true}]", []Step{{Kind: Addon, Name: "eks-node-monitoring-agent"}, {Kind: Addon, Name: "vpc-cni"}, group}, "nodegroup/g < addon/eks-node-monitoring-agent", "nodegroup/g < addon/vpc-cni"},
		{dependsOn, "addons: [{name: cert-manager, dependsOn: [addon/coredns]}]", []Step{{Kind: Addon, Name: "cert-manager"}, {Kind: Addon, Name: "coredns"}}, "addon/cert-manager < addon/coredns", "addon/coredns < addon/cert-manager"},
	} {
		t.Run(c.rule.Name, func(t *testing.T) {
			d := draft(t, c.config, c.steps...)
			d.rule = c.rule.Name
			c.rule.Apply(d)
			if len(d.Errors) > 0 {
				t.Fatal(d.Errors)
			}
			found := false
			for _, e := range d.Graph.Edges() {
				edge := e.After + " < " + e.Before
				found = found || edge == c.want
				if edge == c.deny {
					t.Errorf("the rule adds %s", edge)
				}
				if e.Reason == "" || e.Rule != c.rule.Name {
					t.Errorf("%s carries reason %q of rule %q", edge, e.Reason, e.Rule)
				}
			}
			if !found {
				t.Errorf("the rule does not add %s, only %v", c.want, d.Graph.Edges())
			}
		})
	}
}

func TestBeforeComputeOfADeploymentIsRefused(t *testing.T) {
	d := draft(t, "addons: [{name: coredns, beforeCompute: true}]", Step{Kind: Addon, Name: "coredns"}, Step{Kind: NodeGroup, Name: "g"})
	err := Apply(d)
	if err == nil || !strings.Contains(err.Error(), "coredns waits for the nodes") {
		t.Errorf("got %v", err)
	}
}

// A rule is listed with everything that `slipway rules` shows.
func TestRulesSaySourceAndDate(t *testing.T) {
	names := map[string]bool{}
	for _, r := range All {
		if r.Reason == "" || r.Source == "" || len(r.Checked) != len("2026-11-22") || names[r.Name] {
			t.Errorf("%+v", r)
		}
		names[r.Name] = true
	}
}
