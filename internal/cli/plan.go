package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

func (a *app) planCommand() *cobra.Command {
	var file, output string
	var code bool
	c := &cobra.Command{Use: "plan -f FILE", Short: "Show what would change, in which order, why, and for how long", Args: noArgs,
		Example: "  slipway plan --sim -f examples/quickstart.yaml\n  slipway plan -f cluster.yaml -o mermaid",
		RunE: func(c *cobra.Command, _ []string) error {
			switch output {
			case "text", "json", "dot", "mermaid":
			default:
				return exit(exitInput, fmt.Errorf("-o %s: text, json, dot or mermaid", output))
			}
			f, err := a.load(file)
			if err != nil {
				return err
			}
			w, err := a.open(c.Context(), f)
			if err != nil {
				return err
			}
			s, err := run.Prepare(c.Context(), w.aws, f)
			if err != nil {
				return err
			}
			switch output {
			case "text":
				render.PlanText(a.out, s.Plan, render.StyleFor(a.out))
			case "json":
				err = render.PlanJSON(a.out, s.Plan)
			case "dot":
				render.PlanDOT(a.out, s.Plan)
			case "mermaid":
				render.PlanMermaid(a.out, s.Plan)
			}
			if err == nil && code && !s.Plan.Empty() {
				return exit(exitChanges, nil)
			}
			return err
		}}
	c.Flags().StringVarP(&file, "file", "f", "", "ClusterConfig file, or - for standard input")
	c.Flags().StringVarP(&output, "output", "o", "text", "text, json, dot or mermaid")
	c.Flags().BoolVar(&code, "exit-code", false, "exit with 2 when there is something to do")
	return c
}
