package node

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// quotas says what of each ResourceQuota is used.
func (c *Cluster) quotas() {
	for _, q := range kubeapi.List[corev1.ResourceQuota](c.API) {
		used, err := c.API.Usage(q)
		st := corev1.ResourceQuotaStatus{Hard: q.Spec.Hard, Used: used}
		if q.DeletionTimestamp != nil || err != nil || same(st.Hard, q.Status.Hard) && same(st.Used, q.Status.Used) {
			continue
		}
		u := q.DeepCopy()
		u.Status = st
		c.API.Save(u)
	}
}

func same(a, b corev1.ResourceList) bool {
	text := func(l corev1.ResourceList) map[string]string {
		out := map[string]string{}
		for k, v := range l {
			out[string(k)] = v.String()
		}
		return out
	}
	return reflect.DeepEqual(text(a), text(b))
}
