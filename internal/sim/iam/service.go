package iam

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// ServiceSession is how a service assumes a role for somebody.
type ServiceSession struct {
	Service string // its principal, such as pods.eks.amazonaws.com
	Source  string // the ARN of what it acts for
	Role    string // the role's ARN
	Name    string // of the session
	Seconds int32
	Policy  string // that limits the session; "": none
	Tags    map[string]string
}

// AssumeForService gives temporary credentials of a role that trusts a service, with
// sts:TagSession where the session has tags.
func (i *IAM) AssumeForService(a ServiceSession) (*types.AssumedRoleUser, *types.Credentials, error) {
	r := i.roleByARN(a.Role)
	actions := []string{"sts:AssumeRole"}
	if len(a.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	for _, action := range actions {
		q := &eval.Request{Action: action, Resource: a.Role, Principal: eval.Principal{Service: a.Service}, Context: map[string][]string{
			"aws:sourceaccount": {i.Account}, "aws:sourcearn": {a.Source}, "sts:rolesessionname": {a.Name}}}
		requestTags(q, a.Tags)
		trusted := false
		if r != nil {
			trusted, _ = i.parse(r.Trust).Trusts(q)
		}
		if !trusted {
			return nil, nil, wire.Errorf("AccessDenied", "User: %s is not authorized to perform: %s on resource: %s", a.Service, action, a.Role).With(403)
		}
	}
	var limits []string
	if strings.TrimSpace(a.Policy) != "" {
		limits = append(limits, a.Policy)
	}
	s := i.begin(r, a.Name, a.Seconds, limits, a.Tags)
	return i.assumed(s), s.credentials(), nil
}
