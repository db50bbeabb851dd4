package kube

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Unplaced is why a pod finds no node, as the scheduler says; "": it has one, or was not looked
// at.
func Unplaced(p *corev1.Pod) string {
	if p.Spec.NodeName != "" || p.Status.Phase != corev1.PodPending {
		return ""
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return strings.TrimSuffix(c.Message, ".")
		}
	}
	return ""
}

// placing is what to do about what the scheduler finds in the way, by its words: of Kubernetes
// 1.34 (pkg/scheduler/framework/plugins/*), and those of older minors for volumes.
var placing = [][2]string{
	{"didn't match PersistentVolume's node affinity", volumeThere},
	{"had volume node affinity conflict", volumeThere},
	{"didn't have free ports for the requested pod ports", "more pods want that port of their node than there are nodes: add nodes (slipway nodegroup scale)"},
	{"anti-affinity", "its like keep apart, and there are too few nodes: add some (slipway nodegroup scale), or let it have fewer pods"},
	{"Too many pods", "the nodes take no more pods: add some (slipway nodegroup scale)"},
	{"Insufficient ", "the nodes have no room for what it asks for: add some (slipway nodegroup scale), or have it ask for less"},
	{"didn't match Pod's node affinity/selector", "no node has the labels that it asks for: label them, or change its nodeSelector or affinity"},
	{"had untolerated taint", "let it tolerate the taint, or take that away"},
}

const volumeThere = "its volume is in a zone where no node takes pods: give the group one more until one comes there (slipway nodegroup scale), " +
	"or have a group in each zone"

// Placing is what to do for a pod that finds no node, by what the scheduler says; "": nobody knows.
func Placing(why string) string {
	for _, p := range placing {
		if strings.Contains(why, p[0]) {
			return p[1]
		}
	}
	return ""
}

// Lost says of a pod that is to take the place of one that a replacement moved, and finds no
// node, which it is, why, and what to do; "": there is none. What somebody brings in meanwhile,
// and what lacked pods before, is none.
func Lost(ctx context.Context, k kubernetes.Interface, r *Replacement) (string, error) {
	var waiting []*corev1.Pod
	err := Each(ctx, func(ctx context.Context, o metav1.ListOptions) (*corev1.PodList, error) {
		o.FieldSelector = "status.phase=Pending"
		return k.CoreV1().Pods("").List(ctx, o)
	}, func(l *corev1.PodList) string { return l.Continue }, func(l *corev1.PodList) {
		for i := range l.Items {
			if p := &l.Items[i]; Unplaced(p) != "" && p.DeletionTimestamp == nil && !p.CreationTimestamp.Before(&r.Begun) && metav1.GetControllerOf(p) != nil {
				waiting = append(waiting, p)
			}
		}
	})
	if err != nil {
		return "", fmt.Errorf("listing pods that wait for a node: %w", err)
	}
	for _, p := range waiting {
		of, since, err := maker(ctx, k, p)
		if err != nil {
			return "", err
		}
		if r.Begun.Before(&since) || r.Before.Pods[of] > 0 || r.Before.Crashing[of] {
			continue
		}
		out := fmt.Sprintf("pod %s/%s of %s finds no node: %s", p.Namespace, p.Name, of, Unplaced(p))
		if what := Placing(Unplaced(p)); what != "" {
			out += " (" + what + ")"
		}
		return out, nil
	}
	return "", nil
}
