package world

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"
)

// action is what happens at the events of one kind.
type action func(key string, payload json.RawMessage) error

// event is one thing that will happen, as data.
type event struct {
	At      time.Duration   `json:"at"`
	Seq     uint64          `json:"seq"` // events of one time happen in order of scheduling
	Scope   string          `json:"scope,omitempty"`
	Kind    string          `json:"kind"`
	Key     string          `json:"key"` // the resource that it happens to
	Payload json.RawMessage `json:"payload,omitempty"`
}

// On says what happens at the events of a kind, in this scope. Each kind is said
// once. An action finds its resource by key, and does nothing when it is gone.
func On[P any](w *World, kind string, do func(key string, payload P)) {
	w.hm.Lock()
	defer w.hm.Unlock()
	name := w.scope + " " + kind
	if w.actions[name] != nil {
		panic("the event " + name + " has an action already")
	}
	w.actions[name] = func(key string, payload json.RawMessage) error {
		var p P
		if len(payload) > 0 {
			if err := json.Unmarshal(payload, &p); err != nil {
				return err
			}
		}
		do(key, p)
		return nil
	}
}

// Schedule makes an event of a kind happen after d: from the running event's own
// time, so that late events do not make their successors later. A nil payload is
// none.
func (w *World) Schedule(d time.Duration, kind, key string, payload any) {
	e := &event{Scope: w.scope, Kind: kind, Key: key}
	if payload != nil {
		b, err := json.Marshal(payload)
		if err != nil {
			panic(fmt.Sprintf("the event %s of %s: %v", kind, key, err)) // plain structs of ours
		}
		e.Payload = b
	}
	w.push(d, e)
}

// Start logs an operation of d that begins now, and schedules the event at its end.
func (w *World) Start(op, name string, d time.Duration, kind, key string, payload any) {
	at := w.Elapsed()
	w.Record(Entry{Kind: op, Name: name, Start: at, End: at + d})
	w.Schedule(d, kind, key, payload)
}

func (w *World) push(d time.Duration, e *event) {
	w.hm.Lock()
	w.seq++
	e.At, e.Seq = w.elapsed()+max(d, 0), w.seq
	heap.Push(&w.heap, e)
	w.hm.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// pop takes the next event that is due by a time, or nil.
func (w *World) pop(until time.Duration) *event {
	w.hm.Lock()
	defer w.hm.Unlock()
	if len(w.heap) == 0 || w.heap[0].At > until {
		return nil
	}
	return heap.Pop(&w.heap).(*event)
}

// run makes an event happen, at its own time; the caller holds the region lock.
func (w *World) run(e *event) {
	w.freeze(e.At)
	defer w.thaw()
	defer w.survive(e)
	w.hm.Lock()
	do := w.actions[e.Scope+" "+e.Kind]
	w.hm.Unlock()
	if do == nil {
		panic("nothing is said to happen at the event " + e.Scope + " " + e.Kind)
	}
	if err := do(e.Key, e.Payload); err != nil {
		panic(fmt.Sprintf("the event %s of %s: %v", e.Kind, e.Key, err))
	}
}

// Survive makes the world outlive the bugs of its events: each is told, with its stack.
// Without it a bug ends the process, as tests want.
func (w *World) Survive(tell func(what string, bug any, stack []byte)) {
	w.hm.Lock()
	defer w.hm.Unlock()
	w.tell = tell
}

func (w *World) survive(e *event) {
	w.hm.Lock()
	tell := w.tell
	w.hm.Unlock()
	if tell == nil {
		return
	}
	if bug := recover(); bug != nil {
		tell("the event "+e.Kind+" of "+e.Key, bug, debug.Stack())
	}
}

type events []*event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return h[i].At < h[j].At || h[i].At == h[j].At && h[i].Seq < h[j].Seq
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)   { *h = append(*h, x.(*event)) }
func (h *events) Pop() any {
	o := *h
	e := o[len(o)-1]
	*h = o[:len(o)-1]
	return e
}
