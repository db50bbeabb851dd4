package kube

import (
	"context"
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/marks"
)

// Node is one node as a launch sees it.
type Node struct {
	Name    string `json:"name"`
	Ready   bool   `json:"ready"`
	Group   string `json:"nodeGroup,omitempty"`
	Version string `json:"version,omitempty"`
	Reason  string `json:"reason,omitempty"` // the kubelet's message while not ready
	OS      string `json:"os,omitempty"`
	Zone    string `json:"zone,omitempty"`
	// Instance is the ID of its EC2 instance.
	Instance string `json:"instance,omitempty"`
	// Cordoned: it takes no more pods; Excluded: it is in no load balancer; Held: the cluster
	// autoscaler leaves it alone.
	Cordoned bool `json:"cordoned,omitempty"`
	Excluded bool `json:"excluded,omitempty"`
	Held     bool `json:"scaleDownDisabled,omitempty"`
}

// Nodes lists a cluster's nodes by name.
func Nodes(ctx context.Context, k kubernetes.Interface) ([]Node, error) {
	l, err := k.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	out := make([]Node, 0, len(l.Items))
	for _, n := range l.Items {
		x := Node{Name: n.Name, Version: n.Status.NodeInfo.KubeletVersion, Group: n.Labels[eksfacts.LabelGroup], OS: n.Labels[corev1.LabelOSStable],
			Zone: n.Labels[corev1.LabelTopologyZone], Cordoned: n.Spec.Unschedulable, Held: n.Annotations[marks.ScaleDownDisabled] == "true"}
		x.Instance = n.Spec.ProviderID[strings.LastIndex(n.Spec.ProviderID, "/")+1:]
		_, x.Excluded = n.Labels[marks.ExcludeLabel]
		if x.Group == "" {
			x.Group = n.Labels[eksfacts.LabelOwnGroup]
		}
		if c := readiness(&n); c != nil {
			if x.Ready = c.Status == corev1.ConditionTrue; !x.Ready {
				x.Reason = c.Message
			}
		}
		out = append(out, x)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}

// readiness is what a node's kubelet says of it; nil: it has not said.
func readiness(n *corev1.Node) *corev1.NodeCondition {
	for i := range n.Status.Conditions {
		if c := &n.Status.Conditions[i]; c.Type == corev1.NodeReady {
			return c
		}
	}
	return nil
}

// ready tells whether a node's kubelet says that it is.
func ready(n *corev1.Node) bool {
	c := readiness(n)
	return c != nil && c.Status == corev1.ConditionTrue
}

// InGroup tells whether a node is of a node group, by its label.
func InGroup(n *corev1.Node, group string) bool {
	return n.Labels[eksfacts.LabelGroup] == group || n.Labels[eksfacts.LabelGroup] == "" && n.Labels[eksfacts.LabelOwnGroup] == group
}

// DaemonSet tells whether a DaemonSet exists, and how many of its pods are ready.
func DaemonSet(ctx context.Context, k kubernetes.Interface, ns, name string) (exists bool, ready, desired int, err error) {
	d, err := k.AppsV1().DaemonSets(ns).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, 0, 0, nil
	}
	if err != nil {
		return false, 0, 0, fmt.Errorf("reading DaemonSet %s/%s: %w", ns, name, err)
	}
	return true, int(d.Status.NumberReady), int(d.Status.DesiredNumberScheduled), nil
}
