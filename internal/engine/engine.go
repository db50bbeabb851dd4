package engine

import (
	"container/heap"
	"context"
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/graph"
)

// Options of a run.
type Options struct {
	Clock   clock.Clock
	Workers int                // turns in flight at once; 1 makes a run a sequence
	Policy  func(error) Policy // what an error means
	OnEvent func(Event)        // nil: nobody listens
	Retries int                // how often one turn is retried; 0: 8
	OnTick  func(at float64)   // called while the run waits, so that elapsed times move
	Tick    time.Duration      // how often, at most; 0: never

	// Budgets that the run keeps to; nil: budgets of its own.
	Budgets *Budgets
	// Requests counts the requests made so far, by service; nil: a turn is one request
	// to its task's service.
	Requests func() map[string]int
}

type status int

const (
	waiting status = iota // for other steps
	running
	finished
	failed
	skipped
	timedOut
)

type track struct {
	task    *Task
	status  status
	started time.Duration
	ended   time.Duration
	reason  string
	retries int
	last    graph.Edge // the edge whose end let it start
	noted   string
}

type due struct {
	at  time.Duration
	seq int
	id  string
}

type dueHeap []due

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)   { *h = append(*h, x.(due)) }
func (h *dueHeap) Pop() any {
	o := *h
	x := o[len(o)-1]
	*h = o[:len(o)-1]
	return x
}

type outcome struct {
	id  string
	res Result
	err error
}

type run struct {
	Options
	g       *graph.Graph
	walk    *graph.Walk
	tracks  map[string]*track
	order   []string
	queue   dueHeap
	seq     int
	flying  int
	results chan outcome
	begin   time.Duration
	report  Report
}

// Run turns a plan until every step is done, has failed, or depends on one that
// has. Cancelling ctx stops it cleanly: calls in flight are awaited, nothing new
// begins. The error is about the plan itself, such as a cycle.
func Run(ctx context.Context, g *graph.Graph, tasks map[string]*Task, o Options) (*Report, error) {
	if o.Workers < 1 {
		o.Workers = 1
	}
	if o.Retries == 0 {
		o.Retries = 8
	}
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
	if o.Budgets == nil {
		o.Budgets = NewBudgets()
	}
	if o.Requests != nil {
		o.Budgets.forgive(o.Requests())
	}
	order, err := g.Order()
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, g: g, order: order, tracks: map[string]*track{}, results: make(chan outcome, o.Workers), begin: o.Clock.Now()}
	for _, id := range order {
		if tasks[id] == nil {
			return nil, fmt.Errorf("the plan has no step behind %s", id)
		}
		r.tracks[id] = &track{task: tasks[id]}
	}
	var ready []string
	r.walk, ready = g.NewWalk()
	for _, id := range ready {
		r.start(id)
	}
	r.loop(ctx)
	r.finish()
	return &r.report, nil
}

// loop starts what is due, takes in what came back, and waits only when neither
// is there.
func (r *run) loop(ctx context.Context) {
	for r.flying > 0 || r.queue.Len() > 0 {
		if ctx.Err() != nil {
			r.drain()
			return
		}
		now := r.Clock.Now()
		for r.queue.Len() > 0 && r.queue[0].at <= now && r.flying < r.Workers {
			d := heap.Pop(&r.queue).(due)
			r.turn(ctx, d.id, now)
		}
		switch {
		case r.flying > 0 && (r.flying == r.Workers || r.queue.Len() == 0 || r.Workers == 1):
			r.take(<-r.results)
		case r.flying > 0:
			r.waitEither(ctx, r.slice(r.queue[0].at-now))
			r.tick()
		case r.queue.Len() > 0 && r.queue[0].at > now:
			if r.Clock.Sleep(ctx, r.slice(r.queue[0].at-now)) == nil {
				r.tick()
			}
		}
	}
}

// slice shortens a wait so that its listener hears from the run on the way.
func (r *run) slice(d time.Duration) time.Duration {
	if r.Tick > 0 && r.OnTick != nil {
		return min(d, r.Tick)
	}
	return d
}

func (r *run) tick() {
	if r.Tick > 0 && r.OnTick != nil {
		r.OnTick(r.at())
	}
}

// waitEither waits for a result or for the next step to fall due.
func (r *run) waitEither(ctx context.Context, d time.Duration) {
	c, cancel := context.WithCancel(ctx)
	defer cancel()
	woke := make(chan struct{})
	go func() {
		_ = r.Clock.Sleep(c, d)
		close(woke)
	}()
	select {
	case o := <-r.results:
		r.take(o)
	case <-woke:
	}
}

func (r *run) drain() {
	r.report.Interrupted = true
	for r.flying > 0 {
		r.take(<-r.results)
	}
	r.queue = nil
}

func (r *run) at() float64 { return (r.Clock.Now() - r.begin).Seconds() }

func (r *run) emit(typ string, t *track, f func(*Event)) {
	e := Event{Type: typ, At: r.at(), Step: t.task.ID, Title: t.task.Title, Kind: t.task.Kind, Typical: t.task.Typical.Seconds()}
	if t.status != waiting {
		e.Elapsed = (r.Clock.Now() - t.started).Seconds()
	}
	if f != nil {
		f(&e)
	}
	r.OnEvent(e)
}

func (r *run) start(id string) {
	t := r.tracks[id]
	t.status, t.started = running, r.Clock.Now()
	r.emit("step_started", t, func(e *Event) { e.Reason, e.Rule = t.last.Reason, t.last.Rule })
	r.schedule(id, 0)
}

