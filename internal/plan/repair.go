package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Repair is what the plan is made from by which a node group that failed is deleted and made
// again, under its name.
type Repair struct {
	Input // the group alone, and what it stands on
	Group observe.AnyGroup
	Why   string // it is deleted; "": it is gone already, or comes
	Drain bool   // what nodes it has are emptied first
}

// Ailing is why a node group can only be made again; "": it need not be.
func Ailing(live *observe.Observed, g observe.AnyGroup) string {
	switch p := g.Stack.Phase(); {
	case p == observe.Failed || p == observe.Stuck && (!g.There() || g.Managed != nil && classOf(g.Managed.Status) == failed):
		return "its stack is " + g.Stack.Status
	case g.Going() || p.UnderWay() || g.Managed != nil && classOf(g.Managed.Status) == moving:
		return ""
	case g.Managed != nil && (classOf(g.Managed.Status) == failed || g.Managed.Status == "DEGRADED" && !mild(g.Managed.Health)):
		return "EKS says that it is " + g.Managed.Status
	case g.Managed != nil && grave(g.Managed.Health) != nil:
		return "EKS finds " + grave(g.Managed.Health).Code
	case p == observe.Complete && g.Managed == nil && (g.Scaling == nil || g.Scaling.Managed) &&
		live.Missed(observe.Nodegroups) == nil && live.Missed(observe.Scaling) == nil:
		return "its stack stands, and it is gone"
	}
	return ""
}

// grave is the first issue of a group that is cured by making it again; nil: there is none. With
// the others (no capacity in a zone, no quota, no addresses, no way to the control plane) EKS
// goes on, its nodes live, and a new group would meet the same.
func grave(h *observe.Health) *observe.Issue {
	if h == nil {
		return nil
	}
	for i := range h.Issues {
		if !eksfacts.Upgradable(h.Issues[i].Code) {
			return &h.Issues[i]
		}
	}
	return nil
}

// mild tells whether EKS finds something, and nothing of it is cured by making the group again.
func mild(h *observe.Health) bool { return h != nil && len(h.Issues) > 0 && grave(h) == nil }

// RepairGroup is the plan that makes a node group again: it is emptied as far as it has
// nodes, deleted with its stack, and made as any new one.
func RepairGroup(in Repair) (*Plan, error) {
	b := buildOn(in.Input)
	if in.Why != "" {
		if err := b.ailingGoes(in); err != nil {
			return nil, err
		}
	}
	for i := range b.cfg.ManagedNodeGroups {
		if m := &b.cfg.ManagedNodeGroups[i]; in.Why == "" {
			b.managed(i, m)
		} else {
			b.plan.WantNodes += *m.DesiredCapacity
			b.accessAnew(m.Name)
			b.managedNew(m)
		}
	}
	for i := range b.cfg.NodeGroups {
		if g := &b.cfg.NodeGroups[i]; in.Why == "" {
			b.selfManaged(i, g)
		} else {
			b.plan.WantNodes += *g.DesiredCapacity
			b.selfManagedNew(g)
		}
	}
	if len(b.refused) > 0 {
		return nil, b.refused
	}
	return b.done()
}

