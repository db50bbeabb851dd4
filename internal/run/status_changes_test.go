package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Whoever looks, from any machine, sees what is under way, at which stage, and what holds it:
// a replacement by what the cluster itself says, an upgrade by EKS's updates.
func TestStatusShowsWhatIsUnderWay(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 1)
	look := func() *outcome.Status {
		t.Helper()
		st, err := run.Look(t.Context(), r.AWS, "test", nil)
		must(t, err)
		return st
	}
	if st := look(); len(st.Changes) > 0 || !st.Settled {
		t.Errorf("before: %+v", st.Changes)
	}
	paused := func(stage string) {
		t.Helper()
		if rep := drive(t, r, replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Pause: stage}})); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		st := look()
		if len(st.Changes) != 1 || st.Settled || st.Changes[0].Of != "node group w" || st.Changes[0].What != "by w-b2" || st.Changes[0].Since.IsZero() ||
			!strings.HasPrefix(st.Changes[0].Stage, "paused "+stage) {
			t.Errorf("paused %s: %+v", stage, st.Changes)
		}
	}
	paused(rules.AfterGreen)

	s := replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Deadline: 5 * time.Minute}})
	k := kubernetesOf(t, r)
	budget, err := k.PolicyV1().PodDisruptionBudgets("default").Get(t.Context(), "web", metav1.GetOptions{})
	must(t, err)
	budget.Spec.MinAvailable = new(intstr.FromInt32(2)) // somebody changes it meanwhile
	_, err = k.PolicyV1().PodDisruptionBudgets("default").Update(t.Context(), budget, metav1.UpdateOptions{})
	must(t, err)
	if rep := drive(t, r, s); rep.OK() || !strings.Contains(rep.FirstFailure, "stay") || !strings.Contains(rep.FirstFailure, "The disruption budget web needs 2 healthy pods") {
		t.Errorf("it ended with %q", rep.FirstFailure)
	}
	st := look()
	if len(st.Changes) != 1 || st.Changes[0].Stage != "pods move, as budgets allow" || st.Changes[0].Pods == nil || *st.Changes[0].Pods == 0 ||
		!strings.Contains(strings.Join(st.Changes[0].Waits, " "), "held by PodDisruptionBudget default/web (it wants 2 of its 2 pods healthy, and 2 are)") {
		t.Errorf("held: %+v", st.Changes)
	}
	budget, err = k.PolicyV1().PodDisruptionBudgets("default").Get(t.Context(), "web", metav1.GetOptions{})
	must(t, err)
	budget.Spec.MinAvailable = new(intstr.FromInt32(1))
	_, err = k.PolicyV1().PodDisruptionBudgets("default").Update(t.Context(), budget, metav1.UpdateOptions{})
	must(t, err)
	r.Sim.World.Advance(time.Minute)
	paused(rules.AfterDrain)
	if rep := drive(t, r, replacement(t, r, run.Replacement{Groups: []string{"w"}})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if st := look(); len(st.Changes) > 0 || !st.Settled {
		t.Errorf("after it: %+v", st.Changes)
	}

	_, err = r.AWS.EKS.UpdateClusterVersion(t.Context(), &eks.UpdateClusterVersionInput{Name: new("test"), Version: new("1.35")})
	must(t, err)
	st = look()
	if len(st.Changes) != 1 || st.Changes[0].Of != "control plane" || st.Changes[0].What != "to Kubernetes 1.35" || st.Changes[0].Stage != "InProgress" || st.Settled {
		t.Errorf("an upgrade: %+v", st.Changes)
	}
	r.Sim.World.Advance(30 * time.Minute)
	_, err = r.AWS.EKS.UpdateNodegroupVersion(t.Context(), &eks.UpdateNodegroupVersionInput{ClusterName: new("test"), NodegroupName: new("w-b2")})
	must(t, err)
	st = look()
	if len(st.Changes) != 1 || st.Changes[0].Of != "node group w-b2" || !strings.Contains(strings.Join(st.Changes[0].Waits, ""), "3 of 3 nodes Ready") || st.Settled {
		t.Errorf("in place: %+v", st.Changes)
	}
}
