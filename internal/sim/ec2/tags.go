package ec2

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
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
	wire.Handle(s, "DescribeTags", e.DescribeTags)
}

// DescribeTags lists the tags of every resource.
func (e *EC2) DescribeTags(_ *wire.Caller, in *ec2.DescribeTagsInput) (*ec2.DescribeTagsOutput, error) {
	l := []types.TagDescription{}
	for _, id := range slices.Sorted(maps.Keys(e.tags)) {
		for _, k := range slices.Sorted(maps.Keys(e.tags[id])) {
			l = append(l, types.TagDescription{Key: new(k), Value: new(e.tags[id][k]), ResourceId: new(id), ResourceType: resourceType(id)})
		}
	}
	var rest []res.Filter
	for _, f := range filters(in.Filters) {
		if key, ok := strings.CutPrefix(f.Name, "tag:"); ok { // a key with its value
			rest = append(rest, res.Filter{Name: "key", Values: []string{key}})
			f.Name = "value"
		}
		rest = append(rest, f)
	}
	l, err := res.Pick(l, rest, res.Fields[types.TagDescription](tagFilters))
	return &ec2.DescribeTagsOutput{Tags: l}, err
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

// resourceType is what kind of thing an identifier names, by its prefix.
func resourceType(id string) types.ResourceType {
	prefix, _, _ := strings.Cut(id, "-")
	return map[string]types.ResourceType{
		"vpc": types.ResourceTypeVpc, "subnet": types.ResourceTypeSubnet, "igw": types.ResourceTypeInternetGateway,
		"eigw": types.ResourceTypeEgressOnlyInternetGateway, "eipalloc": types.ResourceTypeElasticIp, "nat": types.ResourceTypeNatgateway,
		"rtb": types.ResourceTypeRouteTable, "sg": types.ResourceTypeSecurityGroup, "sgr": types.ResourceTypeSecurityGroupRule,
		"lt": types.ResourceTypeLaunchTemplate, "i": types.ResourceTypeInstance, "ami": types.ResourceTypeImage, "key": types.ResourceTypeKeyPair,
		"eni": types.ResourceTypeNetworkInterface, "vpce": types.ResourceTypeVpcEndpoint, "pg": types.ResourceTypePlacementGroup,
	}[prefix]
}

// tagIdentity is what tells a resource without any name of its own from others.
func tagIdentity(tags []types.Tag) string {
	return identity([]types.TagSpecification{{Tags: tags}})
}
