package eval

import (
	"regexp"
	"slices"
	"strings"
)

var (
	actionRE    = regexp.MustCompile(`^[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+$`)
	arnRE       = regexp.MustCompile(`^arn:[^:]*:[^:]*:[^:]*:[^:]*:.+$`)
	partitions  = []string{"aws", "aws-cn", "aws-us-gov", "*"}
	principalRE = regexp.MustCompile(`^(\d{12}|arn:aws(-cn|-us-gov)?:(iam|sts)::\d{12}:(root|user/.+|role/.+|assumed-role/.+|federated-user/.+))$`)
	serviceRE   = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$`)
)

// ValidIdentity refuses a document that cannot be an identity policy, in IAM's words.
func ValidIdentity(doc string) error {
	p, err := Parse(doc)
	if err != nil {
		if err == ErrJSON {
			return said("Syntax errors in policy.")
		}
		return err
	}
	for _, s := range p.Statements {
		switch {
		case s.Principal != nil || s.NotPrincipal != nil:
			return said("Policy document should not specify a principal.")
		case len(s.Actions)+len(s.NotActions) == 0:
			return said("Policy statement must contain actions.")
		case len(s.Resources)+len(s.NotResources) == 0:
			return said("Policy statement must contain resources.")
		}
		if err := s.validActions(); err != nil {
			return err
		}
		for _, r := range slices.Concat(s.Resources, s.NotResources) {
			if err := validResource(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Statement) validActions() error {
	for _, a := range slices.Concat(s.Actions, s.NotActions) {
		if a == "*" || actionRE.MatchString(a) {
			continue
		}
		vendor, _, prefaced := strings.Cut(a, ":")
		switch {
		case !prefaced:
			return said("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		case !actionRE.MatchString(vendor + ":x"):
			return said("Vendor %s is not valid", vendor)
		}
		return said("Actions/Condition can contain only one colon.")
	}
	return nil
}

func validResource(r string) error {
	if r == "*" {
		return nil
	}
	parts := strings.SplitN(r, ":", 6)
	if parts[0] != "arn" || len(parts) < 2 {
		return said("Resource %s must be in ARN format or \"*\".", r)
	}
	if !slices.Contains(partitions, parts[1]) && !strings.Contains(parts[1], "${") {
		return said("Partition \"%s\" is not valid for resource \"%s\".", parts[1], r)
	}
	return nil
}

// ValidTrust refuses a document that cannot be a role's trust policy, in IAM's words.
func ValidTrust(doc string) error {
	p, err := Parse(doc)
	if err != nil {
		return err
	}
	if len(p.Statements) == 0 {
		return said("Could not parse the policy: Statement is empty!")
	}
	for _, s := range p.Statements {
		switch {
		case s.Resources != nil || s.NotResources != nil:
			return said("Has prohibited field Resource")
		case s.Principal == nil && s.NotPrincipal == nil:
			return said("Missing required field Principal")
		case len(s.Actions)+len(s.NotActions) == 0:
			return said("Missing required field Action")
		}
		for _, a := range s.Actions {
			if vendor, _, _ := strings.Cut(strings.ToLower(a), ":"); vendor != "sts" && a != "*" {
				return said("AssumeRole policy may only specify STS AssumeRole actions.")
			}
		}
		for _, l := range []Principals{s.Principal, s.NotPrincipal} {
			if err := l.valid(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l Principals) valid() error {
	for _, kind := range sorted(l) {
		for _, x := range l[kind] {
			ok := x == "*"
			switch kind {
			case "AWS":
				ok = ok || principalRE.MatchString(x)
			case "Service":
				ok = serviceRE.MatchString(x)
			case "Federated":
				ok = arnRE.MatchString(x) || x == "cognito-identity.amazonaws.com" || x == "accounts.google.com" || x == "graph.facebook.com" || x == "www.amazon.com"
			}
			if !ok {
				return said("Invalid principal in policy: %q:%q", strings.ToUpper(kind), x)
			}
		}
		if len(l[kind]) == 0 {
			return said("Invalid principal in policy: %q", strings.ToUpper(kind))
		}
	}
	if l != nil && len(l) == 0 {
		return said("Missing required field Principal")
	}
	return nil
}
