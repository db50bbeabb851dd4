package kubeapi

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	authnv1 "k8s.io/api/authentication/v1"
	authzv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// kind is one stored Kubernetes kind.
type kind struct {
	gv         schema.GroupVersion
	name       string // Pod
	resource   string // pods
	singular   string // pod
	namespaced bool
	status     bool // has a status subresource
	short      []string
}

var kinds = []kind{
	{corev1.SchemeGroupVersion, "Namespace", "namespaces", "namespace", false, true, []string{"ns"}},
	{corev1.SchemeGroupVersion, "Node", "nodes", "node", false, true, []string{"no"}},
	{corev1.SchemeGroupVersion, "Pod", "pods", "pod", true, true, []string{"po"}},
	{corev1.SchemeGroupVersion, "ConfigMap", "configmaps", "configmap", true, false, []string{"cm"}},
	{corev1.SchemeGroupVersion, "Event", "events", "event", true, false, []string{"ev"}},
	{corev1.SchemeGroupVersion, "Service", "services", "service", true, true, []string{"svc"}},
	{corev1.SchemeGroupVersion, "ServiceAccount", "serviceaccounts", "serviceaccount", true, false, []string{"sa"}},
	{corev1.SchemeGroupVersion, "Secret", "secrets", "secret", true, false, nil},
	{appsv1.SchemeGroupVersion, "DaemonSet", "daemonsets", "daemonset", true, true, []string{"ds"}},
	{appsv1.SchemeGroupVersion, "Deployment", "deployments", "deployment", true, true, []string{"deploy"}},
	{appsv1.SchemeGroupVersion, "ReplicaSet", "replicasets", "replicaset", true, true, []string{"rs"}},
	{policyv1.SchemeGroupVersion, "PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", true, true, []string{"pdb"}},
	{coordinationv1.SchemeGroupVersion, "Lease", "leases", "lease", true, false, nil},
	{rbacv1.SchemeGroupVersion, "ClusterRole", "clusterroles", "clusterrole", false, false, nil},
	{rbacv1.SchemeGroupVersion, "ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding", false, false, nil},
	{rbacv1.SchemeGroupVersion, "Role", "roles", "role", true, false, nil},
	{rbacv1.SchemeGroupVersion, "RoleBinding", "rolebindings", "rolebinding", true, false, nil},
}

// groupVersions are the API groups that are served.
var groupVersions = []schema.GroupVersion{corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, policyv1.SchemeGroupVersion, authnv1.SchemeGroupVersion,
	authzv1.SchemeGroupVersion, coordinationv1.SchemeGroupVersion, rbacv1.SchemeGroupVersion}

var (
	scheme     = runtime.NewScheme()
	codecs     = serializer.NewCodecFactory(scheme)
	paramCodec = runtime.NewParameterCodec(scheme)
)

func init() {
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme, authnv1.AddToScheme, authzv1.AddToScheme,
		coordinationv1.AddToScheme, rbacv1.AddToScheme} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	for _, gv := range groupVersions {
		internal := schema.GroupVersion{Group: gv.Group, Version: runtime.APIVersionInternal}
		for k := range scheme.KnownTypes(gv) {
			o, err := scheme.New(gv.WithKind(k))
			if err == nil && k != "WatchEvent" && !scheme.Recognizes(internal.WithKind(k)) {
				scheme.AddKnownTypeWithName(internal.WithKind(k), o)
			}
		}
		if err := scheme.SetVersionPriority(gv); err != nil {
			panic(err)
		}
	}
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	for _, k := range kinds {
		if err := scheme.AddFieldLabelConversionFunc(k.gv.WithKind(k.name), k.fieldLabel); err != nil {
			panic(err)
		}
	}
}

// fieldLabel admits the fields that Kubernetes can select this kind by.
func (k kind) fieldLabel(label, value string) (string, string, error) {
	_, known, err := attrs(k.empty())
	if err == nil && !known.Has(label) {
		err = fmt.Errorf("%q is not a known field selector of %s", label, k.resource)
	}
	return label, value, err
}

func (k kind) gr() schema.GroupResource {
	return schema.GroupResource{Group: k.gv.Group, Resource: k.resource}
}

// prefix is where the kind's objects are stored.
func (k kind) prefix() string {
	if k.gv.Group == "" {
		return "/" + k.resource
	}
	return "/" + k.gv.Group + "/" + k.resource
}

func (k kind) key(ns, name string) string {
	if k.namespaced {
		return k.prefix() + "/" + ns + "/" + name
	}
	return k.prefix() + "/" + name
}

func (k kind) empty() runtime.Object {
	o, err := scheme.New(k.gv.WithKind(k.name))
	if err != nil {
		panic(err) // the kinds above are all in the scheme
	}
	return o
}

func (k kind) emptyList() runtime.Object {
	o, err := scheme.New(k.gv.WithKind(k.name + "List"))
	if err != nil {
		panic(err)
	}
	return o
}

// kindOf finds the kind of a typed object.
func kindOf(o runtime.Object) kind {
	gvks, _, err := scheme.ObjectKinds(o)
	if err == nil {
		for _, g := range gvks {
			for _, k := range kinds {
				if k.name == g.Kind && k.gv.Group == g.Group {
					return k
				}
			}
		}
	}
	panic("kubeapi: no such kind is stored")
}
