package world

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// saved is a world at rest.
type saved struct {
	Start     time.Time                `json:"start"`
	Seed      uint64                   `json:"seed"`
	Elapsed   time.Duration            `json:"elapsed"`
	Seq       uint64                   `json:"seq"`
	Events    []*event                 `json:"events"`
	IDs       map[string]uint64        `json:"ids"`
	Log       []Entry                  `json:"log"`
	Overrides map[string]time.Duration `json:"overrides"`
}

// Save is the world as JSON: its time, what is to happen, and what was drawn and
// logged. The caller holds the region lock.
func (w *World) Save() (json.RawMessage, error) {
	w.hm.Lock()
	defer w.hm.Unlock()
	s := saved{Start: w.start, Seed: w.seed, Elapsed: w.elapsed(), Seq: w.seq, IDs: w.ids, Log: w.log, Overrides: w.over}
	s.Events = slices.SortedFunc(slices.Values(w.heap), func(a, b *event) int {
		return int(int64(a.Seq) - int64(b.Seq))
	})
	return json.Marshal(s)
}

// Load goes on from a saved world, at this world's own speed. What happens at each of
// its events must have been said before (On).
func (w *World) Load(b json.RawMessage) error {
	var s saved
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	w.hm.Lock()
	defer w.hm.Unlock()
	for _, e := range s.Events {
		if w.actions[e.Scope+" "+e.Kind] == nil {
			return fmt.Errorf("the saved world has an event that is not known here: %s %s", e.Scope, e.Kind)
		}
	}
	w.start, w.seed, w.seq, w.log = s.Start, s.Seed, s.Seq, s.Log
	w.now, w.base, w.origin = s.Elapsed, s.Elapsed, time.Now()
	w.ids, w.over = s.IDs, s.Overrides
	if w.ids == nil {
		w.ids = map[string]uint64{}
	}
	if w.over == nil {
		w.over = map[string]time.Duration{}
	}
	w.heap = nil
	for _, e := range s.Events {
		heap.Push(&w.heap, e)
	}
	return nil
}
