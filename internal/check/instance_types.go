package check

import (
	"context"
	"slices"
	"strings"

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
			} else if bare := without(zones, g.Types(), where); n == 0 && len(bare) > 0 {
				f := in.at("type-not-in-zones", typesPath(g), "choose another type, or say in which zones the group is (availabilityZones)",
					"%s is not offered in %s", strings.Join(g.Types(), ", "), strings.Join(bare, ", "))
				f.Severity, f.Breaks = finding.Warning, "no node of "+g.Name+" comes there, and volumes of those zones find none"
				out = append(out, f)
			}
		})
		return out
	},
}

// without are the zones in which none of some instance types is offered, of which each is offered
// somewhere.
func without(zones, types []string, where map[string][]string) (out []string) {
	if len(types) == 0 || slices.ContainsFunc(types, func(t string) bool { return len(where[t]) == 0 }) {
		return nil // it is mixed, a launch template's, or another finding's
	}
	for _, z := range zones {
		if !slices.ContainsFunc(types, func(t string) bool { return slices.Contains(where[t], z) }) {
			out = append(out, z)
		}
	}
	return out
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
	return in.AWS.Offerings(ctx, types)
}
