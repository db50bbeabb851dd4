package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Scaling is what the plan of a node group's new sizes is made from.
type Scaling struct {
	Name, Region, Account string
	Live                  *observe.Observed
	Group                 observe.AnyGroup
	Want                  observe.Sizes
	Drain                 bool // nodes that go are emptied first
}

// Scale is the plan that gives a node group other sizes. Where it gets smaller, the nodes
// that go are chosen, emptied and ended by name, as neither EKS nor Auto Scaling keeps
// disruption budgets; then the group gets its sizes: through its stack where that records
// them, by EKS or Auto Scaling else, as eksctl does.
func Scale(in Scaling) (*Plan, error) {
	s := &scaling{Scaling: in, builder: newBuilder(in.Live, in.Account), now: *in.Group.Sizes()}
	s.plan.WantNodes = in.Want.DesiredSize
	s.settles()
	if err := s.leave(); err != nil {
		return nil, err
	}
	if err := s.sizes(); err != nil {
		return nil, err
	}
	return s.done()
}

// newBuilder is one of a plan that no file is behind.
func newBuilder(live *observe.Observed, account string) *builder {
	return &builder{live: live, draft: rules.NewDraft(), plan: &Plan{Cluster: live.Name, Region: live.Region, Account: account}}
}

// done orders the plan.
func (b *builder) done() (*Plan, error) {
	if err := rules.Apply(b.draft); err != nil {
		return nil, err
	}
	return b.plan, b.plan.finish(b.draft.Graph)
}

type scaling struct {
	Scaling
	*builder
	now observe.Sizes
}

// step is one about the group.
func (s *scaling) step(kind string) rules.Step { return aboutGroup(kind, s.Group) }

// aboutGroup is a step about a group that stands, and its stack.
func aboutGroup(kind string, g observe.AnyGroup) rules.Step {
	of := ""
	if g.Stack != nil {
		of = g.Stack.Name
	}
	return labelled(kind, g.Name, of).Label(rules.With(rules.For, g.Name))
}

// settles awaits what is under way on the group.
func (s *scaling) settles() {
	if k := s.Group.Stack; k.Phase().UnderWay() {
		s.settled(k.Name)
	} else if m := s.Group.Managed; m != nil && classOf(m.Status) == moving {
		s.add(part{Step: s.step(rules.GroupSettled), Action: Await, Title: fmt.Sprintf("node group %s, which is %s", m.Name, m.Status),
			Typical: typicalGroup, Timeout: timeoutGroup, Run: &steps.GroupUpdate{Input: eks.UpdateNodegroupConfigInput{NodegroupName: &m.Name}}})
	}
}

// leave empties and ends the nodes that are too many.
func (s *scaling) leave() error {
	going := leaving(s.Live, s.Group, s.Want.DesiredSize)
	if len(going) == 0 {
		return nil
	}
	if s.now.MinSize > s.Want.DesiredSize {
		s.add(part{Step: s.step(rules.GroupMinimum), Action: Update,
			Title:   fmt.Sprintf("node group %s: smallest size %d → %d, so that nodes may go", s.Group.Name, s.now.MinSize, s.Want.MinSize),
			Typical: 40 * time.Second, Timeout: timeoutUpdate, Run: s.resized(steps.Sizes{Min: new(int32(s.Want.MinSize))})})
	}
	var nodes, instances []string
	for _, i := range going {
		instances = append(instances, i.ID)
		if n := nodeOf(s.Live, i.ID); n != nil {
			nodes = append(nodes, n.Name)
		}
	}
	if s.Drain && (len(nodes) > 0 || unreached(s.Live, "") != nil) {
		if err := s.drain(s.step(rules.Drain), s.Group.Name, nodes, nodes); err != nil {
			return err
		}
	}
	s.add(part{Step: s.step(rules.EndNodes), Action: Delete, Title: counted(len(instances), "instance") + " of " + s.Group.Name + ": " + few(instances),
		Typical: time.Minute, Timeout: timeoutUpdate, Run: &steps.EndInstances{ScalingGroup: s.Group.Scaling.Name, Instances: instances}})
	return nil
}

// few joins names for a title.
func few(names []string) string {
	const most = 6
	if n := len(names) - most; n > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ")
}

// resized is the step that gives the group sizes past any stack.
func (s *scaling) resized(to steps.Sizes) steps.Spec {
	return resized(s.Group.Name, s.Group.Managed != nil, to)
}

func resized(group string, managed bool, to steps.Sizes) steps.Spec {
	if managed {
		return &steps.GroupUpdate{Input: eks.UpdateNodegroupConfigInput{NodegroupName: &group,
			ScalingConfig: &types.NodegroupScalingConfig{MinSize: to.Min, MaxSize: to.Max, DesiredSize: to.Desired}}}
	}
	return &steps.GroupScaling{Group: group, Sizes: &to}
}

