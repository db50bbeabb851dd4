package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/blame"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/resolve"
	"github.com/slipway-eks/slipway/internal/stack"
)

// brief compares the part of the record that is cheap to look at, for a command that does
// something else: at most ten requests beyond its own. What could not be looked at is said;
// it stops nothing.
func brief(ctx context.Context, c *awsc.Clients, live *observe.Observed) (*drift.Report, error) {
	if live.Cluster == nil || live.Cluster.Status == "CREATING" || live.Cluster.Status == "DELETING" || live.Stacks[stack.ClusterName(live.Name)] == nil {
		return &drift.Report{}, nil
	}
	doc, err := read.Complete(ctx, c, live, read.Brief(live))
	if err != nil {
		return nil, err
	}
	return drift.Brief(drift.Of(doc)), nil
}

// said is a brief comparison in a paragraph, or why there is none.
func said(r *drift.Report) string {
	if p := r.Paragraph(); p != "" {
		return p
	}
	if why := r.Unseen(); why != "" {
		return "Not checked for drift: " + why
	}
	return ""
}

// DriftOptions say what a comparison takes in.
type DriftOptions struct {
	State   *State         // of Terraform, which is a record too; nil: none
	File    *config.File   // what is desired; nil: what the record says
	Blame   bool           // ask CloudTrail who did it
	Only    []string       // paths of the catalogue; none: all
	Ignores []drift.Ignore // what is shown and not counted
	Now     time.Time      // by which ignores expire
	// Journal tells which fields were brought back lately, and Date is now on its clock;
	// nil: nobody is asked.
	Journal *journal.Book
	Date    time.Time
}

// Drift compares what was wanted of a cluster and what its record claims with what is
// live. It changes nothing. A cluster that is not there, and has no stacks, is a finding.
func Drift(ctx context.Context, c *awsc.Clients, name string, o DriftOptions) (*drift.Report, error) {
	if err := c.Identify(ctx); err != nil {
		return nil, check.Identity(err)
	}
	before := c.Calls()
	live, err := read.Cluster(ctx, c, name, read.Drift())
	if err != nil {
		return nil, check.Reach(err)
	}
	if live.Cluster == nil && len(live.Stacks) == 0 {
		return nil, absent(ctx, c, name)
	}
	t := drift.Of(live)
	if o.State != nil {
		if err := addState(t, o.State); err != nil {
			return nil, err
		}
	}
	if f := o.File; f != nil {
		f, _ = generations(f, live)
		t.File, t.Desired = f.Name, f.Cluster
		t.Declared = func(path string) bool { _, ok := f.Written(path); return ok }
		if live.Cluster != nil {
			versions, err := resolve.Versions(ctx, c, f.Cluster, live, live.Cluster.Version)
			if err != nil {
				return nil, check.Reach(err)
			}
			t.Resolved = map[string]map[string]string{"addons.version": versions}
		}
	}
	r := drift.Compare(t)
	r.Owners = owner.Of(live, o.State.owned(name)).Summary()
	r.Only(o.Only)
	r.Apply(o.Ignores, o.Now)
	if o.Blame && slices.ContainsFunc(r.Differences, func(d drift.Difference) bool { return d.Ignored == nil }) {
		if r.Blame, err = blame.Find(ctx, c, name, r.Differences); err != nil {
			return nil, check.Reach(err)
		}
	}
	if o.Journal != nil {
		done, err := repairedSince(ctx, *o.Journal, live, o.Date)
		if err != nil {
			return nil, err
		}
		again(r, done)
	}
	r.Calls = c.Calls() - before
	return r, nil
}

// addState adds what a Terraform state says of the cluster.
func addState(t *drift.Truths, s *State) error {
	vpc := ""
	if c := t.Live.Cluster; c != nil && c.ResourcesVPCConfig != nil {
		vpc = c.ResourcesVPCConfig.VPCID
	}
	claims := s.Claims(t.Live.Name, vpc)
	if len(claims) == 0 {
		return s.silent(t.Live.Name)
	}
	from := "Terraform state " + s.Path
	if s.Serial > 0 {
		from += fmt.Sprintf(" (serial %d)", s.Serial)
	}
	t.AddState(from, claims)
	return nil
}
