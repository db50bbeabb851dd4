package run

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan/rules"
)

// changes are what is under way in the cluster, as it tells anybody who looks: updates of EKS's,
// and replacements of node groups by what is written down in the cluster itself.
func changes(ctx context.Context, c *awsc.Clients, st *outcome.Status, live *observe.Observed) error {
	const updating = "UPDATING"
	type part struct {
		of           string
		group, addon *string
	}
	var parts []part
	if live.Cluster.Status == updating {
		parts = append(parts, part{of: "control plane"})
	}
	for _, n := range slices.Sorted(maps.Keys(live.Addons)) {
		if live.Addons[n].Status == updating {
			parts = append(parts, part{of: "add-on " + n, addon: &n})
		}
	}
	for _, n := range slices.Sorted(maps.Keys(live.Groups)) {
		if live.Groups[n].Status == updating {
			parts = append(parts, part{of: "node group " + n, group: &n})
		}
	}
	for _, p := range parts {
		u, err := read.UnderWay(ctx, c, st.Cluster, p.group, p.addon)
		if err != nil {
			return err
		}
		if u != nil { // it has ended since
			st.Changes = append(st.Changes, update(p.of, u))
		}
	}
	if live.Cluster.Endpoint == "" || st.Uncounted != "" {
		return nil // nobody can look inside
	}
	k, err := kube.Client(ctx, c, read.Described(live.Cluster))
	if err != nil {
		return nil //nolint:nilerr // that the nodes were not counted says why
	}
	for i := range st.Changes {
		if group, is := strings.CutPrefix(st.Changes[i].Of, "node group "); is {
			if x, err := kube.RollingOf(ctx, k, group); err == nil {
				st.Changes[i].Pods, st.Changes[i].Waits = new(x.Left()), []string{x.Words()}
			}
		}
	}
	all, err := kube.Replacements(ctx, k)
	if err != nil {
		return nil //nolint:nilerr // who may not read it sees the rest
	}
	slices.SortFunc(all, func(a, b *kube.Replacement) int { return strings.Compare(a.Group, b.Group) })
	for _, r := range all {
		x, err := kube.LeavingOf(ctx, k, r.Group)
		if err != nil {
			return nil //nolint:nilerr // likewise
		}
		st.Changes = append(st.Changes, replacementAt(live, r, x))
		st.Settled = false
	}
	return nil
}

// update is one of EKS's, in words.
func update(of string, u *types.Update) outcome.Change {
	said := map[types.UpdateParamType]string{types.UpdateParamTypeVersion: "Kubernetes", types.UpdateParamTypeReleaseVersion: "AMI release",
		types.UpdateParamTypeAddonVersion: "version", types.UpdateParamTypeLaunchTemplateVersion: "launch template version"}
	var words []string
	for _, p := range u.Params {
		if what := said[p.Type]; what != "" {
			words = append(words, what+" "+aws.ToString(p.Value))
		}
	}
	return outcome.Change{Kind: "update", Of: of, What: "to " + cmp.Or(strings.Join(words, ", "), "other settings"), Stage: string(u.Status),
		Since: aws.ToTime(u.CreatedAt)}
}

// replacementAt tells at which stage a replacement is, by what is there: a look from any
// machine, which the one that runs it need not answer.
func replacementAt(live *observe.Observed, r *kube.Replacement, x kube.Rolling) outcome.Change {
	blue, _ := live.NodeGroup(r.Group)
	green, _ := live.NodeGroup(r.With)
	c := outcome.Change{Kind: "replacement", Of: "node group " + r.Group, What: "by " + r.With, Since: r.Begun.Time}
	left := x.Left()
	gate := func(stage string) string {
		if r.Paused == stage {
			return "paused " + stage + ": the same command goes on"
		}
		return "gate " + stage
	}
	switch {
	case !blue.There() && blue.Stack == nil:
		c.Stage = "the old group is gone; what was written down of it goes"
	case blue.Going():
		c.Stage = "the old group is being deleted"
	case !green.There():
		c.Stage = "the new group is being made"
	case green.Going():
		c.Stage = "taken back: the new group is being deleted"
	case green.Managed != nil && green.Managed.Status != "ACTIVE":
		c.Stage = "the new group is " + green.Managed.Status
	case r.Moves == kube.Back:
		c.Stage = "taken back: pods move to the old group, as budgets allow"
	case len(x.Old) == 0:
		c.Stage = "the new group is being proven"
	case r.Moves == "":
		c.Stage = gate(rules.AfterGreen)
	case len(x.Old) == x.Nodes && left == 0:
		c.Stage = gate(rules.AfterDrain)
	default:
		c.Stage = "pods move, as budgets allow"
	}
	if len(x.Old) > 0 {
		c.Pods, c.Waits = &left, x.Leaving()
		if left == 0 {
			c.Waits = nil
		}
	}
	return c
}
