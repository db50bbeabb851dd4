package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// Drain empties nodes that are about to go: all are cordoned before the first pod is asked
// to leave, so that none moves from one of them to another. Disruption budgets are kept: a
// pod that one holds back is asked again at the next turn.
type Drain struct {
	Group string `json:"group"`
	// Nodes are those that go; none: all that the group has, also those that come meanwhile.
	Nodes []string `json:"nodes,omitempty"`
	// Zone: only those of one zone.
	Zone string `json:"zone,omitempty"`
	// Replaced is the group whose replacement it is, which may be taken back: what is done to
	// nodes is marked, and one that is empty leaves the load balancers. "": none.
	Replaced string `json:"replaced,omitempty"`
	// With is the group that takes its place: nodes that come to it meanwhile are kept from the
	// cluster autoscaler, as those are that were there. "": none is.
	With string `json:"with,omitempty"`
	// Respect: a pod stays that its owner forbids to move, or that nothing makes again.
	Respect bool `json:"respect,omitempty"`
	// Asked: it is done once each pod has been asked to leave, and may: another step waits until
	// all are gone.
	Asked bool `json:"asked,omitempty"`
}

// drainLook is how often a drain looks, however long it is expected to take: a budget lets the
// next pod go as soon as the one before runs elsewhere, and kubectl asks again as often.
const drainLook = 3 * time.Second

// Run cordons, evicts, and is done when nothing is left that must go.
func (s *Drain) Run(ctx context.Context, e *Env, _ *Memo) (r engine.Result, err error) {
	k, all, err := e.nodes(ctx)
	if err != nil {
		return r, err
	}
	going := s.going(all)
	if s.With != "" {
		if r.Changed, err = s.holds(ctx, k, inGroup(all, s.With)); err != nil {
			return r, err
		}
	}
	var begun *kube.Replacement
	if s.Replaced != "" {
		way := kube.Onward
		if s.Group != s.Replaced {
			way = kube.Back
		}
		var changed bool
		begun, changed, err = kube.MoveReplacement(ctx, k, s.Replaced, way)
		if r.Changed = r.Changed || changed; err != nil {
			return r, err
		}
	}
	for _, n := range going {
		if n.Cordoned {
			continue
		}
		changed, err := kube.Cordon(ctx, k, n.Name, s.Replaced)
		if r.Changed = r.Changed || changed; err != nil {
			return r, err
		}
	}
	pods, err := kube.PodsOf(ctx, k, namesOf(going), kube.Leaves)
	if err != nil {
		return r, err
	}
	budgets, err := kube.BudgetsOf(ctx, k)
	if err != nil {
		return r, err
	}
	lost, err := s.lost(ctx, k, begun, going, pods)
	if err != nil {
		return r, err
	}
	left, on, held := 0, []string{}, refusals{}
	for _, n := range going {
		stay := 0
		for _, p := range pods[n.Name] {
			switch why, err := s.ask(ctx, e, n, p, budgets, lost); {
			case err != nil:
				return r, err
			case why == gone:
				continue
			case why == asked:
				r.Changed = true
			case why != leaving:
				held.add(why, p)
			}
			stay++
		}
		if stay > 0 {
			on = append(on, fmt.Sprintf("%s: %d", n.Name, stay))
		}
		if left += stay; stay == 0 && s.Replaced != "" && !n.Excluded {
			changed, err := kube.Exclude(ctx, k, n.Name, s.Replaced)
			if r.Changed = r.Changed || changed; err != nil {
				return r, err
			}
		}
	}
	r.State, r.Next = engine.Wait, drainLook
	r.Reason = many(left, "pod is", "pods are") + " still on " + many(len(on), "node", "nodes") + " (" + some(on) + ")" + held.String()
	if left == 0 && s.Replaced != "" && len(s.Nodes) == 0 && s.Zone == "" {
		switch n, err := e.endUnjoined(ctx, s.Group, all); {
		case err != nil:
			return r, err
		case n > 0:
			r.Changed, r.Reason = true, many(n, "instance that is no node yet is ended", "instances that are no nodes yet are ended")+
				": pods would come to it, and go with the group"
			return r, nil
		}
	}
	switch {
	case left == 0 && lost != "":
		r.Reason = many(len(going), "node is", "nodes are") + " empty, and " + lost
	case left == 0:
		r.State, r.Reason = engine.Done, many(len(going), "node is", "nodes are")+" empty"
	case s.Asked && len(held.why) == 0:
		r.State, r.Reason = engine.Done, many(left, "pod is", "pods are")+" leaving, the last of "+many(len(going), "node", "nodes")
	}
	return r, nil
}

