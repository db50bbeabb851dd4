// Package schema is slipway schema: the JSON schema of the config file.
package schema

import (
	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/config"
)

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON schema of the config file", Args: cmdutil.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = a.Out.Write(append(b, '\n'))
			return err
		},
	}
}
