package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// slices moves blue's pods some nodes at a time: green gets room for them, they move, and their
// nodes are ended before green grows again. The first slice's room green is made with. What
// of it is done already, blue's nodes tell, which have become fewer.
func (r *replacing) slices() {
	managed := len(r.cfg.ManagedNodeGroups) > 0
	have := *r.greenGroup().DesiredCapacity
	if s := r.Blue.Sizes(); s != nil && s.MinSize > 0 && len(r.inTurns()) > 0 {
		r.add(part{Step: forGroup(rules.GroupMinimum, r.Blue.Name, r.Blue.Name), Action: Update,
			Title:   fmt.Sprintf("node group %s: smallest size %d → 0, so that nodes may go", r.Blue.Name, s.MinSize),
			Typical: 40 * time.Second, Timeout: timeoutUpdate, Run: resized(r.Blue.Name, r.Blue.Managed != nil, steps.Sizes{Min: new(int32(0))})})
	}
	before := ""
	for i, c := range r.cuts(have) {
		name := r.Blue.Name + "/" + strconv.Itoa(i+1)
		labels := []string{rules.With(rules.Slice, name), when(before != "", rules.With(rules.PastIt, before))}
		if c.green > have {
			r.grow(managed, c.green, labels)
			have = c.green
		}
		r.shrink(c.nodes, name, labels)
		before = name
	}
	if have < r.Whole.DesiredSize {
		r.grow(managed, r.Whole.DesiredSize, []string{rules.With(rules.Slice, r.Blue.Name+"/rest"), when(before != "", rules.With(rules.PastIt, before))})
	}
	n := *r.greenGroup().NodeGroupBase
	r.plan.WantNodes += r.Whole.DesiredSize - *n.DesiredCapacity
	r.sizesRecorded()
}

// otherwise is that the replacement was begun slice by slice, and is to go on all at once.
func (r *replacing) otherwise() finding.Findings {
	k := r.live.Kubernetes
	if r.Slices != nil || k == nil || k.Replacements[r.Blue.Name] == nil || k.Replacements[r.Blue.Name].Slices == nil {
		return nil
	}
	return finding.Findings{{Code: "other-replacement", Severity: finding.Error, Where: finding.Where{Resource: "node group " + r.Blue.Name},
		What: "is being replaced slice by slice", Breaks: "the new group has not the room for all of it yet; nothing was changed",
		Remedy: fmt.Sprintf("let it end first: slipway nodegroup upgrade %s %s", r.live.Name, r.Blue.Name)}}
}

// grow gives green more nodes, and proves them.
func (r *replacing) grow(managed bool, want int, labels []string) {
	of := fmt.Sprintf("%s/%d", r.Green, want)
	step := func(kind string) rules.Step { return r.step(kind, of).Label(labels...) }
	r.add(part{Step: step(rules.Grow), Action: Update, Title: "node group " + r.Green + " grows to " + counted(want, "node"),
		Typical: 20 * time.Second, Timeout: timeoutUpdate, Run: resized(r.Green, managed, steps.Sizes{Desired: new(int32(want))})})
	r.add(part{Step: step(rules.Grown), Action: Await, Title: counted(want, "node") + " of " + r.Green + " Ready",
		Typical: 90 * time.Second, Timeout: timeoutGroup, Run: &steps.Nodes{Group: r.Green, Want: want, Managed: managed}})
	r.add(part{Step: step(rules.GrownProven), Action: Await, Title: "DaemonSets ready on all nodes of " + r.Green,
		Typical: 20 * time.Second, Timeout: r.gateTime(), Run: &steps.NodesProven{Group: r.Green, Replaced: r.Blue.Name}})
}

