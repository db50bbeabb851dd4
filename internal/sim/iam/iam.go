// Package iam simulates AWS IAM and STS for one account: roles and their
// policies, instance profiles, OIDC providers and who an access key belongs to.
// It knows when a role has propagated, which is what makes EKS refuse a role made
// a second ago; it must not know EKS.
package iam

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

type role struct {
	types.Role
	attached []string // policy ARNs
	inline   map[string]string
	ready    time.Duration // when other services can assume it
}

type profile struct {
	types.InstanceProfile
	role string
}

type policy struct {
	types.Policy
	doc string
}

type provider struct {
	arn, url    string
	clients     []string
	thumbprints []string
	tags        map[string]string
	made        time.Time
}

// IAM is the account's identity state.
type IAM struct {
	w         *world.World
	Account   string
	Partition string
	roles     table.Table[role]
	profiles  table.Table[profile]
	policies  table.Table[policy]
	providers table.Table[provider]
	keys      map[string]string // access key -> principal ARN
	denied    []string          // actions the default principal may not do
	noSTS     map[string]bool   // regions in which STS is not activated
}

// Key and Secret are the credentials that a fresh simulated account hands out.
const (
	Key    = "AKIASIMULATEDREGION0"
	Secret = "simulated/region/secret/key/not/a/secret"
	// Expired is an access key whose session is over.
	Expired = "ASIAEXPIREDSESSION00"
)

// New is an account with one administrator.
func New(w *world.World, account, partition string) *IAM {
	i := &IAM{w: w, Account: account, Partition: partition, keys: map[string]string{}, noSTS: map[string]bool{}}
	i.keys[Key] = i.arn("user/admin")
	return i
}

func (i *IAM) arn(path string) string {
	return "arn:" + i.Partition + ":iam::" + i.Account + ":" + path
}

// Deny takes actions such as "eks:CreateCluster" away from every caller.
func (i *IAM) Deny(actions ...string) { i.denied = append(i.denied, actions...) }

// DisableSTS deactivates STS in a region, as the account settings page of the IAM
// console does; there is no API for it.
func (i *IAM) DisableSTS(region string, off bool) { i.noSTS[region] = off }

// STS is the error that the regional STS endpoint answers with, or nil.
func (i *IAM) STS(region string) error {
	if i.noSTS[region] {
		return wire.Errorf("RegionDisabledException", "STS is not activated in this region for account:%s. Your account administrator can activate STS in this region using the IAM Console.", i.Account).With(403)
	}
	return nil
}

// Authenticate answers a request's signature as AWS does before any service sees
// it; the action is "service:Operation".
func (i *IAM) Authenticate(c *wire.Caller, action string) error {
	if c.AccessKey == Expired {
		if c.Service == "ec2" {
			return wire.Errorf("RequestExpired", "Request has expired.")
		}
		return wire.Errorf("ExpiredTokenException", "The security token included in the request is expired").With(403)
	}
	who, ok := i.keys[c.AccessKey]
	if !ok {
		code := map[string]string{"ec2": "AuthFailure", "sts": "InvalidClientTokenId", "iam": "InvalidClientTokenId", "cloudformation": "InvalidClientTokenId", "autoscaling": "InvalidClientTokenId"}[c.Service]
		if code == "" {
			code = "UnrecognizedClientException"
		}
		return wire.Errorf(code, "The security token included in the request is invalid.").With(403)
	}
	if slices.Contains(i.denied, action) {
		code := map[string]string{"ec2": "UnauthorizedOperation", "eks": "AccessDeniedException", "ssm": "AccessDeniedException", "kms": "AccessDeniedException", "logs": "AccessDeniedException"}[c.Service]
		if code == "" {
			code = "AccessDenied"
		}
		return wire.Errorf(code, "User: %s is not authorized to perform: %s because no identity-based policy allows the %s action", who, action, action).With(403)
	}
	return nil
}

// Principal is the ARN an access key belongs to, "" if none.
func (i *IAM) Principal(key string) string { return i.keys[key] }

