package check

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// standing is the input of a cluster that stands in a VPC which its stack made, and that
// gets node groups: the file knows its subnets by their blocks, and checks ask of them what
// they ask of subnets that a file names. What of them is gone is left out, as the group's
// own step leaves it out.
func (in *Input) standing(ctx context.Context) *Input {
	c := in.Live.Cluster
	if in.Net.VPC != "" || c == nil || c.ResourcesVPCConfig == nil || !in.joined() {
		return in
	}
	out := *in
	out.dedicated, out.Net.VPC = true, c.ResourcesVPCConfig.VPCID
	byID, err := out.subnetsByID(ctx)
	if err != nil {
		return &out // the checks say it
	}
	there := func(of []vpc.Subnet) (live []vpc.Subnet) {
		for _, s := range of {
			for id, x := range byID {
				if s.ID == id || s.ID == "" && s.CIDR == aws.ToString(x.CidrBlock) {
					live = append(live, vpc.Subnet{Key: s.Key, ID: id, Zone: aws.ToString(x.AvailabilityZone), CIDR: s.CIDR})
				}
			}
		}
		return live
	}
	out.Net.Public, out.Net.Private = there(in.Net.Public), there(in.Net.Private)
	return &out
}

// zonesByID are the zones of a group's subnets, as EC2 has them: of one that a person named
// by its ID, nothing else says it. What cannot be read is another check's finding.
func (in *Input) zonesByID(ctx context.Context, g config.Group) []string {
	var zones []string
	for _, s := range in.subnetsOf(g) {
		zone := s.Zone
		if in.Net.VPC != "" && s.ID != "" {
			if byID, err := in.subnetsByID(ctx); err == nil && byID[s.ID].AvailabilityZone != nil {
				zone = *byID[s.ID].AvailabilityZone
			}
		}
		if zone != "" && !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	slices.Sort(zones)
	return zones
}

// public tells whether a subnet that a group is put into is a public one: the file may say
// so; of one that is named by its ID alone, a route to an internet gateway does.
func (in *Input) public(s vpc.Subnet, tables []ec2types.RouteTable) bool {
	switch {
	case in.isPrivate(s.ID):
		return false
	case slices.ContainsFunc(in.Net.Public, func(x vpc.Subnet) bool { return x.ID == s.ID }):
		return true
	}
	table := awsc.RouteTableOf(tables, s.ID)
	return table != nil && slices.ContainsFunc(table.Routes, func(r ec2types.Route) bool {
		return strings.HasPrefix(aws.ToString(r.GatewayId), "igw-") && r.State != ec2types.RouteStateBlackhole
	})
}
