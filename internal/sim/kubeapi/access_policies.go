package kubeapi

import (
	"slices"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

// accessPolicies are the rules of EKS's access policies that people have; of others, which EKS has
// for its own components, an empty list. Those for users are as Kubernetes' user-facing roles are
// (EKS user guide, "Review access policy permissions").
var accessPolicies = sync.OnceValue(func() map[string][]rbacv1.PolicyRule {
	all := map[string][]rbacv1.PolicyRule{}
	for _, r := range bootstrappolicy.ClusterRoles() {
		all[r.Name] = r.Rules
	}
	view := all["system:aggregate-to-view"]
	edit := slices.Concat(view, all["system:aggregate-to-edit"])
	every, read := []string{"*"}, []string{"get", "list", "watch"}
	return map[string][]rbacv1.PolicyRule{
		"AmazonEKSClusterAdminPolicy": {{APIGroups: every, Resources: every, Verbs: every}, {NonResourceURLs: every, Verbs: every}},
		"AmazonEKSAdminPolicy":        slices.Concat(edit, all["system:aggregate-to-admin"]),
		"AmazonEKSEditPolicy":         edit,
		"AmazonEKSViewPolicy":         view,
		"AmazonEKSAdminViewPolicy":    {{APIGroups: every, Resources: every, Verbs: read}},
		"AmazonEKSSecretReaderPolicy": {{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: read}},
	}
})
