package node

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// schedule binds each waiting pod to the fitting node with the fewest pods.
func (c *Cluster) schedule() {
	nodes := kubeapi.List[corev1.Node](c.API)
	pods := kubeapi.List[corev1.Pod](c.API)
	count := map[string]int{}
	for _, p := range pods {
		count[p.Spec.NodeName]++
	}
	for _, p := range pods {
		if p.Spec.NodeName != "" || p.DeletionTimestamp != nil {
			continue
		}
		var best *corev1.Node
		for _, n := range nodes {
			if fits(p, n, count[n.Name]) && (best == nil || count[n.Name] < count[best.Name]) {
				best = n
			}
		}
		if best == nil {
			c.unschedulable(p, len(nodes))
			c.env.Unplaced(p)
			continue
		}
		n := p.DeepCopy()
		n.Spec.NodeName = best.Name
		n.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}}
		if c.API.Save(n) {
			count[best.Name]++
		}
	}
}

func (c *Cluster) unschedulable(p *corev1.Pod, nodes int) {
	msg := "no nodes available to schedule pods"
	if nodes > 0 {
		msg = fmt.Sprintf("0/%d nodes are available: %d node(s) had untolerated taint or did not match the pod's node selector.", nodes, nodes)
	}
	for _, x := range p.Status.Conditions {
		if x.Type == corev1.PodScheduled && x.Message == msg {
			return
		}
	}
	n := p.DeepCopy()
	n.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: msg}}
	c.API.Save(n)
	c.event("Pod", p.Namespace, p.Name, "Warning", "FailedScheduling", msg)
}

// fits is the scheduler's filter: schedulable, tolerated, selected, room left.
func fits(p *corev1.Pod, n *corev1.Node, pods int) bool {
	if n.Spec.Unschedulable || n.DeletionTimestamp != nil || n.Labels["eks.amazonaws.com/compute-type"] == "fargate" || !selects(p.Spec, n) {
		return false
	}
	for _, t := range n.Spec.Taints {
		if t.Effect != corev1.TaintEffectPreferNoSchedule && !tolerates(p.Spec.Tolerations, t) {
			return false
		}
	}
	max := n.Status.Allocatable.Pods().Value()
	return max == 0 || int64(pods) < max
}

// event records a Kubernetes event.
func (c *Cluster) event(kind, ns, name, typ, reason, msg string) {
	if ns == "" {
		ns = "default"
	}
	now := metav1.NewTime(c.w.Date())
	e := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name + "." + c.w.Hex("event "+c.id+" "+kind+" "+ns+"/"+name+" "+reason, 16)},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: ns, Name: name}, Type: typ, Reason: reason, Message: msg, FirstTimestamp: now,
		LastTimestamp: now, Count: 1}
	if kind == "Node" {
		e.InvolvedObject.Namespace = ""
		e.InvolvedObject.UID = "" // kubelets name the node, not its UID
	}
	c.API.Save(e)
}
