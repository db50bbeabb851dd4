package iam

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Deny takes actions such as "eks:CreateCluster" away from the administrator.
func (i *IAM) Deny(actions ...string) { i.denied = append(i.denied, actions...) }

// DisableSTS deactivates STS in a region, as the account settings page of the IAM
// console does; there is no API for it.
func (i *IAM) DisableSTS(region string, off bool) { i.noSTS[region] = off }

// STS is the error that the regional STS endpoint answers with, or nil.
func (i *IAM) STS(region string) error {
	if i.noSTS[region] {
		return wire.Errorf("RegionDisabledException", "STS is not activated in this region for account:%s. "+
			"Your account administrator can activate STS in this region using the IAM Console.", i.Account).With(403)
	}
	return nil
}

// xmlServices answer with the older names of errors.
var xmlServices = []string{"iam", "sts", "cloudformation", "autoscaling"}

// Authenticate finds who signed a request, before any service sees it.
func (i *IAM) Authenticate(c *wire.Caller) error {
	xml := slices.Contains(xmlServices, c.Service)
	s := i.sessions.Get(c.AccessKey)
	if c.AccessKey == Expired || s != nil && time.Now().After(s.Expires) {
		switch {
		case c.Service == "ec2":
			return wire.Errorf("RequestExpired", "Request has expired.")
		case xml:
			return wire.Errorf("ExpiredToken", "The security token included in the request is expired").With(403)
		}
		return wire.Errorf("ExpiredTokenException", "The security token included in the request is expired").With(403)
	}
	switch c.ARN = i.Principal(c.AccessKey); {
	case c.ARN != "" && (s == nil || c.Token == "session-"+c.AccessKey):
		return nil
	case c.Service == "ec2":
		return wire.Errorf("AuthFailure", "AWS was not able to validate the provided access credentials").With(401)
	case xml:
		return wire.Errorf("InvalidClientTokenId", "The security token included in the request is invalid.").With(403)
	}
	return wire.Errorf("UnrecognizedClientException", "The security token included in the request is invalid.").With(403)
}

// Principal is the ARN an access key belongs to, "" if none.
func (i *IAM) Principal(key string) string {
	if key == Key {
		return i.admin()
	}
	if s := i.sessions.Get(key); s != nil {
		return s.ARN
	}
	return ""
}

// Authorize answers as AWS does when the caller may not do an operation of the
// service that it calls, on what the input names.
func (i *IAM) Authorize(c *wire.Caller, op string, in any) error {
	if c.Service == "sts" {
		return nil // GetCallerIdentity needs no permission; AssumeRole looks itself
	}
	action := c.Service + ":" + op
	r := i.request(c, action, i.Resource(c.Service, c.Region, op, in))
	about(r, in)
	i.standing(r, c)
	if err := i.refusal(c.Service, r, i.policiesOf(c).Decide(r)); err != nil {
		return err
	}
	for _, p := range i.passes(c.Service, op, in) {
		r := i.request(c, "iam:PassRole", p.role)
		r.Context["iam:passedtoservice"] = []string{p.to}
		if err := i.refusal(c.Service, r, i.policiesOf(c).Decide(r)); err != nil {
			return err
		}
	}
	return nil
}

// request is what a caller asks, with the global condition keys.
func (i *IAM) request(c *wire.Caller, action, resource string) *eval.Request {
	now := time.Now().UTC()
	r := &eval.Request{Action: action, Resource: resource, Principal: i.principal(c.ARN), Context: map[string][]string{
		"aws:principalarn": {c.ARN}, "aws:principalaccount": {i.Account}, "aws:principaltype": {"User"},
		"aws:currenttime": {now.Format(time.RFC3339)}, "aws:epochtime": {fmt.Sprint(now.Unix())},
		"aws:requestedregion": {c.Region}, "aws:securetransport": {"false"},
	}}
	if r.Principal.Role != "" {
		r.Context["aws:principaltype"], r.Context["aws:principalarn"] = []string{"AssumedRole"}, []string{r.Principal.Role}
		i.principalTags(r, c)
	} else {
		r.Context["aws:username"] = []string{lastOf(c.ARN)}
	}
	return r
}

// principal reads an ARN: a user, or a role's session.
func (i *IAM) principal(arn string) eval.Principal {
	p := eval.Principal{ARN: arn, Account: i.Account}
	if rest, ok := strings.CutPrefix(arn, "arn:"+i.Partition+":sts::"+i.Account+":assumed-role/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		if r := i.roles.Get(name); r != nil {
			p.Role = *r.Arn
		}
	}
	return p
}

// policiesOf are all policies that have a say in a caller's requests.
func (i *IAM) policiesOf(c *wire.Caller) eval.Set {
	set := i.policiesOfPrincipal(c.ARN)
	if s := i.sessions.Get(c.AccessKey); s != nil {
		for _, d := range s.Policies {
			set.Session = append(set.Session, i.parse(d))
		}
	}
	return set
}

// policiesOfPrincipal are the policies of the administrator, or of a role or session.
func (i *IAM) policiesOfPrincipal(arn string) eval.Set {
	if arn == i.admin() || arn == i.arn("root") {
		s := eval.Statement{NotActions: i.denied, Resources: []string{"*"}}
		if len(i.denied) == 0 {
			s.NotActions, s.Actions = nil, []string{"*"}
		}
		return eval.Set{Identity: []*eval.Policy{{Version: "2012-10-17", Statements: []eval.Statement{s}}}}
	}
	role := i.principal(arn).Role
	if role == "" {
		role = arn
	}
	r := i.roleByARN(role)
	if r == nil {
		return eval.Set{}
	}
	var set eval.Set
	for _, a := range r.Attached {
		set.Identity = append(set.Identity, i.parse(i.document(a)))
	}
	for _, n := range sorted(r.Inline) {
		set.Identity = append(set.Identity, i.parse(r.Inline[n]))
	}
	if b := r.PermissionsBoundary; b != nil {
		if doc := i.document(aws.ToString(b.PermissionsBoundaryArn)); doc != "" { // what is not known limits nothing
			set.Boundary = i.parse(doc)
		}
	}
	return set
}

