package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/graph"
)

// Options of a run.
type Options struct {
	Clock   clock.Clock
	Workers int              // turns in flight at once; 1 makes a run a sequence
	OnEvent func(Event)      // as Settings'
	OnTick  func(at float64) // called while the run waits, so that elapsed times move
	Tick    time.Duration    // how often, at most; 0: never
	// Admit is as Settings'.
	Admit func(buckets []string, now time.Duration) time.Duration
	// AtOnce ends the run at once when it is closed: calls in flight are not awaited,
	// and the report says which. nil: never.
	AtOnce <-chan struct{}
}

// driver turns an execution on a clock. Turns run on goroutines; the loop alone
// decides.
type driver struct {
	Options
	x       *Execution
	begin   time.Duration
	air     map[string]*air
	results chan Outcome
}

// Run turns a plan until every step is done, has failed, or depends on one that
// has. Cancelling ctx stops it cleanly: calls in flight are awaited, nothing new
// begins. The error is about the plan itself, such as a cycle.
func Run(ctx context.Context, g *graph.Graph, tasks map[string]*Task, o Options) (*Report, error) {
	o.Workers = max(o.Workers, 1)
	if _, virtual := o.Clock.(clock.Virtual); virtual && o.Workers > 1 {
		return nil, fmt.Errorf("a virtual clock takes one worker, not %d: it is moved by whoever waits, and two would make every run another one", o.Workers)
	}
	x, err := New(g, tasks, Settings{OnEvent: o.OnEvent, Admit: o.Admit}, o.Clock.Now())
	if err != nil {
		return nil, err
	}
	d := &driver{Options: o, x: x, begin: o.Clock.Now(), air: map[string]*air{}, results: make(chan Outcome, o.Workers)}
	d.loop(ctx)
	return x.Report(o.Clock.Now()), nil
}

// loop starts what is due, takes in what came back, and waits only when neither
// is there.
func (d *driver) loop(ctx context.Context) {
	for !d.x.Ended() {
		if ctx.Err() != nil {
			d.drain()
			return
		}
		now := d.Clock.Now()
		d.x.Expire(now)
		for d.x.Flying() < d.Workers {
			t := d.x.Next(now)
			if t == nil {
				break
			}
			d.start(ctx, t)
		}
		switch wake, queued := d.x.Wake(); {
		case d.x.Flying() > 0 && d.Workers == 1: // nothing else could begin
			d.await(nil)
		case d.x.Flying() > 0:
			d.waitEither(ctx, d.until(now, wake, queued)-now)
		case queued && d.Clock.Sleep(ctx, d.slice(wake-now)) == nil:
			d.tick()
		}
	}
}

// until is when something may have to be done though no turn comes back: a worker is
// free for what falls due, or a step runs out of time.
func (d *driver) until(now, wake time.Duration, queued bool) time.Duration {
	at := now + turnTime
	if queued && d.x.Flying() < d.Workers {
		at = min(at, wake)
	}
	if end, ok := d.x.Deadline(); ok {
		at = min(at, end)
	}
	return at
}

func (d *driver) start(ctx context.Context, t *Task) {
	d.x.Start(t.ID)
	a := newTurn(ctx, t)
	d.air[t.ID] = a
	go func() { d.results <- a.run() }()
}

// await takes in a turn that comes back, unless woke is closed before, or the run must
// end at once, which it reports.
func (d *driver) await(woke <-chan struct{}) (ended bool) {
	select {
	case o := <-d.results:
		delete(d.air, o.ID)
		d.x.Take(o, d.Clock.Now())
	case <-woke:
	case <-d.AtOnce:
		d.x.Abandon(d.Clock.Now(), func(id string) string { return d.air[id].unanswered() })
		for _, a := range d.air {
			a.cancel()
		}
		return true
	}
	return false
}

// waitEither waits for a turn to come back, at most for a while.
func (d *driver) waitEither(ctx context.Context, most time.Duration) {
	c, cancel := context.WithCancel(ctx)
	defer cancel()
	woke := make(chan struct{})
	go func() {
		_ = d.Clock.Sleep(c, d.slice(max(most, time.Millisecond)))
		close(woke)
	}()
	d.await(woke)
	d.tick()
}

// drain awaits what is in the air.
func (d *driver) drain() {
	d.x.Interrupt(d.Clock.Now())
	for !d.x.Ended() {
		if d.await(nil) {
			return
		}
	}
}

// slice shortens a wait so that its listener hears from the run on the way.
func (d *driver) slice(w time.Duration) time.Duration {
	if d.Tick > 0 && d.OnTick != nil {
		return min(w, d.Tick)
	}
	return w
}

func (d *driver) tick() {
	if d.Tick > 0 && d.OnTick != nil {
		d.OnTick((d.Clock.Now() - d.begin).Seconds())
	}
}
