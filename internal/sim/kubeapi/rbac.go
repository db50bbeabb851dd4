package kubeapi

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// Bootstrap saves the roles that every Kubernetes cluster begins with and that
// people bind to. admin, edit and view hold the rules over the kinds served here.
func (c *Cluster) Bootstrap() {
	all := []string{rbacv1.VerbAll}
	groups := []string{"", "apps", "policy", "batch", "autoscaling", "networking.k8s.io", "discovery.k8s.io"}
	named := func(name string, rules ...rbacv1.PolicyRule) {
		c.Save(&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"kubernetes.io/bootstrapping": "rbac-defaults"}},
			Rules: rules})
	}
	work := []string{"pods", "pods/eviction", "configmaps", "services", "serviceaccounts", "events", "daemonsets", "deployments", "replicasets",
		"poddisruptionbudgets", "statefulsets", "replicationcontrollers", "endpoints", "endpointslices", "persistentvolumeclaims", "jobs", "cronjobs",
		"horizontalpodautoscalers", "ingresses", "networkpolicies"}
	named("cluster-admin", rbacv1.PolicyRule{APIGroups: all, Resources: all, Verbs: all}, rbacv1.PolicyRule{NonResourceURLs: all, Verbs: all})
	named("admin", rbacv1.PolicyRule{APIGroups: groups, Resources: append(slices.Clone(work), "secrets"), Verbs: all},
		rbacv1.PolicyRule{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"roles", "rolebindings"}, Verbs: all})
	named("edit", rbacv1.PolicyRule{APIGroups: groups, Resources: append(slices.Clone(work), "secrets"), Verbs: all})
	named("view", rbacv1.PolicyRule{APIGroups: groups, Resources: append(slices.Clone(work), "namespaces"), Verbs: readVerbs})
	c.Save(&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "cluster-admin"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:masters"}}})
}

// bound tells whether RBAC allows a request: a cluster role binding, or a role
// binding in the request's namespace, of the user or one of its groups.
func bound(c *Cluster, a authorizer.Attributes) bool {
	for _, b := range List[rbacv1.ClusterRoleBinding](c) {
		if binds(b.Subjects, a) && ruled(c, "", b.RoleRef, a) {
			return true
		}
	}
	for _, b := range List[rbacv1.RoleBinding](c) {
		if b.Namespace == a.GetNamespace() && binds(b.Subjects, a) && ruled(c, b.Namespace, b.RoleRef, a) {
			return true
		}
	}
	return false
}

func binds(subjects []rbacv1.Subject, a authorizer.Attributes) bool {
	u := a.GetUser()
	return slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool {
		switch s.Kind {
		case rbacv1.UserKind:
			return s.Name == u.GetName()
		case rbacv1.GroupKind:
			return slices.Contains(u.GetGroups(), s.Name)
		case rbacv1.ServiceAccountKind:
			return u.GetName() == "system:serviceaccount:"+s.Namespace+":"+s.Name
		}
		return false
	})
}

func ruled(c *Cluster, ns string, ref rbacv1.RoleRef, a authorizer.Attributes) bool {
	var rules []rbacv1.PolicyRule
	if ref.Kind == "Role" {
		if r := Get[rbacv1.Role](c, ns, ref.Name); r != nil {
			rules = r.Rules
		}
	} else if r := Get[rbacv1.ClusterRole](c, "", ref.Name); r != nil {
		rules = r.Rules
	}
	return slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool { return permits(r, a) })
}

func permits(r rbacv1.PolicyRule, a authorizer.Attributes) bool {
	has := func(list []string, v string) bool {
		return slices.Contains(list, rbacv1.VerbAll) || slices.Contains(list, v)
	}
	if !has(r.Verbs, a.GetVerb()) {
		return false
	}
	if !a.IsResourceRequest() {
		return slices.ContainsFunc(r.NonResourceURLs, func(u string) bool {
			p, wild := strings.CutSuffix(u, "*")
			return u == a.GetPath() || wild && strings.HasPrefix(a.GetPath(), p)
		})
	}
	res := a.GetResource()
	if a.GetSubresource() != "" {
		res += "/" + a.GetSubresource()
	}
	return has(r.APIGroups, a.GetAPIGroup()) && has(r.Resources, res) && (len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, a.GetName()))
}
