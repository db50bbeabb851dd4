package eks

import (
	"maps"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// budget is what an add-on's configuration values say of the budget of its pods.
type budget struct {
	Enabled        *bool               `json:"enabled"`
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable"`
	MinAvailable   *intstr.IntOrString `json:"minAvailable"`
}

// limited are the Deployments that come with a budget of one pod that may be away:
// CoreDNS's since v1.9.3-eksbuild.5 (AWS Containers Blog, "Recent changes to the CoreDNS
// add-on"), the EBS driver's by its chart. A drain of a cluster's last nodes waits for
// CoreDNS's in vain (eksctl#7496).
var limited = map[string]bool{"coredns": true, "aws-ebs-csi-driver": true}

// limit applies or removes the budget of an add-on's Deployment.
func (c *cluster) limit(name, ns, workload string, labels map[string]string, sel *metav1.LabelSelector, b budget) {
	on := limited[name]
	if b.Enabled != nil {
		on = *b.Enabled
	}
	have := kubeapi.Get[policyv1.PodDisruptionBudget](c.kube, ns, workload)
	switch {
	case !on && have != nil:
		c.kube.Remove(have)
		return
	case !on:
		return
	}
	p := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: workload, Namespace: ns, Labels: maps.Clone(labels)}}
	if have != nil {
		p = have.DeepCopy()
	}
	p.Spec.Selector, p.Spec.MaxUnavailable, p.Spec.MinAvailable = sel, b.MaxUnavailable, b.MinAvailable
	if b.MaxUnavailable == nil && b.MinAvailable == nil {
		p.Spec.MaxUnavailable = new(intstr.FromInt32(1))
	}
	c.kube.Save(p)
}
