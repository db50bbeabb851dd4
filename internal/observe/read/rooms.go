package read

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	requests "k8s.io/component-helpers/resource"

	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
)

// rooms are what nodes have for pods, and what is taken of it, while pods are read.
type rooms map[string]*room

type room struct {
	has, asked, daemons corev1.ResourceList
	ports               observe.Set
}

func roomsOf(ctx context.Context, k kubernetes.Interface) (rooms, error) {
	out := rooms{}
	err := kube.Each(ctx, k.CoreV1().Nodes().List, func(l *corev1.NodeList) string { return l.Continue }, func(l *corev1.NodeList) {
		for i := range l.Items {
			out[l.Items[i].Name] = &room{has: l.Items[i].Status.Allocatable, asked: corev1.ResourceList{}, daemons: corev1.ResourceList{}}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listing nodes, for the room that they have: %w", err)
	}
	return out, nil
}

// take has a pod take its room.
func (r rooms) take(p *corev1.Pod) {
	n := r[p.Spec.NodeName]
	if n == nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		return
	}
	lists := []corev1.ResourceList{n.asked}
	if c := metav1.GetControllerOf(p); c != nil && c.Kind == "DaemonSet" {
		lists = append(lists, n.daemons)
	}
	for _, l := range lists {
		for k, v := range asks(p) {
			q := l[k]
			q.Add(v)
			l[k] = q
		}
	}
	n.ports = append(n.ports, hostPorts(p)...)
}

// said are the rooms as observations have them.
func (r rooms) said() map[string]*observe.Room {
	out := map[string]*observe.Room{}
	for name, n := range r {
		slices.Sort(n.ports)
		out[name] = &observe.Room{Has: quantities(n.has), Asked: quantities(n.asked), Daemons: quantities(n.daemons), Ports: n.ports}
	}
	return out
}

// asks are a pod's requests as the scheduler counts them; the pod itself is one of its node's
// pods.
func asks(p *corev1.Pod) corev1.ResourceList {
	l := requests.PodRequests(p, requests.PodResourcesOptions{})
	l[corev1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
	return l
}

func quantities(l corev1.ResourceList) map[string]string {
	out := map[string]string{}
	for k, v := range l {
		if !v.IsZero() {
			out[string(k)] = v.String()
		}
	}
	return out
}

// hostPorts are the ports of its node that a pod takes.
func hostPorts(p *corev1.Pod) (out observe.Set) {
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		for _, x := range c.Ports {
			if x.HostPort > 0 {
				protocol := x.Protocol
				if protocol == "" {
					protocol = corev1.ProtocolTCP
				}
				out = append(out, fmt.Sprintf("%s/%d", protocol, x.HostPort))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// apart are the topology keys of which no two pods of a kind may have the same value: those
// of required anti-affinity whose terms mean the pod itself.
func apart(p *corev1.Pod) (out observe.Set) {
	if p.Spec.Affinity == nil || p.Spec.Affinity.PodAntiAffinity == nil {
		return nil
	}
	for _, t := range p.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
		elsewhere := len(t.Namespaces) > 0 && !slices.Contains(t.Namespaces, p.Namespace)
		if !elsewhere && means(t.LabelSelector, p) {
			out = append(out, t.TopologyKey)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// spread are the topology keys over which a kind is spread, where pods wait rather than be
// spread worse, with the skew that is allowed. Nodes that take no pods count, unless a
// constraint says otherwise.
func spread(p *corev1.Pod) map[string]int {
	out := map[string]int{}
	for _, c := range p.Spec.TopologySpreadConstraints {
		honor := c.NodeTaintsPolicy != nil && *c.NodeTaintsPolicy == corev1.NodeInclusionPolicyHonor
		if c.WhenUnsatisfiable == corev1.DoNotSchedule && !honor && means(c.LabelSelector, p) {
			out[c.TopologyKey] = int(c.MaxSkew)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// means tells whether a selector of a pod's means pods like it.
func means(s *metav1.LabelSelector, p *corev1.Pod) bool {
	sel, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && sel.Matches(labels.Set(p.Labels))
}
