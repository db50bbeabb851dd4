package kubeapi

import (
	"reflect"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	resourcev1 "k8s.io/api/resource/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crds "k8s.io/apiextensions-apiserver/pkg/apiserver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	aggregationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregator "k8s.io/kube-aggregator/pkg/apiserver/scheme"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// kind is one built-in Kubernetes kind as it is stored: in one version, whichever
// versions it is served in.
type kind struct {
	gv         schema.GroupVersion
	name       string // Pod
	resource   string // pods
	namespaced bool
}

var kinds = []kind{
	{corev1.SchemeGroupVersion, "Namespace", "namespaces", false},
	{corev1.SchemeGroupVersion, "Node", "nodes", false},
	{corev1.SchemeGroupVersion, "Pod", "pods", true},
	{corev1.SchemeGroupVersion, "ConfigMap", "configmaps", true},
	{corev1.SchemeGroupVersion, "Event", "events", true},
	{corev1.SchemeGroupVersion, "Service", "services", true},
	{corev1.SchemeGroupVersion, "ServiceAccount", "serviceaccounts", true},
	{corev1.SchemeGroupVersion, "Secret", "secrets", true},
	{corev1.SchemeGroupVersion, "Endpoints", "endpoints", true},
	{corev1.SchemeGroupVersion, "LimitRange", "limitranges", true},
	{corev1.SchemeGroupVersion, "PersistentVolume", "persistentvolumes", false},
	{corev1.SchemeGroupVersion, "PersistentVolumeClaim", "persistentvolumeclaims", true},
	{corev1.SchemeGroupVersion, "PodTemplate", "podtemplates", true},
	{corev1.SchemeGroupVersion, "ReplicationController", "replicationcontrollers", true},
	{corev1.SchemeGroupVersion, "ResourceQuota", "resourcequotas", true},
	{appsv1.SchemeGroupVersion, "ControllerRevision", "controllerrevisions", true},
	{appsv1.SchemeGroupVersion, "DaemonSet", "daemonsets", true},
	{appsv1.SchemeGroupVersion, "Deployment", "deployments", true},
	{appsv1.SchemeGroupVersion, "ReplicaSet", "replicasets", true},
	{appsv1.SchemeGroupVersion, "StatefulSet", "statefulsets", true},
	{policyv1.SchemeGroupVersion, "PodDisruptionBudget", "poddisruptionbudgets", true},
	{coordinationv1.SchemeGroupVersion, "Lease", "leases", true},
	{rbacv1.SchemeGroupVersion, "ClusterRole", "clusterroles", false},
	{rbacv1.SchemeGroupVersion, "ClusterRoleBinding", "clusterrolebindings", false},
	{rbacv1.SchemeGroupVersion, "Role", "roles", true},
	{rbacv1.SchemeGroupVersion, "RoleBinding", "rolebindings", true},
	{networkingv1.SchemeGroupVersion, "Ingress", "ingresses", true},
	{networkingv1.SchemeGroupVersion, "IngressClass", "ingressclasses", false},
	{networkingv1.SchemeGroupVersion, "NetworkPolicy", "networkpolicies", true},
	{networkingv1.SchemeGroupVersion, "IPAddress", "ipaddresses", false},
	{networkingv1.SchemeGroupVersion, "ServiceCIDR", "servicecidrs", false},
	{batchv1.SchemeGroupVersion, "Job", "jobs", true},
	{batchv1.SchemeGroupVersion, "CronJob", "cronjobs", true},
	{autoscalingv2.SchemeGroupVersion, "HorizontalPodAutoscaler", "horizontalpodautoscalers", true},
	{discoveryv1.SchemeGroupVersion, "EndpointSlice", "endpointslices", true},
	{schedulingv1.SchemeGroupVersion, "PriorityClass", "priorityclasses", false},
	{storagev1.SchemeGroupVersion, "StorageClass", "storageclasses", false},
	{storagev1.SchemeGroupVersion, "CSIDriver", "csidrivers", false},
	{storagev1.SchemeGroupVersion, "CSINode", "csinodes", false},
	{storagev1.SchemeGroupVersion, "CSIStorageCapacity", "csistoragecapacities", true},
	{storagev1.SchemeGroupVersion, "VolumeAttachment", "volumeattachments", false},
	{storagev1.SchemeGroupVersion, "VolumeAttributesClass", "volumeattributesclasses", false},
	{nodev1.SchemeGroupVersion, "RuntimeClass", "runtimeclasses", false},
	{certificatesv1.SchemeGroupVersion, "CertificateSigningRequest", "certificatesigningrequests", false},
	{flowcontrolv1.SchemeGroupVersion, "FlowSchema", "flowschemas", false},
	{flowcontrolv1.SchemeGroupVersion, "PriorityLevelConfiguration", "prioritylevelconfigurations", false},
	{admissionv1.SchemeGroupVersion, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false},
	{admissionv1.SchemeGroupVersion, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false},
	{admissionv1.SchemeGroupVersion, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", false},
	{admissionv1.SchemeGroupVersion, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", false},
	{resourcev1.SchemeGroupVersion, "DeviceClass", "deviceclasses", false},
	{resourcev1.SchemeGroupVersion, "ResourceClaim", "resourceclaims", true},
	{resourcev1.SchemeGroupVersion, "ResourceClaimTemplate", "resourceclaimtemplates", true},
	{resourcev1.SchemeGroupVersion, "ResourceSlice", "resourceslices", false},
	{apiextensionsv1.SchemeGroupVersion, "CustomResourceDefinition", "customresourcedefinitions", false},
	{aggregationv1.SchemeGroupVersion, "APIService", "apiservices", false},
}

func init() {
	// kube-aggregator's own server does this too (pkg/apiserver/apiserver.go).
	metav1.AddToGroupVersion(aggregator.Scheme, schema.GroupVersion{Version: "v1"})
	metav1.AddToGroupVersion(crds.Scheme, schema.GroupVersion{Version: "v1"})
}

// schemeOf is where upstream keeps the types of a group.
func schemeOf(group string) *runtime.Scheme {
	switch group {
	case apiextensionsv1.GroupName:
		return crds.Scheme
	case aggregationv1.GroupName:
		return aggregator.Scheme
	}
	return legacyscheme.Scheme
}

// prefix is where the kind's objects are stored.
func (k kind) prefix() string {
	return prefixOf(schema.GroupResource{Group: k.gv.Group, Resource: k.resource})
}

// generations tells whether Kubernetes counts the versions of a kind's specification.
func (k kind) generations() bool {
	switch k.gv.Group {
	case corev1.GroupName:
		return k.name == "Pod" || k.name == "ReplicationController"
	case rbacv1.GroupName, aggregationv1.GroupName, coordinationv1.GroupName:
		return false
	}
	return k.name == "PriorityClass" || reflect.ValueOf(k.empty()).Elem().FieldByName("Spec").IsValid()
}

func prefixOf(r schema.GroupResource) string {
	return "/" + strings.TrimPrefix(r.Group+"/", "/") + r.Resource
}

func (k kind) key(ns, name string) string {
	if k.namespaced {
		return k.prefix() + "/" + ns + "/" + name
	}
	return k.prefix() + "/" + name
}

func (k kind) empty() runtime.Object {
	o, err := schemeOf(k.gv.Group).New(k.gv.WithKind(k.name))
	if err != nil {
		panic(err) // the kinds above are all in a scheme
	}
	return o
}

// kindOf finds the kind of a typed object.
func kindOf(o runtime.Object) kind {
	for _, s := range []*runtime.Scheme{legacyscheme.Scheme, crds.Scheme, aggregator.Scheme} {
		gvks, _, err := s.ObjectKinds(o)
		if err != nil {
			continue
		}
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

// nameOf is how a saved cluster calls an object's kind: "" for a custom one, which says
// itself what it is.
func nameOf(o runtime.Object) string {
	if _, custom := o.(*unstructured.Unstructured); custom {
		return ""
	}
	return kindOf(o).name
}