// shrink empties some of blue's nodes, and ends them.
func (r *replacing) shrink(nodes []*observe.Node, name string, labels []string) {
	var instances []string
	for _, n := range nodes {
		instances = append(instances, n.Instance())
	}
	step := func(kind string) rules.Step { return forGroup(kind, name, r.Blue.Name).Label(labels...) }
	r.add(part{Step: step(rules.EvacuateSlice), Action: Update,
		Title:   counted(len(nodes), "node") + " of " + r.Blue.Name + " emptied, as budgets allow: " + few(names(nodes)),
		Typical: time.Minute, Timeout: cmp.Or(r.Deadline, timeoutDrain),
		Run: &steps.Drain{Group: r.Blue.Name, Nodes: names(nodes), Replaced: r.Blue.Name, With: r.Green, Respect: !r.Force}})
	r.add(part{Step: step(rules.GateSlice), Action: Await, Title: "gate: no workload less available than before",
		Typical: 10 * time.Second, Timeout: r.gateTime(), Run: &steps.GateAvailable{Group: r.Blue.Name}})
	r.add(part{Step: step(rules.EndNodes), Action: Delete, Title: counted(len(instances), "instance") + " of " + r.Blue.Name + ": " + few(instances),
		Typical: time.Minute, Timeout: timeoutUpdate, Run: &steps.EndInstances{ScalingGroup: r.Blue.Scaling.Name, Instances: instances}})
}

// inTurns are blue's nodes with one zone after the other, so that Auto Scaling has no zone to
// make up for meanwhile.
func (r *replacing) inTurns() []*observe.Node {
	nth, seen := map[string]int{}, map[string]int{}
	nodes := slices.DeleteFunc(r.live.NodesOf(r.Blue), func(n *observe.Node) bool { return r.Blue.Instance(n.Instance()) == nil })
	for _, n := range nodes {
		zone := n.Labels[corev1.LabelTopologyZone]
		nth[n.Name] = seen[zone]
		seen[zone]++
	}
	slices.SortStableFunc(nodes, func(a, b *observe.Node) int { return nth[a.Name] - nth[b.Name] })
	return nodes
}

// sizesRecorded has green's stack say what the group has grown to, whatever it was made with.
func (r *replacing) sizesRecorded() {
	c := *r.cfg
	c.ManagedNodeGroups, c.NodeGroups = slices.Clone(c.ManagedNodeGroups), slices.Clone(c.NodeGroups)
	for _, n := range c.Groups() {
		n.MinSize, n.MaxSize, n.DesiredCapacity = &r.Whole.MinSize, &r.Whole.MaxSize, &r.Whole.DesiredSize
	}
	name := r.groupStack(r.Green)
	r.add(part{Step: r.step(rules.SizesRecorded, r.Green), Action: Update, Title: "stack " + name + " says so: " + inSizes(r.Whole),
		Typical: time.Minute, Timeout: timeoutUpdate, Run: &steps.StackUpdate{Name: name, Template: steps.Template{Resize: &steps.Resize{Config: &c}}}})
}

func inSizes(s observe.Sizes) string {
	return fmt.Sprintf("%d nodes, %d to %d", s.DesiredSize, s.MinSize, s.MaxSize)
}

// written are slices as the cluster keeps them.
func written(s *observe.Slices) *steps.Slices {
	if s == nil {
		return nil
	}
	return &steps.Slices{Nodes: s.Nodes, Min: s.Before.MinSize, Max: s.Before.MaxSize, Desired: s.Before.DesiredSize}
}

// sizesBack gives blue the nodes again that slices have ended; that takes room for them.
func (r *replacing) sizesBack() {
	k := r.live.Kubernetes.Replacements[r.Blue.Name]
	s := r.Blue.Sizes()
	if k == nil || k.Slices == nil || s == nil || *s == k.Slices.Before {
		return
	}
	was, managed := k.Slices.Before, r.Blue.Managed != nil
	label := rules.With(rules.Slice, r.Blue.Name+"/back")
	r.plan.WantNodes += was.DesiredSize - s.DesiredSize
	r.add(part{Step: r.step(rules.SizesBack, r.Blue.Name).Label(label), Action: Update,
		Title:   "node group " + r.Blue.Name + " as large as before: " + inSizes(was),
		Typical: 20 * time.Second, Timeout: timeoutUpdate,
		Run: resized(r.Blue.Name, managed, steps.Sizes{Min: new(int32(was.MinSize)), Max: new(int32(was.MaxSize)), Desired: new(int32(was.DesiredSize))})})
	r.add(part{Step: r.step(rules.Grown, r.Blue.Name).Label(label), Action: Await, Title: counted(was.DesiredSize, "node") + " of " + r.Blue.Name + " Ready",
		Typical: 90 * time.Second, Timeout: timeoutGroup, Run: &steps.Nodes{Group: r.Blue.Name, Want: was.DesiredSize, Managed: managed}})
}
