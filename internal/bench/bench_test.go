package bench_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/bench"
	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// measure launches a config and compares the time it took with the bound. change
// may spoil the plan first.
func measure(t testing.TB, text string, seed uint64, change func(*run.Session)) (elapsed, bound time.Duration) {
	f := testregion.Load(t, text)
	r := testregion.New(t, f, seed)
	r.Region.EC2.Quotas.VCPUs = 4096
	s, err := run.Prepare(t.Context(), r.AWS, f)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(s)
	}
	rep, err := s.Run(t.Context(), r.Clock, 1, nil)
	if err != nil || !rep.OK() {
		t.Fatalf("%v %v", rep, err)
	}
	return rep.Elapsed, bench.Bound(r.Sim.World.Log())
}

func quickstart(t testing.TB) string {
	b, err := os.ReadFile(filepath.Join(testregion.Root(t), "examples/quickstart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func tenGroups() string {
	var b strings.Builder
	b.WriteString(testregion.Cluster + "managedNodeGroups:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "  - {name: g%d, desiredCapacity: 3, privateNetworking: true}\n", i)
	}
	return b.String()
}

func twelveAddons() string {
	return testregion.Cluster + `
iam: {withOIDC: true}
addons:
  - {name: eks-pod-identity-agent}
  - {name: aws-ebs-csi-driver}
  - {name: aws-efs-csi-driver}
  - {name: snapshot-controller}
  - {name: eks-node-monitoring-agent}
  - {name: cert-manager}
  - {name: kube-state-metrics}
  - {name: prometheus-node-exporter}
managedNodeGroups: [{name: workers, desiredCapacity: 2}]
`
}

type launch struct{ name, text string }

func cases(t testing.TB) []launch {
	return []launch{{"quickstart", quickstart(t)}, {"10-node-groups", tenGroups()}, {"12-addons", twelveAddons()}}
}

// A launch takes at most 1.04 times what AWS forces.
func TestLaunchIsCloseToTheBound(t *testing.T) {
	for _, c := range cases(t) {
		for seed := range uint64(5) {
			elapsed, bound := measure(t, c.text, seed, nil)
			ratio := float64(elapsed) / float64(bound)
			t.Logf("%s, seed %d: %s of at least %s: %.3f", c.name, seed, elapsed.Round(time.Second), bound.Round(time.Second), ratio)
			if ratio > 1.04 || ratio < 1 {
				t.Errorf("%s, seed %d: %s where AWS forces %s: %.3f", c.name, seed, elapsed, bound, ratio)
			}
		}
	}
}

// A needless edge shows in the ratio: the bound does not follow the plan.
func TestANeedlessEdgeRaisesTheRatio(t *testing.T) {
	elapsed, bound := measure(t, quickstart(t), 1, nil)
	worse, same := measure(t, quickstart(t), 1, func(s *run.Session) {
		s.Plan.Graph.Add("sleep")
		s.Plan.Entries = append(s.Plan.Entries, plan.Entry{ID: "sleep", Title: "a 30-second sleep", Step: &sleeper{}})
		for _, e := range []graph.Edge{{Before: "addon/vpc-cni", After: "sleep"}, {Before: "sleep", After: "nodegroup/workers"}} {
			if err := s.Plan.Graph.Connect(e); err != nil {
				t.Fatal(err)
			}
		}
	})
	before, after := float64(elapsed)/float64(bound), float64(worse)/float64(same)
	t.Logf("%.3f, with the needless edge %.3f", before, after)
	if after < before+0.02 {
		t.Errorf("the ratio went from %.3f to %.3f", before, after)
	}
}

func BenchmarkLaunch(b *testing.B) {
	for _, c := range cases(b) {
		b.Run(c.name, func(b *testing.B) {
			var elapsed, bound time.Duration
			for b.Loop() {
				elapsed, bound = measure(b, c.text, 1, nil)
			}
			b.ReportMetric(float64(elapsed)/float64(bound), "ratio-to-bound")
			b.ReportMetric(elapsed.Seconds(), "simulated-s")
		})
	}
}
