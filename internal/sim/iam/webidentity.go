package iam

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
	"github.com/slipway-eks/slipway/internal/sim/issuer"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// identity is what a web identity's token says. An audience may be one text.
type identity struct {
	Iss, Sub string
	Aud      eval.Texts
	Exp, Nbf int64
}

func invalidToken(format string, a ...any) error {
	return wire.Errorf("InvalidIdentityToken", format, a...)
}

// identify verifies a token as STS does: its issuer is registered and can be reached, it
// is signed by the issuer's key, for an audience of the provider's, and not over.
func (i *IAM) identify(token string) (*provider, *identity, error) {
	var t identity
	if err := issuer.Claims(token, &t); err != nil {
		return nil, nil, invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	host, ok := issuerName(t.Iss)
	p := i.providers.Get(i.arn("oidc-provider/" + host))
	if !ok || p == nil {
		return nil, nil, invalidToken("No OpenIDConnect provider found in your account for %s", t.Iss)
	}
	var key *issuer.Key
	if i.IssuerKey != nil {
		key = i.IssuerKey(t.Iss)
	}
	now := i.w.Date().Unix()
	switch {
	case key == nil:
		return nil, nil, invalidToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation " +
			"for requirements")
	case key.Read(token, &t) != nil:
		return nil, nil, invalidToken("The web identity token provided could not be validated: its signature is invalid")
	case !slices.ContainsFunc(t.Aud, func(a string) bool { return slices.Contains(p.Clients, a) }):
		return nil, nil, invalidToken("Incorrect token audience")
	case now >= t.Exp:
		return nil, nil, wire.Errorf("ExpiredTokenException", "Token expired: current date/time %d must be before the expiration date/time %d", now, t.Exp)
	case now < t.Nbf:
		return nil, nil, invalidToken("The ID Token provided is not yet valid: current date/time %d must be after %d", now, t.Nbf)
	}
	return p, &t, nil
}

// AssumeRoleWithWebIdentity gives temporary credentials of a role to whoever holds a
// token that the role trusts: a pod, with its service account's. The call needs no
// signature.
func (i *IAM) AssumeRoleWithWebIdentity(_ *wire.Caller, in *sts.AssumeRoleWithWebIdentityInput) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	p, t, err := i.identify(aws.ToString(in.WebIdentityToken))
	if err != nil {
		return nil, err
	}
	r, name := i.roleByARN(aws.ToString(in.RoleArn)), aws.ToString(in.RoleSessionName)
	at := strings.ToLower(p.URL)
	q := &eval.Request{Action: "sts:AssumeRoleWithWebIdentity", Resource: aws.ToString(in.RoleArn), Principal: eval.Principal{Federated: p.ARN},
		Context: map[string][]string{at + ":sub": {t.Sub}, at + ":aud": t.Aud, "sts:rolesessionname": {name}, "aws:federatedprovider": {p.ARN}}}
	if r != nil {
		if trusted, _ := i.parse(r.Trust).Trusts(q); !trusted {
			r = nil
		}
	}
	if r == nil {
		return nil, wire.Errorf("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity").With(403)
	}
	seconds, err := duration(in.DurationSeconds, aws.ToInt32(r.MaxSessionDuration))
	if err != nil {
		return nil, err
	}
	limits, err := i.limits(in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	s := i.begin(r, name, seconds, limits, nil)
	return &sts.AssumeRoleWithWebIdentityOutput{AssumedRoleUser: i.assumed(s), Credentials: s.credentials(), Provider: new(p.ARN),
		Audience: new(strings.Join(t.Aud, ",")), SubjectFromWebIdentityToken: new(t.Sub)}, nil
}
