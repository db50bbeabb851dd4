// Package plan is slipway plan: what would change, and why in that order.
package plan

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var file, gate string
	var code bool
	var replaces cmdutil.Replaces
	c := &cobra.Command{
		Use: "plan -f FILE", Short: "Show what would change, in which order, why, and for how long", Args: cmdutil.NoArgs,
		Example: "  slipway plan --sim -f examples/quickstart.yaml\n  slipway plan -f cluster.yaml -o mermaid",
		RunE:    func(c *cobra.Command, _ []string) error { return plan(c.Context(), a, file, gate, replaces, code) },
	}
	c.Flags().StringVarP(&file, "file", "f", "", "ClusterConfig file, or - for standard input")
	cmdutil.Gate(c, &gate)
	replaces.Add(c)
	c.Flags().BoolVar(&code, "exit-code", false, "exit with 2 when there is something to do")
	cmdutil.TerraformState(c)
	a.Formats(c, "text, json, dot or mermaid", "text", "json", "dot", "mermaid")
	return c
}

func plan(ctx context.Context, a *cmdutil.App, file, gate string, replaces cmdutil.Replaces, code bool) error {
	active, err := cmdutil.GateActive(gate)
	if err != nil {
		return err
	}
	w, err := replaces.Wish(run.Wish{GateActive: active})
	if err != nil {
		return err
	}
	f, err := a.Load(file)
	if err != nil {
		return err
	}
	t, err := a.Open(ctx, f)
	if err != nil {
		return err
	}
	if w.State, err = a.Terraform(); err != nil {
		return err
	}
	s, err := run.PrepareWith(ctx, t.AWS, f, w)
	if err != nil {
		return err
	}
	d, err := s.Plan.Document()
	if err != nil {
		return err
	}
	switch a.Format {
	case "text":
		render.PlanText(a.Out, d, render.StyleFor(a.Out))
	case "json":
		err = render.PlanJSON(a.Out, d)
	case "dot":
		render.PlanDOT(a.Out, d)
	case "mermaid":
		render.PlanMermaid(a.Out, d)
	}
	if err == nil && code && !s.Plan.Empty() {
		return outcome.Exit(outcome.ExitChanges, nil)
	}
	return err
}
