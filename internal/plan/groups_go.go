package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// GroupRemoval is what the plan of node groups' removal is made from.
type GroupRemoval struct {
	Account string
	Live    *observe.Observed
	Groups  []string // names
	Drain   bool     // their nodes are emptied first
}

// DeleteGroups is the plan that removes node groups, whoever made them, with what was made
// for them. Of a group that is half gone it removes the rest. A role that other nodes have
// stays let in.
func DeleteGroups(in GroupRemoval) (*Plan, error) {
	b := newBuilder(in.Live, in.Account)
	for _, name := range in.Groups {
		g, there := in.Live.NodeGroup(name)
		if !there {
			b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("There is no node group %s%s.", name, others(in.Live)))
		}
		if in.Drain {
			if err := b.emptied(g); err != nil {
				return nil, err
			}
		}
		b.groupGoes(g)
		if err := b.accessGoes(g, in.Groups); err != nil {
			return nil, err
		}
	}
	return b.done()
}

// others names the groups that there are.
func others(live *observe.Observed) string {
	var names []string
	for _, g := range live.NodeGroups() {
		names = append(names, g.Name)
	}
	if len(names) == 0 {
		return ", nor any other"
	}
	return "; there are " + few(names)
}

// forGroup is a step for one group.
func forGroup(kind, name, group string) rules.Step {
	return rules.Step{Kind: kind, Name: name, Labels: []string{rules.With(rules.For, group)}}
}

// emptied drains the group's nodes, unless it is going already: then EKS does.
func (b *builder) emptied(g observe.AnyGroup) error {
	if g.Going() {
		return nil
	}
	var nodes, named []string
	for _, n := range b.live.NodesOf(g) {
		nodes = append(nodes, n.Name)
		if n.Nodegroup != g.Name {
			named = nodes // its label says nothing of the group: these alone can be meant
		}
	}
	if sizes := g.Sizes(); len(nodes) == 0 && (sizes == nil || sizes.DesiredSize == 0) {
		return nil
	}
	return b.drain(forGroup(rules.Drain, g.Name, g.Name), g.Name, nodes, named)
}

// groupGoes removes what holds the group: its stack, or what there is without one.
func (b *builder) groupGoes(g observe.AnyGroup) {
	const typical = 7 * time.Minute
	switch {
	case g.Stack != nil:
		b.remove(forGroup(rules.DeleteStack, g.Stack.Name, g.Name), "node group "+g.Name+", with its stack "+g.Stack.Name, "stack", g.Stack.Name, typical)
	case g.Managed != nil:
		b.remove(forGroup(rules.DeleteGroup, g.Name, g.Name), "node group "+g.Name+", which no stack of eksctl or Slipway holds", "nodegroup", g.Name, typical)
	case g.Scaling != nil && !g.Scaling.Managed:
		b.remove(forGroup(rules.DeleteScaling, g.Scaling.Name, g.Name), "Auto Scaling group "+g.Scaling.Name+", which no stack of eksctl or Slipway holds",
			"scaling-group", g.Scaling.Name, typical)
	}
}

// accessGoes sees to who is let in by the group's roles: a role that other nodes have stays
// let in, and nothing is left of one that goes.
func (b *builder) accessGoes(g observe.AnyGroup, going []string) error {
	for _, role := range b.live.RolesOf(g) {
		users, own := b.users(role, going), madeBy(g.Stack, short(role))
		switch {
		case len(users) > 0 && own:
			return finding.Findings{{Code: "role-in-use", Severity: finding.Error, Where: finding.Where{Resource: "IAM role " + short(role)},
				What:   fmt.Sprintf("is made by the stack of node group %s, and %s runs with it", g.Name, few(users)),
				Breaks: "the stack cannot be deleted without it, and those nodes could not go on; nothing was changed",
				Remedy: "delete " + few(users) + " first, or in the same command, or make it again with a role of its own"}}
		case len(users) > 0:
			b.accessStays(g, role, users)
		case own || b.live.Roles[short(role)] == nil && b.live.Missed(observe.Roles) == nil:
			b.accessEnds(g, role)
		case b.live.AccessEntries[role] != nil:
			b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("The role %s was not made for node group %s, and stays, with its access entry; no other nodes have it.",
				short(role), g.Name))
		}
	}
	for _, role := range b.leftovers(g, going) {
		b.accessEnds(g, role)
	}
	return nil
}

// accessStays puts back what EKS, or the group's stack, takes away of a role's access.
func (b *builder) accessStays(g observe.AnyGroup, role string, users []string) {
	title := fmt.Sprintf("%%s of %s stays: %s runs with it", short(role), few(users))
	if m, ok := b.mapping(role); ok {
		b.add(part{Step: forGroup(rules.Mapping, "nodes/"+g.Name+"/"+short(role), g.Name), Action: Update, Title: fmt.Sprintf(title, "aws-auth mapping"),
			Typical: time.Second, Timeout: timeoutQuick, Run: &steps.IdentityMapping{Mapping: m}})
	}
	if e := b.live.AccessEntries[role]; e != nil && strings.HasPrefix(e.Type, "EC2") {
		b.add(part{Step: forGroup(rules.NodeAccess, g.Name+"/"+short(role), g.Name), Action: Update, Title: fmt.Sprintf(title, "access entry"),
			Typical: time.Second, Timeout: timeoutQuick, Run: &steps.NodeAccess{Role: role, Type: e.Type}})
	}
}

