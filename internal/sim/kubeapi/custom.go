package kubeapi

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crds "k8s.io/apiextensions-apiserver/pkg/apiserver"
	clients "k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions/apiextensions/v1"
	listers "k8s.io/apiextensions-apiserver/pkg/client/listers/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/controller/finalizer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/tools/cache"
)

// customs serves one cluster's custom resources, by Kubernetes' own handler of them.
type customs struct {
	http.Handler
	storages interface {
		GetCustomResourceListerCollectionDeleter(*apiextensionsv1.CustomResourceDefinition) (finalizer.ListerCollectionDeleter, error)
	}
	definitions listers.CustomResourceDefinitionLister
}

// definitionInformer is clients.CustomResourceDefinitionInformer over the storage.
type definitionInformer struct{ i *informer }

func (d definitionInformer) Informer() cache.SharedIndexInformer { return d.i }
func (d definitionInformer) Lister() listers.CustomResourceDefinitionLister {
	return listers.NewCustomResourceDefinitionLister(d.i.indexer)
}

var _ clients.CustomResourceDefinitionInformer = definitionInformer{}

var definitionKind = kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == "CustomResourceDefinition" })]

// longAgo shows a definition as one that was established long ago: for two seconds of the
// wall's after that time upstream's handler delays creations, lest another API server of
// several has not heard of it. Here is one, on the world's time.
func longAgo(o runtime.Object) runtime.Object {
	d := o.(*apiextensionsv1.CustomResourceDefinition).DeepCopy()
	for i := range d.Status.Conditions {
		d.Status.Conditions[i].LastTransitionTime = metav1.Time{}
	}
	return d
}

func (c *Cluster) newCustoms() *customs {
	d := definitionInformer{c.informer(definitionKind, longAgo)}
	s := serverOf(c.Version())
	h, err := crds.NewCustomResourceDefinitionHandler(nil, nil, d, http.NotFoundHandler(), restOptions{}, s.admission, nil,
		webhook.NewDefaultServiceResolver(), webhook.NewDefaultAuthenticationInfoResolverWrapper(nil, nil, nil, nil), 1,
		authorizer.AuthorizerFunc(authorize), time.Minute, 30*time.Minute, s.models, 3<<20)
	if err != nil {
		panic(err) // nothing in it depends on the world
	}
	return &customs{h, h, d.Lister()}
}

// has tells whether a group and version, or with "" a group, is served for the
// cluster's definitions.
func (x *customs) has(group, version string) bool {
	return slices.ContainsFunc(x.established(), func(d *apiextensionsv1.CustomResourceDefinition) bool {
		return d.Spec.Group == group && slices.ContainsFunc(d.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
			return v.Served && (version == "" || v.Name == version)
		})
	})
}

// established are the definitions whose resources are served, by name.
func (x *customs) established() []*apiextensionsv1.CustomResourceDefinition {
	all, err := x.definitions.List(everything)
	if err != nil {
		return nil
	}
	all = slices.DeleteFunc(all, func(d *apiextensionsv1.CustomResourceDefinition) bool {
		return !apihelpers.IsCRDConditionTrue(d, apiextensionsv1.Established)
	})
	slices.SortFunc(all, func(a, b *apiextensionsv1.CustomResourceDefinition) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// serve answers what the built-in groups do not: custom resources, and discovery of their
// groups.
func (x *customs) serve(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) == 2 && x.has(parts[1], ""):
		x.group(parts[1]).ServeHTTP(w, r)
	case len(parts) == 3 && x.has(parts[1], parts[2]):
		x.version(parts[1], parts[2]).ServeHTTP(w, r)
	case len(parts) <= 3:
		http.NotFound(w, r)
	default:
		x.ServeHTTP(w, r)
	}
}
