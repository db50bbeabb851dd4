package kubeapi

import (
	"context"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	authentication "k8s.io/kubernetes/pkg/registry/authentication/rest"
	"k8s.io/kubernetes/pkg/registry/authentication/tokenreview"
)

// reviews are the authentication group's resources, of which a TokenReview is answered
// for the request's cluster.
type reviews struct{}

func (reviews) NewRESTStorage(r serverstorage.APIResourceConfigSource, opts generic.RESTOptionsGetter) (genericapiserver.APIGroupInfo, error) {
	g, err := authentication.RESTStorageProvider{Authenticator: authenticator.RequestFunc(authenticate)}.NewRESTStorage(r, opts)
	for _, v := range g.VersionedResourcesStorageMap {
		if st, ok := v["tokenreviews"].(*tokenreview.REST); ok {
			v["tokenreviews"] = reviewREST{st}
		}
	}
	return g, err
}

// reviewREST is Kubernetes' own, which looks at a token without the request that brought
// it: here that tells the cluster.
type reviewREST struct{ *tokenreview.REST }

func (reviewREST) Create(ctx context.Context, o runtime.Object, check rest.ValidateObjectFunc, opts *metav1.CreateOptions) (runtime.Object, error) {
	c := clusterOf(ctx)
	of := authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
		return authenticate(r.WithContext(withCluster(r.Context(), c)))
	})
	return tokenreview.NewREST(of, authenticator.Audiences{Audience}).Create(ctx, o, check, opts)
}
