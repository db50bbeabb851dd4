package kubeapi

import (
	"encoding/json"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// Manifest is an object as one writes it down to have it applied: its kind, its name, and
// the fields that one wants, none of those that are empty.
type Manifest map[string]any

// ManifestOf is an object's manifest.
func ManifestOf(o runtime.Object) (Manifest, error) {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, err
	}
	k := kindOf(o)
	m["apiVersion"], m["kind"] = k.gv.String(), k.name
	delete(m, "status")
	prune(m)
	return m, nil
}

// unsaid are structs that Go writes down though nothing is in them.
var unsaid = map[string]bool{"resources": true, "strategy": true, "updateStrategy": true, "spec": true}

func prune(x any) {
	switch x := x.(type) {
	case map[string]any:
		for k, v := range x {
			prune(v)
			if m, is := v.(map[string]any); v == nil || is && len(m) == 0 && unsaid[k] {
				delete(x, k)
			}
		}
	case []any:
		for _, v := range x {
			prune(v)
		}
	}
}

// Name is the object's, with its kind as Kubernetes' conflicts call it: DaemonSet.apps aws-node.
func (m Manifest) Name() string {
	k, name := m.find()
	s := k.name
	if k.gv.Group != "" {
		s += "." + k.gv.Group
	}
	return s + " " + name.Name
}

func (m Manifest) find() (kind, types.NamespacedName) {
	md, _ := m["metadata"].(map[string]any)
	ns, _ := md["namespace"].(string)
	name, _ := md["name"].(string)
	for _, k := range kinds {
		if k.name == m["kind"] && k.gv.String() == m["apiVersion"] {
			return k, types.NamespacedName{Namespace: ns, Name: name}
		}
	}
	panic("kubeapi: no such kind is stored")
}

// Applying is how a manifest is applied.
type Applying struct {
	Force bool // fields that are others' are taken over
	Dry   bool // it is only asked whether it could be
}

// Apply has an object be as its manifest says, by server-side apply: the writer's manager
// owns the fields in it, and what it owned before and does not name any more goes. Fields of
// other values that are others' are a conflict.
func (c *Cluster) Apply(w *Writer, m Manifest, how Applying) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	options := []string{"force", map[bool]string{true: "true", false: "false"}[how.Force]}
	if how.Dry {
		options = append(options, "dryRun", metav1.DryRunAll)
	}
	k, name := m.find()
	return c.ask(w, http.MethodPatch, k.path(name.Namespace, name.Name), string(types.ApplyPatchType), body, options...)
}

// Conflicts are the fields that others own, of an apply that was refused for them; none of
// another error.
func Conflicts(err error) (fields []string) {
	e, ok := err.(apierrors.APIStatus)
	if !ok || !apierrors.IsConflict(err) || e.Status().Details == nil {
		return nil
	}
	for _, c := range e.Status().Details.Causes {
		if c.Type == metav1.CauseTypeFieldManagerConflict {
			fields = append(fields, c.Field)
		}
	}
	return fields
}

// Yield takes fields that are others' out of a manifest, by their paths as conflicts name
// them.
func (c *Cluster) Yield(m Manifest, fields []string) error {
	k, name := m.find()
	o, err := meta.Accessor(c.objects.get(k.key(name.Namespace, name.Name)))
	if err != nil {
		return err
	}
	for _, f := range o.GetManagedFields() {
		var owned map[string]any
		if f.FieldsV1 != nil && json.Unmarshal(f.FieldsV1.Raw, &owned) == nil {
			yield(map[string]any(m), owned, "", fields)
		}
	}
	return nil
}
