package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
)

// Where the new group's subnets have fewer addresses than its nodes and the pods that move, that is
// told; pods with their node's address need none, and where nobody knows nothing is said.
func TestAddressesOfPodsThatMove(t *testing.T) {
	for what, c := range map[string]struct {
		free   int
		edit   func(*replacing)
		expect string
	}{
		"enough":  {13, nil, ""},
		"too few": {12, nil, "The subnets of w-b2 have 12 addresses free, and its 3 nodes and the 10 pods that move take 13 at the least"},
		"pods of the host's network": {3, func(r *replacing) {
			for _, p := range r.live.Kubernetes.Pods {
				p.OnHost = true
			}
		}, ""},
		"a subnet that nobody looked at": {0, func(r *replacing) { r.cfg.ManagedNodeGroups[0].Subnets = []string{"other"} }, ""},
		"IPv6":                           {0, func(r *replacing) { r.cfg.KubernetesNetworkConfig = &config.KubernetesNetworkConfig{IpFamily: "IPv6"} }, ""},
		"slices":                         {0, func(r *replacing) { r.Slices = &observe.Slices{Nodes: 1} }, ""},
	} {
		live := &observe.Observed{Network: &observe.Network{Subnets: map[string]*observe.Subnet{"s": {ID: "s", FreeAddresses: c.free}}},
			Kubernetes: &observe.Kubernetes{Pods: map[string]*observe.Pod{}}}
		for i := range 10 {
			live.Kubernetes.Pods[fmt.Sprintf("d/p%d", i)] = &observe.Pod{Node: "n"}
		}
		b := newBuilder(live, "")
		b.cfg = &config.ClusterConfig{ManagedNodeGroups: []config.ManagedNodeGroup{{NodeGroupBase: config.NodeGroupBase{Name: "w-b2", DesiredCapacity: new(3), Subnets: []string{"s"}}}}}
		r := &replacing{builder: b, Replacement: Replacement{Within: Within{Green: "w-b2"}}}
		if c.edit != nil {
			c.edit(r)
		}
		r.addresses(relocation{nodes: []string{"n"}, come: 3})
		if got := strings.Join(b.plan.Notes, "\n"); c.expect == "" && got != "" || !strings.Contains(got, c.expect) {
			t.Errorf("%s: %q, expected %q", what, got, c.expect)
		}
	}
}
