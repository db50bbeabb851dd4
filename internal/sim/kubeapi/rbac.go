package kubeapi

import (
	"context"
	"iter"
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

// roles reads roles and bindings of the request's cluster for Kubernetes' RBAC authorizer.
type roles struct{}

var rbacAuthorizer = rbac.New(roles{}, roles{}, roles{}, roles{})

func (roles) GetRole(ctx context.Context, ns, name string) (*rbacv1.Role, error) {
	if r := Get[rbacv1.Role](clusterOf(ctx), ns, name); r != nil {
		return r, nil
	}
	return nil, apierrors.NewNotFound(rbacv1.Resource("role"), name)
}

func (roles) GetClusterRole(ctx context.Context, name string) (*rbacv1.ClusterRole, error) {
	if r := Get[rbacv1.ClusterRole](clusterOf(ctx), "", name); r != nil {
		return r, nil
	}
	return nil, apierrors.NewNotFound(rbacv1.Resource("clusterrole"), name)
}

func (roles) ListRoleBindings(ctx context.Context, ns string) ([]*rbacv1.RoleBinding, error) {
	var out []*rbacv1.RoleBinding
	for _, b := range List[rbacv1.RoleBinding](clusterOf(ctx)) {
		if b.Namespace == ns {
			out = append(out, b)
		}
	}
	return out, nil
}

func (roles) ListClusterRoleBindings(ctx context.Context) ([]*rbacv1.ClusterRoleBinding, error) {
	return List[rbacv1.ClusterRoleBinding](clusterOf(ctx)), nil
}

// ruleResolver answers `kubectl auth can-i --list`.
type ruleResolver struct{}

func (ruleResolver) RulesFor(ctx context.Context, u user.Info, ns string) ([]authorizer.ResourceRuleInfo, []authorizer.NonResourceRuleInfo, bool, error) {
	return rbacAuthorizer.RulesFor(ctx, u, ns)
}

// bootstrapRoles saves what Kubernetes' API server makes sure of when it starts: the
// roles that people bind to, and those of its own components. What aggregated roles
// (admin, edit, view) hold is gathered here; kube-controller-manager does it otherwise.
func (c *Cluster) bootstrapRoles() {
	all := append(bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()...)
	for i := range all {
		c.Save(&all[i])
	}
	c.AggregateRoles()
	bindings := append(bootstrappolicy.ClusterRoleBindings(), bootstrappolicy.ControllerRoleBindings()...)
	for i := range bindings {
		c.Save(&bindings[i])
	}
	for ns, l := range sorted(bootstrappolicy.NamespaceRoles()) {
		for i := range l {
			l[i].Namespace = ns
			c.Save(&l[i])
		}
	}
	for ns, l := range sorted(bootstrappolicy.NamespaceRoleBindings()) {
		for i := range l {
			l[i].Namespace = ns
			c.Save(&l[i])
		}
	}
}

// AggregateRoles gives each aggregated cluster role the rules of those that its selectors
// name, as Kubernetes' controller of that name does. A stored object is never changed, so
// the same objects as at the last look need no other.
func (c *Cluster) AggregateRoles() {
	all := List[rbacv1.ClusterRole](c)
	if slices.Equal(all, c.aggregated) {
		return
	}
	c.aggregated = all
	for _, r := range all {
		if r.AggregationRule == nil {
			continue
		}
		var rules []rbacv1.PolicyRule
		seen := map[string]bool{}
		for _, s := range r.AggregationRule.ClusterRoleSelectors {
			sel, err := metav1.LabelSelectorAsSelector(&s)
			if err != nil {
				continue
			}
			for _, x := range all {
				if x.Name == r.Name || seen[x.Name] || !sel.Matches(labels.Set(x.Labels)) {
					continue
				}
				seen[x.Name] = true
				for _, rule := range x.Rules {
					if !slices.ContainsFunc(rules, func(o rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(o, rule) }) {
						rules = append(rules, rule)
					}
				}
			}
		}
		if !equality.Semantic.DeepEqual(rules, r.Rules) {
			n := r.DeepCopy()
			n.Rules = rules
			c.Save(n)
		}
	}
}

// sorted is a map in the order of its keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
