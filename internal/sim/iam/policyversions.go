package iam

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// maxVersions is how many versions a policy may have ("IAM and AWS STS quotas").
const maxVersions = 5

func noVersion(arn, id *string) error {
	return noEntity("Policy %s version %s does not exist or is not attachable.", aws.ToString(arn), aws.ToString(id))
}

// viewVersion shows a version, without its document.
func (p *policy) viewVersion(v *version) types.PolicyVersion {
	return types.PolicyVersion{VersionId: new(v.ID), IsDefaultVersion: v.ID == aws.ToString(p.DefaultVersionId), CreateDate: new(v.Born)}
}

// CreatePolicyVersion adds a version, which is the default if that is wanted.
func (i *IAM) CreatePolicyVersion(_ *wire.Caller, in *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error) {
	doc := aws.ToString(in.PolicyDocument)
	p, err := i.customer(in.PolicyArn)
	for _, e := range []error{err, checkPolicy(doc), checkManagedSize(doc)} {
		if e != nil {
			return nil, e
		}
	}
	if len(p.Versions) >= maxVersions {
		return nil, overLimit("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
	}
	p.Made++
	v := version{fmt.Sprintf("v%d", p.Made), doc, i.w.Date()}
	p.Versions, p.UpdateDate = append(p.Versions, v), new(v.Born)
	if in.SetAsDefault {
		p.DefaultVersionId = new(v.ID)
	}
	return &iam.CreatePolicyVersionOutput{PolicyVersion: new(p.viewVersion(&v))}, nil
}

// GetPolicyVersion reads a version's document. Of AWS's policies the default version is
// known alone.
func (i *IAM) GetPolicyVersion(_ *wire.Caller, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	arn, id := aws.ToString(in.PolicyArn), aws.ToString(in.VersionId)
	if m := i.managedBy(arn); m != nil {
		if id != *m.DefaultVersionId {
			return nil, noVersion(in.PolicyArn, in.VersionId)
		}
		return &iam.GetPolicyVersionOutput{PolicyVersion: &types.PolicyVersion{VersionId: new(id), IsDefaultVersion: true, CreateDate: m.UpdateDate,
			Document: encoded(m.document)}}, nil
	}
	p := i.policies.Get(arn)
	if p == nil {
		return nil, noPolicy(in.PolicyArn)
	}
	v := p.version(id)
	if v == nil {
		return nil, noVersion(in.PolicyArn, in.VersionId)
	}
	out := p.viewVersion(v)
	out.Document = encoded(v.Document)
	return &iam.GetPolicyVersionOutput{PolicyVersion: &out}, nil
}

// ListPolicyVersions lists a policy's versions, the newest first.
func (i *IAM) ListPolicyVersions(_ *wire.Caller, in *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error) {
	arn := aws.ToString(in.PolicyArn)
	if m := i.managedBy(arn); m != nil {
		return &iam.ListPolicyVersionsOutput{Versions: []types.PolicyVersion{{VersionId: m.DefaultVersionId, IsDefaultVersion: true, CreateDate: m.UpdateDate}}}, nil
	}
	p := i.policies.Get(arn)
	if p == nil {
		return nil, noPolicy(in.PolicyArn)
	}
	out := &iam.ListPolicyVersionsOutput{Versions: []types.PolicyVersion{}}
	for n := range p.Versions {
		out.Versions = append(out.Versions, p.viewVersion(&p.Versions[len(p.Versions)-1-n]))
	}
	return out, nil
}

// SetDefaultPolicyVersion makes a version the one that counts.
func (i *IAM) SetDefaultPolicyVersion(_ *wire.Caller, in *iam.SetDefaultPolicyVersionInput) (*iam.SetDefaultPolicyVersionOutput, error) {
	p, err := i.customer(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	if p.version(aws.ToString(in.VersionId)) == nil {
		return nil, noVersion(in.PolicyArn, in.VersionId)
	}
	p.DefaultVersionId, p.UpdateDate = in.VersionId, new(i.w.Date())
	return &iam.SetDefaultPolicyVersionOutput{}, nil
}

// DeletePolicyVersion removes a version that is not the default.
func (i *IAM) DeletePolicyVersion(_ *wire.Caller, in *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error) {
	p, err := i.customer(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	id := aws.ToString(in.VersionId)
	switch {
	case p.version(id) == nil:
		return nil, noVersion(in.PolicyArn, in.VersionId)
	case id == *p.DefaultVersionId:
		return nil, conflict("Cannot delete the default version of a policy.")
	}
	p.Versions = slices.DeleteFunc(p.Versions, func(v version) bool { return v.ID == id })
	return &iam.DeletePolicyVersionOutput{}, nil
}
