package nodegroup

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/cli/first"
	"github.com/slipway-eks/slipway/internal/run"
)

// change are the flags of commands that change groups that stand.
type change struct {
	cmdutil.Consent
	repair first.Repair
	drain  bool
}

func (f *change) add(a *cmdutil.App, c *cobra.Command, drained string) {
	f.repair.Add(c)
	a.Consent(c, &f.Consent)
	c.Flags().BoolVar(&f.drain, "drain", true, drained)
}

func (f change) wish(b *run.Books) run.GroupChange {
	return run.GroupChange{Drain: f.drain, Books: b}
}

type scaleFlags struct {
	change
	nodes, least, most int
}

const scaleLong = `Gives a node group other sizes. Where it gets smaller, the nodes that go are chosen and shown by name, drained within
disruption budgets, and ended one by one: EKS and Auto Scaling would take any, and keep no budget. A budget that never lets a
pod go is named before anything is done. The group's stack follows where it records the sizes, as Slipway's do; else EKS or
Auto Scaling gets them, as by eksctl scale nodegroup.`

func newScale(a *cmdutil.App) *cobra.Command {
	var f scaleFlags
	c := &cobra.Command{
		Use: "scale NAME GROUP --nodes N", Short: "Give a node group other sizes; what goes is drained first", Long: scaleLong,
		Example: "  slipway nodegroup scale prod workers --nodes 5\n  slipway nodegroup scale prod batch --nodes 0 --nodes-min 0 --reason 'the night'",
		Args:    cmdutil.Args("cluster's name", "node group's name"),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		given := func(flag string, n *int) *int {
			if !c.Flags().Changed(flag) {
				return nil
			}
			return n
		}
		to := run.GroupSizes{Nodes: given("nodes", &f.nodes), Min: given("nodes-min", &f.least), Max: given("nodes-max", &f.most)}
		return scale(c.Context(), a, f, args[0], args[1], to)
	}
	c.Flags().IntVar(&f.nodes, "nodes", 0, "how many nodes")
	c.Flags().IntVar(&f.least, "nodes-min", 0, "the fewest; default: as it is")
	c.Flags().IntVar(&f.most, "nodes-max", 0, "the most; default: as it is")
	f.add(a, c, "empty nodes that go first, within disruption budgets")
	return c
}

func scale(ctx context.Context, a *cmdutil.App, f scaleFlags, cluster, group string, to run.GroupSizes) error {
	if to == (run.GroupSizes{}) {
		return cmdutil.Input("say which size: --nodes N, --nodes-min N, --nodes-max N")
	}
	a.Cluster = cluster
	t, err := a.Open(ctx, nil)
	if err != nil {
		return err
	}
	return a.Change(ctx, t, cmdutil.Change{Command: "nodegroup scale", Consent: f.Consent, First: f.repair.Before(ctx, a, t, f.Consent),
		Prepare: func(b *run.Books) (*run.Session, error) {
			return run.PrepareScale(ctx, t.AWS, cluster, group, to, f.wish(b))
		}})
}
