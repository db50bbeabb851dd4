package kubeapi

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle"
	"k8s.io/apiserver/pkg/admission/plugin/resourcequota"
	webhooks "k8s.io/apiserver/pkg/admission/plugin/webhook/initializer"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/validating"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/informers/admissionregistration"
	"k8s.io/client-go/informers/core"
	"k8s.io/client-go/informers/internalinterfaces"
	"k8s.io/client-go/informers/networking"
	nodeinformers "k8s.io/client-go/informers/node"
	"k8s.io/client-go/informers/scheduling"
	"k8s.io/client-go/informers/storage"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/plugin/pkg/admission/certificates/approval"
	"k8s.io/kubernetes/plugin/pkg/admission/defaulttolerationseconds"
	"k8s.io/kubernetes/plugin/pkg/admission/limitranger"
	"k8s.io/kubernetes/plugin/pkg/admission/network/defaultingressclass"
	"k8s.io/kubernetes/plugin/pkg/admission/nodetaint"
	"k8s.io/kubernetes/plugin/pkg/admission/priority"
	"k8s.io/kubernetes/plugin/pkg/admission/runtimeclass"
	"k8s.io/kubernetes/plugin/pkg/admission/serviceaccount"
)

// admitter sends what is to be admitted to the plugins of the request's cluster.
type admitter struct{}

func (admitter) Handles(admission.Operation) bool { return true }

func (admitter) Admit(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	c := clusterOf(ctx)
	if m, ok := c.plugins().(admission.MutationInterface); ok && m.Handles(a.GetOperation()) {
		return m.Admit(ctx, a, o)
	}
	return nil
}

func (admitter) Validate(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	c := clusterOf(ctx)
	if v, ok := c.plugins().(admission.ValidationInterface); ok && v.Handles(a.GetOperation()) {
		return v.Validate(ctx, a, o)
	}
	return nil
}

// plugged are the admission plugins, in the order in which Kubernetes calls them
// (pkg/kubeapiserver/options/plugins.go). Of those that are on by default there, these are
// not here: PodSecurity, whose default is to let everything pass, resizing of claims, and what speaks for kubelets and certificates that nobody has.
var plugged = []struct {
	name     string
	register func(*admission.Plugins)
}{
	{lifecycle.PluginName, lifecycle.Register},
	{limitranger.PluginName, limitranger.Register},
	{serviceaccount.PluginName, serviceaccount.Register},
	{nodetaint.PluginName, nodetaint.Register},
	{priority.PluginName, priority.Register},
	{defaulttolerationseconds.PluginName, defaulttolerationseconds.Register},
	{protectionPlugin, registerProtection},
	{runtimeclass.PluginName, runtimeclass.Register},
	{approval.PluginName, approval.Register},
	{defaultClassPlugin, registerDefaultClass},
	{defaultingressclass.PluginName, defaultingressclass.Register},
	{mutating.PluginName, mutating.Register},
	{policyPlugin, registerPolicies},
	{validating.PluginName, validating.Register},
	{resourcequota.PluginName, registerQuota},
}

type noConfig struct{}

func (noConfig) ConfigFor(string) (io.Reader, error) { return nil, nil }

// newPlugins makes a cluster's own, which read its objects.
func (c *Cluster) newPlugins() admission.Interface {
	all := admission.NewPlugins()
	var names []string
	for _, p := range plugged {
		p.register(all)
		names = append(names, p.name)
	}
	never := make(chan struct{})
	chain, err := all.NewFromPlugins(names, noConfig{}, admission.PluginInitializers{
		initializer.New(c.client(), nil, &informerFactory{c: c, made: map[string]*informer{}}, authorizer.AuthorizerFunc(authorize), utilfeature.DefaultFeatureGate,
			never, nil),
		webhooks.NewPluginInitializer(func(next webhook.AuthenticationInfoResolver) webhook.AuthenticationInfoResolver { return callers{next} }, services{c}),
		ofCluster{c},
	}, admission.Decorators{})
	if err != nil {
		panic(err) // nothing in it depends on the world
	}
	return chain
}

// ofCluster tells a plugin whose it is.
type ofCluster struct{ c *Cluster }

func (i ofCluster) Initialize(p admission.Interface) {
	if w, ok := p.(interface{ setCluster(*Cluster) }); ok {
		w.setCluster(i.c)
	}
}

// informerFactory has an informer over the cluster's storage for each kind that a plugin reads.
type informerFactory struct {
	informers.SharedInformerFactory // the groups that none reads
	c                               *Cluster
	mu                              sync.Mutex
	made                            map[string]*informer
}

func (f *informerFactory) InformerFor(o runtime.Object, _ internalinterfaces.NewInformerFunc) cache.SharedIndexInformer {
	k := kindOf(o)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.made[k.name] == nil {
		f.made[k.name] = f.c.informer(k, nil)
	}
	return f.made[k.name]
}

func (f *informerFactory) Start(<-chan struct{}) {}
func (f *informerFactory) Core() core.Interface  { return core.New(f, metav1.NamespaceAll, nil) }
func (f *informerFactory) Scheduling() scheduling.Interface {
	return scheduling.New(f, metav1.NamespaceAll, nil)
}
func (f *informerFactory) Storage() storage.Interface {
	return storage.New(f, metav1.NamespaceAll, nil)
}
func (f *informerFactory) Networking() networking.Interface {
	return networking.New(f, metav1.NamespaceAll, nil)
}
func (f *informerFactory) Node() nodeinformers.Interface {
	return nodeinformers.New(f, metav1.NamespaceAll, nil)
}
func (f *informerFactory) Admissionregistration() admissionregistration.Interface {
	return admissionregistration.New(f, metav1.NamespaceAll, nil)
}

// services finds the pods behind a webhook's Service.
type services struct{ c *Cluster }

func (s services) ResolveEndpoint(ns, name string, port int32) (*url.URL, error) {
	if Get[corev1.Service](s.c, ns, name) == nil {
		return nil, apierrors.NewNotFound(corev1.Resource("service"), name)
	}
	for _, e := range List[discoveryv1.EndpointSlice](s.c) {
		if e.Namespace != ns || e.Labels[discoveryv1.LabelServiceName] != name {
			continue
		}
		for _, x := range e.Endpoints {
			if x.Conditions.Ready == nil || *x.Conditions.Ready {
				return &url.URL{Scheme: "https", Host: net.JoinHostPort(x.Addresses[0], fmt.Sprint(port))}, nil
			}
		}
	}
	return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("no endpoints available for service %q", name))
}

// callers is how webhooks are called: those at a URL as they are, those behind a Service
// in vain, since its pods are simulated.
type callers struct {
	webhook.AuthenticationInfoResolver
}

func (r callers) ClientConfigForService(host, ns string, port int) (*restclient.Config, error) {
	c, err := r.AuthenticationInfoResolver.ClientConfigForService(host, ns, port)
	if err == nil {
		c = restclient.CopyConfig(c)
		c.Dial = dial
	}
	return c, err
}
