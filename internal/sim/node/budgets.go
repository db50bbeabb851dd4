package node

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// budgets keeps the status that evictions consult.
func (c *Cluster) budgets() {
	pods := kubeapi.List[corev1.Pod](c.API)
	for _, b := range kubeapi.List[policyv1.PodDisruptionBudget](c.API) {
		sel, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil {
			continue
		}
		st := policyv1.PodDisruptionBudgetStatus{ObservedGeneration: b.Generation}
		for _, p := range pods {
			if p.Namespace == b.Namespace && sel.Matches(labels.Set(p.Labels)) && p.DeletionTimestamp == nil {
				st.ExpectedPods++
				if PodReady(p) {
					st.CurrentHealthy++
				}
			}
		}
		switch {
		case b.Spec.MinAvailable != nil:
			n, _ := intstr.GetScaledValueFromIntOrPercent(b.Spec.MinAvailable, int(st.ExpectedPods), true)
			st.DesiredHealthy = int32(n)
		case b.Spec.MaxUnavailable != nil:
			n, _ := intstr.GetScaledValueFromIntOrPercent(b.Spec.MaxUnavailable, int(st.ExpectedPods), true)
			st.DesiredHealthy = max(0, st.ExpectedPods-int32(n))
		}
		st.DisruptionsAllowed = max(0, st.CurrentHealthy-st.DesiredHealthy)
		if !reflect.DeepEqual(st, b.Status) {
			n := b.DeepCopy()
			n.Status = st
			c.API.Save(n)
		}
	}
}
