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
	Env               *Env
	Namespace, Name   string
	Labels, Annotions map[string]string
	Role              string // stack name or ARN; "": none
}

// Run creates or amends it.
func (s *ServiceAccount) Run(ctx context.Context) (engine.Result, error) {
	k, err := s.Env.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	if _, err := k.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return engine.Result{}, fmt.Errorf("creating namespace %s: %w", s.Namespace, err)
	}
	want := map[string]string{}
	for a, v := range s.Annotions {
		want[a] = v
	}
	if s.Role != "" {
		arn, err := roleOf(ctx, s.Env, s.Role)
		if err != nil {
			return engine.Result{}, err
		}
		want[RoleAnnotation] = *arn
	}
	api := k.CoreV1().ServiceAccounts(s.Namespace)
	cur, err := api.Get(ctx, s.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		labels := map[string]string{"app.kubernetes.io/managed-by": "slipway"}
		for l, v := range s.Labels {
			labels[l] = v
		}
		_, err = api.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: s.Name, Namespace: s.Namespace, Labels: labels, Annotations: want}}, metav1.CreateOptions{})
		if err != nil {
			return engine.Result{}, fmt.Errorf("creating service account %s/%s: %w", s.Namespace, s.Name, err)
		}
		return engine.Result{State: engine.Done, Reason: "created", Changed: true}, nil
	}
	if err != nil {
		return engine.Result{}, err
	}
	if Holds(cur.Annotations, want) && Holds(cur.Labels, s.Labels) {
		return engine.Finished("in place")
	}
	amend(&cur.Annotations, want)
	amend(&cur.Labels, s.Labels)
	_, err = api.Update(ctx, cur, metav1.UpdateOptions{})
	return engine.Result{State: engine.Done, Reason: "amended", Changed: true}, err
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
