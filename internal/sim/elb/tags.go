package elb

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (b *ELB) registerTags(s *wire.Service) {
	wire.Handle(s, "AddTags", b.AddTags)
	wire.Handle(s, "RemoveTags", b.RemoveTags)
	wire.Handle(s, "DescribeTags", b.DescribeTags)
}

// tagLimit is how many tags a resource may have.
const tagLimit = 50

func tagMap(in []types.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range in {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}

// noResource is the answer about an ARN that nothing has, by the kind that it names.
func noResource(arn string) error {
	for part, x := range map[string][2]string{":loadbalancer/": {"LoadBalancerNotFound", "load balancers"},
		":targetgroup/": {"TargetGroupNotFound", "target groups"},
		":listener/":    {"ListenerNotFound", "listeners"}, ":listener-rule/": {"RuleNotFound", "rules"}} {
		if strings.Contains(arn, part) {
			return wire.Errorf(x[0], "One or more %s not found", x[1])
		}
	}
	return invalid("'%s' is not a valid resource ARN", arn)
}

// AddTags sets tags on resources, all or none.
func (b *ELB) AddTags(_ *wire.Caller, in *elbv2.AddTagsInput) (*elbv2.AddTagsOutput, error) {
	add, seen := tagMap(in.Tags), map[string]bool{}
	for _, t := range in.Tags {
		k := aws.ToString(t.Key)
		if seen[k] {
			return nil, wire.Errorf("DuplicateTagKeys", "Tag key was specified more than once: %s", k)
		}
		seen[k] = true
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return nil, invalid("Tag keys starting with 'aws:' are reserved for system use")
		}
	}
	for _, arn := range in.ResourceArns {
		have, ok := b.Tags(arn)
		if !ok {
			return nil, noResource(arn)
		}
		all := maps.Clone(have)
		if all == nil {
			all = map[string]string{}
		}
		if maps.Copy(all, add); len(all) > tagLimit {
			return nil, wire.Errorf("TooManyTags", "The maximum number of tags has been reached for the resource '%s'", arn)
		}
	}
	for _, arn := range in.ResourceArns {
		b.Tag(arn, add)
	}
	return &elbv2.AddTagsOutput{}, nil
}

// RemoveTags takes tags off resources.
func (b *ELB) RemoveTags(_ *wire.Caller, in *elbv2.RemoveTagsInput) (*elbv2.RemoveTagsOutput, error) {
	for _, arn := range in.ResourceArns {
		if _, ok := b.Tags(arn); !ok {
			return nil, noResource(arn)
		}
	}
	for _, arn := range in.ResourceArns {
		b.Tag(arn, nil, in.TagKeys...)
	}
	return &elbv2.RemoveTagsOutput{}, nil
}

// DescribeTags lists the tags of up to 20 resources.
func (b *ELB) DescribeTags(_ *wire.Caller, in *elbv2.DescribeTagsInput) (*elbv2.DescribeTagsOutput, error) {
	if len(in.ResourceArns) > 20 {
		return nil, invalid("Cannot have more than 20 resources described")
	}
	out := &elbv2.DescribeTagsOutput{TagDescriptions: []types.TagDescription{}}
	for _, arn := range in.ResourceArns {
		have, ok := b.Tags(arn)
		if !ok && !b.defaultRule(arn) {
			return nil, noResource(arn)
		}
		d := types.TagDescription{ResourceArn: new(arn), Tags: []types.Tag{}}
		for _, k := range slices.Sorted(maps.Keys(have)) {
			d.Tags = append(d.Tags, types.Tag{Key: new(k), Value: new(have[k])})
		}
		out.TagDescriptions = append(out.TagDescriptions, d)
	}
	return out, nil
}
