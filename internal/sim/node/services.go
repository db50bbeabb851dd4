package node

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// Balancers are the load balancers of Services, as the cloud provider in the control plane
// makes them. An Env that has none leaves Services alone.
type Balancers interface {
	// EnsureLoadBalancer makes a Service's load balancer as it is wanted now, in front of
	// the nodes, and answers its host name. ErrElsewhere: another controller makes it.
	EnsureLoadBalancer(s *corev1.Service, nodes []*corev1.Node) (string, error)
	// DeleteLoadBalancer removes it; done when nothing of it is left. It is asked again
	// until then, with the time since it was asked first.
	DeleteLoadBalancer(s *corev1.Service, since time.Duration) (done bool, err error)
}

// ErrElsewhere is the cloud provider's answer about a Service that is another controller's.
var ErrElsewhere = errors.New("implemented by alternate to cloud providers")

// cleanup is the finalizer by which the service controller sees a Service's end
// (k8s.io/cloud-provider, service helpers).
const cleanup = "service.kubernetes.io/load-balancer-cleanup"

// The service controller tries again after 5 s, then twice as long, up to 5 min; the AWS
// cloud provider looks every 10 s whether a security group can go.
const (
	firstRetry = 5 * time.Second
	lastRetry  = 5 * time.Minute
	groupRetry = 10 * time.Second
)

// balancing is what the service controller remembers of a Service. Times are since the
// world began.
type balancing struct {
	Spec  string        // what it was ensured for, or tried for
	Hosts string        // likewise: the nodes
	Tries int           // that failed, one after the other
	Next  time.Duration // not before
	Since time.Duration // its deletion began; 0: it has not
}

// services is the service controller: each Service of type LoadBalancer without a class
// has a load balancer in front of the nodes, and takes it along when it goes.
func (c *Cluster) services() {
	b, ok := c.env.(Balancers)
	if !ok {
		return
	}
	nodes, there := c.balanced(), map[string]bool{}
	for _, s := range kubeapi.List[corev1.Service](c.API) {
		there[string(s.UID)] = true
		wants := s.Spec.Type == corev1.ServiceTypeLoadBalancer && s.Spec.LoadBalancerClass == nil && s.DeletionTimestamp == nil
		switch {
		case wants:
			c.balance(b, s, nodes)
		case slices.Contains(s.Finalizers, cleanup):
			c.unbalance(b, s)
		}
	}
	maps.DeleteFunc(c.Balancing, func(uid string, _ *balancing) bool { return !there[uid] })
}

// balanced are the nodes that load balancers send to.
func (c *Cluster) balanced() []*corev1.Node {
	return slices.DeleteFunc(kubeapi.List[corev1.Node](c.API), func(n *corev1.Node) bool {
		_, excluded := n.Labels[corev1.LabelNodeExcludeBalancers]
		return excluded || n.DeletionTimestamp != nil || n.Spec.ProviderID == "" || !NodeReady(n) ||
			slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == "ToBeDeletedByClusterAutoscaler" })
	})
}

// remembered is what is remembered of a Service.
func (c *Cluster) remembered(s *corev1.Service) *balancing {
	if c.Balancing == nil {
		c.Balancing = map[string]*balancing{}
	}
	m := c.Balancing[string(s.UID)]
	if m == nil {
		m = &balancing{}
		c.Balancing[string(s.UID)] = m
	}
	return m
}

