package run_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Several groups are one plan: one after the other, or at once, whoever manages them.
func TestSeveralGroupsAreReplacedInOnePlan(t *testing.T) {
	before := stood(t, pair)
	for _, n := range []int{0, 2} {
		r := testregion.Again(t, before)
		guarded(t, r, 1)
		s := replacement(t, r, run.Replacement{Groups: []string{"w", "s"}, MaxParallel: n, Changes: map[string]any{"instanceTypes": []string{"m5.xlarge"}}})
		if k := kinds(s); k[rules.NodeGroup] != 2 || k[rules.Begun] != 2 || k[rules.DeleteStack] != 2 {
			t.Errorf("%d at a time: the plan has %v", n, k)
		}
		if got := follows(s, "replacement-ended/w", "replacement-begun/s"); got != (n == 0) {
			t.Errorf("%d at a time: one after the other: %t", n, got)
		}
		rep := drive(t, r, s)
		if !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		if o := s.Conclude(t.Context(), rep); !strings.Contains(o.Seen, "node groups w and s are replaced: w by w-b2, s by s-b2, 5 of 5 nodes Ready") {
			t.Errorf("%d at a time: it says %q", n, o.Seen)
		}
		if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
			t.Errorf("%d at a time: the groups take pods on %v", n, now)
		}
		nothingLeft(t, r)
	}
}

// What is looked at before is of as many groups as are replaced at once.
func TestRoomIsOfTheGroupsThatAreReplacedAtOnce(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	r.Region.EC2.Quotas.VCPUs = 17 // 10 run, six more are w's and four are s's
	w := run.Replacement{Groups: []string{"w", "s"}}
	replacement(t, r, w)
	w.MaxParallel = 2
	if _, err := run.PrepareReplacement(t.Context(), r.AWS, "test", w); err == nil || !strings.Contains(err.Error(), "want 10 vCPUs at once beside the 10 that run") {
		t.Errorf("both at once: %v", err)
	}
	up := run.Upgrade{To: "1.35", Strategy: run.StrategyBlueGreen, MaxParallel: 1}
	if _, err := run.PrepareUpgrade(t.Context(), r.AWS, "test", up); err != nil {
		t.Errorf("upgrade, one at a time: %v", err)
	}
	up.MaxParallel = 2
	if _, err := run.PrepareUpgrade(t.Context(), r.AWS, "test", up); err == nil || !strings.Contains(err.Error(), "want 10 vCPUs at once") {
		t.Errorf("upgrade, both at once: %v", err)
	}
}

// A gate that stays shut takes back the groups that are under way, and leaves what is replaced.
func TestOfSeveralGroupsTheOneThatFailsIsTakenBack(t *testing.T) {
	r, s := again(t, stood(t, pair))()
	guarded(t, r, 1)
	p := newProcess(t, r, s, alive)
	o, err := p.replace(run.Replacement{Groups: []string{"w", "s"}, Watch: plan.Watch{Gates: []string{`test "$SLIPWAY_GROUP" = w`}}})
	must(t, err)
	if o.Code != outcome.ExitPartial || len(o.Failures) != 1 || !strings.Contains(o.Failures[0].Reason, "replacement of s") {
		t.Errorf("%+v", o)
	}
	if now := groupsOf(t, r); len(now) != 2 || now["s"] != 2 || now["w-b2"] != 3 {
		t.Errorf("the groups take pods on %v", now)
	}
	nothingLeft(t, r)
	o, err = p.replace(run.Replacement{Groups: []string{"w", "s"}})
	must(t, err)
	if now := groupsOf(t, r); o.Code != outcome.ExitDone || len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
		t.Errorf("the same again: %+v, the groups take pods on %v", o, now)
	}
}

// Several groups whose replacement is killed anywhere, and run again, are replaced; and taken
// back they are as before.
func TestSeveralGroupsKilledAnywhereAndRunAgain(t *testing.T) {
	before := withBudget(t, pair)
	for _, n := range []int{1, 2} {
		killedNowAndThen(t, 30, again(t, before), func(p *process) (*outcome.Outcome, error) {
			return p.replace(run.Replacement{Groups: []string{"w", "s"}, MaxParallel: n})
		}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
			if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
				t.Errorf("%d at a time, killed at %d: the groups take pods on %v", n, at, now)
			}
			nothingLeft(t, r)
		})
	}
}

