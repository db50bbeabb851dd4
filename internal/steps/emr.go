package steps

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
)

// EMRAccess lets Amazon EMR on EKS work in a namespace: the role and binding of its
// user guide ("Enable cluster access for Amazon EMR on EKS"), as eksctl makes them.
type EMRAccess struct {
	Namespace string `json:"namespace"`
}

var workloadVerbs = []string{"get", "list", "watch", "describe", "create", "edit", "delete", "deletecollection", "annotate", "patch", "label"}

var emrRules = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}},
	{APIGroups: []string{""}, Resources: []string{"serviceaccounts", "services", "configmaps", "events", "pods", "pods/log"}, Verbs: workloadVerbs},
	{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"create", "patch", "delete", "watch"}},
	{APIGroups: []string{"apps"}, Resources: []string{"statefulsets", "deployments"}, Verbs: workloadVerbs},
	{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: workloadVerbs},
	{APIGroups: []string{"extensions", "networking.k8s.io"}, Resources: []string{"ingresses"}, Verbs: workloadVerbs},
	{APIGroups: []string{"rbac.authorization.k8s.io"}, Resources: []string{"roles", "rolebindings"}, Verbs: workloadVerbs},
	{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"}, Verbs: workloadVerbs},
}

// Run makes what is missing.
func (s *EMRAccess) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	meta := metav1.ObjectMeta{Name: config.EMRContainers, Namespace: s.Namespace}
	_, err = k.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}, metav1.CreateOptions{})
	made := err == nil
	if err == nil || apierrors.IsAlreadyExists(err) {
		_, err = k.RbacV1().Roles(s.Namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: emrRules}, metav1.CreateOptions{})
		made = made || err == nil
	}
	if err == nil || apierrors.IsAlreadyExists(err) {
		binding := &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: meta.Name}}}
		_, err = k.RbacV1().RoleBindings(s.Namespace).Create(ctx, binding, metav1.CreateOptions{})
		made = made || err == nil
	}
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return engine.Result{Changed: made}, fmt.Errorf("letting EMR work in namespace %s: %w", s.Namespace, err)
	}
	return engine.Result{State: engine.Done, Reason: "in place", Changed: made}, nil
}
