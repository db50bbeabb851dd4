package nodegroup

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/run"
)

const repairLong = `Makes a node group again that failed: one that is CREATE_FAILED or DEGRADED, or whose stack is ROLLBACK_COMPLETE and the like.
It says why the group failed, by the issues that EKS finds, the events of its stack and its nodes, and what you must do where
making it again is not enough. Then the group is emptied as far as it has nodes that are Ready, within disruption budgets, deleted
with its stack, and made again under its name: as the file says (-f), else as its stack records it, else as it is live. The checks
of a launch run first. A group whose nodes live and whose stack alone is UPDATE_ROLLBACK_FAILED is not deleted: the rollback goes on,
and skips what cannot be put back. A group with which nothing is wrong is left alone.`

func newRepair(a *cmdutil.App) *cobra.Command {
	var f change
	var file string
	c := &cobra.Command{
		Use: "repair NAME GROUP", Short: "Say why a node group failed, and make it again", Long: repairLong,
		Example: "  slipway nodegroup repair prod workers\n  slipway nodegroup repair prod workers -f cluster.yaml --yes",
		Args:    cmdutil.Args("cluster's name", "node group's name"),
		RunE:    func(c *cobra.Command, args []string) error { return repair(c.Context(), a, f, file, args[0], args[1]) },
	}
	c.Flags().StringVarP(&file, "file", "f", "", "ClusterConfig file that says what the group is, in its entry of that name, or - for standard input")
	f.add(a, c, "empty the nodes that are Ready first, within disruption budgets")
	return c
}

func repair(ctx context.Context, a *cmdutil.App, f change, path, cluster, group string) error {
	var file *config.File
	if path != "" {
		var err error
		if file, err = fileOf(a, path, cluster); err != nil {
			return err
		}
	}
	a.Cluster = cluster
	t, err := a.Open(ctx, file)
	if err != nil {
		return err
	}
	return a.Change(ctx, t, cmdutil.Change{Command: run.CommandRepair, Consent: f.Consent, First: f.repair.Before(ctx, a, t, f.Consent),
		Prepare: func(b *run.Books) (*run.Session, error) {
			return run.PrepareRepair(ctx, t.AWS, cluster, run.Repair{Group: group, File: file, Drain: f.drain, Books: b})
		}, Question: func(s *run.Session) string {
			if len(s.Plan.Deletions) > 0 {
				return "Delete it, and make it again?"
			}
			return "Go ahead?"
		}})
}

// fileOf reads a file that must be of the cluster that the command names.
func fileOf(a *cmdutil.App, path, cluster string) (*config.File, error) {
	file, err := a.Load(path)
	if err != nil {
		return nil, err
	}
	if n := file.Cluster.Metadata.Name; n != cluster {
		return nil, cmdutil.Input("the file is of cluster %s, and the argument says %s", n, cluster)
	}
	return file, nil
}
