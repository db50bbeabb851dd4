package node

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// The kubelet's defaults: a lease of 40 s, renewed every 10 s.
const (
	leaseSeconds = int32(40)
	renewEvery   = 10 * time.Second
)

const leaseNamespace = corev1.NamespaceNodeLease

// renew keeps a node's lease alive for as long as the node is there.
func (c *Cluster) renew(p at) {
	name := p.Node
	n := kubeapi.Get[corev1.Node](c.API, "", name)
	if n == nil {
		return
	}
	at := metav1.NewMicroTime(c.w.Date())
	if l := kubeapi.Get[coordinationv1.Lease](c.API, leaseNamespace, name); l != nil {
		u := l.DeepCopy()
		u.Spec.RenewTime = &at
		c.API.Save(u)
	} else {
		c.API.Save(&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: leaseNamespace,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: name, UID: n.UID}}},
			Spec: coordinationv1.LeaseSpec{HolderIdentity: new(name), LeaseDurationSeconds: new(leaseSeconds), RenewTime: &at}})
	}
	c.after(renewEvery, "node:renew", p)
}
