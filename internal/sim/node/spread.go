package node

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// The scheduler's words where topology spread constraints keep a pod from a node
// (podtopologyspread).
const (
	unevenly = "node(s) didn't match pod topology spread constraints"
	nowhere  = "node(s) didn't match pod topology spread constraints (missing required label)"
)

// spreads is the filter of hard topology spread constraints: why a node is out of the question,
// or "".
func (m *nodeMap) spreads(p *corev1.Pod, n *corev1.Node) string {
	hard := slices.DeleteFunc(slices.Clone(p.Spec.TopologySpreadConstraints), func(t corev1.TopologySpreadConstraint) bool {
		return t.WhenUnsatisfiable != corev1.DoNotSchedule
	})
	for _, t := range hard {
		here, ok := n.Labels[t.TopologyKey]
		if !ok {
			return nowhere
		}
		count := m.domains(hard, &t, p)
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
			return unevenly
		}
	}
	return ""
}

// domains counts the pods that a constraint is about, by its domains. A node counts that has the
// keys of all hard constraints and is where the pod may go: by selector and affinity unless
// nodeAffinityPolicy says Ignore, and by taints, a cordoned node's too, where nodeTaintsPolicy
// says Honor. So a cordoned node counts, and is a domain of its own, by default.
func (m *nodeMap) domains(hard []corev1.TopologySpreadConstraint, t *corev1.TopologySpreadConstraint, p *corev1.Pod) map[string]int {
	count := map[string]int{}
	for _, r := range m.rooms {
		keyed := !slices.ContainsFunc(hard, func(x corev1.TopologySpreadConstraint) bool { _, ok := r.node.Labels[x.TopologyKey]; return !ok })
		if !keyed || (t.NodeAffinityPolicy == nil || *t.NodeAffinityPolicy == corev1.NodeInclusionPolicyHonor) && !selects(&p.Spec, r.node) ||
			t.NodeTaintsPolicy != nil && *t.NodeTaintsPolicy == corev1.NodeInclusionPolicyHonor && untolerated(p.Spec.Tolerations, r.node) != nil {
			continue
		}
		d := r.node.Labels[t.TopologyKey]
		count[d] += 0
		for _, q := range r.pods {
			if q.Namespace == p.Namespace && q.DeletionTimestamp == nil && spreadMatches(t, p, q) {
				count[d]++
			}
		}
	}
	return count
}

// spreadMatches tells whether a constraint of a pod's is about another. Of matchLabelKeys, those
// that the pod has no label of are ignored.
func spreadMatches(t *corev1.TopologySpreadConstraint, of, q *corev1.Pod) bool {
	for _, k := range t.MatchLabelKeys {
		if v, ok := of.Labels[k]; ok && v != q.Labels[k] {
			return false
		}
	}
	return matches(t.LabelSelector, q.Labels)
}

// untolerated is the first taint that keeps pods with these tolerations from a node, or nil. A
// cordoned node has one, whether or not its controller has written it yet.
func untolerated(ts []corev1.Toleration, n *corev1.Node) *corev1.Taint {
	cordon := corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}
	if n.Spec.Unschedulable && !tolerates(ts, cordon) {
		return &cordon
	}
	for _, t := range n.Spec.Taints {
		if t.Effect != corev1.TaintEffectPreferNoSchedule && !tolerates(ts, t) {
			return &t
		}
	}
	return nil
}
