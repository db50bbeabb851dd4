package kubeapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// Evict asks for a pod's end as `kubectl drain` does, by a request of a part of AWS's: the
// same code answers as for any client (evictionREST). The error is the API's: TooManyRequests
// where a disruption budget stands in the way, Forbidden where RBAC does not let it.
func (c *Cluster) Evict(by *Writer, p *corev1.Pod) error {
	body, err := json.Marshal(policyv1.Eviction{TypeMeta: metav1.TypeMeta{APIVersion: policyv1.SchemeGroupVersion.String(), Kind: "Eviction"},
		ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name}})
	if err != nil {
		return err
	}
	return c.reach(by, http.MethodPost, kindOf(p).path(p.Namespace, p.Name)+"/eviction", body)
}

// DeleteBy deletes a pod by a request of a part of AWS's, whatever its budgets say; the pod
// has its grace period.
func (c *Cluster) DeleteBy(by *Writer, p *corev1.Pod) error {
	return c.reach(by, http.MethodDelete, kindOf(p).path(p.Namespace, p.Name), nil)
}

// reach asks from outside of the control plane: an API server that is down does not answer.
func (c *Cluster) reach(by *Writer, method, path string, body []byte) error {
	if why := c.Down(); why != "" {
		return apierrors.NewServiceUnavailable(why)
	}
	return c.ask(by, method, path, "application/json", body)
}
