package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// Beyond is a pod of some whose volume is where no node is that takes pods, but for those that
// go, with the claim and where that is; "": each has one. It is the scheduler's own comparison
// with the nodes that there are, wherever Auto Scaling has put them.
func Beyond(ctx context.Context, k kubernetes.Interface, pods []*corev1.Pod, goes func(*corev1.Node) bool) (string, error) {
	claimed := map[string]*corev1.Pod{}
	for _, p := range pods {
		for _, v := range p.Spec.Volumes {
			if c := v.PersistentVolumeClaim; c != nil { // an ephemeral one goes with its pod, and comes anew
				claimed[p.Namespace+"/"+c.ClaimName] = p
			}
		}
	}
	if len(claimed) == 0 {
		return "", nil
	}
	var stay []*corev1.Node
	nodes, err := k.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("listing nodes: %w", err)
	}
	for i := range nodes.Items {
		n := &nodes.Items[i]
		if ready(n) && !n.Spec.Unschedulable && !goes(n) {
			stay = append(stay, n)
		}
	}
	out, wrong := "", error(nil)
	err = Each(ctx, k.CoreV1().PersistentVolumes().List, func(l *corev1.PersistentVolumeList) string { return l.Continue }, func(l *corev1.PersistentVolumeList) {
		for i := range l.Items {
			v := &l.Items[i]
			if out != "" || v.Spec.ClaimRef == nil || v.Spec.NodeAffinity == nil || v.Spec.NodeAffinity.Required == nil {
				continue
			}
			claim := v.Spec.ClaimRef.Namespace + "/" + v.Spec.ClaimRef.Name
			p := claimed[claim]
			if p == nil {
				continue
			}
			where, err := nodeaffinity.NewNodeSelector(v.Spec.NodeAffinity.Required)
			if err != nil {
				wrong = fmt.Errorf("where the volume %s can be: %w", v.Name, err)
				continue
			}
			if !slices.ContainsFunc(stay, where.Match) {
				out = fmt.Sprintf("pod %s/%s has a volume (claim %s) in %s, and no other node takes pods there", p.Namespace, p.Name, claim, places(v))
			}
		}
	})
	if apierrors.IsForbidden(err) { // who may move pods, and not look at volumes, is told by the scheduler
		return "", nil
	}
	if err == nil {
		err = wrong
	}
	if err != nil {
		return "", fmt.Errorf("reading volumes: %w", err)
	}
	return out, nil
}

// places are the values by which a volume says where it is: its zone, mostly.
func places(v *corev1.PersistentVolume) string {
	var out []string
	for _, t := range v.Spec.NodeAffinity.Required.NodeSelectorTerms {
		for _, e := range t.MatchExpressions {
			if e.Operator == corev1.NodeSelectorOpIn {
				out = append(out, e.Values...)
			}
		}
	}
	if len(out) == 0 {
		return "some place"
	}
	return strings.Join(out, ", ")
}
