// Package upgrade is slipway upgrade: a whole cluster to another version of Kubernetes, or
// back.
package upgrade

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/cli/first"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/run"
)

type flags struct {
	cmdutil.Consent
	repair             first.Repair
	to, file, strategy string
	parallel           int
	force, rollback    bool
	wait               []string
	waitFor            time.Duration
	gates              []string
	gateTime, deadline time.Duration
	soak               time.Duration
	pause, batch       string
	timeline           string
	conflicts          string
}

const long = `Takes a whole cluster to another version of Kubernetes, as one plan: first what stands in the way is named (what EKS finds,
APIs that end, kubelets and kube-proxy that are too old, add-ons without a version, disruption budgets that never let a pod
go, subnets without addresses, webhooks that nothing answers, Amazon Linux 2), each with its object and what to do, while
nothing is changed. Then, one minor at a time: add-ons that would not fit the next minor, the control plane, add-ons; in the
last round the node groups too, as kubelets may be three minors older, and pods need move once only; at the end all of it is
seen. Managed groups are updated in place by EKS, or with --strategy blue-green replaced by new ones beside them, as
slipway nodegroup upgrade does; self-managed ones are always replaced, but for one without a stack, which stays and is named.
Where the control plane has the version already, what lags behind is brought up. Add-ons get EKS's defaults; a file (-f) whose
metadata.version is the target may name others, and AMI releases or AMIs of your own for groups (releaseVersion, ami). What others
than EKS set in add-ons' objects is named, owner by owner, and kept, unless --resolve-conflicts says otherwise.

--rollback takes it back to the minor that it came from, within seven days of the upgrade: nodes first, then add-ons and the
control plane. slipway status shows how long there is a way back.

Killed anywhere, the same command goes on. A group's replacement that fails on the way (a gate, a deadline) is taken back by
itself; what was upgraded stays, and the same command goes on from there. docs/upgrades.md has the whole of it.`

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "upgrade [NAME] --to VERSION", Short: "Take a whole cluster to another version of Kubernetes, or back", Long: long,
		Example: "  slipway upgrade prod --to 1.35\n  slipway upgrade prod --to 1.35 -f cluster.yaml --max-parallel 5\n" +
			"  slipway upgrade prod --to 1.35 --strategy blue-green --gate ./smoke.sh\n  slipway upgrade prod --rollback\n" +
			"  slipway upgrade --sim -f examples/upgrade.yaml --to 1.35 --yes",
		Args: cmdutil.OneArgAtMost("cluster's name"),
		RunE: func(c *cobra.Command, args []string) error { return upgrade(c.Context(), a, f, args) },
	}
	fs := c.Flags()
	fs.StringVar(&f.to, "to", "", "the minor of Kubernetes, such as 1.35")
	fs.StringVarP(&f.file, "file", "f", "",
		"ClusterConfig file, or - for standard input: of the target version, it names versions of add-ons, AMI releases (releaseVersion) and AMIs "+
			"(ami); with --sim it is launched first")
	fs.StringVar(&f.strategy, "strategy", run.StrategyInPlace, "of managed node groups: in-place, or blue-green, new groups beside the old ones")
	fs.IntVar(&f.parallel, "max-parallel", 3, "how many node groups at once")
	fs.BoolVar(&f.force, "force", false, "pass over what EKS finds in the way, and end pods that disruption budgets hold")
	fs.StringVar(&f.conflicts, "resolve-conflicts", "",
		"what becomes of fields of add-ons' objects that others set, which the plan names: preserve (theirs stay), overwrite, or none (refused); "+
			"default: as the file says, else preserve")
	fs.BoolVar(&f.rollback, "rollback", false, "back to the minor that the cluster was upgraded from")
	fs.StringArrayVar(&f.gates, "gate", nil, "of groups that are replaced: command that must exit 0 for it to go on; may be repeated")
	fs.DurationVar(&f.gateTime, "gate-timeout", 10*time.Minute, "likewise: how long a gate may stay shut")
	fs.DurationVar(&f.soak, "soak", 0, "likewise: how long all must stay as available as before, once the old nodes are empty")
	fs.StringVar(&f.pause, "pause", "", "likewise: stop after-green or after-drain for a person to look; the same command goes on")
	fs.StringVar(&f.batch, "batch", "", "likewise: how many nodes at a time, as a number or a part such as 25%; default: all")
	fs.DurationVar(&f.deadline, "deadline", time.Hour, "likewise: how long the pods of a zone may take to move")
	fs.StringSliceVar(&f.wait, "wait-nodes", nil,
		"karpenter, auto, or both: wait until what Karpenter or Auto Mode keeps has followed, too, which it does by itself")
	fs.DurationVar(&f.waitFor, "wait-nodes-timeout", time.Hour, "likewise: how long")
	fs.StringVar(&f.timeline, "timeline", "", "draw what ran when, as an SVG file")
	f.repair.Add(c)
	a.Consent(c, &f.Consent)
	return c
}

