package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// controlPlaneAddresses is how many free addresses EKS wants in each subnet of the
// control plane (EKS user guide, "Subnet requirements").
const controlPlaneAddresses = 6

var subnets = Check{
	Name:   "subnets",
	Title:  "Existing subnets: two zones, free addresses, and some for every node group",
	Source: "ec2:DescribeSubnets",
	Codes:  []string{"too-few-zones", "too-few-addresses", "no-subnets", "subnet-not-found", "cannot-read"},
	When:   Preflight,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		if in.Net.VPC == "" || in.Live.Cluster != nil && !in.joined() {
			return nil
		}
		byID, err := in.subnetsByID(ctx)
		if err != nil {
			return in.unseen(in.theSubnets(), err)
		}
		var out finding.Findings
		if zones := in.Net.Zones(); in.Live.Cluster == nil && len(zones) < 2 {
			out = append(out, in.at("too-few-zones", "vpc.subnets", "name subnets in a second zone", "the subnets are all in %s; EKS wants two zones",
				strings.Join(zones, ", ")))
		}
		for _, s := range slices.Concat(in.Net.Public, in.Net.Private) {
			free := aws.ToInt32(byID[s.ID].AvailableIpAddressCount)
			if in.Live.Cluster == nil && byID[s.ID].SubnetId != nil && free < controlPlaneAddresses {
				out = append(out, in.at("too-few-addresses", "vpc.subnets", "free addresses, or name a larger subnet",
					"the subnet %s has %d free addresses; EKS wants %d for the control plane", s.ID, free, controlPlaneAddresses))
			}
		}
		in.groups(func(g config.Group) {
			if f := in.nowhere(g); f != nil {
				out = append(out, *f)
				return
			}
			unknown := in.unknown(g, byID)
			for _, name := range unknown {
				out = append(out, in.at("subnet-not-found", g.Path+".subnets", "name subnets of the VPC: "+ids(byID),
					"the VPC %s has no subnet %s: it does not exist, or is another VPC's", in.Net.VPC, name))
			}
			if len(unknown) > 0 {
				return
			}
			free, full := 0, []string{}
			for _, s := range in.subnetsOf(g) {
				here := int(aws.ToInt32(byID[s.ID].AvailableIpAddressCount))
				if free += here; here == 0 && *g.DesiredCapacity > 0 {
					full = append(full, s.ID)
				}
			}
			if want := *g.DesiredCapacity; len(in.subnetsOf(g)) > 0 && free < want {
				out = append(out, in.at("too-few-addresses", g.Path, "free addresses, or name more subnets",
					"the subnets of the node group have %d free addresses, and its %d nodes take one each at the least", free, want))
			} else if len(full) > 0 {
				f := in.at("too-few-addresses", g.Path, "free addresses, or name other subnets", "no address is free in %s", strings.Join(full, ", "))
				f.Severity, f.Breaks = finding.Warning, "Auto Scaling starts no node of "+g.Name+" there, and spreads them over fewer zones"
				out = append(out, f)
			}
		})
		return out
	},
}

// ids are subnets, the first few, with their zones.
func ids(byID map[string]ec2types.Subnet) string {
	const most = 6
	var out []string
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		out = append(out, id+" ("+aws.ToString(byID[id].AvailabilityZone)+")")
	}
	if n := len(out) - most; n > 0 {
		out = append(out[:most], fmt.Sprintf("and %d more", n))
	}
	return strings.Join(out, ", ")
}

// nowhere is a finding where a group has no subnet at all.
func (in *Input) nowhere(g config.Group) *finding.Finding {
	side, word := in.side(g)
	switch {
	case len(g.Subnets) > 0:
		return nil
	case len(side) == 0 && in.dedicated:
		return new(in.at("no-subnets", g.Path+".name", "name the group's subnets (subnets: [subnet-…])",
			"the node group %s wants %s subnets, and %s has none of the cluster's", g.Name, word, in.Net.VPC))
	case len(side) == 0:
		return new(in.at("no-subnets", "vpc.subnets", "name "+word+" subnets, or set privateNetworking",
			"the node group %s wants %s subnets and the file names none", g.Name, word))
	case len(in.subnetsOf(g)) == 0:
		return new(in.at("no-subnets", g.Path+".availabilityZones", "name zones that have one, or the group's subnets",
			"the node group %s wants %s subnets in %s, and %s has none there", g.Name, word, strings.Join(g.AvailabilityZones, ", "), in.Net.VPC))
	}
	return nil
}

// unknown are those of a group's own subnets that the VPC does not have, by the file's words.
func (in *Input) unknown(g config.Group, byID map[string]ec2types.Subnet) (out []string) {
	all := slices.Concat(in.Net.Public, in.Net.Private)
	for _, name := range g.Subnets {
		id := name
		if i := slices.IndexFunc(all, func(s vpc.Subnet) bool { return s.Key == name }); i >= 0 {
			id = all[i].ID
		}
		if _, there := byID[id]; !there {
			out = append(out, name)
		}
	}
	return out
}

// joined tells whether node groups are still to be made.
func (in *Input) joined() (are bool) {
	in.groups(func(config.Group) { are = true })
	return are
}

// side is the half of the subnets that a group's nodes are in.
func (in *Input) side(g config.Group) ([]vpc.Subnet, string) {
	if config.On(g.PrivateNetworking, false) {
		return in.Net.Private, "private"
	}
	return in.Net.Public, "public"
}

// subnetsOf are the existing subnets that a group's nodes are put into.
func (in *Input) subnetsOf(g config.Group) []vpc.Subnet {
	if len(g.Subnets) > 0 {
		var out []vpc.Subnet
		for _, name := range g.Subnets {
			i := slices.IndexFunc(slices.Concat(in.Net.Public, in.Net.Private), func(s vpc.Subnet) bool { return s.Key == name || s.ID == name })
			if i >= 0 {
				out = append(out, slices.Concat(in.Net.Public, in.Net.Private)[i])
			} else if strings.HasPrefix(name, "subnet-") {
				out = append(out, vpc.Subnet{Key: name, ID: name})
			}
		}
		return out
	}
	all, _ := in.side(g)
	var out []vpc.Subnet
	for _, s := range all {
		if len(g.AvailabilityZones) == 0 || slices.Contains(g.AvailabilityZones, s.Zone) {
			out = append(out, s)
		}
	}
	return out
}
