package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/engine"
)

// SubnetTags sets tags on a subnet, or takes them away; others stay.
type SubnetTags struct {
	Place  Place             `json:"place"`
	Tags   map[string]string `json:"tags,omitempty"`
	Remove []string          `json:"remove,omitempty"`
}

// Run looks, then sets them, or takes them away.
func (s *SubnetTags) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	subnet, err := s.Place.must(ctx, e)
	if err != nil {
		return engine.Result{}, err
	}
	id, have := aws.ToString(subnet.SubnetId), map[string]string{}
	for _, t := range subnet.Tags {
		have[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	gone := map[string]string{}
	for _, k := range s.Remove {
		if v, there := have[k]; there {
			gone[k] = v
		}
	}
	switch {
	case !Holds(have, s.Tags):
		_, err = e.AWS.EC2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: ec2Tags(s.Tags)})
	case len(gone) > 0:
		_, err = e.AWS.EC2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{id}, Tags: ec2Tags(gone)})
	default:
		return engine.Finished("as wanted")
	}
	if err != nil {
		return engine.Result{}, fmt.Errorf("tagging the subnet %s: %w", id, err)
	}
	return engine.Started("tagged")
}