// Register adds the IAM operations.
func (i *IAM) Register(s *wire.Service) {
	wire.Handle(s, "CreateRole", i.CreateRole)
	wire.Handle(s, "GetRole", i.GetRole)
	wire.Handle(s, "DeleteRole", i.DeleteRole)
	wire.Handle(s, "ListRoles", i.ListRoles)
	wire.Handle(s, "UpdateAssumeRolePolicy", i.UpdateAssumeRolePolicy)
	wire.Handle(s, "AttachRolePolicy", i.AttachRolePolicy)
	wire.Handle(s, "DetachRolePolicy", i.DetachRolePolicy)
	wire.Handle(s, "ListAttachedRolePolicies", i.ListAttachedRolePolicies)
	wire.Handle(s, "PutRolePolicy", i.PutRolePolicy)
	wire.Handle(s, "GetRolePolicy", i.GetRolePolicy)
	wire.Handle(s, "DeleteRolePolicy", i.DeleteRolePolicy)
	wire.Handle(s, "ListRolePolicies", i.ListRolePolicies)
	wire.Handle(s, "CreateInstanceProfile", i.CreateInstanceProfile)
	wire.Handle(s, "GetInstanceProfile", i.GetInstanceProfile)
	wire.Handle(s, "DeleteInstanceProfile", i.DeleteInstanceProfile)
	wire.Handle(s, "AddRoleToInstanceProfile", i.AddRoleToInstanceProfile)
	wire.Handle(s, "RemoveRoleFromInstanceProfile", i.RemoveRoleFromInstanceProfile)
	wire.Handle(s, "ListInstanceProfilesForRole", i.ListInstanceProfilesForRole)
	wire.Handle(s, "CreateOpenIDConnectProvider", i.CreateOpenIDConnectProvider)
	wire.Handle(s, "GetOpenIDConnectProvider", i.GetOpenIDConnectProvider)
	wire.Handle(s, "ListOpenIDConnectProviders", i.ListOpenIDConnectProviders)
	wire.Handle(s, "DeleteOpenIDConnectProvider", i.DeleteOpenIDConnectProvider)
	wire.Handle(s, "TagOpenIDConnectProvider", i.TagOpenIDConnectProvider)
	wire.Handle(s, "CreatePolicy", i.CreatePolicy)
	wire.Handle(s, "GetPolicy", i.GetPolicy)
	wire.Handle(s, "DeletePolicy", i.DeletePolicy)
	wire.Handle(s, "SimulatePrincipalPolicy", i.SimulatePrincipalPolicy)
}

// RegisterSTS adds the STS operations.
func (i *IAM) RegisterSTS(s *wire.Service) {
	wire.Handle(s, "GetCallerIdentity", func(c *wire.Caller, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
		return &sts.GetCallerIdentityOutput{Account: new(i.Account), Arn: new(i.keys[c.AccessKey]), UserId: new("AIDASIMULATED")}, nil
	})
	wire.Handle(s, "AssumeRole", func(_ *wire.Caller, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
		name := aws.ToString(in.RoleArn)[strings.LastIndex(aws.ToString(in.RoleArn), "/")+1:]
		if i.roles.Get(name) == nil {
			return nil, wire.Errorf("AccessDenied", "User is not authorized to perform: sts:AssumeRole on resource: %s", aws.ToString(in.RoleArn)).With(403)
		}
		key := "ASIA" + strings.ToUpper(i.w.Hex("sessionkey", 16))
		arn := "arn:" + i.Partition + ":sts::" + i.Account + ":assumed-role/" + name + "/" + aws.ToString(in.RoleSessionName)
		i.keys[key] = arn
		return &sts.AssumeRoleOutput{AssumedRoleUser: &ststypes.AssumedRoleUser{Arn: new(arn), AssumedRoleId: new("AROASIM:" + aws.ToString(in.RoleSessionName))},
			Credentials: &ststypes.Credentials{AccessKeyId: new(key), SecretAccessKey: new(Secret), SessionToken: new("session-" + key), Expiration: new(time.Now().Add(time.Hour))}}, nil
	})
}

func noEntity(format string, a ...any) *wire.Error {
	return wire.Errorf("NoSuchEntity", format, a...).With(404)
}

