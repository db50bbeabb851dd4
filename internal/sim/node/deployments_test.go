package node_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

func (c *cluster) condition(app string, of appsv1.DeploymentConditionType) string {
	for _, x := range kubeapi.Get[appsv1.Deployment](c.API, "default", app).Status.Conditions {
		if x.Type == of {
			return string(x.Status) + " " + x.Reason
		}
	}
	return ""
}

// A rollout never has fewer pods than its strategy says, and says when it does not go on.
func TestARolloutKeepsToItsStrategy(t *testing.T) {
	c := start(t)
	c.cni()
	c.node("n1")
	c.deploy("web", 4)
	c.w.Advance(5 * time.Minute)
	d := kubeapi.Get[appsv1.Deployment](c.API, "default", "web").DeepCopy()
	d.Generation++
	d.Spec.Template.Spec.Containers[0].Image = "other"
	c.API.Save(d)
	for range 200 {
		c.w.Advance(time.Second)
		if on, ready := c.pods("web"); ready < 3 || on["n1"]+on[""] > 7 { // a surge of one, and two that end
			t.Fatalf("during the rollout: %v, %d ready", on, ready)
		}
	}
	if got := c.condition("web", appsv1.DeploymentProgressing); got != "True NewReplicaSetAvailable" {
		t.Errorf("after it: %s", got)
	}
	d = kubeapi.Get[appsv1.Deployment](c.API, "default", "web").DeepCopy()
	d.Generation++
	d.Spec.Template.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("64")}
	c.API.Save(d)
	c.w.Advance(11 * time.Minute)
	if got := c.condition("web", appsv1.DeploymentProgressing); got != "False ProgressDeadlineExceeded" {
		t.Errorf("one that cannot go on: %s", got)
	}
	if _, ready := c.pods("web"); ready < 3 {
		t.Errorf("one that cannot go on has %d pods ready", ready)
	}
}

// What a client may not make, a controller may not make for it.
func TestControllersAreAdmittedLikeClients(t *testing.T) {
	c := start(t)
	c.cni()
	c.node("n1")
	c.API.Save(&corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "few", Namespace: "default"},
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("2")}}})
	c.API.Save(&corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Name: "usual", Namespace: "default"}, Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
		Type: corev1.LimitTypeContainer, DefaultRequest: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("70m")}}}}})
	c.w.Advance(time.Minute)
	c.deploy("web", 3)
	c.w.Advance(5 * time.Minute)
	if on, ready := c.pods("web"); ready != 2 {
		t.Fatalf("%v, %d ready", on, ready)
	}
	said := ""
	for _, e := range kubeapi.List[corev1.Event](c.API) {
		if e.Reason == "FailedCreate" {
			said = e.Message
		}
	}
	if !strings.Contains(said, "exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2") ||
		c.condition("web", appsv1.DeploymentReplicaFailure) != "True FailedCreate" {
		t.Errorf("the controller says %q, the Deployment %q", said, c.condition("web", appsv1.DeploymentReplicaFailure))
	}
	for _, p := range kubeapi.List[corev1.Pod](c.API) {
		if p.Labels["k8s-app"] != "web" {
			continue
		}
		if cpu := p.Spec.Containers[0].Resources.Requests.Cpu().String(); cpu != "70m" || p.Spec.ServiceAccountName != "default" ||
			p.ManagedFields[0].Manager != "kube-controller-manager" {
			t.Errorf("a pod asks for %s as %s, made by %s", cpu, p.Spec.ServiceAccountName, p.ManagedFields[0].Manager)
		}
	}
}
