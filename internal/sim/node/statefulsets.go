package node

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// statefulSets keeps the numbered pods of each StatefulSet, with their claims: one after the
// other, unless it wants them all at once.
func (c *Cluster) statefulSets() {
	pods := kubeapi.List[corev1.Pod](c.API)
	for _, s := range kubeapi.List[appsv1.StatefulSet](c.API) {
		if s.DeletionTimestamp == nil {
			c.statefulSet(s, pods)
		}
	}
}

// ordinal is a pod's number in its StatefulSet, or -1.
func ordinal(s *appsv1.StatefulSet, p *corev1.Pod) int {
	if n, err := strconv.Atoi(strings.TrimPrefix(p.Name, s.Name+"-")); err == nil && ownerIs(p, s) {
		return n
	}
	return -1
}

// stateful is a StatefulSet at work.
type stateful struct {
	owner
	s         *appsv1.StatefulSet
	hash      string // of the template that is wanted
	was       string // of the one before, while pods of it are wanted
	first, n  int    // ordinals from first, n of them
	partition int    // ordinals from here have the new template
	parallel  bool
}

func (c *Cluster) statefulSet(s *appsv1.StatefulSet, pods []*corev1.Pod) {
	w := stateful{owner: owner{s, "apps/v1", "StatefulSet", "statefulset-controller"}, s: s, hash: templateHash(&s.Spec.Template), n: int(*s.Spec.Replicas),
		parallel: s.Spec.PodManagementPolicy == appsv1.ParallelPodManagement}
	if o := s.Spec.Ordinals; o != nil {
		w.first = int(o.Start)
	}
	if u := s.Spec.UpdateStrategy.RollingUpdate; u != nil && u.Partition != nil {
		w.partition = int(*u.Partition)
	}
	w.was = strings.TrimPrefix(s.Status.CurrentRevision, s.Name+"-")
	if w.was == "" {
		w.was = w.hash
	}
	c.revise(w.owner, s.Spec.Selector, &s.Spec.Template, w.hash, s.Spec.RevisionHistoryLimit)
	have, others := map[int]*corev1.Pod{}, []*corev1.Pod{}
	for _, p := range pods {
		if p.Namespace != s.Namespace {
			continue
		}
		switch i := ordinal(s, p); {
		case i >= w.first && i < w.first+w.n:
			have[i] = p
		case i >= 0:
			others = append(others, p)
		}
	}
	c.statefulStatus(&w, have, len(others))
	if c.held(s) || !c.statefulUp(&w, have) {
		return
	}
	slices.SortFunc(others, func(a, b *corev1.Pod) int { return ordinal(s, b) - ordinal(s, a) })
	for _, p := range others {
		if p.DeletionTimestamp == nil {
			c.API.Delete(p)
			c.event("StatefulSet", s.Namespace, s.Name, "Normal", "SuccessfulDelete", "delete Pod "+p.Name+" in StatefulSet "+s.Name+" successful")
		}
		if !w.parallel {
			return
		}
	}
	if len(others) == 0 || w.parallel {
		c.statefulUpdate(&w, have)
	}
}

// statefulUp makes the pods that are missing, in order; false while one has to be waited for.
func (c *Cluster) statefulUp(w *stateful, have map[int]*corev1.Pod) bool {
	for i := w.first; i < w.first+w.n; i++ {
		p := have[i]
		switch {
		case p == nil:
			if c.statefulPod(w, i) != nil || !w.parallel {
				return false
			}
		case p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded:
			c.API.Delete(p)
			return false
		case w.parallel:
		case p.DeletionTimestamp != nil || !c.available(p, w.s.Spec.MinReadySeconds):
			return false
		}
	}
	return true
}

