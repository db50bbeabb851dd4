package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
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
