package ec2

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerTags(s *wire.Service) {
	wire.Handle(s, "CreateTags", func(_ *wire.Caller, in *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error) {
		for _, id := range in.Resources {
			e.tag(id, in.Tags)
		}
		return &ec2.CreateTagsOutput{}, nil
	})
	wire.Handle(s, "DeleteTags", func(_ *wire.Caller, in *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error) {
		for _, id := range in.Resources {
			for _, t := range in.Tags {
				delete(e.tags[id], aws.ToString(t.Key))
			}
		}
		return &ec2.DeleteTagsOutput{}, nil
	})
	wire.Handle(s, "DescribeTags", func(_ *wire.Caller, in *ec2.DescribeTagsInput) (*ec2.DescribeTagsOutput, error) {
		out := &ec2.DescribeTagsOutput{Tags: []types.TagDescription{}}
		for _, id := range slices.Sorted(maps.Keys(e.tags)) {
			for _, k := range slices.Sorted(maps.Keys(e.tags[id])) {
				v := e.tags[id][k]
				if matches(in.Filters, func(n string) []string {
					return map[string][]string{"resource-id": {id}, "key": {k}, "value": {v}}[n]
				}) {
					out.Tags = append(out.Tags, types.TagDescription{Key: new(k), Value: new(v), ResourceId: new(id)})
				}
			}
		}
		return out, nil
	})
}

func (e *EC2) tag(id string, tags []types.Tag) {
	if len(tags) == 0 {
		return
	}
	if e.tags[id] == nil {
		e.tags[id] = map[string]string{}
	}
	for _, t := range tags {
		e.tags[id][aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
}

func (e *EC2) tagSpec(id string, specs []types.TagSpecification) {
	for _, s := range specs {
		e.tag(id, s.Tags)
	}
}

func (e *EC2) tagsOf(id string) []types.Tag {
	var out []types.Tag
	for _, k := range slices.Sorted(maps.Keys(e.tags[id])) {
		out = append(out, types.Tag{Key: new(k), Value: new(e.tags[id][k])})
	}
	return out
}

// tagFilter answers the filters that every taggable resource has.
func (e *EC2) tagFilter(id, name string) []string {
	if k, ok := strings.CutPrefix(name, "tag:"); ok {
		if v, ok := e.tags[id][k]; ok {
			return []string{v}
		}
		return nil
	}
	if name == "tag-key" {
		return slices.Sorted(maps.Keys(e.tags[id]))
	}
	return nil
}
