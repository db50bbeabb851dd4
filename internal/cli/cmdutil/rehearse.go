package cmdutil

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/snapshot"
	"github.com/slipway-eks/slipway/internal/store"
)

// Subject is the cluster that a command is about, by its name or by its config file.
func (a *App) Subject(path string, args []string) (*config.File, string, error) {
	if path == "" {
		if len(args) == 0 {
			return nil, "", Input("name the cluster, or its config file: -f FILE")
		}
		a.Cluster = args[0]
		return nil, args[0], nil
	}
	file, err := a.Load(path)
	if err != nil {
		return nil, "", err
	}
	name := file.Cluster.Metadata.Name
	if len(args) == 1 && args[0] != name {
		return nil, "", Input("the file is of cluster %s, and the argument says %s", name, args[0])
	}
	return file, name, nil
}

// Snapshot reads a snapshot from a file, or, where there is none of that name, from the store.
func (a *App) Snapshot(ctx context.Context, ref string) (*observe.Observed, error) {
	f, err := os.Open(ref)
	if errors.Is(err, fs.ErrNotExist) {
		s, err := a.Shelves(ctx)
		if err != nil {
			return nil, err
		}
		o, err := snapshot.Find(ctx, s, ref)
		if u := new(store.Unusable); err == nil || errors.As(err, &u) {
			return o, err
		}
		return nil, outcome.Exit(outcome.ExitInput, err)
	}
	if err != nil {
		return nil, Input("the snapshot cannot be read: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	o, err := observe.Read(f)
	if err != nil {
		return nil, Input("%s: %w", ref, err)
	}
	return o, nil
}

// settle is how long a region is given after edits: for what they began, and for
// CloudTrail, which tells of a call after some minutes.
const settle = 30 * time.Minute

// Edits adds the flag that names the edits which Rehearse makes.
func Edits(c *cobra.Command, to *string) {
	c.Flags().StringVar(to, "edits", "", "with --sim: YAML file of calls that somebody makes to the cluster first (docs/drift.md)")
}

// Rehearse launches what the file says in the embedded region, where it does not stand
// there yet, and makes the edits.
func (a *App) Rehearse(ctx context.Context, t *Target, file *config.File, from string) error {
	if t.Sim == nil || file == nil {
		if from != "" {
			return Input("--edits are made in the embedded region, to the cluster of a file: give --sim and -f FILE")
		}
		return nil
	}
	var edits []sim.Edit
	if from != "" {
		b, err := os.ReadFile(from)
		if err != nil {
			return Input("the edits cannot be read: %v", err)
		}
		if edits, err = sim.ParseEdits(b); err != nil {
			return Input("the edits %s: %v", from, err)
		}
	}
	s, err := run.Prepare(ctx, t.AWS, file)
	if err != nil {
		return err
	}
	if !s.Plan.Empty() && s.Live.Cluster == nil {
		a.Say("%s", a.Style.Dim("simulated region: launching cluster "+s.Plan.Cluster+" as the file says"))
		rep, err := s.Run(ctx, t.Clock, t.Workers, nil)
		if err != nil {
			return err
		}
		if !rep.OK() {
			return fmt.Errorf("the cluster could not be launched in the simulated region: %s", rep.FirstFailure)
		}
	}
	if len(edits) == 0 {
		return nil
	}
	a.Say("%s", a.Style.Dim(fmt.Sprintf("simulated region: %d edits of %s", len(edits), from)))
	if err := t.Sim.Region(t.AWS.Region).Apply(s.Plan.Cluster, edits); err != nil {
		return outcome.Exit(outcome.ExitInput, err)
	}
	return t.Clock.Sleep(ctx, settle)
}
