package plan

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/observe"
)

// A pod fits a node as the scheduler says: selectors, required affinity, taints, and where
// its volumes are; one node that does is enough, and of reasons the volume is the best.
func TestUnfit(t *testing.T) {
	zone := func(z string) json.RawMessage {
		return json.RawMessage(`{"nodeSelectorTerms": [{"matchExpressions": [{"key": "topology.ebs.csi.aws.com/zone", "operator": "In", "values": ["` + z + `"]}]}]}`)
	}
	a := asNode("a", map[string]string{"topology.ebs.csi.aws.com/zone": "a", "pool": "web"}, nil)
	gpu := asNode("gpu", map[string]string{"topology.ebs.csi.aws.com/zone": "b", "pool": "web"}, []observe.NodeTaint{{Key: "gpu", Effect: "NoSchedule"}})
	soft := asNode("soft", nil, []observe.NodeTaint{{Key: "x", Effect: "PreferNoSchedule"}})
	for name, c := range map[string]struct {
		fits   *observe.Fit
		nodes  []*corev1.Node
		why    string
		volume bool
	}{
		"nothing asked":           {nil, []*corev1.Node{a}, "", false},
		"a taint":                 {nil, []*corev1.Node{gpu}, "does not tolerate the taint gpu:NoSchedule", false},
		"a taint that only asks":  {nil, []*corev1.Node{soft}, "", false},
		"a taint, tolerated":      {&observe.Fit{Tolerations: json.RawMessage(`[{"key": "gpu", "operator": "Exists"}]`)}, []*corev1.Node{gpu}, "", false},
		"a label":                 {&observe.Fit{NodeSelector: map[string]string{"pool": "web"}}, []*corev1.Node{gpu, a}, "", false},
		"a label nobody has":      {&observe.Fit{NodeSelector: map[string]string{"pool": "db"}}, []*corev1.Node{a}, "nodeSelector", false},
		"an affinity nobody has":  {&observe.Fit{Affinity: zone("z")}, []*corev1.Node{a}, "node affinity", false},
		"a volume here":           {&observe.Fit{Volumes: map[string]json.RawMessage{"data": zone("a")}}, []*corev1.Node{gpu, a}, "", false},
		"a volume elsewhere":      {&observe.Fit{Volumes: map[string]json.RawMessage{"data": zone("z")}}, []*corev1.Node{a, gpu}, "claim data is bound", true},
		"a volume behind a taint": {&observe.Fit{Volumes: map[string]json.RawMessage{"data": zone("b")}}, []*corev1.Node{gpu, a}, "claim data is bound", true},
		"no node at all":          {nil, nil, "no node", false},
	} {
		why, volume, err := unfit(&observe.Pod{Fits: c.fits}, c.nodes)
		if err != nil || volume != c.volume || c.why == "" && why != "" || !strings.Contains(why, c.why) {
			t.Errorf("%s: %q %t %v, want %q", name, why, volume, err, c.why)
		}
	}
	if _, _, err := unfit(&observe.Pod{Fits: &observe.Fit{Affinity: json.RawMessage(`{"nodeSelectorTerms": [{"matchExpressions": [{"key": "k", "operator": "Near"}]}]}`)}}, []*corev1.Node{a}); err == nil {
		t.Error("an operator that there is not is passed over")
	}
}
