// Package version is slipway version. The program answers it before this package is
// ready (cmd/slipway/internal/startup); it stands here for help, and for other programs.
package version

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/version"
)

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cmdutil.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.Out, version.Text())
			return err
		},
	}
}
