package run_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A plan that a person reads says of each group that is replaced which one takes its place, and
// has its stages, whichever command makes it.
func TestAReplacementIsPrintedWithItsStages(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	for name, s := range map[string]*run.Session{
		"nodegroup upgrade": replacement(t, r, run.Replacement{Groups: []string{"w", "s"}}),
		"up --replace":      within(t, r, larger, run.Wish{Replace: []string{run.All}}),
		"upgrade":           upgrade(t, r, run.Upgrade{To: "1.35", Strategy: run.StrategyBlueGreen}),
	} {
		b := new(bytes.Buffer)
		render.PlanText(b, asDocument(t, s.Plan), render.Style{})
		for _, group := range []string{"w", "s"} {
			for _, want := range []string{
				"\nnote: -/+ node group " + group + " is replaced by " + group + "-b2.\n",
				"DaemonSets ready on " + group + "-b2, and a pod with an address in each zone",
				"the nodes of " + group + " take no more pods",
				"the nodes of " + group + " empty, also those that have come since",
				"- node group " + group + ", with its stack eksctl-test-nodegroup-" + group,
			} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%s: it prints\n%s\nexpected %q", name, b, want)
				}
			}
		}
	}
}
