package run

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
)

// telling is how far a run is, said in the cluster's lock: whoever looks from another machine
// sees it in the gaps too, in which EKS is at nothing. It is told at best: a store that fails
// is the lock's business, which is refreshed all the same.
type telling struct {
	hold   *Hold
	rounds []string // minors of an upgrade, by the step that ends each
	clock  clock.Clock

	mu    sync.Mutex
	p     outcome.Progress
	at    map[string]*outcome.StepNow
	news  chan struct{}
	hurry context.CancelFunc
	ended chan struct{}
}

// unhasty is how often a store is written to at most, on the wall's clock: steps of a launch
// have something to say many times a second.
const unhasty = time.Second

// tells begins to tell of a run. on takes its events, and end is called after the last. A
// world on a virtual clock waits until it is written, so that who looks sees what is; elsewhere
// nothing waits for the store.
func (s *Session) tells(ctx context.Context, c clock.Clock) (on func(engine.Event), end func()) {
	if s.hold == nil || s.hold.op == nil {
		return func(engine.Event) {}, func() {}
	}
	t := &telling{hold: s.hold, rounds: roundsOf(s.Plan), p: outcome.Progress{Operation: s.hold.op.ID}, at: map[string]*outcome.StepNow{}}
	for _, e := range s.Plan.Entries {
		t.p.Steps = append(t.p.Steps, outcome.StepNow{ID: e.ID, Title: e.Title, State: outcome.Left})
	}
	for i := range t.p.Steps {
		t.at[t.p.Steps[i].ID] = &t.p.Steps[i]
	}
	t.round()
	if _, virtual := c.(clock.Virtual); virtual {
		return func(e engine.Event) {
			if t.take(e) {
				t.say(ctx)
			}
		}, func() {}
	}
	t.clock, t.news, t.ended = s.hold.b.Locker.Clock, make(chan struct{}, 1), make(chan struct{})
	calm, hurry := context.WithCancel(context.WithoutCancel(ctx))
	t.hurry = hurry
	go t.write(calm)
	return func(e engine.Event) {
		if t.take(e) {
			t.ring()
		}
	}, t.end
}

// take notes an event, and tells whether it is news.
func (t *telling) take(e engine.Event) bool {
	state := map[string]string{"step_started": outcome.Running, "step_waiting": outcome.Running, "step_blocked": outcome.Blocked,
		"step_done": outcome.Ran, "step_failed": outcome.Broken, "step_timeout": outcome.Broken, "step_skipped": outcome.Skipped}[e.Type]
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.at[e.Step]
	if x == nil || state == "" {
		return false
	}
	if x.State != state {
		x.State, x.Since = state, t.hold.b.Now().UTC()
	}
	x.Why = e.Reason + e.Error // an event has one of them
	if e.Type == "step_started" {
		x.Why = "" // why it begins now
	}
	t.round()
	return true
}

// round says in which round an upgrade is: the first whose end has not been seen.
func (t *telling) round() {
	t.p.Round = ""
	for i, id := range t.rounds {
		if t.at[id].State != outcome.Ran {
			_, minor, _ := strings.Cut(id, "/")
			t.p.Round = fmt.Sprintf("%s, %d of %d", minor, i+1, len(t.rounds))
			return
		}
	}
}

// roundsOf are the steps that end the rounds of an upgrade, in their order.
func roundsOf(p *plan.Plan) (out []string) {
	for _, e := range p.Entries {
		if e.Kind == rules.Verified {
			out = append(out, e.ID)
		}
	}
	slices.Sort(out)
	return out
}

func (t *telling) say(ctx context.Context) {
	t.mu.Lock()
	b, err := json.Marshal(t.p)
	t.mu.Unlock()
	if err != nil { // texts and times
		panic(err)
	}
	ctx, cancel := unhurried(ctx)
	defer cancel()
	_ = t.hold.lease.Say(ctx, b)
}

// ring wakes who writes; what comes while it writes is written together.
func (t *telling) ring() {
	select {
	case t.news <- struct{}{}:
	default:
	}
}

func (t *telling) write(calm context.Context) {
	defer close(t.ended)
	for range t.news {
		t.say(calm)
		_ = t.clock.Sleep(calm, unhasty)
	}
}

// end has the last written, and awaits who writes: the lease is given back after it.
func (t *telling) end() {
	t.hurry()
	close(t.news)
	<-t.ended
}
