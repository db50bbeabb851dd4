package eks

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (s *EKS) registerTags(svc *wire.Service) {
	wire.Handle(svc, "TagResource", s.TagResource)
	wire.Handle(svc, "UntagResource", s.UntagResource)
	wire.Handle(svc, "ListTagsForResource", s.ListTagsForResource)
}

func noResource(arn string) error {
	return wire.Errorf("NotFoundException", "No resource found for ARN %s", arn).With(404)
}

// TagResource is allowed while a cluster is updating (cdk#33452).
func (s *EKS) TagResource(by *wire.Caller, in *eks.TagResourceInput) (*eks.TagResourceOutput, error) {
	have, ok := s.Tags(aws.ToString(in.ResourceArn))
	if !ok {
		return nil, noResource(aws.ToString(in.ResourceArn))
	}
	all := maps.Clone(in.Tags)
	for k, v := range have {
		if !strings.HasPrefix(k, "aws:") {
			all[k] = v
		}
	}
	if err := errorOf(checkTags(by, in.Tags), checkTags(by, all)); err != nil {
		return nil, err
	}
	s.Tag(aws.ToString(in.ResourceArn), in.Tags)
	return &eks.TagResourceOutput{}, nil
}

// UntagResource removes tags.
func (s *EKS) UntagResource(_ *wire.Caller, in *eks.UntagResourceInput) (*eks.UntagResourceOutput, error) {
	if !s.Tag(aws.ToString(in.ResourceArn), nil, in.TagKeys...) {
		return nil, noResource(aws.ToString(in.ResourceArn))
	}
	return &eks.UntagResourceOutput{}, nil
}

// ListTagsForResource lists tags.
func (s *EKS) ListTagsForResource(_ *wire.Caller, in *eks.ListTagsForResourceInput) (*eks.ListTagsForResourceOutput, error) {
	t, ok := s.Tags(aws.ToString(in.ResourceArn))
	if !ok {
		return nil, noResource(aws.ToString(in.ResourceArn))
	}
	return &eks.ListTagsForResourceOutput{Tags: tagsOf(t)}, nil
}
