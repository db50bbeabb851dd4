package iam

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// ofAWS tells whether a policy is one that AWS manages.
func (i *IAM) ofAWS(arn string) bool {
	return strings.HasPrefix(arn, "arn:"+i.Partition+":iam::aws:policy/")
}

// attachable tells whether a managed policy exists; every name that AWS might manage
// does.
func (i *IAM) attachable(arn string) bool { return i.ofAWS(arn) || i.policies.Get(arn) != nil }

// CreatePolicy makes a customer managed policy.
func (i *IAM) CreatePolicy(_ *wire.Caller, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	name, doc := aws.ToString(in.PolicyName), aws.ToString(in.PolicyDocument)
	path, err := pathOf(in.Path)
	for _, e := range []error{checkName(in.PolicyName, "policyName", maxPolicyName), err, checkDescription(in.Description), checkTags(in.Tags), checkPolicy(doc)} {
		if e != nil {
			return nil, e
		}
	}
	if weight(doc) > maxManaged {
		return nil, overLimit("Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	arn := i.arn("policy" + path + name)
	if i.policies.Find(func(p *policy) bool { return strings.EqualFold(*p.PolicyName, name) }) != nil {
		return nil, exists("A policy called %s already exists. Duplicate names are not allowed.", name)
	}
	p := i.newPolicy(arn, path, doc)
	p.Description, p.Tags = in.Description, in.Tags
	return &iam.CreatePolicyOutput{Policy: i.viewPolicy(p)}, nil
}

func (i *IAM) newPolicy(arn, path, doc string) *policy {
	name, now := lastOf(arn), i.w.Date()
	return i.policies.Put(arn, &policy{Document: doc, Policy: types.Policy{Arn: new(arn), PolicyName: new(name), Path: new(path),
		PolicyId: i.id("ANPA", "policy", arn), DefaultVersionId: new("v1"), IsAttachable: true, CreateDate: new(now), UpdateDate: new(now)}})
}

// viewPolicy counts what a policy is attached to.
func (i *IAM) viewPolicy(p *policy) *types.Policy {
	v, arn := p.Policy, *p.Arn
	attached, bounds := int32(0), int32(0)
	for _, r := range i.roles.All() {
		if slices.Contains(r.Attached, arn) {
			attached++
		}
		if r.PermissionsBoundary != nil && aws.ToString(r.PermissionsBoundary.PermissionsBoundaryArn) == arn {
			bounds++
		}
	}
	v.AttachmentCount, v.PermissionsBoundaryUsageCount = &attached, &bounds
	return &v
}

// GetPolicy reads a policy; AWS managed ones exist by name.
func (i *IAM) GetPolicy(_ *wire.Caller, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	arn := aws.ToString(in.PolicyArn)
	if i.ofAWS(arn) {
		_, path, _ := strings.Cut(arn, ":policy")
		return &iam.GetPolicyOutput{Policy: &types.Policy{Arn: new(arn), PolicyName: new(lastOf(arn)), Path: new(path[:strings.LastIndex(path, "/")+1]),
			IsAttachable: true, DefaultVersionId: new("v1")}}, nil
	}
	if p := i.policies.Get(arn); p != nil {
		return &iam.GetPolicyOutput{Policy: i.viewPolicy(p)}, nil
	}
	return nil, noEntity("Policy %s was not found.", arn)
}

// GetPolicyVersion reads a policy's document.
func (i *IAM) GetPolicyVersion(_ *wire.Caller, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	arn, version := aws.ToString(in.PolicyArn), aws.ToString(in.VersionId)
	doc, born := managed[lastOf(arn)], i.w.Date()
	if p := i.policies.Get(arn); p != nil {
		doc, born = p.Document, *p.CreateDate
	} else if !i.ofAWS(arn) {
		return nil, noEntity("Policy %s was not found.", arn)
	}
	if version != "v1" {
		return nil, noEntity("Policy %s version %s does not exist or is not attachable.", arn, version)
	}
	return &iam.GetPolicyVersionOutput{PolicyVersion: &types.PolicyVersion{VersionId: new("v1"), IsDefaultVersion: true, CreateDate: new(born),
		Document: encoded(doc)}}, nil
}

// DeletePolicy removes a customer managed policy that nothing uses.
func (i *IAM) DeletePolicy(_ *wire.Caller, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	arn := aws.ToString(in.PolicyArn)
	p := i.policies.Get(arn)
	if p == nil {
		return nil, noEntity("Policy %s was not found.", arn)
	}
	if v := i.viewPolicy(p); *v.AttachmentCount+*v.PermissionsBoundaryUsageCount > 0 {
		return nil, conflict("Cannot delete a policy attached to entities.")
	}
	i.policies.Delete(arn)
	return &iam.DeletePolicyOutput{}, nil
}
