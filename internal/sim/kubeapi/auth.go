package kubeapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
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
	if u, ok := r.Context().Value(loopbackKey{}).(user.Info); ok {
		return &authenticator.Response{User: u}, true, nil
	}
	c := clusterOf(r.Context())
	if r.Header.Get("Authorization") == "" && c.anonymous(r.URL.Path) {
		return &authenticator.Response{User: &user.DefaultInfo{Name: user.Anonymous, Groups: []string{user.AllUnauthenticated}}}, true, nil
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || c == nil {
		return nil, false, nil
	}
	audiences, limited := authenticator.AudiencesFrom(r.Context())
	if !limited {
		audiences = authenticator.Audiences{Audience}
	}
	if t, both, err := c.ReadToken(token, audiences); err == nil {
		return &authenticator.Response{User: t.user(), Audiences: both}, true, nil
	}
	if c.Token == nil {
		return nil, false, nil
	}
	u := c.Token(token)
	if u == nil {
		return nil, false, nil
	}
	groups := append(slices.Clone(u.Groups), user.AllAuthenticated)
	return &authenticator.Response{User: &userInfo{user.DefaultInfo{Name: u.Name, Groups: groups}, u.Grants}}, true, nil
}

// anonymous tells whether a request without credentials is let on to authorisation: any
// until 1.31, then of EKS only those for the API server's health.
func (c *Cluster) anonymous(path string) bool {
	if serverOf(c.Version()).minor < 32 {
		return true
	}
	p := strings.SplitN(strings.Trim(path, "/"), "/", 2)[0]
	return p == "healthz" || p == "livez" || p == "readyz"
}

// authorize decides from groups and access policies, as EKS's authorizer webhook
// does, then from RBAC. Discovery is open to everybody who is authenticated.
func authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	if a.GetUser() == nil {
		return authorizer.DecisionNoOpinion, "no user on request.", nil
	}
	if u, ok := ctx.Value(loopbackKey{}).(user.Info); ok && u == a.GetUser() {
		if _, bound := u.(*subject); !bound {
			return authorizer.DecisionAllow, "", nil // the control plane's own
		}
	}
	groups := a.GetUser().GetGroups()
	if slices.Contains(groups, user.SystemPrivilegedGroup) || slices.Contains(groups, user.NodesGroup) {
		return authorizer.DecisionAllow, "", nil
	}
	var grants []Grant
	if u, ok := a.GetUser().(*userInfo); ok {
		grants = u.grants
	}
	for _, g := range grants {
		if len(g.Namespaces) > 0 && !slices.ContainsFunc(g.Namespaces, func(n string) bool {
			p, wild := strings.CutSuffix(n, "*")
			return n == a.GetNamespace() || wild && strings.HasPrefix(a.GetNamespace(), p)
		}) {
			continue
		}
		if rbac.RulesAllow(a, accessPolicies()[g.Policy]...) {
			return authorizer.DecisionAllow, "", nil
		}
	}
	return rbacAuthorizer.Authorize(ctx, a)
}
