package kubeapi_test

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	registration "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

var configMaps = registration.RuleWithOperations{Operations: []registration.OperationType{registration.Create},
	Rule: registration.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}}}

func put(t *testing.T, k kubernetes.Interface, name string) (*corev1.ConfigMap, error) {
	t.Helper()
	return k.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
}

// A policy's expression decides at the next request, and only once it is bound.
func TestPoliciesDecide(t *testing.T) {
	_, k := open(t, "good", admin)
	api := k.AdmissionregistrationV1()
	if _, err := api.ValidatingAdmissionPolicies().Create(t.Context(), &registration.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: "p"},
		Spec: registration.ValidatingAdmissionPolicySpec{
			MatchConstraints: &registration.MatchResources{ResourceRules: []registration.NamedRuleWithOperations{{RuleWithOperations: configMaps}}},
			Validations:      []registration.Validation{{Expression: "object.metadata.name != 'bad'", Message: "bad is bad"}}}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := put(t, k, "bad"); err != nil {
		t.Errorf("an unbound policy decides: %v", err)
	}
	if _, err := api.ValidatingAdmissionPolicyBindings().Create(t.Context(), &registration.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: registration.ValidatingAdmissionPolicyBindingSpec{PolicyName: "p",
			ValidationActions: []registration.ValidationAction{registration.Deny}}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := put(t, k, "bad"); err == nil || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'p' with binding 'p' denied request: bad is bad") {
		t.Errorf("got %v", err)
	}
	if _, err := put(t, k, "good"); err != nil {
		t.Error(err)
	}
}

// A webhook on this machine changes what is created; one behind a Service that is not
// there fails as its failure policy says.
func TestWebhooksAreCalled(t *testing.T) {
	_, k := open(t, "good", admin)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
			return
		}
		in.Response = &admissionv1.AdmissionResponse{UID: in.Request.UID, Allowed: true, PatchType: new(admissionv1.PatchTypeJSONPatch),
			Patch: []byte(`[{"op":"add","path":"/metadata/labels","value":{"seen":"yes"}}]`)}
		if err := json.NewEncoder(w).Encode(in); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	hook := registration.MutatingWebhook{Name: "seen.example.com", AdmissionReviewVersions: []string{"v1"}, SideEffects: new(registration.SideEffectClassNone),
		Rules: []registration.RuleWithOperations{configMaps}, ClientConfig: registration.WebhookClientConfig{URL: &s.URL, CABundle: ca}}
	api := k.AdmissionregistrationV1().MutatingWebhookConfigurations()
	if _, err := api.Create(t.Context(), &registration.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "w"},
		Webhooks: []registration.MutatingWebhook{hook}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if m, err := put(t, k, "a"); err != nil || m.Labels["seen"] != "yes" {
		t.Errorf("%v %v", m, err)
	}
	hook.ClientConfig = registration.WebhookClientConfig{Service: &registration.ServiceReference{Namespace: "default", Name: "none"}}
	if _, err := api.Create(t.Context(), &registration.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "x"},
		Webhooks: []registration.MutatingWebhook{hook}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := put(t, k, "b"); err == nil || !strings.Contains(err.Error(), `failed calling webhook "seen.example.com"`) ||
		!strings.Contains(err.Error(), `service "none" not found`) {
		t.Errorf("got %v", err)
	}
}
