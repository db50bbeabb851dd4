package iam

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (i *IAM) registerRoles(s *wire.Service) {
	wire.Handle(s, "CreateRole", i.CreateRole)
	wire.Handle(s, "GetRole", i.GetRole)
	wire.Handle(s, "DeleteRole", i.DeleteRole)
	wire.Handle(s, "ListRoles", i.ListRoles)
	wire.Handle(s, "UpdateRole", i.UpdateRole)
	wire.Handle(s, "UpdateRoleDescription", i.UpdateRoleDescription)
	wire.Handle(s, "UpdateAssumeRolePolicy", i.UpdateAssumeRolePolicy)
	wire.Handle(s, "AttachRolePolicy", i.AttachRolePolicy)
	wire.Handle(s, "DetachRolePolicy", i.DetachRolePolicy)
	wire.Handle(s, "ListAttachedRolePolicies", i.ListAttachedRolePolicies)
	wire.Handle(s, "PutRolePolicy", i.PutRolePolicy)
	wire.Handle(s, "GetRolePolicy", i.GetRolePolicy)
	wire.Handle(s, "DeleteRolePolicy", i.DeleteRolePolicy)
	wire.Handle(s, "ListRolePolicies", i.ListRolePolicies)
	wire.Handle(s, "PutRolePermissionsBoundary", i.PutRolePermissionsBoundary)
	wire.Handle(s, "DeleteRolePermissionsBoundary", i.DeleteRolePermissionsBoundary)
}

func (i *IAM) role(name *string) (*role, error) {
	if r := i.roles.Get(aws.ToString(name)); r != nil {
		return r, nil
	}
	return nil, noEntity("The role with name %s cannot be found.", aws.ToString(name))
}

// own is a role to be changed: no service's.
func (i *IAM) own(name *string) (*role, error) {
	r, err := i.role(name)
	if err == nil && strings.HasPrefix(*r.Path, serviceRolePath) {
		return nil, wire.Errorf("UnmodifiableEntity", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", *r.RoleName)
	}
	return r, err
}

// roleByARN is a role, or nil: name and path count.
func (i *IAM) roleByARN(arn string) *role {
	if r := i.roles.Get(lastOf(arn)); r != nil && *r.Arn == arn {
		return r
	}
	return nil
}

// CreateRole makes a role that other services can assume some seconds later.
func (i *IAM) CreateRole(_ *wire.Caller, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	name, trust := aws.ToString(in.RoleName), aws.ToString(in.AssumeRolePolicyDocument)
	path, err := pathOf(in.Path)
	for _, e := range []error{checkName(in.RoleName, "roleName", maxRoleName), err, checkDescription(in.Description),
		checkTags(in.Tags)} {
		if e != nil {
			return nil, e
		}
	}
	if same := i.roles.Find(func(r *role) bool { return strings.EqualFold(*r.RoleName, name) }); same != nil {
		return nil, exists("Role with name %s already exists.", name)
	}
	if err := checkTrust(trust); err != nil {
		return nil, err
	}
	if err := i.checkBoundary(in.PermissionsBoundary); err != nil {
		return nil, err
	}
	hours := in.MaxSessionDuration
	if hours == nil {
		hours = new(int32(3600))
	}
	r := &role{Trust: trust, Inline: map[string]string{}, Ready: i.w.Elapsed() + i.w.Draw("iam:propagation", name, 6*time.Second, 2*time.Second, 12*time.Second)}
	r.Role = types.Role{RoleName: new(name), Path: new(path), Arn: new(i.arn("role" + path + name)), RoleId: i.id("AROA", "role", name),
		CreateDate: new(i.w.Date()), AssumeRolePolicyDocument: encoded(trust), Description: in.Description, MaxSessionDuration: hours, Tags: in.Tags}
	r.bind(in.PermissionsBoundary)
	i.roles.Put(name, r)
	return &iam.CreateRoleOutput{Role: new(r.Role)}, nil
}

func (i *IAM) id(prefix string, identity ...string) *string {
	return new(prefix + strings.ToUpper(i.w.Hex(strings.Join(identity, "\x00"), 17)))
}

// GetRole reads a role.
func (i *IAM) GetRole(_ *wire.Caller, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: new(r.Role)}, nil
}

// DeleteRole refuses a role that still holds anything.
func (i *IAM) DeleteRole(_ *wire.Caller, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	r, err := i.own(in.RoleName)
	if err != nil {
		return nil, err
	}
	switch {
	case len(r.Attached) > 0:
		return nil, conflict("Cannot delete entity, must detach all policies first.")
	case len(r.Inline) > 0:
		return nil, conflict("Cannot delete entity, must delete policies first.")
	case i.profiles.Find(func(p *profile) bool { return p.Role == *r.RoleName }) != nil:
		return nil, conflict("Cannot delete entity, must remove roles from instance profile first.")
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
			v.Tags, v.PermissionsBoundary = nil, nil
			out.Roles = append(out.Roles, v)
		}
	}
	return out, nil
}