func (c *Cluster) balance(b Balancers, s *corev1.Service, nodes []*corev1.Node) {
	m, spec, hosts := c.remembered(s), serviceDigest(s), hostNames(nodes)
	same := m.Spec == spec && m.Hosts == hosts
	if same && (m.Tries == 0 || c.w.Elapsed() < m.Next) {
		return
	}
	again := m.Spec == spec && m.Tries == 0 // other nodes only
	m.Spec, m.Hosts = spec, hosts
	if !again {
		c.event("Service", s.Namespace, s.Name, corev1.EventTypeNormal, "EnsuringLoadBalancer", "Ensuring load balancer")
	}
	u := s.DeepCopy()
	if !slices.Contains(u.Finalizers, cleanup) {
		u.Finalizers = append(u.Finalizers, cleanup)
		if !c.API.Save(u) {
			m.Spec = "" // it has changed meanwhile: the next pass sees it
			return
		}
		u = u.DeepCopy()
	}
	host, err := b.EnsureLoadBalancer(u, nodes)
	switch {
	case errors.Is(err, ErrElsewhere):
		m.Tries = 0
		return
	case err != nil:
		c.failed(m, s, "failed to ensure load balancer: "+err.Error())
		return
	}
	m.Tries = 0
	if again {
		c.event("Service", s.Namespace, s.Name, corev1.EventTypeNormal, "UpdatedLoadBalancer", "Updated load balancer with new hosts")
		return
	}
	c.event("Service", s.Namespace, s.Name, corev1.EventTypeNormal, "EnsuredLoadBalancer", "Ensured load balancer")
	if l := u.Status.LoadBalancer.Ingress; len(l) != 1 || l[0].Hostname != host {
		u.Status.LoadBalancer = corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{Hostname: host}}}
		if !c.API.Save(u) {
			m.Spec = ""
		}
	}
}

func (c *Cluster) unbalance(b Balancers, s *corev1.Service) {
	m := c.remembered(s)
	if c.w.Elapsed() < m.Next && m.Since > 0 {
		return
	}
	if m.Since == 0 {
		m.Since, m.Tries = max(1, c.w.Elapsed()), 0
		c.event("Service", s.Namespace, s.Name, corev1.EventTypeNormal, "DeletingLoadBalancer", "Deleting load balancer")
	}
	done, err := b.DeleteLoadBalancer(s, c.w.Elapsed()-m.Since)
	switch {
	case err != nil:
		c.failed(m, s, "failed to delete load balancer: "+err.Error())
		return
	case !done:
		m.Next = c.w.Elapsed() + groupRetry
		c.after(groupRetry, "node:balance", at{})
		return
	}
	u := s.DeepCopy()
	u.Finalizers = slices.DeleteFunc(u.Finalizers, func(f string) bool { return f == cleanup })
	u.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	if u.DeletionTimestamp != nil && len(u.Finalizers) == 0 {
		c.API.Remove(u)
	} else if !c.API.Save(u) {
		return
	}
	c.event("Service", s.Namespace, s.Name, corev1.EventTypeNormal, "DeletedLoadBalancer", "Deleted load balancer")
	delete(c.Balancing, string(s.UID))
}

// failed says that a try failed, and lets the next one come later.
func (c *Cluster) failed(m *balancing, s *corev1.Service, why string) {
	wait := min(firstRetry<<min(m.Tries, 10), lastRetry)
	m.Tries++
	m.Next = c.w.Elapsed() + wait
	c.after(wait, "node:balance", at{})
	c.event("Service", s.Namespace, s.Name, corev1.EventTypeWarning, "SyncLoadBalancerFailed", "Error syncing load balancer: "+why)
}

// serviceDigest tells two wishes for a load balancer apart.
func serviceDigest(s *corev1.Service) string {
	h := fnv.New64a()
	for _, p := range s.Spec.Ports {
		fmt.Fprint(h, p.Name, p.Protocol, p.Port, p.NodePort, ";")
	}
	fmt.Fprint(h, s.Spec.LoadBalancerSourceRanges, s.Spec.SessionAffinity, s.Spec.ExternalTrafficPolicy, s.Spec.HealthCheckNodePort)
	for _, k := range slices.Sorted(maps.Keys(s.Annotations)) {
		fmt.Fprint(h, k, "=", s.Annotations[k], ";")
	}
	return fmt.Sprintf("%x", h.Sum64())
}

func hostNames(nodes []*corev1.Node) string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	return strings.Join(out, ",")
}
