package kubeapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// Grant is one EKS access policy that a user has: everything, or in namespaces.
type Grant struct {
	Policy     string // AmazonEKSClusterAdminPolicy, …
	Namespaces []string
}

// User is who a bearer token belongs to.
type User struct {
	Name   string
	Groups []string
	Grants []Grant
}

type userInfo struct {
	user.DefaultInfo
	grants []Grant
}

func authenticate(r *http.Request) (*authenticator.Response, bool, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	c := clusterOf(r.Context())
	if !ok || c == nil || c.Token == nil {
		return nil, false, nil
	}
	u := c.Token(token)
	if u == nil {
		return nil, false, nil
	}
	groups := append(slices.Clone(u.Groups), user.AllAuthenticated)
	return &authenticator.Response{User: &userInfo{user.DefaultInfo{Name: u.Name, Groups: groups}, u.Grants}}, true, nil
}

var readVerbs = []string{"get", "list", "watch"}

// authorize decides from groups and access policies, as EKS's authorizer webhook
// does, then from RBAC. Discovery is open to everybody who is authenticated.
func authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	u, ok := a.GetUser().(*userInfo)
	if !ok {
		return authorizer.DecisionNoOpinion, "", nil
	}
	if slices.Contains(u.Groups, user.SystemPrivilegedGroup) || slices.Contains(u.Groups, user.NodesGroup) {
		return authorizer.DecisionAllow, "", nil
	}
	if !a.IsResourceRequest() || a.GetAPIGroup() == "authentication.k8s.io" || a.GetAPIGroup() == "authorization.k8s.io" {
		return authorizer.DecisionAllow, "", nil
	}
	for _, g := range u.grants {
		if len(g.Namespaces) > 0 && !slices.ContainsFunc(g.Namespaces, func(n string) bool {
			p, wild := strings.CutSuffix(n, "*")
			return n == a.GetNamespace() || wild && strings.HasPrefix(a.GetNamespace(), p)
		}) {
			continue
		}
		if g.allows(a) {
			return authorizer.DecisionAllow, "", nil
		}
	}
	if bound(clusterOf(ctx), a) {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "", nil
}

func (g Grant) allows(a authorizer.Attributes) bool {
	read := slices.Contains(readVerbs, a.GetVerb())
	switch g.Policy {
	case "AmazonEKSClusterAdminPolicy":
		return true
	case "AmazonEKSAdminPolicy":
		return a.GetNamespace() != "" || read
	case "AmazonEKSEditPolicy":
		return a.GetNamespace() != "" && a.GetResource() != "serviceaccounts"
	case "AmazonEKSViewPolicy":
		return read && a.GetResource() != "secrets" && a.GetNamespace() != ""
	case "AmazonEKSAdminViewPolicy":
		return read
	}
	return false
}
