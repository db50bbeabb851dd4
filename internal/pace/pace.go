// Package pace is the one layer that calls to AWS and to Kubernetes API servers go
// through: how fast they may go (a token bucket for each service, or cluster), what
// an error means (a class, with a reason), and what is asked again. It sits in the
// SDK's middleware and in client-go's transport, so that nothing goes round it. It
// must not know what a call is for, nor who turns a run.
package pace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
)

// Class says what an error means for whoever met it.
type Class int

const (
	// Terminal: asking again changes nothing.
	Terminal Class = iota
	// Retry: something stumbled; the same may succeed in a moment.
	Retry
	// Throttled: as Retry, and everybody slows down.
	Throttled
	// Wait: another change is under way, and this one comes after it.
	Wait
	// Blocked: a person must act; it goes on once they have.
	Blocked
	// Already: what was asked for is so already.
	Already
)

var classes = [...]string{"terminal", "retry", "throttled", "wait", "blocked", "already"}

func (c Class) String() string { return classes[c] }

// Verdict is what an error means, and why.
type Verdict struct {
	Class  Class
	Reason string        // for a person; "" where the error says it all
	After  time.Duration // the service wants to be left alone that long; 0: it did not say
	// Unreachable: nothing was sent, for there was no connection.
	Unreachable bool
}

// Error is an error whose class is known where it arises, so that nobody needs to
// find it out from its words.
type Error struct {
	Class  Class
	Reason string
	Err    error // nil: the reason says it all
}

func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Reason
	case e.Reason == "":
		return e.Err.Error()
	}
	return e.Reason + ": " + e.Err.Error()
}

// Unwrap is the error underneath.
func (e *Error) Unwrap() error { return e.Err }

// Fail is a terminal error in words: what happened, and what to do.
func Fail(format string, a ...any) error {
	e := fmt.Errorf(format, a...)
	return &Error{Class: Terminal, Err: e}
}

const (
	// callTime is how long, on the wall clock, one try of one call may take.
	callTime = 30 * time.Second
	// patience is how long, on the injected clock, a read outside of a turn is asked again.
	patience = 4 * time.Minute
	// atOnce is how often a read within a turn is asked again at once: a turn never
	// waits, and each call must have its own second chance, or a turn of many calls
	// would hardly ever come through a region that refuses some of them.
	atOnce = 3
)

// Pacer paces the calls to one account in one region.
type Pacer struct {
	*Limiter
	Clock clock.Clock
}

// New paces calls on a clock.
func New(c clock.Clock) *Pacer { return &Pacer{Limiter: NewLimiter(), Clock: c} }

// call is one call as the pacer knows it.
type call struct {
	bucket string // eks, kubernetes/HOST
	name   string // eks:CreateAddon, GET /api/v1/nodes
	reads  bool   // changes nothing: it may be asked again
	input  any    // what is asked for, as a Witness is told
}

// do makes a call: within a turn at once and on credit, outside of one when there is
// room, and for as long as patience lasts.
func (p *Pacer) do(ctx context.Context, c call, try func(context.Context) error) error {
	return witnessed(ctx, c, func(ctx context.Context) error { return p.send(ctx, c, try) })
}

func (p *Pacer) send(ctx context.Context, c call, try func(context.Context) error) error {
	if t := turnOf(ctx); t != nil {
		return p.within(ctx, t, c, try)
	}
	begin, pause := p.Clock.Now(), time.Second
	for {
		if err := p.enter(ctx, c.bucket); err != nil {
			return err
		}
		v, err := p.once(ctx, c, try)
		again := err != nil && c.reads && (v.Class == Retry || v.Class == Throttled || v.Class == Wait)
		if !again || ctx.Err() != nil || v.Unreachable && !p.known(c.bucket) || p.Clock.Now()-begin >= patience {
			return err
		}
		if over := p.Clock.Sleep(ctx, max(pause, v.After)); over != nil {
			return fmt.Errorf("%w, while this was asked again: %w", over, err)
		}
		pause = min(2*pause, time.Minute)
	}
}

// enter waits until a bucket has room, and takes from it.
func (p *Pacer) enter(ctx context.Context, bucket string) error {
	for {
		wait := p.take(bucket, p.Clock.Now())
		if wait <= 0 {
			return nil
		}
		if err := p.Clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// within makes a call inside a turn, which never waits. What may have taken effect is
// not asked again: the next turn looks first.
func (p *Pacer) within(ctx context.Context, t *Turn, c call, try func(context.Context) error) error {
	for n := 0; ; n++ {
		p.spend(c.bucket, p.Clock.Now())
		end := t.begin(c)
		v, err := p.once(ctx, c, try)
		end(v, err)
		if err == nil || !c.reads || v.Class != Retry || v.Unreachable || n == atOnce || ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
}

// once makes one try, within its time, and tells the limiter how it went.
func (p *Pacer) once(ctx context.Context, c call, try func(context.Context) error) (Verdict, error) {
	limited, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := try(limited)
	v := Classify(err)
	switch {
	case err == nil || !v.Unreachable && v.Class != Throttled:
		p.answered(c.bucket)
	case v.Class == Throttled:
		p.Throttle(c.bucket, p.Clock.Now(), v.After)
	}
	return v, err
}
