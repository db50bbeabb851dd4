package node_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

func (c *cluster) pod(name, cpu string, edit func(*corev1.Pod)) {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", Labels: map[string]string{"k8s-app": name}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i",
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}}}}}}
	if edit != nil {
		edit(p)
	}
	c.API.Save(p)
}

func (c *cluster) scheduled(name string) (node, why string) {
	p := kubeapi.Get[corev1.Pod](c.API, "default", name)
	for _, x := range p.Status.Conditions {
		if x.Type == corev1.PodScheduled {
			why = x.Message
		}
	}
	return p.Spec.NodeName, why
}

func TestPodsTakeTheRoomThatTheyAskFor(t *testing.T) {
	c := start(t)
	c.cni()
	c.node("n1") // 2 CPUs, 1930m of them for pods
	c.node("n2", corev1.Taint{Key: "gpu", Value: "yes", Effect: corev1.TaintEffectNoSchedule})
	c.w.Advance(time.Minute)
	c.pod("small", "1", nil)
	c.w.Advance(time.Minute)
	c.pod("large", "1500m", nil)
	c.w.Advance(time.Minute)
	if n, _ := c.scheduled("small"); n != "n1" {
		t.Errorf("the first is on %q", n)
	}
	want := "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {gpu: yes}. preemption: 0/2 nodes are available: " +
		"2 No preemption victims found for incoming pod."
	if n, why := c.scheduled("large"); n != "" || why != want {
		t.Errorf("the second is on %q: %s", n, why)
	}
	c.pod("dear", "1500m", func(p *corev1.Pod) { p.Spec.Priority = new(int32(1000)) })
	c.w.Advance(5 * time.Minute)
	if n, why := c.scheduled("dear"); n != "n1" || kubeapi.Get[corev1.Pod](c.API, "default", "small") != nil {
		t.Errorf("one of higher priority is on %q: %s", n, why)
	}
}

func TestPodsKeepAwayAndSpread(t *testing.T) {
	c := start(t)
	c.cni()
	c.node("n1")
	c.node("n2")
	c.w.Advance(time.Minute)
	alone := func(p *corev1.Pod) {
		p.Labels = map[string]string{"app": "alone"}
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: "kubernetes.io/hostname", LabelSelector: &metav1.LabelSelector{MatchLabels: p.Labels}}}}}
	}
	for _, n := range []string{"a", "b", "c"} {
		c.pod(n, "10m", alone)
		c.w.Advance(time.Minute)
	}
	a, _ := c.scheduled("a")
	b, _ := c.scheduled("b")
	last, why := c.scheduled("c")
	if a == "" || b == "" || a == b || last != "" || !strings.Contains(why, "anti-affinity") {
		t.Errorf("on %q, %q and %q: %s", a, b, last, why)
	}
}