// statefulPod makes one numbered pod, after its claims.
func (c *Cluster) statefulPod(w *stateful, i int) error {
	s := w.s
	p := c.newPod(w.owner, s.Spec.Template, "")
	p.Name, p.GenerateName = fmt.Sprintf("%s-%d", s.Name, i), s.Name+"-"
	hash := w.hash
	if i < w.partition {
		hash = w.was
	}
	p.Labels = labels.Merge(p.Labels, labels.Set{appsv1.StatefulSetPodNameLabel: p.Name, appsv1.PodIndexLabel: fmt.Sprint(i),
		appsv1.ControllerRevisionHashLabelKey: s.Name + "-" + hash})
	p.Spec.Hostname, p.Spec.Subdomain = p.Name, s.Spec.ServiceName
	for _, t := range s.Spec.VolumeClaimTemplates {
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: *t.ObjectMeta.DeepCopy(), Spec: *t.Spec.DeepCopy()}
		claim.Name, claim.Namespace = t.Name+"-"+p.Name, s.Namespace
		claim.Labels = labels.Merge(t.Labels, s.Spec.Selector.MatchLabels)
		if r := s.Spec.PersistentVolumeClaimRetentionPolicy; r != nil && r.WhenDeleted == appsv1.DeletePersistentVolumeClaimRetentionPolicyType {
			claim.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: s.Name, UID: s.UID}}
		}
		if kubeapi.Get[corev1.PersistentVolumeClaim](c.API, s.Namespace, claim.Name) == nil {
			if err := c.make(w.owner, claim); err != nil {
				return err
			}
			c.event("StatefulSet", s.Namespace, s.Name, "Normal", "SuccessfulCreate",
				fmt.Sprintf("create Claim %s Pod %s in StatefulSet %s success", claim.Name, p.Name, s.Name))
		}
		p.Spec.Volumes = slices.DeleteFunc(p.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == t.Name })
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: t.Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name}}})
	}
	if err := c.make(w.owner, p); err != nil {
		return err
	}
	c.event("StatefulSet", s.Namespace, s.Name, "Normal", "SuccessfulCreate", "create Pod "+p.Name+" in StatefulSet "+s.Name+" successful")
	return nil
}

// statefulUpdate deletes the last pod of an older template, when all of the newer ones run.
func (c *Cluster) statefulUpdate(w *stateful, have map[int]*corev1.Pod) {
	if w.s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		return
	}
	for i := w.first + w.n - 1; i >= max(w.first, w.partition); i-- {
		p := have[i]
		if p == nil || p.DeletionTimestamp != nil {
			return
		}
		if p.Labels[appsv1.ControllerRevisionHashLabelKey] != w.s.Name+"-"+w.hash {
			c.API.Delete(p)
			return
		}
		if !c.available(p, w.s.Spec.MinReadySeconds) {
			return
		}
	}
}

func (c *Cluster) statefulStatus(w *stateful, have map[int]*corev1.Pod, others int) {
	s := w.s
	st := appsv1.StatefulSetStatus{ObservedGeneration: s.Generation, CurrentRevision: s.Name + "-" + w.was, UpdateRevision: s.Name + "-" + w.hash,
		CollisionCount: new(int32(0)), Replicas: int32(len(have) + others)}
	for _, p := range have {
		if PodReady(p) {
			st.ReadyReplicas++
		}
		if c.available(p, s.Spec.MinReadySeconds) {
			st.AvailableReplicas++
		}
		switch p.Labels[appsv1.ControllerRevisionHashLabelKey] {
		case st.UpdateRevision:
			st.UpdatedReplicas++
			if st.CurrentRevision == st.UpdateRevision {
				st.CurrentReplicas++
			}
		case st.CurrentRevision:
			st.CurrentReplicas++
		}
	}
	if st.UpdatedReplicas == int32(w.n) && st.ReadyReplicas == int32(w.n) && st.Replicas == int32(w.n) { // the update is over
		st.CurrentRevision, st.CurrentReplicas = st.UpdateRevision, st.UpdatedReplicas
		w.was = w.hash
	}
	if !reflect.DeepEqual(st, s.Status) {
		n := s.DeepCopy()
		n.Status = st
		c.API.Save(n)
	}
}
