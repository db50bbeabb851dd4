package iam

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
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
	wire.Handle(s, "AssumeRoleWithWebIdentity", i.AssumeRoleWithWebIdentity)
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
	tags := map[string]string{}
	for _, t := range in.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	context := map[string][]string{"sts:rolesessionname": {name}}
	if in.ExternalId != nil {
		context["sts:externalid"] = []string{*in.ExternalId}
	}
	actions := []string{"sts:AssumeRole"}
	if len(tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	for _, action := range actions {
		if r == nil || !i.mayAssume(c, r, action, context, tags) {
			return nil, wire.Errorf("AccessDenied", "User: %s is not authorized to perform: %s on resource: %s", c.ARN, action, arn).With(403)
		}
	}
	most := aws.ToInt32(r.MaxSessionDuration)
	if i.principal(c.ARN).Role != "" {
		most = 0 // role chaining
	}
	seconds, err := duration(in.DurationSeconds, most)
	if err != nil {
		return nil, err
	}
	limits, err := i.limits(in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	s := i.begin(r, name, seconds, limits, tags)
	return &sts.AssumeRoleOutput{AssumedRoleUser: i.assumed(s), Credentials: s.credentials()}, nil
}

// duration is how many seconds a session lasts: an hour unless another time is asked for,
// up to what the role allows; most 0: it is assumed by another role.
func duration(asked *int32, most int32) (int32, error) {
	seconds := int32(3600)
	if asked != nil {
		seconds = *asked
	}
	switch {
	case seconds < 900:
		return 0, refused(fmt.Sprint(seconds), "durationSeconds", "Member must have value greater than or equal to 900")
	case most == 0 && seconds > 3600:
		return 0, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	case seconds > max(most, 3600):
		return 0, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return seconds, nil
}

// limits are the documents that limit a session.
func (i *IAM) limits(inline *string, arns []types.PolicyDescriptorType) ([]string, error) {
	var out []string
	if inline != nil {
		if err := checkPolicy(*inline); err != nil {
			return nil, err
		}
		out = append(out, *inline)
	}
	for _, p := range arns {
		if !i.attachable(aws.ToString(p.Arn)) {
			return nil, wire.Errorf("ValidationError", "Policy %s does not exist", aws.ToString(p.Arn))
		}
		out = append(out, i.document(aws.ToString(p.Arn)))
	}
	return out, nil
}

// begin makes a role's session.
func (i *IAM) begin(r *role, name string, seconds int32, limits []string, tags map[string]string) *session {
	arn := *r.Arn
	s := &session{Key: "ASIA" + strings.ToUpper(i.w.Hex("sessionkey\x00"+arn+"\x00"+name, 16)), ARN: i.Session(arn, name), Role: arn, Policies: limits, Tags: tags,
		Expires: time.Now().Add(time.Duration(seconds) * time.Second).UTC().Truncate(time.Second)}
	s.Secret = i.sessionSecret(s.Key)
	return i.sessions.Put(s.Key, s)
}

func (i *IAM) assumed(s *session) *types.AssumedRoleUser {
	return &types.AssumedRoleUser{Arn: new(s.ARN), AssumedRoleId: new(i.sessionID(s.Role, s.ARN))}
}

func (s *session) credentials() *types.Credentials {
	return &types.Credentials{AccessKeyId: new(s.Key), SecretAccessKey: new(s.Secret), SessionToken: new("session-" + s.Key), Expiration: new(s.Expires)}
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
func (i *IAM) mayAssume(c *wire.Caller, r *role, action string, context map[string][]string, tags map[string]string) bool {
	q := i.request(c, action, *r.Arn)
	maps.Copy(q.Context, context)
	requestTags(q, tags)
	trusted, byItself := i.parse(r.Trust).Trusts(q)
	own := i.policiesOf(c).Decide(q).Decision
	return trusted && own != eval.ExplicitDeny && (byItself || own == eval.Allowed)
}

// Session is the ARN of a role's session.
func (i *IAM) Session(role, name string) string {
	return "arn:" + i.Partition + ":sts::" + i.Account + ":assumed-role/" + lastOf(role) + "/" + name
}

// requestTags are the tags that a session is to have, as conditions see them.
func requestTags(q *eval.Request, tags map[string]string) {
	for _, k := range sorted(tags) {
		q.Context["aws:requesttag/"+strings.ToLower(k)] = []string{tags[k]}
		q.Context["aws:tagkeys"] = append(q.Context["aws:tagkeys"], k)
	}
}

// RoleID is a role's unique ID, or "".
func (i *IAM) RoleID(name string) string {
	if r := i.roles.Get(name); r != nil {
		return *r.RoleId
	}
	return ""
}
