// Package kubeconfig is slipway kubeconfig: add a cluster to the kubeconfig.
package kubeconfig

import (
	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/kubecfg"
)

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var path, plugin string
	c := &cobra.Command{
		Use: "kubeconfig NAME", Short: "Add a cluster to the kubeconfig", Args: cmdutil.OneArg("cluster's name"),
		Long: "Adds a context for the cluster and makes it the current one, as kubectl would: the same files, the same lock.",
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			if plugin != kubecfg.Slipway && plugin != kubecfg.AWS {
				return cmdutil.Input("--credentials %s: slipway or aws", plugin)
			}
			t, err := a.Open(ctx, nil)
			if err != nil {
				return err
			}
			if err := t.AWS.Identify(ctx); err != nil {
				return check.Identity(err)
			}
			e := t.Entry(a, args[0])
			e.Plugin = plugin
			return a.AddKubeconfig(ctx, t, e, path)
		},
	}
	c.Flags().StringVar(&path, "kubeconfig", "", "file to write; default: KUBECONFIG, then ~/.kube/config")
	c.Flags().StringVar(&plugin, "credentials", kubecfg.Slipway, "what fetches tokens: slipway, or aws (aws eks get-token)")
	return c
}
