package run_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// larger is pair with other instance types, and more that is followed in place.
var larger = strings.NewReplacer("name: w,", "name: w, instanceType: m5.xlarge, labels: {pool: web},", "name: s,", "name: s, instanceType: m5.xlarge,").Replace(pair)

func within(t *testing.T, r *testregion.Region, text string, w run.Wish) *run.Session {
	t.Helper()
	s, err := run.PrepareWith(t.Context(), r.AWS, testregion.Load(t, text), w)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What cannot be changed in place is refused with the flag that does it; with the flag, it is
// a replacement in the plan of all else, and afterwards nothing is to be done, with the flag
// or without.
func TestUpReplacesWhatCannotBeChanged(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 1)
	_, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, larger))
	if err == nil || !strings.Contains(err.Error(), "--replace GROUP") {
		t.Errorf("without the flag: %v", err)
	}
	if _, err := run.PrepareWith(t.Context(), r.AWS, testregion.Load(t, larger), run.Wish{Replace: []string{"w"}}); err == nil ||
		!strings.Contains(err.Error(), "the node group s was made with") || strings.Contains(err.Error(), "node group w was") {
		t.Errorf("with one of two: %v", err)
	}
	if _, err := run.PrepareWith(t.Context(), r.AWS, testregion.Load(t, larger), run.Wish{Replace: []string{"x"}}); err == nil ||
		!strings.Contains(err.Error(), "has no node group x, which --replace names") {
		t.Errorf("with none: %v", err)
	}
	for _, n := range []int{1, 2} {
		s := within(t, r, larger, run.Wish{Replace: []string{run.All}, MaxParallel: n})
		after := slices.ContainsFunc(s.Plan.Graph.Edges(), func(e graph.Edge) bool { return strings.Contains(e.Reason, "as --max-parallel says") })
		if k := kinds(s); k[rules.NodeGroup] != 2 || k[rules.Begun] != 2 || k[rules.DeleteStack] != 2 || after != (n == 1) {
			t.Errorf("%d at a time: the plan has %v, one after the other: %t", n, k, after)
		}
	}
	s := within(t, r, larger, run.Wish{Replace: []string{run.All}})
	if s.Plan.WantNodes != 5 {
		t.Errorf("%d nodes are wanted", s.Plan.WantNodes)
	}
	rep := drive(t, r, s)
	if !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if o := s.Conclude(t.Context(), rep); o.Code != outcome.ExitDone || o.Verdict.NodesReady != 5 {
		t.Errorf("%+v", o)
	}
	if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
		t.Errorf("the groups take pods on %v", now)
	}
	nothingLeft(t, r)
	must(t, clean(t, r, larger))
	s = within(t, r, larger, run.Wish{Replace: []string{"w", "s"}})
	if !s.Plan.Empty() || !strings.Contains(strings.Join(s.Plan.Notes, " "), "w-b2 differs from the file by nothing that takes a replacement") {
		t.Errorf("again: %v %v", kinds(s), s.Plan.Notes)
	}
}

// A gate that stays shut takes back what is not ended, and leaves what is.
func TestAReplacementWithinALaunchIsTakenBack(t *testing.T) {
	before := stood(t, pair)
	r := testregion.Again(t, before)
	guarded(t, r, 1)
	was := groupsOf(t, r)
	_, s := again(t, before)()
	p := newProcess(t, r, s, alive)
	w := run.Wish{Replace: []string{"w", "s"}, Watch: plan.Watch{Gates: []string{`test "$SLIPWAY_GROUP" = w`}}}
	o, err := p.within(larger, w)
	must(t, err)
	if o.Code != outcome.ExitPartial || len(o.Failures) != 1 || !strings.Contains(o.Failures[0].Reason, "replacement of s") {
		t.Errorf("%+v", o)
	}
	if now := groupsOf(t, r); len(now) != 2 || now["s"] != was["s"] || now["w-b2"] != was["w"] {
		t.Errorf("%v, and before %v", now, was)
	}
	nothingLeft(t, r)
	if all := accounts(t, p.journal()); len(all) != 2 || all[1].Result != outcome.Done {
		t.Errorf("%d operations in the journal: %+v", len(all), all)
	}
}

// within runs a launch with replacements as the command does, and its way back.
func (p *process) within(text string, w run.Wish) (*outcome.Outcome, error) {
	f, err := config.Load("test.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	p.b.Command, w.Books = "up", p.b
	s, err := run.PrepareWith(p.t.Context(), p.aws, f, w)
	if err != nil {
		return nil, err
	}
	return p.ended(s)
}

// A launch with replacements that is killed anywhere, and run again, ends with the new groups
// alone, one after the other or both at once.
func TestALaunchWithReplacementsKilledAnywhereAndRunAgain(t *testing.T) {
	before := withBudget(t, pair)
	for _, n := range []int{1, 2} {
		killedNowAndThen(t, 30, again(t, before), func(p *process) (*outcome.Outcome, error) {
			return p.within(larger, run.Wish{Replace: []string{run.All}, MaxParallel: n})
		}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
			if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 || now["s-b2"] != 2 {
				t.Errorf("%d at a time, killed at %d: the groups take pods on %v", n, at, now)
			}
			nothingLeft(t, r)
		})
	}
}

// A replacement that is under way is not gone on with as another one.
func TestAReplacementOfOtherTypesIsNotGoneOnWith(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 1)
	w := run.Replacement{Groups: []string{"w"}, Changes: map[string]any{"instanceTypes": []string{"m5.xlarge"}}, Watch: plan.Watch{Pause: rules.AfterGreen}}
	if rep := drive(t, r, replacement(t, r, w)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	replacement(t, r, w)
	replacement(t, r, run.Replacement{Groups: []string{"w"}})
	w.Changes = map[string]any{"instanceTypes": []string{"m5.2xlarge"}}
	_, err := run.PrepareReplacement(t.Context(), r.AWS, "test", w)
	for _, want := range []string{"is being replaced by w-b2 already", "m5.xlarge", "and not", "m5.2xlarge", "--abort"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}
