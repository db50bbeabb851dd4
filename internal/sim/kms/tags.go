package kms

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (k *KMS) registerTags(s *wire.Service) {
	wire.Handle(s, "TagResource", k.TagResource)
	wire.Handle(s, "UntagResource", k.UntagResource)
	wire.Handle(s, "ListResourceTags", k.ListResourceTags)
}

const maxTags = 50

func checkTags(tags []types.Tag) error {
	for n, t := range tags {
		switch name := aws.ToString(t.TagKey); {
		case strings.HasPrefix(strings.ToLower(name), "aws:"):
			return wire.Errorf("TagException", "Tags beginning with aws: are reserved")
		case slices.ContainsFunc(tags[:n], func(x types.Tag) bool { return aws.ToString(x.TagKey) == name }):
			return wire.Errorf("TagException", "Duplicate tag keys")
		}
	}
	if len(tags) > maxTags {
		return wire.Errorf("TagException", "Too many tags")
	}
	return nil
}

// TagResource adds tags to a key.
func (k *KMS) TagResource(_ *wire.Caller, in *kms.TagResourceInput) (*kms.TagResourceOutput, error) {
	m, err := k.own(in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	all := slices.Clone(m.Tags)
	for _, t := range in.Tags {
		all = append(without(all, []string{*t.TagKey}), t)
	}
	if err := checkTags(all); err != nil {
		return nil, err
	}
	m.Tags = all
	return &kms.TagResourceOutput{}, nil
}

func without(tags []types.Tag, keys []string) []types.Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t types.Tag) bool { return slices.Contains(keys, aws.ToString(t.TagKey)) })
}

// UntagResource takes tags away.
func (k *KMS) UntagResource(_ *wire.Caller, in *kms.UntagResourceInput) (*kms.UntagResourceOutput, error) {
	m, err := k.own(in.KeyId)
	if err != nil {
		return nil, err
	}
	m.Tags = without(m.Tags, in.TagKeys)
	return &kms.UntagResourceOutput{}, nil
}

// ListResourceTags lists a key's tags.
func (k *KMS) ListResourceTags(_ *wire.Caller, in *kms.ListResourceTagsInput) (*kms.ListResourceTagsOutput, error) {
	m, err := k.key(in.KeyId)
	if err != nil {
		return nil, err
	}
	return &kms.ListResourceTagsOutput{Tags: append([]types.Tag{}, m.Tags...)}, nil
}