// accessEnds takes away what lets a role in that is gone, or goes with the group: EKS leaves
// the entry, which would not fit a role of the same name that is made later.
func (b *builder) accessEnds(g observe.AnyGroup, role string) {
	if b.draft.Graph.Has(rules.ID(rules.DeleteEntry, role)) || b.draft.Graph.Has(rules.ID(rules.Unmap, role)) {
		return // another group that goes had it, too
	}
	if e := b.live.AccessEntries[role]; e != nil && strings.HasPrefix(e.Type, "EC2") && !holds(g.Stack, "AWS::EKS::AccessEntry", role) {
		b.remove(forGroup(rules.DeleteEntry, role, g.Name), "access entry of "+short(role)+", which EKS leaves", "access-entry", role, time.Second)
	}
	if m, ok := b.mapping(role); ok {
		b.add(part{Step: forGroup(rules.Unmap, role, g.Name), Action: Delete, Title: "aws-auth mapping of " + short(role),
			Typical: time.Second, Timeout: timeoutQuick, Run: &steps.IdentityMapping{Mapping: m, Gone: true}})
	}
}

// accessAnew takes away what lets the former role of a managed group in that is made again:
// EKS leaves the entry, and the new role is another one, though it may have the same name.
func (b *builder) accessAnew(group string) {
	g, _ := b.live.NodeGroup(group)
	name, alone := b.groupStack(group), []string{group}
	for _, role := range slices.Sorted(maps.Keys(b.live.AccessEntries)) {
		if e := b.live.AccessEntries[role]; strings.HasPrefix(e.Type, "EC2") && namedFor(name, role) && len(b.users(role, alone)) == 0 &&
			!holds(g.Stack, "AWS::EKS::AccessEntry", role) {
			if step := labelled(rules.DeleteStack, name, name); b.phase(name) == observe.Going && !b.draft.Graph.Has(rules.ID(step.Kind, step.Name)) {
				b.gone(step.Kind, "stack", name, name)
			}
			b.remove(labelled(rules.DeleteEntry, role, name), "access entry of "+short(role)+", which EKS leaves", "access-entry", role, time.Second)
		}
	}
}

// mapping is the row of aws-auth that lets a role in.
func (b *builder) mapping(role string) (m config.IAMIdentityMapping, ok bool) {
	if in := b.inside(); in != nil {
		return steps.MappingOf(in.AWSAuth, role)
	}
	return m, false
}

// leftovers are roles of the group that are let in and that nothing tells of any more: a run
// that was ended left them, or a tool that does not look. They are told by the name that
// CloudFormation gives a role of the group's stack.
func (b *builder) leftovers(g observe.AnyGroup, going []string) []string {
	of, told := stack.GroupName(b.live.Name, g.Name), b.live.RolesOf(g)
	let := slices.Collect(maps.Keys(b.live.AccessEntries))
	if in := b.inside(); in != nil {
		let = append(let, steps.RolesMapped(in.AWSAuth)...)
	}
	slices.Sort(let)
	return slices.DeleteFunc(slices.Compact(let), func(role string) bool {
		return !namedFor(of, role) || slices.Contains(told, role) || len(b.users(role, going)) > 0
	})
}

// namedFor tells a role by the name that CloudFormation gives the node role of a group's
// stack.
func namedFor(stackName, role string) bool {
	prefix := stackName + "-NodeInstanceRole"
	return strings.HasPrefix(short(role), prefix[:min(len(prefix), 51)]) // of IAM's 64 characters, CloudFormation takes 13 for what it adds
}

// users are others whose nodes have a role: groups that do not go, and nodes of none.
func (b *builder) users(role string, going []string) []string {
	found := map[string]bool{}
	known := map[string]bool{}
	for _, g := range b.live.NodeGroups() {
		for id := range b.live.Instances {
			known[id] = known[id] || g.Instance(id) != nil
		}
		if !slices.Contains(going, g.Name) && slices.Contains(b.live.RolesOf(g), role) {
			found["node group "+g.Name] = true
		}
	}
	if g := b.comers[role]; g != "" {
		found[g] = true
	}
	for id, i := range b.live.Instances {
		if !known[id] && i.Profile != nil && i.Profile.Role == role && (i.State == nil || i.State.Name != "shutting-down") {
			found["the instance "+id] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// madeBy tells whether a stack made a role.
func madeBy(s *observe.Stack, role string) bool { return holds(s, "AWS::IAM::Role", role) }

// holds tells whether a stack has made a resource of a type, by its physical ID or the end
// of it.
func holds(s *observe.Stack, kind, id string) bool {
	return s != nil && slices.ContainsFunc(s.Resources, func(r observe.StackResource) bool {
		return r.Type == kind && r.Status != "DELETE_COMPLETE" && (r.PhysicalID == id || strings.HasSuffix(r.PhysicalID, "|"+id))
	})
}
