package node

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	requests "k8s.io/component-helpers/resource"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// room is a node as the scheduler sees it: the pods on it, and what they ask for.
type room struct {
	node *corev1.Node
	pods []*corev1.Pod
	used corev1.ResourceList
	port []hostPort // taken on the host
}

// nodeMap is what the scheduler decides from in one pass.
type nodeMap struct {
	rooms   []*room
	byName  map[string]*room
	volumes *volumes
	repels  []*corev1.Pod         // placed pods that keep others away
	spaces  map[string]labels.Set // the labels of namespaces
}

func newMap(nodes []*corev1.Node, pods []*corev1.Pod) *nodeMap {
	m := &nodeMap{byName: map[string]*room{}}
	for _, n := range nodes {
		r := &room{node: n, used: corev1.ResourceList{}}
		m.rooms, m.byName[n.Name] = append(m.rooms, r), r
	}
	for _, p := range pods {
		if r := m.byName[p.Spec.NodeName]; r != nil && !ended(p) {
			m.put(p, r)
		}
	}
	return m
}

// put has a pod take its room.
func (m *nodeMap) put(p *corev1.Pod, r *room) {
	r.pods = append(r.pods, p)
	for k, v := range requests.PodRequests(p, requests.PodResourcesOptions{}) {
		q := r.used[k]
		q.Add(v)
		r.used[k] = q
	}
	r.port = append(r.port, hostPorts(p)...)
	if len(antiTerms(p)) > 0 {
		m.repels = append(m.repels, p)
	}
}

// wanted is a pod that waits, with what the filters ask of it again and again.
type wanted struct {
	pod      *corev1.Pod
	requests corev1.ResourceList
	affinity nodeaffinity.RequiredNodeAffinity
	ports    []hostPort
}

func (*nodeMap) want(p *corev1.Pod) *wanted {
	return &wanted{p, requests.PodRequests(p, requests.PodResourcesOptions{}), nodeaffinity.GetRequiredNodeAffinity(p), hostPorts(p)}
}

// selects tells whether a pod's selector and required affinity admit a node.
func selects(s *corev1.PodSpec, n *corev1.Node) bool {
	ok, err := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: *s}).Match(n)
	return ok && err == nil
}

func tolerates(ts []corev1.Toleration, t corev1.Taint) bool {
	return slices.ContainsFunc(ts, func(x corev1.Toleration) bool { return x.ToleratesTaint(&t) })
}

// fits are the scheduler's filters, in their order, with their words; nothing when the pod
// can go there.
func (m *nodeMap) fits(w *wanted, r *room) []string {
	n, p := r.node, w.pod
	if n.DeletionTimestamp != nil || n.Labels["eks.amazonaws.com/compute-type"] == "fargate" {
		return []string{"node(s) had untolerated taint {eks.amazonaws.com/compute-type: fargate}"}
	}
	if n.Spec.Unschedulable && !tolerates(p.Spec.Tolerations, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}) {
		return []string{"node(s) were unschedulable"}
	}
	if t := untolerated(p.Spec.Tolerations, n); t != nil {
		return []string{fmt.Sprintf("node(s) had untolerated taint {%s: %s}", t.Key, t.Value)}
	}
	if ok, err := w.affinity.Match(n); !ok || err != nil {
		return []string{"node(s) didn't match Pod's node affinity/selector"}
	}
	if r.clashes(w.ports) {
		return []string{"node(s) didn't have free ports for the requested pod ports"}
	}
	if why := r.lacks(w); len(why) > 0 {
		return why
	}
	if !m.volumes.reaches(p, n) {
		return []string{"node(s) didn't match PersistentVolume's node affinity"}
	}
	if why := m.spreads(p, n); why != "" {
		return []string{why}
	}
	return m.neighbours(p, n)
}

// lacks is what of a node's resources does not suffice (noderesources/fit.go).
func (r *room) lacks(w *wanted) []string {
	var out []string
	have := r.node.Status.Allocatable
	if most := have.Pods().Value(); most != 0 && int64(len(r.pods)) >= most {
		out = append(out, "Too many pods")
	}
	for k, v := range w.requests {
		left := have[k].DeepCopy()
		left.Sub(r.used[k])
		if !v.IsZero() && left.Cmp(v) < 0 {
			out = append(out, "Insufficient "+string(k))
		}
	}
	slices.Sort(out)
	return out
}

// victims are the pods of lower priority whose end lets a pod in, or nil.
func (m *nodeMap) victims(w *wanted, r *room) []*corev1.Pod {
	var lower, dear []*corev1.Pod
	for _, p := range r.pods {
		if priorityOf(p) < priorityOf(w.pod) {
			lower = append(lower, p)
		} else {
			dear = append(dear, p)
		}
	}
	fits := func(pods []*corev1.Pod) bool {
		less := m.with(r, pods)
		return len(less.fits(w, less.byName[r.node.Name])) == 0
	}
	if len(lower) == 0 || !fits(dear) {
		return nil
	}
	slices.SortStableFunc(lower, func(a, b *corev1.Pod) int { return int(int64(priorityOf(b)) - int64(priorityOf(a))) })
	var out []*corev1.Pod
	for _, p := range lower { // the dearest are spared where there is room for both
		if try := append(slices.Clone(dear), p); fits(try) {
			dear = try
		} else {
			out = append(out, p)
		}
	}
	return out
}

// with is what the scheduler would decide from if a node had these pods and no others.
func (m *nodeMap) with(r *room, pods []*corev1.Pod) *nodeMap {
	less := &room{node: r.node, used: corev1.ResourceList{}}
	out := &nodeMap{rooms: slices.Clone(m.rooms), byName: maps.Clone(m.byName), volumes: m.volumes, spaces: m.spaces,
		repels: slices.DeleteFunc(slices.Clone(m.repels), func(p *corev1.Pod) bool { return p.Spec.NodeName == r.node.Name })}
	out.rooms[slices.Index(m.rooms, r)], out.byName[r.node.Name] = less, less
	for _, p := range pods {
		out.put(p, less)
	}
	return out
}

func matches(sel *metav1.LabelSelector, l map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(sel)
	return err == nil && s.Matches(labels.Set(l))
}

func quantity(format string, a ...any) resource.Quantity {
	return resource.MustParse(fmt.Sprintf(format, a...))
}
