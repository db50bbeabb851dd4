package node_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// A pod that has ended stays for its finalizers, and goes with the last of them.
func TestAPodStaysForItsFinalizers(t *testing.T) {
	c := start(t)
	c.cni()
	c.node("n1")
	c.w.Advance(time.Minute)
	c.pod("kept", "10m", func(p *corev1.Pod) { p.Finalizers = []string{"example.com/backup"} })
	c.w.Advance(time.Minute)
	get := func() *corev1.Pod { return kubeapi.Get[corev1.Pod](c.API, "default", "kept") }
	c.API.Delete(get())
	c.w.Advance(10 * time.Minute)
	if p := get(); p == nil || p.DeletionTimestamp == nil || p.Status.Phase != corev1.PodSucceeded || p.Status.ContainerStatuses[0].State.Terminated == nil {
		t.Fatalf("the pod is %+v", p)
	}
	c.API.Release(get(), "example.com/backup")
	if p := get(); p != nil {
		t.Errorf("the pod is %+v", p)
	}
}
