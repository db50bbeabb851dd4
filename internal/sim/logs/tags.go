package logs

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Groups are tagged by ARN, and by the older operations by name.
func (l *Logs) registerTags(s *wire.Service) {
	wire.Handle(s, "TagResource", l.TagResource)
	wire.Handle(s, "UntagResource", l.UntagResource)
	wire.Handle(s, "ListTagsForResource", l.ListTagsForResource)
	wire.Handle(s, "TagLogGroup", l.TagLogGroup)
	wire.Handle(s, "UntagLogGroup", l.UntagLogGroup)
	wire.Handle(s, "ListTagsLogGroup", l.ListTagsLogGroup)
}

const maxTags = 50

func checkTags(tags map[string]string) error {
	for k := range tags {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return invalid("Tag keys starting with 'aws:' are reserved for system use")
		}
	}
	if len(tags) > maxTags {
		return wire.Errorf("TooManyTagsException", "The number of tags exceeds the maximum of %d", maxTags)
	}
	return nil
}

func (g *group) tag(add map[string]string) error {
	all := map[string]string{}
	maps.Copy(all, g.Tags)
	maps.Copy(all, add)
	if err := checkTags(all); err != nil {
		return err
	}
	g.Tags = all
	return nil
}

func (g *group) untag(keys []string) {
	g.Tags = maps.Clone(g.Tags)
	for _, k := range keys {
		delete(g.Tags, k)
	}
}

// byARN is a group by its ARN, which has no :* behind.
func (l *Logs) byARN(arn *string) (*group, error) {
	if !strings.HasPrefix(aws.ToString(arn), "arn:") {
		return nil, invalid("The specified resource ARN is invalid: %s", aws.ToString(arn))
	}
	return l.named(arn)
}

// TagResource tags a group.
func (l *Logs) TagResource(_ *wire.Caller, in *cloudwatchlogs.TagResourceInput) (*cloudwatchlogs.TagResourceOutput, error) {
	g, err := l.byARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.TagResourceOutput{}, g.tag(in.Tags)
}

// UntagResource takes tags away.
func (l *Logs) UntagResource(_ *wire.Caller, in *cloudwatchlogs.UntagResourceInput) (*cloudwatchlogs.UntagResourceOutput, error) {
	g, err := l.byARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	g.untag(in.TagKeys)
	return &cloudwatchlogs.UntagResourceOutput{}, nil
}

// ListTagsForResource lists a group's tags.
func (l *Logs) ListTagsForResource(_ *wire.Caller, in *cloudwatchlogs.ListTagsForResourceInput) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	g, err := l.byARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: notNil(g.Tags)}, nil
}

// TagLogGroup is TagResource by name.
func (l *Logs) TagLogGroup(_ *wire.Caller, in *cloudwatchlogs.TagLogGroupInput) (*cloudwatchlogs.TagLogGroupOutput, error) {
	g, err := l.named(in.LogGroupName)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.TagLogGroupOutput{}, g.tag(in.Tags)
}

// UntagLogGroup is UntagResource by name.
func (l *Logs) UntagLogGroup(_ *wire.Caller, in *cloudwatchlogs.UntagLogGroupInput) (*cloudwatchlogs.UntagLogGroupOutput, error) {
	g, err := l.named(in.LogGroupName)
	if err != nil {
		return nil, err
	}
	g.untag(in.Tags)
	return &cloudwatchlogs.UntagLogGroupOutput{}, nil
}

// ListTagsLogGroup is ListTagsForResource by name.
func (l *Logs) ListTagsLogGroup(_ *wire.Caller, in *cloudwatchlogs.ListTagsLogGroupInput) (*cloudwatchlogs.ListTagsLogGroupOutput, error) {
	g, err := l.named(in.LogGroupName)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.ListTagsLogGroupOutput{Tags: notNil(g.Tags)}, nil
}

func notNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
