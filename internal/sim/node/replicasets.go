package node

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/apis/core/helper"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// The controller creates this many pods of a ReplicaSet in one pass, as Kubernetes'
// own does (burstReplicas); and none while so many wait for a node, which stands for
// the room that a control plane has.
const (
	burstReplicas = 500
	waitingPods   = 2000
)

// createPods makes some of the pods that a ReplicaSet lacks, and says how many.
func (c *Cluster) createPods(s *appsv1.ReplicaSet, lacks, room int) (int, error) {
	o := owner{s, "apps/v1", "ReplicaSet", "replicaset-controller"}
	n := max(0, min(lacks, burstReplicas, room))
	if c.held(s) {
		return 0, nil
	}
	for i := range n {
		p := c.newPod(o, s.Spec.Template, "")
		if err := c.make(o, p); err != nil {
			return i, err
		}
		if n <= 20 { // a burst is told in short
			c.event("ReplicaSet", s.Namespace, s.Name, "Normal", "SuccessfulCreate", "Created pod: "+p.Name)
		}
	}
	return n, nil
}

// replicaSets keeps the wanted number of pods.
func (c *Cluster) replicaSets() {
	pods := kubeapi.List[corev1.Pod](c.API)
	room := waitingPods
	mine := map[string][]*corev1.Pod{}
	for _, p := range pods {
		if p.Spec.NodeName == "" {
			room--
		}
		if r := metav1.GetControllerOf(p); r != nil && r.Kind == "ReplicaSet" && active(p) {
			mine[string(r.UID)] = append(mine[string(r.UID)], p)
		}
	}
	for _, s := range kubeapi.List[appsv1.ReplicaSet](c.API) {
		if s.DeletionTimestamp == nil {
			room -= c.replicaSet(s, mine[string(s.UID)], room)
		}
	}
}

func (c *Cluster) replicaSet(s *appsv1.ReplicaSet, mine []*corev1.Pod, room int) (made int) {
	st := appsv1.ReplicaSetStatus{ObservedGeneration: s.Generation, Conditions: s.Status.Conditions, TerminatingReplicas: s.Status.TerminatingReplicas}
	for _, p := range mine {
		if PodReady(p) {
			st.ReadyReplicas++
		}
		if c.available(p, s.Spec.MinReadySeconds) {
			st.AvailableReplicas++
		}
		if labelsMatch(s.Spec.Template.Labels, p.Labels) {
			st.FullyLabeledReplicas++
		}
	}
	want := int(*s.Spec.Replicas)
	made, err := c.createPods(s, want-len(mine), room)
	if len(mine) > want {
		slices.SortStableFunc(mine, dispensable)
		for _, p := range mine[:len(mine)-want] {
			c.API.Delete(p)
			c.event("ReplicaSet", s.Namespace, s.Name, "Normal", "SuccessfulDelete", "Deleted pod: "+p.Name)
		}
		mine = mine[len(mine)-want:]
	}
	st.Replicas = int32(len(mine) + made)
	st.FullyLabeledReplicas = min(st.FullyLabeledReplicas+int32(made), st.Replicas)
	st.ReadyReplicas, st.AvailableReplicas = min(st.ReadyReplicas, st.Replicas), min(st.AvailableReplicas, st.Replicas)
	if !c.held(s) || err != nil {
		st.Conditions = replicaFailure(st.Conditions, err, metav1.NewTime(c.w.Date().Truncate(time.Second)))
	}
	if !reflect.DeepEqual(st, s.Status) {
		n := s.DeepCopy()
		n.Status = st
		c.API.Save(n)
	}
	return made
}

func labelsMatch(want, have map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

// replicaFailure is what a ReplicaSet says of a creation that was refused, until one is not.
func replicaFailure(have []appsv1.ReplicaSetCondition, err error, now metav1.Time) []appsv1.ReplicaSetCondition {
	i := slices.IndexFunc(have, func(x appsv1.ReplicaSetCondition) bool { return x.Type == appsv1.ReplicaSetReplicaFailure })
	switch {
	case err == nil && i < 0:
		return have
	case err == nil:
		return slices.Delete(slices.Clone(have), i, i+1)
	case i >= 0 && have[i].Message == err.Error():
		return have
	}
	rest := slices.DeleteFunc(slices.Clone(have), func(x appsv1.ReplicaSetCondition) bool { return x.Type == appsv1.ReplicaSetReplicaFailure })
	return append(rest, appsv1.ReplicaSetCondition{Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, LastTransitionTime: now,
		Reason: "FailedCreate", Message: err.Error()})
}

// dispensable orders pods as Kubernetes removes them (controller.ActivePods): without a node
// before with one, pending before running, not ready before ready, cheaper before dearer, and
// newer before older.
func dispensable(a, b *corev1.Pod) int {
	truth := func(x bool) int {
		if x {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(truth(a.Spec.NodeName != ""), truth(b.Spec.NodeName != "")),
		cmp.Compare(truth(a.Status.Phase == corev1.PodRunning), truth(b.Status.Phase == corev1.PodRunning)),
		cmp.Compare(truth(PodReady(a)), truth(PodReady(b))),
		cmp.Compare(deletionCost(a), deletionCost(b)),
		b.CreationTimestamp.Compare(a.CreationTimestamp.Time))
}

// deletionCost is what a pod says that its deletion costs; admission lets in numbers alone.
func deletionCost(p *corev1.Pod) int32 {
	n, err := helper.GetDeletionCostFromPodAnnotations(p.Annotations)
	if err != nil {
		return 0
	}
	return n
}