// sizes gives the group its sizes, and awaits the nodes that come.
func (s *scaling) sizes() error {
	title := fmt.Sprintf("node group %s: %s", s.Group.Name, sized(s.now, s.Want))
	changes, err := s.throughStack(title)
	if err != nil {
		return err
	}
	if w := s.Want; !changes && s.now != w {
		to := steps.Sizes{Min: new(int32(w.MinSize)), Max: new(int32(w.MaxSize)), Desired: new(int32(w.DesiredSize))}
		s.add(part{Step: s.step(rules.GroupLive), Action: Update, Title: title, Typical: 40 * time.Second, Timeout: timeoutUpdate, Run: s.resized(to)})
	}
	if known := s.Group.Managed != nil || s.Group.Stack != nil; known && s.Want.DesiredSize > len(alive(s.Group)) {
		s.add(part{Step: s.step(rules.Nodes), Action: Await, Title: counted(s.Want.DesiredSize, "node") + " of " + s.Group.Name + " Ready",
			Typical: 40 * time.Second, Timeout: timeoutGroup,
			Run: &steps.Nodes{Group: s.Group.Name, Want: s.Want.DesiredSize, Managed: s.Group.Managed != nil}})
	}
	return nil
}

// throughStack updates the stack where it records the group's sizes, and they differ.
func (s *scaling) throughStack(title string) (bool, error) {
	k := s.Group.Stack
	if k == nil || k.Template == "" {
		return false, nil
	}
	if c, err := stack.Recorded(k.Template); err != nil || c == nil {
		return false, err
	}
	body, err := stack.Sized(k.Template, stack.Sizes{Min: s.Want.MinSize, Max: s.Want.MaxSize, Desired: s.Want.DesiredSize})
	if err != nil {
		return false, fmt.Errorf("the template of stack %s: %w", k.Name, err)
	}
	if stack.Same(k.Template, body) && !k.Phase().UnderWay() {
		return false, nil
	}
	s.add(part{Step: s.step(rules.GroupUpdate), Action: Update, Title: title, Typical: time.Minute, Timeout: timeoutUpdate,
		Run: &steps.StackUpdate{Name: k.Name, Template: steps.Template{Body: body}}})
	return true, nil
}

// sized are the sizes that change, in words.
func sized(now, want observe.Sizes) string {
	var out []string
	for _, x := range []struct {
		name     string
		was, now int
	}{{"nodes", now.DesiredSize, want.DesiredSize}, {"smallest", now.MinSize, want.MinSize}, {"greatest", now.MaxSize, want.MaxSize}} {
		if x.was != x.now {
			out = append(out, fmt.Sprintf("%s %d → %d", x.name, x.was, x.now))
		}
	}
	if len(out) == 0 {
		return "its sizes in the record"
	}
	return strings.Join(out, ", ")
}

// alive are the instances of a group that are not going already.
func alive(g observe.AnyGroup) []observe.GroupInstance {
	if g.Scaling == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(g.Scaling.Instances), func(i observe.GroupInstance) bool {
		return strings.HasPrefix(i.LifecycleState, "Terminat") || strings.HasPrefix(i.LifecycleState, "Detach")
	})
}

// leaving chooses which instances go for a group to have a number of them: first those that
// are cordoned already (a run before this one may have chosen them), then those that are not
// Ready, and of the others those of the fullest zone with the fewest pods. What somebody
// protected from scaling in goes last.
func leaving(live *observe.Observed, g observe.AnyGroup, keep int) []observe.GroupInstance {
	left, out := alive(g), []observe.GroupInstance{}
	pods, nodes := map[string]int{}, map[string]*observe.Node{} // by node, by instance
	if k := live.Kubernetes; k != nil {
		for _, p := range k.Pods {
			pods[p.Node]++
		}
		for _, n := range k.Nodes {
			nodes[n.Instance()] = n
		}
	}
	for len(left) > keep {
		zones := map[string]int{}
		for _, i := range left {
			zones[i.Zone]++
		}
		weight := func(i observe.GroupInstance) int {
			switch n := nodes[i.ID]; {
			case n != nil && n.Unschedulable:
				return 0
			case i.ProtectedScaleIn:
				return 3
			case n == nil || !n.Ready:
				return 1
			}
			return 2
		}
		load := func(i observe.GroupInstance) int {
			if n := nodes[i.ID]; n != nil {
				return pods[n.Name]
			}
			return 0
		}
		slices.SortFunc(left, func(a, b observe.GroupInstance) int {
			return cmp.Or(cmp.Compare(weight(a), weight(b)), cmp.Compare(zones[b.Zone], zones[a.Zone]), cmp.Compare(load(a), load(b)), cmp.Compare(a.ID, b.ID))
		})
		out, left = append(out, left[0]), left[1:]
	}
	return out
}

// nodeOf is the node of an instance, or nil.
func nodeOf(live *observe.Observed, instance string) *observe.Node {
	if live.Kubernetes != nil {
		for _, n := range live.Kubernetes.Nodes {
			if n.Instance() == instance {
				return n
			}
		}
	}
	return nil
}
