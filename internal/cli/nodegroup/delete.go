package nodegroup

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/run"
)

const deleteLong = `Removes node groups with what was made for them: their nodes are drained within disruption budgets, then the stack goes, or
the group itself where no stack of eksctl or Slipway holds it. A role that other nodes have stays let in, though EKS takes its
aws-auth mapping away; a role that goes leaves no access entry behind. What is half gone already goes to its end, and what is
under way is awaited. A budget that never lets a pod go is named before anything is done.`

func newDelete(a *cmdutil.App) *cobra.Command {
	var f change
	c := &cobra.Command{
		Use: "delete NAME GROUP...", Short: "Drain and remove node groups, with what was made for them", Long: deleteLong,
		Example: "  slipway nodegroup delete prod blue\n  slipway nodegroup delete prod blue old --drain=false --yes",
		Args:    cmdutil.ArgsAndMore("cluster's name", "node group's name"),
		RunE:    func(c *cobra.Command, args []string) error { return remove(c.Context(), a, f, args[0], args[1:]) },
	}
	f.add(a, c, "empty the nodes first, within disruption budgets")
	return c
}

func remove(ctx context.Context, a *cmdutil.App, f change, cluster string, groups []string) error {
	a.Cluster = cluster
	t, err := a.Open(ctx, nil)
	if err != nil {
		return err
	}
	return a.Change(ctx, t, cmdutil.Change{Command: "nodegroup delete", Consent: f.Consent, First: f.repair.Before(ctx, a, t, f.Consent),
		Prepare: func(b *run.Books) (*run.Session, error) {
			return run.PrepareDelete(ctx, t.AWS, cluster, groups, f.wish(b))
		},
		Show: a.ShowRemoval})
}
