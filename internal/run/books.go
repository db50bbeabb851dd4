package run

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"sync"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/lease"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/snapshot"
	"github.com/slipway-eks/slipway/internal/store"
)

// Books are what whoever changes a cluster keeps of it, in a store: a lock, so that
// nobody else does at the same time, a copy of everything before, and a journal of what
// was done. Every command that changes something opens them.
type Books struct {
	Store   store.Store
	Spare   store.Store // keeps what is known where Store fails in the middle of a run; nil: nothing does
	Locker  *lease.Locker
	Now     func() time.Time // the region's date, which entries and snapshots bear
	Actor   journal.Actor    // who runs this process; AWS says as whom
	Command string           // up, down, …
	Reason  string           // what the person gave; "": none
	Tool    string           // name and version of this program

	State *State // of Terraform, that says what it keeps; nil: none was given
	Adopt bool   // what Terraform keeps is written all the same
}

// Prefix is where a cluster's books are in a store.
func Prefix(c *awsc.Clients, cluster string) string {
	return path.Join("clusters", c.Account, c.Region, cluster)
}

// Journal is a cluster's journal.
func Journal(s store.Store, c *awsc.Clients, cluster string) journal.Book {
	return journal.Book{Store: s, Prefix: Prefix(c, cluster)}
}

// Shelf is where a cluster's snapshots are.
func Shelf(s store.Store, c *awsc.Clients, cluster string) snapshot.Shelf {
	return snapshot.Shelf{Store: s, Prefix: Prefix(c, cluster)}
}

// Snapshot reads everything of a cluster, as it is kept: what may be a secret by its
// hash. The error of a cluster of which there is nothing names the region it is in.
func Snapshot(ctx context.Context, c *awsc.Clients, name string, at time.Time) (*observe.Observed, error) {
	s := read.Whole()
	s.At = at
	doc, err := read.Cluster(ctx, c, name, s)
	if err != nil {
		return nil, check.Reach(err)
	}
	if doc.Cluster == nil && len(doc.Stacks) == 0 {
		return nil, absent(ctx, c, name)
	}
	return snapshot.Veiled(doc)
}

// LockKey is where a cluster's lock is.
func LockKey(c *awsc.Clients, cluster string) string {
	return path.Join(Prefix(c, cluster), "lock.json")
}

// Hold is a cluster that is locked, and its books, open. nil is one of a caller who
// keeps none: it takes every call.
type Hold struct {
	b     *Books
	c     *awsc.Clients
	name  string
	lease *lease.Lease

	op     *journal.Operation // nil: nothing was begun
	before *observe.Observed

	mu    sync.Mutex
	stop  context.CancelCauseFunc
	cause error // why nothing more may be changed
}

// Open locks a cluster of an account that is identified. The error of a cluster that
// somebody else has locked says who, and marks the exit code.
func (b *Books) Open(ctx context.Context, c *awsc.Clients, name string) (*Hold, error) {
	if b == nil {
		return nil, nil
	}
	me := lease.Holder{Command: b.Command, Who: b.Actor.Who, ARN: c.Caller, CI: b.Actor.CI, Tool: b.Tool, PID: os.Getpid()}
	l, err := b.Locker.Take(ctx, LockKey(c, name), me)
	if err != nil {
		return nil, locked(name, err)
	}
	h := &Hold{b: b, c: c, name: name, lease: l}
	l.Keep(ctx, h.halt)
	return h, nil
}

// locked is a lock that was not taken, with what to do about it.
func locked(name string, err error) error {
	var held *lease.Held
	f := finding.Finding{Code: "cluster-locked", Severity: finding.Error, Where: finding.Where{Resource: "cluster " + name}, Cause: err,
		What: "is locked: " + err.Error()}
	switch {
	case errors.As(err, &held):
		f.Breaks = "nothing was changed"
		f.Remedy = fmt.Sprintf("wait until it has ended; if it is gone, `slipway unlock %s` takes the lock away, and so do %.0f minutes without a word",
			name, lease.Stale.Minutes())
	case errors.Is(err, lease.ErrUnreadable):
		f.Breaks, f.Remedy = "nothing was changed", "if nobody is at work on it, take the lock away: slipway unlock "+name
	default:
		f.Code, f.What, f.Breaks = "store-unusable", "cannot be locked: "+err.Error(), "nothing was changed"
	}
	return finding.Findings{f}
}

// patience is how long books may take to be closed, on the wall's clock, though the
// command has been told to end.
const patience = 20 * time.Second

func unhurried(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), patience)
}

