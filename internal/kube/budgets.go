package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
)

// Budgets are the disruption budgets of a cluster at a moment, with what each still lets go.
type Budgets []*budget

type budget struct {
	*policyv1.PodDisruptionBudget
	pods labels.Selector
	left int32 // disruptions that it allows
}

// BudgetsOf reads them.
func BudgetsOf(ctx context.Context, k kubernetes.Interface) (out Budgets, err error) {
	var wrong error
	err = Each(ctx, k.PolicyV1().PodDisruptionBudgets("").List, func(l *policyv1.PodDisruptionBudgetList) string { return l.Continue },
		func(l *policyv1.PodDisruptionBudgetList) {
			for i := range l.Items {
				b := &l.Items[i]
				s, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
				if err != nil {
					wrong = fmt.Errorf("the selector of the disruption budget %s/%s: %w", b.Namespace, b.Name, err)
					continue
				}
				out = append(out, &budget{b, s, b.Status.DisruptionsAllowed})
			}
		})
	if apierrors.IsForbidden(err) { // who may evict, and not look at budgets, is told by each eviction
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing disruption budgets: %w", err)
	}
	return out, wrong
}

// Hold says, as Kubernetes would, which budget does not let a pod go now; "": none. Who asks
// all the same is told so pod by pod, which takes as many requests.
func (all Budgets) Hold(p *corev1.Pod) string {
	b := all.over(p)
	if b == nil {
		return ""
	}
	return fmt.Sprintf("The disruption budget %s needs %d healthy pods and has %d currently", b.Name, b.Status.DesiredHealthy, b.Status.CurrentHealthy)
}

// Took counts a pod that goes against the budgets that cover it.
func (all Budgets) Took(p *corev1.Pod) {
	for _, b := range all {
		if b.covers(p) && PodReady(p) {
			b.left--
			b.Status.CurrentHealthy--
		}
	}
}

func (b *budget) covers(p *corev1.Pod) bool {
	return b.Namespace == p.Namespace && b.pods.Matches(labels.Set(p.Labels))
}

// over is the budget that does not let a pod go; nil: none. One that is not healthy may go
// where its budget says so, or has enough that are (Kubernetes: unhealthyPodEvictionPolicy).
func (all Budgets) over(p *corev1.Pod) *policyv1.PodDisruptionBudget {
	for _, b := range all {
		if b.left > 0 || !b.covers(p) {
			continue
		}
		always := b.Spec.UnhealthyPodEvictionPolicy != nil && *b.Spec.UnhealthyPodEvictionPolicy == policyv1.AlwaysAllow
		if !PodReady(p) && (always || b.Status.CurrentHealthy >= b.Status.DesiredHealthy) {
			continue
		}
		return b.PodDisruptionBudget
	}
	return nil
}