func (i *IAM) role(name *string) (*role, error) {
	if r := i.roles.Get(aws.ToString(name)); r != nil {
		return r, nil
	}
	return nil, noEntity("The role with name %s cannot be found.", aws.ToString(name))
}

// CreateRole makes a role that other services can assume some seconds later.
func (i *IAM) CreateRole(_ *wire.Caller, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	name := aws.ToString(in.RoleName)
	if i.roles.Get(name) != nil {
		return nil, wire.Errorf("EntityAlreadyExists", "Role with name %s already exists.", name).With(409)
	}
	if !json.Valid([]byte(aws.ToString(in.AssumeRolePolicyDocument))) {
		return nil, wire.Errorf("MalformedPolicyDocument", "This policy contains invalid Json")
	}
	path := aws.ToString(in.Path)
	if path == "" {
		path = "/"
	}
	r := &role{Role: types.Role{RoleName: new(name), Path: new(path), Arn: new(i.arn("role" + path + name)), RoleId: new("AROA" + strings.ToUpper(i.w.Hex("role", 17))), CreateDate: new(i.w.Date()), AssumeRolePolicyDocument: new(url.QueryEscape(aws.ToString(in.AssumeRolePolicyDocument))), Description: in.Description, MaxSessionDuration: new(int32(3600)), Tags: in.Tags},
		inline: map[string]string{}, ready: i.w.Elapsed() + i.w.Draw("iam:propagation", name, 6*time.Second, 2*time.Second, 12*time.Second)}
	if in.PermissionsBoundary != nil {
		r.PermissionsBoundary = &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: in.PermissionsBoundary, PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy}
	}
	i.roles.Put(name, r)
	return &iam.CreateRoleOutput{Role: &r.Role}, nil
}

// GetRole reads a role.
func (i *IAM) GetRole(_ *wire.Caller, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: &r.Role}, nil
}

// DeleteRole refuses a role that still holds anything.
func (i *IAM) DeleteRole(_ *wire.Caller, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	switch {
	case len(r.attached) > 0:
		return nil, wire.Errorf("DeleteConflict", "Cannot delete entity, must detach all policies first.").With(409)
	case len(r.inline) > 0:
		return nil, wire.Errorf("DeleteConflict", "Cannot delete entity, must delete policies first.").With(409)
	case i.profiles.Find(func(p *profile) bool { return p.role == *r.RoleName }) != nil:
		return nil, wire.Errorf("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.").With(409)
	}
	i.roles.Delete(*r.RoleName)
	return &iam.DeleteRoleOutput{}, nil
}

// ListRoles lists roles under a path prefix.
func (i *IAM) ListRoles(_ *wire.Caller, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	out := &iam.ListRolesOutput{Roles: []types.Role{}}
	for _, r := range i.roles.All() {
		if strings.HasPrefix(*r.Path, aws.ToString(in.PathPrefix)) {
			v := r.Role
			v.Tags = nil
			out.Roles = append(out.Roles, v)
		}
	}
	return out, nil
}

// UpdateAssumeRolePolicy replaces the trust policy.
func (i *IAM) UpdateAssumeRolePolicy(_ *wire.Caller, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	r.AssumeRolePolicyDocument = new(url.QueryEscape(aws.ToString(in.PolicyDocument)))
	return &iam.UpdateAssumeRolePolicyOutput{}, nil
}

// AttachRolePolicy attaches an AWS managed or an existing customer policy.
func (i *IAM) AttachRolePolicy(_ *wire.Caller, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	arn := aws.ToString(in.PolicyArn)
	if !strings.HasPrefix(arn, "arn:"+i.Partition+":iam::aws:policy/") && i.policies.Get(arn) == nil {
		return nil, noEntity("Policy %s does not exist or is not attachable.", arn)
	}
	if !slices.Contains(r.attached, arn) {
		r.attached = append(r.attached, arn)
	}
	return &iam.AttachRolePolicyOutput{}, nil
}

// DetachRolePolicy detaches a policy.
func (i *IAM) DetachRolePolicy(_ *wire.Caller, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(r.attached, aws.ToString(in.PolicyArn)) {
		return nil, noEntity("Policy %s was not found.", aws.ToString(in.PolicyArn))
	}
	r.attached = slices.DeleteFunc(r.attached, func(a string) bool { return a == *in.PolicyArn })
	return &iam.DetachRolePolicyOutput{}, nil
}

