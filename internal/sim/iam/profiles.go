package iam

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (i *IAM) registerProfiles(s *wire.Service) {
	wire.Handle(s, "CreateInstanceProfile", i.CreateInstanceProfile)
	wire.Handle(s, "GetInstanceProfile", i.GetInstanceProfile)
	wire.Handle(s, "DeleteInstanceProfile", i.DeleteInstanceProfile)
	wire.Handle(s, "ListInstanceProfiles", i.ListInstanceProfiles)
	wire.Handle(s, "AddRoleToInstanceProfile", i.AddRoleToInstanceProfile)
	wire.Handle(s, "RemoveRoleFromInstanceProfile", i.RemoveRoleFromInstanceProfile)
	wire.Handle(s, "ListInstanceProfilesForRole", i.ListInstanceProfilesForRole)
}

func (i *IAM) viewProfile(p *profile) *types.InstanceProfile {
	v := p.InstanceProfile
	v.Roles = []types.Role{}
	if r := i.roles.Get(p.Role); r != nil {
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
	path, err := pathOf(in.Path)
	for _, e := range []error{checkName(in.InstanceProfileName, "instanceProfileName", maxPolicyName), err, checkTags(in.Tags)} {
		if e != nil {
			return nil, e
		}
	}
	if i.profiles.Get(name) != nil {
		return nil, exists("Instance Profile %s already exists.", name)
	}
	p := i.profiles.Put(name, &profile{InstanceProfile: types.InstanceProfile{InstanceProfileName: new(name), Path: new(path),
		Arn: new(i.arn("instance-profile" + path + name)), InstanceProfileId: i.id("AIPA", "profile", name), CreateDate: new(i.w.Date()), Tags: in.Tags}})
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
	if p.Role != "" {
		return nil, conflict("Cannot delete entity, must remove roles from instance profile first.")
	}
	i.profiles.Delete(*p.InstanceProfileName)
	return &iam.DeleteInstanceProfileOutput{}, nil
}

// ListInstanceProfiles lists profiles under a path prefix.
func (i *IAM) ListInstanceProfiles(_ *wire.Caller, in *iam.ListInstanceProfilesInput) (*iam.ListInstanceProfilesOutput, error) {
	out := &iam.ListInstanceProfilesOutput{InstanceProfiles: []types.InstanceProfile{}}
	for _, p := range i.profiles.All() {
		if strings.HasPrefix(*p.Path, aws.ToString(in.PathPrefix)) {
			v := i.viewProfile(p)
			v.Tags = nil
			out.InstanceProfiles = append(out.InstanceProfiles, *v)
		}
	}
	return out, nil
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
	if p.Role != "" {
		return nil, overLimit("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	}
	p.Role = *r.RoleName
	return &iam.AddRoleToInstanceProfileOutput{}, nil
}

// RemoveRoleFromInstanceProfile takes the role out.
func (i *IAM) RemoveRoleFromInstanceProfile(_ *wire.Caller, in *iam.RemoveRoleFromInstanceProfileInput) (*iam.RemoveRoleFromInstanceProfileOutput, error) {
	p, err := i.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if p.Role == "" || p.Role != aws.ToString(in.RoleName) {
		return nil, noEntity("The role with name %s cannot be found.", aws.ToString(in.RoleName))
	}
	p.Role = ""
	return &iam.RemoveRoleFromInstanceProfileOutput{}, nil
}

// ListInstanceProfilesForRole lists the profiles that hold a role.
func (i *IAM) ListInstanceProfilesForRole(_ *wire.Caller, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	if _, err := i.role(in.RoleName); err != nil {
		return nil, err
	}
	out := &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []types.InstanceProfile{}}
	for _, p := range i.profiles.All() {
		if p.Role == aws.ToString(in.RoleName) {
			out.InstanceProfiles = append(out.InstanceProfiles, *i.viewProfile(p))
		}
	}
	return out, nil
}
