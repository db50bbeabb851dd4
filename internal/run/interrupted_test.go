package run_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// interruptedAt ends a command by Ctrl-C as a step of each kind begins, in a region as it was
// before. It ends as interrupted, takes nothing back, says the state of the cluster, and gives its
// lock back; the same command goes on to the end, which after looks at.
func interruptedAt(t *testing.T, before json.RawMessage, kinds []string, prepare func(*run.Books, *testregion.Region) (*run.Session, error),
	after func(at string, r *testregion.Region),
) {
	t.Helper()
	for _, at := range kinds {
		r, kept := testregion.Again(t, before), store.NewMemory()
		s, err := prepare(newProcess(t, r, kept, alive).b, r)
		must(t, err)
		ctx, stop := context.WithCancel(t.Context())
		met := false
		rep, err := s.Run(ctx, r.Clock, 1, when(at, func() { met = true; stop() }))
		stop()
		must(t, err)
		if !met || !rep.Interrupted {
			t.Errorf("at %s (met: %t): %+v", at, met, rep)
			continue
		}
		o := s.Conclude(t.Context(), rep)
		said := new(bytes.Buffer)
		render.Outcome(said, render.Style{}, o)
		if o.Result != outcome.Partial || o.Code != outcome.ExitInterrupted || o.Returns || len(o.Failures) > 0 {
			t.Errorf("at %s: %+v", at, o)
		}
		for _, want := range []string{"interrupted: cluster test is ", "nodes Ready", "run the same command again to continue"} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("at %s it says %q, expected %q", at, said, want)
			}
		}
		if back, err := s.Back(t.Context(), rep); back != nil || err != nil {
			t.Errorf("at %s it is taken back: %v", at, err)
		}
		must(t, s.Close(t.Context()))
		r.Sim.World.Advance(10 * time.Minute)
		if s, err = prepare(newProcess(t, r, kept, alive).b, r); err != nil {
			t.Fatalf("at %s, and again: %v", at, err)
		}
		rep = drive(t, r, s)
		if o := s.Conclude(t.Context(), rep); o.Code != outcome.ExitDone {
			t.Errorf("at %s, and again: %+v, %s", at, o, rep.FirstFailure)
		}
		must(t, s.Close(t.Context()))
		after(at, r)
	}
}

// An upgrade in place goes on with EKS, which replaces nodes meanwhile.
func TestCtrlCLeavesAnUpgradeInPlaceToEKS(t *testing.T) {
	interruptedAt(t, withBudget(t, older), []string{rules.GroupVersion, rules.GroupUpdate, rules.Nodes, rules.GroupRolled},
		func(b *run.Books, r *testregion.Region) (*run.Session, error) {
			return run.PrepareInPlace(t.Context(), r.AWS, "test", run.InPlace{Group: "w", Books: b})
		}, func(at string, r *testregion.Region) {
			is, status := releaseOf(t, r, "w")
			if is == oldRelease || status != types.NodegroupStatusActive || !strings.Contains(templateOf(t, r, "w"), is) {
				t.Errorf("at %s: %s %s", at, is, status)
			}
			if now := groupsOf(t, r); now["w"] != 3 {
				t.Errorf("at %s the groups take pods on %v", at, now)
			}
		})
}

// A replacement slice by slice goes on in slices, without being told to.
func TestCtrlCLeavesSlicesAsTheyAre(t *testing.T) {
	batch := "1"
	interruptedAt(t, withBudget(t, pair), []string{rules.GroupMinimum, rules.EvacuateSlice, rules.GateSlice, rules.EndNodes, rules.Grow, rules.Grown,
		rules.GrownProven, rules.SizesRecorded, rules.DeleteStack},
		func(b *run.Books, r *testregion.Region) (*run.Session, error) {
			w := run.Replacement{Groups: []string{"w"}, Batch: batch, Books: b}
			if batch == "" {
				batch = "1" // of the next stage
			} else {
				batch = ""
			}
			return run.PrepareReplacement(t.Context(), r.AWS, "test", w)
		}, func(at string, r *testregion.Region) {
			if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 {
				t.Errorf("at %s the groups take pods on %v", at, now)
			}
			nothingLeft(t, r)
		})
}

// An upgrade of the whole cluster, at each kind of stage, whichever way its groups go.
func TestCtrlCLeavesAnUpgradeWhereItIs(t *testing.T) {
	before := withBudget(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 2}, {name: x, desiredCapacity: 1}]\n")
	for strategy, kinds := range map[string][]string{
		run.StrategyInPlace:   {rules.ClusterVersion, rules.AddonVersion, rules.GroupVersion, rules.GroupRolled, rules.Verified},
		run.StrategyBlueGreen: {rules.NodeGroup, rules.Evacuate, rules.DeleteStack, rules.Verified},
	} {
		interruptedAt(t, before, kinds, func(b *run.Books, r *testregion.Region) (*run.Session, error) {
			return run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{To: "1.35", Strategy: strategy, MaxParallel: 1, Books: b})
		}, func(at string, r *testregion.Region) {
			isAt(t, r, "1.35")
			if now := groupsOf(t, r); len(now) != 2 {
				t.Errorf("%s at %s the groups take pods on %v", strategy, at, now)
			}
			nothingLeft(t, r)
		})
	}
}

// The return of a replacement is not begun anew, and does not turn round.
func TestCtrlCLeavesAReturnWhereItIs(t *testing.T) {
	r := testregion.Again(t, withBudget(t, pair))
	if rep := drive(t, r, replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Pause: rules.AfterDrain}})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	moved, err := r.Sim.Save()
	must(t, err)
	interruptedAt(t, moved, []string{rules.FreeScaling, rules.RestoreNodes, rules.HoldScaling, rules.Evacuate, rules.DeleteStack, rules.Ended},
		func(b *run.Books, r *testregion.Region) (*run.Session, error) {
			return run.PrepareReturn(t.Context(), r.AWS, "test", run.Replacement{Groups: []string{"w"}, Books: b})
		}, func(at string, r *testregion.Region) {
			if now := groupsOf(t, r); len(now) != 2 || now["w"] != 3 {
				t.Errorf("at %s the groups take pods on %v", at, now)
			}
			nothingLeft(t, r)
		})
}

// A repair goes on from wherever it is, also where the group is gone, and not made again.
func TestCtrlCLeavesARepairWhereItIs(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	ailing(t, r)
	before, err := r.Sim.Save()
	must(t, err)
	interruptedAt(t, before, []string{rules.DeleteStack, rules.NodeGroup, rules.Nodes}, func(b *run.Books, r *testregion.Region) (*run.Session, error) {
		b.Command = run.CommandRepair
		return run.PrepareRepair(t.Context(), r.AWS, "test", run.Repair{Group: "w", Drain: true, Books: b})
	}, func(at string, r *testregion.Region) {
		if _, status := releaseOf(t, r, "w"); status != types.NodegroupStatusActive {
			t.Errorf("at %s the group is %s", at, status)
		}
		if now := groupsOf(t, r); len(now) != 2 || now["w"] != 3 {
			t.Errorf("at %s the groups take pods on %v", at, now)
		}
	})
}
