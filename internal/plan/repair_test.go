package plan

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/observe"
)

// A group is made again for what that cures; where EKS only lacks capacity, a quota, addresses
// or the way to the control plane, its nodes live, and a person reads what to do instead.
func TestWhatAGroupIsMadeAgainFor(t *testing.T) {
	for _, c := range []struct {
		status, code string
		again        bool
		instead      string
	}{
		{"ACTIVE", "", false, "nothing to repair"},
		{"ACTIVE", "AsgInstanceLaunchFailures", false, "replace it by one without that zone"},
		{"ACTIVE", "InstanceLimitExceeded", false, "L-1216C47A"},
		{"DEGRADED", "InsufficientFreeAddresses", false, "Free addresses"},
		{"ACTIVE", "ClusterUnreachable", false, "routes"},
		{"ACTIVE", "Ec2LaunchTemplateNotFound", true, ""},
		{"DEGRADED", "AutoScalingGroupNotFound", true, ""},
		{"DEGRADED", "", true, ""},
		{"CREATE_FAILED", "AsgInstanceLaunchFailures", true, ""},
	} {
		m := &observe.Nodegroup{Name: "w", Status: c.status}
		if c.code != "" {
			m.Health = &observe.Health{Issues: []observe.Issue{{Code: c.code, Message: "as EKS says."}}}
		}
		live := &observe.Observed{Name: "c", Groups: map[string]*observe.Nodegroup{"w": m}}
		g, _ := live.NodeGroup("w")
		why := Ailing(live, g)
		if (why != "") != c.again {
			t.Errorf("%s %s: made again for %q", c.status, c.code, why)
		}
		if c.again {
			continue
		}
		p, err := Healthy(live, "", g)
		if err != nil || !p.Empty() || !strings.Contains(strings.Join(p.Notes, " "), c.instead) || !strings.Contains(p.Notes[0], c.code) {
			t.Errorf("%s %s: %v %v", c.status, c.code, p, err)
		}
	}
}
