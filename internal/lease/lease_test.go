package lease_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/lease"
	"github.com/slipway-eks/slipway/internal/store"
)

const key = "clusters/1/us-west-2/test/lock.json"

// hand is a clock that a test moves: whoever sleeps says so, and wakes when it is time.
type hand struct {
	mu     sync.Mutex
	now    time.Duration
	asleep chan time.Duration
	wake   chan struct{}
}

func newHand() *hand { return &hand{asleep: make(chan time.Duration), wake: make(chan struct{})} }

func (h *hand) Now() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) date() time.Time { return time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC).Add(h.Now()) }

func (h *hand) move(d time.Duration) {
	h.mu.Lock()
	h.now += d
	h.mu.Unlock()
}

func (h *hand) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case h.asleep <- d:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-h.wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pass lets the sleeper sleep as long as it wants, and says how long that was.
func (h *hand) pass() time.Duration {
	d := <-h.asleep
	h.move(d)
	h.wake <- struct{}{}
	return d
}

func locker(s store.Store, h *hand) *lease.Locker {
	return &lease.Locker{Store: s, Now: h.date, Clock: h, Machine: "here", Alive: func(pid int) bool { return pid == 1 }}
}

func take(t *testing.T, l *lease.Locker, command string) *lease.Lease {
	t.Helper()
	x, err := l.Take(t.Context(), key, lease.Holder{Command: command, Who: "ann@laptop", PID: 1})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestTheSecondIsToldWhoTheFirstIs(t *testing.T) {
	h := newHand()
	l := locker(store.NewMemory(), h)
	first := take(t, l, "up")
	h.move(90 * time.Second)
	_, err := l.Take(t.Context(), key, lease.Holder{Command: "down"})
	var held *lease.Held
	if !errors.As(err, &held) || held.Holder.Who != "ann@laptop" || held.Age != 90*time.Second ||
		err.Error() != "slipway up of ann@laptop has held it since 2026-11-29T12:00:00Z (1m30s), and last said so 1m30s ago" {
		t.Errorf("got %v", err)
	}
	if err := first.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	take(t, l, "down")
}

func TestAStaleOneIsTakenOver(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		pid   int
		here  string
		over  bool
	}{
		"in time":                      {lease.Stale, 1, "here", false},
		"too late":                     {lease.Stale + 1, 1, "here", true},
		"a process that is no more":    {time.Second, 2, "here", true},
		"a process of another machine": {time.Second, 2, "there", false},
	} {
		h := newHand()
		s := store.NewMemory()
		there := locker(s, h)
		there.Machine = c.here
		if _, err := there.Take(t.Context(), key, lease.Holder{Command: "up", Who: "bob@desk", PID: c.pid}); err != nil {
			t.Fatal(err)
		}
		h.move(c.after)
		x, err := locker(s, h).Take(t.Context(), key, lease.Holder{Command: "down"})
		if c.over != (err == nil) || c.over && (x.From == nil || x.From.Who != "bob@desk") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestALeaseThatIsRefreshedStays(t *testing.T) {
	h := newHand()
	l := locker(store.NewMemory(), h)
	x := take(t, l, "up")
	x.Keep(t.Context(), func(err error) { t.Errorf("lost: %v", err) })
	for range 20 {
		if d := h.pass(); d != lease.Every {
			t.Fatalf("refreshed after %s", d)
		}
	}
	<-h.asleep // it has refreshed for the last time
	var held *lease.Held
	if _, err := l.Take(t.Context(), key, lease.Holder{}); !errors.As(err, &held) || held.Idle != 0 {
		t.Errorf("got %v", err)
	}
	if err := x.Release(t.Context()); err != nil {
		t.Error(err)
	}
	take(t, l, "down")
}

// gone is a store that nobody reaches any more.
type gone struct{ store.Store }

func (gone) Replace(context.Context, string, []byte, string) (string, error) {
	return "", errors.New("no route to host")
}

// Whoever cannot refresh a lease is stopped while it is still theirs.
func TestALeaseThatCannotBeRefreshedStopsItsHolder(t *testing.T) {
	h := newHand()
	s := store.NewMemory()
	x := take(t, locker(gone{s}, h), "up")
	lost := make(chan error, 1)
	x.Keep(t.Context(), func(err error) { lost <- err })
	for stopped := false; !stopped; {
		select {
		case err := <-lost:
			if !strings.Contains(err.Error(), "no route to host") {
				t.Errorf("got %v", err)
			}
			stopped = true
		case d := <-h.asleep:
			if h.Now() >= lease.Limit {
				t.Fatalf("after %s it goes on", h.Now())
			}
			h.move(d)
			h.wake <- struct{}{}
		}
	}
	if h.Now() < lease.Limit || h.Now() >= lease.Stale {
		t.Errorf("stopped after %s", h.Now())
	}
	if err := x.Check(t.Context()); err == nil {
		t.Error("something may still be changed")
	}
}

func TestALeaseThatSomebodyElseHasStopsItsHolderAtOnce(t *testing.T) {
	h := newHand()
	s := store.NewMemory()
	l := locker(s, h)
	x := take(t, l, "up")
	lost := make(chan error, 1)
	x.Keep(t.Context(), func(err error) { lost <- err })
	_, tag, err := l.Read(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Break(t.Context(), key, tag); err != nil {
		t.Fatal(err)
	}
	other := take(t, l, "down")
	h.pass()
	if err := <-lost; !strings.Contains(err.Error(), "slipway down of ann@laptop took it over") {
		t.Errorf("got %v", err)
	}
	if err := x.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if err := other.Check(t.Context()); err != nil {
		t.Errorf("the other's lease went with it: %v", err)
	}
}

// A machine that slept refreshes before it changes anything, if the lease is still its.
func TestAMachineThatSleptLooksBeforeItGoesOn(t *testing.T) {
	h := newHand()
	l := locker(store.NewMemory(), h)
	x := take(t, l, "up")
	h.move(3 * lease.Stale)
	if err := x.Check(t.Context()); err != nil {
		t.Errorf("nobody took it: %v", err)
	}
	h.move(3 * lease.Stale)
	take(t, l, "down")
	if err := x.Check(t.Context()); err == nil {
		t.Error("another has it, and it goes on")
	}
}

func TestALockThatCannotBeReadIsSaid(t *testing.T) {
	s := store.NewMemory()
	if _, err := s.Put(t.Context(), key, []byte(`{"id": "x`)); err != nil {
		t.Fatal(err)
	}
	if _, err := locker(s, newHand()).Take(t.Context(), key, lease.Holder{}); !errors.Is(err, lease.ErrUnreadable) {
		t.Errorf("got %v", err)
	}
}

func TestAProcessIsAliveUntilItHasEnded(t *testing.T) {
	if !lease.Alive(os.Getpid()) || lease.Here() == "" {
		t.Error("this process is here")
	}
	c := exec.Command(os.Args[0], "-test.run=^$")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	if lease.Alive(c.Process.Pid) {
		t.Error("a process that has ended is not")
	}
}
