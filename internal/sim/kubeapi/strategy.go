package kubeapi

import (
	"context"
	"fmt"
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/api/validation/path"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
)

// strategy is what Kubernetes does to objects of one kind on their way in.
type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	kind   kind
	status bool // writes through /status change nothing else, and the reverse
}

func newStrategy(k kind, status bool) strategy {
	return strategy{scheme, names.SimpleNameGenerator, k, status}
}

func (s strategy) NamespaceScoped() bool                                          { return s.kind.namespaced }
func (strategy) WarningsOnCreate(context.Context, runtime.Object) []string        { return nil }
func (strategy) WarningsOnUpdate(_ context.Context, _, _ runtime.Object) []string { return nil }
func (strategy) Canonicalize(runtime.Object)                                      {}
func (strategy) AllowCreateOnUpdate() bool                                        { return false }
func (strategy) AllowUnconditionalUpdate() bool                                   { return true }

func statusOf(o runtime.Object) reflect.Value {
	return reflect.ValueOf(o).Elem().FieldByName("Status")
}

func specOf(o runtime.Object) reflect.Value {
	return reflect.ValueOf(o).Elem().FieldByName("Spec")
}

func (s strategy) PrepareForCreate(_ context.Context, o runtime.Object) {
	if v := statusOf(o); s.kind.status && v.IsValid() && s.kind.name != "Node" {
		v.SetZero()
	}
	m, err := meta.Accessor(o)
	if err == nil && specOf(o).IsValid() {
		m.SetGeneration(1)
	}
	setDefaults(o)
}

// PrepareForUpdate keeps status and spec apart and counts generations.
func (s strategy) PrepareForUpdate(_ context.Context, o, old runtime.Object) {
	if s.status {
		n := old.DeepCopyObject()
		statusOf(n).Set(statusOf(o))
		om, _ := meta.Accessor(o)
		nm, _ := meta.Accessor(n)
		nm.SetResourceVersion(om.GetResourceVersion())
		nm.SetManagedFields(om.GetManagedFields())
		reflect.ValueOf(o).Elem().Set(reflect.ValueOf(n).Elem())
		return
	}
	setDefaults(o)
	if v := statusOf(o); s.kind.status && v.IsValid() {
		v.Set(statusOf(old))
	}
	if sp := specOf(o); sp.IsValid() && !reflect.DeepEqual(sp.Interface(), specOf(old).Interface()) {
		a, _ := meta.Accessor(old)
		b, _ := meta.Accessor(o)
		b.SetGeneration(a.GetGeneration() + 1)
	}
}

func (s strategy) Validate(_ context.Context, o runtime.Object) field.ErrorList {
	m, err := meta.Accessor(o)
	if err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	name := validation.NameIsDNSSubdomain
	if s.kind.gv.Group == rbacv1.GroupName {
		name = path.ValidatePathSegmentName // such as eks:node-manager
	}
	errs := validation.ValidateObjectMetaAccessor(m, s.kind.namespaced, name, field.NewPath("metadata"))
	return append(errs, validateSpec(o)...)
}

func (s strategy) ValidateUpdate(_ context.Context, o, old runtime.Object) field.ErrorList {
	a, _ := meta.Accessor(o)
	b, _ := meta.Accessor(old)
	errs := validation.ValidateObjectMetaAccessorUpdate(a, b, field.NewPath("metadata"))
	return append(errs, validateSpec(o)...)
}

// CheckGracefulDelete lets a running pod finish on its node; everything else goes
// at once.
func (s strategy) CheckGracefulDelete(_ context.Context, o runtime.Object, opts *metav1.DeleteOptions) bool {
	p, ok := o.(*corev1.Pod)
	if !ok {
		return false
	}
	grace := int64(30)
	if opts.GracePeriodSeconds != nil {
		grace = *opts.GracePeriodSeconds
	} else if p.Spec.TerminationGracePeriodSeconds != nil {
		grace = *p.Spec.TerminationGracePeriodSeconds
	}
	if p.Spec.NodeName == "" || p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded {
		grace = 0
	}
	opts.GracePeriodSeconds = &grace
	return true
}

var _ rest.RESTGracefulDeleteStrategy = strategy{}

