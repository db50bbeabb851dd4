// Package lease is the lock on a cluster: an object of a store that its holder
// refreshes, and that others may take over once it is stale, as restic's locks are. A
// holder that cannot refresh it is told to stop before others may. It must not know what
// is locked, nor what its holder does.
package lease

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/store"
)

// How long a lease lasts, as restic's (internal/repository/lock.go): the holder stops so
// early that its last call is over before anybody else begins.
const (
	Every = 5 * time.Minute         // it is refreshed
	Stale = 30 * time.Minute        // without being refreshed, anybody may take it over
	Limit = Stale - Every - Every/2 // without having refreshed it, the holder stops
	again = 30 * time.Second        // before a refresh that failed is tried again
)

// Holder is who holds a lease, as the object says.
type Holder struct {
	ID        string    `json:"id"` // of this hold
	Command   string    `json:"command"`
	Who       string    `json:"who"`           // user@host
	ARN       string    `json:"arn,omitempty"` // of the caller, as STS says
	CI        string    `json:"ci,omitempty"`  // URL of the CI run
	Tool      string    `json:"tool,omitempty"`
	Machine   string    `json:"machine,omitempty"` // within which a process ID means something
	PID       int       `json:"pid,omitempty"`
	Since     time.Time `json:"since"`
	Refreshed time.Time `json:"refreshed"`
	// Doing is how far the holder is, in its own words; nil: it has not said.
	Doing json.RawMessage `json:"doing,omitempty"`
}

// String is who it is, in words.
func (h Holder) String() string {
	s := fmt.Sprintf("slipway %s of %s", h.Command, h.Who)
	if h.ARN != "" {
		s += " (" + h.ARN + ")"
	}
	if h.CI != "" {
		s += ", " + h.CI
	}
	return s
}

// Held is that somebody else holds the lease.
type Held struct {
	Holder Holder
	Age    time.Duration // since it was taken
	Idle   time.Duration // since it was refreshed
}

// Error says who holds it, and since when.
func (h *Held) Error() string {
	return fmt.Sprintf("%s has held it since %s (%s), and last said so %s ago",
		h.Holder, h.Holder.Since.UTC().Format(time.RFC3339), h.Age.Round(time.Second), h.Idle.Round(time.Second))
}

// Locked marks the error for the exit code.
func (h *Held) Locked() bool { return true }

// ErrUnreadable is a lock that says nothing that can be understood.
var ErrUnreadable = errors.New("the lock cannot be read")

// Locker takes leases. Its times are of the machine, never of a simulated region: it is
// processes that hold leases.
type Locker struct {
	Store store.Store
	Now   func() time.Time
	Clock clock.Clock // what waits between refreshes are made of
	// Alive tells whether a process of this machine is there; nil: nobody knows.
	Alive   func(pid int) bool
	Machine string
}

// Lease is a lease that is held.
type Lease struct {
	l      *Locker
	key    string
	From   *Holder    // whose stale lease was taken over; nil: nobody's
	turn   sync.Mutex // of whoever writes the object
	mu     sync.Mutex
	holder Holder // under mu, as tag and fresh
	tag    string
	fresh  time.Time
	end    context.CancelFunc
	ended  chan struct{}
}

