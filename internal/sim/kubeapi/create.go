package kubeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	k := kindOf(o)
	m, err := meta.Accessor(o)
	if err != nil {
		return err
	}
	o.GetObjectKind().SetGroupVersionKind(k.gv.WithKind(k.name))
	body, err := json.Marshal(o)
	o.GetObjectKind().SetGroupVersionKind(k.gv.WithKind(""))
	if err != nil {
		return err
	}
	path := "/apis/" + k.gv.String()
	if k.gv.Group == "" {
		path = "/api/" + k.gv.Version
	}
	if k.namespaced {
		path += "/namespaces/" + m.GetNamespace()
	}
	ctx := context.WithValue(withCluster(context.Background(), c), loopbackKey{}, controllerUser(controller))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://kubernetes.default.svc"+path+"/"+k.resource, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", controllerManager)
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:1"
	x := &recorder{header: http.Header{}, status: http.StatusOK}
	serverOf(c.Version()).Handler.ServeHTTP(x, r) // not asked whether the API is down: that is for those outside of the control plane
	if x.status < http.StatusMultipleChoices {
		return nil
	}
	e := &apierrors.StatusError{}
	if json.Unmarshal(x.body.Bytes(), &e.ErrStatus) != nil || e.ErrStatus.Message == "" {
		b, _ := io.ReadAll(&x.body) //nolint:errcheck // it is in memory
		return fmt.Errorf("creating %s %s: status %d: %s", k.name, m.GetName(), x.status, b)
	}
	return e
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
