// Package status is slipway status: a cluster's parts, and what each waits for.
package status

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
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
			"the disruption budgets that hold them; with a store that is shared, also who is at it. --watch goes on until nothing is. A\n" +
			"cluster that is in another region of the account is named with its region.",
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
	for {
		st, err := run.Look(ctx, t.AWS, name, state)
		if err != nil {
			return err
		}
		st.Clock(t.Date())
		st.Holder = holder(ctx, a, t, name)
		last := !watch || st.Settled
		if err := show(a, st, watch, last); err != nil || last {
			return err
		}
		if err := t.Clock.Sleep(ctx, interval); err != nil {
			return context.Canceled
		}
	}
}

// holder is who changes the cluster now, by the lock in the store; "": nobody, or the store
// does not say.
func holder(ctx context.Context, a *cmdutil.App, t *cmdutil.Target, name string) string {
	s, err := a.Shelves(ctx)
	if err != nil {
		return ""
	}
	h, _, err := cmdutil.Locker(s).Read(ctx, run.LockKey(t.AWS, name))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s, since %s", h, h.Since.UTC().Format("2006-01-02 15:04 MST"))
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
