package run

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
)

// partial are the node groups whose replacement is part of the session's plan, which has more
// to do: of a launch, or of another version of the whole cluster.
func (s *Session) partial() (out []string) {
	for _, w := range s.Input.Replaced {
		out = append(out, w.Blue.Name)
	}
	return append(out, slices.Sorted(maps.Keys(s.Input.Upgrade.Replaced))...)
}

// goesBackInPart has a session take back the replacements of its plan that are under way, where
// its run fails. What else was done stays: the same command goes on from there.
func (s *Session) goesBackInPart(deadline time.Duration) {
	groups := s.partial()
	if len(groups) == 0 {
		return
	}
	s.back = func(ctx context.Context) (*Session, error) {
		x, err := held(ctx, s.AWS, s.Env.Name, s.hold)
		if err != nil {
			return nil, err
		}
		var pairs []plan.Pair
		var names []string
		for _, group := range groups {
			blue, green, err := pairOf(x.Live, group)
			if err == nil && blue.There() && !blue.Going() && underWay(x.Live, blue.Name, green) {
				pairs, names = append(pairs, plan.Pair{Blue: blue, Green: green}), append(names, blue.Name)
			}
		}
		if len(pairs) == 0 {
			return nil, nil
		}
		x.counted = names
		x.done = groupsAre(names) + " as before; what else was done stays, and the same command goes on from there once what failed is mended"
		x.Plan, err = plan.Back(plan.Return{Account: s.AWS.Account, Live: x.Live, Pairs: pairs, Deadline: deadline})
		var b *Books
		if s.hold != nil {
			b = s.hold.b
		}
		return x.planned(b, err)
	}
}

// unended are the replacements that a run began and did not end, where they are part of its
// plan.
func (s *Session) unended(rep *engine.Report) []string {
	done := map[string]bool{}
	for _, x := range rep.Spans {
		done[x.ID] = x.State == "done"
	}
	return slices.DeleteFunc(s.partial(), func(group string) bool {
		return !done[rules.ID(rules.Begun, group)] || done[rules.ID(rules.Ended, group)]
	})
}
