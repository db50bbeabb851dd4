package observe

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// AnyGroup is a node group of the cluster, whoever made it: what is there of it.
type AnyGroup struct {
	Name    string
	Managed *Nodegroup    // nil: EKS has none of that name
	Scaling *ScalingGroup // nil: there is none, or not yet
	Stack   *Stack        // of eksctl's contract; nil: none holds it
}

// tagGroup is on a node group's stack (facts/eksctl.md §1).
const tagGroup = "alpha.eksctl.io/nodegroup-name"

// NodeGroups are the node groups of the cluster, in order: EKS's, those of stacks, and Auto
// Scaling groups that are of neither, by their own names. Half of one is one, too: a stack
// without its group, or a group without its stack.
func (o *Observed) NodeGroups() []AnyGroup {
	all := map[string]*AnyGroup{}
	of := func(name string) *AnyGroup {
		if all[name] == nil {
			all[name] = &AnyGroup{Name: name}
		}
		return all[name]
	}
	for name, g := range o.Groups {
		of(name).Managed = g
	}
	for _, id := range slices.Sorted(maps.Keys(o.ScalingGroups)) {
		g := o.ScalingGroups[id]
		name := g.Nodegroup
		if name == "" {
			name = g.Name
		}
		of(name).Scaling = g
	}
	for _, id := range slices.Sorted(maps.Keys(o.Stacks)) { // of several of one group, always the same
		if s := o.Stacks[id]; s.Tags[tagGroup] != "" {
			of(s.Tags[tagGroup]).Stack = s
		}
	}
	out := make([]AnyGroup, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, *all[name])
	}
	return out
}

// NodeGroup is the node group of a name; false where nothing is there of it.
func (o *Observed) NodeGroup(name string) (AnyGroup, bool) {
	for _, g := range o.NodeGroups() {
		if g.Name == name {
			return g, true
		}
	}
	return AnyGroup{Name: name}, false
}

// NodesOf are a group's nodes, by name: those that its label names, and those of its Auto
// Scaling group, which no label need name.
func (o *Observed) NodesOf(g AnyGroup) []*Node {
	if o.Kubernetes == nil {
		return nil
	}
	var out []*Node
	for _, name := range slices.Sorted(maps.Keys(o.Kubernetes.Nodes)) {
		if n := o.Kubernetes.Nodes[name]; n.Nodegroup == g.Name || g.Instance(n.Instance()) != nil {
			out = append(out, n)
		}
	}
	return out
}

// Instance is the ID of a node's instance, "" of one that is no EC2 instance.
func (n *Node) Instance() string {
	if id := n.ProviderID[strings.LastIndex(n.ProviderID, "/")+1:]; strings.HasPrefix(id, "i-") {
		return id
	}
	return ""
}

// Instance is one of the group's instances, or nil.
func (g AnyGroup) Instance(id string) *GroupInstance {
	if g.Scaling == nil {
		return nil
	}
	for i := range g.Scaling.Instances {
		if x := &g.Scaling.Instances[i]; x.ID == id {
			return x
		}
	}
	return nil
}

// SelfManaged tells whether the group is one of an Auto Scaling group alone.
func (g AnyGroup) SelfManaged() bool {
	switch {
	case g.Managed != nil:
		return false
	case g.Scaling != nil:
		return !g.Scaling.Managed
	}
	return g.Stack != nil && g.Stack.Tags["alpha.eksctl.io/nodegroup-type"] != "managed"
}

// Made is when the group was made, as far as what is there of it tells; zero: it does not.
func (g AnyGroup) Made() time.Time {
	switch {
	case g.Stack != nil:
		return g.Stack.CreationTime
	case g.Managed != nil:
		return g.Managed.CreatedAt
	case g.Scaling != nil:
		return g.Scaling.CreatedTime
	}
	return time.Time{}
}

// There tells whether there is more of the group than a stack.
func (g AnyGroup) There() bool { return g.Managed != nil || g.Scaling != nil }

// Going tells whether somebody deletes the group.
func (g AnyGroup) Going() bool {
	return g.Stack.Phase() == Going || g.Managed != nil && g.Managed.Status == "DELETING"
}

// Subnets are those that the group's nodes are in.
func (g AnyGroup) Subnets() Set {
	switch {
	case g.Managed != nil:
		return g.Managed.Subnets
	case g.Scaling != nil && g.Scaling.VPCZoneIdentifier != "":
		return slices.Sorted(slices.Values(strings.Split(g.Scaling.VPCZoneIdentifier, ",")))
	}
	return nil
}

// Sizes are how many nodes the group may and should have. What the Auto Scaling group
// wants is the newest word: an autoscaler speaks to it alone. But while EKS is at an update, it
// has the Auto Scaling group want more, for nodes that take the pods of those that go: then
// EKS's own is what the group has before and after. nil: nothing says.
func (g AnyGroup) Sizes() *Sizes {
	switch {
	case g.Managed != nil && g.Managed.ScalingConfig != nil:
		s := *g.Managed.ScalingConfig
		if g.Scaling != nil && g.Managed.Status != "UPDATING" {
			s.DesiredSize = g.Scaling.DesiredCapacity
		}
		return &s
	case g.Scaling != nil:
		return &Sizes{g.Scaling.MinSize, g.Scaling.MaxSize, g.Scaling.DesiredCapacity}
	}
	return nil
}

// RolesOf are the roles that the group's nodes have, by ARN, as far as is known.
func (o *Observed) RolesOf(g AnyGroup) Set {
	roles := map[string]bool{}
	if g.Managed != nil {
		roles[g.Managed.NodeRole] = true
	}
	if g.Stack != nil {
		roles[g.Stack.Outputs["InstanceRoleARN"]] = true
		for _, r := range g.Stack.Resources {
			if x := o.Roles[r.PhysicalID]; r.Type == "AWS::IAM::Role" && x != nil {
				roles[x.ARN] = true
			}
		}
	}
	for id, i := range o.Instances {
		if i.Profile != nil && g.Instance(id) != nil {
			roles[i.Profile.Role] = true
		}
	}
	delete(roles, "")
	return slices.Sorted(maps.Keys(roles))
}
