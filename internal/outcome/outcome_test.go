package outcome_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/outcome"
)

func TestWhatExitCodeAnErrorMeans(t *testing.T) {
	input := finding.Findings{{What: "a typo", Input: true}}
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("x"), 1},
		{fmt.Errorf("planning: %w", input), 4},
		{finding.Findings{{What: "a typo", Input: true}, {What: "no permission"}}, 1},
		{&graph.CycleError{}, 4},
		{fmt.Errorf("reading: %w", context.Canceled), 130},
		{finding.Findings{{What: "AWS cannot be reached", Cause: context.Canceled}}, 130},
		{outcome.Exit(3, input), 3},
	} {
		if got := outcome.Code(c.err); got != c.want {
			t.Errorf("%v: %d, expected %d", c.err, got, c.want)
		}
	}
}

// The names and the order of the summary are a contract.
func TestTheSummaryEvent(t *testing.T) {
	o := outcome.Outcome{
		Cluster: "c", Result: outcome.Partial, Code: 3, Elapsed: 90 * time.Second, Critical: time.Minute, Calls: 7,
		Steps:    outcome.Steps{Done: 2, Failed: 1, Skipped: 3},
		Failures: []outcome.Failure{{Step: "addon/x", Title: "add-on x", Reason: "no"}},
		Verdict:  &outcome.Verdict{NodesReady: 4},
	}
	b, err := json.Marshal(o.Summary())
	want := `{"type":"summary","result":"partial","cluster":"c","steps":{"done":2,"failed":1,"skipped":3},"nodesReady":4,"elapsed":90,` +
		`"criticalPath":60,"apiCalls":7,"exitCode":3,` +
		`"findings":[{"code":"step-failed","severity":"error","where":{"resource":"addon/x"},"what":"no"}]}`
	if err != nil || string(b) != want {
		t.Errorf("%s\n%s %v", b, want, err)
	}
	o.Verdict, o.Unseen = nil, "throttled"
	if s := o.Summary(); s.NodesReady != 0 || s.Uncounted != "throttled" {
		t.Errorf("nodes that nobody saw are counted: %+v", s)
	}
}

func TestTheSummaryOfWhatNeverRan(t *testing.T) {
	if s := outcome.Of("c", 4, finding.Findings{{Code: "typo", What: "w"}}); s.Result != "failed" || s.ExitCode != 4 || s.Findings[0].Code != "typo" {
		t.Errorf("%+v", s)
	}
	if s := outcome.Of("c", 2, outcome.Exit(2, nil)); s.Result != "done" || s.Findings != nil {
		t.Errorf("changes found are a failure: %+v", s)
	}
}