func validateSpec(o runtime.Object) field.ErrorList {
	var errs field.ErrorList
	need := func(sel *metav1.LabelSelector, t map[string]string) {
		if sel == nil || len(sel.MatchLabels)+len(sel.MatchExpressions) == 0 {
			errs = append(errs, field.Required(field.NewPath("spec", "selector"), ""))
		} else if s, err := metav1.LabelSelectorAsSelector(sel); err != nil || !s.Matches(labels.Set(t)) {
			errs = append(errs, field.Invalid(field.NewPath("spec", "template", "metadata", "labels"), t, "`selector` does not match template `labels`"))
		}
	}
	switch x := o.(type) {
	case *corev1.Pod:
		if len(x.Spec.Containers) == 0 {
			errs = append(errs, field.Required(field.NewPath("spec", "containers"), ""))
		}
		for i, c := range x.Spec.Containers {
			if c.Name == "" || c.Image == "" {
				errs = append(errs, field.Required(field.NewPath("spec", "containers").Index(i), "name and image"))
			}
		}
	case *appsv1.Deployment:
		need(x.Spec.Selector, x.Spec.Template.Labels)
	case *appsv1.DaemonSet:
		need(x.Spec.Selector, x.Spec.Template.Labels)
	case *appsv1.ReplicaSet:
		need(x.Spec.Selector, x.Spec.Template.Labels)
	case *appsv1.StatefulSet:
		need(x.Spec.Selector, x.Spec.Template.Labels)
	default:
		return validateBuiltin(o)
	}
	return errs
}

func setDefaults(o runtime.Object) {
	switch x := o.(type) {
	case *corev1.Namespace:
		if x.Status.Phase == "" {
			x.Status.Phase = corev1.NamespaceActive
		}
	case *corev1.Pod:
		podDefaults(&x.Spec)
		if x.Status.Phase == "" {
			x.Status.Phase = corev1.PodPending
		}
	case *appsv1.Deployment:
		podDefaults(&x.Spec.Template.Spec)
		if x.Spec.Replicas == nil {
			x.Spec.Replicas = new(int32(1))
		}
		if x.Spec.Strategy.Type == "" {
			x.Spec.Strategy.Type = appsv1.RollingUpdateDeploymentStrategyType
		}
	case *appsv1.ReplicaSet:
		podDefaults(&x.Spec.Template.Spec)
		if x.Spec.Replicas == nil {
			x.Spec.Replicas = new(int32(1))
		}
	case *appsv1.DaemonSet:
		podDefaults(&x.Spec.Template.Spec)
		if x.Spec.UpdateStrategy.Type == "" {
			x.Spec.UpdateStrategy.Type = appsv1.RollingUpdateDaemonSetStrategyType
		}
	case *corev1.Service:
		if x.Spec.Type == "" {
			x.Spec.Type = corev1.ServiceTypeClusterIP
		}
	default:
		builtinDefaults(o)
	}
}

func podDefaults(s *corev1.PodSpec) {
	if s.RestartPolicy == "" {
		s.RestartPolicy = corev1.RestartPolicyAlways
	}
	if s.DNSPolicy == "" {
		s.DNSPolicy = corev1.DNSClusterFirst
	}
	if s.TerminationGracePeriodSeconds == nil {
		s.TerminationGracePeriodSeconds = new(int64(30))
	}
	if s.ServiceAccountName == "" {
		s.ServiceAccountName = "default"
	}
	if s.SchedulerName == "" {
		s.SchedulerName = "default-scheduler"
	}
}

// attrs are the labels and fields that selectors can name.
func attrs(o runtime.Object) (labels.Set, fields.Set, error) {
	m, err := meta.Accessor(o)
	if err != nil {
		return nil, nil, err
	}
	f := fields.Set{"metadata.name": m.GetName(), "metadata.namespace": m.GetNamespace()}
	switch x := o.(type) {
	case *corev1.Pod:
		f["spec.nodeName"] = x.Spec.NodeName
		f["status.phase"] = string(x.Status.Phase)
		f["spec.restartPolicy"] = string(x.Spec.RestartPolicy)
	case *corev1.Node:
		f["spec.unschedulable"] = fmt.Sprint(x.Spec.Unschedulable)
	case *corev1.Event:
		f["involvedObject.kind"] = x.InvolvedObject.Kind
		f["involvedObject.name"] = x.InvolvedObject.Name
		f["involvedObject.namespace"] = x.InvolvedObject.Namespace
		f["involvedObject.uid"] = string(x.InvolvedObject.UID)
		f["reason"] = x.Reason
		f["type"] = x.Type
	case *corev1.Secret:
		f["type"] = string(x.Type)
	}
	return m.GetLabels(), f, nil
}
