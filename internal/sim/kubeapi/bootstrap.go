package kubeapi

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	networkingv1 "k8s.io/api/networking/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	flowcontrol "k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap"
)

// Bootstrap saves what Kubernetes' API server makes sure of when it first starts: its
// namespaces, roles, priority classes, flow control, and the Service that it is itself.
func (c *Cluster) Bootstrap() {
	for _, ns := range []string{metav1.NamespaceDefault, metav1.NamespaceSystem, metav1.NamespacePublic, corev1.NamespaceNodeLease} {
		c.Save(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns, Labels: map[string]string{corev1.LabelMetadataName: ns}},
			Spec: corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{corev1.FinalizerKubernetes}}})
	}
	c.bootstrapRoles()
	for _, p := range []*schedulingv1.PriorityClass{
		{ObjectMeta: metav1.ObjectMeta{Name: "system-node-critical"}, Value: 2000001000,
			Description: "Used for system critical pods that must not be moved from their current node."},
		{ObjectMeta: metav1.ObjectMeta{Name: "system-cluster-critical"}, Value: 2000000000,
			Description: "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."},
	} {
		c.Save(p)
	}
	for _, list := range [][]*flowcontrolv1.PriorityLevelConfiguration{flowcontrol.MandatoryPriorityLevelConfigurations,
		flowcontrol.SuggestedPriorityLevelConfigurations} {
		for _, x := range list {
			n := x.DeepCopy()
			n.Annotations = map[string]string{flowcontrolv1.AutoUpdateAnnotationKey: "true"}
			c.Save(n)
		}
	}
	for _, list := range [][]*flowcontrolv1.FlowSchema{flowcontrol.MandatoryFlowSchemas, flowcontrol.SuggestedFlowSchemas} {
		for _, x := range list {
			n := x.DeepCopy()
			n.Annotations = map[string]string{flowcontrolv1.AutoUpdateAnnotationKey: "true"}
			level := n.Spec.PriorityLevelConfiguration.Name
			n.Status.Conditions = []flowcontrolv1.FlowSchemaCondition{{Type: flowcontrolv1.FlowSchemaConditionDangling,
				Status: flowcontrolv1.ConditionFalse, LastTransitionTime: metav1.NewTime(c.objects.date()), Reason: "Found",
				Message: fmt.Sprintf("This FlowSchema references the PriorityLevelConfiguration object named %q and it exists", level)}}
			c.Save(n)
		}
	}
	c.kubernetesService()
	c.registerAPIs()
}

// kubernetesService is the API server as pods find it.
func (c *Cluster) kubernetesService() {
	r := c.serviceRange()
	ip := r.Addr().Next().String()
	family := corev1.IPv4Protocol
	if r.Addr().Is6() {
		family = corev1.IPv6Protocol
	}
	own := map[string]string{"component": "apiserver", "provider": "kubernetes"}
	c.Save(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "kubernetes", Namespace: metav1.NamespaceDefault, Labels: own},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: ip, ClusterIPs: []string{ip}, IPFamilies: []corev1.IPFamily{family},
			IPFamilyPolicy: new(corev1.IPFamilyPolicySingleStack),
			Ports:          []corev1.ServicePort{{Name: "https", Port: 443, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(443)}}}})
	c.Save(&networkingv1.ServiceCIDR{ObjectMeta: metav1.ObjectMeta{Name: "kubernetes"}, Spec: networkingv1.ServiceCIDRSpec{CIDRs: []string{r.String()}},
		Status: networkingv1.ServiceCIDRStatus{Conditions: []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue,
			LastTransitionTime: metav1.NewTime(c.objects.date()), Message: "Kubernetes Service CIDR is ready"}}}})
}

// SetEndpoints says where the API server's addresses in the VPC are.
func (c *Cluster) SetEndpoints(addresses []string) {
	//lint:ignore SA1019 clients still list them
	e := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: "kubernetes", Namespace: metav1.NamespaceDefault,
		Labels: map[string]string{discoveryv1.LabelSkipMirror: "true"}}}
	var at []corev1.EndpointAddress
	s := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: "kubernetes", Namespace: metav1.NamespaceDefault,
		Labels: map[string]string{discoveryv1.LabelServiceName: "kubernetes"}}, AddressType: discoveryv1.AddressTypeIPv4,
		Ports: []discoveryv1.EndpointPort{{Name: new("https"), Port: new(int32(443)), Protocol: new(corev1.ProtocolTCP)}}}
	for _, a := range addresses {
		at = append(at, corev1.EndpointAddress{IP: a})
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Addresses: []string{a}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)}})
	}
	//lint:ignore SA1019 as above
	e.Subsets = []corev1.EndpointSubset{{Addresses: at, Ports: []corev1.EndpointPort{{Name: "https", Port: 443, Protocol: corev1.ProtocolTCP}}}}
	c.Save(e)
	c.Save(s)
}