// ListAttachedRolePolicies lists managed policies.
func (i *IAM) ListAttachedRolePolicies(_ *wire.Caller, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	out := &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: []types.AttachedPolicy{}}
	for _, a := range r.attached {
		out.AttachedPolicies = append(out.AttachedPolicies, types.AttachedPolicy{PolicyArn: new(a), PolicyName: new(a[strings.LastIndex(a, "/")+1:])})
	}
	return out, nil
}

// PutRolePolicy sets an inline policy.
func (i *IAM) PutRolePolicy(_ *wire.Caller, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	if !json.Valid([]byte(aws.ToString(in.PolicyDocument))) {
		return nil, wire.Errorf("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	r.inline[aws.ToString(in.PolicyName)] = aws.ToString(in.PolicyDocument)
	return &iam.PutRolePolicyOutput{}, nil
}

// GetRolePolicy reads an inline policy.
func (i *IAM) GetRolePolicy(_ *wire.Caller, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	d, ok := r.inline[aws.ToString(in.PolicyName)]
	if !ok {
		return nil, noEntity("The role policy with name %s cannot be found.", aws.ToString(in.PolicyName))
	}
	return &iam.GetRolePolicyOutput{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: new(url.QueryEscape(d))}, nil
}

// DeleteRolePolicy removes an inline policy.
func (i *IAM) DeleteRolePolicy(_ *wire.Caller, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	delete(r.inline, aws.ToString(in.PolicyName))
	return &iam.DeleteRolePolicyOutput{}, nil
}

// ListRolePolicies lists inline policies.
func (i *IAM) ListRolePolicies(_ *wire.Caller, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.ListRolePoliciesOutput{PolicyNames: slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(r.inline))))}, nil
}

func (i *IAM) viewProfile(p *profile) *types.InstanceProfile {
	v := p.InstanceProfile
	v.Roles = []types.Role{}
	if r := i.roles.Get(p.role); r != nil {
		v.Roles = append(v.Roles, r.Role)
	}
	return &v
}

func (i *IAM) profile(name *string) (*profile, error) {
	if p := i.profiles.Get(aws.ToString(name)); p != nil {
		return p, nil
	}
	return nil, noEntity("Instance Profile %s cannot be found.", aws.ToString(name))
}

// CreateInstanceProfile makes an empty profile.
func (i *IAM) CreateInstanceProfile(_ *wire.Caller, in *iam.CreateInstanceProfileInput) (*iam.CreateInstanceProfileOutput, error) {
	name := aws.ToString(in.InstanceProfileName)
	if i.profiles.Get(name) != nil {
		return nil, wire.Errorf("EntityAlreadyExists", "Instance Profile %s already exists.", name).With(409)
	}
	path := aws.ToString(in.Path)
	if path == "" {
		path = "/"
	}
	p := i.profiles.Put(name, &profile{InstanceProfile: types.InstanceProfile{InstanceProfileName: new(name), Path: new(path), Arn: new(i.arn("instance-profile" + path + name)), InstanceProfileId: new("AIPA" + strings.ToUpper(i.w.Hex("profile", 17))), CreateDate: new(i.w.Date())}})
	return &iam.CreateInstanceProfileOutput{InstanceProfile: i.viewProfile(p)}, nil
}

// GetInstanceProfile reads a profile.
func (i *IAM) GetInstanceProfile(_ *wire.Caller, in *iam.GetInstanceProfileInput) (*iam.GetInstanceProfileOutput, error) {
	p, err := i.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &iam.GetInstanceProfileOutput{InstanceProfile: i.viewProfile(p)}, nil
}

// DeleteInstanceProfile refuses a profile with a role.
func (i *IAM) DeleteInstanceProfile(_ *wire.Caller, in *iam.DeleteInstanceProfileInput) (*iam.DeleteInstanceProfileOutput, error) {
	p, err := i.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if p.role != "" {
		return nil, wire.Errorf("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.").With(409)
	}
	i.profiles.Delete(*p.InstanceProfileName)
	return &iam.DeleteInstanceProfileOutput{}, nil
}

