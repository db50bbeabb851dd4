package cmdutil

import (
	"context"
	"encoding/json"
	"errors"
	"syscall"

	"github.com/slipway-eks/slipway/internal/outcome"
)

// End says how a command ended, on every way of ending, and returns its exit code.
//
// A stream of events ends with the summary, and -o json is one document: where the
// command failed before it wrote its own, the summary is the document. Output that
// could not be written fails a command that only shows something. It never changes the
// code of a run: that says what has become of the cluster, and the summary that was
// lost goes to standard error.
//
// A simulated region that outlasts the command is saved first; where it cannot be, the
// command has failed at that, unless it failed at something else.
func (a *App) End(err error, interrupted bool) int {
	if lost := a.save(); lost != nil {
		a.Say("%s %v", a.Style.Red("error:"), lost)
		if err == nil {
			err = outcome.Exit(outcome.ExitFailed, nil)
		}
	}
	code := outcome.Code(err)
	if coded := new(outcome.Error); interrupted && !errors.As(err, &coded) && err != nil {
		code = outcome.ExitInterrupted
	}
	sum := outcome.Of(a.Cluster, code, err)
	if a.Ended != nil {
		sum = a.Ended.Summary()
		sum.ExitCode = code
		sum.Findings = append(sum.Findings, outcome.Findings(err)...)
	}
	switch {
	case err == nil || err.Error() == "" || gone(err):
	case errors.Is(err, context.Canceled):
		a.Say("%s", a.Style.Yellow("interrupted"))
	default:
		a.Say("%s %v", a.Style.Red("error:"), err)
	}
	switch {
	case a.Format == "jsonl":
		a.Line(sum)
	case a.Format == "json" && !a.Out.Wrote && code != outcome.ExitDone && code != outcome.ExitChanges:
		_ = a.JSON(sum) // remembered by Out
	}
	if a.Out.Failed == nil {
		return code
	}
	if a.Ended == nil {
		if !gone(a.Out.Failed) && !errors.Is(err, a.Out.Failed) {
			a.Say("%s standard output cannot be written: %v", a.Style.Red("error:"), a.Out.Failed)
		}
		return max(code, outcome.ExitFailed)
	}
	a.Say("%s standard output could not be written to its end (%v); the exit code is the run's", a.Style.Yellow("note:"), a.Out.Failed)
	if a.Format == "jsonl" {
		if b, err := json.Marshal(sum); err == nil {
			a.Say("%s", b)
		}
	}
	return code
}

// gone tells whether an error is that the reader went away, which needs no words.
func gone(err error) bool { return errors.Is(err, syscall.EPIPE) }
