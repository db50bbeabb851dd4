// Package nodegroup is slipway nodegroup: the node groups of a cluster, one at a time.
package nodegroup

import (
	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
)

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	c := &cobra.Command{Use: "nodegroup", Aliases: []string{"ng"}, Short: "List, make, scale, upgrade, repair and delete node groups of a cluster that stands"}
	c.AddCommand(newList(a), newCreate(a), newScale(a), newUpgrade(a), newRepair(a), newDelete(a))
	return c
}
