package check

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
)

// A managed group's nodes in public subnets get their public addresses from the
// subnet alone, and without one they reach nothing: EKS ends such a group with
// Ec2SubnetInvalidConfiguration (eksctl #4546, #2250). Self-managed groups' launch
// templates ask for the address themselves.
var publicAddresses = Check{
	Name:   "public-addresses",
	Title:  "Existing public subnets give managed groups' instances public addresses",
	Source: "ec2:DescribeSubnets",
	Codes:  []string{"subnet-no-public-addresses", "cannot-read"},
	When:   Preflight,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		if in.Net.VPC == "" {
			return nil
		}
		byID, err := in.subnetsByID(ctx)
		if err != nil {
			return unread(in.theSubnets(), err)
		}
		var out finding.Findings
		var said []string
		in.groups(func(g config.Group) {
			if g.Managed == nil || g.Managed.LaunchTemplate != nil || config.On(g.PrivateNetworking, false) {
				return
			}
			for _, s := range in.subnetsOf(g) {
				live, there := byID[s.ID]
				if !there || aws.ToBool(live.MapPublicIpOnLaunch) || slices.Contains(said, s.ID) || in.isPrivate(s.ID) {
					continue
				}
				said = append(said, s.ID)
				f := in.at(
					"subnet-no-public-addresses",
					"vpc.subnets.public."+s.Key,
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

// isPrivate tells whether the file names a subnet among its private ones.
func (in *Input) isPrivate(id string) bool {
	for _, s := range in.Net.Private {
		if s.ID == id {
			return true
		}
	}
	return false
}
