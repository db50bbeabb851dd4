package node

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// schedule binds each waiting pod to the fitting node with the fewest pods; the pods of
// higher priority first.
func (c *Cluster) schedule() {
	var waiting []*corev1.Pod
	pods := kubeapi.List[corev1.Pod](c.API)
	for _, p := range pods {
		if p.Spec.NodeName == "" && p.DeletionTimestamp == nil && len(p.Spec.SchedulingGates) == 0 && !ended(p) {
			waiting = append(waiting, p)
		}
	}
	if len(waiting) == 0 {
		return
	}
	slices.SortStableFunc(waiting, func(a, b *corev1.Pod) int { return int(int64(priorityOf(b)) - int64(priorityOf(a))) })
	m := newMap(kubeapi.List[corev1.Node](c.API), pods)
	m.volumes, m.spaces = c.volumes(), namespaces(kubeapi.List[corev1.Namespace](c.API))
	for _, p := range waiting {
		c.place(m, p)
	}
}

func ended(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

func priorityOf(p *corev1.Pod) int32 {
	if p.Spec.Priority != nil {
		return *p.Spec.Priority
	}
	return 0
}

// place finds a node for a pod, or says why there is none.
func (c *Cluster) place(m *nodeMap, p *corev1.Pod) {
	if why := m.volumes.unready(p); why != "" {
		c.unschedulable(p, fmt.Sprintf("0/%d nodes are available: %s. preemption: 0/%d nodes are available: %d Preemption is not helpful for scheduling.",
			len(m.rooms), why, len(m.rooms), len(m.rooms)))
		return
	}
	w := m.want(p)
	var best *room
	reasons := map[string]int{}
	for _, r := range m.rooms {
		why := m.fits(w, r)
		for _, x := range why {
			reasons[x]++
		}
		if len(why) == 0 && (best == nil || len(r.pods) < len(best.pods)) {
			best = r
		}
	}
	if best == nil {
		c.unschedulable(p, m.message(reasons)+c.preempt(m, w))
		c.env.Unplaced(p)
		return
	}
	if claims := m.volumes.waiting(p); len(claims) > 0 {
		for _, x := range claims {
			c.selectNode(x, best.node.Name)
		}
		return // it is bound when they are
	}
	n := p.DeepCopy()
	n.Spec.NodeName = best.node.Name
	n.Status.NominatedNodeName = ""
	now := metav1.NewTime(c.w.Date().Truncate(time.Second))
	setCondition(n, corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: now, ObservedGeneration: p.Generation})
	if c.API.Save(n) {
		m.put(n, best)
	}
}

// setCondition replaces a pod's condition of that type, or adds it.
func setCondition(p *corev1.Pod, x corev1.PodCondition) {
	for i, y := range p.Status.Conditions {
		if y.Type == x.Type {
			if y.Status == x.Status {
				x.LastTransitionTime = y.LastTransitionTime
			}
			p.Status.Conditions = slices.Clone(p.Status.Conditions)
			p.Status.Conditions[i] = x
			return
		}
	}
	p.Status.Conditions = append(slices.Clone(p.Status.Conditions), x)
}

// message says why no node fits, in the scheduler's words (framework.FitError).
func (m *nodeMap) message(reasons map[string]int) string {
	if len(m.rooms) == 0 {
		return "no nodes available to schedule pods"
	}
	var l []string
	for _, k := range slices.Sorted(maps.Keys(reasons)) {
		l = append(l, fmt.Sprintf("%d %s", reasons[k], k))
	}
	slices.Sort(l)
	return fmt.Sprintf("0/%d nodes are available: %s.", len(m.rooms), strings.Join(l, ", "))
}

func (c *Cluster) unschedulable(p *corev1.Pod, msg string) {
	for _, x := range p.Status.Conditions {
		if x.Type == corev1.PodScheduled && x.Message == msg {
			return
		}
	}
	cur := kubeapi.Get[corev1.Pod](c.API, p.Namespace, p.Name)
	if cur == nil {
		return
	}
	n := cur.DeepCopy()
	setCondition(n, corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: msg,
		LastTransitionTime: metav1.NewTime(c.w.Date().Truncate(time.Second)), ObservedGeneration: p.Generation})
	c.API.Save(n)
	c.event("Pod", p.Namespace, p.Name, "Warning", "FailedScheduling", msg)
}

// preempt ends pods of lower priority where that makes room for one, and says what came of it.
func (c *Cluster) preempt(m *nodeMap, w *wanted) string {
	if len(m.rooms) == 0 {
		return ""
	}
	none := fmt.Sprintf(" preemption: 0/%d nodes are available: %d ", len(m.rooms), len(m.rooms))
	if w.pod.Spec.PreemptionPolicy != nil && *w.pod.Spec.PreemptionPolicy == corev1.PreemptNever {
		return " preemption: not eligible due to preemptionPolicy=Never."
	}
	lower := false
	for _, r := range m.rooms {
		lower = lower || slices.ContainsFunc(r.pods, func(p *corev1.Pod) bool { return priorityOf(p) < priorityOf(w.pod) })
		if slices.ContainsFunc(r.pods, func(p *corev1.Pod) bool { return p.DeletionTimestamp != nil && priorityOf(p) < priorityOf(w.pod) }) &&
			w.pod.Status.NominatedNodeName == r.node.Name {
			return " preemption: not eligible due to a terminating pod on the nominated node."
		}
	}
	if !lower {
		return none + "No preemption victims found for incoming pod."
	}
	for _, r := range m.rooms {
		victims := m.victims(w, r)
		if victims == nil {
			continue
		}
		for _, v := range victims {
			c.event("Pod", v.Namespace, v.Name, "Normal", "Preempted", fmt.Sprintf("Preempted by pod %s on node %s", w.pod.UID, r.node.Name))
			c.API.Delete(v)
		}
		if u := kubeapi.Get[corev1.Pod](c.API, w.pod.Namespace, w.pod.Name); u != nil {
			u = u.DeepCopy()
			u.Status.NominatedNodeName = r.node.Name
			c.API.Save(u)
		}
		return ""
	}
	return none + "Preemption is not helpful for scheduling."
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
