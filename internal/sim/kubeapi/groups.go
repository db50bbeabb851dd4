package kubeapi

import (
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
	eventsv1 "k8s.io/api/events/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	flowcontrolv1beta3 "k8s.io/api/flowcontrol/v1beta3"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	resourcev1 "k8s.io/api/resource/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	aggregationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	// What is known of every group: types, conversions, defaults.
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/authentication/install"
	_ "k8s.io/kubernetes/pkg/apis/authorization/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/certificates/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/events/install"
	_ "k8s.io/kubernetes/pkg/apis/extensions/install"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/resource/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
)

// served is what EKS serves of a Kubernetes minor: what is stable, and none of the
// betas, as of 1.24 (pkg/controlplane/instance.go of each release says what is on by
// default; the deprecation guide when versions went).
func served(minor int) *serverstorage.ResourceConfig {
	r := serverstorage.NewResourceConfig()
	r.EnableVersions(corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, authnv1.SchemeGroupVersion, authzv1.SchemeGroupVersion,
		autoscalingv1.SchemeGroupVersion, autoscalingv2.SchemeGroupVersion, batchv1.SchemeGroupVersion, certificatesv1.SchemeGroupVersion,
		coordinationv1.SchemeGroupVersion, discoveryv1.SchemeGroupVersion, eventsv1.SchemeGroupVersion, flowcontrolv1.SchemeGroupVersion,
		networkingv1.SchemeGroupVersion, nodev1.SchemeGroupVersion, policyv1.SchemeGroupVersion, rbacv1.SchemeGroupVersion,
		schedulingv1.SchemeGroupVersion, storagev1.SchemeGroupVersion, admissionv1.SchemeGroupVersion, apiextensionsv1.SchemeGroupVersion,
		aggregationv1.SchemeGroupVersion)
	if minor < 32 { // removed in 1.32
		r.EnableVersions(flowcontrolv1beta3.SchemeGroupVersion)
	}
	if minor < 33 { // stable with 1.33: MultiCIDRServiceAllocator
		r.DisableResources(networkingv1.SchemeGroupVersion.WithResource("ipaddresses"), networkingv1.SchemeGroupVersion.WithResource("servicecidrs"))
	}
	if minor >= 34 { // stable with 1.34: dynamic resource allocation
		r.EnableVersions(resourcev1.SchemeGroupVersion)
	} else { // as are volume attributes classes
		r.DisableResources(storagev1.SchemeGroupVersion.WithResource("volumeattributesclasses"))
	}
	return r
}

// ranks are how kube-aggregator orders groups and their versions in discovery, and what
// its local APIServices say (cmd/kube-apiserver/app/aggregator.go).
var ranks = map[schema.GroupVersion]struct{ group, version int32 }{
	aggregationv1.SchemeGroupVersion:      {20000, 20}, // it shows itself first, without an APIService
	corev1.SchemeGroupVersion:             {18000, 1},
	eventsv1.SchemeGroupVersion:           {17750, 15},
	authnv1.SchemeGroupVersion:            {17700, 15},
	authzv1.SchemeGroupVersion:            {17600, 15},
	autoscalingv1.SchemeGroupVersion:      {17500, 15},
	autoscalingv2.SchemeGroupVersion:      {17500, 30},
	batchv1.SchemeGroupVersion:            {17400, 15},
	certificatesv1.SchemeGroupVersion:     {17300, 15},
	networkingv1.SchemeGroupVersion:       {17200, 15},
	policyv1.SchemeGroupVersion:           {17100, 15},
	rbacv1.SchemeGroupVersion:             {17000, 15},
	storagev1.SchemeGroupVersion:          {16800, 15},
	apiextensionsv1.SchemeGroupVersion:    {16700, 15},
	admissionv1.SchemeGroupVersion:        {16700, 15},
	schedulingv1.SchemeGroupVersion:       {16600, 15},
	coordinationv1.SchemeGroupVersion:     {16500, 15},
	nodev1.SchemeGroupVersion:             {16300, 15},
	discoveryv1.SchemeGroupVersion:        {16200, 15},
	flowcontrolv1.SchemeGroupVersion:      {16100, 21},
	flowcontrolv1beta3.SchemeGroupVersion: {16100, 18},
	resourcev1.SchemeGroupVersion:         {16200, 21},
	appsv1.SchemeGroupVersion:             {17800, 15},
}
