package nodegroup

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/cli/first"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/run"
)

type upgradeFlags struct {
	cmdutil.Consent
	repair             first.Repair
	strategy, file     string
	release, family    string
	template, image    string
	types              []string
	gates              []string
	gateTime, deadline time.Duration
	soak               time.Duration
	pause              string
	abort, force       bool
	batch              string
	parallel           int
	timeline           string
	given              func(string) bool
}

// Strategies.
const (
	blueGreen = "blue-green"
	inPlace   = "in-place"
)

const upgradeLong = `Replaces a node group by a new one beside it (blue/green), with a way back at every point until the old one is deleted.
The new group, GROUP-b2, is as the old one is live, with the newest AMI release, and with what the flags or the file's entry of
that name say otherwise. Once its nodes are Ready, its DaemonSets too, and pods have addresses, the old nodes take no more pods;
pods move zone by zone, by eviction, within every disruption budget; then the old group goes. Before pods move, and before the
old group goes, a gate must open: no Deployment, StatefulSet or DaemonSet less available than before the start, no pod that
crashes again and again and did not; and every --gate command must exit 0. It runs with SLIPWAY_CLUSTER, SLIPWAY_GROUP,
SLIPWAY_REPLACEMENT and SLIPWAY_STAGE (after-green, after-drain) in its environment.

Several groups are one plan: one after the other, or as many at once as --max-parallel says; pods move from one group at a time,
as budgets know no groups. What fails takes back the groups that are under way; those that are replaced stay so.

With --batch 25% the group goes slice by slice, so that room for a slice is enough: the new group is made with a quarter of the nodes,
as many of the old ones are emptied and ended, the new group grows by the next quarter, and so on, with Slipway's own gate after
each. Taking that back takes room for the nodes that have gone by then.

A gate that stays shut, a deadline that passes, or any step that fails takes everything back by itself, and --abort does at any
time: the old nodes take pods again first, pods move back within budgets, the new group goes. Ctrl-C leaves all as it is: the
state is in the cluster, and the same command goes on, from any machine.

With --strategy in-place, EKS replaces the nodes of a managed group within the group (UpdateNodegroupVersion): new ones first,
then the old ones are emptied, as many at a time as the group's update config says, or, where its update strategy is MINIMAL,
the other way round. It takes another AMI release, to the control plane's Kubernetes unless --release-version says otherwise,
or another version of the group's own launch template, which --ami makes: as it is, with that AMI; all else is a replacement.
What would hold it up is named before, as above; while it runs, the nodes that are left, and the pods and budgets that hold them.
A pod that a budget holds for 15 minutes fails it, unless --force has EKS end it; what is new stays, and the same command goes on.
There is no other way back than --release-version, or --launch-template-version, with the one before.`

func newUpgrade(a *cmdutil.App) *cobra.Command {
	var f upgradeFlags
	c := &cobra.Command{
		Use: "upgrade NAME GROUP...", Short: "Replace node groups' nodes: by a new group beside each, with gates and a way back, or in place", Long: upgradeLong,
		Example: "  slipway nodegroup upgrade prod workers\n" +
			"  slipway nodegroup upgrade prod workers --instance-types m7i.large --gate 'curl -fsS https://shop.example/health' --soak 10m\n" +
			"  slipway nodegroup upgrade prod workers -f cluster.yaml --pause after-green\n" +
			"  slipway nodegroup upgrade prod workers --batch 25%\n" +
			"  slipway nodegroup upgrade prod web batch gpu --max-parallel 2\n" +
			"  slipway nodegroup upgrade prod workers --abort\n" +
			"  slipway nodegroup upgrade prod workers --strategy in-place",
		Args: cmdutil.ArgsAndMore("cluster's name", "node group's name"),
		RunE: func(c *cobra.Command, args []string) error {
			f.given = c.Flags().Changed
			return upgrade(c.Context(), a, f, args[0], args[1:])
		},
	}
	fs := c.Flags()
	fs.StringVar(&f.strategy, "strategy", blueGreen, "blue-green: a new group beside the old one; in-place: EKS replaces the nodes of a managed group")
	fs.StringVarP(&f.file, "file", "f", "", "ClusterConfig file that says what the new group is, in its entry of that name, or - for standard input")
	fs.StringVar(&f.release, "release-version", "", "AMI release, such as 1.34.4-20261101, or latest, the default (managed groups)")
	fs.StringVar(&f.template, "launch-template-version", "", "in place: version of the group's own launch template; default: as it is")
	fs.StringVar(&f.image, "ami", "", "in place, of a group with a launch template and an AMI of your own: the AMI that a new version of the template gets")
	fs.StringSliceVar(&f.types, "instance-types", nil, "instance types of the new group; default: as they are")
	fs.StringVar(&f.family, "ami-family", "", "AMI family of the new group, such as AmazonLinux2023; default: as it is")
	fs.StringArrayVar(&f.gates, "gate", nil, "command that must exit 0 for it to go on, at each gate; may be repeated")
	fs.DurationVar(&f.gateTime, "gate-timeout", 10*time.Minute, "how long a gate may stay shut")
	fs.DurationVar(&f.soak, "soak", 0, "how long all must stay as available as before, once the old nodes are empty")
	fs.StringVar(&f.pause, "pause", "", "stop after-green or after-drain for a person to look; the same command goes on")
	fs.StringVar(&f.batch, "batch", "", "how many nodes are replaced at a time, as a number or a part such as 25%: so much room is enough; default: all")
	fs.IntVar(&f.parallel, "max-parallel", 1, "how many groups at once")
	fs.DurationVar(&f.deadline, "deadline", time.Hour, "how long the pods of a zone may take to move")
	fs.BoolVar(&f.force, "force", false,
		"go on though pods are lost, or do not find a node again as they are; in place, EKS also ends pods that budgets hold back")
	fs.StringVar(&f.timeline, "timeline", "", "draw what ran when, as an SVG file")
	fs.BoolVar(&f.abort, "abort", false, "take the replacement back: all as it was before")
	f.repair.Add(c)
	a.Consent(c, &f.Consent)
	return c
}

