package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/plan"
)

// GroupChange is what a caller wants of node groups that stand.
type GroupChange struct {
	Drain bool   // nodes that go are emptied first
	Books *Books // nil: none are kept
}

// GroupSizes are sizes that a node group should have; what is nil stays.
type GroupSizes struct{ Nodes, Min, Max *int }

// PrepareScale observes a cluster, and plans other sizes of one of its node groups.
func PrepareScale(ctx context.Context, c *awsc.Clients, cluster, group string, to GroupSizes, w GroupChange) (s *Session, err error) {
	s, err = standing(ctx, c, cluster, w.Books)
	if err != nil {
		return nil, err
	}
	defer func(h *Hold) { err = h.unless(ctx, err) }(s.hold)
	g, err := scalable(s.Live, group)
	if err != nil {
		return nil, err
	}
	want, err := to.of(g)
	if err != nil {
		return nil, err
	}
	s.counted = []string{group}
	s.Plan, err = plan.Scale(plan.Scaling{Name: cluster, Region: c.Region, Account: c.Account, Live: s.Live, Group: g, Want: want, Drain: w.Drain})
	return s.planned(w.Books, err)
}

// PrepareDelete observes a cluster, and plans the removal of some of its node groups.
func PrepareDelete(ctx context.Context, c *awsc.Clients, cluster string, groups []string, w GroupChange) (s *Session, err error) {
	s, err = standing(ctx, c, cluster, w.Books)
	if err != nil {
		return nil, err
	}
	defer func(h *Hold) { err = h.unless(ctx, err) }(s.hold)
	s.part = "node group " + strings.Join(groups, " and ") + " of cluster " + cluster
	s.again = func(ctx context.Context) (*Session, error) {
		return PrepareDelete(ctx, c, cluster, groups, GroupChange{})
	}
	s.Plan, err = plan.DeleteGroups(plan.GroupRemoval{Account: c.Account, Live: s.Live, Groups: groups, Drain: w.Drain})
	return s.planned(w.Books, err)
}

// standing is the session of a cluster that is there, locked and looked at, for a plan that
// no file is behind.
func standing(ctx context.Context, c *awsc.Clients, cluster string, b *Books) (s *Session, err error) {
	s, err = looked(ctx, c, cluster, b, read.Leaving())
	if err != nil {
		return nil, err
	}
	return s, s.hold.unless(ctx, s.stands(ctx))
}

// held is standing of a cluster that is locked already.
func held(ctx context.Context, c *awsc.Clients, cluster string, hold *Hold) (*Session, error) {
	s, err := seen(ctx, c, cluster, hold, read.Leaving())
	if err != nil {
		return nil, err
	}
	return s, s.stands(ctx)
}

// stands refuses a cluster that is not there, and looks for drift of one that is.
func (s *Session) stands(ctx context.Context) (err error) {
	if s.Live.Cluster == nil {
		return absent(ctx, s.AWS, s.Live.Name)
	}
	halted(ctx, s.AWS, s.Live)
	s.Env.Reachable = s.Live.Kubernetes != nil && s.Live.Missed(observe.Inside) == nil
	s.Drift, err = brief(ctx, s.AWS, s.Live)
	return check.Reach(err)
}

// planned completes the session of a plan that no file is behind.
func (s *Session) planned(b *Books, err error) (*Session, error) {
	if err != nil {
		return nil, err
	}
	if miss := s.Live.Missed(observe.Inside); len(miss) > 0 {
		s.Plan.Unreachable = miss[0].Why
	}
	if p := said(s.Drift); p != "" {
		s.Plan.Notes = append(s.Plan.Notes, p)
	}
	if err := owned(s.Live, s.Plan, b); err != nil {
		return nil, err
	}
	return s, nil
}

// scalable is a node group that can be given other sizes.
func scalable(live *observe.Observed, name string) (observe.AnyGroup, error) {
	g, there := live.NodeGroup(name)
	no := func(code, remedy, format string, a ...any) error {
		return finding.Findings{{Code: code, Severity: finding.Error, Where: finding.Where{Resource: "node group " + name},
			What: fmt.Sprintf(format, a...), Breaks: "nothing was changed", Remedy: remedy}}
	}
	again := "make it again: slipway nodegroup delete, then slipway nodegroup create"
	switch p := g.Stack.Phase(); {
	case !there:
		return g, no("no-group", "see slipway nodegroup list "+live.Name, "there is none of that name in cluster %s", live.Name)
	case p == observe.Stuck:
		return g, no("stack-stuck", plan.GoOn(live.Name, g.Stack),
			"its stack is %s, and CloudFormation takes no update of it", g.Stack.Status)
	case p == observe.Going || p == observe.Failed:
		return g, no("stack-failed", again, "its stack is %s", g.Stack.Status)
	case g.Managed != nil && slices.Contains([]string{"DELETING", "CREATE_FAILED", "DELETE_FAILED"}, g.Managed.Status):
		return g, no("group-failed", again, "EKS says that it is %s", g.Managed.Status)
	case g.Sizes() == nil || g.Scaling == nil:
		return g, no("group-incomplete", again, "it has no Auto Scaling group")
	}
	return g, nil
}

// of are the sizes that are wanted of a group: what is not said stays. Sizes that do not fit
// together are a finding, before anything is done.
func (to GroupSizes) of(g observe.AnyGroup) (observe.Sizes, error) {
	want := *g.Sizes()
	for _, x := range []struct {
		said *int
		into *int
	}{{to.Nodes, &want.DesiredSize}, {to.Min, &want.MinSize}, {to.Max, &want.MaxSize}} {
		if x.said != nil {
			*x.into = *x.said
		}
	}
	what, remedy := "", ""
	switch {
	case want.MinSize < 0 || want.DesiredSize < 0:
		what, remedy = "a group cannot have fewer than no nodes", "give 0 or more"
	case want.MinSize > want.MaxSize:
		what, remedy = fmt.Sprintf("its smallest size would be %d, and its greatest %d", want.MinSize, want.MaxSize), "give both: --nodes-min and --nodes-max"
	case want.DesiredSize < want.MinSize:
		what, remedy = fmt.Sprintf("%d nodes are fewer than its smallest size, %d", want.DesiredSize, want.MinSize), "lower that, too: --nodes-min"
	case want.DesiredSize > want.MaxSize:
		what, remedy = fmt.Sprintf("%d nodes are more than its greatest size, %d", want.DesiredSize, want.MaxSize), "raise that, too: --nodes-max"
	case want.MaxSize < 1 && g.Managed != nil:
		what, remedy = "EKS wants a greatest size of 1 or more", "leave --nodes-max as it is, and give --nodes 0 --nodes-min 0"
	}
	if what == "" {
		return want, nil
	}
	return want, finding.Findings{{Code: "sizes-do-not-fit", Severity: finding.Error, Where: finding.Where{Resource: "node group " + g.Name},
		What: what, Breaks: "nothing was changed", Remedy: remedy, Input: true}}
}
