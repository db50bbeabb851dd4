// Package down is slipway down: delete a cluster and what was made for it.
package down

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/interrupt"
	"github.com/slipway-eks/slipway/internal/run"
)

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var yes bool
	var kubeconfig, reason string
	c := &cobra.Command{
		Use: "down NAME", Short: "Delete a cluster and everything that was made for it", Args: cmdutil.OneArg("cluster's name"),
		Long: "Deletes in reverse order, waits, and leaves nothing that Slipway or eksctl made for the cluster; " +
			"what belongs to it is told by eksctl's tags.",
		RunE: func(c *cobra.Command, args []string) error {
			return down(c.Context(), a, args[0], kubeconfig, reason, yes)
		},
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmdutil.Reason(c, &reason)
	c.Flags().StringVar(&kubeconfig, "kubeconfig", "", "kubeconfig to take the cluster out of; none to leave it alone (default: as kubectl finds it)")
	a.Formats(c, "text, or jsonl: the typed stream of events, whose last is the summary", "text", "jsonl")
	return c
}

// down is the whole of a removal, in its order.
func down(ctx context.Context, a *cmdutil.App, name, kubeconfig, reason string, yes bool) error {
	a.Cluster = name
	t, err := a.Open(ctx, nil)
	if err != nil {
		return err
	}
	if err := t.CheckKubeconfig(kubeconfig); err != nil {
		return err
	}
	b, err := a.Books(ctx, t, "down", reason)
	if err != nil {
		return err
	}
	s, err := run.PrepareDownWith(ctx, t.AWS, name, b)
	if err != nil {
		return err
	}
	defer a.Close(ctx, s)
	if s.Plan.Empty() {
		return a.Conclude(ctx, s, nil)
	}
	if err := a.Show(s); err != nil {
		return err
	}
	if err := a.Confirm(yes, "Go ahead?"); err != nil {
		return err
	}
	rep, err := a.Turn(ctx, t, s)
	if err != nil {
		return err
	}
	if err := a.Conclude(interrupt.Hard(ctx), s, rep); err != nil {
		return err
	}
	a.Forget(ctx, t, name, kubeconfig)
	return nil
}