// UpdateAssumeRolePolicy replaces the trust policy.
func (i *IAM) UpdateAssumeRolePolicy(_ *wire.Caller, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	r, err := i.own(in.RoleName)
	if err != nil {
		return nil, err
	}
	trust := aws.ToString(in.PolicyDocument)
	if err := checkTrust(trust); err != nil {
		return nil, err
	}
	r.Trust, r.AssumeRolePolicyDocument = trust, encoded(trust)
	return &iam.UpdateAssumeRolePolicyOutput{}, nil
}

// AttachRolePolicy attaches an AWS managed or an existing customer policy.
func (i *IAM) AttachRolePolicy(_ *wire.Caller, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	r, err := i.own(in.RoleName)
	if err != nil {
		return nil, err
	}
	arn := aws.ToString(in.PolicyArn)
	switch m := i.managedBy(arn); {
	case m != nil && strings.HasPrefix(*m.Path, serviceRolePath):
		return nil, wire.Errorf("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.")
	case !i.attachable(arn):
		return nil, noEntity("Policy %s does not exist or is not attachable.", arn)
	case slices.Contains(r.Attached, arn):
		return &iam.AttachRolePolicyOutput{}, nil
	case len(r.Attached) >= maxAttached:
		return nil, overLimit("Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
	}
	r.Attached = append(r.Attached, arn)
	return &iam.AttachRolePolicyOutput{}, nil
}

// DetachRolePolicy detaches a policy.
func (i *IAM) DetachRolePolicy(_ *wire.Caller, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	r, err := i.own(in.RoleName)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(r.Attached, aws.ToString(in.PolicyArn)) {
		return nil, noEntity("Policy %s was not found.", aws.ToString(in.PolicyArn))
	}
	r.Attached = slices.DeleteFunc(r.Attached, func(a string) bool { return a == *in.PolicyArn })
	return &iam.DetachRolePolicyOutput{}, nil
}

// ListAttachedRolePolicies lists managed policies.
func (i *IAM) ListAttachedRolePolicies(_ *wire.Caller, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	out := &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: []types.AttachedPolicy{}}
	for _, a := range r.Attached {
		if _, path, _ := strings.Cut(a, ":policy"); !strings.HasPrefix(path, aws.ToString(in.PathPrefix)) {
			continue
		}
		out.AttachedPolicies = append(out.AttachedPolicies, types.AttachedPolicy{PolicyArn: new(a), PolicyName: new(lastOf(a))})
	}
	return out, nil
}

// PutRolePolicy sets an inline policy.
func (i *IAM) PutRolePolicy(_ *wire.Caller, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	r, err := i.own(in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkName(in.PolicyName, "policyName", maxPolicyName); err != nil {
		return nil, err
	}
	if err := checkPolicy(aws.ToString(in.PolicyDocument)); err != nil {
		return nil, err
	}
	all := weight(*in.PolicyDocument)
	for n, d := range r.Inline {
		if n != *in.PolicyName {
			all += weight(d)
		}
	}
	if all > maxInline {
		return nil, overLimit("Maximum policy size of %d bytes exceeded for role %s", maxInline, *r.RoleName)
	}
	r.Inline[*in.PolicyName] = *in.PolicyDocument
	return &iam.PutRolePolicyOutput{}, nil
}

// GetRolePolicy reads an inline policy.
func (i *IAM) GetRolePolicy(_ *wire.Caller, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	d, ok := r.Inline[aws.ToString(in.PolicyName)]
	if !ok {
		return nil, noEntity("The role policy with name %s cannot be found.", aws.ToString(in.PolicyName))
	}
	return &iam.GetRolePolicyOutput{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: encoded(d)}, nil
}

// DeleteRolePolicy removes an inline policy.
func (i *IAM) DeleteRolePolicy(_ *wire.Caller, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	r, err := i.own(in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, ok := r.Inline[aws.ToString(in.PolicyName)]; !ok {
		return nil, noEntity("The role policy with name %s cannot be found.", aws.ToString(in.PolicyName))
	}
	delete(r.Inline, *in.PolicyName)
	return &iam.DeleteRolePolicyOutput{}, nil
}

// ListRolePolicies lists inline policies.
func (i *IAM) ListRolePolicies(_ *wire.Caller, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.ListRolePoliciesOutput{PolicyNames: append([]string{}, sorted(r.Inline)...)}, nil
}
