package eval

import "strings"

// Request is what somebody asks to do.
type Request struct {
	Action    string // service:Operation
	Resource  string // an ARN, or *; "": something, so that any resource a policy allows will do
	Principal Principal
	Context   map[string][]string // condition keys in small letters, with values
}

// Principal is who asks. Of a service or a federated identity only that field is set.
type Principal struct {
	ARN       string // of a user, the account's root, or a role's session
	Role      string // of a session: the role's ARN
	Account   string
	Service   string // ec2.amazonaws.com
	Federated string // an OIDC or SAML provider's ARN, or a web identity provider's name
}

// matches tells whether a statement is about the request, but for its principal.
func (s *Statement) matches(r *Request, version string) bool {
	variables := version == "2012-10-17"
	switch {
	case s.Actions != nil && !anyAction(s.Actions, r.Action):
		return false
	case s.NotActions != nil && anyAction(s.NotActions, r.Action):
		return false
	case s.Resources != nil && !r.anyResource(s.Resources, variables, s.Deny):
		return false
	case s.NotResources != nil && r.anyResource(s.NotResources, variables, !s.Deny):
		return false
	}
	for _, c := range s.Conditions {
		if !c.holds(r, variables) {
			return false
		}
	}
	return true
}

// anyAction tells whether one of the patterns matches; case does not count.
func anyAction(patterns []string, action string) bool {
	for _, p := range patterns {
		if match(wildcards.Replace(strings.ToLower(p)), strings.ToLower(action)) {
			return true
		}
	}
	return false
}

func (r *Request) anyResource(patterns []string, variables, deny bool) bool {
	for _, p := range patterns {
		if r.Resource == "" && (p == "*" || !deny) {
			return true
		}
		if x, ok := r.ready(p, true, variables); ok && matchARN(x, r.Resource) {
			return true
		}
	}
	return false
}

// bond is how a statement names a principal.
type bond int

const (
	none     bond = iota
	account       // the account as a whole: it must allow its principals by itself
	viaRole       // the role of a session
	directly      // the user, the session, a service, a federated identity, or everybody
)

// bond tells how a resource or trust policy's statement names the principal.
func (s *Statement) bond(p Principal) bond {
	if s.NotPrincipal != nil {
		if s.NotPrincipal.names(p) == none {
			return directly
		}
		return none
	}
	return s.Principal.names(p)
}

func (l Principals) names(p Principal) bond {
	best := none
	for _, x := range l["AWS"] {
		best = max(best, named(x, p))
	}
	for kind, who := range map[string]string{"Service": p.Service, "Federated": p.Federated} {
		for _, x := range l[kind] {
			if who != "" && (x == who || x == "*") {
				best = directly
			}
		}
	}
	return best
}

func named(x string, p Principal) bond {
	parts := strings.SplitN(x, ":", 6)
	switch {
	case x == "*":
		return directly
	case p.ARN != "" && x == p.ARN:
		return directly
	case p.Role != "" && x == p.Role:
		return viaRole
	case p.Account != "" && (x == p.Account || len(parts) == 6 && parts[4] == p.Account && parts[5] == "root"):
		return account
	}
	return none
}
