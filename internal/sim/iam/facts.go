package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
)

// What other services ask of IAM, and what existed before the world began.

// Role is what another service sees of a role: nil when it does not exist.
func (i *IAM) Role(arn string) *types.Role {
	if r := i.roleByARN(arn); r != nil {
		return &r.Role
	}
	return nil
}

// Assumable tells whether a service principal (eks.amazonaws.com, …) can assume
// the role now: it exists, trusts the principal and has propagated. A trust policy may
// ask for which resources: their ARNs are source, as aws:SourceArn.
func (i *IAM) Assumable(arn, service string, source ...string) bool {
	r := i.roleByARN(arn)
	return r != nil && i.w.Elapsed() >= r.Ready && i.trusts(arn, service, source, "sts:AssumeRole")
}

// TrustsService tells whether a role lets a service principal do all of the actions.
func (i *IAM) TrustsService(arn, service string, actions ...string) bool {
	return i.trusts(arn, service, nil, actions...)
}

func (i *IAM) trusts(arn, service string, source []string, actions ...string) bool {
	r := i.roleByARN(arn)
	if r == nil {
		return false
	}
	names := []string{service}
	if i.Partition == "aws-cn" {
		names = append(names, service+".cn") // ec2.amazonaws.com.cn
	}
	known := map[string][]string{"aws:sourceaccount": {i.Account}}
	if len(source) > 0 {
		known["aws:sourcearn"] = source
	}
	return !slices.ContainsFunc(actions, func(action string) bool {
		return !slices.ContainsFunc(names, func(name string) bool {
			trusted, _ := i.parse(r.Trust).Trusts(&eval.Request{Action: action, Resource: arn, Principal: eval.Principal{Service: name},
				Context: known})
			return trusted
		})
	})
}

// TrustsWebIdentity tells whether a role lets a service account (its subject) of an
// issuer assume it, with a token for STS.
func (i *IAM) TrustsWebIdentity(arn, url, subject string) bool {
	r := i.roleByARN(arn)
	host, ok := issuerName(url)
	if r == nil || !ok {
		return false
	}
	k := strings.ToLower(host)
	q := &eval.Request{Action: "sts:AssumeRoleWithWebIdentity", Resource: arn, Principal: eval.Principal{Federated: i.arn("oidc-provider/" + host)},
		Context: map[string][]string{k + ":sub": {subject}, k + ":aud": {"sts.amazonaws.com"}}}
	trusted, _ := i.parse(r.Trust).Trusts(q)
	return trusted
}

// ProfileRole is the role ARN inside an instance profile (ARN or name), or "".
func (i *IAM) ProfileRole(p string) string {
	if x := i.profiles.Get(lastOf(p)); x != nil {
		if r := i.roles.Get(x.Role); r != nil {
			return *r.Arn
		}
	}
	return ""
}

// AdoptRole creates a role under a given ARN: one that existed before the world
// began, trusting any service named.
func (i *IAM) AdoptRole(arn string, services []string, policies ...string) {
	name := lastOf(arn)
	if i.roles.Get(name) != nil {
		return
	}
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Principal":{"Service":["%s"]}}]}`,
		strings.Join(services, `","`))
	_, path, _ := strings.Cut(arn, ":role")
	r := &role{Trust: trust, Inline: map[string]string{}, Role: types.Role{RoleName: new(name), Path: new(strings.TrimSuffix(path, name)), Arn: new(arn),
		RoleId: i.id("AROA", "role", name), CreateDate: new(i.w.Date()), AssumeRolePolicyDocument: encoded(trust), MaxSessionDuration: new(int32(3600))}}
	for _, m := range policies {
		r.Attached = append(r.Attached, "arn:"+i.Partition+":iam::aws:policy/"+m)
	}
	i.roles.Put(name, r)
}

// AdoptPolicy registers a managed policy under a given ARN; "" where its text is not
// known: attached it grants nothing, as a boundary it limits nothing.
func (i *IAM) AdoptPolicy(arn, doc string) {
	if i.policies.Get(arn) == nil {
		_, path, _ := strings.Cut(arn, ":policy")
		i.newPolicy(arn, strings.TrimSuffix(path, lastOf(arn)), doc)
	}
}

// AdoptProfile creates an instance profile under a given ARN.
func (i *IAM) AdoptProfile(arn, roleName string) {
	name := lastOf(arn)
	if i.profiles.Get(name) == nil {
		i.profiles.Put(name, &profile{Role: roleName, InstanceProfile: types.InstanceProfile{InstanceProfileName: new(name), Path: new("/"), Arn: new(arn),
			InstanceProfileId: i.id("AIPA", "profile", name), CreateDate: new(i.w.Date())}})
	}
}

// HasProfile tells whether an instance profile exists.
func (i *IAM) HasProfile(name string) bool { return i.profiles.Get(name) != nil }

// DropProfile removes an instance profile that another service made.
func (i *IAM) DropProfile(name string) { i.profiles.Delete(name) }

// Knows tells whether a principal exists: the account itself, its user, a role, or
// whatever is in another account.
func (i *IAM) Knows(arn string) bool {
	p := strings.Split(arn, ":")
	if len(p) != 6 || p[4] != i.Account {
		return true
	}
	return arn == i.arn("root") || arn == i.admin() || p[2] == "sts" || i.roleByARN(arn) != nil
}
