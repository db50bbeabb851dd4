package eks_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// next moves the region on until something holds, and is how long that took.
func (l life) next(what string, most time.Duration, holds func() bool) (took time.Duration) {
	l.t.Helper()
	for ; !holds(); took += 5 * time.Second {
		if took > most {
			l.t.Fatalf("%s does not hold after %s", what, took)
		}
		l.after(5 * time.Second)
	}
	return took
}

// web are the pods of the Deployment that there are, and how many of them are taken away.
func (l life) web() (all []*corev1.Pod, going int) {
	for _, p := range kubeapi.List[corev1.Pod](l.kube()) {
		if p.Labels["app"] == "web" {
			all = append(all, p)
			if p.DeletionTimestamp != nil {
				going++
			}
		}
	}
	return all, going
}

// By force, EKS asks for a quarter of an hour as it does without, and only then deletes what a
// budget holds back; each batch has its own quarter.
func TestForceComesAfterAQuarterOfAnHour(t *testing.T) {
	l := rolling(t)
	l.budget(4)
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35"), Force: true})
	l.refused("", err)
	for range 2 {
		cordoned := func() bool { _, n := l.kubelets(); return n > 0 }
		l.next("old nodes are cordoned", 15*time.Minute, cordoned)
		took := l.next("a pod goes", 20*time.Minute, func() bool { _, going := l.web(); return going > 0 })
		if took < 14*time.Minute || took > 18*time.Minute {
			t.Errorf("a pod was taken away after %s", took)
		}
		l.next("pods run again", 10*time.Minute, func() bool { all, going := l.web(); return going == 0 && len(all) == 4 })
	}
	l.after(30 * time.Minute) // the surplus is asked to leave for a quarter of an hour, too
	l.expect("the update", l.update(u.Id, new("g")), "Successful")
	v, _ := l.kubelets()
	l.expect("the kubelets", v, "1.35 1.35")
}

// A pod whose finalizer nobody removes holds an upgrade without force, and not one by force:
// its node ends whatever runs on it.
func TestForceEndsANodeWithAPodThatStays(t *testing.T) {
	for force, want := range map[bool]string{
		false: "Failed PodEvictionFailure Reached max retries while trying to evict pods from nodes in node group g",
		true:  "Successful",
	} {
		l := rolling(t)
		all, _ := l.web()
		p := all[0].DeepCopy()
		p.Finalizers = []string{"example.com/stays"}
		l.kube().Save(p)
		u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35"), Force: force})
		l.refused("", err)
		l.after(45 * time.Minute)
		l.expect("the update", l.update(u.Id, new("g")), want)
	}
}

// Pods that do not work are taken away against their budget where it says so, as by anybody.
func TestAnUpgradeFollowsThePolicyForUnhealthyPods(t *testing.T) {
	for policy, want := range map[policyv1.UnhealthyPodEvictionPolicyType]string{
		policyv1.AlwaysAllow:     "Successful",
		policyv1.IfHealthyBudget: "Failed PodEvictionFailure Reached max retries while trying to evict pods from nodes in node group g",
	} {
		l := rolling(t)
		all, _ := l.web()
		for _, p := range all {
			n := p.DeepCopy()
			n.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/never"}}
			l.kube().Save(n)
		}
		l.kube().Save(&policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"},
			Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt(4)), UnhealthyPodEvictionPolicy: new(policy),
				Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}}})
		l.after(time.Minute)
		u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
		l.refused("", err)
		l.after(30 * time.Minute)
		l.expect("the update of pods that are unready, "+string(policy), l.update(u.Id, new("g")), want)
	}
}

// Two budgets of one pod are one of the reasons for PodEvictionFailure that the user guide
// names; that EKS may not evict any more is another.
func TestWhatElseEndsInPodEvictionFailure(t *testing.T) {
	for name, spoil := range map[string]func(l life){
		"two budgets": func(l life) {
			l.budget(1)
			b := kubeapi.Get[policyv1.PodDisruptionBudget](l.kube(), "default", "web")
			l.kube().Save(&policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "another"}, Spec: b.Spec})
		},
		"no role": func(l life) { l.kube().Remove(kubeapi.Get[rbacv1.ClusterRole](l.kube(), "", "eks:node-manager")) },
	} {
		l := rolling(t)
		u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
		l.refused("", err)
		spoil(l)
		l.after(30 * time.Minute)
		l.expect("the update with "+name, l.update(u.Id, new("g")),
			"Failed PodEvictionFailure Reached max retries while trying to evict pods from nodes in node group g")
	}
}
