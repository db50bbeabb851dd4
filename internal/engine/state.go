package engine

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/pace"
)

// Settings of an execution.
type Settings struct {
	OnEvent func(Event) // nil: nobody listens
	// Admit says how long a turn must wait that is about to use these request budgets;
	// nil: not at all.
	Admit func(buckets []string, now time.Duration) time.Duration
	// Patience is how long a step may meet errors that should pass; 0: six minutes.
	Patience time.Duration
	// Standstill is how long a step may stand still for want of a person, or for
	// throttling; 0: an hour.
	Standstill time.Duration
}

type status int

const (
	waiting status = iota // for other steps
	running
	blocked
	finished
	failed
	skipped
	timedOut
	unknown
)

var statusNames = [...]string{"waiting", "running", "blocked", "done", "failed", "skipped", "timeout", "unknown"}

func (s status) under() bool { return s == running || s == blocked }

// track is what is known of one step.
type track struct {
	task    *Task
	status  status
	started time.Duration
	ended   time.Duration
	reason  string
	noted   string     // what was last told
	last    graph.Edge // the edge whose end let it start
	buckets []string   // that its last turn used
	memo    json.RawMessage
	flying  bool

	class   pace.Class    // of the last error
	retries int           // errors in a row of one kind
	since   time.Duration // when the first of them came
	still   time.Duration // when it came to a standstill; -1: it has not
	paused  time.Duration // time at standstill so far, which its timeout leaves out
}

// Execution is a plan being turned: which steps are due, under way, at an end. It has
// no clock and no goroutines; times are passed in, as a clock tells them. It must not
// be used by two goroutines at once.
type Execution struct {
	Settings
	g           *graph.Graph
	walk        *graph.Walk
	tracks      map[string]*track
	order       []string
	queue       dueHeap
	seq         int
	flying      int
	begin       time.Duration
	interrupted bool
	report      Report
}

// New begins an execution. The error is about the plan itself, such as a cycle.
func New(g *graph.Graph, tasks map[string]*Task, s Settings, now time.Duration) (*Execution, error) {
	if s.OnEvent == nil {
		s.OnEvent = func(Event) {}
	}
	if s.Admit == nil {
		s.Admit = func([]string, time.Duration) time.Duration { return 0 }
	}
	if s.Patience == 0 {
		s.Patience = 6 * time.Minute
	}
	if s.Standstill == 0 {
		s.Standstill = time.Hour
	}
	order, err := g.Order()
	if err != nil {
		return nil, err
	}
	x := &Execution{Settings: s, g: g, order: order, tracks: map[string]*track{}, begin: now}
	for _, id := range order {
		if tasks[id] == nil {
			return nil, fmt.Errorf("the plan has no step behind %s", id)
		}
		x.tracks[id] = &track{task: tasks[id], buckets: []string{tasks[id].Service}, still: -1}
	}
	var ready []string
	x.walk, ready = g.NewWalk()
	for _, id := range ready {
		x.start(id, now)
	}
	return x, nil
}

// Ended tells whether nothing is left to be turned or awaited.
func (x *Execution) Ended() bool {
	return x.flying == 0 && (x.interrupted || x.queue.Len() == 0)
}

// Flying is how many turns have been started and not come back.
func (x *Execution) Flying() int { return x.flying }

// Next is a step whose turn is due and admitted; nil when none is.
func (x *Execution) Next(now time.Duration) *Task {
	for !x.interrupted && x.queue.Len() > 0 && x.queue[0].at <= now {
		tr := x.tracks[heap.Pop(&x.queue).(due).id]
		if !tr.status.under() {
			continue
		}
		if wait := x.Admit(tr.buckets, now); wait > 0 {
			x.schedule(tr, now+wait)
			continue
		}
		return tr.task
	}
	return nil
}

// Wake is when to ask for the next step again, once Next has no more, unless a turn
// comes back before; ok is false when nothing is queued.
func (x *Execution) Wake() (at time.Duration, ok bool) {
	if x.queue.Len() == 0 {
		return 0, false
	}
	return x.queue[0].at, true
}

// Deadline is when the first step whose turn is in the air runs out of time; ok is
// false when none does.
func (x *Execution) Deadline() (at time.Duration, ok bool) {
	for _, id := range x.order {
		t := x.tracks[id]
		if !t.flying || !t.status.under() || t.task.Timeout == 0 || t.still >= 0 {
			continue
		}
		if end := t.started + t.paused + t.task.Timeout; !ok || end < at {
			at, ok = end, true
		}
	}
	return at, ok
}

