package journal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-eks/slipway/internal/store"
)

// Results that no entry says.
const (
	UnderWay   = "under way"  // its lock is held
	Unfinished = "unfinished" // its process ended without a word
)

// Record is one operation, as a list shows it. The JSON names are a contract.
type Record struct {
	ID       int        `json:"id"`
	At       time.Time  `json:"at"`
	Ended    *time.Time `json:"ended,omitempty"`
	Command  string     `json:"command"`
	Reason   string     `json:"reason,omitempty"`
	Actor    Actor      `json:"actor"`
	Tool     string     `json:"tool,omitempty"`
	Plan     string     `json:"plan,omitempty"`
	Snapshot string     `json:"snapshot,omitempty"`
	TookOver string     `json:"tookOver,omitempty"`
	Result   string     `json:"result"`
	ExitCode int        `json:"exitCode"`
	Changes  int        `json:"changes"` // calls that were sent to change something
	Verified string     `json:"verified,omitempty"`
	Error    string     `json:"error,omitempty"`
	Failures []string   `json:"failures,omitempty"`
	Damaged  []string   `json:"damaged,omitempty"` // entries that cannot be read: their keys
}

// Account is an operation in full.
type Account struct {
	Record
	Steps []Step `json:"steps"`
	Calls []Call `json:"calls"`
}

// Call is a call that was to change something, and what came of it.
type Call struct {
	Seq       int             `json:"seq"`
	At        time.Time       `json:"at"`
	Step      string          `json:"step,omitempty"`
	Call      string          `json:"call"`
	On        string          `json:"on,omitempty"`
	Request   json.RawMessage `json:"request,omitempty"`
	Before    json.RawMessage `json:"before,omitempty"`
	Answered  bool            `json:"answered"` // false: nobody knows whether it took effect
	RequestID string          `json:"requestId,omitempty"`
	UpdateID  string          `json:"updateId,omitempty"`
	Answer    json.RawMessage `json:"answer,omitempty"`
	Error     string          `json:"error,omitempty"`
}

// errDamaged is an entry that says nothing that can be understood.
var errDamaged = errors.New("the entry cannot be read")

// entry reads one entry.
func (b Book) entry(ctx context.Context, key string) (e Entry, err error) {
	data, _, err := b.Store.Get(ctx, key)
	if err != nil {
		return e, err
	}
	if json.Unmarshal(data, &e) != nil || e.Kind == "" {
		return e, errDamaged
	}
	if e.Version > Version {
		return e, fmt.Errorf("%s has version %d; this Slipway reads version %d: use the Slipway that wrote it, or a newer one", key, e.Version, Version)
	}
	return e, nil
}

// List reads all operations since a time, the newest first: of each its first and its
// last entry. What is damaged is read over, and named.
func (b Book) List(ctx context.Context, since time.Time) ([]Record, error) {
	ops, err := b.keys(ctx)
	if err != nil {
		return nil, err
	}
	out := []Record{}
	for _, op := range ops {
		a, err := b.read(ctx, op.id, ends(op.keys))
		if err != nil {
			return nil, err
		}
		if a.At.Before(since) && (a.Ended == nil || a.Ended.Before(since)) {
			continue
		}
		if a.Ended == nil { // how much was done is in none of the two
			a.Changes = len(op.keys) / 2
		}
		out = append(out, a.Record)
	}
	slices.SortFunc(out, func(x, y Record) int { return cmp.Compare(y.ID, x.ID) })
	return out, nil
}

// ends are the first and the last of keys.
func ends(keys []string) []string {
	if len(keys) < 3 {
		return keys
	}
	return []string{keys[0], keys[len(keys)-1]}
}

// Show reads one operation in full; store.ErrAbsent where there is none.
func (b Book) Show(ctx context.Context, id int) (*Account, error) {
	ops, err := b.keys(ctx)
	if err != nil {
		return nil, err
	}
	for _, op := range ops {
		if op.id == id {
			return b.read(ctx, id, op.keys)
		}
	}
	return nil, store.ErrAbsent
}

type operation struct {
	id   int
	keys []string
}

// keys are the entries' keys, by operation, in order.
func (b Book) keys(ctx context.Context) ([]operation, error) {
	all, err := b.Store.List(ctx, b.folder())
	if err != nil {
		return nil, err
	}
	var out []operation
	for _, k := range all {
		op, _, ok := b.parse(k)
		if !ok {
			continue
		}
		if len(out) == 0 || out[len(out)-1].id != op {
			out = append(out, operation{id: op})
		}
		last := &out[len(out)-1]
		last.keys = append(last.keys, k)
	}
	return out, nil
}

// read puts an operation together from its entries.
func (b Book) read(ctx context.Context, id int, keys []string) (*Account, error) {
	a := &Account{Record: Record{ID: id, Command: "?", Result: Unfinished}, Steps: []Step{}, Calls: []Call{}}
	at := map[int]int{} // calls by the intent's number
	for _, k := range keys {
		e, err := b.entry(ctx, k)
		if errors.Is(err, errDamaged) || errors.Is(err, store.ErrAbsent) {
			a.Damaged = append(a.Damaged, k)
			continue
		}
		if err != nil {
			return nil, err
		}
		if a.At.IsZero() {
			a.At = e.At
		}
		switch e.Kind {
		case Begin:
			a.begin(e)
		case Intent:
			at[e.Seq] = len(a.Calls)
			a.Calls = append(a.Calls, Call{Seq: e.Seq, At: e.At, Step: e.Step, Call: e.Call, On: e.On, Request: e.Request, Before: e.Before})
			a.Changes = len(a.Calls)
		case Outcome:
			if n, ok := at[e.Of]; ok {
				c := &a.Calls[n]
				c.Answered, c.RequestID, c.UpdateID, c.Answer, c.Error = !e.Unknown, e.RequestID, e.UpdateID, e.Answer, e.Error
			}
		case End:
			ended := e.At
			a.Ended, a.Result, a.ExitCode, a.Changes = &ended, e.Result, e.ExitCode, e.Changes
			a.Verified, a.Error, a.Failures = e.Verified, e.Error, e.Failures
		}
	}
	return a, nil
}

func (a *Account) begin(e Entry) {
	a.Command, a.Reason, a.Tool, a.Plan, a.Snapshot, a.TookOver = e.Command, e.Reason, e.Tool, e.Plan, e.Snapshot, e.TookOver
	a.Steps = append(a.Steps, e.Steps...)
	if e.Actor != nil {
		a.Actor = *e.Actor
	}
}
