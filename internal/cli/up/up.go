// Package up is slipway up: plan, show, confirm, run.
package up

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/interrupt"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

type flags struct {
	file, timeline, kubeconfig string
	yes                        bool
}

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "up -f FILE", Short: "Plan, show, confirm, and run until every node is Ready", Args: cmdutil.NoArgs,
		Long: "Observes the cluster that the file names, shows what would change and why each thing waits, asks, and runs.\n" +
			"Running it again continues what was interrupted, and changes nothing where nothing differs.",
		Example: "  slipway up --sim -f examples/quickstart.yaml --yes\n  slipway up -f cluster.yaml --timeline launch.svg",
		RunE:    func(c *cobra.Command, _ []string) error { return up(c.Context(), a, f) },
	}
	c.Flags().StringVarP(&f.file, "file", "f", "", "ClusterConfig file, or - for standard input")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	c.Flags().StringVar(&f.timeline, "timeline", "", "draw what ran when, as an SVG file")
	c.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig to add the cluster to; none to leave it alone (not under --sim)")
	a.Formats(c, "text, or jsonl: the typed stream of events, whose last is the summary", "text", "jsonl")
	return c
}

// up is the whole of a launch, in its order.
func up(ctx context.Context, a *cmdutil.App, f flags) error {
	file, err := a.Load(f.file)
	if err != nil {
		return err
	}
	t, err := a.Open(ctx, file)
	if err != nil {
		return err
	}
	if err := t.CheckKubeconfig(f.kubeconfig); err != nil {
		return err
	}
	s, err := run.Prepare(ctx, t.AWS, file)
	if err != nil {
		return err
	}
	render.PlanText(a.Err, s.Plan, a.Style)
	if s.Plan.Empty() {
		err := a.Conclude(ctx, s, nil)
		a.Remember(ctx, t, s.Plan.Cluster, f.kubeconfig)
		return err
	}
	if err := a.Confirm(f.yes, question(s)); err != nil {
		return err
	}
	drawing, err := cmdutil.OpenDrawing(f.timeline)
	if err != nil {
		return err
	}
	rep, err := a.Turn(ctx, t, s)
	if err != nil {
		drawing.Drop()
		return err
	}
	if err := drawing.Write(func(w io.Writer) { render.Timeline(w, "Launch of cluster "+s.Plan.Cluster, rep) }); err != nil {
		a.Say("%s the timeline was not drawn: %v", a.Style.Yellow("note:"), err)
	}
	if err := a.Conclude(interrupt.Hard(ctx), s, rep); err != nil {
		return err
	}
	a.Remember(ctx, t, s.Plan.Cluster, f.kubeconfig)
	return nil
}

func question(s *run.Session) string {
	if len(s.Plan.Deletions) > 0 {
		return "Delete the failed stacks and go ahead?"
	}
	return "Go ahead?"
}
