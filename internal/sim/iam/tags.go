package iam

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (i *IAM) registerTags(s *wire.Service) {
	wire.Handle(s, "TagRole", i.TagRole)
	wire.Handle(s, "UntagRole", i.UntagRole)
	wire.Handle(s, "ListRoleTags", i.ListRoleTags)
	wire.Handle(s, "TagPolicy", i.TagPolicy)
	wire.Handle(s, "UntagPolicy", i.UntagPolicy)
	wire.Handle(s, "ListPolicyTags", i.ListPolicyTags)
	wire.Handle(s, "TagInstanceProfile", i.TagInstanceProfile)
	wire.Handle(s, "UntagInstanceProfile", i.UntagInstanceProfile)
	wire.Handle(s, "ListInstanceProfileTags", i.ListInstanceProfileTags)
	wire.Handle(s, "TagOpenIDConnectProvider", i.TagOpenIDConnectProvider)
	wire.Handle(s, "UntagOpenIDConnectProvider", i.UntagOpenIDConnectProvider)
	wire.Handle(s, "ListOpenIDConnectProviderTags", i.ListOpenIDConnectProviderTags)
}

// tag adds tags to those that something has: a key of the same letters is replaced.
func tag(have *[]types.Tag, add []types.Tag) error {
	if err := checkTags(add); err != nil {
		return err
	}
	all := slices.Clone(*have)
	for _, t := range add {
		all = append(without(all, []string{aws.ToString(t.Key)}), t)
	}
	if len(all) > maxTags {
		return overLimit("The number of tags has reached the maximum limit.")
	}
	*have = all
	return nil
}

func without(have []types.Tag, keys []string) []types.Tag {
	out := []types.Tag{}
	for _, t := range have {
		if !slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, aws.ToString(t.Key)) }) {
			out = append(out, t)
		}
	}
	return out
}

// TagRole tags a role.
func (i *IAM) TagRole(_ *wire.Caller, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	r, err := i.own(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.TagRoleOutput{}, tag(&r.Tags, in.Tags)
}

// UntagRole takes tags away; those that are not there are no error.
func (i *IAM) UntagRole(_ *wire.Caller, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	r, err := i.own(in.RoleName)
	if err != nil {
		return nil, err
	}
	r.Tags = without(r.Tags, in.TagKeys)
	return &iam.UntagRoleOutput{}, nil
}

// ListRoleTags lists a role's tags.
func (i *IAM) ListRoleTags(_ *wire.Caller, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.ListRoleTagsOutput{Tags: append([]types.Tag{}, r.Tags...)}, nil
}

// TagPolicy tags a customer managed policy.
func (i *IAM) TagPolicy(_ *wire.Caller, in *iam.TagPolicyInput) (*iam.TagPolicyOutput, error) {
	p, err := i.customer(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	return &iam.TagPolicyOutput{}, tag(&p.Tags, in.Tags)
}

// UntagPolicy takes tags away.
func (i *IAM) UntagPolicy(_ *wire.Caller, in *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error) {
	p, err := i.customer(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	p.Tags = without(p.Tags, in.TagKeys)
	return &iam.UntagPolicyOutput{}, nil
}

// ListPolicyTags lists a policy's tags.
func (i *IAM) ListPolicyTags(_ *wire.Caller, in *iam.ListPolicyTagsInput) (*iam.ListPolicyTagsOutput, error) {
	if i.managedBy(aws.ToString(in.PolicyArn)) != nil {
		return &iam.ListPolicyTagsOutput{Tags: []types.Tag{}}, nil
	}
	p, err := i.customer(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	return &iam.ListPolicyTagsOutput{Tags: append([]types.Tag{}, p.Tags...)}, nil
}

// TagInstanceProfile tags a profile.
func (i *IAM) TagInstanceProfile(_ *wire.Caller, in *iam.TagInstanceProfileInput) (*iam.TagInstanceProfileOutput, error) {
	p, err := i.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &iam.TagInstanceProfileOutput{}, tag(&p.Tags, in.Tags)
}

// UntagInstanceProfile takes tags away.
func (i *IAM) UntagInstanceProfile(_ *wire.Caller, in *iam.UntagInstanceProfileInput) (*iam.UntagInstanceProfileOutput, error) {
	p, err := i.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	p.Tags = without(p.Tags, in.TagKeys)
	return &iam.UntagInstanceProfileOutput{}, nil
}

// ListInstanceProfileTags lists a profile's tags.
func (i *IAM) ListInstanceProfileTags(_ *wire.Caller, in *iam.ListInstanceProfileTagsInput) (*iam.ListInstanceProfileTagsOutput, error) {
	p, err := i.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &iam.ListInstanceProfileTagsOutput{Tags: append([]types.Tag{}, p.Tags...)}, nil
}

// TagOpenIDConnectProvider tags a provider.
func (i *IAM) TagOpenIDConnectProvider(_ *wire.Caller, in *iam.TagOpenIDConnectProviderInput) (*iam.TagOpenIDConnectProviderOutput, error) {
	p, err := i.provider(in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &iam.TagOpenIDConnectProviderOutput{}, tag(&p.Tags, in.Tags)
}

// UntagOpenIDConnectProvider takes tags away.
func (i *IAM) UntagOpenIDConnectProvider(_ *wire.Caller, in *iam.UntagOpenIDConnectProviderInput) (*iam.UntagOpenIDConnectProviderOutput, error) {
	p, err := i.provider(in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	p.Tags = without(p.Tags, in.TagKeys)
	return &iam.UntagOpenIDConnectProviderOutput{}, nil
}

// ListOpenIDConnectProviderTags lists a provider's tags.
func (i *IAM) ListOpenIDConnectProviderTags(_ *wire.Caller, in *iam.ListOpenIDConnectProviderTagsInput) (*iam.ListOpenIDConnectProviderTagsOutput, error) {
	p, err := i.provider(in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &iam.ListOpenIDConnectProviderTagsOutput{Tags: append([]types.Tag{}, p.Tags...)}, nil
}
