package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/version"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: noArgs, RunE: func(*cobra.Command, []string) error {
		_, err := io.WriteString(a.out, version.Text())
		return err
	}}
}

func (a *app) rulesCommand() *cobra.Command {
	var output string
	c := &cobra.Command{Use: "rules", Short: "List the ordering rules, each with its reason, source and date", Args: noArgs, RunE: func(*cobra.Command, []string) error {
		if output == "json" {
			enc := json.NewEncoder(a.out)
			enc.SetIndent("", "  ")
			return enc.Encode(rules.All)
		}
		for _, r := range rules.All {
			fmt.Fprintf(a.out, "%s\n  %s\n  source: %s\n  checked: %s\n\n", r.Name, r.Reason, r.Source, r.Checked)
		}
		return nil
	}}
	c.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return c
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{Use: "schema", Short: "Print the JSON schema of the config file", Args: noArgs, RunE: func(*cobra.Command, []string) error {
		b, err := config.Schema()
		if err != nil {
			return err
		}
		_, err = a.out.Write(append(b, '\n'))
		return err
	}}
}

// table writes aligned columns.
func (a *app) table() *tabwriter.Writer { return tabwriter.NewWriter(a.out, 2, 8, 2, ' ', 0) }
