package up

import (
	"context"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/cli/sync"
	"github.com/slipway-eks/slipway/internal/run"
)

// repaired is the session to go on with: where the record is not as the cluster is, and
// the person wants it, the record is repaired first, and all is looked at again.
func repaired(
	ctx context.Context, a *cmdutil.App, t *cmdutil.Target, f flags, s *run.Session, prepare func() (*run.Session, error),
) (*run.Session, error) {
	switch f.repair {
	case "", "none", "record":
	case "live":
		return s, cmdutil.Input("--repair live: what is live is brought back by slipway restore, which shows what it makes again")
	default:
		return s, cmdutil.Input("--repair %s: record or none", f.repair)
	}
	if f.repair == "none" || s.Drift == nil || !s.Drift.Syncs() {
		return s, nil
	}
	if f.repair == "" {
		if f.yes || !a.Terminal() {
			return s, nil // live values are used, and the plan says so
		}
		a.Say("%s", s.Drift.Paragraph())
		want, err := a.Choose("Repair the record first?", "y", "N", "show")
		for err == nil && want == "show" {
			for _, d := range s.Drift.Drifted() {
				a.Say("  %s: %s", d.Path, d.What)
			}
			want, err = a.Choose("Repair the record first?", "y", "N", "show")
		}
		if err != nil || want != "y" {
			return s, err
		}
	}
	cluster := s.Plan.Cluster
	a.Close(ctx, s)
	if err := sync.Record(ctx, a, t, cluster, f.reason); err != nil {
		return s, err
	}
	a.Ended = nil
	return prepare()
}
