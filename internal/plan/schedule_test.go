package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// randomConfig draws a config: groups of both kinds, add-ons, IAM, network plugin.
func randomConfig(t *rapid.T) string {
	var b strings.Builder
	mode := rapid.SampledFrom([]string{"API", "API_AND_CONFIG_MAP", "CONFIG_MAP"}).Draw(t, "mode")
	oidc, agent := rapid.Bool().Draw(t, "oidc"), rapid.Bool().Draw(t, "agent")
	cilium := rapid.IntRange(0, 5).Draw(t, "cilium") == 0
	fmt.Fprintf(&b, "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: us-west-2}\naccessConfig: {authenticationMode: %s}\niam: {withOIDC: %t}\n", mode, oidc)
	if cilium {
		b.WriteString("cni: {daemonSet: kube-system/cilium}\n")
	}
	var addons []string
	if agent {
		addons = append(addons, "{name: eks-pod-identity-agent}")
	}
	if !cilium {
		switch k := rapid.IntRange(0, 3).Draw(t, "vpc-cni"); {
		case k == 0:
			addons = append(addons, "{name: vpc-cni}")
		case k == 1 && agent:
			addons = append(addons, "{name: vpc-cni, useDefaultPodIdentityAssociations: true}")
		case k == 2 && (oidc || agent):
			addons = append(addons, "{name: vpc-cni, attachPolicyARNs: ['arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy']}")
		}
	}
	for _, a := range []string{"coredns", "aws-ebs-csi-driver", "snapshot-controller", "eks-node-monitoring-agent"} {
		if rapid.Bool().Draw(t, a) {
			addons = append(addons, "{name: "+a+"}")
		}
	}
	if len(addons) > 0 {
		fmt.Fprintf(&b, "addons: [%s]\n", strings.Join(addons, ", "))
	}
	for kind, name := range map[string]string{"managedNodeGroups": "m", "nodeGroups": "s"} {
		if n := rapid.IntRange(0, 4).Draw(t, kind); n > 0 {
			fmt.Fprintf(&b, "%s:\n", kind)
			for i := range n {
				fmt.Fprintf(&b, "  - {name: %s%d, desiredCapacity: %d, minSize: 0}\n", name, i, rapid.IntRange(0, 3).Draw(t, "size"))
			}
		}
	}
	if rapid.Bool().Draw(t, "fargate") {
		b.WriteString("fargateProfiles: [{name: f1, selectors: [{namespace: a}]}, {name: f2, selectors: [{namespace: b}]}]\n")
	}
	return b.String()
}

// A proof, not one run: whatever the config, and in whatever order steps that may
// start do start and finish, no node group starts before its network plugin stands.
func TestNoScheduleStartsAnInstanceBeforeItsCNI(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := randomConfig(t)
		f, err := config.Load("random.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		p, err := plan.Build(plan.Input{File: f, Live: &observe.Observed{}, Account: "111122223333", Partition: "aws",
			Net: vpc.Split("192.168.0.0/16", []string{"us-west-2a", "us-west-2b"}, true, true)})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		walk, ready := p.Graph.NewWalk()
		done := map[string]bool{}
		for len(ready) > 0 {
			k := rapid.IntRange(0, len(ready)-1).Draw(t, "next")
			id := ready[k]
			ready = slices.Delete(slices.Clone(ready), k, k+1)
			if strings.HasPrefix(id, "nodegroup/") {
				for _, need := range needs(f.Cluster) {
					if !done[need] {
						t.Fatalf("%s may start before %s\n%s", id, need, text)
					}
				}
			}
			done[id] = true
			ready = append(ready, walk.Finish(id)...)
		}
		if len(done) != len(p.Entries) {
			t.Fatalf("%d of %d steps can run", len(done), len(p.Entries))
		}
	})
}

// needs lists, without asking the rules, what must stand before any instance.
func needs(c *config.ClusterConfig) []string {
	out := []string{"control-plane", "cluster-stack-complete", "addon/kube-proxy"}
	if c.CNI != nil {
		return append(out, "cni-gate")
	}
	return append(out, "addon/vpc-cni")
}
