package eks

import (
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

// tagsOf finds the tags of any EKS resource by ARN.
func (s *EKS) tagsOf(arn string) (*map[string]string, error) {
	_, rest, _ := strings.Cut(arn, ":"+s.Account+":")
	p := strings.Split(rest, "/")
	if len(p) >= 2 {
		if c := s.clusters.Get(p[1]); c != nil {
			switch {
			case p[0] == "cluster":
				return &c.Tags, nil
			case p[0] == "nodegroup" && len(p) > 2 && c.groups.Get(p[2]) != nil:
				return &c.groups.Get(p[2]).Tags, nil
			case p[0] == "addon" && len(p) > 2 && c.addons.Get(p[2]) != nil:
				return &c.addons.Get(p[2]).Tags, nil
			case p[0] == "fargateprofile" && len(p) > 2 && c.profiles.Get(p[2]) != nil:
				return &c.profiles.Get(p[2]).Tags, nil
			case p[0] == "podidentityassociation" && len(p) > 2 && c.associations.Get(p[2]) != nil:
				return &c.associations.Get(p[2]).Tags, nil
			case p[0] == "identityproviderconfig" && len(p) > 3 && c.idps.Get(p[3]) != nil:
				return &c.idps.Get(p[3]).Tags, nil
			}
		}
	}
	return nil, wire.Errorf("NotFoundException", "No resource found for ARN %s", arn).With(404)
}

// TagResource is allowed while a cluster is updating (cdk#33452).
func (s *EKS) TagResource(_ *wire.Caller, in *eks.TagResourceInput) (*eks.TagResourceOutput, error) {
	t, err := s.tagsOf(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	if *t == nil {
		*t = map[string]string{}
	}
	for k, v := range in.Tags {
		(*t)[k] = v
	}
	return &eks.TagResourceOutput{}, nil
}

// UntagResource removes tags.
func (s *EKS) UntagResource(_ *wire.Caller, in *eks.UntagResourceInput) (*eks.UntagResourceOutput, error) {
	t, err := s.tagsOf(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(*t, k)
	}
	return &eks.UntagResourceOutput{}, nil
}

// ListTagsForResource lists tags.
func (s *EKS) ListTagsForResource(_ *wire.Caller, in *eks.ListTagsForResourceInput) (*eks.ListTagsForResourceOutput, error) {
	t, err := s.tagsOf(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &eks.ListTagsForResourceOutput{Tags: *t}, nil
}
