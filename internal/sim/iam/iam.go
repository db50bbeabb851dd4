// Package iam simulates AWS IAM and STS for one account: roles and their
// policies, instance profiles, OIDC providers, sessions, and who an access key
// belongs to. It decides what a caller may do (package eval holds AWS's rules), and
// knows when a role has propagated, which is what makes EKS refuse a role made a
// second ago. It must not know EKS.
package iam

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
	"github.com/slipway-eks/slipway/internal/sim/issuer"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

type role struct {
	types.Role
	Trust    string            // the document, as it was sent
	Attached []string          // policy ARNs
	Inline   map[string]string // documents by name
	Ready    time.Duration     // when other services can assume it, since the world began
}

type profile struct {
	types.InstanceProfile
	Role string // name, "" without one
}

type provider struct {
	ARN, URL    string
	Clients     []string
	Thumbprints []string
	Tags        []types.Tag
	Born        time.Time
}

// session is the temporary credentials of an assumed role.
type session struct {
	Key, ARN string
	Secret   string
	Role     string            // its ARN
	Policies []string          // documents that limit the session
	Tags     map[string]string // of the session
	Expires  time.Time
}

// IAM is the account's identity state.
type IAM struct {
	w         *world.World
	Account   string
	Partition string
	// AdminSecret is the secret of Key. It is no part of a saved account.
	AdminSecret string
	// IssuerKey is the key that verifies the tokens of an OIDC issuer (https URL); nil: it
	// cannot be reached.
	IssuerKey func(url string) *issuer.Key

	res.Registry
	roles     *res.Kind[role]
	profiles  *res.Kind[profile]
	tagsOf    map[string]func(service, arn string) map[string]string // by region: Tagged
	policies  *res.Kind[policy]
	providers *res.Kind[provider]
	sessions  *res.Kind[session] // by access key
	deletions *res.Kind[deletion]
	using     map[string][]func() []string // by service: what needs its role
	denied    []string                     // actions the administrator may not do
	noSTS     map[string]bool              // regions in which STS is not activated

	parsed map[string]*eval.Policy // by document; nil: it is none
}

// Key is the access key of the account's administrator, and Secret its secret where
// nobody says another: in this process, where requests need no signature.
const (
	Key    = "AKIASIMULATEDREGION0"
	Secret = "simulated/region/secret/key/not/a/secret"
	// Expired is an access key whose session is over.
	Expired = "ASIAEXPIREDSESSION00"
)

// New is an account with one administrator.
func New(w *world.World, account, partition string) *IAM {
	i := &IAM{w: w, Account: account, Partition: partition, AdminSecret: Secret, noSTS: map[string]bool{},
		using: map[string][]func() []string{}, parsed: map[string]*eval.Policy{}}
	i.roles = res.Add(&i.Registry, &res.Kind[role]{Name: "role", Key: func(r *role) string { return aws.ToString(r.RoleName) },
		ARN: func(r *role) string { return *r.Arn }})
	i.profiles = res.Add(&i.Registry, &res.Kind[profile]{Name: "instance-profile",
		Key: func(p *profile) string { return aws.ToString(p.InstanceProfileName) }})
	i.policies = res.Add(&i.Registry, &res.Kind[policy]{Name: "policy", Key: func(p *policy) string { return aws.ToString(p.Arn) }})
	i.providers = res.Add(&i.Registry, &res.Kind[provider]{Name: "oidc-provider", Key: func(p *provider) string { return p.ARN }})
	i.sessions = res.Add(&i.Registry, &res.Kind[session]{Name: "session", Key: func(s *session) string { return s.Key }})
	i.deletions = res.Add(&i.Registry, &res.Kind[deletion]{Name: "deletion", Key: func(d *deletion) string { return d.ID }})
	i.Keep("denied", &i.denied)
	i.Keep("noSTS", &i.noSTS)
	return i
}

func (i *IAM) arn(path string) string {
	return "arn:" + i.Partition + ":iam::" + i.Account + ":" + path
}

// admin is the ARN of the account's administrator.
func (i *IAM) admin() string { return i.arn("user/admin") }

// encoded is a document as IAM answers it: percent-encoded, a space as %20.
func encoded(doc string) *string { return new(strings.ReplaceAll(url.QueryEscape(doc), "+", "%20")) }

// lastOf is the name in an ARN or path.
func lastOf(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

func noEntity(format string, a ...any) *wire.Error {
	return wire.Errorf("NoSuchEntity", format, a...).With(404)
}

func exists(format string, a ...any) *wire.Error {
	return wire.Errorf("EntityAlreadyExists", format, a...).With(409)
}

func conflict(format string, a ...any) *wire.Error {
	return wire.Errorf("DeleteConflict", format, a...).With(409)
}

func overLimit(format string, a ...any) *wire.Error {
	return wire.Errorf("LimitExceeded", format, a...).With(409)
}

// Register adds the IAM operations.
func (i *IAM) Register(s *wire.Service) {
	i.registerRoles(s)
	i.registerProfiles(s)
	i.registerProviders(s)
	i.registerPolicies(s)
	i.registerTags(s)
	i.registerServiceLinked(s)
	i.registerAccount(s)
}

// digest is hexadecimal digits that follow from a text alone: identifiers of what every
// account has.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
