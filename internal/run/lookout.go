package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/lease"
	"github.com/slipway-eks/slipway/internal/outcome"
)

// Lookout looks at a cluster, time and again if its caller wants, and at who is at work on it,
// which the lock in the store says.
type Lookout struct {
	AWS    *awsc.Clients
	Name   string
	State  *State           // of Terraform; nil: none was given
	Locker *lease.Locker    // nil: no store could be opened, and nobody is known to be at work
	Date   func() time.Time // the region's

	operation int // which was under way at the last look; 0: none
}

// Look is one look. The lock is read first: who gives it back between the two is at work for
// one look more, so that the last shows what was left.
func (l *Lookout) Look(ctx context.Context) (*outcome.Status, error) {
	h, held := l.holder(ctx)
	st, err := Look(ctx, l.AWS, l.Name, l.State)
	if err != nil {
		return nil, err
	}
	st.Clock(l.Date())
	switch {
	case !held:
		st.Ended = l.ended(ctx)
	case l.Locker.Over(h):
		st.Ended = fmt.Sprintf("%s ended without a word, after %s; the same command goes on", h, h.Refreshed.UTC().Format(minute))
	default:
		st.Settled = false
		st.Holder = fmt.Sprintf("%s, since %s", h, h.Since.UTC().Format(minute))
	}
	if held && len(h.Doing) > 0 {
		var p outcome.Progress
		if json.Unmarshal(h.Doing, &p) == nil { // another version's may say it otherwise
			st.Progress, l.operation = &p, p.Operation
		}
	}
	return st, nil
}

// minute is how a status tells times.
const minute = "2006-01-02 15:04 MST"

// holder is who holds the cluster's lock, if anybody does.
func (l *Lookout) holder(ctx context.Context) (h lease.Holder, held bool) {
	if l.Locker == nil {
		return h, false
	}
	h, _, err := l.Locker.Read(ctx, LockKey(l.AWS, l.Name))
	if errors.Is(err, lease.ErrUnreadable) { // nobody else can begin either
		return lease.Holder{Command: "?", Who: "somebody whose lock cannot be read (slipway unlock " + l.Name + ")", Refreshed: l.Locker.Now()}, true
	}
	return h, err == nil
}

// ended is how what was under way at the look before ended, in words; "": nothing was.
func (l *Lookout) ended(ctx context.Context) string {
	if l.operation == 0 {
		return ""
	}
	a, err := Journal(l.Locker.Store, l.AWS, l.Name).Show(ctx, l.operation)
	l.operation = 0
	if err != nil {
		return ""
	}
	words := []string{fmt.Sprintf("slipway %s of %s: %s", a.Command, a.Actor.Who, a.Result)}
	if a.Verified != "" {
		words = append(words, a.Verified)
	}
	words = append(words, a.Failures...)
	if a.ExitCode != outcome.ExitDone {
		words = append(words, "once what stopped it is mended, the same command goes on")
	}
	return strings.Join(words, "; ")
}
