package kubeapi_test

import (
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	aggregationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

const ships = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ships.harbour.example}
spec:
  group: harbour.example
  scope: Namespaced
  names: {plural: ships, singular: ship, kind: Ship, shortNames: [shp], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.crew, statusReplicasPath: .status.crew}}
    additionalPrinterColumns: [{name: Crew, type: integer, jsonPath: .spec.crew}, {name: Age, type: date, jsonPath: .metadata.creationTimestamp}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [name]
            properties:
              name: {type: string, minLength: 2}
              crew: {type: integer, default: 3}
              cargo: {type: integer}
            x-kubernetes-validations: [{rule: "!has(self.cargo) || self.cargo < 100", message: too heavy}]
          status: {type: object, properties: {crew: {type: integer}}}
  - {name: v1beta1, served: true, storage: false, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`

func define(t *testing.T, c *kubeapi.Cluster) dynamic.Interface {
	t.Helper()
	d, err := dynamic.NewForConfig(&rest.Config{Host: "https://cluster", QPS: -1, Transport: bearer{c, "good"}})
	if err != nil {
		t.Fatal(err)
	}
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(ships), &o.Object); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resource(apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions")).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return d
}

func ship(name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "harbour.example/v1", "kind": "Ship", "metadata": map[string]any{"name": name},
		"spec": spec}}
}

// A definition brings its resources, with schema, defaults, pruning, rules, versions,
// discovery and documents, and takes them along when it goes.
func TestADefinitionBringsItsResources(t *testing.T) {
	c, k := open(t, "good", admin)
	d := define(t, c)
	gvr := schema.GroupVersionResource{Group: "harbour.example", Version: "v1", Resource: "ships"}
	api := d.Resource(gvr).Namespace("default")
	for want, spec := range map[string]map[string]any{"spec.name: Required value": {}, "too heavy": {"name": "ab", "cargo": int64(200)},
		"spec.name in body should be at least 2 chars long": {"name": "a"}} {
		if _, err := api.Create(t.Context(), ship("x", spec), metav1.CreateOptions{}); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", spec, err)
		}
	}
	got, err := api.Create(t.Context(), ship("s", map[string]any{"name": "Ida", "sails": int64(2)}), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if crew, _, _ := unstructured.NestedInt64(got.Object, "spec", "crew"); crew != 3 {
		t.Errorf("not defaulted: %v", got.Object)
	}
	if _, has, _ := unstructured.NestedInt64(got.Object, "spec", "sails"); has {
		t.Errorf("not pruned: %v", got.Object)
	}
	gvr.Version = "v1beta1"
	if old, err := d.Resource(gvr).Namespace("default").Get(t.Context(), "s", metav1.GetOptions{}); err != nil || old.GetAPIVersion() != "harbour.example/v1beta1" {
		t.Errorf("%v %v", old, err)
	}
	if l, err := k.Discovery().ServerResourcesForGroupVersion("harbour.example/v1"); err != nil || len(l.APIResources) != 3 {
		t.Errorf("%v %v", l, err)
	}
	if s := kubeapi.Get[aggregationv1.APIService](c, "", "v1.harbour.example"); s == nil {
		t.Error("no APIService")
	}
	b, err := k.Discovery().RESTClient().Get().AbsPath("/openapi/v3/apis/harbour.example/v1").DoRaw(t.Context())
	if err != nil || !strings.Contains(string(b), "example.harbour.v1.Ship") {
		t.Errorf("%.200s %v", b, err)
	}
	saved, err := c.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again, err := kubeapi.LoadCluster(saved, func(s string) string { return s }, time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	again.Token = c.Token
	e, err := dynamic.NewForConfig(&rest.Config{Host: "https://cluster", QPS: -1, Transport: bearer{again, "good"}})
	if err != nil {
		t.Fatal(err)
	}
	if o, err := e.Resource(gvr).Namespace("default").Get(t.Context(), "s", metav1.GetOptions{}); err != nil || o.GetUID() != got.GetUID() {
		t.Errorf("after a load: %v %v", o, err)
	}
	defs := d.Resource(apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions"))
	if err := defs.Delete(t.Context(), "ships.harbour.example", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := defs.Get(t.Context(), "ships.harbour.example", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the definition is left: %v", err)
	}
	if _, err := api.Get(t.Context(), "s", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the ship is left: %v", err)
	}
}

// A definition waits for its last object's finalizers.
func TestADefinitionWaitsForItsObjects(t *testing.T) {
	c, _ := open(t, "good", admin)
	d := define(t, c)
	api := d.Resource(schema.GroupVersionResource{Group: "harbour.example", Version: "v1", Resource: "ships"}).Namespace("default")
	s := ship("s", map[string]any{"name": "Ida"})
	s.SetFinalizers([]string{"harbour.example/pilot"})
	if _, err := api.Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	defs := d.Resource(apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions"))
	if err := defs.Delete(t.Context(), "ships.harbour.example", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := defs.Get(t.Context(), "ships.harbour.example", metav1.GetOptions{}); err != nil {
		t.Fatalf("it did not wait: %v", err)
	}
	if _, err := api.Patch(t.Context(), "s", "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := defs.Get(t.Context(), "ships.harbour.example", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the definition is left: %v", err)
	}
}
