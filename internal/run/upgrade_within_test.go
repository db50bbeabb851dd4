package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// at135 is a file with another version of Kubernetes.
func at135(text string) string { return strings.Replace(text, "1.34", "1.35", 1) }

// A launch that takes the cluster to another version, and is told to replace groups, does each
// group once: what the file changes otherwise is replaced after the control plane, and the
// groups that EKS does not manage are, with the same gates.
func TestUpToAnotherVersionReplacesAGroupOnce(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 1)
	next := at135(strings.Replace(pair, "name: w,", "name: w, instanceType: m5.xlarge,", 1))
	w := run.Wish{Replace: []string{"w"}, MaxParallel: 1, Watch: plan.Watch{Gates: []string{"true"}, Soak: time.Minute, GateTime: 3 * time.Minute, Deadline: 20 * time.Minute}}
	s := within(t, r, next, w)
	k := kinds(s)
	if k[rules.GroupVersion] != 0 || k[rules.Begun] != 2 || k[rules.NodeGroup] != 2 || k[rules.DeleteStack] != 2 || k[rules.GateCommand] != 4 || k[rules.Soak] != 2 {
		t.Errorf("the plan has %v", k)
	}
	for _, group := range []string{"w", "s"} {
		for _, x := range [][2]string{{"cluster-version/1.35", "replacement-begun/" + group}, {"addon-version/kube-proxy/v1.35.2-eksbuild.1", "replacement-begun/" + group},
			{"cluster-version/1.35", "nodegroup/" + group + "-b2"}, {"replacement-ended/" + group, "upgrade-verified/1.35"}} {
			if !follows(s, x[0], x[1]) {
				t.Errorf("%s does not wait for %s", x[1], x[0])
			}
		}
		if e := s.Plan.Entry("evacuate/" + group); e == nil || e.Timeout != 20*time.Minute {
			t.Errorf("%s: the deadline is not as it was said: %+v", group, e)
		}
		if e := s.Plan.Entry("gate/" + group + "/after-drain"); e == nil || e.Timeout != 3*time.Minute {
			t.Errorf("%s: a gate's time is not as it was said: %+v", group, e)
		}
	}
	if !follows(s, "replacement-ended/s", "replacement-begun/w") {
		t.Error("--max-parallel 1, and both are replaced at once")
	}
	if s.Plan.WantNodes != 5 {
		t.Errorf("%d nodes are wanted", s.Plan.WantNodes)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	isAt(t, r, "1.35")
	if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
		t.Errorf("the groups are %v", now)
	}
	nothingLeft(t, r)
	if s = within(t, r, next, run.Wish{Replace: []string{run.All}}); !s.Plan.Empty() {
		t.Errorf("again: %v", kinds(s))
	}
}

// A group that --replace names and that differs by its version alone is updated in place, and
// where all are named that differ, none is done twice.
func TestUpToAnotherVersionAndReplaceAll(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	s := within(t, r, at135(pair), run.Wish{Replace: []string{run.All}})
	if k := kinds(s); k[rules.GroupVersion] != 1 || k[rules.Begun] != 1 || s.Plan.Entry("nodegroup-version/w/1.35") == nil || s.Plan.Entry("replacement-begun/s") == nil {
		t.Errorf("by the version alone: %v", k)
	}
	s = within(t, r, at135(larger), run.Wish{Replace: []string{run.All}, MaxParallel: 2})
	if k := kinds(s); k[rules.GroupVersion] != 0 || k[rules.Begun] != 2 || follows(s, "replacement-ended/w", "replacement-begun/s") || follows(s, "replacement-ended/s", "replacement-begun/w") {
		t.Errorf("both, at once: %v", k)
	}
	_, err := run.PrepareWith(t.Context(), r.AWS, testregion.Load(t, pair), run.Wish{Watch: plan.Watch{Gates: []string{"true"}}})
	if err == nil || !strings.Contains(err.Error(), "say of which groups: --replace") {
		t.Errorf("gates of nothing: %v", err)
	}
}

