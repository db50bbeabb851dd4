package node_test

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

func (c *cluster) jobOf(name string, command ...string) {
	t := template(name, corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever})
	t.Spec.Containers[0].Command = command
	c.API.Save(&batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}, Spec: batchv1.JobSpec{Template: t,
		Completions: new(int32(2)), BackoffLimit: new(int32(1))}})
}

// A Job's pods end, well or as their command plainly says, and so does the Job.
func TestJobsEnd(t *testing.T) {
	c := start(t)
	c.cni()
	c.node("n1")
	c.w.Advance(time.Minute)
	c.jobOf("good", "sh", "-c", "echo done")
	c.jobOf("bad", "sh", "-c", "exit 3")
	c.w.Advance(5 * time.Minute)
	for name, want := range map[string]batchv1.JobConditionType{"good": batchv1.JobComplete, "bad": batchv1.JobFailed} {
		j := kubeapi.Get[batchv1.Job](c.API, "default", name)
		if n := len(j.Status.Conditions); n == 0 || j.Status.Conditions[n-1].Type != want {
			t.Errorf("%s: %+v", name, j.Status)
		}
	}
	if j := kubeapi.Get[batchv1.Job](c.API, "default", "good"); j.Status.Succeeded != 2 {
		t.Errorf("%+v", j.Status)
	}
	c.API.Delete(kubeapi.Get[batchv1.Job](c.API, "default", "good"))
	c.w.Advance(time.Minute)
	if on, _ := c.pods("good"); len(on) != 0 {
		t.Errorf("the pods of a deleted Job are left: %v", on)
	}
}

// A namespace that is deleted takes along what is in it; a new one has what pods need.
func TestNamespacesComeAndGo(t *testing.T) {
	c := start(t)
	c.API.Save(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}})
	c.w.Advance(time.Second)
	if kubeapi.Get[corev1.ServiceAccount](c.API, "shop", "default") == nil {
		t.Error("no default account")
	}
	c.API.Delete(kubeapi.Get[corev1.Namespace](c.API, "", "shop"))
	c.w.Advance(time.Second)
	if kubeapi.Get[corev1.Namespace](c.API, "", "shop") != nil || kubeapi.Get[corev1.ServiceAccount](c.API, "shop", "default") != nil {
		t.Error("it is left, or what was in it is")
	}
}
