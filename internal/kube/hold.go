package kube

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/marks"
)

// nodePatch is what of a node changes; nil takes a label or an annotation away.
type nodePatch struct {
	unschedulable       *bool
	labels, annotations map[string]any
}

// changeNode reads a node, and sends what is to change of it, if anything, in one request:
// a mark never stands without what it marks. A node that is gone is as wanted.
func changeNode(ctx context.Context, k kubernetes.Interface, name, what string, change func(*corev1.Node, *nodePatch)) (changed bool, err error) {
	n, err := k.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading node %s: %w", name, err)
	}
	p := nodePatch{labels: map[string]any{}, annotations: map[string]any{}}
	change(n, &p)
	doc := map[string]any{}
	if p.unschedulable != nil {
		doc["spec"] = map[string]any{"unschedulable": *p.unschedulable}
	}
	meta := map[string]any{}
	if len(p.labels) > 0 {
		meta["labels"] = p.labels
	}
	if len(p.annotations) > 0 {
		meta["annotations"] = p.annotations
	}
	if len(meta) > 0 {
		doc["metadata"] = meta
	}
	if len(doc) == 0 {
		return false, nil
	}
	patch, err := json.Marshal(doc)
	if err != nil {
		return false, err
	}
	_, err = k.CoreV1().Nodes().Patch(ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s node %s: %w", what, name, err)
	}
	return true, nil
}

// Cordon keeps new pods away from a node. A node that is gone, or is cordoned, is as
// wanted: changed tells whether it was not. by is the node group whose replacement does it,
// and is marked, so that it can be taken back; "": nobody will.
func Cordon(ctx context.Context, k kubernetes.Interface, node, by string) (changed bool, err error) {
	return changeNode(ctx, k, node, "cordoning", func(n *corev1.Node, p *nodePatch) {
		if n.Spec.Unschedulable {
			return
		}
		p.unschedulable = new(true)
		if by != "" {
			p.annotations[marks.Cordoned] = by
		}
	})
}

// Exclude keeps a node out of load balancers, likewise.
func Exclude(ctx context.Context, k kubernetes.Interface, node, by string) (changed bool, err error) {
	return changeNode(ctx, k, node, "taking out of load balancers", func(n *corev1.Node, p *nodePatch) {
		if _, out := n.Labels[marks.ExcludeLabel]; !out {
			p.labels[marks.ExcludeLabel], p.annotations[marks.Excluded] = "true", by
		}
	})
}

// Restore takes back what Cordon and Exclude did to a node for a replacement, and no more.
func Restore(ctx context.Context, k kubernetes.Interface, node string) (changed bool, err error) {
	return changeNode(ctx, k, node, "uncordoning", func(n *corev1.Node, p *nodePatch) {
		if _, ours := n.Annotations[marks.Cordoned]; ours {
			p.unschedulable, p.annotations[marks.Cordoned] = new(false), nil
		}
		if _, ours := n.Annotations[marks.Excluded]; ours {
			p.labels[marks.ExcludeLabel], p.annotations[marks.Excluded] = nil, nil
		}
	})
}

// HoldScaleDown has the cluster autoscaler leave a node alone, likewise.
func HoldScaleDown(ctx context.Context, k kubernetes.Interface, node, by string) (changed bool, err error) {
	return changeNode(ctx, k, node, "keeping the autoscaler off", func(n *corev1.Node, p *nodePatch) {
		if n.Annotations[marks.ScaleDownDisabled] != "true" {
			p.annotations[marks.ScaleDownDisabled], p.annotations[marks.Held] = "true", by
		}
	})
}

// LetScaleDown takes that back.
func LetScaleDown(ctx context.Context, k kubernetes.Interface, node string) (changed bool, err error) {
	return changeNode(ctx, k, node, "letting the autoscaler have", func(n *corev1.Node, p *nodePatch) {
		if _, ours := n.Annotations[marks.Held]; ours {
			p.annotations[marks.ScaleDownDisabled], p.annotations[marks.Held] = nil, nil
		}
	})
}
