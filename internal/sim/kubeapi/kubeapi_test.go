package kubeapi_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authnv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// open makes a cluster whose only token is "good", and a client that sends one.
func open(t *testing.T, token string, u *kubeapi.User) (*kubeapi.Cluster, kubernetes.Interface) {
	t.Helper()
	n := 0
	c, err := kubeapi.NewCluster("v1.34.4-eks-1", func(string) string { n++; return fmt.Sprint("uid-", n) }, time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Bootstrap()
	for _, ns := range []string{"default", "dev-1"} { // as controllers would
		c.Save(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})
		c.Save(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default", Namespace: ns}})
	}
	c.Token = func(s string) *kubeapi.User {
		if s == "good" {
			return u
		}
		return nil
	}
	k, err := kubernetes.NewForConfig(&rest.Config{Host: "https://cluster", BearerToken: token, QPS: -1,
		WrapTransport: func(http.RoundTripper) http.RoundTripper {
			return bearer{c, token}
		}})
	if err != nil {
		t.Fatal(err)
	}
	return c, k
}

type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

var admin = &kubeapi.User{Name: "admin", Groups: []string{"system:masters"}}

func TestStrangersAreUnauthorizedAndViewersForbidden(t *testing.T) {
	_, k := open(t, "bad", admin)
	if _, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); !apierrors.IsUnauthorized(err) {
		t.Errorf("a stranger got %v", err)
	}
	_, k = open(t, "good", &kubeapi.User{Name: "viewer", Grants: []kubeapi.Grant{{Policy: "AmazonEKSViewPolicy", Namespaces: []string{"dev-*"}}}})
	if _, err := k.CoreV1().Pods("dev-1").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("a viewer cannot view: %v", err)
	}
	if _, err := k.CoreV1().Pods("prod").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a viewer of dev-* saw prod: %v", err)
	}
	if err := k.CoreV1().Pods("dev-1").Delete(t.Context(), "x", metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a viewer deleted: %v", err)
	}
	who, err := k.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authnv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || who.Status.UserInfo.Username != "viewer" {
		t.Errorf("%v %v", who, err)
	}
}

// EKS's access policies are as Kubernetes' user-facing roles: for the whole cluster, its users may
// list in all namespaces; none but the administrators of the cluster get at what no namespace has.
func TestAccessPoliciesAreAsUserFacingRoles(t *testing.T) {
	asks := map[string]func(kubernetes.Interface) error{
		"pods everywhere": func(k kubernetes.Interface) error {
			_, err := k.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
			return err
		},
		"nodes": func(k kubernetes.Interface) error {
			_, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
			return err
		},
		"secrets": func(k kubernetes.Interface) error {
			_, err := k.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
			return err
		},
		"a config map": func(k kubernetes.Interface) error {
			_, err := k.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "c-"}}, metav1.CreateOptions{})
			return err
		},
		"a role": func(k kubernetes.Interface) error {
			_, err := k.RbacV1().Roles("default").Create(t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{GenerateName: "r-"}}, metav1.CreateOptions{})
			return err
		},
	}
	for policy, may := range map[string][]string{
		"AmazonEKSViewPolicy":         {"pods everywhere"},
		"AmazonEKSEditPolicy":         {"pods everywhere", "secrets", "a config map"},
		"AmazonEKSAdminPolicy":        {"pods everywhere", "secrets", "a config map", "a role"},
		"AmazonEKSAdminViewPolicy":    {"pods everywhere", "secrets", "nodes"},
		"AmazonEKSSecretReaderPolicy": {"secrets"},
		"AmazonEKSClusterAdminPolicy": {"pods everywhere", "secrets", "a config map", "a role", "nodes"},
		"AmazonEKSHybridPolicy":       nil,
	} {
		_, k := open(t, "good", &kubeapi.User{Name: "u", Grants: []kubeapi.Grant{{Policy: policy}}})
		for what, ask := range asks {
			if err := ask(k); (err == nil) != slices.Contains(may, what) || err != nil && !apierrors.IsForbidden(err) {
				t.Errorf("%s, %s: %v", policy, what, err)
			}
		}
	}
}

func TestVersionDiscoveryPatchAndConflict(t *testing.T) {
	_, k := open(t, "good", admin)
	v, err := k.Discovery().ServerVersion()
	if err != nil || v.GitVersion != "v1.34.4-eks-1" || v.Minor != "34+" {
		t.Errorf("%v %v", v, err)
	}
	api := k.CoreV1().ConfigMaps("default")
	cm, err := api.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}, Data: map[string]string{"a": "1"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := api.Patch(t.Context(), "c", types.StrategicMergePatchType, []byte(`{"data":{"b":"2"}}`), metav1.PatchOptions{})
	if err != nil || len(p.Data) != 2 {
		t.Errorf("%v %v", p, err)
	}
	if _, err := api.Patch(t.Context(), "c", types.ApplyPatchType, []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"9"}}`),
		metav1.PatchOptions{FieldManager: "other"}); !apierrors.IsConflict(err) {
		t.Errorf("server-side apply over another manager's field: %v", err)
	}
	if _, err := api.Update(t.Context(), cm, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("an update of an old version: %v", err)
	}
}

func TestWatchFollowsSelectors(t *testing.T) {
	_, k := open(t, "good", admin)
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	w, err := k.CoreV1().ConfigMaps("").Watch(ctx, metav1.ListOptions{LabelSelector: "a=b"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	api := k.CoreV1().ConfigMaps("default")
	cm, err := api.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cm.Labels = map[string]string{"a": "b"}
	if cm, err = api.Update(ctx, cm, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	cm.Labels = nil
	if _, err = api.Update(ctx, cm, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 2 {
		e := <-w.ResultChan()
		got = append(got, string(e.Type))
	}
	if s := strings.Join(got, " "); s != "ADDED DELETED" {
		t.Errorf("the watch saw %s", s)
	}
}

func TestEvictionKeepsDisruptionBudgets(t *testing.T) {
	c, k := open(t, "good", admin)
	labels := map[string]string{"app": "a"}
	for i := range 2 {
		c.Save(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprint("p", i), Labels: labels},
			Spec: corev1.PodSpec{NodeName: "n", Containers: []corev1.Container{{Name: "c", Image: "i"}}}, Status: corev1.PodStatus{Phase: corev1.PodRunning,
				Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}})
	}
	c.Save(&policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "b"},
		Spec:   policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt32(1)), Selector: &metav1.LabelSelector{MatchLabels: labels}},
		Status: policyv1.PodDisruptionBudgetStatus{ObservedGeneration: 1, DisruptionsAllowed: 1, CurrentHealthy: 2, DesiredHealthy: 1}})
	evict := func(name string) error {
		return k.PolicyV1().Evictions("default").Evict(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}})
	}
	if err := evict("p0"); err != nil {
		t.Fatal(err)
	}
	if err := evict("p1"); !apierrors.IsTooManyRequests(err) ||
		!strings.Contains(err.Error(), "Cannot evict pod as it would violate the pod's disruption budget") {
		t.Errorf("got %v", err)
	}
}

func TestBadObjectsAreRefused(t *testing.T) {
	_, k := open(t, "good", admin)
	_, err := k.AppsV1().DaemonSets("default").Create(t.Context(),
		&appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "d"},
			Spec: appsv1.DaemonSetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}}}, metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "does not match template") {
		t.Errorf("got %v", err)
	}
	if _, err := k.CoreV1().Pods("default").Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "Not A Name"}},
		metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("got %v", err)
	}
}
