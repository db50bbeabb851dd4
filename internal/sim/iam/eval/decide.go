package eval

// Decision is the outcome for a request.
type Decision int

// The outcomes. What nothing allows is denied implicitly.
const (
	ImplicitDeny Decision = iota
	Allowed
	ExplicitDeny
)

// Set is every policy that has a say in a request of an identity of the account.
type Set struct {
	Identity []*Policy // of the user, or of the role
	Boundary *Policy   // the permissions boundary; nil: none
	Session  []*Policy // given when the session began; empty: none
	Resource *Policy   // of the resource; nil: none
}

// Result is a decision with its reason.
type Result struct {
	Decision Decision
	// Kind is the kind of policy that decided against: identity-based policy,
	// permissions boundary, session policy or resource-based policy.
	Kind string
}

// The kinds of policies, as AWS's messages name them.
const (
	IdentityBased = "identity-based policy"
	Boundary      = "permissions boundary"
	SessionBased  = "session policy"
	ResourceBased = "resource-based policy"
)

// Decide follows AWS's order: a deny anywhere, then what a resource policy grants by
// itself, then what identity policies, boundary and session all allow.
func (s Set) Decide(r *Request) Result {
	boundary := []*Policy{}
	if s.Boundary != nil {
		boundary = append(boundary, s.Boundary)
	}
	identity, bound, session := verdict(s.Identity, r), verdict(boundary, r), verdict(s.Session, r)
	resource, how := ImplicitDeny, none
	if s.Resource != nil {
		resource, how = s.Resource.about(r)
	}
	for _, x := range []struct {
		kind string
		says Decision
	}{{IdentityBased, identity}, {Boundary, bound}, {SessionBased, session}, {ResourceBased, resource}} {
		if x.says == ExplicitDeny {
			return Result{ExplicitDeny, x.kind}
		}
	}
	if resource == Allowed && how == directly {
		return Result{Decision: Allowed}
	}
	granted := identity == Allowed || resource == Allowed && how == viaRole
	switch {
	case !granted:
		return Result{ImplicitDeny, IdentityBased}
	case s.Boundary != nil && bound != Allowed:
		return Result{ImplicitDeny, Boundary}
	case len(s.Session) > 0 && session != Allowed:
		return Result{ImplicitDeny, SessionBased}
	}
	return Result{Decision: Allowed}
}

// verdict is what policies without principals say together.
func verdict(ps []*Policy, r *Request) Decision {
	out := ImplicitDeny
	for _, p := range ps {
		for _, s := range p.Statements {
			if !s.matches(r, p.Version) {
				continue
			}
			if s.Deny {
				return ExplicitDeny
			}
			out = Allowed
		}
	}
	return out
}

// about is what a resource or trust policy says of a request, and how closely it
// names who asks.
func (p *Policy) about(r *Request) (Decision, bond) {
	out, how := ImplicitDeny, none
	for _, s := range p.Statements {
		b := s.bond(r.Principal)
		if b == none || !s.matches(r, p.Version) {
			continue
		}
		if s.Deny {
			return ExplicitDeny, b
		}
		out, how = Allowed, max(how, b)
	}
	return out, how
}

// Trusts tells whether a role's trust policy lets somebody assume it: by itself, or
// only together with an identity policy of theirs.
func (p *Policy) Trusts(r *Request) (trusted, byItself bool) {
	d, how := p.about(r)
	return d == Allowed, d == Allowed && how == directly
}
