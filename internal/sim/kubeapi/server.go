package kubeapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"

	discoveryv2 "k8s.io/api/apidiscovery/v2"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crds "k8s.io/apiextensions-apiserver/pkg/apiserver"
	definition "k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	utilopenapi "k8s.io/apiserver/pkg/util/openapi"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/klog/v2"
	aggregator "k8s.io/kube-aggregator/pkg/apiserver/scheme"
	apiservice "k8s.io/kube-aggregator/pkg/registry/apiservice/rest"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	generated "k8s.io/kubernetes/pkg/generated/openapi"
	admissionrest "k8s.io/kubernetes/pkg/registry/admissionregistration/rest"
	apps "k8s.io/kubernetes/pkg/registry/apps/rest"
	authorization "k8s.io/kubernetes/pkg/registry/authorization/rest"
	autoscaling "k8s.io/kubernetes/pkg/registry/autoscaling/rest"
	batch "k8s.io/kubernetes/pkg/registry/batch/rest"
	certificates "k8s.io/kubernetes/pkg/registry/certificates/rest"
	coordination "k8s.io/kubernetes/pkg/registry/coordination/rest"
	discovery "k8s.io/kubernetes/pkg/registry/discovery/rest"
	events "k8s.io/kubernetes/pkg/registry/events/rest"
	flowcontrol "k8s.io/kubernetes/pkg/registry/flowcontrol/rest"
	networking "k8s.io/kubernetes/pkg/registry/networking/rest"
	noderest "k8s.io/kubernetes/pkg/registry/node/rest"
	policy "k8s.io/kubernetes/pkg/registry/policy/rest"
	rbac "k8s.io/kubernetes/pkg/registry/rbac/rest"
	resource "k8s.io/kubernetes/pkg/registry/resource/rest"
	scheduling "k8s.io/kubernetes/pkg/registry/scheduling/rest"
	storagerest "k8s.io/kubernetes/pkg/registry/storage/rest"
)

// server answers for all clusters of one minor version.
type server struct {
	*genericapiserver.GenericAPIServer
	minor     int
	admission admission.Interface
	models    map[string]*spec.Schema // of the built-in kinds: what apply knows of metadata
	plain     http.Handler            // without what is added for each cluster
	once      sync.Once
	groups    []discoveryv2.APIGroupDiscovery
	endings   map[schema.GroupVersionResource]Deprecated
}

var (
	serversMu sync.Mutex
	servers   = map[int]*server{}
)

// The minors of which this program knows what they serve; clusters of others are served
// as the nearest.
const (
	oldest = 31
	newest = 35
)

// serverOf is the server of a version such as v1.34.1-eks-113cf36, started at the first
// cluster that has it.
func serverOf(version string) *server {
	_, m := minorOf(version)
	minor, err := strconv.Atoi(m)
	if err != nil {
		minor = newest
	}
	minor = min(max(minor, oldest), newest)
	serversMu.Lock()
	defer serversMu.Unlock()
	if servers[minor] == nil {
		s, err := newServer(minor)
		if err != nil {
			panic(fmt.Sprintf("starting the simulated Kubernetes API server: %v", err))
		}
		servers[minor] = s
	}
	return servers[minor]
}

func minorOf(version string) (major, minor string) {
	major, minor, _ = strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	return major, minor
}

func newServer(minor int) (*server, error) {
	klog.SetLogger(logr.Discard()) // the server's own chatter is nobody's business here
	c := genericapiserver.NewConfig(legacyscheme.Codecs)
	c.ExternalAddress = "127.0.0.1:443"
	c.EffectiveVersion = basecompatibility.NewEffectiveVersionFromString(fmt.Sprintf("1.%d.0", minor), fmt.Sprintf("1.%d.0", minor),
		fmt.Sprintf("1.%d.0", minor-3))
	c.LoopbackClientConfig = &restclient.Config{Host: "127.0.0.1:1"}
	c.Authentication.Authenticator = authenticator.RequestFunc(authenticate)
	c.Authentication.APIAudiences = authenticator.Audiences{Audience}
	c.Authorization.Authorizer = authorizer.AuthorizerFunc(authorize)
	namer := openapi.NewDefinitionNamer(legacyscheme.Scheme, crds.Scheme, aggregator.Scheme)
	defs := utilopenapi.GetOpenAPIDefinitionsWithoutDisabledFeatures(generated.GetOpenAPIDefinitions)
	c.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(defs, namer)
	c.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(defs, namer)
	c.OpenAPIConfig.Info.Title, c.OpenAPIV3Config.Info.Title = "Kubernetes", "Kubernetes"
	c.EnableProfiling, c.EnableMetrics = false, false
	s := &server{minor: minor, admission: admitter{}, endings: endings(minor)}
	c.AdmissionControl = s.admission
	c.BuildHandlerChainFunc = func(next http.Handler, c *genericapiserver.Config) http.Handler {
		s.plain = genericapiserver.DefaultBuildHandlerChain(next, c)
		return genericapiserver.DefaultBuildHandlerChain(s.perCluster(next), c)
	}
	var err error
	if s.GenericAPIServer, err = c.Complete(nil).New("simulated", genericapiserver.NewEmptyDelegate()); err != nil {
		return nil, err
	}
	if err := s.install(served(minor)); err != nil {
		return nil, err
	}
	s.Handler.NonGoRestfulMux.NotFoundHandler(http.NotFoundHandler())
	s.Handler.NonGoRestfulMux.UnlistedHandlePrefix("/apis/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clusterOf(r.Context()).customs().serve(w, r)
	}))
	s.PrepareRun()
	s.RunPostStartHooks(context.Background())
	return s, nil
}

