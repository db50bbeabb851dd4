package kube

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/marks"
)

// Baseline is what lacked before a change, which its gate holds what lacks later against.
type Baseline struct {
	Begun  metav1.Time // when: as the API server says
	Before Lacking
	Was    string // what was to change, as it was; "": nobody said
}

// baseline reads it back from a ConfigMap.
func baseline(m *corev1.ConfigMap) (Baseline, error) {
	b := Baseline{Begun: m.CreationTimestamp, Was: m.Data[keyWas]}
	if err := json.Unmarshal([]byte(m.Data[keyBefore]), &b.Before); err != nil {
		return b, fmt.Errorf("the ConfigMap %s/%s is not as Slipway wrote it: %w", m.Namespace, m.Name, err)
	}
	return b, nil
}

// keep writes a ConfigMap of kube-system, with what lacks now.
func keep(ctx context.Context, k kubernetes.Interface, name, label string, before Lacking, data map[string]string) error {
	text, err := json.Marshal(before)
	if err != nil {
		return err
	}
	data[keyBefore] = string(text)
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{label: "true"}}, Data: data}
	_, err = k.CoreV1().ConfigMaps(metav1.NamespaceSystem).Create(ctx, m, metav1.CreateOptions{})
	return err
}

// forget deletes one, and tells whether it was there.
func forget(ctx context.Context, k kubernetes.Interface, name string) (bool, error) {
	err := k.CoreV1().ConfigMaps(metav1.NamespaceSystem).Delete(ctx, name, metav1.DeleteOptions{})
	return err == nil, ignored(err)
}

// kept reads one; nil: it is not there.
func kept(ctx context.Context, k kubernetes.Interface, name string) (*corev1.ConfigMap, error) {
	m, err := k.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, ignored(err)
	}
	return m, nil
}

// ignored is an error, unless it says that something is not there.
func ignored(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// AddonBaseline is what lacked before an add-on's change, until its gates have opened; nil: none
// is under way.
func AddonBaseline(ctx context.Context, k kubernetes.Interface, addon string) (*Baseline, error) {
	m, err := kept(ctx, k, marks.AddonStateName(addon))
	if err != nil {
		return nil, fmt.Errorf("reading what was before the change of add-on %s: %w", addon, err)
	}
	if m == nil {
		return nil, nil
	}
	b, err := baseline(m)
	return &b, err
}

// BeginAddonChange writes down what lacks before an add-on is changed.
func BeginAddonChange(ctx context.Context, k kubernetes.Interface, addon, was string, before Lacking) error {
	if err := keep(ctx, k, marks.AddonStateName(addon), marks.AddonState, before, map[string]string{keyAddon: addon, keyWas: was}); err != nil {
		return fmt.Errorf("writing down what is before the change of add-on %s: %w", addon, err)
	}
	return nil
}

// EndAddonChange takes away what was kept of it.
func EndAddonChange(ctx context.Context, k kubernetes.Interface, addon string) (changed bool, err error) {
	if changed, err = forget(ctx, k, marks.AddonStateName(addon)); err != nil {
		return false, fmt.Errorf("taking away what was kept of the change of add-on %s: %w", addon, err)
	}
	return changed, nil
}
