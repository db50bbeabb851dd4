package outcome

import (
	"context"
	"errors"

	"github.com/slipway-eks/slipway/internal/finding"
)

// Exit codes are a contract (DESIGN.md, "The command line is a contract").
const (
	ExitDone        = 0
	ExitFailed      = 1 // before anything changed
	ExitChanges     = 2 // changes found, with --exit-code
	ExitPartial     = 3 // a timeout or failure after some change
	ExitInput       = 4
	ExitLocked      = 11 // somebody else is changing the cluster
	ExitInterrupted = 130
)

// Error carries an exit code; its message may be empty: all was said.
type Error struct {
	Code int
	Err  error
}

// Error is the message, "" where all was said.
func (e *Error) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap is the error behind the code.
func (e *Error) Unwrap() error { return e.Err }

// Exit gives an error its exit code.
func Exit(code int, err error) error { return &Error{code, err} }

// inputs are errors that know whether the input alone is at fault.
type inputs interface {
	error
	Input() bool
}

// locks are errors that know whether it is another's lock that stands in the way.
type locks interface {
	error
	Locked() bool
}

// Code is the exit code that an error means.
func Code(err error) int {
	var coded *Error
	var input inputs
	var lock locks
	fs, found := finding.Of(err)
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &coded):
		return coded.Code
	case errors.As(err, &lock) && lock.Locked():
		return ExitLocked
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case found && fs.Input(), errors.As(err, &input) && input.Input():
		return ExitInput
	}
	return ExitFailed
}
