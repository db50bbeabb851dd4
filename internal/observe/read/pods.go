package read

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
)

// pods reads which pods must go before their nodes do, and which disruption budgets cover
// each.
func (o *observer) pods(ctx context.Context) error {
	in := o.Observed.Kubernetes
	if in == nil {
		return nil // why it was not read is listed with the rest of it
	}
	k, err := o.kubernetes(ctx)
	if err != nil {
		return err
	}
	if err := marked(ctx, k, in); err != nil {
		return err
	}
	covers, err := selectors(ctx, k)
	if err != nil {
		return err
	}
	bound, err := volumes(ctx, k)
	if err != nil {
		return err
	}
	rooms, err := roomsOf(ctx, k)
	if err != nil {
		return err
	}
	var near nears
	in.Pods = map[string]*observe.Pod{}
	err = kube.Each(ctx, k.CoreV1().Pods("").List, func(l *corev1.PodList) string { return l.Continue }, func(l *corev1.PodList) {
		for i := range l.Items {
			p := &l.Items[i]
			rooms.take(p)
			near.take(p, kube.Leaves(p))
			if p.Spec.NodeName == "" || !kube.Leaves(p) {
				continue
			}
			x := &observe.Pod{Node: p.Spec.NodeName, Held: kube.Held(p), Local: local(p), Fits: fit(p, bound), Asks: quantities(asks(p)), Ports: hostPorts(p),
				Finalizers: kube.Finalizers(p), Leaving: p.DeletionTimestamp != nil}
			x.Apart, x.Spread, x.OnHost = apart(p), spread(p), p.Spec.HostNetwork
			if c := metav1.GetControllerOf(p); c != nil {
				x.Owner = c.Kind + "/" + c.Name
			}
			for _, c := range p.Status.Conditions {
				x.Ready = x.Ready || c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
			}
			for _, b := range covers {
				if b.namespace == p.Namespace && b.pods.Matches(labels.Set(p.Labels)) {
					x.Budgets = append(x.Budgets, b.namespace+"/"+b.name)
				}
			}
			in.Pods[key(&p.ObjectMeta)] = x
		}
	})
	near.said(in.Pods)
	in.Rooms = rooms.said()
	return err
}

// marked reads which replacements of node groups are under way, and which Services mind how
// nodes leave their load balancers.
func marked(ctx context.Context, k kubernetes.Interface, in *observe.Kubernetes) error {
	all, err := kube.Replacements(ctx, k)
	if err != nil {
		return err
	}
	in.Replacements = map[string]*observe.Replacement{}
	for _, r := range all {
		x := &observe.Replacement{With: r.With, Paused: r.Paused}
		if s := r.Slices; s != nil {
			x.Slices = &observe.Slices{Nodes: s.Nodes, Before: observe.Sizes{MinSize: s.Min, MaxSize: s.Max, DesiredSize: s.Desired}}
		}
		in.Replacements[r.Group] = x
	}
	s, err := k.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range s.Items {
		if x := &s.Items[i]; x.Spec.Type == corev1.ServiceTypeLoadBalancer && x.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal {
			in.LocalServices = append(in.LocalServices, key(&x.ObjectMeta))
		}
	}
	return nil
}

// cover is a disruption budget and the pods that it is for.
type cover struct {
	namespace, name string
	pods            labels.Selector
}

func selectors(ctx context.Context, k kubernetes.Interface) (out []cover, err error) {
	var wrong error
	err = kube.Each(ctx, k.PolicyV1().PodDisruptionBudgets("").List, func(l *policyv1.PodDisruptionBudgetList) string { return l.Continue },
		func(l *policyv1.PodDisruptionBudgetList) {
			for i := range l.Items {
				b := &l.Items[i]
				s, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
				if err != nil {
					wrong = fmt.Errorf("the selector of the disruption budget %s: %w", key(&b.ObjectMeta), err)
					continue
				}
				out = append(out, cover{b.Namespace, b.Name, s})
			}
		})
	if err == nil {
		err = wrong
	}
	return out, err
}
