package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/interrupt"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

func (a *app) downCommand() *cobra.Command {
	var yes bool
	var output, kubeconfig string
	c := &cobra.Command{Use: "down NAME", Short: "Delete a cluster and everything that was made for it", Args: oneArg("cluster's name"),
		Long: "Deletes in reverse order, waits, and leaves nothing that Slipway or eksctl made for the cluster; what belongs to it is told by eksctl's tags.",
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			w, err := a.open(ctx, nil)
			if err != nil {
				return err
			}
			s, err := run.PrepareDown(ctx, w.aws, args[0])
			if err != nil {
				return err
			}
			if s.Plan.Empty() {
				fmt.Fprintf(a.err, "There is nothing of a cluster %s in %s.\n", args[0], w.aws.Region)
				a.summary(output, summaryEvent{Result: "nothing-to-do", Cluster: args[0], APICalls: w.aws.Calls()})
				return nil
			}
			render.PlanText(a.err, s.Plan, a.style)
			if err := a.confirm(yes, false); err != nil {
				return err
			}
			fmt.Fprintln(a.err)
			rep, err := a.run(ctx, w, s, output)
			if err != nil {
				return err
			}
			if err := a.gone(ctx, w, s, rep, output); err != nil {
				return err
			}
			return a.forgetKubeconfig(w, args[0], kubeconfig)
		}}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.Flags().StringVarP(&output, "output", "o", "text", "text or jsonl")
	c.Flags().StringVar(&kubeconfig, "kubeconfig", "", "kubeconfig to take the cluster out of; none to leave it alone (default: as kubectl finds it)")
	return c
}

// gone looks again, and says what is left.
func (a *app) gone(ctx context.Context, w *world, s *run.Session, rep *engine.Report, output string) error {
	a.unknown(rep)
	after, err := run.PrepareDown(interrupt.Hard(ctx), w.aws, s.Plan.Cluster)
	if err != nil {
		return exit(exitPartial, fmt.Errorf("the run ended, and what is left could not be observed: %w", err))
	}
	e := summaryEvent{Result: "done", Cluster: s.Plan.Cluster, Elapsed: rep.Elapsed.Seconds(), CriticalPath: s.Plan.Critical.Total.Seconds(), APICalls: w.aws.Calls()}
	e.Steps.Done, e.Steps.Failed, e.Steps.Skipped = rep.Done, rep.Failed+rep.TimedOut, rep.Skipped
	code := exitDone
	if rep.Interrupted {
		e.Result, code = "partial", exitInterrupted
	} else if !rep.OK() || !after.Plan.Empty() {
		e.Result, code = "partial", exitPartial
	}
	a.summary(output, e)
	if code == exitDone {
		fmt.Fprintf(a.err, "\n%s cluster %s is gone, and nothing of it is left, in %s\n", a.style.Green("done:"), s.Plan.Cluster, render.Duration(rep.Elapsed))
		return nil
	}
	fmt.Fprintf(a.err, "\n%s %s; run the same command again to continue\n", a.style.Red(e.Result+":"), rep.FirstFailure)
	return exit(code, nil)
}
