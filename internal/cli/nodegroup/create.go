package nodegroup

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/cli/first"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/run"
)

type createFlags struct {
	cmdutil.Consent
	repair      first.Repair
	file        string
	include     []string
	group       groupFlags
	subnets     []string
	skipSubnets bool
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
	f.repair.Add(c)
	a.Consent(c, &f.Consent)
	return c
}

// create is the whole of the command, in its order.
func create(ctx context.Context, a *cmdutil.App, f createFlags, name string) error {
	t, prepare, err := wanted(ctx, a, f, name)
	if err != nil {
		return err
	}
	return a.Change(ctx, t, cmdutil.Change{Command: "nodegroup create", Consent: f.Consent, First: f.repair.Before(ctx, a, t, f.Consent),
		Prepare: func(b *run.Books) (*run.Session, error) {
			return prepare(run.Wish{GroupsAlone: true, SkipSubnets: f.skipSubnets, Books: b})
		}})
}

// wanted opens AWS, and says how the groups are prepared there: those of a file, or the
// one that the flags describe.
func wanted(ctx context.Context, a *cmdutil.App, f createFlags, name string) (*cmdutil.Target, func(run.Wish) (*run.Session, error), error) {
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
		if len(f.subnets) > 0 {
			group["subnets"] = f.subnets
		}
		a.Cluster = name
		t, err := a.Open(ctx, nil)
		return t, func(w run.Wish) (*run.Session, error) {
			return run.PrepareGroup(ctx, t.AWS, name, run.NewGroup{Managed: managed, Properties: group}, w)
		}, err
	}
	file, err := fromFile(a, f, name)
	if err != nil {
		return nil, nil, err
	}
	t, err := a.Open(ctx, file)
	return t, func(w run.Wish) (*run.Session, error) { return run.PrepareWith(ctx, t.AWS, file, w) }, err
}

// fromFile reads the file, of which some groups may be meant.
func fromFile(a *cmdutil.App, f createFlags, name string) (*config.File, error) {
	file, err := a.Load(f.file)
	if err != nil {
		return nil, err
	}
	if n := file.Cluster.Metadata.Name; n != name {
		return nil, cmdutil.Input("the file is of cluster %s, and the argument says %s", n, name)
	}
	if len(f.include) > 0 {
		if file, err = file.Only(f.include...); err != nil {
			return nil, err
		}
	}
	if len(f.subnets) > 0 {
		for _, g := range file.Cluster.Groups() {
			g.Subnets = f.subnets
		}
	}
	return file, nil
}
