package kubeapi_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// Every resource that discovery promises can be listed, and has a table for kubectl.
func TestWhatDiscoveryPromisesIsServed(t *testing.T) {
	c, k := open(t, "good", admin)
	d, err := dynamic.NewForConfig(&rest.Config{Host: "https://cluster", QPS: -1, Transport: bearer{c, "good"}})
	if err != nil {
		t.Fatal(err)
	}
	lists, err := k.Discovery().ServerPreferredResources()
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, l := range lists {
		gv, err := schema.ParseGroupVersion(l.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range l.APIResources {
			if !strings.Contains(strings.Join(r.Verbs, " "), "list") {
				continue
			}
			if _, err := d.Resource(gv.WithResource(r.Name)).List(t.Context(), metav1.ListOptions{}); err != nil {
				t.Errorf("%s %s: %v", gv, r.Name, err)
			}
			listed[gv.Group+"/"+r.Name] = true
		}
	}
	for _, want := range []string{"/endpoints", "/persistentvolumeclaims", "apps/statefulsets", "batch/jobs", "batch/cronjobs", "networking.k8s.io/ingresses",
		"networking.k8s.io/ingressclasses", "networking.k8s.io/networkpolicies", "autoscaling/horizontalpodautoscalers", "discovery.k8s.io/endpointslices",
		"scheduling.k8s.io/priorityclasses", "storage.k8s.io/storageclasses", "node.k8s.io/runtimeclasses",
		"admissionregistration.k8s.io/validatingwebhookconfigurations", "certificates.k8s.io/certificatesigningrequests",
		"flowcontrol.apiserver.k8s.io/flowschemas"} {
		if !listed[want] {
			t.Errorf("discovery does not know %s", want)
		}
	}
}

// An object of a built-in group keeps what it says, has Kubernetes' defaults, and
// shows in kubectl's table under its columns.
func TestIngressesAndJobsAreStoredAsKubernetesDoes(t *testing.T) {
	_, k := open(t, "good", admin)
	in := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: "web"}}
	if _, err := k.NetworkingV1().Ingresses("default").Create(t.Context(), in, metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("an Ingress without rules: %v", err)
	}
	in.Spec.Rules = []networkingv1.IngressRule{{Host: "a.example"}}
	if _, err := k.NetworkingV1().Ingresses("default").Create(t.Context(), in, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b, err := k.NetworkingV1().RESTClient().Get().Resource("ingresses").SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(t.Context())
	var table struct {
		Rows []struct{ Cells []any }
	}
	if err != nil || json.Unmarshal(b, &table) != nil || len(table.Rows) != 1 || len(table.Rows[0].Cells) != 6 || table.Rows[0].Cells[2] != "a.example" {
		t.Errorf("%s %v", b, err)
	}
	job, err := k.BatchV1().Jobs("default").Create(t.Context(), &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "once"},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever,
			Containers: []corev1.Container{{Name: "c", Image: "i"}}}}}}, metav1.CreateOptions{})
	if err != nil || *job.Spec.BackoffLimit != 6 || *job.Spec.Completions != 1 {
		t.Errorf("%v %v", job, err)
	}
}

// kubectl and eksctl drain nodes through either version of an eviction.
func TestBothVersionsOfAnEvictionAreTaken(t *testing.T) {
	c, k := open(t, "good", admin)
	c.Save(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "p"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}, Status: corev1.PodStatus{Phase: corev1.PodRunning}})
	if err := evictBeta(t.Context(), k, "p"); err != nil {
		t.Fatal(err)
	}
	if p := kubeapi.Get[corev1.Pod](c, "default", "p"); p != nil {
		t.Errorf("the pod is left: %v", p.DeletionTimestamp)
	}
}

func evictBeta(ctx context.Context, k kubernetes.Interface, pod string) error {
	return k.PolicyV1beta1().Evictions("default").Evict(ctx, &policyv1beta1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: "default"},
		DeleteOptions: &metav1.DeleteOptions{}})
}

// A saved cluster has the objects of every group again.
func TestBuiltinObjectsSurviveASave(t *testing.T) {
	c, k := open(t, "good", admin)
	u := &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: "alb"}, Spec: networkingv1.IngressClassSpec{Controller: "ingress.k8s.aws/alb"}}
	if _, err := k.NetworkingV1().IngressClasses().Create(t.Context(), u, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b, err := c.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again, err := kubeapi.LoadCluster(b, func(s string) string { return s }, time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if x := kubeapi.Get[networkingv1.IngressClass](again, "", "alb"); x == nil || x.Spec.Controller != "ingress.k8s.aws/alb" {
		t.Errorf("%v", x)
	}
}