// AddRoleToInstanceProfile puts the one role in.
func (i *IAM) AddRoleToInstanceProfile(_ *wire.Caller, in *iam.AddRoleToInstanceProfileInput) (*iam.AddRoleToInstanceProfileOutput, error) {
	p, err := i.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	if p.role != "" {
		return nil, wire.Errorf("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1").With(409)
	}
	p.role = *r.RoleName
	return &iam.AddRoleToInstanceProfileOutput{}, nil
}

// RemoveRoleFromInstanceProfile takes the role out.
func (i *IAM) RemoveRoleFromInstanceProfile(_ *wire.Caller, in *iam.RemoveRoleFromInstanceProfileInput) (*iam.RemoveRoleFromInstanceProfileOutput, error) {
	p, err := i.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	p.role = ""
	return &iam.RemoveRoleFromInstanceProfileOutput{}, nil
}

// ListInstanceProfilesForRole lists the profiles that hold a role.
func (i *IAM) ListInstanceProfilesForRole(_ *wire.Caller, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	out := &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []types.InstanceProfile{}}
	for _, p := range i.profiles.All() {
		if p.role == aws.ToString(in.RoleName) {
			out.InstanceProfiles = append(out.InstanceProfiles, *i.viewProfile(p))
		}
	}
	return out, nil
}

// CreateOpenIDConnectProvider registers an issuer.
func (i *IAM) CreateOpenIDConnectProvider(_ *wire.Caller, in *iam.CreateOpenIDConnectProviderInput) (*iam.CreateOpenIDConnectProviderOutput, error) {
	u, err := url.Parse(aws.ToString(in.Url))
	if err != nil || u.Scheme != "https" {
		return nil, wire.Errorf("InvalidInput", "Invalid Open ID Connect Provider URL")
	}
	host := strings.TrimPrefix(aws.ToString(in.Url), "https://")
	arn := i.arn("oidc-provider/" + host)
	if i.providers.Get(arn) != nil {
		return nil, wire.Errorf("EntityAlreadyExists", "Provider with url %s already exists.", aws.ToString(in.Url)).With(409)
	}
	p := &provider{arn: arn, url: host, clients: in.ClientIDList, thumbprints: in.ThumbprintList, tags: map[string]string{}}
	for _, t := range in.Tags {
		p.tags[*t.Key] = *t.Value
	}
	p.made = i.w.Date()
	i.providers.Put(arn, p)
	return &iam.CreateOpenIDConnectProviderOutput{OpenIDConnectProviderArn: new(arn), Tags: in.Tags}, nil
}

// GetOpenIDConnectProvider reads one.
func (i *IAM) GetOpenIDConnectProvider(_ *wire.Caller, in *iam.GetOpenIDConnectProviderInput) (*iam.GetOpenIDConnectProviderOutput, error) {
	p := i.providers.Get(aws.ToString(in.OpenIDConnectProviderArn))
	if p == nil {
		return nil, noEntity("OpenIDConnect Provider not found for arn %s", aws.ToString(in.OpenIDConnectProviderArn))
	}
	out := &iam.GetOpenIDConnectProviderOutput{Url: new(p.url), ClientIDList: p.clients, ThumbprintList: p.thumbprints, CreateDate: new(p.made)}
	for _, k := range slices.Sorted(maps.Keys(p.tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: new(k), Value: new(p.tags[k])})
	}
	return out, nil
}

// ListOpenIDConnectProviders lists them.
func (i *IAM) ListOpenIDConnectProviders(_ *wire.Caller, _ *iam.ListOpenIDConnectProvidersInput) (*iam.ListOpenIDConnectProvidersOutput, error) {
	out := &iam.ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: []types.OpenIDConnectProviderListEntry{}}
	for _, p := range i.providers.All() {
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, types.OpenIDConnectProviderListEntry{Arn: new(p.arn)})
	}
	return out, nil
}

