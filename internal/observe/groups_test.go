package observe_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/observe"
)

// A group's sizes are what its Auto Scaling group wants, but not while EKS replaces its nodes:
// then that wants some more.
func TestSizesOfAGroupAreThoseBeforeASurge(t *testing.T) {
	for status, want := range map[string]int{"ACTIVE": 5, "DEGRADED": 5, "UPDATING": 3} {
		g := observe.AnyGroup{Managed: &observe.Nodegroup{Status: status, ScalingConfig: &observe.Sizes{MinSize: 1, MaxSize: 6, DesiredSize: 3}},
			Scaling: &observe.ScalingGroup{MinSize: 1, MaxSize: 10, DesiredCapacity: 5}}
		if s := g.Sizes(); s.DesiredSize != want || s.MaxSize != 6 {
			t.Errorf("%s: %+v, want %d", status, s, want)
		}
	}
}
