package nodegroup

import (
	"context"
	"strings"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/run"
)

// beside are flags that say what a new group is, or how its making is watched over: EKS does
// none of that in place.
var beside = []string{"file", "instance-types", "ami-family", "gate", "gate-timeout", "soak", "pause", "batch", "max-parallel", "deadline", "abort"}

// upgradeInPlace is nodegroup upgrade --strategy in-place, in its order.
func upgradeInPlace(ctx context.Context, a *cmdutil.App, f upgradeFlags, cluster string, groups []string) error {
	for _, flag := range beside {
		if f.given(flag) {
			return cmdutil.Input("--%s does not go with --strategy in-place: EKS takes another AMI release, or another version of the group's own launch template, "+
				"and nothing else; the rest is a replacement (leave --strategy out)", flag)
		}
	}
	if f.image != "" && (f.template != "" || f.release != "") {
		return cmdutil.Input("--ami makes a version of the group's launch template: it goes without --launch-template-version and --release-version")
	}
	if len(groups) > 1 {
		return cmdutil.Input("--strategy in-place takes one node group at a time (slipway upgrade takes all of a cluster to a version): not %s",
			strings.Join(groups, ", "))
	}
	a.Cluster = cluster
	t, err := a.Open(ctx, nil)
	if err != nil {
		return err
	}
	return a.Change(ctx, t, cmdutil.Change{Command: "nodegroup upgrade", Consent: f.Consent, First: f.repair.Before(ctx, a, t, f.Consent), Drawn: f.timeline,
		Prepare: func(b *run.Books) (*run.Session, error) {
			return run.PrepareInPlace(ctx, t.AWS, cluster,
				run.InPlace{Group: groups[0], Release: f.release, Template: f.template, Image: f.image, Force: f.force, Books: b})
		}})
}
