package plan

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/observe"
)

// A pod that must be beside others finds its place where these stay and a node is for it; where
// they move along, or its own rules are of another key, nothing keeps it.
func TestNearby(t *testing.T) {
	const zone = corev1.LabelTopologyZone
	home := func(name, z string) *corev1.Node { return asNode(name, map[string]string{zone: z}, nil) }
	for name, c := range map[string]struct {
		beside observe.Set
		homes  []*corev1.Node
		left   int
		where  string
	}{
		"nothing asked":        {nil, []*corev1.Node{home("x", "a")}, 1, ""},
		"they stay in a zone":  {observe.Set{"stays"}, []*corev1.Node{home("x", "a"), home("y", "c")}, 1, ""},
		"no home in that zone": {observe.Set{"stays"}, []*corev1.Node{home("x", "a"), home("y", "b")}, 0, zone + " c"},
		"they move, too":       {observe.Set{"goes"}, []*corev1.Node{home("x", "a")}, 1, ""},
		"one of them moves":    {observe.Set{"goes", "stays"}, []*corev1.Node{home("x", "a")}, 1, ""},
	} {
		b := newBuilder(&observe.Observed{Kubernetes: &observe.Kubernetes{Nodes: map[string]*observe.Node{
			"stays": {Labels: map[string]string{zone: "c"}}, "goes": {Labels: map[string]string{zone: "a"}}}}}, "")
		p := &observe.Pod{}
		if c.beside != nil {
			p.Near = map[string]observe.Set{zone: c.beside}
		}
		homes, where := b.nearby(p, relocation{nodes: []string{"goes"}, homes: c.homes})
		if len(homes) != c.left || !strings.Contains(where, c.where) || c.where == "" && where != "" {
			t.Errorf("%s: %d homes, %q", name, len(homes), where)
		}
	}
}
