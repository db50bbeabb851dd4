package node

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// upkeep is what Kubernetes' controllers do for whatever the kind: namespaces get what
// pods expect to find in them, or end with all they hold; what belongs to what is gone
// goes; claims end when nobody uses them; aggregated roles are gathered.
func (c *Cluster) upkeep() {
	for _, n := range kubeapi.List[corev1.Namespace](c.API) {
		if n.DeletionTimestamp == nil {
			c.furnish(n.Name)
		}
	}
	c.API.EmptyNamespaces()
	c.API.Collect()
	c.claims()
	c.API.AggregateRoles()
}

// rootCA is the ConfigMap from which pods trust the API server.
const rootCA = "kube-root-ca.crt"

func (c *Cluster) furnish(ns string) {
	if kubeapi.Get[corev1.ServiceAccount](c.API, ns, "default") == nil {
		c.API.Save(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default", Namespace: ns}})
	}
	if kubeapi.Get[corev1.ConfigMap](c.API, ns, rootCA) == nil {
		c.API.Save(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: rootCA, Namespace: ns, Annotations: map[string]string{
			"kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the " +
				"internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."}},
			Data: map[string]string{"ca.crt": string(c.API.CA)}})
	}
}

const (
	claimProtection  = "kubernetes.io/pvc-protection"
	volumeProtection = "kubernetes.io/pv-protection"
)

// claims lets go of claims that no pod uses, and of volumes that no claim has.
func (c *Cluster) claims() {
	used := map[string]bool{}
	for _, p := range kubeapi.List[corev1.Pod](c.API) {
		for _, v := range p.Spec.Volumes {
			if v.PersistentVolumeClaim != nil {
				used[p.Namespace+"/"+v.PersistentVolumeClaim.ClaimName] = true
			}
		}
	}
	for _, p := range kubeapi.List[corev1.PersistentVolumeClaim](c.API) {
		if p.DeletionTimestamp != nil && slices.Contains(p.Finalizers, claimProtection) && !used[p.Namespace+"/"+p.Name] {
			c.API.Release(p, claimProtection)
		}
	}
	for _, v := range kubeapi.List[corev1.PersistentVolume](c.API) {
		if v.DeletionTimestamp != nil && slices.Contains(v.Finalizers, volumeProtection) && v.Status.Phase != corev1.VolumeBound {
			c.API.Release(v, volumeProtection)
		}
	}
}
