package read

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/observe"
)

// nears finds what pods must be near to, once all have been read.
type nears struct {
	want map[string]*corev1.Pod // by their keys: those with required affinity to other pods
	all  []*corev1.Pod
}

// take looks at a pod that runs on a node; leaves tells that it must go before the node does.
func (n *nears) take(p *corev1.Pod, leaves bool) {
	if p.Spec.NodeName == "" || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		return
	}
	n.all = append(n.all, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Labels: p.Labels, OwnerReferences: p.OwnerReferences},
		Spec: corev1.PodSpec{NodeName: p.Spec.NodeName}})
	if leaves && len(nearTerms(p)) > 0 {
		if n.want == nil {
			n.want = map[string]*corev1.Pod{}
		}
		n.want[key(&p.ObjectMeta)] = p
	}
}

// said puts into the pods what each must be near to. Where the pods that it means are of its own
// kind, they move alike; where they are a DaemonSet's, they are wherever it goes.
func (n *nears) said(pods map[string]*observe.Pod) {
	for id, p := range n.want {
		terms := nearTerms(p)
		if slices.ContainsFunc(terms, func(t corev1.PodAffinityTerm) bool { return t.NamespaceSelector != nil }) || meansAll(terms, p, p) {
			continue
		}
		var nodes observe.Set
		everywhere := false
		for _, q := range n.all {
			if meansAll(terms, p, q) {
				c := metav1.GetControllerOf(q)
				everywhere = everywhere || c != nil && c.Kind == "DaemonSet"
				nodes = append(nodes, q.Spec.NodeName)
			}
		}
		if everywhere || len(nodes) == 0 {
			continue
		}
		slices.Sort(nodes)
		pods[id].Near = map[string]observe.Set{}
		for _, t := range terms {
			pods[id].Near[t.TopologyKey] = slices.Compact(nodes)
		}
	}
}

func nearTerms(p *corev1.Pod) []corev1.PodAffinityTerm {
	if p.Spec.Affinity == nil || p.Spec.Affinity.PodAffinity == nil {
		return nil
	}
	return p.Spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
}

// meansAll tells whether all of a pod's terms mean another: near is where one is that all mean
// (Kubernetes: interpodaffinity).
func meansAll(terms []corev1.PodAffinityTerm, of, q *corev1.Pod) bool {
	for _, t := range terms {
		in := slices.Contains(t.Namespaces, q.Namespace) || len(t.Namespaces) == 0 && q.Namespace == of.Namespace
		if !in || !means(t.LabelSelector, q) {
			return false
		}
	}
	return true
}
