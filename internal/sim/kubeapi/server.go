package kubeapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"sync"

	authnv1 "k8s.io/api/authentication/v1"
	authzv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	basecompatibility "k8s.io/component-base/compatibility"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"k8s.io/kube-openapi/pkg/common"

	gen "github.com/slipway-eks/slipway/internal/sim/kubeapi/openapi"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi/openapi/access"
	builtin "github.com/slipway-eks/slipway/internal/sim/kubeapi/openapi/groups"
)

// handler is the one API server of this process, started at the first cluster.
var handler = sync.OnceValue(func() http.Handler {
	h, err := newServer()
	if err != nil {
		panic(fmt.Sprintf("starting the simulated Kubernetes API server: %v", err))
	}
	return h
})

func newServer() (http.Handler, error) {
	klog.SetLogger(logr.Discard()) // the server's own chatter is nobody's business here
	c := genericapiserver.NewConfig(codecs)
	c.ExternalAddress = "127.0.0.1:443"
	c.EffectiveVersion = basecompatibility.NewEffectiveVersionFromString("1.34.2", "1.34.0", "1.31.0")
	c.LoopbackClientConfig = &restclient.Config{Host: "127.0.0.1:1"}
	c.Authentication.Authenticator = authenticator.RequestFunc(authenticate)
	c.Authorization.Authorizer = authorizer.AuthorizerFunc(authorize)
	namer := openapi.NewDefinitionNamer(scheme)
	c.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(definitions, namer)
	c.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(definitions, namer)
	c.OpenAPIConfig.Info.Title, c.OpenAPIV3Config.Info.Title = "Kubernetes", "Kubernetes"
	c.EnableProfiling, c.EnableMetrics = false, false
	s, err := c.Complete(nil).New("simulated", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, err
	}
	if err := install(s); err != nil {
		return nil, err
	}
	s.PrepareRun()
	s.RunPostStartHooks(context.Background())
	return s.Handler, nil
}

// definitions are the schemas of every kind that is served.
func definitions(ref common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	all := gen.GetOpenAPIDefinitions(ref)
	maps.Copy(all, access.GetOpenAPIDefinitions(ref))
	maps.Copy(all, builtin.GetOpenAPIDefinitions(ref))
	return all
}

// install adds every kind, each group in its own API group.
func install(s *genericapiserver.GenericAPIServer) error {
	groups := map[schema.GroupVersion]map[string]rest.Storage{}
	add := func(gv schema.GroupVersion, name string, st rest.Storage) {
		if groups[gv] == nil {
			groups[gv] = map[string]rest.Storage{}
		}
		groups[gv][name] = st
	}
	for _, k := range kinds {
		st, err := newStore(k)
		if err != nil {
			return err
		}
		add(k.gv, k.resource, listed{st, k})
		if k.status {
			sub := *st
			sub.UpdateStrategy = newStrategy(k, true)
			add(k.gv, k.resource+"/status", statusREST{&sub})
		}
		if scalable[k.name] {
			add(k.gv, k.resource+"/scale", scaleREST{st})
		}
		if k.name == "Pod" {
			add(k.gv, "pods/eviction", evictionREST{st})
			add(k.gv, "pods/binding", bindingREST{st})
		}
	}
	add(authnv1.SchemeGroupVersion, "selfsubjectreviews", whoamiREST{})
	add(authzv1.SchemeGroupVersion, "selfsubjectaccessreviews", canIREST{})
	for _, gv := range groupVersions {
		gi := genericapiserver.NewDefaultAPIGroupInfo(gv.Group, scheme, paramCodec, codecs)
		gi.PrioritizedVersions = []schema.GroupVersion{gv}
		gi.VersionedResourcesStorageMap = map[string]map[string]rest.Storage{gv.Version: groups[gv]}
		var err error
		if gv.Group == "" {
			err = s.InstallLegacyAPIGroup("/api", &gi)
		} else {
			err = s.InstallAPIGroup(&gi)
		}
		if err != nil {
			return fmt.Errorf("installing %s: %w", gv, err)
		}
	}
	return nil
}

// listed gives a store its short names.
type listed struct {
	*registry.Store
	kind kind
}

func (l listed) ShortNames() []string { return l.kind.short }
func (l listed) Categories() []string {
	switch l.kind.name {
	case "Pod", "Service", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet", "ReplicationController", "Job", "CronJob", "HorizontalPodAutoscaler":
		return []string{"all"}
	}
	return nil
}

func newStore(k kind) (*registry.Store, error) {
	st := newStrategy(k, false)
	s := &registry.Store{
		NewFunc: k.empty, NewListFunc: k.emptyList,
		DefaultQualifiedResource: k.gr(), SingularQualifiedResource: schema.GroupResource{Group: k.gv.Group, Resource: k.singular},
		CreateStrategy: st, UpdateStrategy: st, DeleteStrategy: st, TableConvertor: printer{k},
		PredicateFunc: func(ls labels.Selector, fs fields.Selector) storage.SelectionPredicate {
			return storage.SelectionPredicate{Label: ls, Field: fs, GetAttrs: attrs}
		},
	}
	open := func(*storagebackend.ConfigForResource, string, func(runtime.Object) (string, error), func() runtime.Object, func() runtime.Object,
		storage.AttrFunc, storage.IndexerFuncs, *cache.Indexers) (storage.Interface, factory.DestroyFunc, error) {
		return backend{}, func() {}, nil
	}
	return s, s.CompleteWithOptions(&generic.StoreOptions{AttrFunc: attrs, RESTOptions: generic.RESTOptions{
		StorageConfig: &storagebackend.ConfigForResource{Config: storagebackend.Config{Codec: codecs.LegacyCodec(k.gv)}, GroupResource: k.gr()},
		Decorator:     open, ResourcePrefix: k.gv.Group + "/" + k.resource, DeleteCollectionWorkers: 1}})
}

