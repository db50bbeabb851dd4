package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// unread says what was not looked at: what could not be read has not passed.
func (u *upgrading) unread() finding.Findings {
	for _, x := range []struct {
		part observe.Part
		what string
	}{
		{observe.Inside, "whether kubelets and kube-proxy are too old, whether a webhook would refuse all, and which self-managed groups lag behind"},
		{observe.Pods, "which pods and disruption budgets would hold the nodes up"},
		{observe.Networking, "whether the control plane's subnets have addresses left"},
	} {
		if miss := u.Live.Missed(x.part); len(miss) > 0 {
			u.plan.Notes = append(u.plan.Notes, fmt.Sprintf("Not checked: %s (%s).", x.what, strings.TrimSuffix(miss[0].Why, ".")))
		}
	}
	return nil
}

// rollings are the groups that EKS is to take to the version in place, as an upgrade of one
// alone looks at them.
func (u *upgrading) rollings() (out []*rolling) {
	for _, g := range u.Live.NodeGroups() {
		if !u.goes(g.Name) && inPlace(g) && u.groups[g.Name] != u.To && !u.keeps(g.Name) {
			out = append(out, &rolling{InPlace: InPlace{Live: u.Live, Group: g, To: Release{Version: u.To}, Force: u.Force}, builder: u.builder})
		}
	}
	return out
}

// readyPods is the forecast of what keeps pods on the nodes that EKS replaces, or would end
// them for good, and of what comes beside them meanwhile, as of slipway nodegroup upgrade
// --strategy in-place.
func (u *upgrading) readyPods() (out finding.Findings) {
	defer u.once()
	for _, r := range u.rollings() {
		if r.Group.Sizes() == nil {
			continue // it has no Auto Scaling group, and no nodes
		}
		nodes := names(u.Live.NodesOf(r.Group))
		if u.Live.Kubernetes == nil || len(u.Live.Missed(observe.Pods)) > 0 {
			r.surge(r.Group.Sizes().DesiredSize) // that it was not looked at has been said
			continue
		}
		fs := r.blockers(nodes)
		if out = append(out, fs...); len(fs) == 0 {
			r.surge(len(nodes))
		}
	}
	return unique(out)
}

// once leaves each note of a plan once: what is said of a group's update is said of the next.
func (u *upgrading) once() {
	seen := map[string]bool{}
	u.plan.Notes = slices.DeleteFunc(u.plan.Notes, func(n string) bool {
		again := seen[n]
		seen[n] = true
		return again
	})
}

// unique are findings, each once: a disruption budget may be over pods of several groups.
func unique(fs finding.Findings) (out finding.Findings) {
	seen := map[string]bool{}
	for _, f := range fs {
		if key := f.Code + f.Where.Resource; !seen[key] {
			seen[key] = true
			out = append(out, f)
		}
	}
	return out
}
