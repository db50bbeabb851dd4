// Package journal writes down what is done to a cluster, and reads it back: an operation
// is a command's run, and an entry of it one object of a store, written before each call
// that changes something and after it, and never changed. What may be a secret is
// veiled. It must not know AWS, nor what the calls mean.
package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/veil"
)

// Version is the version of an entry. It rises when a reader of the old one would
// misread the new one.
const Version = 1

// Kinds of entries.
const (
	Begin   = "begin"   // who does what, why, by which plan, and where the copy of everything is
	Intent  = "intent"  // this call is about to be sent
	Outcome = "outcome" // and this came of it
	End     = "end"     // how it ended, and how that was verified
)

// Entry is one entry; which fields it has is said by its kind. The JSON names are a
// contract.
type Entry struct {
	Version   int       `json:"version"`
	Operation int       `json:"operation"`
	Seq       int       `json:"seq"`
	At        time.Time `json:"at"` // on the region's clock
	Kind      string    `json:"kind"`

	// Of begin.
	Command  string `json:"command,omitempty"`
	Cluster  string `json:"cluster,omitempty"`
	Region   string `json:"region,omitempty"`
	Account  string `json:"account,omitempty"`
	Reason   string `json:"reason,omitempty"` // what the person gave
	Actor    *Actor `json:"actor,omitempty"`
	Tool     string `json:"tool,omitempty"`
	Plan     string `json:"plan,omitempty"` // its hash
	Steps    []Step `json:"steps,omitempty"`
	Snapshot string `json:"snapshot,omitempty"` // the cluster as it stood before
	TookOver string `json:"tookOver,omitempty"` // whose stale lock

	// Of intent. Before is what the call is about, as the snapshot has it.
	Step    string          `json:"step,omitempty"`
	Call    string          `json:"call,omitempty"` // eks:CreateAddon, PATCH /api/v1/…
	On      string          `json:"on,omitempty"`   // the API server, of a call to Kubernetes
	Request json.RawMessage `json:"request,omitempty"`
	Before  json.RawMessage `json:"before,omitempty"`

	// Of outcome.
	Of        int             `json:"of,omitempty"`      // the intent's seq
	Unknown   bool            `json:"unknown,omitempty"` // there was no answer: it may have taken effect
	RequestID string          `json:"requestId,omitempty"`
	UpdateID  string          `json:"updateId,omitempty"` // EKS's
	Answer    json.RawMessage `json:"answer,omitempty"`
	Error     string          `json:"error,omitempty"` // of outcome and end

	// Of end.
	Result   string   `json:"result,omitempty"` // as a summary says it
	ExitCode int      `json:"exitCode,omitempty"`
	Changes  int      `json:"changes,omitempty"` // calls that were sent to change something
	Verified string   `json:"verified,omitempty"`
	Failures []string `json:"failures,omitempty"`
}

// Actor is who does something.
type Actor struct {
	ARN string `json:"arn,omitempty"` // as STS says
	Who string `json:"who"`           // user@host
	CI  string `json:"ci,omitempty"`  // URL of the CI run
}

// Step is a step of the plan, as its readers saw it.
type Step struct {
	ID     string `json:"id"`
	Action string `json:"action"`
	Title  string `json:"title"`
}

// Book is one cluster's journal: objects below a prefix of a store.
type Book struct {
	Store  store.Store
	Prefix string // such as clusters/111122223333/us-west-2/prod
	// Spare keeps, under the same keys, what came of calls and how it ended where Store
	// fails in the middle; nil: nothing does.
	Spare store.Store
}

func (b Book) folder() string { return path.Join(b.Prefix, "journal") + "/" }

// Seven and five digits sort as numbers for longer than anybody keeps a cluster.
func (b Book) key(op, seq int) string { return fmt.Sprintf("%s%07d/%05d.json", b.folder(), op, seq) }

// Operation is one that is being written down. It may be used by many at once.
type Operation struct {
	ID      int
	book    Book
	now     func() time.Time
	mu      sync.Mutex
	seq     int
	changes int
	ended   bool
}

// Begin opens an operation with its first entry, whose time and number it fills in.
func (b Book) Begin(ctx context.Context, now func() time.Time, first Entry) (*Operation, error) {
	keys, err := b.Store.List(ctx, b.folder())
	if err != nil {
		return nil, err
	}
	n := 0
	for _, k := range keys {
		if op, _, ok := b.parse(k); ok {
			n = max(n, op)
		}
	}
	for {
		n++
		first.Version, first.Kind, first.Operation, first.Seq, first.At = Version, Begin, n, 0, now().UTC()
		_, err := b.Store.Put(ctx, b.key(n, 0), encode(first))
		if err == nil {
			return &Operation{ID: n, book: b, now: now}, nil
		}
		if !errors.Is(err, store.ErrExists) {
			return nil, err
		}
	}
}

// Add writes an entry and returns its number within the operation. After the end
// nothing is written any more.
func (o *Operation) Add(ctx context.Context, e Entry) (int, error) {
	o.mu.Lock()
	if o.ended { // the run was made to end at once, and its calls come back late
		o.mu.Unlock()
		return 0, nil
	}
	o.seq++
	if e.Kind == Intent {
		o.changes++
	}
	e.Version, e.Operation, e.Seq, e.At = Version, o.ID, o.seq, o.now().UTC()
	if e.Kind == End {
		e.Changes, o.ended = o.changes, true
	}
	o.mu.Unlock()
	key := o.book.key(e.Operation, e.Seq)
	_, err := o.book.Store.Put(ctx, key, encode(e))
	if err != nil && e.Kind != Intent && o.book.Spare != nil { // an intent that is not written is not acted on
		if _, lost := o.book.Spare.Put(ctx, key, encode(e)); lost == nil {
			err = fmt.Errorf("%w; it is kept as %s in %s: copy it from there", err, key, o.book.Spare)
		}
	}
	return e.Seq, err
}

func encode(e Entry) []byte {
	e.Request, e.Before, e.Answer = veiled(e.Request), veiled(e.Before), veiled(e.Answer)
	e.Reason, e.Error, e.Verified = veil.Words(e.Reason), veil.Words(e.Error), veil.Words(e.Verified)
	e.Failures = slices.Clone(e.Failures)
	for i := range e.Failures {
		e.Failures[i] = veil.Words(e.Failures[i])
	}
	b, err := json.Marshal(e)
	if err != nil { // texts, times, and JSON that was made before
		panic(err)
	}
	return append(b, '\n')
}

// veiled is what was said, without what may be a secret.
func veiled(said json.RawMessage) json.RawMessage {
	if len(said) == 0 {
		return nil
	}
	b, err := veil.JSON(said)
	if err != nil {
		return json.RawMessage(`"it was no JSON"`)
	}
	return b
}

// parse reads a key; ok is false for what is none of an entry.
func (b Book) parse(key string) (op, seq int, ok bool) {
	if len(key) < len(b.folder()) {
		return 0, 0, false
	}
	dir, file := path.Split(key[len(b.folder()):])
	op, err := strconv.Atoi(path.Clean(dir))
	if err != nil || path.Ext(file) != ".json" {
		return 0, 0, false
	}
	seq, err = strconv.Atoi(file[:len(file)-len(".json")])
	return op, seq, err == nil
}
