package run_test

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A volume's node is emptied in the last slice, in whichever zone it is: the new group has a node
// there by then, wherever Auto Scaling has put those before.
func TestSlicesEndWithTheZoneOfAVolume(t *testing.T) {
	before := stood(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 3}]\n")
	zones := map[string]bool{}
	for turn := range 3 {
		r := testregion.Again(t, before)
		s := replacement(t, r, run.Replacement{Groups: []string{"w"}, Batch: "1"})
		goes := func(turn int) string { // as the plan has it
			return s.Plan.Entry(rules.ID(rules.EvacuateSlice, fmt.Sprintf("w/%d", turn))).Step.(*steps.Drain).Nodes[0]
		}
		node := goes(turn + 1)
		zone := s.Live.Kubernetes.Nodes[node].Labels[corev1.LabelTopologyZone]
		zones[zone] = true
		volumeIn(t, kubernetesOf(t, r), zone)
		r.Sim.World.Advance(5 * time.Minute)
		s = replacement(t, r, run.Replacement{Groups: []string{"w"}, Batch: "1"})
		if last := goes(3); last != node {
			t.Errorf("with a volume in %s, %s goes last", zone, last)
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Errorf("with a volume in %s: %s", zone, rep.FirstFailure)
		}
		if now := groupsOf(t, r); len(now) != 1 || now["w-b2"] != 3 {
			t.Errorf("with a volume in %s the groups take pods on %v", zone, now)
		}
		unmarked(t, r)
		pods, err := kubernetesOf(t, r).CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
		must(t, err)
		for _, p := range pods.Items { // no driver mounts its volume, so that it starts nowhere
			n, err := kubernetesOf(t, r).CoreV1().Nodes().Get(t.Context(), p.Spec.NodeName, metav1.GetOptions{})
			must(t, err)
			if n.Labels[corev1.LabelTopologyZone] != zone {
				t.Errorf("with a volume in %s, its pod is on %s", zone, n.Name)
			}
		}
	}
	if len(zones) != 3 {
		t.Errorf("of the zones were tried %v", zones)
	}
}
