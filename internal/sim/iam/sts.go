package iam

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// RegisterSTS adds the STS operations.
func (i *IAM) RegisterSTS(s *wire.Service) {
	wire.Handle(s, "GetCallerIdentity", i.GetCallerIdentity)
	wire.Handle(s, "AssumeRole", i.AssumeRole)
}

// GetCallerIdentity says who calls; it needs no permission.
func (i *IAM) GetCallerIdentity(c *wire.Caller, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	id := i.adminID()
	if s := i.sessions.Get(c.AccessKey); s != nil {
		id = i.sessionID(s.Role, s.ARN)
	}
	return &sts.GetCallerIdentityOutput{Account: new(i.Account), Arn: new(c.ARN), UserId: &id}, nil
}

func (i *IAM) sessionID(role, session string) string {
	if r := i.roleByARN(role); r != nil {
		return *r.RoleId + ":" + lastOf(session)
	}
	return "AROA" + strings.ToUpper(digest(role)[:17]) + ":" + lastOf(session) // the role is gone
}

var sessionRE = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// AssumeRole gives temporary credentials of a role that trusts the caller.
func (i *IAM) AssumeRole(c *wire.Caller, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	arn, name := aws.ToString(in.RoleArn), aws.ToString(in.RoleSessionName)
	if !sessionRE.MatchString(name) {
		return nil, refused(name, "roleSessionName", `Member must satisfy regular expression pattern: [\w+=,.@-]*`)
	}
	r := i.roleByARN(arn)
	if r == nil || !i.mayAssume(c, r) {
		return nil, wire.Errorf("AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", c.ARN, arn).With(403)
	}
	seconds := int32(3600)
	if in.DurationSeconds != nil {
		seconds = *in.DurationSeconds
	}
	most := aws.ToInt32(r.MaxSessionDuration)
	if i.principal(c.ARN).Role != "" {
		most = 3600 // role chaining
	}
	switch {
	case seconds < 900:
		return nil, refused(time.Duration(seconds).String(), "durationSeconds", "Member must have value greater than or equal to 900")
	case seconds > max(most, 3600) && most == 3600 && i.principal(c.ARN).Role != "":
		return nil, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	case seconds > max(most, 3600):
		return nil, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	s := &session{Key: "ASIA" + strings.ToUpper(i.w.Hex("sessionkey\x00"+arn+"\x00"+name, 16)), ARN: i.Session(arn, name), Role: arn,
		Expires: time.Now().Add(time.Duration(seconds) * time.Second).UTC().Truncate(time.Second)}
	s.Secret = i.sessionSecret(s.Key)
	if in.Policy != nil {
		if err := checkPolicy(*in.Policy); err != nil {
			return nil, err
		}
		s.Policies = append(s.Policies, *in.Policy)
	}
	for _, p := range in.PolicyArns {
		s.Policies = append(s.Policies, i.document(aws.ToString(p.Arn)))
	}
	i.sessions.Put(s.Key, s)
	return &sts.AssumeRoleOutput{
		AssumedRoleUser: &types.AssumedRoleUser{Arn: new(s.ARN), AssumedRoleId: new(i.sessionID(arn, s.ARN))},
		Credentials: &types.Credentials{
			AccessKeyId:     new(s.Key),
			SecretAccessKey: new(s.Secret),
			SessionToken:    new("session-" + s.Key),
			Expiration:      new(s.Expires),
		},
	}, nil
}

// sessionSecret is the secret of a session's access key: known only to who knows the
// account's own.
func (i *IAM) sessionSecret(key string) string {
	m := hmac.New(sha256.New, []byte(i.AdminSecret))
	m.Write([]byte(key))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))[:40]
}

// mayAssume asks the role's trust policy and, where that names the account only, the
// caller's own policies.
func (i *IAM) mayAssume(c *wire.Caller, r *role) bool {
	q := i.request(c, "sts:AssumeRole", *r.Arn)
	trusted, byItself := i.parse(r.Trust).Trusts(q)
	own := i.policiesOf(c).Decide(q).Decision
	return trusted && own != eval.ExplicitDeny && (byItself || own == eval.Allowed)
}

// Session is the ARN of a role's session.
func (i *IAM) Session(role, name string) string {
	return "arn:" + i.Partition + ":sts::" + i.Account + ":assumed-role/" + lastOf(role) + "/" + name
}
