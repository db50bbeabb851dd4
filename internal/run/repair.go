package run

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/export"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Repair is what a caller wants of a node group that failed.
type Repair struct {
	Group string
	File  *config.File // says what it is to be, in its entry of that name; nil: what its stack records, else what is live
	Drain bool         // nodes that it has are emptied first
	Books *Books
}

// CommandRepair is how the journal names a repair: one that was ended between deletion and
// creation finds there what it was to make.
const CommandRepair = "nodegroup repair"

// PrepareRepair observes a cluster, finds why a node group failed, and plans to make it again.
func PrepareRepair(ctx context.Context, c *awsc.Clients, cluster string, w Repair) (*Session, error) {
	p := &preparation{c: c, name: cluster, books: w.Books, repairing: &repairing{Repair: w}}
	s, err := p.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if s.counted, s.done = []string{w.Group}, "node group "+w.Group+" is made again"; p.repairing.halted {
		s.done = "the stack of node group " + w.Group + " takes updates again, and its nodes stand"
	}
	return s, nil
}

// repairing is the part of a preparation that is about a repair.
type repairing struct {
	Repair
	group  observe.AnyGroup
	why    string // it is deleted; "": it is not
	fine   bool   // nothing is to be done
	halted bool   // its stack's rollback is to go on, and that is all
}

// repaired finds what is wrong with the group, and what it is to be.
func (p *preparation) repaired(ctx context.Context) (err error) {
	x := p.repairing
	if x == nil {
		return nil
	}
	live := p.in.Live
	if live.Cluster == nil {
		return absent(ctx, p.c, p.name)
	}
	there := false
	x.group, there = live.NodeGroup(x.Group)
	x.why = plan.Ailing(live, x.group)
	if x.halted = there && x.why == "" && x.group.Stack.RollbackFailed(); x.halted {
		p.f = named(p.c, p.name)
		p.notes = append(p.notes, causes(ctx, p.c, live, x.group)...)
		return nil
	}
	if there && x.why == "" && x.group.Stack.Phase() == observe.Stuck {
		return finding.Findings{{Code: "stack-stuck", Severity: finding.Error, Where: finding.Where{Resource: "node group " + x.Group},
			What:   "its stack is " + x.group.Stack.Status + ", and its nodes live: it is not deleted for that",
			Breaks: "CloudFormation takes no update of it; nothing was changed", Remedy: plan.GoOn(p.name, x.group.Stack)}}
	}
	x.fine = there && x.why == "" && x.group.There() && !x.group.Stack.Phase().UnderWay() && !x.group.Going() &&
		(x.group.Managed == nil || x.group.Managed.Status == "ACTIVE" || x.group.Managed.Status == "DEGRADED") && completed(x.group)
	if x.fine {
		p.f = named(p.c, p.name)
		return nil
	}
	if x.why != "" {
		p.notes = append(p.notes, causes(ctx, p.c, live, x.group)...)
	}
	if x.File != nil {
		p.f, err = x.File.Only(x.Group)
	} else {
		p.f, err = p.asRecorded(ctx, there)
	}
	return err
}

// completed tells whether a group's stack is more than its early half.
func completed(g observe.AnyGroup) bool {
	return g.Stack == nil || !stack.Ours(g.Stack.Template) || stack.Completed(g.Stack.Template)
}

// causes are what is known of why a group failed, with what must be done about each.
func causes(ctx context.Context, c *awsc.Clients, live *observe.Observed, g observe.AnyGroup) (out []string) {
	say := func(format string, a ...any) { out = append(out, "Why: "+fmt.Sprintf(format, a...)+".") }
	if g.Managed != nil && g.Managed.Health != nil {
		for _, i := range g.Managed.Health.Issues {
			words := i.Code + ": " + strings.TrimSuffix(i.Message, ".")
			if a, ok := eksfacts.AilmentOf(i.Code); ok {
				if words += ". That is, " + a.Cause; a.Remedy != "" {
					words += ". Made again, it fails the same way unless you act: " + a.Remedy
				}
			}
			say("%s", words)
		}
	}
	if k := g.Stack; k != nil && k.Phase() != observe.Complete {
		if first, _ := steps.FirstFailure(ctx, c, k.Name); first != "" {
			say("the stack %s is %s, since %s", k.Name, k.Status, strings.TrimSuffix(first, "."))
		}
	}
	for _, n := range live.NodesOf(g) {
		if !n.Ready {
			say("node %s is not Ready: %s", n.Name, n.Reason)
			break
		}
	}
	return out
}