// DeleteOpenIDConnectProvider removes one.
func (i *IAM) DeleteOpenIDConnectProvider(_ *wire.Caller, in *iam.DeleteOpenIDConnectProviderInput) (*iam.DeleteOpenIDConnectProviderOutput, error) {
	i.providers.Delete(aws.ToString(in.OpenIDConnectProviderArn))
	return &iam.DeleteOpenIDConnectProviderOutput{}, nil
}

// TagOpenIDConnectProvider tags one.
func (i *IAM) TagOpenIDConnectProvider(_ *wire.Caller, in *iam.TagOpenIDConnectProviderInput) (*iam.TagOpenIDConnectProviderOutput, error) {
	p := i.providers.Get(aws.ToString(in.OpenIDConnectProviderArn))
	if p == nil {
		return nil, noEntity("OpenIDConnect Provider not found for arn %s", aws.ToString(in.OpenIDConnectProviderArn))
	}
	for _, t := range in.Tags {
		p.tags[*t.Key] = *t.Value
	}
	return &iam.TagOpenIDConnectProviderOutput{}, nil
}

// HasProvider tells whether an issuer (https URL) is registered.
func (i *IAM) HasProvider(issuer string) bool {
	return i.providers.Get(i.arn("oidc-provider/"+strings.TrimPrefix(issuer, "https://"))) != nil
}

// CreatePolicy makes a customer managed policy.
func (i *IAM) CreatePolicy(_ *wire.Caller, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	p := i.AdoptPolicy(i.arn("policy/"+aws.ToString(in.PolicyName)), aws.ToString(in.PolicyDocument))
	return &iam.CreatePolicyOutput{Policy: &p.Policy}, nil
}

// AdoptPolicy registers a managed policy under a given ARN.
func (i *IAM) AdoptPolicy(arn, doc string) *policy {
	if p := i.policies.Get(arn); p != nil {
		return p
	}
	return i.policies.Put(arn, &policy{Policy: types.Policy{Arn: new(arn), PolicyName: new(arn[strings.LastIndex(arn, "/")+1:]), PolicyId: new("ANPA" + strings.ToUpper(i.w.Hex("policy", 17))), IsAttachable: true, CreateDate: new(i.w.Date())}, doc: doc})
}

// GetPolicy reads a policy; AWS managed ones exist by name.
func (i *IAM) GetPolicy(_ *wire.Caller, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	arn := aws.ToString(in.PolicyArn)
	if strings.HasPrefix(arn, "arn:"+i.Partition+":iam::aws:policy/") {
		return &iam.GetPolicyOutput{Policy: &types.Policy{Arn: new(arn), PolicyName: new(arn[strings.LastIndex(arn, "/")+1:]), IsAttachable: true}}, nil
	}
	if p := i.policies.Get(arn); p != nil {
		return &iam.GetPolicyOutput{Policy: &p.Policy}, nil
	}
	return nil, noEntity("Policy %s was not found.", arn)
}

// DeletePolicy removes a customer managed policy.
func (i *IAM) DeletePolicy(_ *wire.Caller, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	i.policies.Delete(aws.ToString(in.PolicyArn))
	return &iam.DeletePolicyOutput{}, nil
}

// SimulatePrincipalPolicy says which actions the principal may do.
func (i *IAM) SimulatePrincipalPolicy(_ *wire.Caller, in *iam.SimulatePrincipalPolicyInput) (*iam.SimulatePrincipalPolicyOutput, error) {
	out := &iam.SimulatePrincipalPolicyOutput{EvaluationResults: []types.EvaluationResult{}}
	for _, a := range in.ActionNames {
		d := types.PolicyEvaluationDecisionTypeAllowed
		if slices.Contains(i.denied, a) {
			d = types.PolicyEvaluationDecisionTypeImplicitDeny
		}
		out.EvaluationResults = append(out.EvaluationResults, types.EvaluationResult{EvalActionName: new(a), EvalDecision: d, EvalResourceName: new("*")})
	}
	return out, nil
}

// Role is what another service sees of a role: nil when it does not exist.
func (i *IAM) Role(arn string) *types.Role {
	if r := i.roles.Get(arn[strings.LastIndex(arn, "/")+1:]); r != nil && *r.Arn == arn {
		return &r.Role
	}
	return nil
}

