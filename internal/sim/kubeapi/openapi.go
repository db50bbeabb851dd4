package kubeapi

import (
	"encoding/json"
	"net/http"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder"
	"k8s.io/kube-openapi/pkg/cached"
	"k8s.io/kube-openapi/pkg/handler"
	"k8s.io/kube-openapi/pkg/handler3"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// openAPI answers /openapi/v2 and v3: the built-in kinds' from the generic server, with
// what the cluster's definitions add.
func (s *server) openAPI(c *Cluster, next http.Handler, w http.ResponseWriter, r *http.Request) {
	x := c.customs()
	p := strings.Trim(r.URL.Path, "/")
	if len(x.established()) == 0 {
		next.ServeHTTP(w, r)
		return
	}
	if p == "openapi/v2" {
		if all, err := builder.MergeSpecs(s.StaticOpenAPISpec, x.v2()...); err == nil {
			h := handler.NewOpenAPIService(all)
			m := http.NewServeMux()
			h.RegisterOpenAPIVersionedService("/openapi/v2", mux{m})
			m.ServeHTTP(w, r)
			return
		}
	}
	h := handler3.NewOpenAPIService()
	for _, g := range x.groups() {
		for _, v := range x.versions(g) {
			h.UpdateGroupVersionLazy("apis/"+g+"/"+v, cached.Func(func() (*spec3.OpenAPI, string, error) {
				o, err := x.v3(g, v)
				return o, c.Version(), err
			}))
		}
	}
	switch gv, ok := strings.CutPrefix(p, "openapi/v3/apis/"); {
	case p == "openapi/v3":
		s.openAPIIndex(h, next, w, r)
	case ok && x.has(before(gv), after(gv)):
		h.HandleGroupVersion(w, r)
	default:
		next.ServeHTTP(w, r)
	}
}

func before(gv string) string { g, _, _ := strings.Cut(gv, "/"); return g }
func after(gv string) string  { _, v, _ := strings.Cut(gv, "/"); return v }

// mux is a path mux of kube-openapi's kind.
type mux struct{ *http.ServeMux }

func (m mux) UnlistedHandle(path string, h http.Handler) { m.Handle(path, h) }
func (m mux) UnlistedHandleFunc(path string, h func(http.ResponseWriter, *http.Request)) {
	m.HandleFunc(path, h)
}

// openAPIIndex lists where each group version's document is.
func (s *server) openAPIIndex(own *handler3.OpenAPIService, next http.Handler, w http.ResponseWriter, r *http.Request) {
	all := handler3.OpenAPIV3Discovery{Paths: map[string]handler3.OpenAPIV3DiscoveryGroupVersion{}}
	for _, h := range []http.Handler{next, http.HandlerFunc(own.HandleDiscovery)} {
		x := &recorder{header: http.Header{}, status: http.StatusOK}
		plain := r.Clone(r.Context())
		plain.Header.Del("Accept-Encoding")
		h.ServeHTTP(x, plain)
		if err := json.Unmarshal(x.body.Bytes(), &all); err != nil {
			answer(w, http.StatusInternalServerError, "InternalError", err.Error())
			return
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		answer(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b) // the client has gone
}

// v2 are the definitions' documents, each version's.
func (x *customs) v2() []*spec.Swagger {
	var out []*spec.Swagger
	for _, d := range x.established() {
		for _, v := range d.Spec.Versions {
			if o, err := builder.BuildOpenAPIV2(d, v.Name, builder.Options{V2: true}); err == nil && v.Served {
				out = append(out, o)
			}
		}
	}
	return out
}

// v3 is one group version's document.
func (x *customs) v3(group, version string) (*spec3.OpenAPI, error) {
	var all []*spec3.OpenAPI
	for _, d := range x.established() {
		if d.Spec.Group != group {
			continue
		}
		for _, v := range d.Spec.Versions {
			if v.Name != version || !v.Served {
				continue
			}
			o, err := builder.BuildOpenAPIV3(d, version, builder.Options{V2: false})
			if err != nil {
				return nil, err
			}
			all = append(all, o)
		}
	}
	return builder.MergeSpecsV3(all...)
}
