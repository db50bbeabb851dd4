package kubeapi

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	discoveryv2 "k8s.io/api/apidiscovery/v2"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crds "k8s.io/apiextensions-apiserver/pkg/apiserver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/apiserver/pkg/endpoints/discovery"
	"k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

var everything = labels.Everything()

// The rank of groups that definitions bring (crdregistration_controller.go).
const customGroupRank, customVersionRank = 1000, 100

// versions are those of a custom group that are served, the preferred first.
func (x *customs) versions(group string) []string {
	var out []string
	for _, d := range x.established() {
		if d.Spec.Group != group {
			continue
		}
		for _, v := range d.Spec.Versions {
			if v.Served && !slices.Contains(out, v.Name) {
				out = append(out, v.Name)
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int { return version.CompareKubeAwareVersionStrings(b, a) })
	return out
}

func (x *customs) groups() []string {
	var out []string
	for _, d := range x.established() {
		out = append(out, d.Spec.Group)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (x *customs) apiGroup(group string) metav1.APIGroup {
	g := metav1.APIGroup{Name: group}
	for _, v := range x.versions(group) {
		g.Versions = append(g.Versions, metav1.GroupVersionForDiscovery{GroupVersion: group + "/" + v, Version: v})
	}
	if len(g.Versions) > 0 {
		g.PreferredVersion = g.Versions[0]
	}
	return g
}

func (x *customs) group(group string) http.Handler {
	return discovery.NewAPIGroupHandler(crds.Codecs, x.apiGroup(group))
}

func (x *customs) version(group, v string) http.Handler {
	return discovery.NewAPIVersionHandler(crds.Codecs, schema.GroupVersion{Group: group, Version: v},
		discovery.APIResourceListerFunc(func() []metav1.APIResource { return x.resources(group, v) }))
}

// verbsOf are what can be done to a definition's resources: nothing new where it is on
// its way out.
func verbsOf(d *apiextensionsv1.CustomResourceDefinition) metav1.Verbs {
	if apihelpers.IsCRDConditionTrue(d, apiextensionsv1.Terminating) {
		return metav1.Verbs{"delete", "deletecollection", "get", "list", "watch"}
	}
	return metav1.Verbs{"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"}
}

var subresourceVerbs = metav1.Verbs{"get", "patch", "update"}

// resources are a custom group version's, in the form of discovery that names one version.
func (x *customs) resources(group, v string) []metav1.APIResource {
	var out []metav1.APIResource
	for _, r := range x.discovery(group, v).Resources {
		namespaced := r.Scope == discoveryv2.ScopeNamespace
		a := metav1.APIResource{Name: r.Resource, SingularName: r.SingularResource, Namespaced: namespaced, Kind: r.ResponseKind.Kind, Verbs: r.Verbs,
			ShortNames: r.ShortNames, Categories: r.Categories}
		for _, d := range x.established() {
			if d.Spec.Group == group && d.Status.AcceptedNames.Plural == r.Resource {
				if s, err := apihelpers.GetCRDStorageVersion(d); err == nil {
					a.StorageVersionHash = discovery.StorageVersionHash(group, s, d.Spec.Names.Kind)
				}
			}
		}
		out = append(out, a)
		for _, s := range r.Subresources {
			sub := metav1.APIResource{Name: r.Resource + "/" + s.Subresource, Namespaced: namespaced, Kind: s.ResponseKind.Kind, Verbs: s.Verbs}
			if s.ResponseKind.Group != group {
				sub.Group, sub.Version = s.ResponseKind.Group, s.ResponseKind.Version
			}
			out = append(out, sub)
		}
	}
	return out
}

// discovery is a custom group version in the form of discovery that tells everything.
func (x *customs) discovery(group, v string) discoveryv2.APIVersionDiscovery {
	out := discoveryv2.APIVersionDiscovery{Version: v, Freshness: discoveryv2.DiscoveryFreshnessCurrent}
	for _, d := range x.established() {
		if d.Spec.Group != group || !apihelpers.HasServedCRDVersion(d, v) {
			continue
		}
		kind := &metav1.GroupVersionKind{Group: group, Version: v, Kind: d.Status.AcceptedNames.Kind}
		n := d.Status.AcceptedNames
		r := discoveryv2.APIResourceDiscovery{Resource: n.Plural, SingularResource: n.Singular, Scope: discoveryv2.ScopeCluster, ResponseKind: kind,
			Verbs: verbsOf(d), ShortNames: n.ShortNames, Categories: n.Categories}
		if d.Spec.Scope == apiextensionsv1.NamespaceScoped {
			r.Scope = discoveryv2.ScopeNamespace
		}
		sub, err := apihelpers.GetSubresourcesForVersion(d, v)
		if err == nil && sub != nil && sub.Status != nil {
			r.Subresources = append(r.Subresources, discoveryv2.APISubresourceDiscovery{Subresource: "status", ResponseKind: kind, Verbs: subresourceVerbs})
		}
		if err == nil && sub != nil && sub.Scale != nil {
			scale := &metav1.GroupVersionKind{Group: autoscalingv1.GroupName, Version: "v1", Kind: "Scale"}
			r.Subresources = append(r.Subresources, discoveryv2.APISubresourceDiscovery{Subresource: "scale", ResponseKind: scale, Verbs: subresourceVerbs})
		}
		out.Resources = append(out.Resources, r)
	}
	slices.SortFunc(out.Resources, func(a, b discoveryv2.APIResourceDiscovery) int { return cmp.Compare(a.Resource, b.Resource) })
	return out
}

// builtins are the built-in groups as the generic server discovers them, ranked.
func (s *server) builtins() []discoveryv2.APIGroupDiscovery {
	s.once.Do(func() {
		r, err := http.NewRequestWithContext(context.WithValue(withCluster(context.Background(), &Cluster{}), loopbackKey{}, apiserverUser), http.MethodGet, "/apis",
			http.NoBody)
		if err != nil {
			panic(err)
		}
		r.Header.Set("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
		x := &recorder{header: http.Header{}}
		s.plain.ServeHTTP(x, r)
		var l discoveryv2.APIGroupDiscoveryList
		if err := json.Unmarshal(x.body.Bytes(), &l); err != nil {
			panic(err)
		}
		s.groups = l.Items
	})
	return s.groups
}

// discoverGroups answers /apis as kube-aggregator does: every group by its rank.
func (s *server) discoverGroups(w http.ResponseWriter, r *http.Request) {
	x := clusterOf(r.Context()).customs()
	m := aggregated.NewResourceManager("apis")
	put := func(group string, v discoveryv2.APIVersionDiscovery, g, n int32) {
		m.AddGroupVersion(group, v)
		m.SetGroupVersionPriority(metav1.GroupVersion{Group: group, Version: v.Version}, int(g), int(n))
	}
	for _, g := range s.builtins() {
		for _, v := range g.Versions {
			rank := ranks[schema.GroupVersion{Group: g.Name, Version: v.Version}]
			put(g.Name, v, rank.group, rank.version)
		}
	}
	for _, g := range x.groups() {
		for _, v := range x.versions(g) {
			put(g, x.discovery(g, v), customGroupRank, customVersionRank)
		}
	}
	aggregated.WrapAggregatedDiscoveryToHandler(http.HandlerFunc(s.listGroups), m).ServeHTTP(w, r)
}

// listGroups answers /apis for clients that ask each group version by itself.
func (s *server) listGroups(w http.ResponseWriter, r *http.Request) {
	x := clusterOf(r.Context()).customs()
	out := &metav1.APIGroupList{}
	for _, g := range s.builtins() {
		a := metav1.APIGroup{Name: g.Name}
		for _, v := range g.Versions {
			a.Versions = append(a.Versions, metav1.GroupVersionForDiscovery{GroupVersion: g.Name + "/" + v.Version, Version: v.Version})
		}
		slices.SortStableFunc(a.Versions, func(p, q metav1.GroupVersionForDiscovery) int {
			return cmp.Compare(ranks[schema.GroupVersion{Group: g.Name, Version: q.Version}].version, ranks[schema.GroupVersion{Group: g.Name,
				Version: p.Version}].version)
		})
		a.PreferredVersion = a.Versions[0]
		out.Groups = append(out.Groups, a)
	}
	rank := func(g metav1.APIGroup) int32 {
		return ranks[schema.GroupVersion{Group: g.Name, Version: g.Versions[0].Version}].group
	}
	slices.SortStableFunc(out.Groups, func(a, b metav1.APIGroup) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), strings.Compare(a.Name, b.Name))
	})
	for _, g := range x.groups() {
		out.Groups = append(out.Groups, x.apiGroup(g))
	}
	responsewriters.WriteObjectNegotiated(legacyscheme.Codecs, negotiation.DefaultEndpointRestrictions, schema.GroupVersion{}, w, r, http.StatusOK, out, false)
}
