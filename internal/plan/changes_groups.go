package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// at is the path of a field in the i-th element of a list of the file.
func at(list string, i int, field string) string {
	return strings.TrimSuffix(fmt.Sprintf("%s[%d].%s", list, i, field), ".")
}

// followed are the fields of a kind of node group that an update of the group
// follows, with its sizes last, as a reader of the plan expects them.
func followed(kind string) []string {
	var out []string
	for _, f := range fields.Below(kind) {
		if name := strings.TrimPrefix(f.Path, kind+"."); f.Via == rules.GroupUpdate && !strings.Contains(name, ".") {
			out = append(out, name)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(slices.Index(sizes, a), slices.Index(sizes, b)) })
	return out
}

// sizes are told by their values.
var sizes = []string{"desiredCapacity", "minSize", "maxSize"}

// managedChanges brings a managed group that stands, or is about to, to what the file
// says, where EKS can; live is nil while its stack has not come that far.
func (b *builder) managedChanges(i int, m *config.ManagedNodeGroup, live *observe.Nodegroup) {
	n, name := &m.NodeGroupBase, b.groupStack(m.Name)
	was := b.recorded(name)
	if was == nil || len(was.ManagedNodeGroups) != 1 {
		if live != nil {
			b.tags("managedNodeGroups", m.Name, "node group "+m.Name, live.ARN)
			b.refuseWanted("managedNodeGroups", m.Name, "the live node group "+m.Name)
			b.groupLive(rules.GroupUpdate, i, m, live, nil)
		}
		return
	}
	old := b.released(m, &was.ManagedNodeGroups[0], live)
	b.groupTags(m, live, old)
	b.refuseChanges(at("managedNodeGroups", i, ""), "the node group "+m.Name, old, m)
	b.scalingChanges(&old.NodeGroupBase, n, m.Taints, true)
	what := worded(config.Differences(old, m), followed("managedNodeGroups"))
	title := "managed node group " + m.Name + ": "
	kind := rules.GroupLive
	switch count := *old.DesiredCapacity != *n.DesiredCapacity; {
	case b.phase(name) == observe.Changing:
		b.resize(n, title+comparedLater, later(&config.ClusterConfig{Metadata: b.head(), ManagedNodeGroups: []config.ManagedNodeGroup{*m}}), true, count)
		what = nil
	case len(what) > 0:
		if b.draft.Graph.Has(rules.ID(rules.GroupUpdate, m.Name+"/release")) || b.versions.rolls(m.Name) { // another step changes the template before
			b.resize(n, title+strings.Join(what, ", "), later(&config.ClusterConfig{Metadata: b.head(), ManagedNodeGroups: []config.ManagedNodeGroup{*m}}), true, count)
		} else {
			recorded, _ := b.template(name)
			want, err := stack.Resize(recorded, b.cfg, m)
			b.resizeTo(n, title+strings.Join(what, ", "), want, err, true, count)
		}
		if b.unsettled("managedNodeGroups", m.Name) {
			what = nil // what its stack sets may be undone by what is under way
		}
	default:
		kind = rules.GroupUpdate // the record is right: only what somebody changed since
	}
	if live != nil {
		b.groupLive(kind, i, m, live, what)
	}
}

// selfManagedChanges brings a self-managed group's sizes to what the file says.
func (b *builder) selfManagedChanges(i int, g *config.NodeGroup) {
	name := b.groupStack(g.Name)
	was := b.recorded(name)
	if was == nil || len(was.NodeGroups) != 1 {
		return
	}
	old := &was.NodeGroups[0]
	b.refuseChanges(at("nodeGroups", i, ""), "the node group "+g.Name, old, g)
	b.scalingChanges(&old.NodeGroupBase, &g.NodeGroupBase, nil, false)
	title, count := "self-managed node group "+g.Name+": ", *old.DesiredCapacity != *g.DesiredCapacity
	if b.phase(name) == observe.Changing {
		b.resize(&g.NodeGroupBase, title+comparedLater, later(&config.ClusterConfig{Metadata: b.head(), NodeGroups: []config.NodeGroup{*g}}), false, count)
		return
	}
	if what := worded(config.Differences(old, g), followed("nodeGroups")); len(what) > 0 {
		recorded, _ := b.template(name)
		want, err := stack.ResizeSelfManaged(recorded, b.cfg, g)
		b.resizeTo(&g.NodeGroupBase, title+strings.Join(what, ", "), want, err, false, count)
	}
}

// head is what a group's template takes of the file besides the group.
func (b *builder) head() *config.ClusterMeta {
	m := b.cfg.Metadata
	return &config.ClusterMeta{Name: m.Name, Region: m.Region, Version: m.Version}
}

// later is a group's template as it will be once what its stack is at now has ended: it
// is known, and compared, at the step's turn.
func later(c *config.ClusterConfig) steps.Template {
	return steps.Template{Resize: &steps.Resize{Config: c}}
}

// comparedLater is what a plan says of such a template.
const comparedLater = "what the file says, compared once its stack is complete"

// resize updates a group's stack, and awaits the nodes where their number changes.
func (b *builder) resize(n *config.NodeGroupBase, title string, want steps.Template, managed, count bool) {
	name := b.groupStack(n.Name)
	b.add(part{Step: labelled(rules.GroupUpdate, n.Name, name), Action: Update, Title: title,
		Typical: time.Minute, Timeout: timeoutUpdate,
		Run: &steps.StackUpdate{Name: name, Template: want}})
	if count && !b.draft.Graph.Has(rules.ID(rules.Nodes, n.Name)) {
		b.nodes(n, managed, 40*time.Second)
	}
}