// Start notes that a step's turn has been started.
func (x *Execution) Start(id string) {
	x.tracks[id].flying = true
	x.flying++
}

// Expire ends the steps whose time is over while their turn is in the air: a call that
// hangs does not hold a timeout up.
func (x *Execution) Expire(now time.Duration) {
	for _, id := range x.order {
		t := x.tracks[id]
		if t.flying && t.status.under() && x.late(t, now) {
			msg := fmt.Sprintf("still waiting after %s, and its last call is not answered", x.elapsed(t, now).Round(time.Second))
			if t.reason != "" {
				msg += "; before that: " + t.reason
			}
			x.stop(t, now, timedOut, "step_timeout", msg)
		}
	}
}

// Interrupt lets nothing begin any more; what is in the air is still awaited.
func (x *Execution) Interrupt(now time.Duration) {
	if !x.interrupted && x.flying > 0 {
		x.OnEvent(Event{Type: "interrupted", At: (now - x.begin).Seconds(), Reason: fmt.Sprintf("awaiting %d calls in flight", x.flying)})
	}
	x.interrupted, x.report.Interrupted = true, true
}

// Abandon gives up on the turns in the air: what they came to is unknown. why says of
// each what it was waiting for.
func (x *Execution) Abandon(now time.Duration, why func(id string) string) {
	x.Interrupt(now)
	for _, id := range x.order {
		t := x.tracks[id]
		if !t.flying {
			continue
		}
		t.flying = false
		if t.status.under() {
			t.status, t.ended, t.reason = unknown, now, why(id)
		}
	}
	x.flying = 0
}

// Take records what a turn came to.
func (x *Execution) Take(o Outcome, now time.Duration) {
	t := x.tracks[o.ID]
	t.flying = false
	x.flying--
	t.memo = o.Memo
	if len(o.Buckets) > 0 {
		t.buckets = o.Buckets
	}
	x.report.Changed = x.report.Changed || o.Changed || o.Result.Changed
	if !t.status.under() {
		return // its time was over before
	}
	if t.still >= 0 {
		t.paused += now - t.still
		t.still = -1
	}
	if o.Err != nil {
		x.problem(t, o.Err, now)
		return
	}
	t.retries, t.reason = 0, o.Result.Reason
	switch o.Result.State {
	case Done:
		x.complete(t, now)
		return
	case Blocked:
		x.tell(t, now, blocked, o.Result)
	default:
		x.tell(t, now, running, o.Result)
	}
	next := o.Result.Next
	if next == 0 {
		next = pollAfter(x.elapsed(t, now), t.task.Typical)
	}
	x.again(t, now, next, o.Result.Reason)
}

// tell notes what a step waits for, and for whom, where that is news.
func (x *Execution) tell(t *track, now time.Duration, s status, r Result) {
	t.status = s
	note := fmt.Sprint(s, r.Reason, r.Ready, r.Want)
	if note == t.noted {
		return
	}
	t.noted = note
	typ := "step_waiting"
	if s == blocked {
		typ = "step_blocked"
	}
	x.emit(typ, t, now, func(e *Event) { e.Reason, e.Ready, e.Want = r.Reason, r.Ready, r.Want })
}

// again schedules a step's next turn, or ends it when its time is over.
func (x *Execution) again(t *track, now, after time.Duration, reason string) {
	if x.late(t, now) {
		x.stop(t, now, timedOut, "step_timeout", fmt.Sprintf("still waiting after %s: %s", x.elapsed(t, now).Round(time.Second), reason))
		return
	}
	if t.task.Timeout > 0 && t.still < 0 {
		after = min(after, t.task.Timeout-x.elapsed(t, now))
	}
	x.schedule(t, now+max(after, time.Millisecond))
}

func (x *Execution) elapsed(t *track, now time.Duration) time.Duration {
	return now - t.started - t.paused
}

func (x *Execution) late(t *track, now time.Duration) bool {
	return t.task.Timeout > 0 && t.still < 0 && x.elapsed(t, now) >= t.task.Timeout
}

