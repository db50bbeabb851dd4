package run_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// again is a region as it was when it was saved, with a store of its own.
func again(t *testing.T, saved json.RawMessage) func() (*testregion.Region, store.Store) {
	return func() (*testregion.Region, store.Store) { return testregion.Again(t, saved), store.NewMemory() }
}

// change runs what prepares a change, as a command does.
func (p *process) change(command string, prepare func(*run.Books) (*run.Session, error)) (*outcome.Outcome, error) {
	p.b.Command = command
	s, err := prepare(p.b)
	if err != nil {
		return nil, err
	}
	if s.Plan.Empty() {
		defer s.Close(p.t.Context()) //nolint:errcheck // a dead process cannot
		return s.Conclude(p.t.Context(), nil), nil
	}
	return p.turn(s)
}

// stood is a cluster that stands, saved.
func stood(t *testing.T, text string) json.RawMessage {
	t.Helper()
	b, err := up(t, text).Sim.Save()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const pair = testregion.Cluster + "managedNodeGroups: [{name: w, desiredCapacity: 3, minSize: 2, maxSize: 4}]\n" +
	"nodeGroups: [{name: s, desiredCapacity: 2, minSize: 1, maxSize: 2}]\n"

// A node group whose creation is killed anywhere is made once.
func TestACreationKilledAnywhereAndRunAgain(t *testing.T) {
	killedAnywhere(t, 6, again(t, stood(t, small)), func(p *process) (*outcome.Outcome, error) {
		return p.change("nodegroup create", func(b *run.Books) (*run.Session, error) {
			g := run.NewGroup{Managed: true, Properties: map[string]any{"name": "batch", "desiredCapacity": 1, "instanceType": "m5.large"}}
			return run.PrepareGroup(t.Context(), p.aws, "test", g, run.Wish{Books: b})
		})
	}, func(at int, r *testregion.Region, _ *process, o *outcome.Outcome) {
		made := 0
		for _, e := range r.Sim.World.Log() {
			if e.Kind == "eks:nodegroup" && e.Name == "test/batch" {
				made++
			}
		}
		if made != 1 || o.Verdict.NodesReady != 1 {
			t.Errorf("killed at %d: made %d times, %d nodes Ready", at, made, o.Verdict.NodesReady)
		}
	})
}

// A group that gets smaller, killed anywhere, ends with the size that was wanted: no node
// more goes.
func TestScalingKilledAnywhereAndRunAgain(t *testing.T) {
	before := stood(t, pair)
	for _, group := range []string{"w", "s"} {
		killedAnywhere(t, 10, again(t, before), func(p *process) (*outcome.Outcome, error) {
			return p.change("nodegroup scale", func(b *run.Books) (*run.Session, error) {
				return run.PrepareScale(t.Context(), p.aws, "test", group, run.GroupSizes{Nodes: new(1), Min: new(1)}, run.GroupChange{Drain: true, Books: b})
			})
		}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
			s, err := run.PrepareScale(t.Context(), r.AWS, "test", group, run.GroupSizes{Nodes: new(1), Min: new(1)}, run.GroupChange{Drain: true})
			if err != nil {
				t.Fatal(err)
			}
			g, _ := s.Live.NodeGroup(group)
			if sizes := g.Sizes(); !s.Plan.Empty() || sizes.DesiredSize != 1 || sizes.MinSize != 1 {
				t.Errorf("%s killed at %d: %+v, and still %v", group, at, sizes, kinds(s))
			}
		})
	}
}

// A group whose deletion is killed anywhere goes, with its access, and no other does.
func TestADeletionKilledAnywhereAndRunAgain(t *testing.T) {
	before := stood(t, pair)
	for _, group := range []string{"w", "s"} {
		killedAnywhere(t, 8, again(t, before), func(p *process) (*outcome.Outcome, error) {
			return p.change("nodegroup delete", func(b *run.Books) (*run.Session, error) {
				return run.PrepareDelete(t.Context(), p.aws, "test", []string{group}, run.GroupChange{Drain: true, Books: b})
			})
		}, func(at int, r *testregion.Region, _ *process, o *outcome.Outcome) {
			s, err := run.PrepareDelete(t.Context(), r.AWS, "test", []string{group}, run.GroupChange{})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, g := range s.Live.NodeGroups() {
				names = append(names, g.Name)
			}
			if other := map[string]string{"w": "s", "s": "w"}[group]; !s.Plan.Empty() || !slices.Equal(names, []string{other}) || len(o.Verdict.Left) > 0 {
				t.Errorf("%s killed at %d: the groups are %v, still %v, left %v", group, at, names, kinds(s), o.Verdict.Left)
			}
		})
	}
}
