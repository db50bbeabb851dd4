package outcome_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/outcome"
)

func TestProgressSaysWhatIsDoneAndLeft(t *testing.T) {
	p := &outcome.Progress{Round: "1.34, 1 of 2", Steps: []outcome.StepNow{
		{Title: "a", State: outcome.Ran}, {Title: "b", State: outcome.Ran}, {Title: "c", State: outcome.Running, Why: "for rain"},
		{Title: "d", State: outcome.Blocked, Why: "raise the quota"}, {Title: "e", State: outcome.Left},
	}}
	want := "round 1.34, 1 of 2: 2 of 5 steps are done, the last: b\nat c: for rain\nwaits for you: d: raise the quota\nleft: e"
	if got := strings.Join(p.Words(), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for range 6 {
		p.Steps = append(p.Steps, outcome.StepNow{Title: "f", State: outcome.Left})
	}
	if w := p.Words(); len(w) != 9 || w[8] != "left: 2 steps more" {
		t.Errorf("of many: %q", w)
	}
}