// A pause ends the plan of every command that replaces groups: what follows is another run's,
// and none of it says that all is at its end.
func TestEveryCommandPausesForAPerson(t *testing.T) {
	before := stood(t, pair)
	type command func(p *process, pause string) (*outcome.Outcome, error)
	for name, do := range map[string]command{
		"nodegroup upgrade": func(p *process, pause string) (*outcome.Outcome, error) {
			return p.replace(run.Replacement{Groups: []string{"w", "s"}, Changes: map[string]any{"instanceTypes": []string{"m5.xlarge"}}, Watch: plan.Watch{Pause: pause}})
		},
		"up": func(p *process, pause string) (*outcome.Outcome, error) {
			return p.within(larger, run.Wish{Replace: []string{run.All}, Watch: plan.Watch{Pause: pause}})
		},
		"up to another version": func(p *process, pause string) (*outcome.Outcome, error) {
			return p.within(at135(larger), run.Wish{Replace: []string{run.All}, MaxParallel: 1, Watch: plan.Watch{Pause: pause}})
		},
		"upgrade": func(p *process, pause string) (*outcome.Outcome, error) {
			return p.upgrade(run.Upgrade{To: "1.35", Strategy: run.StrategyBlueGreen, MaxParallel: 1, Watch: plan.Watch{Pause: pause}})
		},
	} {
		r, s := again(t, before)()
		guarded(t, r, 1)
		p := newProcess(t, r, s, alive)
		stages := []map[string]int{{"w": 0, "s": 2, "w-b2": 3}, {"w-b2": 3, "s": 0, "s-b2": 2}, {"w-b2": 3, "s-b2": 2}}
		if name == "upgrade" { // it takes them by name
			stages[0], stages[1] = map[string]int{"w": 3, "s": 0, "s-b2": 2}, map[string]int{"w": 0, "w-b2": 3, "s-b2": 2}
		}
		for run, want := range stages {
			o, err := do(p, rules.AfterGreen)
			must(t, err)
			now := groupsOf(t, r)
			same := len(now) == len(want)
			for group, nodes := range want {
				same = same && now[group] == nodes
			}
			if o.Code != outcome.ExitDone || !same {
				t.Errorf("%s, run %d: %+v, the groups take pods on %v", name, run+1, o, now)
			}
			if paused := strings.Contains(o.Seen, "pauses after-green; the same command goes on"); paused != (run < 2) {
				t.Errorf("%s, run %d says %q", name, run+1, o.Seen)
			}
		}
		nothingLeft(t, r)
		if strings.Contains(name, "version") || name == "upgrade" {
			isAt(t, r, "1.35")
		}
	}
}

// Slice by slice goes every command that replaces, killed now and then: with room for one more
// node, and the sizes of before in the end.
func TestEveryCommandGoesSliceBySlice(t *testing.T) {
	before := withBudget(t, pair)
	for name, do := range map[string]func(p *process) (*outcome.Outcome, error){
		"up": func(p *process) (*outcome.Outcome, error) {
			return p.within(larger, run.Wish{Replace: []string{run.All}, Batch: "1"})
		},
		"up to another version": func(p *process) (*outcome.Outcome, error) {
			return p.within(at135(larger), run.Wish{Replace: []string{run.All}, MaxParallel: 1, Batch: "1"})
		},
		"upgrade": func(p *process) (*outcome.Outcome, error) {
			return p.upgrade(run.Upgrade{To: "1.35", Strategy: run.StrategyBlueGreen, MaxParallel: 1, Batch: "1"})
		},
	} {
		killedEvery(t, 29, 83, 30, func() (*testregion.Region, store.Store) {
			r, s := again(t, before)()
			r.Region.EC2.Quotas.VCPUs = map[string]int{"upgrade": 12}[name] // five nodes run, of two each
			if name != "upgrade" {
				r.Region.EC2.Quotas.VCPUs = 22 // larger nodes have four
			}
			return r, s
		}, do, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
			if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
				t.Errorf("%s, killed at %d: the groups take pods on %v", name, at, now)
			}
			nothingLeft(t, r)
		})
	}
}