// Begin copies everything and writes down what is about to be done. The context that it
// returns is that of everything that changes something: each such call is written down,
// and it ends when nothing more may be changed. live is what has been observed so far;
// what of it is missing is read.
func (h *Hold) Begin(ctx context.Context, live *observe.Observed, first journal.Entry) (context.Context, error) {
	if h == nil {
		return ctx, nil
	}
	if err := h.halted(); err != nil { // while a person thought about the plan
		return nil, fmt.Errorf("nothing was changed: %w", err)
	}
	s := read.Whole()
	s.At = h.b.Now()
	whole, err := read.Complete(ctx, h.c, live, s)
	if err != nil {
		return nil, fmt.Errorf("nothing was changed: a copy of everything comes first: %w", err)
	}
	if h.before, err = snapshot.Veiled(whole); err != nil {
		return nil, err
	}
	id, err := Shelf(h.b.Store, h.c, h.name).Save(ctx, h.before)
	if err != nil {
		return nil, fmt.Errorf("nothing was changed: the snapshot cannot be kept: %w", err)
	}
	actor := h.b.Actor
	actor.ARN = h.c.Caller
	first.Command, first.Reason, first.Actor, first.Tool, first.Snapshot = h.b.Command, h.b.Reason, &actor, h.b.Tool, id
	first.Cluster, first.Region, first.Account = h.name, h.c.Region, h.c.Account
	if h.lease.From != nil {
		first.TookOver = h.lease.From.String()
	}
	book := Journal(h.b.Store, h.c, h.name)
	book.Spare = h.b.Spare
	if h.op, err = book.Begin(ctx, h.b.Now, first); err != nil {
		return nil, fmt.Errorf("nothing was changed: the journal cannot be written: %w", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop = stop; h.cause != nil {
		stop(h.cause)
	}
	return h.witnessed(ctx), nil
}

// halt lets nothing more be changed.
func (h *Hold) halt(cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cause != nil {
		return
	}
	if h.cause = cause; h.stop != nil {
		h.stop(cause)
	}
}

// halted is why nothing more may be changed; nil: it may.
func (h *Hold) halted() error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cause
}

// End writes down how it ended.
func (h *Hold) End(ctx context.Context, last journal.Entry) error {
	if h == nil || h.op == nil {
		return nil
	}
	ctx, cancel := unhurried(ctx)
	defer cancel()
	last.Kind = journal.End
	if _, err := h.op.Add(ctx, last); err != nil {
		return fmt.Errorf("the end cannot be written down: %w", err)
	}
	return nil
}

// Close gives the lock back.
func (h *Hold) Close(ctx context.Context) error {
	if h == nil {
		return nil
	}
	ctx, cancel := unhurried(ctx)
	defer cancel()
	err := h.lease.Release(ctx)
	if h.stop != nil {
		h.stop(nil)
	}
	if err != nil {
		return fmt.Errorf("the lock of cluster %s could not be given back, and is held for %.0f minutes more: %w", h.name, lease.Stale.Minutes(), err)
	}
	return nil
}

// unless closes the books of a preparation that failed; its error is what is said.
func (h *Hold) unless(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(err, h.Close(ctx))
}

// begin is a session's first entry: its plan.
func (s *Session) begin() (journal.Entry, error) {
	d, err := s.Plan.Document()
	if err != nil {
		return journal.Entry{}, err
	}
	b, err := json.Marshal(d)
	if err != nil {
		return journal.Entry{}, err
	}
	e := journal.Entry{Plan: fmt.Sprintf("sha256:%x", sha256.Sum256(b))}
	for _, x := range s.Plan.Entries {
		e.Steps = append(e.Steps, journal.Step{ID: x.ID, Action: x.Action, Title: x.Title})
	}
	return e, nil
}

// ended is a session's last entry: what the run came to, and how that was verified.
func ended(o *outcome.Outcome) journal.Entry {
	e := journal.Entry{Result: o.Result, ExitCode: o.Code, Verified: verified(o)}
	for _, f := range o.Failures {
		e.Failures = append(e.Failures, f.Title+": "+f.Reason)
	}
	for _, f := range o.Unknown {
		e.Failures = append(e.Failures, f.Title+": unknown: "+f.Reason)
	}
	return e
}

// verified is what the last look saw, in words.
func verified(o *outcome.Outcome) string {
	v := o.Verdict
	switch {
	case o.Seen != "":
		return o.Seen
	case o.Unseen != "":
		return "not verified: " + o.Unseen
	case v == nil:
		return "not verified"
	case o.Removal && len(v.Left) > 0:
		return fmt.Sprintf("%d things are left, the first %s", len(v.Left), v.Left[0])
	case o.Removal:
		return "nothing is left"
	case v.Uncounted != "":
		return fmt.Sprintf("control plane %s, nodes not counted: %s", v.Status, v.Uncounted)
	}
	s := "control plane " + v.Status + ", " + v.Nodes()
	if len(v.Degraded) > 0 {
		s += fmt.Sprintf(", %d add-ons not ACTIVE", len(v.Degraded))
	}
	return s
}
