// Package cli is the command line: one folder a command, flags in, façade calls,
// rendering out. It holds no logic of its own. Data goes to standard output, talk to
// standard error.
package cli

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/addon"
	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/cli/down"
	"github.com/slipway-eks/slipway/internal/cli/drift"
	"github.com/slipway-eks/slipway/internal/cli/export"
	"github.com/slipway-eks/slipway/internal/cli/history"
	"github.com/slipway-eks/slipway/internal/cli/kubeconfig"
	"github.com/slipway-eks/slipway/internal/cli/nodegroup"
	"github.com/slipway-eks/slipway/internal/cli/plan"
	"github.com/slipway-eks/slipway/internal/cli/restore"
	"github.com/slipway-eks/slipway/internal/cli/rollback"
	"github.com/slipway-eks/slipway/internal/cli/rules"
	"github.com/slipway-eks/slipway/internal/cli/schema"
	"github.com/slipway-eks/slipway/internal/cli/sim"
	"github.com/slipway-eks/slipway/internal/cli/snapshot"
	"github.com/slipway-eks/slipway/internal/cli/status"
	"github.com/slipway-eks/slipway/internal/cli/sync"
	"github.com/slipway-eks/slipway/internal/cli/token"
	"github.com/slipway-eks/slipway/internal/cli/unlock"
	"github.com/slipway-eks/slipway/internal/cli/up"
	"github.com/slipway-eks/slipway/internal/cli/upgrade"
	"github.com/slipway-eks/slipway/internal/cli/version"
	"github.com/slipway-eks/slipway/internal/interrupt"
)

// commands are the commands, in the order in which help shows them.
var commands = []func(*cmdutil.App) *cobra.Command{
	up.New, upgrade.New, plan.New, down.New, status.New, // a cluster
	nodegroup.New, addon.New, // its parts
	export.New,                                     // what it is, as a file
	drift.New, sync.New, restore.New, rollback.New, // what somebody else made of it
	history.New, snapshot.New, unlock.New, // what was done to it
	kubeconfig.New, token.New, // its Kubernetes API
	sim.New,                            // a region of one's own
	rules.New, schema.New, version.New, // what the program knows
}

const long = `Slipway takes an eksctl ClusterConfig to Ready nodes in the right order: it puts true edges in a dependency graph,
waits on real readiness, and shows what waits for what and why. With --sim it does so in a simulated AWS region.

Exit codes: 0 done, 1 failed before anything changed, 2 changes found (with --exit-code),
3 a timeout or failure after some change was made, 4 invalid input, 11 locked, 130 interrupted.`

// root is the whole command line.
func root(a *cmdutil.App) *cobra.Command {
	cobra.EnableCommandSorting = false
	c := &cobra.Command{
		Use: "slipway", Short: "Bring Amazon EKS clusters up in the right order, and keep them so", Long: long,
		SilenceUsage: true, SilenceErrors: true,
	}
	a.Flags(c)
	for _, command := range commands {
		c.AddCommand(command(a))
	}
	return c
}

// Main runs the command line and returns its exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := interrupt.Context(context.Background())
	defer stop()
	a := cmdutil.New(in, out, errOut)
	err := execute(ctx, a, args)
	return a.End(err, ctx.Err() != nil)
}

// execute runs a command. A panic is an error like others, so that a run that it cuts
// short still ends with its summary.
func execute(ctx context.Context, a *cmdutil.App, args []string) (err error) {
	defer caught(&err)
	c := root(a)
	c.SetArgs(args)
	c.SetIn(a.In)
	c.SetOut(a.Out)
	c.SetErr(a.Err)
	return c.ExecuteContext(ctx)
}

// caught makes an error of a panic. It is deferred.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("a fault of slipway itself: %v\n%s", p, debug.Stack())
	}
}
