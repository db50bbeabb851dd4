package kubeapi

import (
	"context"
	"reflect"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
)

// scalable are the kinds of which a number of replicas is kept.
var scalable = map[string]bool{"Deployment": true, "ReplicaSet": true, "StatefulSet": true, "ReplicationController": true}

// scaleREST is the scale subresource, through which `kubectl scale` and autoscalers
// change that number alone.
type scaleREST struct{ s *registry.Store }

func (scaleREST) New() runtime.Object { return &autoscalingv1.Scale{} }
func (scaleREST) Destroy()            {}
func (scaleREST) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return autoscalingv1.SchemeGroupVersion.WithKind("Scale")
}

func (r scaleREST) Get(ctx context.Context, name string, o *metav1.GetOptions) (runtime.Object, error) {
	x, err := r.s.Get(ctx, name, o)
	if err != nil {
		return nil, err
	}
	return scaleOf(x)
}

func (r scaleREST) Update(ctx context.Context, name string, u rest.UpdatedObjectInfo, _ rest.ValidateObjectFunc, _ rest.ValidateObjectUpdateFunc, _ bool,
	o *metav1.UpdateOptions) (runtime.Object, bool, error) {
	set := func(ctx context.Context, _, old runtime.Object) (runtime.Object, error) {
		was, err := scaleOf(old)
		if err != nil {
			return nil, err
		}
		wanted, err := u.UpdatedObject(ctx, was)
		if err != nil {
			return nil, err
		}
		s, x := wanted.(*autoscalingv1.Scale), old.DeepCopyObject()
		specOf(x).FieldByName("Replicas").Set(reflect.ValueOf(&s.Spec.Replicas))
		m, err := meta.Accessor(x)
		if err == nil && s.ResourceVersion != "" {
			m.SetResourceVersion(s.ResourceVersion)
		}
		return x, err
	}
	x, _, err := r.s.Update(ctx, name, rest.DefaultUpdatedObjectInfo(nil, set), rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, o)
	if err != nil {
		return nil, false, err
	}
	s, err := scaleOf(x)
	return s, false, err
}

// scaleOf is an object's scale.
func scaleOf(o runtime.Object) (*autoscalingv1.Scale, error) {
	m, err := meta.Accessor(o)
	if err != nil {
		return nil, err
	}
	s := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: m.GetName(), Namespace: m.GetNamespace(), UID: m.GetUID(),
		ResourceVersion: m.GetResourceVersion(), CreationTimestamp: m.GetCreationTimestamp()}}
	if n, ok := specOf(o).FieldByName("Replicas").Interface().(*int32); ok && n != nil {
		s.Spec.Replicas = *n
	}
	s.Status.Replicas = int32(statusOf(o).FieldByName("Replicas").Int())
	switch sel := specOf(o).FieldByName("Selector").Interface().(type) {
	case *metav1.LabelSelector:
		l, err := metav1.LabelSelectorAsSelector(sel)
		if err != nil {
			return nil, err
		}
		s.Status.Selector = l.String()
	case map[string]string:
		s.Status.Selector = metav1.FormatLabelSelector(metav1.SetAsLabelSelector(sel))
	}
	return s, nil
}
