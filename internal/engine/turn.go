package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/pace"
)

// turnTime is how long one turn may take, on the wall clock: it makes a few calls, and
// each has its own limit. A turn that hangs longer is over, and the step has another.
const turnTime = 2 * time.Minute

// Outcome is what a step's turn came to, for Execution.Take.
type Outcome struct {
	ID      string
	Result  Result
	Err     error
	Changed bool            // a call of the turn took effect, or may have
	Buckets []string        // the request budgets that it used
	Memo    json.RawMessage // what the step remembers; nil: nothing
}

// air is a turn that has been started.
type air struct {
	task   *Task
	calls  *pace.Turn
	cancel context.CancelFunc
	ctx    context.Context
}

// newTurn marks a context as a turn's. It does not end with ctx, for what a call in
// flight did must be known, but in time.
func newTurn(ctx context.Context, t *Task) *air {
	ctx, calls := pace.Begin(context.WithoutCancel(ctx), t.ID)
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	return &air{t, calls, cancel, ctx}
}

func (a *air) run() Outcome {
	defer a.cancel()
	res, err := a.task.Step.Run(a.ctx)
	o := Outcome{ID: a.task.ID, Result: res, Err: err, Changed: res.Changed || a.calls.Changed(), Buckets: a.calls.Buckets()}
	if r, ok := a.task.Step.(Remembering); ok {
		o.Memo = r.Memo()
	}
	return o
}

// Turn gives a step one turn: what a controller calls between Execution.Start and
// Execution.Take.
func Turn(ctx context.Context, t *Task) Outcome { return newTurn(ctx, t).run() }

// unanswered says what of a turn is in the air.
func (a *air) unanswered() string {
	names, changes := a.calls.Unanswered()
	switch {
	case len(names) == 0:
		return "its turn had not come to an end"
	case changes:
		return fmt.Sprintf("%s was not answered: it may have taken effect", names[0])
	}
	return fmt.Sprintf("%s was not answered; it changes nothing", names[0])
}
