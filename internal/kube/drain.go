package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/marks"
)

// Leaves tells whether a pod must go before its node does: not where its DaemonSet would
// make it again at once, nor where the kubelet itself runs it, nor where it has ended.
func Leaves(p *corev1.Pod) bool {
	if p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		return false
	}
	if _, static := p.Annotations[corev1.MirrorPodAnnotationKey]; static {
		return false
	}
	return !slices.ContainsFunc(p.OwnerReferences, func(o metav1.OwnerReference) bool { return o.Kind == "DaemonSet" })
}

// Held is the annotation by which a pod's owner forbids that it is moved; "": none.
func Held(p *corev1.Pod) string {
	for _, a := range [][2]string{{marks.SafeToEvict, "false"}, {marks.DoNotDisrupt, "true"}} {
		if p.Annotations[a[0]] == a[1] {
			return a[0] + ": " + a[1]
		}
	}
	return ""
}

// Finalizers are a pod's, but for the one that the Job controller takes away by itself.
func Finalizers(p *corev1.Pod) (out []string) {
	for _, f := range p.Finalizers {
		if f != batchv1.JobTrackingFinalizer {
			out = append(out, f)
		}
	}
	return out
}

// PodReady tells whether a pod says that it is ready.
func PodReady(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// PodsOn are the pods of a node that must go before it does.
func PodsOn(ctx context.Context, k kubernetes.Interface, node string) ([]*corev1.Pod, error) {
	all, err := PodsOf(ctx, k, []string{node}, Leaves)
	return all[node], err
}

// PodsOf are the pods of some nodes that are kept, by node: asked node by node where they are
// few, and read in one listing else.
func PodsOf(ctx context.Context, k kubernetes.Interface, nodes []string, keep func(*corev1.Pod) bool) (map[string][]*corev1.Pod, error) {
	const few = 5
	out := map[string][]*corev1.Pod{}
	take := func(l *corev1.PodList) {
		for i := range l.Items {
			if p := &l.Items[i]; slices.Contains(nodes, p.Spec.NodeName) && keep(p) {
				out[p.Spec.NodeName] = append(out[p.Spec.NodeName], p)
			}
		}
	}
	if len(nodes) > few {
		if err := Each(ctx, k.CoreV1().Pods("").List, func(l *corev1.PodList) string { return l.Continue }, take); err != nil {
			return nil, fmt.Errorf("listing the pods of %d nodes: %w", len(nodes), err)
		}
		return out, nil
	}
	for _, n := range nodes {
		l, err := k.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + n})
		if err != nil {
			return nil, fmt.Errorf("listing the pods of node %s: %w", n, err)
		}
		take(l)
	}
	return out, nil
}

// Evict asks a pod to go. Where a disruption budget does not allow it now, refused says so
// in Kubernetes' words; it may be asked again later.
func Evict(ctx context.Context, k kubernetes.Interface, p *corev1.Pod) (refused string, err error) {
	err = k.CoreV1().Pods(p.Namespace).EvictV1(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &p.UID}}})
	switch {
	case err == nil, apierrors.IsNotFound(err), apierrors.IsConflict(err): // gone, or another pod has its name by now
		return "", nil
	case apierrors.IsTooManyRequests(err):
		return refusal(err), nil
	}
	return "", fmt.Errorf("evicting pod %s/%s: %w", p.Namespace, p.Name, err)
}

// refusal is what an eviction that was refused says of the budget.
func refusal(err error) string {
	var s apierrors.APIStatus
	if errors.As(err, &s) && s.Status().Details != nil {
		for _, c := range s.Status().Details.Causes {
			if c.Type == policyv1.DisruptionBudgetCause {
				return strings.TrimSuffix(c.Message, ".")
			}
		}
	}
	return strings.TrimSuffix(err.Error(), ".")
}