// Take takes a lease, over from a holder who is stale or dead. The error is Held where
// somebody else has it.
func (l *Locker) Take(ctx context.Context, key string, h Holder) (*Lease, error) {
	h.ID, h.Since, h.Machine = rand.Text(), l.Now().UTC(), l.Machine
	h.Refreshed = h.Since
	x := &Lease{l: l, key: key, holder: h, fresh: h.Since}
	for range 5 { // others come and go meanwhile
		tag, err := l.Store.Put(ctx, key, encode(h))
		if err == nil {
			x.tag = tag
			return x, nil
		}
		if !errors.Is(err, store.ErrExists) {
			return nil, err
		}
		other, have, err := l.Read(ctx, key)
		if errors.Is(err, store.ErrAbsent) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !l.Over(other) {
			now := l.Now()
			return nil, &Held{other, now.Sub(other.Since), now.Sub(other.Refreshed)}
		}
		tag, err = l.Store.Replace(ctx, key, encode(h), have)
		if err == nil {
			x.tag, x.From = tag, &other
			return x, nil
		}
		if !errors.Is(err, store.ErrMoved) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("the lock %s changes hands too fast: try again", key)
}

// Read reads who holds a lease, and its tag; store.ErrAbsent where nobody does.
func (l *Locker) Read(ctx context.Context, key string) (h Holder, tag string, err error) {
	b, tag, err := l.Store.Get(ctx, key)
	if err != nil {
		return h, "", err
	}
	if err := json.Unmarshal(b, &h); err != nil || h.ID == "" {
		return h, tag, ErrUnreadable
	}
	return h, tag, nil
}

// Break takes a lease away from whoever holds it.
func (l *Locker) Break(ctx context.Context, key, tag string) error {
	return l.Store.Delete(ctx, key, tag)
}

// Over tells whether a holder has been silent for too long, or was a process of this
// machine that is no more.
func (l *Locker) Over(h Holder) bool {
	if l.Now().Sub(h.Refreshed) > Stale {
		return true
	}
	return h.Machine != "" && h.Machine == l.Machine && l.Alive != nil && !l.Alive(h.PID)
}

func encode(h Holder) []byte {
	b, err := json.MarshalIndent(h, "", "  ")
	if err != nil { // a struct of texts and times
		panic(err)
	}
	return append(b, '\n')
}

// Keep refreshes the lease until it is given back. lost is called, once, when it cannot
// be refreshed any more.
func (x *Lease) Keep(ctx context.Context, lost func(error)) {
	ctx, x.end = context.WithCancel(context.WithoutCancel(ctx))
	x.ended = make(chan struct{})
	go func() {
		defer close(x.ended)
		wait := Every
		for x.l.Clock.Sleep(ctx, wait) == nil {
			err := x.refresh(ctx)
			wait = Every
			switch {
			case ctx.Err() != nil:
				return
			case err != nil && (errors.Is(err, errGone) || x.idle() >= Limit):
				lost(err)
				return
			case err != nil:
				wait = again
			}
		}
	}()
}

// errGone is that somebody else has the lease now, or broke it.
var errGone = errors.New("the lock is no longer ours")

// idle is how long ago it was refreshed. A refresh that is under way does not hold the
// answer up.
func (x *Lease) idle() time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.l.Now().Sub(x.fresh)
}

func (x *Lease) state() (Holder, string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.holder, x.tag
}

func (x *Lease) refresh(ctx context.Context) error { return x.Say(ctx, nil) }

// Say refreshes the lease, and tells those who read it how far its holder is; nil: as it said
// last.
func (x *Lease) Say(ctx context.Context, doing json.RawMessage) error {
	x.turn.Lock()
	defer x.turn.Unlock()
	h, have := x.state()
	h.Refreshed = x.l.Now().UTC()
	if doing != nil {
		h.Doing = doing
	}
	tag, err := x.l.Store.Replace(ctx, x.key, encode(h), have)
	switch {
	case errors.Is(err, store.ErrMoved):
		if other, _, e := x.l.Read(ctx, x.key); e == nil {
			return fmt.Errorf("%w: %s took it over at %s", errGone, other, other.Since.UTC().Format(time.RFC3339))
		}
		return fmt.Errorf("%w: somebody unlocked it", errGone)
	case err != nil:
		return fmt.Errorf("the lock cannot be refreshed: %w", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.holder, x.tag, x.fresh = h, tag, h.Refreshed
	return nil
}

// Check tells, before something is changed, whether the lease is still held: a machine
// that slept has not refreshed it.
func (x *Lease) Check(ctx context.Context) error {
	if x.idle() < Limit {
		return nil
	}
	return x.refresh(ctx)
}

// Release gives the lease back, unless another has it by now.
func (x *Lease) Release(ctx context.Context) error {
	if x.end != nil {
		x.end()
		<-x.ended
	}
	x.turn.Lock()
	defer x.turn.Unlock()
	_, tag := x.state()
	err := x.l.Store.Delete(ctx, x.key, tag)
	if errors.Is(err, store.ErrMoved) || errors.Is(err, store.ErrAbsent) {
		return nil
	}
	return err
}