// ailingGoes empties the group, and deletes it.
func (b *builder) ailingGoes(in Repair) error {
	g, name := in.Group, b.groupStack(in.Group.Name)
	if ready := slices.ContainsFunc(b.live.NodesOf(g), func(n *observe.Node) bool { return n.Ready }); in.Drain && ready {
		if err := b.emptied(g); err != nil {
			return err
		}
	}
	if roles := b.shared(g); len(roles) > 0 {
		return finding.Findings{{Code: "role-in-use", Severity: finding.Error, Where: finding.Where{Resource: "node group " + g.Name},
			What: "its stack made the role that others run with: " + few(roles), Breaks: "its stack cannot be deleted without it; nothing was changed",
			Remedy: "make those again with a role of their own first"}}
	}
	b.plan.Deletions = append(b.plan.Deletions, "the node group "+g.Name+": "+in.Why)
	of := []string{rules.With(rules.Of, name), rules.With(rules.For, g.Name)}
	const typical = 7 * time.Minute
	switch {
	case g.Stack != nil:
		b.cleared[name] = true
		b.add(part{Step: rules.Step{Kind: rules.DeleteStack, Name: g.Stack.Name, Labels: of}, Action: Delete,
			Title: fmt.Sprintf("node group %s, with its stack %s: %s", g.Name, g.Stack.Name, in.Why), Typical: typical, Timeout: timeoutGroup,
			Run: &steps.Delete{Resource: "stack", Name: g.Stack.Name}})
	case g.Managed != nil:
		b.add(part{Step: rules.Step{Kind: rules.DeleteGroup, Name: g.Name, Labels: of}, Action: Delete, Title: "node group " + g.Name + ": " + in.Why,
			Typical: typical, Timeout: timeoutGroup, Run: &steps.Delete{Resource: "nodegroup", Name: g.Name}})
	}
	return nil
}

// GroupGoesOn is the plan by which the rollback of a node group's stack goes on that failed.
// What could not be put back is skipped: the nodes live, and are not deleted for their record.
func GroupGoesOn(live *observe.Observed, account string, g observe.AnyGroup) (*Plan, error) {
	b := newBuilder(live, account)
	if s := g.Sizes(); s != nil {
		b.plan.WantNodes = s.DesiredSize
	}
	skip := g.Stack.Unfinished()
	b.add(part{Step: labelled(rules.StackSettled, g.Stack.Name, g.Stack.Name), Action: Update, Title: "the rollback of stack " + g.Stack.Name,
		Typical: time.Minute, Timeout: timeoutUpdate, Run: &steps.RollbackContinue{Stack: g.Stack.Name, Skip: skip}})
	if len(skip) > 0 {
		b.plan.Notes = append(b.plan.Notes, "CloudFormation takes "+few(skip)+" for put back, and changes nothing of it: what it is now, slipway drift "+
			live.Name+" compares with the record. What the update was to do is not done.")
	}
	return b.done()
}

// shared are others that run with a role which the group's stack made.
func (b *builder) shared(g observe.AnyGroup) []string {
	var out []string
	for _, role := range b.live.RolesOf(g) {
		if madeBy(g.Stack, short(role)) {
			out = append(out, b.users(role, []string{g.Name})...)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(out)))
}

// Healthy is the plan of a repair of a group that needs none.
func Healthy(live *observe.Observed, account string, g observe.AnyGroup) (*Plan, error) {
	b := newBuilder(live, account)
	if s := g.Sizes(); s != nil {
		b.plan.WantNodes = s.DesiredSize
	}
	is := "there"
	if g.Managed != nil {
		is = strings.TrimSpace(g.Managed.Status + ", and EKS finds nothing wrong with it")
	}
	if m := g.Managed; m != nil && mild(m.Health) {
		i := m.Health.Issues[0]
		b.plan.Notes = []string{fmt.Sprintf("The node group %s is %s, and EKS finds %s (%s): that is not cured by making the group again, "+
			"which its nodes would go for. %s.", g.Name, m.Status, i.Code, strings.TrimSuffix(i.Message, "."), insteadOf[i.Code])}
		return b.done()
	}
	b.plan.Notes = []string{fmt.Sprintf("The node group %s is %s: there is nothing to repair.", g.Name, is)}
	return b.done()
}

// insteadOf is what mends a group with an issue that making it again does not cure.
var insteadOf = map[string]string{
	"AsgInstanceLaunchFailures": "Wait for capacity, or replace it by one without that zone, or with more instance types: slipway nodegroup upgrade -f FILE",
	"InstanceLimitExceeded":     "Raise the quota of vCPUs (L-1216C47A), or end other instances",
	"InsufficientFreeAddresses": "Free addresses in its subnets, or replace it by one in others: slipway nodegroup upgrade -f FILE",
	"ClusterUnreachable":        "See why its nodes do not reach the control plane: routes, security groups, the endpoint's ranges",
}
