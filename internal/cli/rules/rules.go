// Package rules is slipway rules: the ordering rules and their sources.
package rules

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/plan/rules"
)

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	c := &cobra.Command{
		Use: "rules", Short: "List the ordering rules, each with its reason, source and date", Args: cmdutil.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.Format == "json" {
				return a.JSON(rules.All)
			}
			for _, r := range rules.All {
				fmt.Fprintf(a.Out, "%s\n  %s\n  source: %s\n  checked: %s\n\n", r.Name, r.Reason, r.Source, r.Checked)
			}
			return nil
		},
	}
	a.Formats(c, "text or json", "text", "json")
	return c
}
