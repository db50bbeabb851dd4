// Package down is slipway down: delete a cluster and what was made for it.
package down

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
)

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var consent cmdutil.Consent
	var kubeconfig string
	c := &cobra.Command{
		Use: "down NAME", Short: "Delete a cluster and everything that was made for it", Args: cmdutil.OneArg("cluster's name"),
		Long: "Deletes in reverse order, waits, and leaves nothing that Slipway or eksctl made for the cluster; " +
			"what belongs to it is told by eksctl's tags.",
		RunE: func(c *cobra.Command, args []string) error {
			return down(c.Context(), a, args[0], kubeconfig, consent)
		},
	}
	a.Consent(c, &consent)
	c.Flags().StringVar(&kubeconfig, "kubeconfig", "", "kubeconfig to take the cluster out of; none to leave it alone (default: as kubectl finds it)")
	return c
}

// down is the whole of a removal, in its order.
func down(ctx context.Context, a *cmdutil.App, name, kubeconfig string, consent cmdutil.Consent) error {
	a.Cluster = name
	t, err := a.Open(ctx, nil)
	if err != nil {
		return err
	}
	if err := t.CheckKubeconfig(kubeconfig); err != nil {
		return err
	}
	err = a.Change(ctx, t, cmdutil.Change{Command: "down", Consent: consent,
		Prepare: func(b *run.Books) (*run.Session, error) { return run.PrepareDownWith(ctx, t.AWS, name, b) },
		Show:    a.ShowRemoval})
	if err == nil && a.Ended.Result != outcome.Nothing {
		a.Forget(ctx, t, name, kubeconfig)
	}
	return err
}
