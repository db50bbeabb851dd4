package kubeapi

import (
	"context"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"net/netip"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	api "k8s.io/kubernetes/pkg/apis/core"
	corereg "k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/service/ipallocator"
	"k8s.io/kubernetes/pkg/registry/core/service/portallocator"
	service "k8s.io/kubernetes/pkg/registry/core/service/storage"
)

// serviceStorage is Kubernetes' own registry of Services, with allocators that look at
// the Services of the request's cluster: nothing else remembers what is taken.
func serviceStorage(opts generic.RESTOptionsGetter, endpoints service.EndpointsStorage, pods service.PodStorage, proxy http.RoundTripper) (*service.REST,
	*service.StatusREST, *corereg.ProxyREST, error) {
	a := &allocator{}
	s, status, p, err := service.NewREST(opts, api.IPv4Protocol, map[api.IPFamily]ipallocator.Interface{api.IPv4Protocol: clusterIPs{a}}, nodePorts{a},
		forgets{endpoints}, pods, proxy)
	if err != nil {
		return nil, nil, nil, err
	}
	create, update := s.BeginCreate, s.BeginUpdate
	s.BeginCreate = func(ctx context.Context, o runtime.Object, opts *v1.CreateOptions) (registry.FinishFunc, error) {
		return a.during(ctx, func() (registry.FinishFunc, error) { return create(ctx, o, opts) })
	}
	s.BeginUpdate = func(ctx context.Context, o, old runtime.Object, opts *v1.UpdateOptions) (registry.FinishFunc, error) {
		return a.during(ctx, func() (registry.FinishFunc, error) { return update(ctx, o, old, opts) })
	}
	return s, status, p, nil
}

// forgets is what the registry of Services asks to delete a Service's Endpoints, outside of
// any request: the controller of Endpoints does that here.
type forgets struct{ service.EndpointsStorage }

func (forgets) Delete(context.Context, string, rest.ValidateObjectFunc, *v1.DeleteOptions) (runtime.Object, bool, error) {
	return nil, true, nil
}

// allocator knows whose Services are being written: the registry's allocators are asked
// without a context.
type allocator struct {
	mu sync.Mutex
	c  *Cluster
	n  uint32
}

func (a *allocator) during(ctx context.Context, do func() (registry.FinishFunc, error)) (registry.FinishFunc, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.c, a.n = clusterOf(ctx), 0
	return do()
}

// draw is a number by which a range is entered: any place is as good as another, but the
// same seed gives the same.
func (a *allocator) draw(what string) uint32 {
	h := fnv.New32a()
	fmt.Fprint(h, what, a.c.objects.uid("/allocations/"+what))
	return h.Sum32()
}

// clusterIPs gives out addresses of the cluster's service range.
type clusterIPs struct{ a *allocator }

func (c clusterIPs) taken(ip string) bool {
	for _, s := range List[corev1.Service](c.a.c) {
		for _, x := range s.Spec.ClusterIPs {
			if x == ip {
				return true
			}
		}
	}
	return false
}

func (c clusterIPs) Allocate(ip net.IP) error {
	a, ok := netip.AddrFromSlice(ip)
	if r := c.a.c.serviceRange(); !ok || !r.Contains(a.Unmap()) || a.Unmap() == r.Addr() {
		return ipallocator.ErrMismatchedNetwork
	}
	if c.taken(ip.String()) {
		return ipallocator.ErrAllocated
	}
	return nil
}

func (c clusterIPs) AllocateNext() (net.IP, error) {
	r := c.a.c.serviceRange()
	size := uint32(1) << (32 - r.Bits())
	base := r.Addr().As4()
	start := uint32(base[0])<<24 | uint32(base[1])<<16 | uint32(base[2])<<8 | uint32(base[3])
	off := c.a.draw("clusterips")
	for i := range size {
		n := start + 1 + (off+i)%(size-2) // neither the network's nor the broadcast address
		ip := net.IPv4(byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		if reserved := n == start+1 || n == start+10; !reserved && !c.taken(ip.String()) { // kubernetes.default and the DNS
			return ip, nil
		}
	}
	return nil, ipallocator.ErrFull
}

func (clusterIPs) Release(net.IP) error            { return nil }
func (clusterIPs) ForEach(func(net.IP))            {}
func (clusterIPs) IPFamily() api.IPFamily          { return api.IPv4Protocol }
func (c clusterIPs) Has(ip net.IP) bool            { return c.taken(ip.String()) }
func (clusterIPs) Destroy()                        {}
func (clusterIPs) EnableMetrics()                  {}
func (c clusterIPs) DryRun() ipallocator.Interface { return c }
func (c clusterIPs) CIDR() net.IPNet {
	r := c.a.c.serviceRange()
	return net.IPNet{IP: r.Addr().AsSlice(), Mask: net.CIDRMask(r.Bits(), r.Addr().BitLen())}
}

// nodePorts gives out ports of 30000-32767.
type nodePorts struct{ a *allocator }

const firstNodePort, lastNodePort = 30000, 32767

func (p nodePorts) Has(port int) bool {
	for _, s := range List[corev1.Service](p.a.c) {
		if int(s.Spec.HealthCheckNodePort) == port {
			return true
		}
		for _, x := range s.Spec.Ports {
			if int(x.NodePort) == port {
				return true
			}
		}
	}
	return false
}

func (p nodePorts) Allocate(port int) error {
	if port < firstNodePort || port > lastNodePort {
		return &portallocator.ErrNotInRange{ValidPorts: fmt.Sprintf("%d-%d", firstNodePort, lastNodePort)}
	}
	if p.Has(port) {
		return portallocator.ErrAllocated
	}
	return nil
}

func (p nodePorts) AllocateNext() (int, error) {
	const size = lastNodePort - firstNodePort + 1
	off := p.a.draw("nodeports")
	for range size {
		port := firstNodePort + int((off+p.a.n)%size)
		p.a.n++ // the ports of one Service differ, though none is written yet
		if !p.Has(port) {
			return port, nil
		}
	}
	return 0, portallocator.ErrFull
}

func (nodePorts) Release(int) error { return nil }
func (nodePorts) ForEach(func(int)) {}
func (nodePorts) Destroy()          {}
func (nodePorts) EnableMetrics()    {}
