package nodegroup

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

const listLong = `Shows every node group of a cluster, whoever made it: EKS managed ones, self-managed ones, and Auto Scaling groups whose
instances joined; who keeps each; its status, and what EKS finds wrong; the Kubernetes version of its nodes; its AMI release,
how old that is, and whether a newer one is published; instance types, sizes, nodes that are Ready, subnets and zones; and what
of it is not as its record says (slipway drift shows that in full), and where the cluster's record is stale. Nodes of no group are counted by who made them.`

func newList(a *cmdutil.App) *cobra.Command {
	c := &cobra.Command{
		Use: "list NAME", Aliases: []string{"ls"}, Short: "Show every node group of a cluster, whoever made it", Long: listLong,
		Example: "  slipway nodegroup list prod\n  slipway nodegroup list prod -o json | jq '.nodeGroups[] | select(.newerRelease)'",
		Args:    cmdutil.OneArg("cluster's name"),
		RunE:    func(c *cobra.Command, args []string) error { return list(c.Context(), a, args[0]) },
	}
	cmdutil.TerraformState(c)
	a.Formats(c, "text, json or yaml", "text", "json", "yaml")
	return c
}

func list(ctx context.Context, a *cmdutil.App, name string) error {
	t, err := a.OpenNamed(ctx, name)
	if err != nil {
		return err
	}
	state, err := a.Terraform()
	if err != nil {
		return err
	}
	l, err := run.NodeGroups(ctx, t.AWS, name, t.Date(), state)
	if err != nil {
		return err
	}
	return a.Document(l, func() error { return render.NodeGroups(a.Out, render.StyleFor(a.Out), l) })
}