// asRecorded is a file of the group as its stack records it, or else as it is live. Of one
// that is gone, the copy of everything tells that was made before the repair that deleted it.
func (p *preparation) asRecorded(ctx context.Context, there bool) (*config.File, error) {
	x := p.repairing
	from := p.in.Live
	if !there || x.group.Going() {
		was, err := p.before(ctx)
		if err != nil {
			return nil, err
		}
		if was != nil {
			from = was
		} else if !there {
			return nil, finding.Findings{{Code: "no-group", Severity: finding.Error, Where: finding.Where{Resource: "node group " + x.Group}, Input: true,
				What: "there is none of that name in cluster " + p.name + ", nor does the journal tell of a repair that deleted it", Breaks: "nothing was changed",
				Remedy: "see slipway nodegroup list " + p.name + ", or make it from a file: slipway nodegroup create " + p.name + " -f FILE"}}
		}
	}
	g, err := propertiesOf(from, x.Group, p.books.claims(p.name))
	if err != nil {
		return nil, finding.Findings{{Code: "cannot-be-copied", Severity: finding.Error, Where: finding.Where{Resource: "node group " + x.Group},
			What: "what it was made from is not known: " + err.Error(), Breaks: "nothing was changed",
			Remedy: "say it in a file: -f FILE, with an entry of that name"}}
	}
	return g.file(ctx, p.c, p.in.Live)
}

// propertiesOf is what a group was made from, by its stack's record, else by what is live.
func propertiesOf(o *observe.Observed, name string, claims map[owner.Ref]string) (NewGroup, error) {
	g, _ := o.NodeGroup(name)
	if g.Stack != nil {
		kept, err := stack.Kept(g.Stack.Template)
		if err != nil {
			return NewGroup{}, err
		}
		if kept != nil {
			return recalled(kept, g.Sizes())
		}
	}
	list, e, left, ok, err := export.Group(o, owner.Of(o, claims), name)
	if err == nil && !ok {
		err = fmt.Errorf("no stack of eksctl or Slipway records it, and EKS does not say")
	}
	if err == nil {
		err = export.Whole(left)
	}
	return NewGroup{Managed: list == "managedNodeGroups", Properties: e}, err
}

// recalled are the properties that a stack records, with the sizes that the group has.
func recalled(kept []byte, sizes *observe.Sizes) (NewGroup, error) {
	if strings.Contains(string(kept), "sha256:") {
		return NewGroup{}, fmt.Errorf("the record holds no more than hashes of what may be a secret")
	}
	var c struct{ ManagedNodeGroups, NodeGroups []map[string]any }
	if err := json.Unmarshal(kept, &c); err != nil {
		return NewGroup{}, fmt.Errorf("the record cannot be read: %w", err)
	}
	all := append(c.ManagedNodeGroups, c.NodeGroups...)
	if len(all) != 1 {
		return NewGroup{}, fmt.Errorf("the record names no node group")
	}
	e := maps.Clone(all[0])
	if sizes != nil {
		e["desiredCapacity"], e["minSize"], e["maxSize"] = sizes.DesiredSize, sizes.MinSize, sizes.MaxSize
	}
	return NewGroup{Managed: len(c.ManagedNodeGroups) == 1, Properties: e}, nil
}

// before is the cluster as it stood before the repair of the group that was not ended; nil:
// the journal knows of none.
func (p *preparation) before(ctx context.Context) (*observe.Observed, error) {
	if p.books == nil {
		return nil, nil
	}
	book := Journal(p.books.Store, p.c, p.name)
	all, err := book.List(ctx, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	for _, r := range all { // the newest first
		if r.Command != CommandRepair || r.Snapshot == "" {
			continue
		}
		a, err := book.Show(ctx, r.ID)
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		ours := false
		for _, s := range a.Steps {
			ours = ours || s.ID == rules.ID(rules.NodeGroup, p.repairing.Group)
		}
		switch {
		case !ours:
			continue
		case r.Result == outcome.Done: // it was made again, and somebody deleted it since
			return nil, nil
		}
		was, err := Shelf(p.books.Store, p.c, p.name).Load(ctx, r.Snapshot)
		if err != nil {
			return nil, fmt.Errorf("reading the snapshot from before the repair: %w", err)
		}
		if _, there := was.NodeGroup(p.repairing.Group); there {
			return was, nil
		}
	}
	return nil, nil
}

// without is an observation without a node group, as it is once that has been deleted: checks
// look at what is made.
func without(o *observe.Observed, g observe.AnyGroup) *observe.Observed {
	c := *o
	c.Groups, c.Stacks, c.ScalingGroups = maps.Clone(o.Groups), maps.Clone(o.Stacks), maps.Clone(o.ScalingGroups)
	delete(c.Groups, g.Name)
	if g.Stack != nil {
		delete(c.Stacks, g.Stack.Name)
	}
	if g.Scaling != nil {
		delete(c.ScalingGroups, g.Scaling.Name)
	}
	return &c
}
