// Package cli is the command line: flags in, façade calls, rendering out, one file
// a command. It holds no logic of its own. Data goes to standard output, talk to
// standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/interrupt"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/startup"
)

// Exit codes are a contract (DESIGN.md, "The command line is a contract").
const (
	exitDone        = 0
	exitFailed      = 1 // before anything changed
	exitChanges     = 2 // changes found, with --exit-code
	exitPartial     = 3 // a timeout or failure after some change
	exitInput       = 4
	exitInterrupted = 130
)

// exitError carries an exit code; its message may be empty: all was said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e *exitError) Unwrap() error { return e.err }

func exit(code int, err error) error { return &exitError{code, err} }

// app is what every command shares.
type app struct {
	in       io.Reader
	out, err io.Writer
	style    render.Style // of standard error

	region, profile string
	sim             bool
	seed            uint64
}

// Main runs the command line and returns its exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	startup.Done()
	ctx, stop := interrupt.Context(context.Background())
	defer stop()
	a := &app{in: in, out: out, err: errOut, style: render.StyleFor(errOut)}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	return a.code(root.ExecuteContext(ctx))
}

// code turns an error into words and an exit code.
func (a *app) code(err error) int {
	if err == nil {
		return exitDone
	}
	var e *exitError
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(a.err, a.style.Yellow("interrupted"))
		return exitInterrupted
	}
	if errors.As(err, &e) {
		if m := e.Error(); m != "" {
			fmt.Fprintln(a.err, a.style.Red("error:"), m)
		}
		return e.code
	}
	fmt.Fprintln(a.err, a.style.Red("error:"), err)
	var ps config.Problems
	var fs check.Failures
	var cycle *graph.CycleError
	switch {
	case errors.As(err, &ps), errors.As(err, &cycle):
		return exitInput
	case errors.As(err, &fs) && fs.Input():
		return exitInput
	}
	return exitFailed
}

func (a *app) root() *cobra.Command {
	c := &cobra.Command{Use: "slipway", Short: "Bring Amazon EKS clusters up in the right order, and keep them so",
		Long:         "Slipway takes an eksctl ClusterConfig to Ready nodes in the right order: it puts true edges in a dependency graph,\nwaits on real readiness, and shows what waits for what and why. With --sim it does so in a simulated AWS region.\n\nExit codes: 0 done, 1 failed before anything changed, 2 changes found (with --exit-code),\n3 a timeout or failure after some change was made, 4 invalid input, 11 locked, 130 interrupted.",
		SilenceUsage: true, SilenceErrors: true}
	f := c.PersistentFlags()
	f.StringVar(&a.region, "region", "", "AWS region; default: the config file's, then the AWS configuration's")
	f.StringVar(&a.profile, "profile", "", "profile in the AWS configuration")
	f.BoolVar(&a.sim, "sim", false, "run against an embedded simulated region, on a virtual clock")
	f.Uint64Var(&a.seed, "seed", 1, "with --sim: the seed of the simulated region; the same seed gives the same run")
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return exit(exitInput, err) })
	c.AddCommand(a.upCommand(), a.planCommand(), a.downCommand(), a.statusCommand(), a.simCommand(), a.rulesCommand(), a.schemaCommand(), a.tokenCommand(), a.kubeconfigCommand(), a.versionCommand())
	return c
}

// noArgs refuses arguments, as invalid input.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return exit(exitInput, fmt.Errorf("unexpected argument %q", args[0]))
	}
	return nil
}

func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return exit(exitInput, fmt.Errorf("%s takes one argument, the %s", c.Name(), what))
		}
		return nil
	}
}
