package check

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// A managed group's nodes in public subnets get their public addresses from the
// subnet alone, and without one they reach nothing: EKS ends such a group with
// Ec2SubnetInvalidConfiguration (eksctl #4546, #2250). Self-managed groups' launch
// templates ask for the address themselves.
var publicAddresses = Check{
	Name:   "public-addresses",
	Title:  "Existing public subnets give managed groups' instances public addresses",
	Source: "ec2:DescribeSubnets, ec2:DescribeRouteTables",
	Codes:  []string{"subnet-no-public-addresses", "cannot-read"},
	When:   Preflight,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		if in.Net.VPC == "" {
			return nil
		}
		byID, err := in.subnetsByID(ctx)
		if err != nil {
			return in.unseen(in.theSubnets(), err)
		}
		tables, err := in.routeTables(ctx)
		if err != nil {
			return in.unseen("the route tables of "+in.Net.VPC, err)
		}
		var out finding.Findings
		var said []string
		in.groups(func(g config.Group) {
			if g.Managed == nil || g.Managed.LaunchTemplate != nil || len(g.Subnets) == 0 && config.On(g.PrivateNetworking, false) {
				return
			}
			for _, s := range in.subnetsOf(g) {
				live, there := byID[s.ID]
				if !there || aws.ToBool(live.MapPublicIpOnLaunch) || slices.Contains(said, s.ID) || !in.public(s, tables) {
					continue
				}
				said = append(said, s.ID)
				f := in.at(
					"subnet-no-public-addresses",
					in.pathOf(g, s),
					"aws ec2 modify-subnet-attribute --subnet-id "+s.ID+" --map-public-ip-on-launch --region "+in.AWS.Region+
						", or privateNetworking: true with private subnets",
					"the subnet %s gives its instances no public addresses",
					s.ID,
				)
				f.Breaks = "the nodes of " + g.Name + " could not reach EKS, and the group would end CREATE_FAILED (Ec2SubnetInvalidConfiguration)"
				out = append(out, f)
			}
		})
		return out
	},
}

// pathOf is where the file says of a group's subnet that nodes are in it.
func (in *Input) pathOf(g config.Group, s vpc.Subnet) string {
	switch {
	case in.isPrivate(s.ID):
		return "vpc.subnets.private." + s.Key
	case s.Key == s.ID && slices.Contains(g.Subnets, s.ID):
		return g.Path + ".subnets"
	}
	return "vpc.subnets.public." + s.Key
}

// isPrivate tells whether the file names a subnet among its private ones.
func (in *Input) isPrivate(id string) bool {
	for _, s := range in.Net.Private {
		if s.ID == id {
			return true
		}
	}
	return false
}
