package node

import (
	"fmt"
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// daemonTolerations are what Kubernetes lets every DaemonSet's pods put up with
// (daemon/util, AddOrUpdateDaemonPodTolerations).
var daemonTolerations = []corev1.Toleration{
	{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeDiskPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeMemoryPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodePIDPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeUnschedulable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
}

// daemonPod is a DaemonSet's for one node, where the scheduler puts it.
func (c *Cluster) daemonPod(o owner, ds *appsv1.DaemonSet, node, hash string) *corev1.Pod {
	p := c.newPod(o, ds.Spec.Template, node)
	if p.Labels == nil {
		p.Labels = map[string]string{}
	}
	p.Labels[appsv1.ControllerRevisionHashLabelKey] = hash
	p.Labels["pod-template-generation"] = fmt.Sprint(ds.Generation)
	p.Spec.Tolerations = append(p.Spec.Tolerations, daemonTolerations...)
	if p.Spec.HostNetwork {
		p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{Key: corev1.TaintNodeNetworkUnavailable, Operator: corev1.TolerationOpExists,
			Effect: corev1.TaintEffectNoSchedule})
	}
	only := corev1.NodeSelectorRequirement{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{node}}
	if p.Spec.Affinity == nil {
		p.Spec.Affinity = &corev1.Affinity{}
	}
	if p.Spec.Affinity.NodeAffinity == nil {
		p.Spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{only}}}}
	return p
}

// nodeFor is the node that a DaemonSet's pod is on, or is meant for.
func nodeFor(p *corev1.Pod) string {
	if p.Spec.NodeName != "" || p.Spec.Affinity == nil || p.Spec.Affinity.NodeAffinity == nil {
		return p.Spec.NodeName
	}
	r := p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if r == nil {
		return ""
	}
	for _, t := range r.NodeSelectorTerms {
		for _, f := range t.MatchFields {
			if f.Key == "metadata.name" && len(f.Values) == 1 {
				return f.Values[0]
			}
		}
	}
	return ""
}

// daemonSets runs one pod on each eligible node, Ready or not.
func (c *Cluster) daemonSets() {
	nodes, pods := kubeapi.List[corev1.Node](c.API), kubeapi.List[corev1.Pod](c.API)
	for _, ds := range kubeapi.List[appsv1.DaemonSet](c.API) {
		if ds.DeletionTimestamp == nil {
			c.daemonSet(ds, nodes, pods)
		}
	}
}

func (c *Cluster) daemonSet(ds *appsv1.DaemonSet, nodes []*corev1.Node, pods []*corev1.Pod) {
	o := owner{ds, "apps/v1", "DaemonSet", "daemon-set-controller"}
	hash := templateHash(&ds.Spec.Template)
	c.revise(o, ds.Spec.Selector, &ds.Spec.Template, hash, ds.Spec.RevisionHistoryLimit)
	st := appsv1.DaemonSetStatus{ObservedGeneration: ds.Generation, CollisionCount: ds.Status.CollisionCount}
	byNode, leaving := map[string]*corev1.Pod{}, map[string]bool{}
	for _, p := range pods {
		switch {
		case !ownerIs(p, ds):
		case p.DeletionTimestamp != nil:
			leaving[nodeFor(p)] = true
		case !active(p):
			c.API.Delete(p) // it failed on its node: another takes its place
		default:
			byNode[nodeFor(p)] = p
		}
	}
	down := 0 // nodes on which it does not run
	var outdated []*corev1.Pod
	for _, n := range nodes {
		have := byNode[n.Name]
		if !daemonFits(ds, n) {
			if have != nil {
				st.NumberMisscheduled++
				c.API.Delete(have)
			}
			continue
		}
		st.DesiredNumberScheduled++
		if have == nil {
			down++
			if !leaving[n.Name] && !c.held(ds) {
				_ = c.make(o, c.daemonPod(o, ds, n.Name, hash)) // its event says it
			}
			continue
		}
		if have.Spec.NodeName != "" {
			st.CurrentNumberScheduled++
		}
		if PodReady(have) {
			st.NumberReady++
		} else {
			down++
		}
		if c.available(have, ds.Spec.MinReadySeconds) {
			st.NumberAvailable++
		}
		if have.Labels[appsv1.ControllerRevisionHashLabelKey] == hash {
			st.UpdatedNumberScheduled++
		} else {
			outdated = append(outdated, have)
		}
	}
	for node, p := range byNode {
		if !slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return n.Name == node }) {
			c.API.Delete(p) // meant for a node that has gone
		}
	}
	c.replaceDaemons(ds, outdated, down, int(st.DesiredNumberScheduled))
	st.NumberUnavailable = st.DesiredNumberScheduled - st.NumberAvailable
	if !reflect.DeepEqual(st, ds.Status) {
		n := ds.DeepCopy()
		n.Status = st
		c.API.Save(n)
	}
}

// replaceDaemons deletes pods of an older template, as many as may be down at a time: those
// that are down anyhow first.
func (c *Cluster) replaceDaemons(ds *appsv1.DaemonSet, outdated []*corev1.Pod, down, all int) {
	if ds.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		return
	}
	limit := 1
	if u := ds.Spec.UpdateStrategy.RollingUpdate; u != nil {
		if surge, _ := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(u.MaxSurge, intstr.FromInt32(0)), all, true); surge > 0 {
			limit = surge // a surge pod beside the old one is left out: it takes its place
		} else if n, err := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(u.MaxUnavailable, intstr.FromInt32(1)), all, true); err == nil {
			limit = max(n, 1)
		}
	}
	for _, p := range outdated {
		if !PodReady(p) {
			c.API.Delete(p)
		}
	}
	for _, p := range outdated {
		if PodReady(p) && down < limit {
			c.API.Delete(p)
			down++
		}
	}
}

func daemonFits(ds *appsv1.DaemonSet, n *corev1.Node) bool {
	s := ds.Spec.Template.Spec
	if !selects(&s, n) {
		return false
	}
	for _, t := range n.Spec.Taints {
		if t.Key == corev1.TaintNodeNotReady || t.Key == corev1.TaintNodeUnschedulable || t.Effect == corev1.TaintEffectPreferNoSchedule {
			continue
		}
		if !tolerates(s.Tolerations, t) {
			return false
		}
	}
	return true
}
