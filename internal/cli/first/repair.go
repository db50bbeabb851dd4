// Package first is what a command does about a record that is not as the cluster is, before
// its own plan is shown: it asks on a terminal, and goes by --repair elsewhere. It must not
// know what the command's own change is.
package first

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/cli/restore"
	"github.com/slipway-eks/slipway/internal/cli/sync"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/run"
)

// Repair is the flag --repair. Its value is a command's wish.
type Repair struct {
	How string // record, live, none; "": ask on a terminal, else use live values
	// ByFile has live values follow the session's file, too, and not only the record.
	ByFile bool
}

// Add adds the flag to a command.
func (r *Repair) Add(c *cobra.Command) {
	wants := "the record wants"
	if r.ByFile {
		wants = "the file and the record want"
	}
	c.Flags().StringVar(&r.How, "repair", "", "where the record is not as the cluster is: record, to repair that first (slipway sync), live, to put "+
		"the cluster back first to what "+wants+" (slipway restore), or none; default: ask on a terminal, else use live values")
}

// Before is what comes first of a change: nil where nothing does.
func (r *Repair) Before(ctx context.Context, a *cmdutil.App, t *cmdutil.Target, ok cmdutil.Consent) func(*run.Session) (func() error, error) {
	return func(s *run.Session) (func() error, error) {
		switch r.How {
		case "", "record", "none":
		case "live":
			return r.live(ctx, a, t, ok, s), nil
		default:
			return nil, cmdutil.Input("--repair %s: record, live or none", r.How)
		}
		if r.How == "none" || s.Drift == nil || !s.Drift.Syncs() {
			return nil, nil
		}
		if r.How == "" {
			if ok.Yes || !a.Terminal() {
				return nil, nil // live values are used, and the plan says so
			}
			if want, err := wanted(a, s); err != nil || !want {
				return nil, err
			}
		}
		return func() error { return sync.Record(ctx, a, t, s.Plan.Cluster, ok.Reason) }, nil
	}
}

// live puts the cluster back first; one that is not there has nothing to be put back.
func (r *Repair) live(ctx context.Context, a *cmdutil.App, t *cmdutil.Target, ok cmdutil.Consent, s *run.Session) func() error {
	if s.Live.Cluster == nil || s.Live.Cluster.Status != "ACTIVE" {
		return nil
	}
	var file *config.File
	if r.ByFile {
		file = s.File
	}
	return func() error { return restore.Live(ctx, a, t, s.Plan.Cluster, file, ok.Reason) }
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
