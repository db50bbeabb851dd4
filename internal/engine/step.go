// Package engine turns a plan: one loop over a queue of due steps that decides what
// starts, polls adaptively, retries what AWS says may be retried, keeps to a request
// budget, stops only what depends on a failure, and tells all of it as events. It
// must not know what a step does, nor AWS, nor the terminal.
package engine

import (
	"context"
	"time"
)

// Step starts or polls one action. It never waits: it says what it waits for.
type Step interface {
	Run(ctx context.Context) (Result, error)
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

// Result is what one turn of a step came to.
type Result struct {
	State  State
	Reason string // what is being waited for, or what was done
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
	Service string // whose request budget its turns use
	Typical time.Duration
	Timeout time.Duration
	Step    Step
}

// Policy says what an error means for the step that met it.
type Policy int

const (
	// Fail: the step has failed.
	Fail Policy = iota
	// Retry: the same turn again, after a backoff.
	Retry
	// Throttled: as Retry, and the whole service slows down.
	Throttled
)