// statusREST is the status subresource.
type statusREST struct{ s *registry.Store }

func (r statusREST) New() runtime.Object { return r.s.New() }
func (r statusREST) Destroy()            {}
func (r statusREST) Get(ctx context.Context, n string, o *metav1.GetOptions) (runtime.Object, error) {
	return r.s.Get(ctx, n, o)
}
func (r statusREST) Update(ctx context.Context, n string, u rest.UpdatedObjectInfo, c rest.ValidateObjectFunc, v rest.ValidateObjectUpdateFunc, _ bool,
	o *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return r.s.Update(ctx, n, u, c, v, false, o)
}

// evictionREST deletes a pod where its disruption budgets allow it.
type evictionREST struct{ s *registry.Store }

func (evictionREST) New() runtime.Object { return &policyv1.Eviction{} }
func (evictionREST) Destroy()            {}
func (evictionREST) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return policyv1.SchemeGroupVersion.WithKind("Eviction")
}

// AcceptsGroupVersion takes both versions of an eviction, as Kubernetes does.
func (evictionREST) AcceptsGroupVersion(gv schema.GroupVersion) bool {
	return gv == policyv1.SchemeGroupVersion || gv == policyv1beta1.SchemeGroupVersion
}

func (r evictionREST) Create(ctx context.Context, name string, o runtime.Object, _ rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	ev := o.(*policyv1.Eviction)
	got, err := r.s.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	pod := got.(*corev1.Pod)
	c := clusterOf(ctx)
	if b := blockingBudget(c, pod); b != nil {
		e := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
		e.ErrStatus.Details.Causes = append(e.ErrStatus.Details.Causes,
			metav1.StatusCause{Type: "DisruptionBudget", Message: fmt.Sprintf("The disruption budget %s needs %d healthy pods and has %d currently", b.Name,
				b.Status.DesiredHealthy, b.Status.CurrentHealthy)})
		return nil, e
	}
	if ev.DeleteOptions != nil && len(ev.DeleteOptions.DryRun) > 0 {
		return &metav1.Status{Status: metav1.StatusSuccess}, nil
	}
	opts := ev.DeleteOptions
	if opts == nil {
		opts = &metav1.DeleteOptions{}
	}
	if _, _, err := r.s.Delete(ctx, name, rest.ValidateAllObjectFunc, opts); err != nil {
		return nil, err
	}
	return &metav1.Status{Status: metav1.StatusSuccess}, nil
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
	now := metav1.NewTime(c.date())
	u.DeletionTimestamp, u.DeletionGracePeriodSeconds = &now, u.Spec.TerminationGracePeriodSeconds
	c.Save(u)
	return true
}

// bindingREST places a pod on a node.
type bindingREST struct{ s *registry.Store }

func (bindingREST) New() runtime.Object { return &corev1.Binding{} }
func (bindingREST) Destroy()            {}
func (r bindingREST) Create(ctx context.Context, name string, o runtime.Object, _ rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	got, err := r.s.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	p := got.(*corev1.Pod).DeepCopy()
	p.Spec.NodeName = o.(*corev1.Binding).Target.Name
	clusterOf(ctx).Save(p)
	return &metav1.Status{Status: metav1.StatusSuccess}, nil
}

// whoamiREST answers `kubectl auth whoami`.
type whoamiREST struct{}

func (whoamiREST) New() runtime.Object     { return &authnv1.SelfSubjectReview{} }
func (whoamiREST) Destroy()                {}
func (whoamiREST) NamespaceScoped() bool   { return false }
func (whoamiREST) GetSingularName() string { return "selfsubjectreview" }
func (whoamiREST) Create(ctx context.Context, o runtime.Object, _ rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	u, _ := apirequest.UserFrom(ctx)
	r := &authnv1.SelfSubjectReview{}
	r.Status.UserInfo = authnv1.UserInfo{Username: u.GetName(), Groups: u.GetGroups(), UID: u.GetUID()}
	return r, nil
}

// canIREST answers `kubectl auth can-i`.
type canIREST struct{}

func (canIREST) New() runtime.Object     { return &authzv1.SelfSubjectAccessReview{} }
func (canIREST) Destroy()                {}
func (canIREST) NamespaceScoped() bool   { return false }
func (canIREST) GetSingularName() string { return "selfsubjectaccessreview" }
func (canIREST) Create(ctx context.Context, o runtime.Object, _ rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	r := o.(*authzv1.SelfSubjectAccessReview)
	u, _ := apirequest.UserFrom(ctx)
	a := authorizer.AttributesRecord{User: u}
	if x := r.Spec.ResourceAttributes; x != nil {
		a.ResourceRequest, a.Verb, a.Namespace, a.Name = true, x.Verb, x.Namespace, x.Name
		a.APIGroup, a.APIVersion, a.Resource, a.Subresource = x.Group, x.Version, x.Resource, x.Subresource
	} else if x := r.Spec.NonResourceAttributes; x != nil {
		a.Verb, a.Path = x.Verb, x.Path
	}
	d, why, err := authorize(ctx, a)
	r.Status = authzv1.SubjectAccessReviewStatus{Allowed: d == authorizer.DecisionAllow, Reason: why}
	return r, err
}
