package ec2

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerZones(s *wire.Service) {
	handle(e, s, "DescribeAvailabilityZones", e.DescribeAvailabilityZones)
	handle(e, s, "ModifyAvailabilityZoneGroup", e.ModifyAvailabilityZoneGroup)
}

// Zone is an availability zone or a local zone. Group is the one that an account opts
// in to: the region's own of availability zones.
type Zone struct {
	Name, ID, Type, Parent, Group string
}

var zoneLetters = map[string]string{
	"us-east-1": "abcdef", "us-west-1": "ac", "us-west-2": "abcd", "ca-central-1": "abd", "ap-northeast-1": "acd",
	"ap-northeast-2": "abcd", "sa-east-1": "abc", "cn-north-1": "abd", "eu-central-1": "abc",
}

// zonesOf lists a region's zones: letters as a real account sees them, IDs by the
// published pattern (us-west-2a -> usw2-az1).
func zonesOf(region string) []Zone {
	letters := zoneLetters[region]
	if letters == "" {
		letters = "abc"
	}
	p := strings.Split(region, "-")
	short := p[0]
	for _, w := range p[1:] {
		dir := map[string]string{"north": "n", "south": "s", "east": "e", "west": "w", "central": "c", "northeast": "ne", "southeast": "se",
			"northwest": "nw", "southwest": "sw", "gov": "g"}[w]
		if dir == "" {
			dir = w
		}
		short += dir
	}
	var out []Zone
	for i, l := range letters {
		if region == "us-west-1" && i == 1 {
			i = 2 // this account sees usw1-az1 and usw1-az3
		}
		out = append(out, Zone{Name: region + string(l), ID: short + "-az" + string(rune('1'+i)), Type: "availability-zone", Group: region})
	}
	if region == "us-west-2" {
		for _, l := range "ab" {
			out = append(out, Zone{Name: "us-west-2-lax-1" + string(l), ID: "usw2-lax1-az" + string(rune('1'+l-'a')), Type: "local-zone",
				Parent: "us-west-2a", Group: "us-west-2-lax-1"})
		}
	}
	return out
}

func (e *EC2) zone(name string) *Zone {
	for i := range e.Zones {
		if e.Zones[i].Name == name || e.Zones[i].ID == name {
			return &e.Zones[i]
		}
	}
	return nil
}
func (e *EC2) offered(t Type, z Zone) bool {
	if z.Type == "local-zone" {
		return strings.HasPrefix(t.Name, "m5.") || strings.HasPrefix(t.Name, "t3.") || strings.HasPrefix(t.Name, "c5.")
	}
	last := ""
	for _, x := range e.Zones {
		if x.Type == "availability-zone" {
			last = x.Name
		}
	}
	old := strings.HasPrefix(t.Name, "c3.") || strings.HasPrefix(t.Name, "p3")
	return !(old && z.Name == last)
}

// usable tells whether the account may use a zone: a local zone once it opted in to its
// group.
func (e *EC2) usable(z Zone) bool { return z.Group == e.Region || e.optedIn[z.Group] }

func (e *EC2) zoneNames() string {
	var s []string
	for _, z := range e.Zones {
		if e.usable(z) {
			s = append(s, z.Name)
		}
	}
	return strings.Join(s, ", ")
}

// DescribeAvailabilityZones lists the zones that the account may use, or all when asked.
func (e *EC2) DescribeAvailabilityZones(_ *wire.Caller, in *ec2.DescribeAvailabilityZonesInput) (*ec2.DescribeAvailabilityZonesOutput, error) {
	for _, n := range in.ZoneNames {
		if z := e.zone(n); z == nil || z.Name != n {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid availability zone: [%s]", n)
		}
	}
	for _, n := range in.ZoneIds {
		if z := e.zone(n); z == nil || z.ID != n {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid availability zone-id: [%s]", n)
		}
	}
	var l []types.AvailabilityZone
	for _, z := range e.Zones {
		named := slices.Contains(in.ZoneNames, z.Name) || slices.Contains(in.ZoneIds, z.ID)
		if len(in.ZoneNames)+len(in.ZoneIds) > 0 && !named || !e.usable(z) && !aws.ToBool(in.AllAvailabilityZones) {
			continue
		}
		l = append(l, e.viewZone(z))
	}
	l, err := res.Pick(l, filters(in.Filters), res.Fields[types.AvailabilityZone](zoneFilters))
	return &ec2.DescribeAvailabilityZonesOutput{AvailabilityZones: l}, err
}

func (e *EC2) viewZone(z Zone) types.AvailabilityZone {
	out := types.AvailabilityZone{ZoneName: new(z.Name), ZoneId: new(z.ID), ZoneType: new(z.Type), RegionName: new(e.Region), GroupName: new(z.Group),
		NetworkBorderGroup: new(z.Group), State: types.AvailabilityZoneStateAvailable, OptInStatus: types.AvailabilityZoneOptInStatusOptInNotRequired}
	if parent := e.zone(z.Parent); parent != nil {
		out.ParentZoneName, out.ParentZoneId = new(parent.Name), new(parent.ID)
		out.OptInStatus = types.AvailabilityZoneOptInStatusNotOptedIn
		if e.optedIn[z.Group] {
			out.OptInStatus = types.AvailabilityZoneOptInStatusOptedIn
		}
	}
	return out
}

// ModifyAvailabilityZoneGroup opts in to a group of local zones. Out of one again is
// AWS Support's to do.
func (e *EC2) ModifyAvailabilityZoneGroup(_ *wire.Caller, in *ec2.ModifyAvailabilityZoneGroupInput) (*ec2.ModifyAvailabilityZoneGroupOutput, error) {
	name := aws.ToString(in.GroupName)
	switch {
	case name == e.Region || !slices.ContainsFunc(e.Zones, func(z Zone) bool { return z.Group == name }):
		return nil, wire.Errorf("InvalidParameterValue", "Invalid availability zone group: [%s]", name)
	case in.OptInStatus != types.ModifyAvailabilityZoneOptInStatusOptedIn:
		return nil, wire.Errorf("UnsupportedOperation", "Contact AWS Support to opt out of %s", name)
	}
	e.optedIn[name] = true
	return &ec2.ModifyAvailabilityZoneGroupOutput{Return: new(true)}, nil
}
