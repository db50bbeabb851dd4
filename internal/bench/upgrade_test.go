package bench_test

import (
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/bench"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim/world"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// The upgrade of a cluster of ten node groups by one minor takes at most 1.10 of what AWS
// forces: the control plane, and the slowest of its groups.
func TestUpgradeIsCloseToTheBound(t *testing.T) {
	f := testregion.Load(t, tenGroups())
	for seed := range uint64(3) {
		r := testregion.New(t, f, seed)
		r.Region.EC2.Quotas.VCPUs = 4096
		s, err := run.Prepare(t.Context(), r.AWS, f)
		if err != nil {
			t.Fatal(err)
		}
		if rep, err := s.Run(t.Context(), r.Clock, 1, nil); err != nil || !rep.OK() {
			t.Fatal(rep, err)
		}
		began := r.Sim.World.Elapsed()
		s, err = run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, MaxParallel: 10})
		if err != nil {
			t.Fatal(err)
		}
		rep, err := s.Run(t.Context(), r.Clock, 1, nil)
		if err != nil || !rep.OK() {
			t.Fatal(rep, err)
		}
		var log []world.Entry
		for _, e := range r.Sim.World.Log() {
			if e.Start >= began {
				log = append(log, e)
			}
		}
		bound := bench.Bound(log)
		ratio := float64(rep.Elapsed) / float64(bound)
		t.Logf("seed %d: %s of at least %s: %.3f", seed, rep.Elapsed.Round(time.Second), bound.Round(time.Second), ratio)
		if ratio > 1.10 || ratio < 1 {
			t.Errorf("seed %d: %s where AWS forces %s: %.3f", seed, rep.Elapsed, bound, ratio)
		}
	}
}
