package kubeapi

import (
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authnv1 "k8s.io/api/authentication/v1"
	authzv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
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
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
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
	{corev1.SchemeGroupVersion, "Endpoints", "endpoints", "endpoints", true, false, []string{"ep"}},
	{corev1.SchemeGroupVersion, "LimitRange", "limitranges", "limitrange", true, false, []string{"limits"}},
	{corev1.SchemeGroupVersion, "PersistentVolume", "persistentvolumes", "persistentvolume", false, true, []string{"pv"}},
	{corev1.SchemeGroupVersion, "PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim", true, true, []string{"pvc"}},
	{corev1.SchemeGroupVersion, "PodTemplate", "podtemplates", "podtemplate", true, false, nil},
	{corev1.SchemeGroupVersion, "ReplicationController", "replicationcontrollers", "replicationcontroller", true, true, []string{"rc"}},
	{corev1.SchemeGroupVersion, "ResourceQuota", "resourcequotas", "resourcequota", true, true, []string{"quota"}},
	{appsv1.SchemeGroupVersion, "ControllerRevision", "controllerrevisions", "controllerrevision", true, false, nil},
	{appsv1.SchemeGroupVersion, "DaemonSet", "daemonsets", "daemonset", true, true, []string{"ds"}},
	{appsv1.SchemeGroupVersion, "Deployment", "deployments", "deployment", true, true, []string{"deploy"}},
	{appsv1.SchemeGroupVersion, "ReplicaSet", "replicasets", "replicaset", true, true, []string{"rs"}},
	{appsv1.SchemeGroupVersion, "StatefulSet", "statefulsets", "statefulset", true, true, []string{"sts"}},
	{policyv1.SchemeGroupVersion, "PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", true, true, []string{"pdb"}},
	{coordinationv1.SchemeGroupVersion, "Lease", "leases", "lease", true, false, nil},
	{rbacv1.SchemeGroupVersion, "ClusterRole", "clusterroles", "clusterrole", false, false, nil},
	{rbacv1.SchemeGroupVersion, "ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding", false, false, nil},
	{rbacv1.SchemeGroupVersion, "Role", "roles", "role", true, false, nil},
	{rbacv1.SchemeGroupVersion, "RoleBinding", "rolebindings", "rolebinding", true, false, nil},
	{networkingv1.SchemeGroupVersion, "Ingress", "ingresses", "ingress", true, true, []string{"ing"}},
	{networkingv1.SchemeGroupVersion, "IngressClass", "ingressclasses", "ingressclass", false, false, nil},
	{networkingv1.SchemeGroupVersion, "NetworkPolicy", "networkpolicies", "networkpolicy", true, false, []string{"netpol"}},
	{networkingv1.SchemeGroupVersion, "IPAddress", "ipaddresses", "ipaddress", false, false, []string{"ip"}},
	{networkingv1.SchemeGroupVersion, "ServiceCIDR", "servicecidrs", "servicecidr", false, true, nil},
	{batchv1.SchemeGroupVersion, "Job", "jobs", "job", true, true, nil},
	{batchv1.SchemeGroupVersion, "CronJob", "cronjobs", "cronjob", true, true, []string{"cj"}},
	{autoscalingv2.SchemeGroupVersion, "HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler", true, true, []string{"hpa"}},
	{discoveryv1.SchemeGroupVersion, "EndpointSlice", "endpointslices", "endpointslice", true, false, nil},
	{schedulingv1.SchemeGroupVersion, "PriorityClass", "priorityclasses", "priorityclass", false, false, []string{"pc"}},
	{storagev1.SchemeGroupVersion, "StorageClass", "storageclasses", "storageclass", false, false, []string{"sc"}},
	{storagev1.SchemeGroupVersion, "CSIDriver", "csidrivers", "csidriver", false, false, nil},
	{storagev1.SchemeGroupVersion, "CSINode", "csinodes", "csinode", false, false, nil},
	{storagev1.SchemeGroupVersion, "CSIStorageCapacity", "csistoragecapacities", "csistoragecapacity", true, false, nil},
	{storagev1.SchemeGroupVersion, "VolumeAttachment", "volumeattachments", "volumeattachment", false, true, nil},
	{nodev1.SchemeGroupVersion, "RuntimeClass", "runtimeclasses", "runtimeclass", false, false, nil},
	{certificatesv1.SchemeGroupVersion, "CertificateSigningRequest", "certificatesigningrequests", "certificatesigningrequest", false, true,
		[]string{"csr"}},
	{flowcontrolv1.SchemeGroupVersion, "FlowSchema", "flowschemas", "flowschema", false, true, nil},
	{flowcontrolv1.SchemeGroupVersion, "PriorityLevelConfiguration", "prioritylevelconfigurations", "prioritylevelconfiguration", false, true, nil},
	{admissionv1.SchemeGroupVersion, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "mutatingwebhookconfiguration", false, false, nil},
	{admissionv1.SchemeGroupVersion, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "validatingwebhookconfiguration", false, false,
		nil},
	{admissionv1.SchemeGroupVersion, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", "validatingadmissionpolicy", false, true, nil},
	{admissionv1.SchemeGroupVersion, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "validatingadmissionpolicybinding", false,
		false, nil},
}

// groupVersions are the API groups that are served.
var groupVersions = []schema.GroupVersion{corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, policyv1.SchemeGroupVersion, authnv1.SchemeGroupVersion,
	authzv1.SchemeGroupVersion, coordinationv1.SchemeGroupVersion, rbacv1.SchemeGroupVersion, networkingv1.SchemeGroupVersion,
	batchv1.SchemeGroupVersion, autoscalingv2.SchemeGroupVersion, discoveryv1.SchemeGroupVersion, schedulingv1.SchemeGroupVersion,
	storagev1.SchemeGroupVersion, nodev1.SchemeGroupVersion, certificatesv1.SchemeGroupVersion, flowcontrolv1.SchemeGroupVersion,
	admissionv1.SchemeGroupVersion}

var (
	scheme     = runtime.NewScheme()
	codecs     = serializer.NewCodecFactory(scheme)
	paramCodec = runtime.NewParameterCodec(scheme)
)

func init() {
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme, authnv1.AddToScheme, authzv1.AddToScheme,
		coordinationv1.AddToScheme, rbacv1.AddToScheme, networkingv1.AddToScheme, batchv1.AddToScheme, autoscalingv2.AddToScheme,
		discoveryv1.AddToScheme, schedulingv1.AddToScheme, storagev1.AddToScheme, nodev1.AddToScheme, certificatesv1.AddToScheme,
		flowcontrolv1.AddToScheme, admissionv1.AddToScheme} {
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
	// Both versions of the request for an eviction are read, as by Kubernetes; nothing
	// else of the older one is served.
	scheme.AddKnownTypes(policyv1beta1.SchemeGroupVersion, &policyv1beta1.Eviction{})
	if err := scheme.AddConversionFunc((*policyv1beta1.Eviction)(nil), (*policyv1.Eviction)(nil), func(a, b any, _ conversion.Scope) error {
		in, out := a.(*policyv1beta1.Eviction), b.(*policyv1.Eviction)
		out.ObjectMeta, out.DeleteOptions = in.ObjectMeta, in.DeleteOptions
		return nil
	}); err != nil {
		panic(err)
	}
	for _, v := range []string{autoscalingv1.SchemeGroupVersion.Version, runtime.APIVersionInternal} {
		scheme.AddKnownTypes(schema.GroupVersion{Group: autoscalingv1.GroupName, Version: v}, &autoscalingv1.Scale{})
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
