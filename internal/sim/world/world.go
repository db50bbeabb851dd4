// Package world is the simulated region's physics: one clock, a heap of future
// events, seeded randomness and a log of what happened. An event is data (time,
// kind, key, payload), so that a world can be saved and go on elsewhere. It must not
// know any AWS service, and nothing in it ever sleeps: on the virtual clock the
// caller's own wait is what moves time, on the scaled clock one goroutine pops
// events as their time comes.
package world

import (
	"context"
	"sync"
	"time"
)

// World is one simulated account's timeline, seen from one scope: a region, or a
// partition's IAM. Every request handler and every event runs under its lock, so
// services need none of their own.
type World struct {
	*core
	scope string
}

// core is what all scopes of a world share.
type core struct {
	mu sync.Mutex // the region lock

	hm      sync.Mutex // guards everything below
	start   time.Time  // the date at which the world began
	now     time.Duration
	origin  time.Time     // on the scaled clock: when it showed base
	base    time.Duration // 0, or the time at which a saved world was loaded
	speed   float64       // 0: virtual
	frozen  bool          // an event or a request runs: time stands still at now
	seed    uint64
	seq     uint64
	heap    events
	wake    chan struct{}
	ids     map[string]uint64
	log     []Entry
	over    map[string]time.Duration
	actions map[string]action // by scope and kind
	tell    func(what string, bug any, stack []byte)
}

// Entry is one line of the region's event log: an operation that took time, on
// one resource. The benchmark that computes the AWS-forced bound reads it.
type Entry struct {
	Kind  string        // for example eks:cluster, ec2:natgateway
	Name  string        // the resource
	Start time.Duration // since the world began
	End   time.Duration // when it took effect; equal to Start for instant ones
	Note  string
}

// New makes a world whose clock is virtual (speed 0) or runs speed times as
// fast as the wall's. The same seed draws the same durations and identifiers.
func New(start time.Time, seed uint64, speed float64) *World {
	return &World{core: &core{start: start, origin: time.Now(), seed: seed, speed: speed, wake: make(chan struct{}, 1),
		ids: map[string]uint64{}, over: map[string]time.Duration{}, actions: map[string]action{}}}
}

// In is the same world seen from a scope, which its events and identifiers carry:
// two regions have the same kinds of events, and no identifier in common.
func (w *World) In(scope string) *World { return &World{w.core, scope} }

// Lock takes the region lock for a request; events already hold it. What is due by
// now happens first, and until Unlock time stands still.
func (w *World) Lock() {
	w.mu.Lock()
	if w.speed == 0 {
		return
	}
	at := w.Elapsed()
	for w.due(at) {
	}
	w.freeze(at)
}

// Unlock releases the region lock.
func (w *World) Unlock() {
	w.thaw()
	w.mu.Unlock()
}

// Aside lets go of the region lock while f runs, which may wait for a program that asks the
// region before it answers. The caller, an event, holds the lock and finds the world moved on
// afterwards. On the virtual clock nobody else is there: f runs as it is.
func (w *World) Aside(f func()) {
	if w.speed == 0 {
		f()
		return
	}
	w.thaw()
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.freeze(w.Elapsed())
	}()
	f()
}

// Virtual tells whether time moves only when somebody waits.
func (w *World) Virtual() bool { return w.speed == 0 }

// Elapsed is the simulated time since the world began: an event's own time while it
// runs, however late it was popped.
func (w *World) Elapsed() time.Duration {
	w.hm.Lock()
	defer w.hm.Unlock()
	return w.elapsed()
}

func (c *core) elapsed() time.Duration {
	if c.speed == 0 || c.frozen {
		return c.now
	}
	return max(c.now, c.base+time.Duration(float64(time.Since(c.origin))*c.speed))
}

// freeze stops the clock at a time, or at a later one that has been seen.
func (c *core) freeze(at time.Duration) {
	c.hm.Lock()
	defer c.hm.Unlock()
	c.frozen = true
	c.now = max(c.now, at)
}

func (c *core) thaw() {
	c.hm.Lock()
	defer c.hm.Unlock()
	c.frozen = false
}

// Date is the timestamp that resources made now carry. Dates stay on wall time
// when the clock is scaled, so that clients' arithmetic on ages holds.
func (w *World) Date() time.Time {
	if w.speed != 0 {
		return time.Now().UTC().Truncate(time.Millisecond)
	}
	return w.start.Add(w.Elapsed()).UTC().Truncate(time.Millisecond)
}

// Began is the date at which the world began.
func (w *World) Began() time.Time { return w.start.UTC().Truncate(time.Second) }

// Record logs an operation whose start and end are known.
func (w *World) Record(e Entry) {
	w.hm.Lock()
	w.log = append(w.log, e)
	w.hm.Unlock()
}

// Log is a copy of the event log, in order of recording.
func (w *World) Log() []Entry {
	w.hm.Lock()
	defer w.hm.Unlock()
	return append([]Entry(nil), w.log...)
}

// Advance moves the virtual clock by d, running every event on the way.
func (w *World) Advance(d time.Duration) {
	target := w.Elapsed() + d
	for w.Step(target) {
	}
}

// Step runs the next event of a virtual world that is due by a time since the world
// began; without one it moves the clock there and answers false.
func (w *World) Step(until time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.due(until) {
		return true
	}
	w.freeze(until)
	w.thaw()
	return false
}

// due runs the next event that is due by a time; the caller holds the region lock.
func (w *World) due(by time.Duration) bool {
	e := w.pop(by)
	if e != nil {
		w.run(e)
	}
	return e != nil
}

// Run pops events as their time comes, until ctx ends. For scaled worlds.
func (w *World) Run(ctx context.Context) {
	for ctx.Err() == nil {
		w.mu.Lock()
		ran := w.due(w.Elapsed())
		w.mu.Unlock()
		if ran {
			continue
		}
		t := time.NewTimer(w.idle())
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// idle is how long, on the wall, the next event of a scaled world is away.
func (w *World) idle() time.Duration {
	w.hm.Lock()
	defer w.hm.Unlock()
	if len(w.heap) == 0 {
		return time.Hour
	}
	return time.Duration(float64(w.heap[0].At-w.elapsed())/w.speed) + time.Microsecond
}

// Override fixes the duration of an operation; kind alone, or kind/name. 0 lets
// it be drawn again.
func (w *World) Override(key string, d time.Duration) {
	w.hm.Lock()
	defer w.hm.Unlock()
	if d == 0 {
		delete(w.over, key)
		return
	}
	w.over[key] = d
}
