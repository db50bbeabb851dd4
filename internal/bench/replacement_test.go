package bench_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/bench"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim/world"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// thirty is a cluster with a group of thirty nodes.
const thirty = testregion.Cluster + "managedNodeGroups: [{name: w, desiredCapacity: 30, minSize: 0, maxSize: 40, releaseVersion: 1.34.1-20260901}]\n"

// busy is that cluster with ten workloads of thirty pods, of each of which a tenth may be away.
func busy(t *testing.T, seed uint64) (*testregion.Region, kubernetes.Interface) {
	t.Helper()
	f := testregion.Load(t, thirty)
	r := testregion.New(t, f, seed)
	r.Region.EC2.Quotas.VCPUs = 4096
	s, err := run.Prepare(t.Context(), r.AWS, f)
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := s.Run(t.Context(), r.Clock, 1, nil); err != nil || !rep.OK() {
		t.Fatal(rep, err)
	}
	out, err := r.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("test")})
	if err != nil {
		t.Fatal(err)
	}
	k, err := kube.Client(t.Context(), r.AWS, out.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		meta := metav1.ObjectMeta{Name: fmt.Sprintf("app%d", i), Labels: map[string]string{"app": fmt.Sprintf("app%d", i)}}
		sel := &metav1.LabelSelector{MatchLabels: meta.Labels}
		_, err := k.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: new(int32(30)), Selector: sel,
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: meta.Labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "nginx"}}}}}},
			metav1.CreateOptions{})
		if err == nil {
			_, err = k.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), &policyv1.PodDisruptionBudget{ObjectMeta: meta,
				Spec: policyv1.PodDisruptionBudgetSpec{MaxUnavailable: new(intstr.FromString("10%")), Selector: sel}}, metav1.CreateOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r.Sim.World.Advance(5 * time.Minute)
	return r, k
}

// rounds is how long a workload's budget lets it take at least: as many pods go at once as it
// allows, and the next once those run elsewhere.
func rounds(t *testing.T, r *testregion.Region, k kubernetes.Interface) time.Duration {
	t.Helper()
	budget := func() *policyv1.PodDisruptionBudget {
		b, err := k.PolicyV1().PodDisruptionBudgets("default").Get(t.Context(), "app0", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	pods, err := k.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{LabelSelector: "app=app0"})
	if err != nil {
		t.Fatal(err)
	}
	at := int(budget().Status.DisruptionsAllowed)
	for i := range at {
		if refused, err := kube.Evict(t.Context(), k, &pods.Items[i]); err != nil || refused != "" {
			t.Fatal(refused, err)
		}
	}
	began := r.Sim.World.Elapsed()
	for budget().Status.DisruptionsAllowed == 0 { // until one of them runs again
		if r.Sim.World.Advance(100 * time.Millisecond); r.Sim.World.Elapsed()-began > time.Minute {
			t.Fatal("no pod runs again")
		}
	}
	took := r.Sim.World.Elapsed() - began
	r.Sim.World.Advance(time.Minute)
	return took * time.Duration((len(pods.Items)+at-1)/at)
}

// The replacement of a group of thirty nodes, with three hundred pods and budgets of a tenth,
// takes at most 1.10 of what is forced: the new group, the rounds that budgets allow, the old
// group's deletion. What EKS takes for the same in place is printed beside it.
func TestReplacementIsCloseToTheBound(t *testing.T) {
	for seed := range uint64(2) {
		r, k := busy(t, seed)
		saved, err := r.Sim.Save()
		if err != nil {
			t.Fatal(err)
		}
		forced := rounds(t, r, k)
		began := r.Sim.World.Elapsed()
		s, err := run.PrepareReplacement(t.Context(), r.AWS, "test", run.Replacement{Groups: []string{"w"}})
		if err != nil {
			t.Fatal(err)
		}
		rep, err := s.Run(t.Context(), r.Clock, 1, nil)
		if err != nil || !rep.OK() {
			t.Fatal(rep, err)
		}
		var log []world.Entry
		for _, e := range r.Sim.World.Log() {
			if e.Start < began {
				continue
			}
			if log = append(log, e); e.Kind == "eks:nodegroup-delete" {
				forced += e.End - e.Start
			}
		}
		bound := bench.Bound(log) + forced

		same := testregion.Again(t, saved)
		in, err := run.PrepareInPlace(t.Context(), same.AWS, "test", run.InPlace{Group: "w"})
		if err != nil {
			t.Fatal(err)
		}
		eks, err := in.Run(t.Context(), same.Clock, 1, nil)
		if err != nil || !eks.OK() {
			t.Fatal(eks, err)
		}
		ratio := float64(rep.Elapsed) / float64(bound)
		t.Logf("seed %d: %s of at least %s: %.3f; in place, by EKS: %s", seed, rep.Elapsed.Round(time.Second), bound.Round(time.Second), ratio,
			eks.Elapsed.Round(time.Second))
		if ratio > 1.10 || ratio < 1 {
			t.Errorf("seed %d: %s where AWS and budgets force %s: %.3f", seed, rep.Elapsed, bound, ratio)
		}
	}
}