// follows tells whether one step of a plan waits, by itself or by others, for another.
func follows(s *run.Session, first, then string) bool {
	seen, todo := map[string]bool{}, []string{then}
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		if id == first {
			return s.Plan.Graph.Has(then) && s.Plan.Graph.Has(first)
		}
		for _, e := range s.Plan.Graph.Waits(id) {
			if !seen[e.Before] {
				seen[e.Before] = true
				todo = append(todo, e.Before)
			}
		}
	}
	return false
}

// A group's replacement that fails inside an upgrade is taken back by itself; what was upgraded
// stays, the message says so, and the same command goes on from there.
func TestAReplacementWithinAnUpgradeIsTakenBack(t *testing.T) {
	before := stood(t, pair)
	for name, c := range map[string]struct {
		do      func(p *process, gate ...string) (*outcome.Outcome, error)
		command string
	}{
		"upgrade": {func(p *process, gates ...string) (*outcome.Outcome, error) {
			return p.upgrade(run.Upgrade{To: "1.35", Strategy: run.StrategyBlueGreen, MaxParallel: 1, Watch: plan.Watch{Gates: gates}})
		}, "upgrade"},
		"up": {func(p *process, gates ...string) (*outcome.Outcome, error) {
			return p.within(at135(larger), run.Wish{Replace: []string{run.All}, MaxParallel: 1, Watch: plan.Watch{Gates: gates}})
		}, "up"},
	} {
		r := testregion.Again(t, before)
		guarded(t, r, 1)
		was := groupsOf(t, r)
		_, s := again(t, before)()
		p := newProcess(t, r, s, alive)
		o, err := c.do(p, `test "$SLIPWAY_STAGE" = after-green`) // each group's first gate opens, and its second does not
		must(t, err)
		if o.Code != outcome.ExitPartial || !o.Returns || len(o.Returning) != 1 || len(o.Failures) != 1 || !strings.Contains(o.Failures[0].Reason, "after-drain") {
			t.Errorf("%s: %+v", name, o)
		}
		if now := groupsOf(t, r); len(now) != 2 || now["w"] != was["w"] || now["s"] != was["s"] {
			t.Errorf("%s: %v, and before %v", name, now, was)
		}
		nothingLeft(t, r)
		all := accounts(t, p.journal())
		if len(all) != 2 || all[0].Result != outcome.Partial || all[1].Result != outcome.Done || all[1].Command != "nodegroup upgrade --abort" || !strings.Contains(all[1].Reason, "the "+c.command+" before failed") {
			t.Errorf("%s: %d operations in the journal: %+v", name, len(all), all)
		}
		if o, err = c.do(p, "true"); err != nil || o.Code != outcome.ExitDone {
			t.Errorf("%s, run again: %+v %v", name, o, err)
		}
		isAt(t, r, "1.35")
		nothingLeft(t, r)
	}
}

// What fails before a replacement is begun takes nothing back, and does not say so.
func TestAnUpgradeThatFailsElsewhereTakesNothingBack(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	s := upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyBlueGreen})
	r.Region.Inject(sim.Fault{Call: &sim.CallFault{Service: "eks", Operation: "UpdateAddon", Code: "InvalidParameterException", Message: "no", Status: 400}})
	rep := drive(t, r, s)
	if o := s.Conclude(t.Context(), rep); rep.OK() || o.Returns {
		t.Errorf("%+v", o)
	}
	if back, err := s.Back(t.Context(), rep); back != nil || err != nil {
		t.Errorf("%v %v", back, err)
	}
}

// upgrade runs an upgrade as the command does, and its way back where a replacement fails.
func (p *process) upgrade(w run.Upgrade) (*outcome.Outcome, error) {
	p.b.Command, w.Books = "upgrade", p.b
	s, err := run.PrepareUpgrade(p.t.Context(), p.aws, "test", w)
	if err != nil {
		return nil, err
	}
	return p.ended(s)
}
