// Package sync is slipway sync: the record of a cluster as the cluster is.
package sync

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

type flags struct {
	cmdutil.Consent
	print    string
	template bool
	rollback bool
}

const long = `Writes what is live into the outputs of the cluster's stack, and touches no resource: the template as it is stored with
the outputs' values made literal; the stack's own tags, parameters and role; as a change set that is looked at before it is
executed, and deleted where it would touch anything else. Outputs that other stacks import stay as they are, and are named.
With --template, resources that do not exist any more are taken out of the template, too, with what refers to them, and the
control plane gets the subnets that it has; then the live subnets of the control plane in the stack's VPC are imported, with
their routes' associations, so that later updates by eksctl find them in the stack. Afterwards it reads again and says what it saw. docs/drift.md.`

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "sync NAME", Short: "Bring the record, the stack's outputs, to what is live", Long: long, Args: cmdutil.OneArg("cluster's name"),
		Example: "  slipway sync prod --region eu-west-1\n  slipway sync prod --print prod-sync && sh prod-sync/sync.sh",
		RunE:    func(c *cobra.Command, args []string) error { return synchronise(c.Context(), a, f, args[0]) },
	}
	a.Consent(c, &f.Consent)
	c.Flags().StringVar(&f.print, "print", "", "change nothing: write a script of plain aws CLI commands, with its files, into this new folder")
	c.Flags().BoolVar(&f.template, "template", false, "take resources that are gone out of the template, too, and live subnets into the stack")
	c.Flags().BoolVar(&f.rollback, "continue-rollback", false,
		"where the stack is UPDATE_ROLLBACK_FAILED, go on with the rollback first, and skip what cannot be put back")
	return c
}

// synchronise is the whole of the command, in its order.
func synchronise(ctx context.Context, a *cmdutil.App, f flags, name string) error {
	a.Cluster = name
	t, err := a.Open(ctx, nil)
	if err != nil {
		return err
	}
	o := run.SyncOptions{Template: f.template, Continue: f.rollback}
	if f.print == "" {
		return act(ctx, a, t, name, f.Consent, o)
	}
	s, err := run.PrepareSync(ctx, t.AWS, name, o)
	if err != nil {
		return err
	}
	if show(a, s); s.Plan.Empty() {
		return conclude(ctx, a, s, nil)
	}
	return write(a, s, f.print)
}

// Record brings the record to what is live for another command that asked already; what
// came of it is said.
func Record(ctx context.Context, a *cmdutil.App, t *cmdutil.Target, name, reason string) error {
	return act(ctx, a, t, name, cmdutil.Consent{Yes: true, Reason: reason}, run.SyncOptions{})
}

// act shows a repair, asks, makes it, and reads again.
func act(ctx context.Context, a *cmdutil.App, t *cmdutil.Target, name string, ok cmdutil.Consent, o run.SyncOptions) error {
	var s *run.Sync
	return a.Change(ctx, t, cmdutil.Change{Command: "sync", Consent: ok,
		Prepare: func(b *run.Books) (_ *run.Session, err error) {
			o.Books = b
			if s, err = run.PrepareSync(ctx, t.AWS, name, o); err != nil {
				return nil, err
			}
			return s.Session, nil
		},
		Show: func(*run.Session) error {
			show(a, s)
			return nil
		},
		Question: func(*run.Session) string { return question(s) },
		Conclude: func(ctx context.Context, _ *run.Session, rep *engine.Report) error { return conclude(ctx, a, s, rep) }})
}

// show says what a repair writes, and how.
func show(a *cmdutil.App, s *run.Sync) {
	render.Correction(a.Err, a.Style, s.Correction)
	for _, n := range s.Plan.Notes {
		a.Say("%s %s", a.Style.Yellow("note:"), n)
	}
}

func question(s *run.Sync) string {
	gone, taken := strings.Join(s.Correction.Edit.Gone, ", "), strings.Join(slices.Sorted(maps.Keys(s.Correction.Import)), ", ")
	switch {
	case gone != "" && taken != "":
		return fmt.Sprintf("Write this, take %s out of the template, and then take in %s?", gone, taken)
	case gone != "":
		return fmt.Sprintf("Write this, and take %s out of the template?", gone)
	case taken != "":
		return fmt.Sprintf("Write this, and take %s into the stack?", taken)
	}
	return "Write this into the outputs of " + s.Correction.Stack + "?"
}

// conclude reads again, and says what was seen.
func conclude(ctx context.Context, a *cmdutil.App, s *run.Sync, rep *engine.Report) error {
	if rep == nil {
		a.Ended = &outcome.Outcome{Cluster: s.Plan.Cluster, Region: s.AWS.Region, Result: outcome.Nothing, Calls: s.AWS.Calls()}
		a.Say("%s", a.Style.Green("The record is as the cluster is; there is nothing to write."))
		return nil
	}
	o := s.Conclude(ctx, rep)
	a.Ended = o
	a.Say("")
	for _, f := range o.Failures {
		a.Say("%s %s", a.Style.Red(f.Title+":"), f.Reason)
	}
	if o.Code != outcome.ExitDone {
		return outcome.Exit(o.Code, nil)
	}
	if o.Unseen != "" {
		a.Say("%s the record could not be read again: %s", a.Style.Yellow("note:"), o.Unseen)
		return nil
	}
	a.Say("%s read again: %s", a.Style.Green("done:"), o.Seen)
	return nil
}
