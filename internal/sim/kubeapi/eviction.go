package kubeapi

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	quota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	pod "k8s.io/kubernetes/pkg/registry/core/pod/storage"
)

// lazy is what a cluster has from the first time it is asked for.
type lazy struct {
	client    func() kubernetes.Interface
	eviction  func() *pod.EvictionREST
	customs   func() *customs
	plugins   func() admission.Interface
	registry  func() quota.Registry
	unsettled atomic.Bool // a definition, or an object of one that goes, was written
}

// ready says how a cluster makes what it has lazily.
func (c *Cluster) ready() *Cluster {
	c.client = sync.OnceValue(func() kubernetes.Interface {
		k, err := kubernetes.NewForConfigAndClient(&restclient.Config{Host: "https://kubernetes.default.svc", QPS: -1}, &http.Client{Transport: loopback{c}})
		if err != nil {
			panic(err) // nothing in it depends on the world
		}
		return k
	})
	c.plugins = sync.OnceValue(c.newPlugins)
	c.registry = sync.OnceValue(c.newRegistry)
	c.customs = sync.OnceValue(c.newCustoms)
	c.objects.hooks = append(c.objects.hooks, func(key string, _, _ runtime.Object) {
		if strings.HasPrefix(key, definitionKind.prefix()+"/") || c.objects.leaving[resourceOf(key)] {
			c.unsettled.Store(true)
		}
	})
	c.eviction = sync.OnceValue(func() *pod.EvictionREST {
		s, err := pod.NewStorage(restOptions{}, nil, nil, c.client().PolicyV1())
		if err != nil {
			panic(err)
		}
		return s.Eviction
	})
	return c
}

// loopbackKey is where a request of the control plane's own carries who makes it.
type loopbackKey struct{}

var apiserverUser user.Info = &user.DefaultInfo{Name: user.APIServerUser, Groups: []string{user.SystemPrivilegedGroup, user.AllAuthenticated}}

// loopback is the control plane's own way to its API, as system:apiserver.
type loopback struct{ c *Cluster }

func (l loopback) RoundTrip(r *http.Request) (*http.Response, error) {
	return l.c.RoundTrip(r.WithContext(context.WithValue(r.Context(), loopbackKey{}, apiserverUser)))
}

// evictionREST is Kubernetes' eviction, with disruption budgets of the request's cluster:
// upstream reads and writes them through a client, without the request's context.
type evictionREST struct{ *pod.EvictionREST }

func (evictionREST) Create(ctx context.Context, name string, o runtime.Object, v rest.ValidateObjectFunc,
	opts *metav1.CreateOptions) (runtime.Object, error) {
	return clusterOf(ctx).eviction().Create(ctx, name, o, v, opts)
}

// blockingBudget is a budget that an eviction of this pod would break; where
// there is none, the budgets that cover the pod have one disruption less.
func blockingBudget(c *Cluster, pod *corev1.Pod) *policyv1.PodDisruptionBudget {
	if pod.Status.Phase != corev1.PodRunning {
		return nil
	}
	var covers []*policyv1.PodDisruptionBudget
	for _, b := range List[policyv1.PodDisruptionBudget](c) {
		sel, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil || b.Namespace != pod.Namespace || !sel.Matches(labels.Set(pod.Labels)) {
			continue
		}
		if b.Status.DisruptionsAllowed <= 0 {
			return b
		}
		covers = append(covers, b)
	}
	for _, b := range covers {
		n := b.DeepCopy()
		n.Status.DisruptionsAllowed--
		c.Save(n)
	}
	return nil
}

// Evict has a pod end on its node, as Kubernetes does for an eviction of a controller of
// AWS's; false where a disruption budget stands in the way, unless that is overridden.
func (c *Cluster) Evict(p *corev1.Pod, force bool) bool {
	if p.DeletionTimestamp != nil {
		return true
	}
	if blockingBudget(c, p) != nil && !force {
		return false
	}
	u := p.DeepCopy()
	now := metav1.NewTime(c.objects.date())
	u.DeletionTimestamp, u.DeletionGracePeriodSeconds = &now, u.Spec.TerminationGracePeriodSeconds
	c.Save(u)
	return true
}
