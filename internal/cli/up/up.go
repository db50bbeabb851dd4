// Package up is slipway up: plan, show, confirm, run.
package up

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/cli/first"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/run"
)

type flags struct {
	cmdutil.Consent
	file, plan, timeline, kubeconfig string
	gate                             string
	repair                           first.Repair
	replaces                         cmdutil.Replaces
}

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "up -f FILE", Short: "Plan, show, confirm, and run until every node is Ready", Args: cmdutil.NoArgs,
		Long: "Observes the cluster that the file names, shows what would change and why each thing waits, asks, and runs.\n" +
			"Running it again continues what was interrupted, and changes nothing where nothing differs.\n\n" +
			"What cannot be changed in place (instance types, AMI family, volumes, subnets, role …) is refused by name; with --replace, a new\n" +
			"node group is made beside the old one in the same plan, its pods moved, and the old one deleted. A newer metadata.version takes\n" +
			"the whole cluster there: add-ons, control plane, node groups, as slipway upgrade does, which has more to choose.",
		Example: "  slipway up --sim -f examples/quickstart.yaml --yes\n  slipway up -f cluster.yaml --timeline launch.svg\n" +
			"  slipway plan -f cluster.yaml -o json > plan.json && slipway up --plan plan.json\n" +
			"  slipway up -f cluster.yaml --replace workers --replace-gate ./smoke.sh",
		RunE: func(c *cobra.Command, _ []string) error { return up(c.Context(), a, f) },
	}
	c.Flags().StringVarP(&f.file, "file", "f", "", "ClusterConfig file, or - for standard input")
	c.Flags().StringVar(&f.plan, "plan", "", "run this plan, as slipway plan -o json wrote it, and nothing else")
	cmdutil.Gate(c, &f.gate)
	f.replaces.Add(c)
	f.repair.ByFile = true
	f.repair.Add(c)
	a.Consent(c, &f.Consent)
	c.Flags().StringVar(&f.timeline, "timeline", "", "draw what ran when, as an SVG file")
	c.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig to add the cluster to; none to leave it alone (not under --sim)")
	return c
}

// up is the whole of a launch, in its order.
func up(ctx context.Context, a *cmdutil.App, f flags) error {
	t, prepare, err := open(ctx, a, f)
	if err != nil {
		return err
	}
	if err := t.CheckKubeconfig(f.kubeconfig); err != nil {
		return err
	}
	err = a.Change(ctx, t, cmdutil.Change{Command: "up", Consent: f.Consent, Prepare: prepare,
		First: f.repair.Before(ctx, a, t, f.Consent), Question: question, Drawn: f.timeline})
	if err == nil {
		a.Remember(ctx, t, a.Ended.Cluster, f.kubeconfig)
	}
	return err
}

// open reaches the region of the file, or of the saved plan, and says how the session
// is prepared there.
func open(ctx context.Context, a *cmdutil.App, f flags) (*cmdutil.Target, func(*run.Books) (*run.Session, error), error) {
	active, err := cmdutil.GateActive(f.gate)
	if err != nil {
		return nil, nil, err
	}
	if f.plan == "" {
		file, err := a.Load(f.file)
		if err != nil {
			return nil, nil, err
		}
		w, err := f.replaces.Wish(run.Wish{GateActive: active})
		if err != nil {
			return nil, nil, err
		}
		t, err := a.Open(ctx, file)
		return t, func(b *run.Books) (*run.Session, error) {
			w.Books = b
			return run.PrepareWith(ctx, t.AWS, file, w)
		}, err
	}
	if f.file != "" || f.replaces.Any() {
		return nil, nil, cmdutil.Input("give -f FILE or --plan FILE: a saved plan is run as it is")
	}
	if f.repair.How == "live" {
		return nil, nil, cmdutil.Input("--repair live goes by the file: give -f FILE, as a saved plan is run as it is")
	}
	b, err := os.Open(f.plan)
	if err != nil {
		return nil, nil, cmdutil.Input("the plan cannot be read: %v", err)
	}
	defer b.Close() //nolint:errcheck // it was only read
	p, err := plan.Read(b)
	if err != nil {
		return nil, nil, cmdutil.Input("%s: %v", f.plan, err)
	}
	if a.Region != "" && a.Region != p.Region {
		return nil, nil, cmdutil.Input("the plan is for %s, and --region says %s", p.Region, a.Region)
	}
	a.Cluster, a.Region = p.Cluster, p.Region
	t, err := a.Open(ctx, nil)
	return t, func(b *run.Books) (*run.Session, error) { return run.PrepareSaved(ctx, t.AWS, p, b) }, err
}

func question(s *run.Session) string {
	if len(s.Plan.Deletions) > 0 {
		return "Delete what failed, make it again, and go ahead?"
	}
	return "Go ahead?"
}