// lost is why no more pods are moved, on the way to the new group: one that was moved finds no
// node, or the volume of one that is to be has none. Whoever forces a replacement wants it so.
func (s *Drain) lost(ctx context.Context, k kubernetes.Interface, begun *kube.Replacement, going []kube.Node, pods map[string][]*corev1.Pod) (string, error) {
	if !s.Respect || begun == nil || s.Group != s.Replaced {
		return "", nil
	}
	if out, err := kube.Lost(ctx, k, begun); err != nil || out != "" {
		return out, err
	}
	out, err := kube.Beyond(ctx, k, slices.Concat(slices.Collect(maps.Values(pods))...), func(n *corev1.Node) bool {
		return slices.ContainsFunc(going, func(x kube.Node) bool { return x.Name == n.Name })
	})
	if out != "" {
		out += placed(s.With)
	}
	return out, err
}

// holds keeps the cluster autoscaler off the nodes of the group that takes this one's place.
func (s *Drain) holds(ctx context.Context, k kubernetes.Interface, nodes []kube.Node) (changed bool, err error) {
	for _, n := range nodes {
		if n.Held {
			continue
		}
		did, err := kube.HoldScaleDown(ctx, k, n.Name, s.Replaced)
		if changed = changed || did; err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// refusals are the pods that stay for now, by why.
type refusals struct {
	why  []string // in the order in which they were met
	pods map[string][]string
}

func (r *refusals) add(why string, p *corev1.Pod) {
	if r.pods == nil {
		r.pods = map[string][]string{}
	}
	if r.pods[why] == nil {
		r.why = append(r.why, why)
	}
	r.pods[why] = append(r.pods[why], p.Namespace+"/"+p.Name)
}

// String names each reason, with the first of its pods.
func (r *refusals) String() (out string) {
	for _, why := range r.why {
		what := "pod " + r.pods[why][0] + " stays"
		if n := len(r.pods[why]); n > 1 {
			what = fmt.Sprintf("pod %s and %d more stay", r.pods[why][0], n-1)
		}
		out += "; " + what + " for now: " + why
	}
	return out
}

// some are the first few of a list.
func some(l []string) string {
	const most = 4
	if n := len(l) - most; n > 0 {
		return strings.Join(l[:most], ", ") + fmt.Sprintf(", and %d more", n)
	}
	return strings.Join(l, ", ")
}

func namesOf(nodes []kube.Node) (out []string) {
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	return out
}

// many is a number with its words.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// going are the nodes that the step is for, as they are now.
func (s *Drain) going(all []kube.Node) (out []kube.Node) {
	for _, n := range all {
		meant := slices.Contains(s.Nodes, n.Name) || len(s.Nodes) == 0 && n.Group == s.Group
		if meant && (s.Zone == "" || n.Zone == s.Zone) {
			out = append(out, n)
		}
	}
	return out
}

// nodes are all of the cluster, as they are now.
func (e *Env) nodes(ctx context.Context) (kubernetes.Interface, []kube.Node, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := kube.Nodes(ctx, k)
	return k, all, err
}

// inGroup are those of a node group.
func inGroup(all []kube.Node, group string) []kube.Node { return (&Drain{Group: group}).going(all) }

// What became of a pod, beside the words of a budget that holds it back.
const (
	gone    = "gone"
	asked   = "asked to leave"
	leaving = "leaving"
)

// letsGo is what a person can do about a budget that holds a pod.
const letsGo = " (it is asked again; where its pods are ready and it lets none go, give what it covers one replica more)"

// ask has a pod leave its node; lost is why none is asked, "": they are. On a node whose kubelet does not answer, a pod that was
// asked counts as gone: nothing but the end of the instance ends it.
func (s *Drain) ask(ctx context.Context, e *Env, n kube.Node, p *corev1.Pod, budgets kube.Budgets, lost string) (string, error) {
	if p.DeletionTimestamp != nil {
		if !n.Ready {
			return gone, nil
		}
		if f := kube.Finalizers(p); len(f) > 0 {
			return "it is being deleted, and a finalizer keeps it: " + strings.Join(f, ", "), nil
		}
		return leaving, nil
	}
	if lost != "" {
		return lost, nil
	}
	if why := kube.Held(p); s.Respect && why != "" {
		return "its annotation " + why + " forbids it", nil
	}
	if s.Respect && metav1.GetControllerOf(p) == nil {
		return "nothing makes it again elsewhere: delete it, or run again with --force", nil
	}
	if why := budgets.Hold(p); why != "" {
		return why + letsGo, nil
	}
	k, err := e.Kube(ctx)
	if err != nil {
		return "", err
	}
	refused, err := kube.Evict(ctx, k, p)
	if refused != "" {
		refused += letsGo
	}
	if err != nil || refused != "" {
		return refused, err
	}
	budgets.Took(p)
	return asked, nil
}
