// Package engine turns a plan. What is decided is an Execution: pure state that is told
// the time and what came back, so that the command line, a test or a controller can
// turn it. Run is the command line's driver: goroutines and a clock. It must not know
// what a step does, nor AWS, nor the terminal.
package engine

import (
	"context"
	"encoding/json"
	"time"
)

// Step starts or polls one action. It never waits: it says what it waits for.
type Step interface {
	Run(ctx context.Context) (Result, error)
}

// Remembering is a step that has something to remember from turn to turn, such as the
// ID of an update, as data: whoever keeps a journal can write it down.
type Remembering interface {
	Memo() json.RawMessage
}

// State is what a step's turn came to.
type State int

const (
	// Done: the action is complete.
	Done State = iota
	// Wait: look again later.
	Wait
	// Blocked: somebody outside must act; look again later, and say so.
	Blocked
)

// Result is what one turn of a step came to. A step that returns an error may return
// one beside it, for what it changed before.
type Result struct {
	State State
	// Reason is what is being waited for, or what was done; of a blocked step, what
	// the person in front of it is asked to do.
	Reason string
	// Ready and Want count nodes, where the step waits for them.
	Ready, Want int
	// Next overrides when to look again; 0: the engine decides.
	Next time.Duration
	// Changed: this turn changed something.
	Changed bool
}

// Finished is a complete step.
func Finished(reason string) (Result, error) { return Result{State: Done, Reason: reason}, nil }

// Waiting is a step to look at again.
func Waiting(reason string) (Result, error) { return Result{State: Wait, Reason: reason}, nil }

// Started is a step whose action has just begun.
func Started(reason string) (Result, error) {
	return Result{State: Wait, Reason: reason, Changed: true}, nil
}

// Task is a step with what the engine and its readers need to know of it.
type Task struct {
	ID      string
	Title   string
	Kind    string // stack, addon, nodegroup, …
	Service string // whose request budget its first turn uses
	Typical time.Duration
	Timeout time.Duration
	Step    Step
}
