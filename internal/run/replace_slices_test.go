package run_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A number or a part of nodes is at least one; what is neither is refused.
func TestPart(t *testing.T) {
	for s, want := range map[string]int{"1": 1, "3": 3, "25%": 2, "1%": 1, "100%": 5, "50%": 3} {
		if got, err := run.Part(s, 5); err != nil || got != want {
			t.Errorf("%s of 5: %d %v", s, got, err)
		}
	}
	for _, s := range []string{"", "0", "-1", "101%", "%", "a", "1.5"} {
		if got, err := run.Part(s, 5); err == nil {
			t.Errorf("%q: %d", s, got)
		}
	}
}

// Slice by slice, no more than one slice of nodes is there beyond the group's size; the new
// group ends as large as the old one was, and its stack says so.
func TestAGroupIsReplacedSliceBySlice(t *testing.T) {
	before := stood(t, pair)
	for group, nodes := range map[string]int{"w": 3, "s": 2} {
		r := testregion.Again(t, before)
		guarded(t, r, 1)
		w := run.Replacement{Groups: []string{group}, Batch: "1", Changes: map[string]any{"instanceTypes": []string{"m5.xlarge"}}}
		s := replacement(t, r, w)
		if k := kinds(s); k[rules.EvacuateSlice] != nodes || k[rules.EndNodes] != nodes || k[rules.Grow] != nodes-1 || k[rules.Evacuate] != 1 {
			t.Errorf("%s: the plan has %v", group, k)
		}
		k, most := kubernetesOf(t, r), 0
		rep, err := s.Run(t.Context(), r.Clock, 1, func(engine.Event) {
			l, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
			must(t, err)
			most = max(most, len(l.Items))
		})
		if err != nil || !rep.OK() {
			t.Fatalf("%s: %v %+v", group, err, rep)
		}
		if most != 5+1 {
			t.Errorf("%s: there were up to %d nodes", group, most)
		}
		s = replacement(t, r, w)
		g, _ := s.Live.NodeGroup(group + "-b2")
		if x := g.Sizes(); !s.Plan.Empty() || x.DesiredSize != nodes || len(s.Live.NodesOf(g)) != nodes || x.MinSize != map[string]int{"w": 2, "s": 1}[group] {
			t.Errorf("%s: again %v, sizes %+v", group, kinds(s), x)
		}
		if body := templateOf(t, r, group+"-b2"); !strings.Contains(body, "\"DesiredSize\":"+string(rune('0'+nodes))) && !strings.Contains(body, "\"DesiredCapacity\":\""+string(rune('0'+nodes))) {
			t.Errorf("%s: the stack says %s", group, body)
		}
		nothingLeft(t, r)
	}
}

// A replacement in slices that is killed anywhere, and run again without saying so, goes on in
// slices; one that fails its last gate is taken back, to as many nodes as there were.
func TestSlicesKilledAnywhereAndRunAgain(t *testing.T) {
	before := withBudget(t, pair)
	for _, group := range []string{"w", "s"} {
		batch := "1"
		killedAnywhere(t, 20, func() (*testregion.Region, store.Store) { batch = "1"; return again(t, before)() }, func(p *process) (*outcome.Outcome, error) {
			w := run.Replacement{Groups: []string{group}, Batch: batch}
			batch = ""
			return p.replace(w)
		}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
			other := map[string]string{"w": "s", "s": "w"}[group]
			now := groupsOf(t, r)
			if len(now) != 2 || now[group+"-b2"] != map[string]int{"w": 3, "s": 2}[group] || now[other] == 0 {
				t.Errorf("%s killed at %d: the groups take pods on %v", group, at, now)
			}
			nothingLeft(t, r)
		})
		r, s := again(t, before)()
		p := newProcess(t, r, s, alive)
		o, err := p.replace(run.Replacement{Groups: []string{group}, Batch: "1", Watch: plan.Watch{Gates: []string{`test "$SLIPWAY_STAGE" = after-green`}}})
		must(t, err)
		if now := groupsOf(t, r); o.Code != outcome.ExitPartial || len(now) != 2 || now["w"] != 3 || now["s"] != 2 {
			t.Errorf("%s taken back: %+v, the groups take pods on %v", group, o, now)
		}
		back, err := run.PrepareScale(t.Context(), r.AWS, "test", group, run.GroupSizes{Nodes: new(map[string]int{"w": 3, "s": 2}[group])}, run.GroupChange{})
		must(t, err)
		g, _ := back.Live.NodeGroup(group)
		if x := g.Sizes(); !back.Plan.Empty() || x.MinSize != map[string]int{"w": 2, "s": 1}[group] {
			t.Errorf("%s taken back: %+v, and still %v", group, x, kinds(back))
		}
		nothingLeft(t, r)
	}
}
