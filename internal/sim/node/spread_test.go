package node_test

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/node"
)

// zoned adds a node in a zone of us-west-2, with labels.
func (c *cluster) zoned(name, zone string, labels map[string]string) {
	c.Register(node.Spec{Name: name, Zone: "us-west-2" + zone, Region: "us-west-2", Arch: "amd64", OS: "linux", Version: "v1.34.4", CPUs: 2, MemMiB: 8192,
		Pods: 29, Labels: labels})
}

func (c *cluster) cordon(name string, yes bool) {
	n := kubeapi.Get[corev1.Node](c.API, "", name).DeepCopy()
	n.Spec.Unschedulable = yes
	c.API.Save(n)
	c.w.Advance(time.Minute)
}

// spreading asks for a pod whose app is spread over a key, evenly within one.
func (c *cluster) spreading(name, key string, edit func(*corev1.Pod, *corev1.TopologySpreadConstraint)) (node, why string) {
	labels := map[string]string{"app": "web"}
	c.pod(name, "10m", func(p *corev1.Pod) {
		p.Labels = labels
		t := corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.DoNotSchedule,
			LabelSelector: &metav1.LabelSelector{MatchLabels: labels}}
		if edit != nil {
			edit(p, &t)
		}
		p.Spec.TopologySpreadConstraints = append([]corev1.TopologySpreadConstraint{t}, p.Spec.TopologySpreadConstraints...)
	})
	c.w.Advance(time.Minute)
	return c.scheduled(name)
}

const noVictims = " preemption: 0/%d nodes are available: %d No preemption victims found for incoming pod."

func unplaced(of int, why string) string {
	return fmt.Sprintf("0/%d nodes are available: %s."+noVictims, of, why, of, of)
}

// A cordoned node is a domain that pods are spread over and cannot go to, unless
// nodeTaintsPolicy is Honor: so a drain leaves pods waiting that could run elsewhere.
func TestCordonedNodesCountWherePodsAreSpread(t *testing.T) {
	c := start(t)
	c.cni()
	c.zoned("a", "a", nil)
	c.zoned("b", "b", nil)
	c.w.Advance(time.Minute)
	c.cordon("b", true)
	if on, why := c.spreading("one", corev1.LabelTopologyZone, nil); on != "a" {
		t.Errorf("the first is on %q: %s", on, why)
	}
	want := unplaced(2, "1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable")
	if on, why := c.spreading("two", corev1.LabelTopologyZone, nil); on != "" || why != want {
		t.Errorf("by the default the second is on %q: %s, want %s", on, why, want)
	}
	honor := func(_ *corev1.Pod, t *corev1.TopologySpreadConstraint) {
		t.NodeTaintsPolicy = new(corev1.NodeInclusionPolicyHonor)
	}
	if on, why := c.spreading("honors", corev1.LabelTopologyZone, honor); on != "a" {
		t.Errorf("one that honors taints is on %q: %s", on, why)
	}
	// Tolerated, the cordon is none.
	tolerant := func(p *corev1.Pod, t *corev1.TopologySpreadConstraint) {
		honor(p, t)
		p.Spec.Tolerations = []corev1.Toleration{{Key: corev1.TaintNodeUnschedulable, Operator: corev1.TolerationOpExists}}
	}
	if on, why := c.spreading("tolerates", corev1.LabelTopologyZone, tolerant); on != "b" {
		t.Errorf("one that tolerates the cordon is on %q: %s", on, why)
	}
	c.cordon("b", false)
	if on, why := c.scheduled("two"); on != "b" {
		t.Errorf("uncordoned, the second is on %q: %s", on, why)
	}
}

// Nodes that the pod's selector leaves out are no domain, unless nodeAffinityPolicy is Ignore;
// nor are those without the keys of all constraints, and no pod goes there.
func TestDomainsAreThoseWhereAPodMayGo(t *testing.T) {
	c := start(t)
	c.cni()
	c.zoned("a", "a", map[string]string{"tier": "web", "rack": "1"})
	c.zoned("b", "b", map[string]string{"tier": "db", "rack": "1"})
	c.w.Advance(time.Minute)
	tier := func(p *corev1.Pod, _ *corev1.TopologySpreadConstraint) {
		p.Spec.NodeSelector = map[string]string{"tier": "web"}
	}
	for _, name := range []string{"one", "two"} {
		if on, why := c.spreading(name, corev1.LabelTopologyZone, tier); on != "a" {
			t.Errorf("%s is on %q: %s", name, on, why)
		}
	}
	ignore := func(p *corev1.Pod, t *corev1.TopologySpreadConstraint) {
		tier(p, t)
		t.NodeAffinityPolicy = new(corev1.NodeInclusionPolicyIgnore)
	}
	want := unplaced(2, "1 node(s) didn't match Pod's node affinity/selector, 1 node(s) didn't match pod topology spread constraints")
	if on, why := c.spreading("ignores", corev1.LabelTopologyZone, ignore); on != "" || why != want {
		t.Errorf("one that ignores affinity is on %q: %s", on, why)
	}
	want = unplaced(2, "2 node(s) didn't match pod topology spread constraints (missing required label)")
	if on, why := c.spreading("nowhere", "example.com/row", nil); on != "" || why != want {
		t.Errorf("one of a key that no node has is on %q: %s", on, why)
	}
	// Zone c is empty, and no domain: its node lacks the key of the other constraint.
	c.zoned("c", "c", nil)
	c.w.Advance(time.Minute)
	racked := func(p *corev1.Pod, t *corev1.TopologySpreadConstraint) {
		second := *t.DeepCopy()
		second.TopologyKey, second.MaxSkew = "rack", 9
		p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{second}
	}
	for i, want := range []string{"b", "b", "a", "b"} { // a has two already
		if on, why := c.spreading(fmt.Sprint("racked", i), corev1.LabelTopologyZone, racked); on != want && i < 2 || on == "" || on == "c" {
			t.Errorf("%d is on %q: %s", i, on, why)
		}
	}
}

// minDomains wants pods in as many zones; matchLabelKeys counts those of one revision alone.
func TestMinDomainsAndLabelKeys(t *testing.T) {
	c := start(t)
	c.cni()
	c.zoned("a", "a", nil)
	c.w.Advance(time.Minute)
	two := func(_ *corev1.Pod, t *corev1.TopologySpreadConstraint) { t.MinDomains = new(int32(2)) }
	if on, why := c.spreading("one", corev1.LabelTopologyZone, two); on != "a" {
		t.Errorf("the first is on %q: %s", on, why)
	}
	want := unplaced(1, "1 node(s) didn't match pod topology spread constraints")
	if on, why := c.spreading("two", corev1.LabelTopologyZone, two); on != "" || why != want {
		t.Errorf("the second is on %q: %s", on, why)
	}
	c.zoned("b", "b", nil)
	c.w.Advance(time.Minute)
	if on, why := c.scheduled("two"); on != "b" {
		t.Errorf("with another zone it is on %q: %s", on, why)
	}
	revision := func(p *corev1.Pod, t *corev1.TopologySpreadConstraint) {
		p.Labels = map[string]string{"app": "web", "revision": "2"}
		t.MatchLabelKeys = []string{"revision", "absent"}
	}
	c.cordon("b", true)
	if on, why := c.spreading("next", corev1.LabelTopologyZone, revision); on != "a" {
		t.Errorf("the first of a revision is on %q: %s", on, why)
	}
	if on, _ := c.spreading("after", corev1.LabelTopologyZone, revision); on != "" {
		t.Errorf("the second of a revision is on %q, which has the first", on)
	}
}