// provider is one of upstream's lists of a group's resources.
type provider interface {
	NewRESTStorage(serverstorage.APIResourceConfigSource, generic.RESTOptionsGetter) (genericapiserver.APIGroupInfo, error)
}

// install adds every resource of a minor version.
func (s *server) install(r *serverstorage.ResourceConfig) error {
	opts := restOptions{}
	core := genericapiserver.NewDefaultAPIGroupInfo("", legacyscheme.Scheme, legacyscheme.ParameterCodec, legacyscheme.Codecs)
	v1, err := coreStorage(opts, kubelets, unreachable{})
	if err != nil {
		return err
	}
	core.VersionedResourcesStorageMap["v1"] = v1
	for _, st := range v1 {
		age(st)
	}
	if err := s.InstallLegacyAPIGroup("/api", &core); err != nil {
		return err
	}
	auth := authorizer.AuthorizerFunc(authorize)
	var groups []*genericapiserver.APIGroupInfo
	for _, p := range []provider{
		reviews{},
		authorization.RESTStorageProvider{Authorizer: auth, RuleResolver: ruleResolver{}},
		autoscaling.RESTStorageProvider{}, batch.RESTStorageProvider{}, certificates.RESTStorageProvider{Authorizer: auth},
		coordination.RESTStorageProvider{}, discovery.StorageProvider{}, networking.RESTStorageProvider{}, noderest.RESTStorageProvider{},
		policy.RESTStorageProvider{}, rbac.RESTStorageProvider{Authorizer: auth}, scheduling.RESTStorageProvider{}, storagerest.RESTStorageProvider{},
		flowcontrol.RESTStorageProvider{}, apps.StorageProvider{}, admissionrest.RESTStorageProvider{Authorizer: auth, DiscoveryClient: noDiscovery{}},
		events.RESTStorageProvider{TTL: eventTTL * time.Second}, resource.RESTStorageProvider{NamespaceClient: namespaces{}},
	} {
		g, err := p.NewRESTStorage(r, opts)
		if err != nil {
			return err
		}
		for _, v := range g.VersionedResourcesStorageMap {
			for _, st := range v {
				age(st)
			}
		}
		if len(g.VersionedResourcesStorageMap) > 0 {
			groups = append(groups, &g)
		}
	}
	ext := genericapiserver.NewDefaultAPIGroupInfo(apiextensionsv1.GroupName, crds.Scheme, metav1.ParameterCodec, crds.Codecs)
	defs, err := definition.NewREST(crds.Scheme, opts)
	if err != nil {
		return err
	}
	ext.VersionedResourcesStorageMap["v1"] = map[string]rest.Storage{"customresourcedefinitions": defs,
		"customresourcedefinitions/status": definition.NewStatusREST(crds.Scheme, defs)}
	agg := apiservice.NewRESTStorage(r, opts, false)
	err = s.InstallAPIGroups(append(groups, &ext, &agg)...)
	s.models = ext.StaticOpenAPISpec
	return err
}

// perCluster answers, of what is authorised, what differs from cluster to cluster.
func (s *server) perCluster(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := clusterOf(r.Context())
		switch p := strings.TrimSuffix(r.URL.Path, "/"); {
		case p == "/version":
			c.serveVersion(w)
		case p == "/apis":
			s.discoverGroups(w, r)
		case strings.HasPrefix(p, "/openapi/"):
			s.openAPI(c, next, w, r)
		default:
			s.note(c, r)
			next.ServeHTTP(w, r)
			c.settleDefinitions()
		}
	})
}

// restOptions have every registry's objects in the requests' clusters.
type restOptions struct{}

func (restOptions) GetRESTOptions(r schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.gv.Group == r.Group && k.resource == r.Resource })
	if r.Group == "events.k8s.io" { // the same objects in another version
		r.Group = ""
		i = slices.IndexFunc(kinds, func(k kind) bool { return k.name == "Event" })
	}
	config := &storagebackend.ConfigForResource{GroupResource: r}
	var gv schema.GroupVersion
	var scheme *runtime.Scheme
	if i < 0 {
		config.Codec = unstructured.UnstructuredJSONScheme
	} else {
		gv, scheme = kinds[i].gv, schemeOf(kinds[i].gv.Group)
		config.Codec = serializer.NewCodecFactory(scheme).LegacyCodec(gv)
		config.EncodeVersioner = runtime.NewMultiGroupVersioner(gv, schema.GroupKind{Group: gv.Group})
	}
	open := func(c *storagebackend.ConfigForResource, prefix string, key func(runtime.Object) (string, error), newFunc, _ func() runtime.Object,
		attrs storage.AttrFunc, _ storage.IndexerFuncs, _ *cache.Indexers) (storage.Interface, factory.DestroyFunc, error) {
		b := backend{newFunc: newFunc, form: custom{c.Codec, newFunc}}
		if scheme != nil {
			b.form = typed{scheme, gv, newFunc}
		}
		return b, func() {}, nil
	}
	return generic.RESTOptions{StorageConfig: config, Decorator: open, ResourcePrefix: prefixOf(r), DeleteCollectionWorkers: 1,
		EnableGarbageCollection: true}, nil
}
