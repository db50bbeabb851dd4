package cli

import (
	"bytes"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/outcome"
)

// full is an output that takes nothing.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func TestAPanicEndsTheStreamWithItsSummary(t *testing.T) {
	var out, said bytes.Buffer
	a := cmdutil.New(nil, &out, &said)
	a.Format, a.Cluster = "jsonl", "c"
	err := func() (err error) {
		defer caught(&err)
		panic("the sky fell")
	}()
	if code := a.End(err, false); code != outcome.ExitFailed {
		t.Errorf("exit code %d", code)
	}
	if s := out.String(); !strings.HasPrefix(s, `{"type":"summary","result":"failed","cluster":"c",`) || !strings.Contains(s, "the sky fell") {
		t.Error(s)
	}
}

// A run's exit code says what has become of the cluster, whoever reads of it or not.
func TestLostOutputChangesNoRun(t *testing.T) {
	for _, lost := range []error{syscall.EPIPE, syscall.ENOSPC} {
		var said bytes.Buffer
		a := cmdutil.New(nil, full{lost}, &said)
		a.Format = "jsonl"
		a.Ended = &outcome.Outcome{Cluster: "c", Result: outcome.Done}
		a.Line("an event")
		if code := a.End(nil, false); code != outcome.ExitDone {
			t.Errorf("%v: exit code %d", lost, code)
		}
		if s := said.String(); !strings.Contains(s, `{"type":"summary","result":"done","cluster":"c"`) {
			t.Errorf("%v: the summary is lost: %s", lost, s)
		}
		a.Ended, a.Format = nil, "text"
		if code := a.End(nil, false); code != outcome.ExitFailed {
			t.Errorf("%v: a command that only shows something: exit code %d", lost, code)
		}
	}
}

func TestInterruptedBeforeARun(t *testing.T) {
	var said bytes.Buffer
	a := cmdutil.New(nil, &said, &said)
	if code := a.End(errors.New("the request was cut"), true); code != outcome.ExitInterrupted {
		t.Errorf("exit code %d", code)
	}
}
