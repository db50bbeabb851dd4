package node

import (
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

const (
	sliceController = "endpointslice-controller.k8s.io"
	sliceSize       = 100 // endpoints of one slice
	managedBy       = "endpoints.kubernetes.io/managed-by"
)

// endpoints says for each Service which pods are behind it: by slices, and for older clients
// by Endpoints.
func (c *Cluster) endpoints() {
	services := kubeapi.List[corev1.Service](c.API)
	byNamespace := map[string][]*corev1.Pod{}
	for _, p := range kubeapi.List[corev1.Pod](c.API) {
		byNamespace[p.Namespace] = append(byNamespace[p.Namespace], p)
	}
	slicesOf := map[string][]*discoveryv1.EndpointSlice{}
	for _, s := range kubeapi.List[discoveryv1.EndpointSlice](c.API) {
		if s.Labels[discoveryv1.LabelManagedBy] == sliceController {
			k := s.Namespace + "/" + s.Labels[discoveryv1.LabelServiceName]
			slicesOf[k] = append(slicesOf[k], s)
		}
	}
	selecting := map[string]bool{}
	for _, s := range services {
		if len(s.Spec.Selector) == 0 || s.Spec.Type == corev1.ServiceTypeExternalName || s.DeletionTimestamp != nil {
			continue
		}
		k := s.Namespace + "/" + s.Name
		selecting[k] = true
		c.endpointsOf(s, byNamespace[s.Namespace], slicesOf[k])
	}
	//lint:ignore SA1019 clients still list them
	for _, e := range kubeapi.List[corev1.Endpoints](c.API) {
		if e.Labels[managedBy] == "endpoint-controller" && !selecting[e.Namespace+"/"+e.Name] {
			c.API.Delete(e)
		}
	}
}

// behind is one pod behind a Service, with where its ports are.
type behind struct {
	pod   *corev1.Pod
	ports []discoveryv1.EndpointPort
}

// portsOf are a Service's ports on one pod; those whose name the pod does not know are left out.
func portsOf(s *corev1.Service, p *corev1.Pod) []discoveryv1.EndpointPort {
	var out []discoveryv1.EndpointPort
	for _, x := range s.Spec.Ports {
		n := x.TargetPort.IntVal
		if x.TargetPort.Type == intstr.String {
			n = 0
			for _, k := range p.Spec.Containers {
				for _, y := range k.Ports {
					if y.Name == x.TargetPort.StrVal && y.Protocol == x.Protocol {
						n = y.ContainerPort
					}
				}
			}
		}
		if n == 0 {
			continue
		}
		out = append(out, discoveryv1.EndpointPort{Name: new(x.Name), Port: new(n), Protocol: new(x.Protocol), AppProtocol: x.AppProtocol})
	}
	return out
}

func (c *Cluster) endpointsOf(s *corev1.Service, pods []*corev1.Pod, have []*discoveryv1.EndpointSlice) {
	sel := labels.SelectorFromSet(s.Spec.Selector)
	var l []behind
	for _, p := range pods {
		if sel.Matches(labels.Set(p.Labels)) && p.Status.PodIP != "" && !ended(p) {
			l = append(l, behind{p, portsOf(s, p)})
		}
	}
	c.sliceUp(s, l, have)
	c.olden(s, l)
}

// sliceUp writes slices: one for each set of ports and a hundred pods.
func (c *Cluster) sliceUp(s *corev1.Service, l []behind, have []*discoveryv1.EndpointSlice) {
	family := discoveryv1.AddressTypeIPv4
	if len(s.Spec.IPFamilies) > 0 && s.Spec.IPFamilies[0] == corev1.IPv6Protocol {
		family = discoveryv1.AddressTypeIPv6
	}
	var want []*discoveryv1.EndpointSlice
	for _, b := range l {
		i := slices.IndexFunc(want, func(x *discoveryv1.EndpointSlice) bool {
			return reflect.DeepEqual(x.Ports, b.ports) && len(x.Endpoints) < sliceSize
		})
		if i < 0 {
			i = len(want)
			want = append(want, &discoveryv1.EndpointSlice{AddressType: family, Ports: b.ports})
		}
		want[i].Endpoints = append(want[i].Endpoints, c.endpoint(s, b.pod))
	}
	if len(want) == 0 {
		want = []*discoveryv1.EndpointSlice{{AddressType: family}} // a Service has one, even of nothing
	}
	own := labels.Merge(s.Labels, labels.Set{discoveryv1.LabelServiceName: s.Name, discoveryv1.LabelManagedBy: sliceController})
	if s.Spec.ClusterIP == corev1.ClusterIPNone {
		own[corev1.IsHeadlessService] = ""
	}
	for i, x := range want {
		if i < len(have) {
			u := have[i].DeepCopy()
			u.Endpoints, u.Ports, u.Labels = x.Endpoints, x.Ports, own
			if !reflect.DeepEqual(u, have[i]) {
				u.Generation++
				c.API.Save(u)
			}
			continue
		}
		x.ObjectMeta = metav1.ObjectMeta{Namespace: s.Namespace, GenerateName: s.Name + "-", Labels: own,
			Name:            s.Name + "-" + c.w.Hex("endpointslice "+c.id+" "+s.Namespace+"/"+s.Name, 5),
			OwnerReferences: owner{s, "v1", "Service", "endpointslice-controller"}.reference()}
		c.API.Save(x)
	}
	for _, x := range have[min(len(want), len(have)):] {
		c.API.Delete(x)
	}
}

func (c *Cluster) endpoint(s *corev1.Service, p *corev1.Pod) discoveryv1.Endpoint {
	serving, leaving := PodReady(p), p.DeletionTimestamp != nil
	e := discoveryv1.Endpoint{Addresses: []string{p.Status.PodIP}, NodeName: new(p.Spec.NodeName),
		Conditions: discoveryv1.EndpointConditions{Ready: new(serving && !leaving || s.Spec.PublishNotReadyAddresses), Serving: new(serving),
			Terminating: new(leaving)},
		TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: p.Namespace, Name: p.Name, UID: p.UID}}
	if n := kubeapi.Get[corev1.Node](c.API, "", p.Spec.NodeName); n != nil && n.Labels[corev1.LabelTopologyZone] != "" {
		e.Zone = new(n.Labels[corev1.LabelTopologyZone])
	}
	if p.Spec.Hostname != "" && p.Spec.Subdomain == s.Name {
		e.Hostname = new(p.Spec.Hostname)
	}
	return e
}