// upgrade is the whole of the command, in its order.
func upgrade(ctx context.Context, a *cmdutil.App, f flags, args []string) error {
	w, err := f.wish()
	if err != nil {
		return err
	}
	file, name, err := a.Subject(f.file, args)
	if err != nil {
		return err
	}
	w.File = file
	t, err := a.Open(ctx, file)
	if err != nil {
		return err
	}
	if err := a.Rehearse(ctx, t, file, ""); err != nil {
		return err
	}
	change := cmdutil.Change{Command: "upgrade", Consent: f.Consent, First: f.repair.Before(ctx, a, t, f.Consent), Drawn: f.timeline,
		Prepare: func(b *run.Books) (*run.Session, error) {
			w.Books = b
			return run.PrepareUpgrade(ctx, t.AWS, name, w)
		}}
	if f.rollback {
		change.Command += " --rollback"
	}
	return a.Change(ctx, t, change)
}

var minor = regexp.MustCompile(`^1\.\d+$`)

// wish is what the flags mean.
func (f *flags) wish() (run.Upgrade, error) {
	w := run.Upgrade{To: f.to, Back: f.rollback, Strategy: f.strategy, Batch: f.batch, MaxParallel: f.parallel, Force: f.force,
		Conflicts: strings.ToLower(f.conflicts), WaitNodes: f.wait, WaitFor: f.waitFor,
		Watch: plan.Watch{Gates: f.gates, GateTime: f.gateTime, Pause: f.pause, Soak: f.soak, Deadline: f.deadline}}
	switch {
	case f.rollback && f.to != "":
		return w, cmdutil.Input("give --to or --rollback: back is the minor that the cluster was upgraded from")
	case !f.rollback && f.to == "":
		return w, cmdutil.Input("say which version: --to 1.35, or --rollback")
	case f.to != "" && !minor.MatchString(f.to):
		return w, cmdutil.Input("--to %s: a minor of Kubernetes, such as 1.35", f.to)
	case f.strategy != run.StrategyInPlace && f.strategy != run.StrategyBlueGreen:
		return w, cmdutil.Input("--strategy %s: in-place or blue-green", f.strategy)
	case slices.ContainsFunc(f.wait, func(x string) bool { return !slices.Contains(run.Waitable, x) }):
		return w, cmdutil.Input("--wait-nodes %s: karpenter, auto, or both", strings.Join(f.wait, ","))
	case !slices.Contains([]string{"", "preserve", "overwrite", "none"}, w.Conflicts):
		return w, cmdutil.Input("--resolve-conflicts %s: preserve, overwrite or none", f.conflicts)
	case len(f.wait) > 0 && f.rollback:
		return w, cmdutil.Input("--wait-nodes is of the way up: Karpenter and Auto Mode must make no newer nodes before the control plane goes back")
	case f.waitFor <= 0:
		return w, cmdutil.Input("--wait-nodes-timeout takes a time such as 1h")
	case f.parallel < 1:
		return w, cmdutil.Input("--max-parallel takes 1 or more")
	}
	return w, cmdutil.Watched(w.Watch, w.Batch)
}
