// Package export is slipway export: a config file from a live cluster.
package export

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/run"
)

const long = `Writes the config file that says what a live cluster is, whoever made it: eksctl, Slipway, Terraform, the console, or two of
them. slipway plan -f finds nothing to do for it. What a stack of the cluster makes by itself (its VPC, security groups,
roles) is described; what somebody else made is named by its ID. With --portable nothing of this account is named, and the
file launches an equal cluster elsewhere. What a file cannot say stands in comments at its beginning, each with its reason,
beside who keeps which part. docs/drift.md.`

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var file string
	var portable bool
	c := &cobra.Command{
		Use: "export NAME", Short: "Write the config file of a live cluster, whoever made it", Args: cmdutil.OneArg("cluster's name"), Long: long,
		Example: "  slipway export prod -o prod.yaml && slipway plan -f prod.yaml\n" +
			"  slipway export prod --portable | sed 's/name: prod/name: staging/' | slipway up -f -",
		RunE: func(c *cobra.Command, args []string) error { return write(c.Context(), a, args[0], file, portable) },
	}
	c.Flags().StringVarP(&file, "output", "o", "-", "write it to this file; -: standard output")
	c.Flags().BoolVar(&portable, "portable", false, "name nothing of this account: no VPC, subnets, roles, keys, launch templates")
	cmdutil.TerraformState(c)
	return c
}

func write(ctx context.Context, a *cmdutil.App, name, file string, portable bool) error {
	s, err := a.Terraform()
	if err != nil {
		return err
	}
	t, err := a.OpenNamed(ctx, name)
	if err != nil {
		return err
	}
	x, err := run.ExportFile(ctx, t.AWS, name, portable, s)
	if err != nil {
		return err
	}
	for _, l := range x.Left {
		a.Say("%s %s: %s", a.Style.Yellow("note:"), l.Path, l.Why)
	}
	return a.Write(file, x.Write)
}