// Assumable tells whether a service principal (eks.amazonaws.com, …) can assume
// the role now: it exists, trusts the principal and has propagated.
func (i *IAM) Assumable(arn, service string) bool {
	r := i.roles.Get(arn[strings.LastIndex(arn, "/")+1:])
	if r == nil || *r.Arn != arn || i.w.Elapsed() < r.ready {
		return false
	}
	doc, _ := url.QueryUnescape(*r.AssumeRolePolicyDocument)
	return strings.Contains(doc, service)
}

// Trust is a role's trust policy, as JSON.
func (i *IAM) Trust(arn string) string {
	if r := i.Role(arn); r != nil {
		d, _ := url.QueryUnescape(*r.AssumeRolePolicyDocument)
		return d
	}
	return ""
}

// Allows tells whether a role's policies grant an action: a managed policy by
// name, or an inline one that names it.
func (i *IAM) Allows(arn, action string, managed ...string) bool {
	r := i.roles.Get(arn[strings.LastIndex(arn, "/")+1:])
	if r == nil {
		return false
	}
	for _, a := range r.attached {
		n := a[strings.LastIndex(a, "/")+1:]
		if n == "AdministratorAccess" || slices.Contains(managed, n) {
			return true
		}
		if p := i.policies.Get(a); p != nil && grants(p.doc, action) {
			return true
		}
	}
	for _, d := range r.inline {
		if grants(d, action) {
			return true
		}
	}
	return false
}

func grants(doc, action string) bool {
	var d struct {
		Statement []struct {
			Effect string
			Action any
		}
	}
	if json.Unmarshal([]byte(doc), &d) != nil {
		return false
	}
	svc, _, _ := strings.Cut(action, ":")
	for _, s := range d.Statement {
		if s.Effect != "Allow" {
			continue
		}
		list, ok := s.Action.([]any)
		if !ok {
			list = []any{s.Action}
		}
		for _, a := range list {
			if x := fmt.Sprint(a); x == action || x == "*" || x == svc+":*" {
				return true
			}
		}
	}
	return false
}

// ProfileRole is the role ARN inside an instance profile (ARN or name), or "".
func (i *IAM) ProfileRole(p string) string {
	if x := i.profiles.Get(p[strings.LastIndex(p, "/")+1:]); x != nil {
		if r := i.roles.Get(x.role); r != nil {
			return *r.Arn
		}
	}
	return ""
}

// AdoptRole creates a role under a given ARN: one that existed before the world
// began, trusting any service named.
func (i *IAM) AdoptRole(arn string, services []string, managed ...string) {
	name := arn[strings.LastIndex(arn, "/")+1:]
	if i.roles.Get(name) != nil {
		return
	}
	doc := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Principal":{"Service":["%s"]}}]}`, strings.Join(services, `","`))
	r := &role{Role: types.Role{RoleName: new(name), Path: new("/"), Arn: new(arn), RoleId: new("AROA" + strings.ToUpper(i.w.Hex("role", 17))), CreateDate: new(i.w.Date()), AssumeRolePolicyDocument: new(url.QueryEscape(doc))}, inline: map[string]string{}}
	for _, m := range managed {
		r.attached = append(r.attached, "arn:"+i.Partition+":iam::aws:policy/"+m)
	}
	i.roles.Put(name, r)
}

// AdoptProfile creates an instance profile under a given ARN.
func (i *IAM) AdoptProfile(arn, roleName string) {
	name := arn[strings.LastIndex(arn, "/")+1:]
	if i.profiles.Get(name) == nil {
		i.profiles.Put(name, &profile{InstanceProfile: types.InstanceProfile{InstanceProfileName: new(name), Path: new("/"), Arn: new(arn), InstanceProfileId: new("AIPASIM"), CreateDate: new(i.w.Date())}, role: roleName})
	}
}

// HasProfile tells whether an instance profile exists.
func (i *IAM) HasProfile(name string) bool { return i.profiles.Get(name) != nil }

// DropProfile removes an instance profile that another service made.
func (i *IAM) DropProfile(name string) { i.profiles.Delete(name) }
