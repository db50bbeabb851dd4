package up

import (
	"context"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/cli/restore"
	"github.com/slipway-eks/slipway/internal/cli/sync"
	"github.com/slipway-eks/slipway/internal/run"
)

// repair is what comes first where the record is not as the cluster is, and the person
// wants it repaired; nil where nothing does.
func repair(ctx context.Context, a *cmdutil.App, t *cmdutil.Target, f flags, s *run.Session) (func() error, error) {
	switch f.repair {
	case "", "none", "record":
	case "live":
		return live(ctx, a, t, f, s)
	default:
		return nil, cmdutil.Input("--repair %s: record, live or none", f.repair)
	}
	if f.repair == "none" || s.Drift == nil || !s.Drift.Syncs() {
		return nil, nil
	}
	if f.repair == "" {
		if f.Yes || !a.Terminal() {
			return nil, nil // live values are used, and the plan says so
		}
		if want, err := wanted(a, s); err != nil || !want {
			return nil, err
		}
	}
	return func() error { return sync.Record(ctx, a, t, s.Plan.Cluster, f.Reason) }, nil
}

// live puts the cluster back first to what the file and the record want; a cluster that is
// not there has nothing to be put back.
func live(ctx context.Context, a *cmdutil.App, t *cmdutil.Target, f flags, s *run.Session) (func() error, error) {
	if f.plan != "" {
		return nil, cmdutil.Input("--repair live goes by the file: give -f FILE, as a saved plan is run as it is")
	}
	if s.Live.Cluster == nil || s.Live.Cluster.Status != "ACTIVE" {
		return nil, nil
	}
	return func() error { return restore.Live(ctx, a, t, s.File, f.Reason) }, nil
}

// wanted asks whether the record is to be repaired first, and shows what differs.
func wanted(a *cmdutil.App, s *run.Session) (bool, error) {
	a.Say("%s", s.Drift.Paragraph())
	for {
		want, err := a.Choose("Repair the record first?", "y", "N", "show")
		if err != nil || want != "show" {
			return want == "y", err
		}
		for _, d := range s.Drift.Drifted() {
			a.Say("  %s: %s", d.Path, d.What)
		}
	}
}