// olden writes the Endpoints of a Service.
func (c *Cluster) olden(s *corev1.Service, l []behind) {
	//lint:ignore SA1019 clients still list them
	subset := map[string]*corev1.EndpointSubset{}
	var order []string
	for _, b := range l {
		if b.pod.DeletionTimestamp != nil {
			continue
		}
		var ports []corev1.EndpointPort
		key := ""
		for _, p := range b.ports {
			ports = append(ports, corev1.EndpointPort{Name: *p.Name, Port: *p.Port, Protocol: *p.Protocol, AppProtocol: p.AppProtocol})
			key += strings.Join([]string{*p.Name, string(*p.Protocol), string(rune(*p.Port))}, "/") + " "
		}
		if subset[key] == nil {
			//lint:ignore SA1019 as above
			subset[key] = &corev1.EndpointSubset{Ports: ports}
			order = append(order, key)
		}
		a := corev1.EndpointAddress{IP: b.pod.Status.PodIP, NodeName: new(b.pod.Spec.NodeName),
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: b.pod.Namespace, Name: b.pod.Name, UID: b.pod.UID}}
		if PodReady(b.pod) || s.Spec.PublishNotReadyAddresses {
			subset[key].Addresses = append(subset[key].Addresses, a)
		} else {
			subset[key].NotReadyAddresses = append(subset[key].NotReadyAddresses, a)
		}
	}
	//lint:ignore SA1019 as above
	e := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: s.Name, Namespace: s.Namespace}}
	//lint:ignore SA1019 as above
	cur := kubeapi.Get[corev1.Endpoints](c.API, s.Namespace, s.Name)
	if cur != nil {
		e = cur.DeepCopy()
	}
	e.Subsets = nil
	e.Labels = labels.Merge(s.Labels, labels.Set{managedBy: "endpoint-controller"})
	if s.Spec.ClusterIP == corev1.ClusterIPNone {
		e.Labels[corev1.IsHeadlessService] = ""
	}
	for _, k := range order {
		e.Subsets = append(e.Subsets, *subset[k])
	}
	if cur == nil || !reflect.DeepEqual(e, cur) {
		c.API.Save(e)
	}
}
