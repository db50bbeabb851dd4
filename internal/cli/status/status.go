// Package status is slipway status: a cluster's parts, and what each waits for.
package status

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

// interval is how often --watch looks.
const interval = 10 * time.Second

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var watch bool
	c := &cobra.Command{
		Use: "status NAME", Short: "Show a cluster's parts, and what each waits for", Args: cmdutil.OneArg("cluster's name"),
		Long: "Shows the control plane, add-ons, node groups and nodes as they are now, and what is under way, whoever began it, from any\n" +
			"machine: EKS's updates, and replacements of node groups with the stage they are at, the pods that are left on each node, and\n" +
			"the disruption budgets that hold them. With a store that is shared, also who is at work, with which command, and how far that\n" +
			"is: the round of an upgrade, the steps that are done and left, and what it waits for. --watch goes on until nothing is under\n" +
			"way and nobody at work, and says how it ended; without a shared store it can end between two steps of another machine's\n" +
			"run. A cluster that is in another region of the account is named with its region.",
		RunE: func(c *cobra.Command, args []string) error { return status(c.Context(), a, args[0], watch) },
	}
	c.Flags().BoolVarP(&watch, "watch", "w", false, "go on until nothing is under way")
	cmdutil.TerraformState(c)
	a.Formats(c, "text, json (with --watch: the last look), or jsonl (every look, and the summary)", "text", "json", "jsonl")
	return c
}

func status(ctx context.Context, a *cmdutil.App, name string, watch bool) error {
	t, err := a.OpenNamed(ctx, name)
	if err != nil {
		return err
	}
	state, err := a.Terraform()
	if err != nil {
		return err
	}
	l := &run.Lookout{AWS: t.AWS, Name: name, State: state, Date: t.Date}
	if s, err := a.Shelves(ctx); err == nil { // who cannot read it sees the rest
		l.Locker = cmdutil.Locker(s)
	}
	return looks(ctx, a, l, t.Clock, watch)
}

// looks shows one look, or looks until nothing is under way, and nobody at work.
func looks(ctx context.Context, a *cmdutil.App, l *run.Lookout, clk clock.Clock, watch bool) error {
	for {
		st, err := l.Look(ctx)
		if err != nil {
			return err
		}
		last := !watch || st.Settled
		if err := show(a, st, watch, last); err != nil || last {
			return err
		}
		if err := clk.Sleep(ctx, interval); err != nil {
			return context.Canceled
		}
	}
}

func show(a *cmdutil.App, st *outcome.Status, watch, last bool) error {
	switch {
	case a.Format == "jsonl":
		a.Line(st)
		return a.Out.Failed
	case a.Format == "json" && last:
		return a.JSON(st)
	case a.Format == "json":
		return nil
	}
	if watch && render.Terminal(a.Out) {
		fmt.Fprint(a.Out, "\x1b[H\x1b[2J")
	}
	return render.Status(a.Out, render.StyleFor(a.Out), st)
}