// problem decides about an error by its class.
func (x *Execution) problem(t *track, err error, now time.Duration) {
	v := pace.Classify(err)
	if kind := v.Class; t.retries == 0 || kind != t.class && (waits(kind) || waits(t.class)) {
		t.since, t.retries = now, 0
	}
	t.class = v.Class
	t.retries++
	if x.interrupted && v.Class != pace.Terminal {
		t.reason = err.Error()
		return
	}
	gone := now - t.since
	switch {
	case v.Class == pace.Blocked && gone < x.Standstill:
		x.tell(t, now, blocked, Result{Reason: v.Reason})
		t.still, t.reason = now, v.Reason
		x.again(t, now, lookAgain, v.Reason)
	case v.Class == pace.Wait && gone < x.bound(t):
		x.tell(t, now, running, Result{Reason: v.Reason + ": " + err.Error()})
		x.again(t, now, max(v.After, pollAfter(x.elapsed(t, now), t.task.Typical)), err.Error())
	case v.Class == pace.Throttled && gone < x.bound(t), v.Class == pace.Retry && gone < x.Patience:
		t.status = running
		x.emit("retry", t, now, func(e *Event) { e.Error, e.Reason = err.Error(), v.Reason })
		x.again(t, now, max(v.After, backoff(t.retries)), err.Error())
	default:
		x.stop(t, now, failed, "step_failed", err.Error())
	}
}

// waits tells whether an error is none of the step's or a service's: a time of such
// errors says nothing about how long others have been met.
func waits(c pace.Class) bool { return c == pace.Wait || c == pace.Blocked }

// bound is how long a step goes on where an error says nothing about the step itself:
// as long as the step may take.
func (x *Execution) bound(t *track) time.Duration {
	if t.task.Timeout > 0 {
		return t.task.Timeout
	}
	return x.Standstill
}

func (x *Execution) emit(typ string, t *track, now time.Duration, f func(*Event)) {
	e := Event{Type: typ, At: (now - x.begin).Seconds(), Step: t.task.ID, Title: t.task.Title, Kind: t.task.Kind, Typical: t.task.Typical.Seconds()}
	if t.status != waiting {
		e.Elapsed = (now - t.started).Seconds()
	}
	if f != nil {
		f(&e)
	}
	x.OnEvent(e)
}

func (x *Execution) start(id string, now time.Duration) {
	t := x.tracks[id]
	t.status, t.started = running, now
	x.emit("step_started", t, now, func(e *Event) { e.Reason, e.Rule = t.last.Reason, t.last.Rule })
	x.schedule(t, now)
}

func (x *Execution) schedule(t *track, at time.Duration) {
	x.seq++
	heap.Push(&x.queue, due{at, x.seq, t.task.ID})
}

func (x *Execution) complete(t *track, now time.Duration) {
	t.status, t.ended = finished, now
	x.report.Done++
	x.emit("step_done", t, now, func(e *Event) { e.Reason = t.reason })
	for _, next := range x.walk.Finish(t.task.ID) {
		n := x.tracks[next]
		for _, e := range x.g.Waits(next) {
			if e.Before == t.task.ID {
				n.last = e
			}
		}
		if n.status == waiting && !x.interrupted {
			x.start(next, now)
		}
	}
}

// stop ends a step without success and skips everything that waits for it.
func (x *Execution) stop(t *track, now time.Duration, s status, typ, msg string) {
	if t.status == blocked {
		x.report.Blocked++
	}
	t.status, t.ended, t.reason = s, now, msg
	if s == failed {
		x.report.Failed++
	} else {
		x.report.TimedOut++
	}
	if x.report.FirstFailure == "" {
		x.report.FirstFailure = t.task.Title + ": " + msg
	}
	x.emit(typ, t, now, func(e *Event) { e.Error = msg })
	for _, id := range x.walk.Downstream(t.task.ID) {
		d := x.tracks[id]
		if d.status == waiting {
			d.status = skipped
			d.reason = "waits for " + t.task.Title
			x.report.Skipped++
			x.emit("step_skipped", d, now, func(e *Event) { e.Reason = d.reason })
		}
	}
}

// Memo is what a step remembers after its last turn; nil: nothing.
func (x *Execution) Memo(id string) json.RawMessage { return x.tracks[id].memo }

// Report is how the execution stands, or has ended.
func (x *Execution) Report(now time.Duration) *Report {
	r := x.report
	r.Elapsed, r.Spans = now-x.begin, nil
	for _, id := range x.order {
		t := x.tracks[id]
		s := Span{
			ID:        id,
			Title:     t.task.Title,
			Kind:      t.task.Kind,
			Start:     t.started - x.begin,
			End:       t.ended - x.begin,
			State:     statusNames[t.status],
			Reason:    t.reason,
			WaitedFor: t.last.Before,
			Why:       t.last.Reason,
		}
		if t.status.under() {
			s.End = r.Elapsed
		}
		if t.status == waiting || t.status == skipped {
			s.Start, s.End = 0, 0
		}
		if t.status == blocked {
			r.Blocked++
		}
		r.Spans = append(r.Spans, s)
	}
	return &r
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
