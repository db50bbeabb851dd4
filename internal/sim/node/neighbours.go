package node

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

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

// means tells whether a term of a pod's is about another pod: in the namespaces that it names,
// and in those whose labels it selects; where it says nothing of them, in the pod's own.
func (m *nodeMap) means(t *corev1.PodAffinityTerm, of, q *corev1.Pod) bool {
	in := slices.Contains(t.Namespaces, q.Namespace)
	switch {
	case t.NamespaceSelector != nil:
		s, err := metav1.LabelSelectorAsSelector(t.NamespaceSelector)
		in = in || err == nil && s.Matches(m.spaces[q.Namespace])
	case len(t.Namespaces) == 0:
		in = q.Namespace == of.Namespace
	}
	return in && matches(t.LabelSelector, q.Labels)
}

// meansAll tells whether all of a pod's terms are about another: to be near it is to be near one
// that all of them mean (interpodaffinity, podMatchesAllAffinityTerms).
func (m *nodeMap) meansAll(ts []corev1.PodAffinityTerm, of, q *corev1.Pod) bool {
	return !slices.ContainsFunc(ts, func(t corev1.PodAffinityTerm) bool { return !m.means(&t, of, q) })
}

// neighbours is the filter of required affinities between pods, both ways, in the order of the
// scheduler's (interpodaffinity, Filter).
func (m *nodeMap) neighbours(p *corev1.Pod, n *corev1.Node) []string {
	same := func(key string, q *corev1.Pod) bool {
		r := m.byName[q.Spec.NodeName]
		d, ok := n.Labels[key]
		return ok && r != nil && r.node.Labels[key] == d
	}
	if !m.near(affinityTerms(p), p, n, same) {
		return []string{"node(s) didn't match pod affinity rules"}
	}
	for _, t := range antiTerms(p) {
		for _, r := range m.rooms {
			for _, q := range r.pods {
				if m.means(&t, p, q) && same(t.TopologyKey, q) {
					return []string{"node(s) didn't match pod anti-affinity rules"}
				}
			}
		}
	}
	for _, q := range m.repels {
		for _, t := range antiTerms(q) {
			if m.means(&t, q, p) && same(t.TopologyKey, q) {
				return []string{"node(s) didn't satisfy existing pods anti-affinity rules"}
			}
		}
	}
	return nil
}

// near tells whether a node is where a pod's required affinities want it: in the domain of each
// term there is a pod that all terms mean, or there is none anywhere and the pod means itself.
func (m *nodeMap) near(terms []corev1.PodAffinityTerm, p *corev1.Pod, n *corev1.Node, same func(string, *corev1.Pod) bool) bool {
	if len(terms) == 0 {
		return true
	}
	there := make([]bool, len(terms))
	anywhere := false
	for _, r := range m.rooms {
		for _, q := range r.pods {
			if !m.meansAll(terms, p, q) {
				continue
			}
			for i, t := range terms {
				if _, ok := r.node.Labels[t.TopologyKey]; ok {
					anywhere, there[i] = true, there[i] || same(t.TopologyKey, q)
				}
			}
		}
	}
	if slices.ContainsFunc(terms, func(t corev1.PodAffinityTerm) bool { _, ok := n.Labels[t.TopologyKey]; return !ok }) {
		return false
	}
	return !slices.Contains(there, false) || !anywhere && m.meansAll(terms, p, p)
}

// namespaces are the labels of those that there are.
func namespaces(all []*corev1.Namespace) map[string]labels.Set {
	out := map[string]labels.Set{}
	for _, n := range all {
		out[n.Name] = labels.Set(n.Labels)
	}
	return out
}
