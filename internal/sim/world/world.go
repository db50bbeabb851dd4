// Package world is the simulated region's physics: one clock, a heap of future
// events, seeded randomness and a log of what happened. It must not know any AWS
// service, and nothing in it ever sleeps: on the virtual clock the caller's own
// wait is what moves time, on the scaled clock one goroutine pops events as
// their time comes.
package world

import (
	"container/heap"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// World is one simulated account's timeline. Every request handler and every
// event callback runs under its lock, so services need none of their own.
type World struct {
	mu    sync.Mutex // the region lock
	hm    sync.Mutex // guards everything below
	start time.Time
	now   time.Duration
	seq   uint64
	heap  events
	seed  uint64
	speed float64 // 0: virtual
	wake  chan struct{}
	ids   map[string]uint64
	log   []Entry
	over  map[string]time.Duration
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
	return &World{start: start, seed: seed, speed: speed, wake: make(chan struct{}, 1),
		ids: map[string]uint64{}, over: map[string]time.Duration{}}
}

// Lock takes the region lock; handlers and callbacks already hold it.
func (w *World) Lock() { w.mu.Lock() }

// Unlock releases the region lock.
func (w *World) Unlock() { w.mu.Unlock() }

// Virtual tells whether time moves only when somebody waits.
func (w *World) Virtual() bool { return w.speed == 0 }

// Speed is how many simulated seconds pass in a wall second; 0 when virtual.
func (w *World) Speed() float64 { return w.speed }

// Elapsed is the simulated time since the world began.
func (w *World) Elapsed() time.Duration {
	w.hm.Lock()
	defer w.hm.Unlock()
	return w.elapsed()
}

func (w *World) elapsed() time.Duration {
	if w.speed == 0 {
		return w.now
	}
	return time.Duration(float64(time.Since(w.start)) * w.speed)
}

// Date is the timestamp that resources made now carry. Dates stay on wall time
// when the clock is scaled, so that clients' arithmetic on ages holds.
func (w *World) Date() time.Time {
	if w.speed != 0 {
		return time.Now().UTC().Truncate(time.Millisecond)
	}
	return w.start.Add(w.Elapsed()).UTC().Truncate(time.Millisecond)
}

// DateAt is the timestamp of a simulated instant.
func (w *World) DateAt(at time.Duration) time.Time {
	if w.speed != 0 {
		return w.start.Add(time.Duration(float64(at) / w.speed)).UTC().Truncate(time.Millisecond)
	}
	return w.start.Add(at).UTC().Truncate(time.Millisecond)
}

// After schedules fn, under the region lock, d from now.
func (w *World) After(d time.Duration, fn func()) {
	w.hm.Lock()
	w.seq++
	heap.Push(&w.heap, &event{at: w.elapsed() + max(d, 0), seq: w.seq, fn: fn})
	w.hm.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Took logs an operation of d that begins now, and schedules done at its end.
func (w *World) Took(kind, name string, d time.Duration, done func()) {
	w.hm.Lock()
	at := w.elapsed()
	w.log = append(w.log, Entry{Kind: kind, Name: name, Start: at, End: at + d})
	w.hm.Unlock()
	w.After(d, done)
}

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
	for {
		w.hm.Lock()
		if len(w.heap) == 0 || w.heap[0].at > target {
			w.now = max(w.now, target)
			w.hm.Unlock()
			return
		}
		e := heap.Pop(&w.heap).(*event)
		w.now = max(w.now, e.at)
		w.hm.Unlock()
		w.run(e)
	}
}

func (w *World) run(e *event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.fn()
}

// Run pops events as their time comes, until ctx ends. For scaled worlds.
func (w *World) Run(ctx context.Context) {
	for ctx.Err() == nil {
		w.hm.Lock()
		wait := time.Hour
		var due *event
		if len(w.heap) > 0 {
			if left := w.heap[0].at - w.elapsed(); left <= 0 {
				due = heap.Pop(&w.heap).(*event)
			} else {
				wait = time.Duration(float64(left)/w.speed) + time.Microsecond
			}
		}
		w.hm.Unlock()
		if due != nil {
			w.run(due)
			continue
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-t.C:
		}
		t.Stop()
	}
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

// Draw is a duration for one operation, log-normal around typical and clamped
// to [low, high]. It depends on seed, kind and name alone, never on call order.
func (w *World) Draw(kind, name string, typical, low, high time.Duration) time.Duration {
	w.hm.Lock()
	d, ok := w.over[kind+"/"+name]
	if !ok {
		d, ok = w.over[kind]
	}
	w.hm.Unlock()
	if ok {
		return d
	}
	r := rand.New(rand.NewPCG(w.seed, hash(kind+"\x00"+name)))
	f := math.Exp(r.NormFloat64() * 0.12)
	return min(max(time.Duration(float64(typical)*f), low), high).Round(100 * time.Millisecond)
}

// Pick is a number in [0, n) that depends on seed and key alone.
func (w *World) Pick(key string, n int) int {
	return rand.New(rand.NewPCG(w.seed, hash("pick\x00"+key))).IntN(n)
}

// ID is a fresh identifier such as vpc-0a1b2c3d4e5f60718, the same for the same
// seed and the same count of earlier IDs with that prefix.
func (w *World) ID(prefix string) string { return prefix + w.Hex(prefix, 17) }

// Hex is n hexadecimal digits, fresh for each call with the same key.
func (w *World) Hex(key string, n int) string {
	w.hm.Lock()
	w.ids[key]++
	c := w.ids[key]
	w.hm.Unlock()
	r := rand.New(rand.NewPCG(w.seed, hash(fmt.Sprintf("%s\x00%d", key, c))))
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[r.IntN(16)]
	}
	if n == 17 {
		b[0] = '0'
	}
	return string(b)
}

// UUID is a fresh random (version 4) UUID drawn from the seed.
func (w *World) UUID(key string) string {
	h := w.Hex("uuid:"+key, 32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

type event struct {
	at  time.Duration
	seq uint64
	fn  func()
}

type events []*event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)   { *h = append(*h, x.(*event)) }
func (h *events) Pop() any {
	o := *h
	e := o[len(o)-1]
	*h = o[:len(o)-1]
	return e
}
