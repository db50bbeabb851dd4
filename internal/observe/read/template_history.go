package read

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// history is what a workload's template was, the newest first, from when EKS set it last: a
// DaemonSet's revisions, a Deployment's ReplicaSets. Objects without a template have none.
func history(ctx context.Context, k kubernetes.Interface, o metav1.Object) ([]map[string]any, error) {
	var all []version
	switch w := o.(type) {
	case *appsv1.DaemonSet:
		l, err := k.AppsV1().ControllerRevisions(w.Namespace).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(w.Spec.Selector)})
		if err != nil {
			return nil, err
		}
		for i := range l.Items {
			r := &l.Items[i]
			if metav1.IsControlledBy(r, o) {
				all = append(all, version{r.Revision, r.CreationTimestamp, decoded(r.Data.Raw)})
			}
		}
	case *appsv1.Deployment:
		l, err := k.AppsV1().ReplicaSets(w.Namespace).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(w.Spec.Selector)})
		if err != nil {
			return nil, err
		}
		for i := range l.Items {
			r := &l.Items[i]
			var n int64
			if _, err := fmt.Sscan(r.Annotations["deployment.kubernetes.io/revision"], &n); err == nil && metav1.IsControlledBy(r, o) {
				x, _ := plain(r).(map[string]any)
				all = append(all, version{n, r.CreationTimestamp, x})
			}
		}
	}
	slices.SortFunc(all, func(a, b version) int { return int(b.number - a.number) })
	return since(all, o), nil
}

// version is what a template was once.
type version struct {
	number int64
	made   metav1.Time
	object map[string]any
}

// since leaves out, of the versions, those that others made after EKS's last change: what was
// before is what EKS wanted.
func since(all []version, o metav1.Object) (out []map[string]any) {
	var last metav1.Time
	for _, f := range o.GetManagedFields() {
		if f.Manager == eksManager && f.Time != nil {
			last = *f.Time
		}
	}
	first := 0
	for i, v := range all {
		if !v.made.Before(&last) {
			first = i
		}
	}
	for _, v := range all[min(first, len(all)):] {
		out = append(out, v.object)
	}
	return out
}

func decoded(raw []byte) (out map[string]any) {
	if json.Unmarshal(raw, &out) != nil {
		return nil
	}
	return out
}

// plain is an object as JSON has it.
func plain(o metav1.Object) (out any) {
	b, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		return nil // it came from JSON
	}
	return out
}

func anys(past []map[string]any) []any {
	out := make([]any, len(past))
	for i, p := range past {
		out[i] = p
	}
	return out
}
