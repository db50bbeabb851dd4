package blame

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/observe"
)

// Subnet is a subnet that is gone, as CloudTrail's events of it tell: what it was made
// with, and what was set since. Table is the route table that it was given; "": none that the
// events tell of.
type Subnet struct {
	observe.Subnet
	Table string
}

// pair is a tag as events have it.
type pair struct{ Key, Value string }

// items is a list as EC2's events have it.
type items[T any] struct{ Items []T }

// told is what is read of a request, or of an answer, about a subnet.
type told struct {
	VpcID, CidrBlock, AvailabilityZone, AvailabilityZoneID, Ipv6CidrBlock string
	RouteTableID                                                          string
	TagSet, Tags                                                          items[pair]
	MapPublicIPOnLaunch, AssignIpv6AddressOnCreation, EnableDns64         *struct{ Value bool }
}

// RecallSubnet asks CloudTrail what a subnet was that is gone; nil: its events of the last
// 90 days do not tell of its making.
func RecallSubnet(ctx context.Context, c *awsc.Clients, id string) (*Subnet, error) {
	s := &search{c: c, asked: map[string][]event{}}
	events, err := s.ask(ctx, types.LookupAttributeKeyResourceName, id, false)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.Time.Compare(b.Time) })
	var out *Subnet
	for i := range events {
		e := &events[i]
		var asked told
		if e.Error != "" || json.Unmarshal(e.Request, &asked) != nil {
			continue // it changed nothing, or says nothing
		}
		if e.Name == "CreateSubnet" {
			out = made(e, &asked, id)
		} else if out != nil {
			out.set(e.Name, &asked)
		}
	}
	return out, nil
}

// made is the subnet as it was asked for, and as EC2 answered.
func made(e *event, asked *told, id string) *Subnet {
	var answer struct{ Subnet told }
	_ = json.Unmarshal(e.Response, &answer) // what is cut says nothing
	a := answer.Subnet
	out := &Subnet{Subnet: observe.Subnet{ID: id, VPC: firstOf(asked.VpcID, a.VpcID), CIDR: firstOf(asked.CidrBlock, a.CidrBlock),
		Zone: firstOf(a.AvailabilityZone, asked.AvailabilityZone), ZoneID: firstOf(a.AvailabilityZoneID, asked.AvailabilityZoneID), Tags: observe.Tags{}}}
	if asked.Ipv6CidrBlock != "" {
		out.IPv6CIDRs = append(out.IPv6CIDRs, observe.IPv6CIDR{Block: asked.Ipv6CidrBlock})
	}
	out.tag(&a)
	return out
}

// set is a call that changed it since.
func (s *Subnet) set(call string, asked *told) {
	switch call {
	case "CreateTags":
		s.tag(asked)
	case "DeleteTags":
		for _, t := range slices.Concat(asked.TagSet.Items, asked.Tags.Items) {
			delete(s.Tags, t.Key)
		}
	case "AssociateSubnetCidrBlock": // an IPv6 block that it was given after its making
		s.IPv6CIDRs = observe.Sorted[observe.IPv6CIDR]{{Block: asked.Ipv6CidrBlock}}
	case "AssociateRouteTable":
		s.Table = asked.RouteTableID
	case "ModifySubnetAttribute":
		for of, into := range map[*struct{ Value bool }]*bool{asked.MapPublicIPOnLaunch: &s.PublicOnLaunch,
			asked.AssignIpv6AddressOnCreation: &s.IPv6OnCreation, asked.EnableDns64: &s.DNS64} {
			if of != nil {
				*into = of.Value
			}
		}
	}
}

func (s *Subnet) tag(from *told) {
	for _, t := range slices.Concat(from.TagSet.Items, from.Tags.Items) {
		s.Tags[t.Key] = t.Value
	}
}
