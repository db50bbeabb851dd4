package run_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// EKS takes managed groups back in place; those that it does not manage are replaced by groups of
// the older minor, before the control plane goes back, as many at once as is wanted.
func TestTheWayBackReplacesGroupsThatEKSDoesNotManage(t *testing.T) {
	r := testregion.Again(t, stood(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 1}]\n"+
		"nodeGroups: [{name: s, desiredCapacity: 2}, {name: x, desiredCapacity: 1}]\n"))
	guarded(t, r, 1)
	if rep := drive(t, r, upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if now := groupsOf(t, r); len(now) != 3 || now["w"] != 1 || now["s-b2"] != 2 || now["x-b2"] != 1 {
		t.Fatalf("upgraded, the groups take pods on %v", now)
	}
	up, err := r.Sim.Save()
	must(t, err)
	for _, n := range []int{1, 2} {
		r := testregion.Again(t, up)
		s := upgrade(t, r, run.Upgrade{Back: true, Strategy: run.StrategyInPlace, MaxParallel: n})
		if k := kinds(s); k[rules.GroupVersion] != 1 || k[rules.Begun] != 2 || k[rules.NodeGroup] != 2 || k[rules.DeleteStack] != 2 {
			t.Errorf("%d at once: the plan has %v", n, k)
		}
		for _, x := range [][2]string{{"replacement-ended/s-b2", "cluster-version/1.34"}, {"replacement-ended/x-b2", "cluster-version/1.34"},
			{"nodegroup-version/w/1.34", "cluster-version/1.34"}} {
			if !follows(s, x[0], x[1]) {
				t.Errorf("%d at once: %s does not wait for %s", n, x[1], x[0])
			}
		}
		if alone := follows(s, "replacement-ended/s-b2", "replacement-begun/x-b2"); alone != (n == 1) {
			t.Errorf("%d at once: one group waits for the other: %t", n, alone)
		}
		rep := drive(t, r, s)
		if !rep.OK() {
			t.Fatalf("%d at once: %s", n, rep.FirstFailure)
		}
		isAt(t, r, "1.34")
		if now := groupsOf(t, r); len(now) != 3 || now["w"] != 1 || now["s-b3"] != 2 || now["x-b3"] != 1 {
			t.Errorf("%d at once: the groups take pods on %v", n, now)
		}
		nothingLeft(t, r)
		if s := upgrade(t, r, run.Upgrade{Back: true, Strategy: run.StrategyInPlace, MaxParallel: n}); !s.Plan.Empty() {
			t.Errorf("%d at once, again: %v", n, kinds(s))
		}
	}
	_, err = run.PrepareUpgrade(t.Context(), testregion.Again(t, up).AWS, "test", run.Upgrade{Back: true, Strategy: run.StrategyBlueGreen})
	if err == nil || !strings.Contains(err.Error(), "strategy-no-way-back") || !strings.Contains(err.Error(), "leave out --strategy blue-green") {
		t.Errorf("back by blue-green: %v", err)
	}
}

// Ctrl-C leaves it where it is, at each kind of stage, and the same command goes on.
func TestCtrlCLeavesTheWayBackOfAnUpgradeWhereItIs(t *testing.T) {
	r := testregion.Again(t, withBudget(t, pair))
	if rep := drive(t, r, upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	up, err := r.Sim.Save()
	must(t, err)
	interruptedAt(t, up, []string{rules.GroupVersion, rules.NodeGroup, rules.Evacuate, rules.AddonVersion, rules.Ready, rules.ClusterVersion, rules.Verified},
		func(b *run.Books, r *testregion.Region) (*run.Session, error) {
			return run.PrepareUpgrade(t.Context(), r.AWS, "test", run.Upgrade{Back: true, Strategy: run.StrategyInPlace, Books: b})
		}, func(at string, r *testregion.Region) {
			isAt(t, r, "1.34")
			nothingLeft(t, r)
		})
}
