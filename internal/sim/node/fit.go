package node

import (
	"fmt"
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
	port map[string]bool // taken on the host
}

// nodeMap is what the scheduler decides from in one pass.
type nodeMap struct {
	rooms   []*room
	byName  map[string]*room
	volumes *volumes
	repels  []*corev1.Pod // placed pods that keep others away
}

func newMap(nodes []*corev1.Node, pods []*corev1.Pod) *nodeMap {
	m := &nodeMap{byName: map[string]*room{}}
	for _, n := range nodes {
		r := &room{node: n, used: corev1.ResourceList{}, port: map[string]bool{}}
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
	for _, k := range hostPorts(p) {
		r.port[k] = true
	}
	if len(antiTerms(p)) > 0 {
		m.repels = append(m.repels, p)
	}
}

func hostPorts(p *corev1.Pod) []string {
	var out []string
	for _, k := range p.Spec.Containers {
		for _, x := range k.Ports {
			if x.HostPort > 0 {
				out = append(out, fmt.Sprint(x.Protocol, x.HostPort))
			}
		}
	}
	return out
}

// wanted is a pod that waits, with what the filters ask of it again and again.
type wanted struct {
	pod      *corev1.Pod
	requests corev1.ResourceList
	affinity nodeaffinity.RequiredNodeAffinity
	ports    []string
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
	for _, t := range n.Spec.Taints {
		if t.Effect != corev1.TaintEffectPreferNoSchedule && !tolerates(p.Spec.Tolerations, t) {
			return []string{fmt.Sprintf("node(s) had untolerated taint {%s: %s}", t.Key, t.Value)}
		}
	}
	if ok, err := w.affinity.Match(n); !ok || err != nil {
		return []string{"node(s) didn't match Pod's node affinity/selector"}
	}
	if slices.ContainsFunc(w.ports, func(k string) bool { return r.port[k] }) {
		return []string{"node(s) didn't have free ports for the requested pod ports"}
	}
	if why := r.lacks(w); len(why) > 0 {
		return why
	}
	if !m.volumes.reaches(p, n) {
		return []string{"node(s) didn't match PersistentVolume's node affinity"}
	}
	if !m.spreads(p, n) {
		return []string{"node(s) didn't match pod topology spread constraints"}
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
	less := &room{node: r.node, used: corev1.ResourceList{}, port: map[string]bool{}}
	rest := &nodeMap{rooms: m.rooms, byName: m.byName, volumes: m.volumes, repels: m.repels}
	var lower []*corev1.Pod
	for _, p := range r.pods {
		if priorityOf(p) < priorityOf(w.pod) {
			lower = append(lower, p)
		} else {
			(&nodeMap{}).put(p, less)
		}
	}
	if len(lower) == 0 || len(rest.fits(w, less)) > 0 {
		return nil
	}
	slices.SortStableFunc(lower, func(a, b *corev1.Pod) int { return int(int64(priorityOf(b)) - int64(priorityOf(a))) })
	var out []*corev1.Pod
	for _, p := range lower { // the dearest are spared where there is room for both
		try := &room{node: r.node, used: corev1.ResourceList{}, port: map[string]bool{}}
		for _, q := range append(slices.Clone(less.pods), p) {
			(&nodeMap{}).put(q, try)
		}
		if len(rest.fits(w, try)) == 0 {
			less = try
		} else {
			out = append(out, p)
		}
	}
	return out
}

func matches(sel *metav1.LabelSelector, l map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(sel)
	return err == nil && s.Matches(labels.Set(l))
}

// spreads is the filter of hard topology spread constraints.
func (m *nodeMap) spreads(p *corev1.Pod, n *corev1.Node) bool {
	for _, t := range p.Spec.TopologySpreadConstraints {
		if t.WhenUnsatisfiable != corev1.DoNotSchedule {
			continue
		}
		here, ok := n.Labels[t.TopologyKey]
		if !ok {
			return false
		}
		count := map[string]int{}
		for _, r := range m.rooms {
			d, ok := r.node.Labels[t.TopologyKey]
			if !ok || (t.NodeAffinityPolicy == nil || *t.NodeAffinityPolicy == corev1.NodeInclusionPolicyHonor) && !selects(&p.Spec, r.node) {
				continue
			}
			count[d] += 0
			for _, q := range r.pods {
				if q.Namespace == p.Namespace && q.DeletionTimestamp == nil && spreadMatches(&t, p, q) {
					count[d]++
				}
			}
		}
		least := -1
		for _, k := range count {
			if least < 0 || k < least {
				least = k
			}
		}
		if t.MinDomains != nil && len(count) < int(*t.MinDomains) {
			least = 0
		}
		self := 0
		if spreadMatches(&t, p, p) {
			self = 1
		}
		if count[here]+self-max(least, 0) > int(t.MaxSkew) {
			return false
		}
	}
	return true
}

func spreadMatches(t *corev1.TopologySpreadConstraint, of, q *corev1.Pod) bool {
	for _, k := range t.MatchLabelKeys {
		if of.Labels[k] != q.Labels[k] {
			return false
		}
	}
	return matches(t.LabelSelector, q.Labels)
}

func antiTerms(p *corev1.Pod) []corev1.PodAffinityTerm {
	if p.Spec.Affinity == nil || p.Spec.Affinity.PodAntiAffinity == nil {
		return nil
	}
	return p.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
}

func affinityTerms(p *corev1.Pod) []corev1.PodAffinityTerm {
	if p.Spec.Affinity == nil || p.Spec.Affinity.PodAffinity == nil {
		return nil
	}
	return p.Spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
}

// means tells whether a term of a pod's is about another pod. Selectors of namespaces mean
// all of them when they are empty; others are left out.
func means(t *corev1.PodAffinityTerm, of, q *corev1.Pod) bool {
	in := slices.Contains(t.Namespaces, q.Namespace) || t.NamespaceSelector != nil && len(t.NamespaceSelector.MatchLabels)+
		len(t.NamespaceSelector.MatchExpressions) == 0 || len(t.Namespaces) == 0 && t.NamespaceSelector == nil && q.Namespace == of.Namespace
	return in && matches(t.LabelSelector, q.Labels)
}

// neighbours is the filter of required affinities between pods, both ways.
func (m *nodeMap) neighbours(p *corev1.Pod, n *corev1.Node) []string {
	same := func(key string, q *corev1.Pod) bool {
		r := m.byName[q.Spec.NodeName]
		d, ok := n.Labels[key]
		return ok && r != nil && r.node.Labels[key] == d
	}
	for _, q := range m.repels {
		for _, t := range antiTerms(q) {
			if means(&t, q, p) && same(t.TopologyKey, q) {
				return []string{"node(s) didn't satisfy existing pods anti-affinity rules"}
			}
		}
	}
	anti, terms := antiTerms(p), affinityTerms(p)
	if len(anti)+len(terms) == 0 {
		return nil
	}
	for _, t := range anti {
		for _, r := range m.rooms {
			for _, q := range r.pods {
				if means(&t, p, q) && same(t.TopologyKey, q) {
					return []string{"node(s) didn't match pod anti-affinity rules"}
				}
			}
		}
	}
	for _, t := range terms {
		anywhere, here := false, false
		for _, r := range m.rooms {
			for _, q := range r.pods {
				if means(&t, p, q) {
					anywhere, here = true, here || same(t.TopologyKey, q)
				}
			}
		}
		first := !anywhere && means(&t, p, p) // nobody is there yet whom it could join
		if _, ok := n.Labels[t.TopologyKey]; !ok || !here && !first {
			return []string{"node(s) didn't match pod affinity rules"}
		}
	}
	return nil
}

func quantity(format string, a ...any) resource.Quantity {
	return resource.MustParse(fmt.Sprintf(format, a...))
}
