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

// Replacement is what a cluster keeps of a node group's replacement while that is under
// way: a ConfigMap of kube-system.
type Replacement struct {
	Baseline
	Group  string // that is replaced
	With   string // the group that takes its place
	Paused string // the stage after which a person was waited for last; "": none yet
	Moves  string // Onward or Back, once pods do; "": none have yet
	// Slices are how it goes slice by slice; nil: it does not.
	Slices *Slices
}

// Slices are of a replacement that goes slice by slice: how many nodes at a time, and the
// sizes that the group had before.
type Slices struct {
	Nodes   int `json:"nodes"`
	Min     int `json:"minSize"`
	Max     int `json:"maxSize"`
	Desired int `json:"desiredSize"`
}

// The keys of the ConfigMap.
const (
	keyGroup  = "group"
	keyAddon  = "addon"
	keyWas    = "was"
	keyWith   = "with"
	keyPaused = "paused"
	keyMoves  = "moves"
	keyBefore = "before"
	keySlices = "slices"
)

// Which way pods move.
const (
	Onward = "onward"
	Back   = "back"
)

// replacement reads it back.
func replacement(m *corev1.ConfigMap) (*Replacement, error) {
	b, err := baseline(m)
	if err != nil {
		return nil, err
	}
	r := &Replacement{Baseline: b, Group: m.Data[keyGroup], With: m.Data[keyWith], Paused: m.Data[keyPaused], Moves: m.Data[keyMoves]}
	if s := m.Data[keySlices]; s != "" {
		if err := json.Unmarshal([]byte(s), &r.Slices); err != nil {
			return nil, fmt.Errorf("the ConfigMap %s/%s is not as Slipway wrote it: %w", m.Namespace, m.Name, err)
		}
	}
	return r, nil
}

// Replacements are those that are under way.
func Replacements(ctx context.Context, k kubernetes.Interface) ([]*Replacement, error) {
	l, err := k.CoreV1().ConfigMaps(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: marks.State})
	if err != nil {
		return nil, fmt.Errorf("listing the replacements that are under way: %w", err)
	}
	var out []*Replacement
	for i := range l.Items {
		r, err := replacement(&l.Items[i])
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// ReplacementOf is a group's; nil: none is under way.
func ReplacementOf(ctx context.Context, k kubernetes.Interface, group string) (*Replacement, error) {
	m, err := kept(ctx, k, marks.StateName(group))
	if err != nil {
		return nil, fmt.Errorf("reading what was before the replacement of %s: %w", group, err)
	}
	if m == nil {
		return nil, nil
	}
	return replacement(m)
}

// BeginReplacement writes down what lacks before anything is changed.
func BeginReplacement(ctx context.Context, k kubernetes.Interface, r *Replacement) error {
	data := map[string]string{keyGroup: r.Group, keyWith: r.With}
	if r.Slices != nil {
		slices, err := json.Marshal(r.Slices)
		if err != nil {
			return err
		}
		data[keySlices] = string(slices)
	}
	if err := keep(ctx, k, marks.StateName(r.Group), marks.State, r.Before, data); err != nil {
		return fmt.Errorf("writing down what is before the replacement of %s: %w", r.Group, err)
	}
	return nil
}

// PauseReplacement writes down after which stage a person is waited for.
func PauseReplacement(ctx context.Context, k kubernetes.Interface, group, stage string) error {
	if err := noteReplacement(ctx, k, group, keyPaused, stage); err != nil {
		return fmt.Errorf("writing down that the replacement of %s pauses: %w", group, err)
	}
	return nil
}

// MoveReplacement writes down which way pods move, for whoever looks, and returns what is kept of
// the replacement; nil: nothing is, and there is nobody to tell.
func MoveReplacement(ctx context.Context, k kubernetes.Interface, group, way string) (have *Replacement, changed bool, err error) {
	have, err = ReplacementOf(ctx, k, group)
	if err != nil || have == nil || have.Moves == way {
		return have, false, err
	}
	if err := noteReplacement(ctx, k, group, keyMoves, way); err != nil && !apierrors.IsNotFound(err) {
		return nil, false, fmt.Errorf("writing down that pods of the replacement of %s move: %w", group, err)
	}
	return have, true, nil
}

func noteReplacement(ctx context.Context, k kubernetes.Interface, group, key, value string) error {
	patch, err := json.Marshal(map[string]any{"data": map[string]any{key: value}})
	if err != nil {
		return err
	}
	_, err = k.CoreV1().ConfigMaps(metav1.NamespaceSystem).Patch(ctx, marks.StateName(group), types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// EndReplacement takes away what was kept of it.
func EndReplacement(ctx context.Context, k kubernetes.Interface, group string) (changed bool, err error) {
	if changed, err = forget(ctx, k, marks.StateName(group)); err != nil {
		return false, fmt.Errorf("taking away what was kept of the replacement of %s: %w", group, err)
	}
	return changed, nil
}
