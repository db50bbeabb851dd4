package kubeapi_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// evicted is a pod with a budget, and what an eviction of it comes to.
type evicted struct {
	phase   corev1.PodPhase
	ready   bool
	budgets int
	policy  policyv1.UnhealthyPodEvictionPolicyType
	status  policyv1.PodDisruptionBudgetStatus
	want    string // in the refusal; "" is none
	allowed int32  // by the budget afterwards
}

// healthy is a budget whose pods are as many as it wants, hurt is one that lacks some.
var (
	healthy = policyv1.PodDisruptionBudgetStatus{ObservedGeneration: 1, CurrentHealthy: 2, DesiredHealthy: 2}
	hurt    = policyv1.PodDisruptionBudgetStatus{ObservedGeneration: 1, CurrentHealthy: 1, DesiredHealthy: 2}
	roomy   = policyv1.PodDisruptionBudgetStatus{ObservedGeneration: 1, CurrentHealthy: 3, DesiredHealthy: 2, DisruptionsAllowed: 1}
	stale   = policyv1.PodDisruptionBudgetStatus{CurrentHealthy: 3, DesiredHealthy: 2, DisruptionsAllowed: 1}
)

const violates = "Cannot evict pod as it would violate the pod's disruption budget."

var evictions = map[string]evicted{
	"a ready pod with room":            {phase: corev1.PodRunning, ready: true, budgets: 1, status: roomy},
	"a ready pod without room":         {phase: corev1.PodRunning, ready: true, budgets: 1, status: healthy, want: violates},
	"a budget not looked at yet":       {phase: corev1.PodRunning, ready: true, budgets: 1, status: stale, want: violates, allowed: 1},
	"an unready pod of enough others":  {phase: corev1.PodRunning, budgets: 1, status: healthy},
	"an unready pod beside room":       {phase: corev1.PodRunning, budgets: 1, status: roomy, allowed: 1},
	"an unready pod of too few others": {phase: corev1.PodRunning, budgets: 1, status: hurt, want: violates},
	"an unready pod, always allowed":   {phase: corev1.PodRunning, budgets: 1, policy: policyv1.AlwaysAllow, status: hurt},
	"a ready pod, unready ones always": {phase: corev1.PodRunning, ready: true, budgets: 1, policy: policyv1.AlwaysAllow, status: hurt, want: violates},
	"an unready pod, if healthy":       {phase: corev1.PodRunning, budgets: 1, policy: policyv1.IfHealthyBudget, status: hurt, want: violates},
	"a pending pod":                    {phase: corev1.PodPending, budgets: 1, status: hurt},
	"a pod that succeeded":             {phase: corev1.PodSucceeded, budgets: 1, status: hurt},
	"a pod that failed":                {phase: corev1.PodFailed, budgets: 1, status: hurt},
	"a pod of two budgets":             {phase: corev1.PodRunning, ready: true, budgets: 2, status: roomy, want: "more than one PodDisruptionBudget", allowed: 1},
}

// Evictions are upstream's for whoever asks: an administrator by client-go, and EKS by the
// role that it makes for itself.
func TestAnEvictionIsTheSameForEverybody(t *testing.T) {
	for name, e := range evictions {
		for who, evict := range map[string]func(*kubeapi.Cluster, kubernetes.Interface, *corev1.Pod) error{
			"client-go": func(_ *kubeapi.Cluster, k kubernetes.Interface, p *corev1.Pod) error {
				return k.PolicyV1().Evictions(p.Namespace).Evict(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: p.Name, Namespace: p.Namespace}})
			},
			"EKS": func(c *kubeapi.Cluster, _ kubernetes.Interface, p *corev1.Pod) error { return c.Evict(manager(c), p) },
		} {
			t.Run(name+", by "+who, func(t *testing.T) {
				c, k := open(t, "good", admin)
				p := e.make(c)
				err := evict(c, k, p)
				if said := err != nil && e.want != "" && strings.Contains(err.Error(), e.want); (err != nil) != (e.want != "") || err != nil && !said {
					t.Errorf("the answer is %v, want %q", err, e.want)
				}
				now := kubeapi.Get[corev1.Pod](c, "default", "p")
				if stays := now != nil && now.DeletionTimestamp == nil; stays != (e.want != "") {
					t.Errorf("the pod stays: %t", stays)
				}
				if b := kubeapi.Get[policyv1.PodDisruptionBudget](c, "default", "b"); b.Status.DisruptionsAllowed != e.allowed {
					t.Errorf("its budget allows %d, want %d", b.Status.DisruptionsAllowed, e.allowed)
				}
			})
		}
	}
}

func (e evicted) make(c *kubeapi.Cluster) *corev1.Pod {
	labels := map[string]string{"app": "a"}
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "p", Labels: labels},
		Spec:   corev1.PodSpec{NodeName: "n", Containers: []corev1.Container{{Name: "c", Image: "i"}}},
		Status: corev1.PodStatus{Phase: e.phase}}
	if e.ready {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	c.Save(p)
	for _, name := range []string{"b", "c"}[:e.budgets] {
		b := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
			Spec:   policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt32(2)), Selector: &metav1.LabelSelector{MatchLabels: labels}},
			Status: e.status}
		if e.policy != "" {
			b.Spec.UnhealthyPodEvictionPolicy = new(e.policy)
		}
		c.Save(b)
	}
	return kubeapi.Get[corev1.Pod](c, "default", "p")
}

// manager is a user whom RBAC lets evict and delete pods.
func manager(c *kubeapi.Cluster) *kubeapi.Writer {
	r := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "m"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"delete"}},
		{APIGroups: []string{""}, Resources: []string{"pods/eviction"}, Verbs: []string{"create"}}}}
	c.Save(r)
	c.Save(&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "m"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "m"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "m"}}})
	return kubeapi.NewSubject("m", "test")
}

// A subject may do what RBAC lets it, and only while the API server answers; a deletion
// passes over budgets.
func TestASubjectIsHeldToRBAC(t *testing.T) {
	c, _ := open(t, "good", admin)
	p := evictions["a ready pod without room"].make(c)
	by := manager(c)
	if err := c.Evict(kubeapi.NewSubject("another", "test"), p); !apierrors.IsForbidden(err) {
		t.Errorf("somebody's eviction: %v", err)
	}
	c.SetDown("a test")
	if err := c.Evict(by, p); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("an eviction while the API is down: %v", err)
	}
	c.SetDown("")
	if err := c.DeleteBy(by, p); err != nil || kubeapi.Get[corev1.Pod](c, "default", "p").DeletionTimestamp == nil {
		t.Errorf("a deletion: %v", err)
	}
}