// document is a managed policy's text: "" where the region does not have it.
func (i *IAM) document(arn string) string {
	if p := i.policies.Get(arn); p != nil {
		return p.document()
	}
	if m := i.managedBy(arn); m != nil {
		return m.document
	}
	return ""
}

// parse reads a document once; one that cannot be read grants nothing.
func (i *IAM) parse(doc string) *eval.Policy {
	if p := i.parsed[doc]; p != nil {
		return p
	}
	p, err := eval.Parse(doc)
	if err != nil {
		p = &eval.Policy{}
	}
	i.parsed[doc] = p
	return p
}

// refusal words a decision against the caller as the service's API does.
func (i *IAM) refusal(service string, r *eval.Request, d eval.Result) error {
	if d.Decision == eval.Allowed {
		return nil
	}
	what := fmt.Sprintf("User: %s is not authorized to perform: %s", r.Principal.ARN, r.Action)
	if r.Resource != "*" {
		what += " on resource: " + r.Resource
	}
	if d.Decision == eval.ExplicitDeny {
		article := "a "
		if d.Kind == eval.IdentityBased {
			article = "an "
		}
		what += " with an explicit deny in " + article + d.Kind
	} else {
		what += " because no " + d.Kind + " allows the " + r.Action + " action"
	}
	switch {
	case service == "ec2":
		return wire.Errorf("UnauthorizedOperation", "You are not authorized to perform this operation. %s", what).With(403)
	case slices.Contains(xmlServices, service):
		return wire.Errorf("AccessDenied", "%s", what).With(403)
	}
	return wire.Errorf("AccessDeniedException", "%s", what).With(403)
}

// SimulatePrincipalPolicy says what a principal may do, action by action and resource
// by resource.
func (i *IAM) SimulatePrincipalPolicy(_ *wire.Caller, in *iam.SimulatePrincipalPolicyInput) (*iam.SimulatePrincipalPolicyOutput, error) {
	source := aws.ToString(in.PolicySourceArn)
	switch {
	case source == i.admin() || source == i.arn("root"):
	case strings.Contains(source, ":assumed-role/"):
		return nil, wire.Errorf("InvalidInput", "Invalid Entity Arn: %s does not clearly define entity type and name.", source)
	case i.roleByARN(source) == nil:
		return nil, noEntity("The entity with arn %s cannot be found.", source)
	}
	set := i.policiesOfPrincipal(source)
	for _, d := range in.PolicyInputList {
		set.Identity = append(set.Identity, i.parse(d))
	}
	for _, d := range in.PermissionsBoundaryPolicyInputList {
		set.Boundary = i.parse(d)
	}
	resources := in.ResourceArns
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	out := &iam.SimulatePrincipalPolicyOutput{EvaluationResults: []types.EvaluationResult{}}
	for _, a := range in.ActionNames {
		for _, on := range resources {
			r := i.request(&wire.Caller{ARN: source}, a, on)
			for _, e := range in.ContextEntries {
				r.Context[strings.ToLower(aws.ToString(e.ContextKeyName))] = e.ContextKeyValues
			}
			out.EvaluationResults = append(out.EvaluationResults, types.EvaluationResult{EvalActionName: new(a), EvalResourceName: new(on),
				EvalDecision: decisions[set.Decide(r).Decision]})
		}
	}
	return out, nil
}

var decisions = map[eval.Decision]types.PolicyEvaluationDecisionType{
	eval.Allowed:      types.PolicyEvaluationDecisionTypeAllowed,
	eval.ImplicitDeny: types.PolicyEvaluationDecisionTypeImplicitDeny,
	eval.ExplicitDeny: types.PolicyEvaluationDecisionTypeExplicitDeny,
}

// Allows tells whether a role's policies grant an action on something: by their text,
// or because one of them is an AWS managed policy that is known to.
func (i *IAM) Allows(arn, action string, known ...string) bool {
	r := i.roleByARN(arn)
	if r == nil {
		return false
	}
	d := i.policiesOfPrincipal(arn).Decide(&eval.Request{Action: action, Principal: eval.Principal{Role: arn, Account: i.Account}})
	grants := slices.ContainsFunc(r.Attached, func(a string) bool { return i.ofAWS(a) && slices.Contains(known, lastOf(a)) })
	return d.Decision == eval.Allowed || grants && d.Decision == eval.ImplicitDeny && d.Kind == eval.IdentityBased
}

// Secret is the secret key that belongs to an access key, "" if none is known.
func (i *IAM) Secret(key string) string {
	if key == Key {
		return i.AdminSecret
	}
	if s := i.sessions.Get(key); s != nil {
		return s.Secret
	}
	return ""
}

// principalTags are the tags of a session: its role's, and its own before them.
func (i *IAM) principalTags(q *eval.Request, c *wire.Caller) {
	tag := func(k, v string) { q.Context["aws:principaltag/"+strings.ToLower(k)] = []string{v} }
	if r := i.roleByARN(q.Principal.Role); r != nil {
		for _, t := range r.Tags {
			tag(aws.ToString(t.Key), aws.ToString(t.Value))
		}
	}
	if s := i.sessions.Get(c.AccessKey); s != nil {
		for k, v := range s.Tags {
			tag(k, v)
		}
	}
}
