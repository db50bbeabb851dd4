package nodegroup

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/interrupt"
	"github.com/slipway-eks/slipway/internal/run"
)

type createFlags struct {
	file, reason string
	include      []string
	group        groupFlags
	subnets      []string
	skipSubnets  bool
	yes          bool
}

const createLong = `Makes node groups of a cluster that stands, and touches nothing else of it: those of a file that are not there yet, or
one that the flags describe. What it stands on is read from EKS and EC2: where the record is stale, as after somebody
replaced the control plane's subnets, the live subnets are used, and the plan says so. The group becomes a stack by
eksctl's contract, which eksctl get, scale and delete nodegroup take as their own.`

func newCreate(a *cmdutil.App) *cobra.Command {
	var f createFlags
	c := &cobra.Command{
		Use: "create NAME [-f FILE | flags]", Short: "Make node groups, from a file or from flags", Long: createLong,
		Example: "  slipway nodegroup create prod -f cluster.yaml\n" +
			"  slipway nodegroup create prod -f cluster.yaml --include batch --subnet-ids subnet-0a1,subnet-0b2\n" +
			"  slipway nodegroup create prod --name batch --instance-types m5.large,m5a.large --nodes 3 --private",
		Args: cmdutil.OneArg("cluster's name"),
		RunE: func(c *cobra.Command, args []string) error {
			f.group.given = c.Flags().Changed
			return create(c.Context(), a, f, args[0])
		},
	}
	c.Flags().StringVarP(&f.file, "file", "f", "", "ClusterConfig file with the groups, or - for standard input")
	c.Flags().StringSliceVar(&f.include, "include", nil, "with -f: only these groups of the file")
	f.group.add(c.Flags())
	c.Flags().StringSliceVar(&f.subnets, "subnet-ids", nil, "the group's subnets, used as they are given")
	c.Flags().BoolVar(&f.skipSubnets, "skip-subnet-validation", false, "do not ask whether nodes can live in the subnets")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	cmdutil.Reason(c, &f.reason)
	a.Formats(c, "text, or jsonl: the typed stream of events, whose last is the summary", "text", "jsonl")
	return c
}

// create is the whole of the command, in its order.
func create(ctx context.Context, a *cmdutil.App, f createFlags, name string) error {
	t, file, err := wanted(ctx, a, f, name)
	if err != nil {
		return err
	}
	if len(f.subnets) > 0 {
		for _, g := range file.Cluster.Groups() {
			g.Subnets = f.subnets
		}
	}
	b, err := a.Books(ctx, t, "nodegroup create", f.reason)
	if err != nil {
		return err
	}
	s, err := run.PrepareWith(ctx, t.AWS, file, run.Wish{GroupsAlone: true, SkipSubnets: f.skipSubnets, Books: b})
	if err != nil {
		return err
	}
	defer a.Close(ctx, s)
	if err := a.Show(s); err != nil {
		return err
	}
	if s.Plan.Empty() {
		return a.Conclude(ctx, s, nil)
	}
	if err := a.Confirm(f.yes, "Go ahead?"); err != nil {
		return err
	}
	rep, err := a.Turn(ctx, t, s)
	if err != nil {
		return err
	}
	return a.Conclude(interrupt.Hard(ctx), s, rep)
}

// wanted opens AWS, and is the file that says of the groups to be made.
func wanted(ctx context.Context, a *cmdutil.App, f createFlags, name string) (*cmdutil.Target, *config.File, error) {
	group, managed, err := f.group.properties()
	switch {
	case err != nil:
		return nil, nil, err
	case f.file != "" && len(group) > 0:
		return nil, nil, cmdutil.Input("give -f FILE or flags that describe a group: a file says all of its groups itself")
	case f.file == "" && len(f.include) > 0:
		return nil, nil, cmdutil.Input("--include names groups of a file: give -f FILE")
	case f.file == "" && group["name"] == nil:
		return nil, nil, cmdutil.Input("give -f FILE, or the group's name: --name NAME")
	}
	if f.file == "" {
		a.Cluster = name
		t, err := a.Open(ctx, nil)
		if err != nil {
			return nil, nil, err
		}
		file, err := run.GroupFile(ctx, t.AWS, name, managed, group)
		return t, file, err
	}
	file, err := a.Load(f.file)
	if err != nil {
		return nil, nil, err
	}
	if n := file.Cluster.Metadata.Name; n != name {
		return nil, nil, cmdutil.Input("the file is of cluster %s, and the argument says %s", n, name)
	}
	if len(f.include) > 0 {
		if file, err = file.Only(f.include...); err != nil {
			return nil, nil, err
		}
	}
	t, err := a.Open(ctx, file)
	return t, file, err
}
