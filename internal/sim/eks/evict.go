package eks

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// drainer is EKS's own way to a cluster's pods (facts/eks.md §5 row 25).
var drainer = kubeapi.NewSubject(nodeManager, "vpcLambda")

// remaining are the pods that keep nodes from being empty: those of DaemonSets would come back.
func (c *cluster) remaining(nodes []string) []*corev1.Pod {
	return slices.DeleteFunc(kubeapi.List[corev1.Pod](c.kube), func(p *corev1.Pod) bool {
		o := metav1.GetControllerOf(p)
		return !slices.Contains(nodes, p.Spec.NodeName) || o != nil && o.Kind == "DaemonSet"
	})
}

// evict asks for the end of pods that nobody has ended yet: by the eviction API, or by force,
// whatever their budgets say. A webhook outside of this program may be asked, so the region's
// lock is let go for it.
func (c *cluster) evict(by *kubeapi.Writer, pods []*corev1.Pod, force bool) {
	end := c.kube.Evict
	if force {
		end = c.kube.DeleteBy
	}
	ask := func() {
		for _, p := range pods {
			if p.DeletionTimestamp == nil {
				_ = end(by, p) // what is refused is asked for again at the next look
			}
		}
	}
	if c.kube.CallsOut() {
		c.e.w.Aside(ask)
		return
	}
	ask()
}
