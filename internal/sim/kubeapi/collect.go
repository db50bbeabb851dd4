package kubeapi

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// all is every object of the cluster, by its key, in order.
func (c *Cluster) all() []runtime.Object {
	c.objects.mu.Lock()
	defer c.objects.mu.Unlock()
	out := make([]runtime.Object, 0, len(c.objects.rows))
	for _, r := range sorted(c.objects.rows) {
		out = append(out, r)
	}
	return out
}

// UIDs are the identifiers of what is there.
func (c *Cluster) UIDs() map[string]bool {
	c.objects.mu.Lock()
	defer c.objects.mu.Unlock()
	out := make(map[string]bool, len(c.objects.rows))
	for _, r := range c.objects.rows {
		if m, err := meta.Accessor(r); err == nil {
			out[string(m.GetUID())] = true
		}
	}
	return out
}

// keyOf is where an object is stored.
func (c *Cluster) keyOf(uid types.UID) (key string, row runtime.Object) {
	for k, r := range c.objects.rows {
		if m, err := meta.Accessor(r); err == nil && m.GetUID() == uid {
			return k, r
		}
	}
	return "", nil
}

// change writes another state of an object where its stored one still is; nil removes it.
func (c *Cluster) change(uid types.UID, edit func(metav1.Object) (gone bool)) {
	c.objects.mu.Lock()
	key, row := c.keyOf(uid)
	if row != nil {
		n := row.DeepCopyObject()
		if m, err := meta.Accessor(n); err == nil && edit(m) {
			c.objects.drop(key)
		} else if err == nil {
			_ = c.objects.store(key, n) // it was stored before
		}
	}
	c.objects.mu.Unlock()
	c.settleDefinitions()
}

// Delete deletes as a client's request would: pods end on their nodes, namespaces when
// they are empty, and what has finalizers waits for them.
func (c *Cluster) Delete(o metav1.Object) {
	if o.GetDeletionTimestamp() != nil {
		return
	}
	now := metav1.NewTime(c.objects.date())
	c.change(o.GetUID(), func(m metav1.Object) bool {
		p, pod := m.(*corev1.Pod)
		runs := pod && p.Spec.NodeName != "" && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed
		n, holds := m.(*corev1.Namespace)
		if !runs && !holds && len(m.GetFinalizers()) == 0 {
			return true
		}
		if holds {
			n.Status.Phase = corev1.NamespaceTerminating
		}
		grace := new(int64(0))
		if runs {
			grace = p.Spec.TerminationGracePeriodSeconds
		}
		m.SetDeletionTimestamp(&now)
		m.SetDeletionGracePeriodSeconds(grace)
		return false
	})
}

// Release takes a finalizer from an object, which goes if it waited for that one only.
func (c *Cluster) Release(o metav1.Object, finalizer string) {
	c.change(o.GetUID(), func(m metav1.Object) bool {
		m.SetFinalizers(slices.DeleteFunc(m.GetFinalizers(), func(f string) bool { return f == finalizer }))
		return len(m.GetFinalizers()) == 0 && m.GetDeletionTimestamp() != nil
	})
}

// Collect deletes what belongs to what is gone, as Kubernetes' garbage collector does,
// and sees to deletions that orphan or that wait for what belongs to the deleted.
func (c *Cluster) Collect() {
	all := c.all()
	there := map[types.UID]bool{}
	owns := map[types.UID][]metav1.Object{}
	var waits []metav1.Object
	for _, r := range all {
		m, err := meta.Accessor(r)
		if err != nil {
			continue
		}
		there[m.GetUID()] = true
		for _, o := range m.GetOwnerReferences() {
			owns[o.UID] = append(owns[o.UID], m)
		}
		if m.GetDeletionTimestamp() != nil && (slices.Contains(m.GetFinalizers(), metav1.FinalizerOrphanDependents) ||
			slices.Contains(m.GetFinalizers(), metav1.FinalizerDeleteDependents)) {
			waits = append(waits, m)
		}
	}
	for _, m := range waits {
		c.dependents(m, owns[m.GetUID()])
	}
	for _, r := range all {
		m, err := meta.Accessor(r)
		if refs := m.GetOwnerReferences(); err == nil && len(refs) > 0 && m.GetDeletionTimestamp() == nil &&
			!slices.ContainsFunc(refs, func(o metav1.OwnerReference) bool { return o.UID == "" || there[o.UID] }) {
			c.Delete(m)
		}
	}
}

func (c *Cluster) dependents(m metav1.Object, of []metav1.Object) {
	if slices.Contains(m.GetFinalizers(), metav1.FinalizerOrphanDependents) {
		for _, d := range of {
			c.change(d.GetUID(), func(x metav1.Object) bool {
				x.SetOwnerReferences(slices.DeleteFunc(x.GetOwnerReferences(), func(o metav1.OwnerReference) bool { return o.UID == m.GetUID() }))
				return false
			})
		}
		c.Release(m, metav1.FinalizerOrphanDependents)
		return
	}
	blocked := false
	for _, d := range of {
		c.Delete(d)
		blocked = blocked || slices.ContainsFunc(d.GetOwnerReferences(), func(o metav1.OwnerReference) bool {
			return o.UID == m.GetUID() && deref(o.BlockOwnerDeletion)
		})
	}
	if !blocked {
		c.Release(m, metav1.FinalizerDeleteDependents)
	}
}

func deref[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// EmptyNamespaces deletes what is in namespaces that are being deleted, and then them.
func (c *Cluster) EmptyNamespaces() {
	for _, n := range List[corev1.Namespace](c) {
		if n.DeletionTimestamp == nil {
			continue
		}
		left := false
		for _, r := range c.all() {
			if m, err := meta.Accessor(r); err == nil && m.GetNamespace() == n.Name {
				left = true
				c.Delete(m)
			}
		}
		if left {
			continue
		}
		c.change(n.UID, func(m metav1.Object) bool {
			m.(*corev1.Namespace).Spec.Finalizers = nil
			return len(m.GetFinalizers()) == 0
		})
	}
}
