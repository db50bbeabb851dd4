package run_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A launch that takes the cluster to another version, and is killed anywhere, goes on with the
// same file: the control plane may have the version already, and the nodes not.
func TestUpToAnotherVersionKilledAnywhereAndRunAgain(t *testing.T) {
	killedAnywhere(t, 10, again(t, withBudget(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 2}]\n")), func(p *process) (*outcome.Outcome, error) {
		return p.up(at135(testregion.Cluster + "managedNodeGroups: [{name: w, desiredCapacity: 2}]\n"))
	}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) { isAt(t, r, "1.35") })
}