// upgrade is the whole of the command, in its order.
func upgrade(ctx context.Context, a *cmdutil.App, f upgradeFlags, cluster string, groups []string) error {
	if f.strategy == inPlace {
		return upgradeInPlace(ctx, a, f, cluster, groups)
	}
	w, err := f.wish(a, cluster, groups)
	if err != nil {
		return err
	}
	a.Cluster = cluster
	t, err := a.Open(ctx, w.File)
	if err != nil {
		return err
	}
	change := cmdutil.Change{Command: "nodegroup upgrade", Consent: f.Consent, First: f.repair.Before(ctx, a, t, f.Consent), Drawn: f.timeline,
		Prepare: func(b *run.Books) (*run.Session, error) {
			w.Books = b
			return run.PrepareReplacement(ctx, t.AWS, cluster, w)
		}}
	if f.abort {
		change.Command += " --abort"
		change.First = nil // what is under way is taken back first
		change.Prepare = func(b *run.Books) (*run.Session, error) {
			w.Books = b
			return run.PrepareReturn(ctx, t.AWS, cluster, w)
		}
	}
	return a.Change(ctx, t, change)
}

// wish is what the flags mean.
func (f *upgradeFlags) wish(a *cmdutil.App, cluster string, groups []string) (run.Replacement, error) {
	w := run.Replacement{Groups: groups, Changes: map[string]any{}, Batch: f.batch, MaxParallel: f.parallel,
		Watch: plan.Watch{Gates: f.gates, GateTime: f.gateTime, Pause: f.pause, Soak: f.soak, Deadline: f.deadline, Force: f.force}}
	for flag, change := range map[string]struct {
		property string
		value    any
	}{"release-version": {"releaseVersion", f.release}, "instance-types": {"instanceTypes", f.types}, "ami-family": {"amiFamily", f.family}} {
		if f.given(flag) && change.value != run.Latest {
			w.Changes[change.property] = change.value
		}
	}
	switch {
	case f.strategy != blueGreen:
		return w, cmdutil.Input("--strategy %s: blue-green or in-place", f.strategy)
	case f.template != "" || f.image != "":
		return w, cmdutil.Input("--launch-template-version and --ami go with --strategy in-place: say in a file what the new group is made from (-f FILE)")
	case f.parallel < 1:
		return w, cmdutil.Input("--max-parallel takes 1 or more")
	case len(slices.Compact(slices.Sorted(slices.Values(groups)))) < len(groups):
		return w, cmdutil.Input("name each node group once: %s", strings.Join(groups, ", "))
	case f.file != "" && len(w.Changes) > 0:
		return w, cmdutil.Input("give -f FILE, or flags that say what changes: a file says all of the group itself")
	}
	err := cmdutil.Watched(w.Watch, w.Batch)
	if err != nil || f.file == "" {
		return w, err
	}
	w.File, err = fileOf(a, f.file, cluster)
	return w, err
}
