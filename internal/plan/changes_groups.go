package plan

import (
	"cmp"
	"fmt"
	"maps"
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

// managedChanges brings a live managed group to what the file says, where EKS can.
func (b *builder) managedChanges(i int, m *config.ManagedNodeGroup, live *observe.Nodegroup) {
	n, name := &m.NodeGroupBase, stack.GroupName(b.cfg.Metadata.Name, m.Name)
	b.tags("node group "+m.Name, live.ARN, m.Tags, live.Tags)
	was := b.recorded(name)
	if was == nil || len(was.ManagedNodeGroups) != 1 {
		b.fixedByGroup(i, m, live)
		b.groupUpdate(m, live)
		return
	}
	old := &was.ManagedNodeGroups[0]
	b.refuseChanges(at("managedNodeGroups", i, ""), "the node group "+m.Name, old, m)
	b.scalingChanges(&old.NodeGroupBase, n, m.Taints, true)
	now := config.Differences(old, m)
	what := worded(now, followed("managedNodeGroups"))
	if len(what) == 0 {
		b.groupUpdate(m, live) // the record is right: only what somebody changed since
		return
	}
	recorded, _ := b.template(name)
	want, err := stack.Resize(recorded, b.cfg, m)
	b.resize(n, "managed node group "+m.Name+": "+join(what), name, want, err, true, *old.DesiredCapacity != *n.DesiredCapacity)
}

// selfManagedChanges brings a self-managed group's sizes to what the file says.
func (b *builder) selfManagedChanges(i int, g *config.NodeGroup) {
	name := stack.GroupName(b.cfg.Metadata.Name, g.Name)
	was := b.recorded(name)
	if was == nil || len(was.NodeGroups) != 1 {
		return
	}
	old := &was.NodeGroups[0]
	b.refuseChanges(at("nodeGroups", i, ""), "the node group "+g.Name, old, g)
	b.scalingChanges(&old.NodeGroupBase, &g.NodeGroupBase, nil, false)
	if what := worded(config.Differences(old, g), followed("nodeGroups")); len(what) > 0 {
		recorded, _ := b.template(name)
		want, err := stack.ResizeSelfManaged(recorded, b.cfg, g)
		b.resize(&g.NodeGroupBase, "self-managed node group "+g.Name+": "+join(what), name, want, err, false, *old.DesiredCapacity != *g.DesiredCapacity)
	}
}

// resize updates a group's stack, and awaits the nodes where their number changes.
func (b *builder) resize(n *config.NodeGroupBase, title, name, want string, err error, managed, count bool) {
	if err != nil {
		b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("The stack %s is not changed: %v.", name, err))
		return
	}
	b.add(part{Step: rules.Step{Kind: rules.GroupUpdate, Name: n.Name}, Action: Update, Title: title,
		Typical: time.Minute, Timeout: timeoutUpdate,
		Run: &steps.StackUpdate{Name: name, Template: steps.Template{Body: want}}})
	if count {
		b.nodes(n, managed, 40*time.Second)
	}
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

// fixedByGroup refuses, for a group that another tool made, what can be seen to
// differ from what the file writes and EKS cannot change.
func (b *builder) fixedByGroup(i int, m *config.ManagedNodeGroup, live *observe.Nodegroup) {
	refuse := func(field, have string) {
		if path := at("managedNodeGroups", i, field); b.written(path) {
			b.refuse(path, row(path).Remedy, "the live node group %s has %s, and EKS does not change it in place", m.Name, have)
		}
	}
	want := m.InstanceTypes
	if len(want) == 0 && m.InstanceType != "" {
		want = []string{m.InstanceType}
	}
	if len(live.InstanceTypes) > 0 && !sameSet(want, live.InstanceTypes) {
		refuse("instanceType", strings.Join(live.InstanceTypes, ", "))
		refuse("instanceTypes", strings.Join(live.InstanceTypes, ", "))
	}
	if config.On(m.Spot, false) != (live.CapacityType == "SPOT") {
		refuse("spot", live.CapacityType)
	}
	if r := m.IAM; r != nil && r.InstanceRoleARN != "" && r.InstanceRoleARN != live.NodeRole {
		refuse("iam.instanceRoleARN", live.NodeRole)
	}
}

// groupUpdate brings a live managed group's labels, taints, bounds and update
// settings to what the file says, past any stack. Labels that EKS or somebody else
// added stay.
func (b *builder) groupUpdate(m *config.ManagedNodeGroup, live *observe.Nodegroup) {
	in := &eks.UpdateNodegroupConfigInput{NodegroupName: new(m.Name)}
	var what []string
	add := map[string]string{}
	for k, v := range m.Labels {
		if live.Labels[k] != v {
			add[k] = v
		}
	}
	if len(add) > 0 {
		in.Labels = &types.UpdateLabelsPayload{AddOrUpdateLabels: add}
		what = append(what, "labels "+join(slices.Sorted(maps.Keys(add))))
	}
	if t := missingTaints(m.Taints, live.Taints); len(t) > 0 {
		in.Taints = &types.UpdateTaintsPayload{AddOrUpdateTaints: t}
		what = append(what, "taints")
	}
	if s := live.ScalingConfig; s != nil && (s.MinSize != *m.MinSize || s.MaxSize != *m.MaxSize) {
		// The desired size belongs to the autoscaler once the group stands; it only
		// follows the bounds.
		want := min(max(s.DesiredSize, *m.MinSize), *m.MaxSize)
		in.ScalingConfig = &types.NodegroupScalingConfig{MinSize: new(int32(*m.MinSize)), MaxSize: new(int32(*m.MaxSize)), DesiredSize: new(int32(want))}
		what = append(what, fmt.Sprintf("sizes %d to %d", *m.MinSize, *m.MaxSize))
	}
	if len(what) > 0 {
		b.add(part{Step: rules.Step{Kind: rules.GroupUpdate, Name: m.Name}, Action: Update, Title: "managed node group " + m.Name + ": " + join(what),
			Typical: 40 * time.Second, Timeout: timeoutUpdate,
			Run: &steps.GroupUpdate{Input: *in}})
	}
}

func missingTaints(want config.Taints, have []observe.Taint) []types.Taint {
	var out []types.Taint
	for _, w := range want {
		found := false
		for _, h := range have {
			found = found || h.Key == w.Key && h.Value == w.Value && h.Effect == eksfacts.EKSEffect(w.Effect)
		}
		if !found {
			t := types.Taint{Key: new(w.Key), Effect: types.TaintEffect(eksfacts.EKSEffect(w.Effect))}
			if w.Value != "" {
				t.Value = new(w.Value)
			}
			out = append(out, t)
		}
	}
	return out
}
