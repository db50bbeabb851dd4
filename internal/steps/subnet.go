package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/engine"
)

// Subnet makes a subnet as one was that is gone: its block, zone, IPv6 block and tags.
// EC2 takes no client token for one, so that it is looked for by its block before it is
// asked for: a call whose answer was lost is not made twice.
type Subnet struct {
	Was     string            `json:"was,omitempty"` // the ID of the one whose place it takes
	Place   Place             `json:"place"`
	Zone    string            `json:"zone"`              // us-west-2a, or its ID: usw2-az1
	IPv6    string            `json:"ipv6,omitempty"`    // its block
	Outpost string            `json:"outpost,omitempty"` // ARN
	Tags    map[string]string `json:"tags,omitempty"`
}

// Run looks, makes it, and waits until it is available.
func (s *Subnet) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	have, err := s.Place.find(ctx, e)
	switch {
	case err != nil:
		return engine.Result{}, err
	case have == nil:
		return s.create(ctx, e, m)
	case s.Zone != aws.ToString(have.AvailabilityZone) && s.Zone != aws.ToString(have.AvailabilityZoneId):
		return engine.Result{}, fmt.Errorf("the subnet %s has the block %s by now, in %s and not in %s", aws.ToString(have.SubnetId), s.Place.CIDR,
			aws.ToString(have.AvailabilityZone), s.Zone)
	case have.State == ec2types.SubnetStatePending:
		return engine.Waiting("EC2 is making the subnet " + aws.ToString(have.SubnetId))
	}
	return engine.Finished(aws.ToString(have.SubnetId) + " is there")
}

func (s *Subnet) create(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	in := &ec2.CreateSubnetInput{VpcId: &s.Place.VPC, CidrBlock: &s.Place.CIDR}
	if zoneID(s.Zone) {
		in.AvailabilityZoneId = &s.Zone
	} else {
		in.AvailabilityZone = &s.Zone
	}
	if s.IPv6 != "" {
		in.Ipv6CidrBlock = &s.IPv6
	}
	if s.Outpost != "" {
		in.OutpostArn = &s.Outpost
	}
	if len(s.Tags) > 0 {
		in.TagSpecifications = []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSubnet, Tags: ec2Tags(s.Tags)}}
	}
	out, err := e.AWS.EC2.CreateSubnet(ctx, in)
	if err != nil {
		return engine.Result{}, fmt.Errorf("making the subnet %s in %s: %w", s.Place.CIDR, s.Zone, err)
	}
	m.Attempt++
	return engine.Started("EC2 is making the subnet " + aws.ToString(out.Subnet.SubnetId))
}

// zoneID tells whether a zone is named by its ID: usw2-az1. Its name ends in a letter.
func zoneID(zone string) bool {
	return zone != "" && zone[len(zone)-1] >= '0' && zone[len(zone)-1] <= '9'
}

// ec2Tags are tags as EC2's requests have them, in order.
func ec2Tags(tags map[string]string) []ec2types.Tag {
	var out []ec2types.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, ec2types.Tag{Key: new(k), Value: new(tags[k])})
	}
	return out
}
