package node

import (
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// expected is how many pods a controller is to have; of a ReplicaSet, its Deployment is.
type expected struct {
	of       types.UID
	replicas int32
}

// scales are the controllers of pods by their UIDs. A budget in percent, or of what may be
// unavailable, is of what these want, whatever pods there are: a StatefulSet makes one at a
// time (Kubernetes' disruption controller, getExpectedScale).
func (c *Cluster) scales() map[types.UID]expected {
	out := map[types.UID]expected{}
	of := func(uid types.UID, replicas *int32) {
		if replicas != nil { // Kubernetes fills it in
			out[uid] = expected{uid, *replicas}
		}
	}
	for _, d := range kubeapi.List[appsv1.Deployment](c.API) {
		of(d.UID, d.Spec.Replicas)
	}
	for _, s := range kubeapi.List[appsv1.StatefulSet](c.API) {
		of(s.UID, s.Spec.Replicas)
	}
	for _, r := range kubeapi.List[appsv1.ReplicaSet](c.API) {
		of(r.UID, r.Spec.Replicas)
		if o := metav1.GetControllerOf(r); o != nil && out[o.UID].of != "" {
			out[r.UID] = out[o.UID]
		}
	}
	return out
}

// budgets keeps the status that evictions consult.
func (c *Cluster) budgets() {
	pods, scale := kubeapi.List[corev1.Pod](c.API), c.scales()
	for _, b := range kubeapi.List[policyv1.PodDisruptionBudget](c.API) {
		sel, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil {
			continue
		}
		st := policyv1.PodDisruptionBudgetStatus{ObservedGeneration: b.Generation}
		counted := b.Spec.MinAvailable != nil && b.Spec.MinAvailable.Type == intstr.Int
		of := map[types.UID]bool{}
		for _, p := range pods {
			if p.Namespace != b.Namespace || !sel.Matches(labels.Set(p.Labels)) {
				continue
			}
			switch owner := metav1.GetControllerOf(p); {
			case counted:
				st.ExpectedPods++
			case owner != nil && !of[scale[owner.UID].of]:
				of[scale[owner.UID].of] = true
				st.ExpectedPods += scale[owner.UID].replicas
			}
			if p.DeletionTimestamp == nil && PodReady(p) {
				st.CurrentHealthy++
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
		// A budget of pods that no controller wants so many of allows nothing (updatePdbStatus).
		if st.ExpectedPods > 0 {
			st.DisruptionsAllowed = max(0, st.CurrentHealthy-st.DesiredHealthy)
		}
		if !reflect.DeepEqual(st, b.Status) {
			n := b.DeepCopy()
			n.Status = st
			c.API.Save(n)
		}
	}
}