func (r *run) schedule(id string, after time.Duration) {
	r.seq++
	heap.Push(&r.queue, due{r.Clock.Now() + after, r.seq, id})
}

// turn gives a step its turn, within its service's budget.
func (r *run) turn(ctx context.Context, id string, now time.Duration) {
	t := r.tracks[id]
	if t.status != running {
		return
	}
	if wait := r.Budgets.admit(t.task.Service, now); wait > 0 {
		r.schedule(id, wait)
		return
	}
	r.flying++
	if !r.counted(t.task.Service) {
		r.Budgets.spend(t.task.Service, now)
	}
	r.report.Turns++
	go func() {
		// A call in flight is never cut short: what it did must be known.
		res, err := t.task.Step.Run(context.WithoutCancel(ctx))
		r.results <- outcome{id, res, err}
	}()
}

// counted tells whether somebody counts a service's requests; where nobody does, a
// turn is one.
func (r *run) counted(service string) bool {
	if r.Requests == nil {
		return false
	}
	_, ok := r.Requests()[service]
	return ok
}

// take records what a turn came to.
func (r *run) take(o outcome) {
	r.flying--
	if r.Requests != nil {
		r.Budgets.charge(r.Requests(), r.Clock.Now())
	}
	t := r.tracks[o.id]
	if o.err != nil {
		r.problem(t, o.err)
		return
	}
	t.retries = 0
	r.report.Changed = r.report.Changed || o.res.Changed
	t.reason = o.res.Reason
	if o.res.State == Done {
		r.complete(t)
		return
	}
	if note := fmt.Sprint(o.res.Reason, o.res.Ready, o.res.Want); note != t.noted {
		t.noted = note
		r.emit("step_waiting", t, func(e *Event) { e.Reason, e.Ready, e.Want = o.res.Reason, o.res.Ready, o.res.Want })
	}
	elapsed := r.Clock.Now() - t.started
	if t.task.Timeout > 0 && elapsed >= t.task.Timeout {
		r.stop(t, timedOut, "step_timeout", fmt.Sprintf("still waiting after %s: %s", elapsed.Round(time.Second), o.res.Reason))
		return
	}
	next := o.res.Next
	if next == 0 {
		next = pollAfter(elapsed, t.task.Typical)
	}
	if t.task.Timeout > 0 {
		next = min(next, t.task.Timeout-elapsed)
	}
	r.schedule(t.task.ID, max(next, time.Millisecond))
}

func (r *run) complete(t *track) {
	t.status, t.ended = finished, r.Clock.Now()
	r.report.Done++
	r.emit("step_done", t, func(e *Event) { e.Reason = t.reason })
	for _, next := range r.walk.Finish(t.task.ID) {
		n := r.tracks[next]
		for _, e := range r.g.Waits(next) {
			if e.Before == t.task.ID {
				n.last = e
			}
		}
		if n.status == waiting {
			r.start(next)
		}
	}
}

// problem retries or fails a step, as the policy for its error says.
func (r *run) problem(t *track, err error) {
	p := Fail
	if r.Policy != nil {
		p = r.Policy(err)
	}
	patience := t.retries < r.Retries
	if elapsed := r.Clock.Now() - t.started; p == Throttled && t.task.Timeout > 0 {
		patience = elapsed < t.task.Timeout // throttling says nothing about the step
	}
	if p != Fail && patience {
		t.retries++
		wait := backoff(t.retries)
		if p == Throttled {
			r.Budgets.throttled(t.task.Service, r.Clock.Now(), wait)
		}
		r.emit("retry", t, func(e *Event) { e.Error = err.Error() })
		r.schedule(t.task.ID, wait)
		return
	}
	r.stop(t, failed, "step_failed", err.Error())
}

// stop ends a step without success and skips everything that waits for it.
func (r *run) stop(t *track, s status, typ, msg string) {
	t.status, t.ended, t.reason = s, r.Clock.Now(), msg
	if s == failed {
		r.report.Failed++
	} else {
		r.report.TimedOut++
	}
	if r.report.FirstFailure == "" {
		r.report.FirstFailure = t.task.Title + ": " + msg
	}
	r.emit(typ, t, func(e *Event) { e.Error = msg })
	for _, id := range r.walk.Downstream(t.task.ID) {
		d := r.tracks[id]
		if d.status == waiting {
			d.status = skipped
			d.reason = "waits for " + t.task.Title
			r.report.Skipped++
			r.emit("step_skipped", d, func(e *Event) { e.Reason = d.reason })
		}
	}
}

// finish writes the report's spans.
func (r *run) finish() {
	r.report.Elapsed = r.Clock.Now() - r.begin
	names := map[status]string{waiting: "waiting", running: "running", finished: "done", failed: "failed", skipped: "skipped", timedOut: "timeout"}
	for _, id := range r.order {
		t := r.tracks[id]
		s := Span{ID: id, Title: t.task.Title, Kind: t.task.Kind, Start: t.started - r.begin, End: t.ended - r.begin, State: names[t.status], Reason: t.reason, WaitedFor: t.last.Before, Why: t.last.Reason}
		if t.status == running {
			s.End = r.report.Elapsed
		}
		if t.status == waiting || t.status == skipped {
			s.Start, s.End = 0, 0
		}
		r.report.Spans = append(r.report.Spans, s)
	}
}
