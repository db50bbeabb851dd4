package iam

import (
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// UpdateRole changes description and how long sessions may last; what is not given is
// not kept but for the description, as IAM has it: a role without a duration lasts an hour.
func (i *IAM) UpdateRole(_ *wire.Caller, in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	r, err := i.own(in.RoleName)
	for _, e := range []error{err, checkDescription(in.Description)} {
		if e != nil {
			return nil, e
		}
	}
	if in.Description != nil {
		r.Description = in.Description
	}
	if r.MaxSessionDuration = in.MaxSessionDuration; r.MaxSessionDuration == nil {
		r.MaxSessionDuration = new(int32(3600))
	}
	return &iam.UpdateRoleOutput{}, nil
}

// UpdateRoleDescription changes the description alone.
func (i *IAM) UpdateRoleDescription(_ *wire.Caller, in *iam.UpdateRoleDescriptionInput) (*iam.UpdateRoleDescriptionOutput, error) {
	r, err := i.role(in.RoleName) // of a service's role too
	for _, e := range []error{err, checkDescription(in.Description)} {
		if e != nil {
			return nil, e
		}
	}
	r.Description = in.Description
	return &iam.UpdateRoleDescriptionOutput{Role: new(r.Role)}, nil
}

// PutRolePermissionsBoundary limits what a role may do.
func (i *IAM) PutRolePermissionsBoundary(_ *wire.Caller, in *iam.PutRolePermissionsBoundaryInput) (*iam.PutRolePermissionsBoundaryOutput, error) {
	r, err := i.own(in.RoleName)
	for _, e := range []error{err, i.checkBoundary(in.PermissionsBoundary)} {
		if e != nil {
			return nil, e
		}
	}
	r.bind(in.PermissionsBoundary)
	return &iam.PutRolePermissionsBoundaryOutput{}, nil
}

// DeleteRolePermissionsBoundary lifts the limit.
func (i *IAM) DeleteRolePermissionsBoundary(_ *wire.Caller, in *iam.DeleteRolePermissionsBoundaryInput) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	r, err := i.own(in.RoleName)
	if err != nil {
		return nil, err
	}
	if r.PermissionsBoundary == nil {
		return nil, noEntity("Role %s does not have a permissions boundary.", *r.RoleName)
	}
	r.bind(nil)
	return &iam.DeleteRolePermissionsBoundaryOutput{}, nil
}

func (i *IAM) checkBoundary(arn *string) error {
	if arn != nil && !i.attachable(*arn) {
		return noEntity("Scope ARN: %s does not exist or is not attachable.", *arn)
	}
	return nil
}

// bind sets the boundary, nil: none.
func (r *role) bind(boundary *string) {
	r.PermissionsBoundary = nil
	if boundary != nil {
		r.PermissionsBoundary = &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: boundary,
			PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy}
	}
}
