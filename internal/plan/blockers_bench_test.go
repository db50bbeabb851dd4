package plan

import (
	"encoding/json"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/observe"
)

// 5,000 pods on 500 nodes, with affinities, volumes and 200 disruption budgets: what keeps
// them from moving is to be known in a second.
func BenchmarkBlockers(b *testing.B) {
	live := &observe.Observed{Name: "c", Kubernetes: &observe.Kubernetes{Nodes: map[string]*observe.Node{}, Pods: map[string]*observe.Pod{}, Budgets: map[string]*observe.Budget{}}}
	live.Parts = []observe.Part{observe.Inside, observe.Pods}
	zone := func(i int) string { return "us-west-2" + string("abc"[i%3]) }
	affinity := func(i int) json.RawMessage {
		return json.RawMessage(`{"nodeSelectorTerms": [{"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["` + zone(i) + `"]}]}]}`)
	}
	var names []string
	var homes []*corev1.Node
	for i := range 500 {
		n := &observe.Node{Name: fmt.Sprintf("node-%d", i), Ready: true, Labels: map[string]string{"topology.kubernetes.io/zone": zone(i), "pool": "web"}}
		live.Kubernetes.Nodes[n.Name] = n
		if i < 250 {
			names = append(names, n.Name)
		} else {
			homes = append(homes, asNode(n.Name, n.Labels, nil))
		}
	}
	for i := range 200 {
		live.Kubernetes.Budgets[fmt.Sprintf("default/app%d", i)] = &observe.Budget{MaxUnavailable: "1", DisruptionsAllowed: 1, CurrentHealthy: 25, DesiredHealthy: 24, ExpectedPods: 25}
	}
	for i := range 5000 {
		p := &observe.Pod{Node: fmt.Sprintf("node-%d", i%500), Owner: fmt.Sprintf("ReplicaSet/app%d", i%200), Ready: true,
			Budgets: observe.Set{fmt.Sprintf("default/app%d", i%200)}, Fits: &observe.Fit{NodeSelector: map[string]string{"pool": "web"}, Affinity: affinity(i)}}
		if i%10 == 0 {
			p.Fits.Volumes = map[string]json.RawMessage{"data": affinity(i)}
		}
		live.Kubernetes.Pods[fmt.Sprintf("default/app%d-%d", i%200, i)] = p
	}
	for b.Loop() {
		x := newBuilder(live, "")
		m := relocation{nodes: names, homes: homes, zones: 3}
		fs := append(append(never(live, names, ""), unmet(live, names, "", "")...), x.immovable(m)...)
		if len(fs) > 0 {
			b.Fatal(fs)
		}
		x.drainNotes(names)
		x.losses(m)
	}
}
