package node

import (
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// revise keeps the history of a DaemonSet's or StatefulSet's templates, from which
// `kubectl rollout undo` takes one: the current template has the highest number.
func (c *Cluster) revise(o owner, sel *metav1.LabelSelector, t *corev1.PodTemplateSpec, hash string, limit *int32) {
	name := o.GetName() + "-" + hash
	var all []*appsv1.ControllerRevision
	for _, r := range kubeapi.List[appsv1.ControllerRevision](c.API) {
		if r.Namespace == o.GetNamespace() && ownerIs(r, o) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *appsv1.ControllerRevision) int { return int(a.Revision - b.Revision) })
	newest := int64(0)
	if n := len(all); n > 0 {
		newest = all[n-1].Revision
		if all[n-1].Name == name {
			return
		}
	}
	if i := slices.IndexFunc(all, func(r *appsv1.ControllerRevision) bool { return r.Name == name }); i >= 0 {
		u := all[i].DeepCopy()
		u.Revision = newest + 1
		c.API.Save(u)
		return
	}
	raw, err := json.Marshal(t)
	var fields map[string]any
	if err != nil || json.Unmarshal(raw, &fields) != nil {
		return
	}
	fields["$patch"] = "replace"
	raw, err = json.Marshal(map[string]any{"spec": map[string]any{"template": fields}})
	if err != nil || c.held(o) {
		return
	}
	_ = c.make(o, &appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: o.GetNamespace(), OwnerReferences: o.reference(),
		Labels: labels.Merge(sel.MatchLabels, labels.Set{appsv1.ControllerRevisionHashLabelKey: hash})},
		Data: runtime.RawExtension{Raw: raw}, Revision: newest + 1}) // its event says it
	if limit != nil {
		for _, r := range all[:max(0, len(all)-int(*limit))] {
			c.API.Delete(r)
		}
	}
}
