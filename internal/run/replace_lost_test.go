package run_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A pod that was moved and finds no node, for what somebody did meanwhile, is named with what the
// scheduler says and what to do, before the next is moved.
func TestAPodThatFindsNoNodeStopsTheMove(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 1)
	k := kubernetesOf(t, r)
	s := replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Deadline: 5 * time.Minute}})
	shut := false
	rep, err := s.Run(t.Context(), r.Clock, 1, func(e engine.Event) {
		if shut || e.Type != "step_started" || e.Kind != rules.Evacuate {
			return
		}
		shut = true
		all, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		must(t, err)
		for _, n := range all.Items {
			n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: "team", Value: "other", Effect: corev1.TaintEffectNoSchedule})
			_, err := k.CoreV1().Nodes().Update(t.Context(), &n, metav1.UpdateOptions{})
			must(t, err)
		}
	})
	must(t, err)
	for _, want := range []string{"finds no node: 0/", "node(s) had untolerated taint {team: other}", "(let it tolerate the taint, or take that away)"} {
		if rep.OK() || !strings.Contains(rep.FirstFailure, want) {
			t.Errorf("it ended with %q, expected %q", rep.FirstFailure, want)
		}
	}
	lost := 0
	pods, err := k.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{FieldSelector: "status.phase=Pending"})
	must(t, err)
	for _, p := range pods.Items {
		if p.Spec.NodeName == "" {
			lost++
		}
	}
	if lost == 0 || lost > 3 { // what one turn of the drain has moved
		t.Errorf("%d pods wait for a node", lost)
	}
}

// Where no new node is in the zone of a volume, wherever Auto Scaling has put them, its pod is
// named before any is moved; with --force it is not looked at.
func TestAVolumeWithoutANewNodeStopsTheMove(t *testing.T) {
	r := up(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 2}]\n")
	k := kubernetesOf(t, r)
	nodes, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	must(t, err)
	without := map[string]bool{"us-west-2a": true, "us-west-2b": true, "us-west-2c": true, "us-west-2d": true}
	for _, n := range nodes.Items {
		delete(without, n.Labels[corev1.LabelTopologyZone])
	}
	s := replacement(t, r, run.Replacement{Groups: []string{"w"}})
	zone := ""
	for _, sub := range s.Live.Network.Subnets {
		if without[sub.Zone] {
			zone = sub.Zone
		}
	}
	volumeIn(t, k, zone)
	of, err := k.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "db"}}, metav1.CreateOptions{})
	must(t, err)
	_, err = k.CoreV1().Pods("default").Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "db", OwnerReferences: []metav1.OwnerReference{
		{APIVersion: "v1", Kind: "ConfigMap", Name: "db", UID: of.UID, Controller: new(true)}}},
		Spec: corev1.PodSpec{NodeName: nodes.Items[0].Name, Containers: []corev1.Container{{Name: "c", Image: "nginx"}}, Volumes: []corev1.Volume{{Name: "d",
			VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}}}}, metav1.CreateOptions{})
	must(t, err)
	before, err := r.Sim.Save()
	must(t, err)
	rep := drive(t, r, replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{GateTime: 3 * time.Minute}}))
	for _, want := range []string{"DaemonSets ready on w-b2", "pod default/db has a volume (claim default/data) in " + zone + ", and no other node takes pods there",
		"give w-b2 one more until one comes there (slipway nodegroup scale)"} {
		if rep.OK() || !strings.Contains(rep.FirstFailure, want) {
			t.Errorf("it ended with %q, expected %q", rep.FirstFailure, want)
		}
	}
	if p, err := k.CoreV1().Pods("default").Get(t.Context(), "db", metav1.GetOptions{}); err != nil || p.DeletionTimestamp != nil {
		t.Errorf("the pod was moved: %v", err)
	}
	r = testregion.Again(t, before)
	for _, e := range replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Force: true}}).Plan.Entries {
		if p, is := e.Step.(*steps.NodesProven); is && p.Volumes {
			t.Error("forced, volumes are looked at")
		}
	}
}
