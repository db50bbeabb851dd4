package check

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
)

var instanceTypes = Check{
	Name:   "instance-types",
	Title:  "EC2 offers the instance types in the zones of their node groups",
	Source: "ec2:DescribeInstanceTypeOfferings",
	Codes:  []string{"type-not-offered", "type-not-in-zones", "cannot-read"},
	When:   Preflight,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		where, err := in.offerings(ctx)
		if err != nil {
			return unread("the instance types on offer", err)
		}
		var out finding.Findings
		in.groups(func(g config.Group) {
			zones := in.zonesOf(ctx, g)
			var nowhere []string
			for _, t := range g.Types() {
				if len(where[t]) == 0 {
					out = append(out, in.at("type-not-offered", typesPath(g), "choose another", "EC2 offers no instance type %q in %s", t, in.AWS.Region))
				} else if !slices.ContainsFunc(zones, func(z string) bool { return slices.Contains(where[t], z) }) {
					nowhere = append(nowhere, t)
				}
			}
			if n := len(nowhere); n > 0 && n == len(g.Types()) {
				out = append(out, in.at("type-not-in-zones", typesPath(g), "choose another type, or zones among "+strings.Join(where[nowhere[0]], ", "),
					"%s is not offered in %s", strings.Join(nowhere, ", "), strings.Join(zones, ", ")))
			}
		})
		return out
	},
}

// zonesOf are the zones that a group's nodes are started in.
func (in *Input) zonesOf(ctx context.Context, g config.Group) []string {
	if len(g.AvailabilityZones) > 0 {
		return g.AvailabilityZones
	}
	if zones := in.zonesByID(ctx, g); len(zones) > 0 {
		return zones
	}
	return in.Net.Zones()
}

// offerings are the zones in which each of the new groups' instance types is offered.
func (in *Input) offerings(ctx context.Context) (map[string][]string, error) {
	var types []string
	in.groups(func(g config.Group) { types = append(types, g.Types()...) })
	slices.Sort(types)
	types = slices.Compact(types)
	where := map[string][]string{}
	for part := range slices.Chunk(types, 100) { // EC2 takes at most 200 values in a filter
		all, err := awsc.Collect(ctx, ec2.NewDescribeInstanceTypeOfferingsPaginator(in.AWS.EC2, &ec2.DescribeInstanceTypeOfferingsInput{
			LocationType: ec2types.LocationTypeAvailabilityZone, Filters: []ec2types.Filter{{Name: new("instance-type"), Values: part}}}),
			func(o *ec2.DescribeInstanceTypeOfferingsOutput) []ec2types.InstanceTypeOffering {
				return o.InstanceTypeOfferings
			})
		if err != nil {
			return nil, err
		}
		for _, o := range all {
			where[string(o.InstanceType)] = append(where[string(o.InstanceType)], aws.ToString(o.Location))
		}
	}
	for _, zones := range where {
		slices.Sort(zones)
	}
	return where, nil
}
