package steps

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/engine"
)

// ServiceAccount makes a Kubernetes service account, annotated with its role
// where it assumes one by web identity.
type ServiceAccount struct {
	Namespace   string            `json:"namespace"`
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Role        string            `json:"role,omitempty"` // stack name or ARN; "": none
}

// Run creates or amends it.
func (s *ServiceAccount) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	_, err = k.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return engine.Result{}, fmt.Errorf("creating namespace %s: %w", s.Namespace, err)
	}
	r := engine.Result{Changed: err == nil}
	want := maps.Clone(s.Annotations)
	if s.Role != "" {
		arn, err := roleOf(ctx, e, s.Role)
		if err != nil {
			return r, err
		}
		amend(&want, map[string]string{RoleAnnotation: *arn})
	}
	api := k.CoreV1().ServiceAccounts(s.Namespace)
	cur, err := api.Get(ctx, s.Name, metav1.GetOptions{})
	r.State = engine.Done
	switch {
	case apierrors.IsNotFound(err):
		labels := map[string]string{"app.kubernetes.io/managed-by": "slipway"}
		maps.Copy(labels, s.Labels)
		meta := metav1.ObjectMeta{Name: s.Name, Namespace: s.Namespace, Labels: labels, Annotations: want}
		_, err = api.Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{})
		r.Reason = "created"
	case err == nil && Holds(cur.Annotations, want) && Holds(cur.Labels, s.Labels):
		r.Reason = "in place"
		return r, nil
	case err == nil:
		amend(&cur.Annotations, want)
		amend(&cur.Labels, s.Labels)
		_, err = api.Update(ctx, cur, metav1.UpdateOptions{})
		r.Reason = "amended"
	}
	if err != nil {
		return r, fmt.Errorf("writing service account %s/%s: %w", s.Namespace, s.Name, err)
	}
	r.Changed = true
	return r, nil
}

// RoleAnnotation names the role that a service account assumes by web identity.
const RoleAnnotation = "eks.amazonaws.com/role-arn"

// Holds tells whether a map holds every wanted pair.
func Holds(have, want map[string]string) bool {
	for k, v := range want {
		if x, ok := have[k]; !ok || x != v {
			return false
		}
	}
	return true
}

func amend(have *map[string]string, want map[string]string) {
	if *have == nil {
		*have = map[string]string{}
	}
	maps.Copy(*have, want)
}
