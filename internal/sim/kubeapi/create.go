package kubeapi

import (
	"encoding/json"
	"net/http"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
)

// controllerManager is what Kubernetes' controllers call themselves.
const controllerManager = "kube-controller-manager"

// controllerUser is a controller's service account.
func controllerUser(name string) user.Info {
	return &user.DefaultInfo{Name: serviceaccount.MakeUsername(metav1.NamespaceSystem, name),
		Groups: append(serviceaccount.MakeGroupNames(metav1.NamespaceSystem), user.AllAuthenticated)}
}

// Create creates an object as a controller's request to the API does, by the service
// account of its name: admitted, defaulted and validated like a client's, so webhooks, limits
// and quotas hold for what controllers make too.
func (c *Cluster) Create(controller string, o runtime.Object) error {
	return c.CreateBy(&Writer{user: controllerUser(controller), Agent: controllerManager}, o)
}

// CreateBy creates an object as a part of the control plane does that is no controller.
func (c *Cluster) CreateBy(w *Writer, o runtime.Object) error {
	k := kindOf(o)
	o.GetObjectKind().SetGroupVersionKind(k.gv.WithKind(k.name))
	body, err := json.Marshal(o)
	o.GetObjectKind().SetGroupVersionKind(k.gv.WithKind(""))
	if err != nil {
		return err
	}
	m, err := meta.Accessor(o)
	if err != nil {
		return err
	}
	return c.ask(w, http.MethodPost, k.path(m.GetNamespace(), ""), "application/json", body)
}

// CallsOut tells whether a write may ask a webhook outside of this program, which may ask
// AWS or this cluster in turn before it answers.
func (c *Cluster) CallsOut() bool {
	for _, w := range List[admissionv1.MutatingWebhookConfiguration](c) {
		for _, h := range w.Webhooks {
			if h.ClientConfig.URL != nil {
				return true
			}
		}
	}
	for _, w := range List[admissionv1.ValidatingWebhookConfiguration](c) {
		for _, h := range w.Webhooks {
			if h.ClientConfig.URL != nil {
				return true
			}
		}
	}
	return false
}
