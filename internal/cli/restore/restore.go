// Package restore is slipway restore: live state as it was, from a snapshot or from what
// the record tells.
package restore

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
)

type flags struct {
	cmdutil.Consent
	file, edits, snapshot string
	subnets, only         []string
	remove                bool
}

const long = `Brings the live state of a cluster back to an earlier one: subnets that are gone are made again with the same block, zone,
IPv6 block, tags, attributes, route table and network ACL (AWS gives them new IDs, and which replaced which is said), NAT
gateways with their elastic IPs, routes, rules of security groups, the control plane's subnets, groups, endpoint access and
logs, add-ons with their configuration, labels, taints and sizes of node groups. Each is a step of a plan that is shown first,
with what cannot be brought back, by name; what AWS would refuse in the middle is refused before anything is done.
The earlier state is a snapshot (--snapshot); without one, what the stacks' templates say, and CloudTrail of subnets that they
do not have. What others added since stays, unless --remove: subnets and groups of the control plane, networks that reach it,
logs, taints, labels, tags, rules, routes, add-ons. docs/drift.md.`

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "restore [NAME] [-f FILE]", Short: "Bring live state back to an earlier one: a snapshot, or what the record tells", Long: long,
		Example: "  slipway restore prod --snapshot 20261128T101500Z\n  slipway restore prod --subnet subnet-0aaa --region eu-west-1\n" +
			"  slipway restore --sim -f examples/drift/cluster.yaml --edits examples/drift/edits.yaml --yes",
		Args: cmdutil.OneArgAtMost("cluster's name"),
		RunE: func(c *cobra.Command, args []string) error { return restore(c.Context(), a, f, args) },
	}
	c.Flags().StringVar(&f.snapshot, "snapshot", "", "the earlier state: an ID of slipway snapshot list, or a file; default: what the record tells")
	c.Flags().StringVarP(&f.file, "file", "f", "", "ClusterConfig file: without a snapshot, what it says goes before the record")
	c.Flags().StringSliceVar(&f.subnets, "subnet", nil, "only these subnets, by the IDs that they had, with what is theirs")
	c.Flags().StringSliceVar(&f.only, "only", nil, "only the fields at and below these paths of slipway drift; * stands for one part")
	cmdutil.Edits(c, &f.edits)
	Removals(c, &f.remove)
	a.Consent(c, &f.Consent)
	return c
}

// Removals adds the flag that consents to taking away what was added since.
func Removals(c *cobra.Command, remove *bool) {
	c.Flags().BoolVar(remove, "remove", false, "take away what was added since, too; without it, that is named and stays")
}

// restore is the whole of the command, in its order.
func restore(ctx context.Context, a *cmdutil.App, f flags, args []string) error {
	file, name, err := a.Subject(f.file, args)
	if err != nil {
		return err
	}
	if f.snapshot != "" && f.file != "" && !a.Sim {
		return cmdutil.Input("give --snapshot or -f FILE: a snapshot says itself what was")
	}
	t, err := a.Open(ctx, file)
	if err != nil {
		return err
	}
	if err := a.Rehearse(ctx, t, file, f.edits); err != nil {
		return err
	}
	o := run.RestoreOptions{From: f.snapshot, File: file, Subnets: f.subnets, Only: f.only, Remove: f.remove}
	if f.snapshot != "" {
		if o.Snapshot, err = a.Snapshot(ctx, f.snapshot); err != nil {
			return err
		}
	}
	return Act(ctx, a, t, "restore", f.Consent, func(b *run.Books) (*run.Restore, error) {
		o.Books = b
		return run.PrepareRestore(ctx, t.AWS, name, o)
	})
}

// Live puts a cluster back to what the record and the file (nil: none) want, for another
// command that asked already: nothing is taken away, and nothing is repaired again that
// another owner sets.
func Live(ctx context.Context, a *cmdutil.App, t *cmdutil.Target, name string, file *config.File, reason string) error {
	return Act(ctx, a, t, "restore", cmdutil.Consent{Yes: true, Reason: reason}, func(b *run.Books) (*run.Restore, error) {
		return run.PrepareRestore(ctx, t.AWS, name, run.RestoreOptions{File: file, Books: b, Guard: true})
	})
}

// Act shows a restore, asks, makes it, and says what replaced what.
func Act(ctx context.Context, a *cmdutil.App, t *cmdutil.Target, command string, ok cmdutil.Consent, prepare func(*run.Books) (*run.Restore, error)) error {
	var s *run.Restore
	return a.Change(ctx, t, cmdutil.Change{Command: command, Consent: ok,
		Prepare: func(b *run.Books) (_ *run.Session, err error) {
			if s, err = prepare(b); err != nil {
				return nil, err
			}
			return s.Session, nil
		},
		Show: func(*run.Session) error { return show(a, s) },
		Conclude: func(ctx context.Context, _ *run.Session, rep *engine.Report) error {
			if rep == nil {
				a.Ended = &outcome.Outcome{Cluster: s.Plan.Cluster, Region: s.Plan.Region, Result: outcome.Nothing, Calls: t.AWS.Calls()}
				return nil
			}
			ended := a.Conclude(ctx, s.Session, rep)
			said(a, s)
			return ended
		}})
}

// show shows the plan; one that does nothing has notes.
func show(a *cmdutil.App, s *run.Restore) error {
	if !s.Plan.Empty() {
		return a.Show(s.Session)
	}
	for _, note := range s.Plan.Notes {
		a.Say("%s %s", a.Style.Yellow("note:"), note)
	}
	a.Say("%s", a.Style.Green("What can be brought back is as it was; there is nothing to do."))
	return nil
}

// said says which IDs replaced which, and that the record is of the old ones.
func said(a *cmdutil.App, s *run.Restore) {
	made := s.Replaced()
	for _, x := range made {
		if a.Format == "jsonl" {
			a.Line(x)
		}
		a.Say("  %s %s is %s now (%s)", x.What, x.Was, x.Now, x.Block)
	}
	if len(made) > 0 {
		a.Say("%s", a.Style.Yellow("The record names the old IDs still:")+fmt.Sprintf(
			" slipway sync %s --region %s brings its outputs to the new ones, and --template takes the old ones out of the template.", s.Plan.Cluster, s.Plan.Region))
	}
}