// resizeTo is resize with a template that was made now, or could not be.
func (b *builder) resizeTo(n *config.NodeGroupBase, title, want string, err error, managed, count bool) {
	if err != nil {
		b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("The stack %s is not changed: %v.", b.groupStack(n.Name), err))
		return
	}
	b.resize(n, title, steps.Template{Body: want}, managed, count)
}

// worded words the differences in some fields: sizes by their values.
func worded(ds []config.Difference, among []string) []string {
	var out []string
	for _, f := range among {
		for _, d := range ds {
			if d.Path == f && slices.Contains(sizes, f) {
				out = append(out, f+" "+d.Was+" → "+d.Now)
			} else if (d.Path == f || strings.HasPrefix(d.Path, f+".")) && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// scalingChanges sets what only the Auto Scaling group knows. Processes that the
// file once suspended, and no longer does, go on; others are somebody else's.
func (b *builder) scalingChanges(old, now *config.NodeGroupBase, ts config.Taints, managed bool) {
	live := b.live.ScalingGroupOf(now.Name)
	if live == nil {
		return
	}
	step := &steps.GroupScaling{}
	if want := propagated(now, managed, ts); !steps.Holds(live.Tags, want) {
		step.Tags = want
	}
	for _, p := range now.AsgSuspendProcesses {
		if !live.Suspends(p) {
			step.Suspend = append(step.Suspend, p)
		}
	}
	for _, p := range old.AsgSuspendProcesses {
		if live.Suspends(p) && !slices.Contains(now.AsgSuspendProcesses, p) {
			step.Resume = append(step.Resume, p)
		}
	}
	if len(step.Tags)+len(step.Suspend)+len(step.Resume) > 0 {
		b.scaling(now, step)
	}
}

// groupTags sets tags of the file on a group; one that EKS has not made yet gets those
// that its stack does not give it.
func (b *builder) groupTags(m *config.ManagedNodeGroup, live *observe.Nodegroup, old *config.ManagedNodeGroup) {
	if live != nil {
		b.tags("managedNodeGroups", m.Name, "node group "+m.Name, live.ARN)
		return
	}
	if !steps.Holds(old.Tags, m.Tags) {
		b.tag("node group "+m.Name, &steps.Tag{Group: m.Name, Tags: m.Tags}, m.Name)
	}
}

// groupLive brings a live managed group to what the file says, past any stack; except
// are the fields that its stack brings there. Labels that others added stay.
func (b *builder) groupLive(kind string, i int, m *config.ManagedNodeGroup, live *observe.Nodegroup, except []string) {
	run := &steps.GroupUpdate{Input: eks.UpdateNodegroupConfigInput{NodegroupName: new(m.Name)}}
	var what, done []string
	for _, d := range b.wanted("managedNodeGroups", m.Name, rules.GroupUpdate) {
		field, _, _ := strings.Cut(strings.TrimPrefix(d.Path, "managedNodeGroups."), ".")
		if slices.Contains(done, field) || slices.ContainsFunc(except, func(x string) bool { return x == field || strings.HasPrefix(x, field+" ") }) {
			continue
		}
		done = append(done, field)
		switch field {
		case "labels":
			add := map[string]string{}
			for k, v := range m.Labels {
				if x, ok := live.Labels[k]; !ok || x != v || b.unsettled("managedNodeGroups", m.Name) {
					add[k] = v
				}
			}
			run.Input.Labels = &types.UpdateLabelsPayload{AddOrUpdateLabels: add}
			what = append(what, "labels "+strings.Join(keys(add), ", "))
		case "taints":
			run.Input.Taints = taintsPayload(m.Taints, live.Taints)
			what = append(what, "taints")
		case "minSize", "maxSize":
			if run.Bounds == nil {
				run.Bounds = &steps.Bounds{Min: *m.MinSize, Max: *m.MaxSize}
				what = append(what, fmt.Sprintf("sizes %d to %d", *m.MinSize, *m.MaxSize))
			}
		default: // EKS's request has it as the file does
			into(&run.Input, field, b.value(at("managedNodeGroups", i, field)))
			what = append(what, field)
		}
	}
	if len(what) > 0 {
		title := "managed node group " + m.Name + ": " + strings.Join(what, ", ")
		if b.unsettled("managedNodeGroups", m.Name) {
			title += ", where it differs then"
		}
		b.add(part{Step: labelled(kind, m.Name, b.groupStack(m.Name)), Action: Update, Title: title,
			Typical: 40 * time.Second, Timeout: timeoutUpdate,
			Run: run})
	}
}

// taintsPayload makes a group's taints those of the file.
func taintsPayload(want config.Taints, have []observe.Taint) *types.UpdateTaintsPayload {
	out := &types.UpdateTaintsPayload{}
	eksTaint := func(key, value, effect string) types.Taint {
		t := types.Taint{Key: new(key), Effect: types.TaintEffect(effect)}
		if value != "" {
			t.Value = new(value)
		}
		return t
	}
	for _, w := range want {
		out.AddOrUpdateTaints = append(out.AddOrUpdateTaints, eksTaint(w.Key, w.Value, eksfacts.EKSEffect(w.Effect)))
	}
	for _, h := range have {
		if !slices.ContainsFunc(want, func(w config.Taint) bool { return w.Key == h.Key && eksfacts.EKSEffect(w.Effect) == h.Effect }) {
			out.RemoveTaints = append(out.RemoveTaints, eksTaint(h.Key, h.Value, h.Effect))
		}
	}
	return out
}
