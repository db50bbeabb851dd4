package eks

import (
	"maps"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
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

// limit is the budget of an add-on's Deployment, or nil where it has none.
func limit(name, ns, workload string, labels map[string]string, sel *metav1.LabelSelector, b budget) *policyv1.PodDisruptionBudget {
	on := limited[name]
	if b.Enabled != nil {
		on = *b.Enabled
	}
	if !on {
		return nil
	}
	p := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: workload, Namespace: ns, Labels: maps.Clone(labels)}}
	p.Spec.Selector, p.Spec.MaxUnavailable, p.Spec.MinAvailable = sel, b.MaxUnavailable, b.MinAvailable
	if b.MaxUnavailable == nil && b.MinAvailable == nil {
		p.Spec.MaxUnavailable = new(intstr.FromInt32(1))
	}
	return p
}
