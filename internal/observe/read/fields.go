package read

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
)

// eksManager is what EKS calls itself as the manager of its add-ons' fields, and eksManagers
// who else sets fields on its behalf, or what follows from them.
const eksManager = "eks"

var eksManagers = []string{eksManager, "kube-controller-manager"}

// Unrecorded is who set the fields of an object of which Kubernetes has no record.
const Unrecorded = "somebody of whom there is no record"

// restart is set by kubectl rollout restart: nothing else follows from it.
const restart = ".spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt"

// Contested are the fields of an add-on's objects that others than EKS set, as Kubernetes has
// it in managedFields, with what was there before. ours: EKS has the add-on, so that what
// nobody is recorded for is EKS's, and what others only added is in nobody's way. None: there
// are no such objects.
func Contested(ctx context.Context, c *awsc.Clients, live *observe.Observed, a eksfacts.Addon, ours bool) (out []observe.Contested, err error) {
	k, err := kube.Client(ctx, c, Described(live.Cluster))
	if err != nil {
		return nil, err
	}
	for _, x := range []struct {
		name, prefix string
		get          func(ctx context.Context, ns, name string) (metav1.Object, error)
	}{
		{a.DaemonSet, "", func(ctx context.Context, ns, name string) (metav1.Object, error) {
			return k.AppsV1().DaemonSets(ns).Get(ctx, name, metav1.GetOptions{})
		}},
		{a.Deployment, "", func(ctx context.Context, ns, name string) (metav1.Object, error) {
			return k.AppsV1().Deployments(ns).Get(ctx, name, metav1.GetOptions{})
		}},
		{a.ConfigMap, "ConfigMap ", func(ctx context.Context, ns, name string) (metav1.Object, error) {
			return k.CoreV1().ConfigMaps(ns).Get(ctx, name, metav1.GetOptions{})
		}},
	} {
		ns, name, is := strings.Cut(x.name, "/")
		if !is {
			continue
		}
		o, err := x.get(ctx, ns, name)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading who set the fields of %s: %w", x.name, err)
		}
		var past []map[string]any
		if ours {
			if past, err = history(ctx, k, o); err != nil {
				return nil, fmt.Errorf("reading what %s was: %w", x.name, err)
			}
		}
		if x.prefix != "" {
			x.prefix += name + " "
		}
		out = append(out, contested(o, past, ours, x.prefix)...)
	}
	return out, nil
}

// contested are those fields of one object.
func contested(o metav1.Object, past []map[string]any, ours bool, prefix string) (out []observe.Contested) {
	root := "spec"
	if _, is := o.(*corev1.ConfigMap); is {
		root = "data"
	}
	if len(o.GetManagedFields()) == 0 && !ours {
		return []observe.Contested{{Owner: Unrecorded, Field: prefix + "." + root}}
	}
	eks := leaves(o.GetManagedFields(), root, eksManager)
	trees := append([]any{plain(o)}, anys(past)...)
	for _, f := range o.GetManagedFields() {
		if !foreign(f) {
			continue
		}
		for _, l := range leavesOf(f.FieldsV1.Raw, root, trees...) {
			if l.path == restart {
				continue
			}
			x := observe.Contested{Owner: f.Manager, Field: prefix + l.path, Now: l.values[0], Shared: eks[l.path]}
			i := slices.IndexFunc(l.values[1:], func(v string) bool { return v != "" && v != l.values[0] })
			switch {
			case x.Shared:
			case i >= 0:
				x.Before = l.values[1+i]
			case ours && left(f, l, len(past) > 0, o):
				continue
			}
			out = append(out, x)
		}
	}
	return out
}

// left tells whether EKS left a field to whoever set it: it is as it was when EKS set its own
// last, or nobody had it then. Such are the defaults of an object that was there before the
// add-on, and what somebody only added.
func left(f metav1.ManagedFieldsEntry, l leaf, remembered bool, o metav1.Object) bool {
	switch {
	case strings.HasPrefix(l.path, ".spec.template."):
		return remembered
	case strings.HasPrefix(l.path, ".spec.") && l.path != ".spec.replicas":
		return earlier(f, o)
	}
	return false
}

// earlier tells whether an entry is older than EKS's last change: by its date, or because it
// made the object, which EKS took over then. EKS's own has no date where it set nothing anew.
func earlier(f metav1.ManagedFieldsEntry, o metav1.Object) bool {
	made := o.GetCreationTimestamp()
	return slices.ContainsFunc(o.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == eksManager && f.Time != nil && (f.Time.Before(e.Time) || !made.Before(f.Time))
	})
}

// foreign tells whether an entry's fields are others' than EKS's, and wanted rather than found.
func foreign(f metav1.ManagedFieldsEntry) bool {
	return f.Subresource != "status" && f.FieldsV1 != nil && !slices.Contains(eksManagers, f.Manager)
}

// taken are the fields of an object's spec that others than EKS set, by who did. What EKS set
// likewise is EKS's still, and what is older than EKS's own it has left to them.
func taken(m *metav1.ObjectMeta) map[string]observe.Set {
	var out map[string]observe.Set
	eks := leaves(m.ManagedFields, "spec", eksManager)
	for _, f := range m.ManagedFields {
		if !foreign(f) || earlier(f, m) {
			continue
		}
		for _, l := range leavesOf(f.FieldsV1.Raw, "spec") {
			if eks[l.path] || l.path == restart {
				continue
			}
			if out == nil {
				out = map[string]observe.Set{}
			}
			out[f.Manager] = append(out[f.Manager], l.path)
		}
	}
	return out
}

// leaves are the paths that a manager owns.
func leaves(all []metav1.ManagedFieldsEntry, root, manager string) map[string]bool {
	out := map[string]bool{}
	for _, f := range all {
		if f.Manager == manager && f.FieldsV1 != nil {
			for _, l := range leavesOf(f.FieldsV1.Raw, root) {
				out[l.path] = true
			}
		}
	}
	return out
}
