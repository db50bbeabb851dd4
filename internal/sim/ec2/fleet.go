package ec2

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerFleets(s *wire.Service) {
	handle(e, s, "CreateFleet", e.CreateFleet)
	handle(e, s, "DescribeSpotPriceHistory", e.DescribeSpotPriceHistory)
	handle(e, s, "DescribeCapacityReservations", e.DescribeCapacityReservations)
	handle(e, s, "GetInstanceTypesFromInstanceRequirements", e.GetInstanceTypesFromInstanceRequirements)
	handle(e, s, "DescribeVpcPeeringConnections", e.DescribeVpcPeeringConnections)
	handle(e, s, "DescribeCoipPools", e.DescribeCoipPools)
}

// offer is one way in which a fleet may launch an instance.
type offer struct {
	template *types.FleetLaunchTemplateSpecificationRequest
	over     types.FleetLaunchTemplateOverridesRequest
	kind     string
	place    int
}

// CreateFleet launches the instances of an instant fleet, and tells of each way that did
// not work. Fleets that keep their capacity or go on asking are not served.
func (e *EC2) CreateFleet(by *wire.Caller, in *ec2.CreateFleetInput) (*ec2.CreateFleetOutput, error) {
	if had := by.Before(); had != "" { // the answer that was given
		out := &ec2.CreateFleetOutput{}
		return out, json.Unmarshal([]byte(had), out)
	}
	if in.Type != types.FleetTypeInstant {
		return nil, wire.Errorf("UnsupportedOperation", "The simulated region serves fleets of the type instant only.")
	}
	offers, err := e.offers(in.LaunchTemplateConfigs)
	if err != nil {
		return nil, err
	}
	out := &ec2.CreateFleetOutput{FleetId: new("fleet-" + e.w.UUID("fleet", aws.ToString(in.ClientToken)))}
	target := in.TargetCapacitySpecification
	total, spot := aws.ToInt32(target.TotalTargetCapacity), aws.ToInt32(target.SpotTargetCapacity)
	if target.SpotTargetCapacity == nil && target.DefaultTargetCapacityType == types.DefaultTargetCapacityTypeSpot {
		spot = total - aws.ToInt32(target.OnDemandTargetCapacity)
	}
	var tags []types.Tag
	for _, s := range in.TagSpecifications {
		if s.ResourceType == types.ResourceTypeInstance {
			tags = append(tags, s.Tags...)
		}
	}
	e.tagSpec(*out.FleetId, in.TagSpecifications)
	tags = append(tags, types.Tag{Key: new("aws:ec2:fleet-id"), Value: out.FleetId})
	onDemand := in.OnDemandOptions == nil || in.OnDemandOptions.AllocationStrategy != types.FleetOnDemandAllocationStrategyPrioritized
	e.launchFleet(out, offers, total-spot, false, onDemand, tags)
	prioritized := in.SpotOptions != nil && in.SpotOptions.AllocationStrategy == types.SpotAllocationStrategyCapacityOptimizedPrioritized
	e.launchFleet(out, offers, spot, true, !prioritized, tags)
	answer, err := json.Marshal(out)
	by.Note(string(answer))
	return out, err
}

// offers lists the ways of a fleet's configurations, in their order.
func (e *EC2) offers(configs []types.FleetLaunchTemplateConfigRequest) ([]offer, error) {
	var out []offer
	for _, c := range configs {
		t := c.LaunchTemplateSpecification
		if t == nil {
			return nil, wire.Errorf("MissingParameter", "The request must contain the parameter LaunchTemplateSpecification")
		}
		d, _, err := e.TemplateData(t.LaunchTemplateId, t.LaunchTemplateName, aws.ToString(t.Version))
		if err != nil {
			return nil, err
		}
		overrides := c.Overrides
		if len(overrides) == 0 {
			overrides = []types.FleetLaunchTemplateOverridesRequest{{}}
		}
		for _, o := range overrides {
			kinds := []string{string(o.InstanceType)}
			if o.InstanceType == "" {
				kinds[0] = string(d.InstanceType)
			}
			if o.InstanceRequirements != nil {
				kinds = Matching(o.InstanceRequirements, nil)
			}
			for _, k := range kinds {
				out = append(out, offer{t, o, k, len(out)})
			}
		}
	}
	return out, nil
}

// launchFleet launches a number of instances: the cheapest first, or in the order of
// their priorities.
func (e *EC2) launchFleet(out *ec2.CreateFleetOutput, offers []offer, n int32, spot, cheapest bool, tags []types.Tag) {
	life := types.InstanceLifecycleOnDemand
	if spot {
		life = types.InstanceLifecycleSpot
	}
	offers = slices.Clone(offers)
	slices.SortStableFunc(offers, func(a, b offer) int {
		if !cheapest {
			return cmp.Compare(aws.ToFloat64(a.over.Priority), aws.ToFloat64(b.over.Priority))
		}
		return cmp.Compare(price(a.kind), price(b.kind))
	})
	failed := map[int]bool{}
	for n > 0 {
		launched := false
		for _, o := range offers {
			if failed[o.place] {
				continue
			}
			over := &types.ResponseLaunchTemplateData{ImageId: o.over.ImageId}
			i, err := e.Start(Launch{Template: o.template.LaunchTemplateId, TemplateName: o.template.LaunchTemplateName,
				Version: aws.ToString(o.template.Version), Over: over, Type: o.kind, Subnet: aws.ToString(o.over.SubnetId),
				Zone: aws.ToString(o.over.AvailabilityZone), Spot: spot, Tags: tags})
			said := &types.LaunchTemplateAndOverridesResponse{LaunchTemplateSpecification: convert[types.FleetLaunchTemplateSpecification](o.template),
				Overrides: &types.FleetLaunchTemplateOverrides{InstanceType: types.InstanceType(o.kind), SubnetId: o.over.SubnetId, ImageId: o.over.ImageId,
					AvailabilityZone: o.over.AvailabilityZone, Priority: o.over.Priority, WeightedCapacity: o.over.WeightedCapacity, MaxPrice: o.over.MaxPrice}}
			if err != nil {
				failed[o.place] = true
				code, message := "InternalError", err.Error()
				if x, ok := err.(*wire.Error); ok {
					code, message = x.Code, x.Message
				}
				out.Errors = append(out.Errors, types.CreateFleetError{ErrorCode: new(code), ErrorMessage: new(message), Lifecycle: life,
					LaunchTemplateAndOverrides: said})
				continue
			}
			weight := int32(1)
			if w := o.over.WeightedCapacity; w != nil {
				weight = max(1, int32(*w))
			}
			n -= weight
			said.Overrides.AvailabilityZone, said.Overrides.SubnetId = i.Placement.AvailabilityZone, i.SubnetId
			out.Instances = append(out.Instances, types.CreateFleetInstance{InstanceIds: []string{*i.InstanceId}, InstanceType: i.InstanceType, Lifecycle: life,
				LaunchTemplateAndOverrides: said, SubnetId: i.SubnetId, AvailabilityZone: i.Placement.AvailabilityZone,
				AvailabilityZoneId: i.Placement.AvailabilityZoneId})
			launched = true
			break
		}
		if !launched {
			return
		}
	}
}

// price is about what an instance type costs an hour on demand, in dollars: an
// assumption by its size that puts types in the order of AWS's prices.
func price(name string) float64 {
	t, _ := TypeOf(name)
	p := 0.034*float64(t.VCPUs) + 0.0035*float64(t.MemMiB)/1024 + 0.75*float64(t.GPUs)
	if t.Arch == arm {
		p *= 0.8
	}
	if strings.HasPrefix(name, "t") {
		p *= 0.85
	}
	return p
}

var spotFilters = map[string]string{"availability-zone": "AvailabilityZone", "availability-zone-id": "AvailabilityZoneId",
	"instance-type": "InstanceType", "product-description": "ProductDescription", "spot-price": "SpotPrice", "timestamp": "Timestamp"}

// DescribeSpotPriceHistory lists the price of now for each type, zone and product. The
// region's prices do not change.
func (e *EC2) DescribeSpotPriceHistory(_ *wire.Caller, in *ec2.DescribeSpotPriceHistoryInput) (*ec2.DescribeSpotPriceHistoryOutput, error) {
	rows := []types.SpotPrice{}
	at := e.w.Date().Truncate(24 * 3600e9)
	for _, t := range allTypes() {
		if len(in.InstanceTypes) > 0 && !slices.Contains(in.InstanceTypes, types.InstanceType(t.Name)) {
			continue
		}
		for i, z := range e.Zones {
			if !e.offered(t, z) || in.AvailabilityZone != nil && *in.AvailabilityZone != z.Name {
				continue
			}
			for _, p := range []types.RIProductDescription{types.RIProductDescriptionLinuxUnix, types.RIProductDescriptionWindows} {
				if len(in.ProductDescriptions) > 0 && !slices.Contains(in.ProductDescriptions, string(p)) {
					continue
				}
				factor := 0.35 + 0.02*float64(i)
				if p == types.RIProductDescriptionWindows {
					factor += 0.5
				}
				rows = append(rows, types.SpotPrice{InstanceType: types.InstanceType(t.Name), AvailabilityZone: new(z.Name), AvailabilityZoneId: new(z.ID),
					ProductDescription: p, SpotPrice: new(fmt.Sprintf("%.6f", price(t.Name)*factor)), Timestamp: new(at)})
			}
		}
	}
	rows, err := res.Pick(rows, filters(in.Filters), res.Fields[types.SpotPrice](spotFilters))
	return &ec2.DescribeSpotPriceHistoryOutput{SpotPriceHistory: rows}, err
}

// DescribeCapacityReservations lists reservations, of which the account has none.
func (e *EC2) DescribeCapacityReservations(_ *wire.Caller, in *ec2.DescribeCapacityReservationsInput) (*ec2.DescribeCapacityReservationsOutput, error) {
	for _, id := range in.CapacityReservationIds {
		return nil, wire.Errorf("InvalidCapacityReservationId.NotFound", "The Capacity Reservation ID '%s' does not exist", id)
	}
	return &ec2.DescribeCapacityReservationsOutput{CapacityReservations: []types.CapacityReservation{}}, nil
}

// DescribeVpcPeeringConnections lists peerings, of which the account has none.
func (e *EC2) DescribeVpcPeeringConnections(_ *wire.Caller, in *ec2.DescribeVpcPeeringConnectionsInput) (*ec2.DescribeVpcPeeringConnectionsOutput, error) {
	for _, id := range in.VpcPeeringConnectionIds {
		return nil, wire.Errorf("InvalidVpcPeeringConnectionID.NotFound", "The vpcPeeringConnection ID '%s' does not exist", id)
	}
	return &ec2.DescribeVpcPeeringConnectionsOutput{VpcPeeringConnections: []types.VpcPeeringConnection{}}, nil
}

// DescribeCoipPools lists pools of customer-owned addresses: the account has no Outpost.
func (e *EC2) DescribeCoipPools(_ *wire.Caller, in *ec2.DescribeCoipPoolsInput) (*ec2.DescribeCoipPoolsOutput, error) {
	for _, id := range in.PoolIds {
		return nil, wire.Errorf("InvalidPoolID.NotFound", "The pool ID '%s' does not exist", id)
	}
	return &ec2.DescribeCoipPoolsOutput{CoipPools: []types.CoipPool{}}, nil
}

// GetInstanceTypesFromInstanceRequirements lists the types that have what is asked for.
func (e *EC2) GetInstanceTypesFromInstanceRequirements(_ *wire.Caller,
	in *ec2.GetInstanceTypesFromInstanceRequirementsInput) (*ec2.GetInstanceTypesFromInstanceRequirementsOutput, error) {
	out := &ec2.GetInstanceTypesFromInstanceRequirementsOutput{InstanceTypes: []types.InstanceTypeInfoFromInstanceRequirements{}}
	for _, n := range Matching(in.InstanceRequirements, in.ArchitectureTypes) {
		out.InstanceTypes = append(out.InstanceTypes, types.InstanceTypeInfoFromInstanceRequirements{InstanceType: new(n)})
	}
	return out, nil
}

// Requirements turns another service's requirements, which have the same members, into
// EC2's.
func Requirements(r any) *types.InstanceRequirementsRequest {
	return convert[types.InstanceRequirementsRequest](r)
}

// Matching lists the instance types that meet requirements, of those that the region's
// catalogue can tell, the cheapest first; of any architecture if none is named.
func Matching(r *types.InstanceRequirementsRequest, archs []types.ArchitectureType) []string {
	out := []string{}
	for _, t := range allTypes() {
		if (len(archs) == 0 || slices.Contains(archs, types.ArchitectureType(t.Arch))) && t.meets(r) {
			out = append(out, t.Name)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(price(a), price(b)) })
	return out
}

// meets tells whether a type has what is asked for. What a request leaves out has EC2's
// defaults: neither burstable types nor bare metal.
func (t Type) meets(r *types.InstanceRequirementsRequest) bool {
	if r == nil {
		return true
	}
	burst := strings.HasPrefix(t.Name, "t")
	named := res.Filter{Values: r.AllowedInstanceTypes}
	line, _, _ := strings.Cut(t.Name, ".")
	previous := slices.Contains([]string{"c3", "c4", "t2", "p3"}, line)
	ok := within32(t.VCPUs, r.VCpuCount) &&
		(len(r.AllowedInstanceTypes) == 0 || named.Matches([]string{t.Name})) &&
		!(res.Filter{Values: r.ExcludedInstanceTypes}).Matches([]string{t.Name}) &&
		(r.BurstablePerformance == types.BurstablePerformanceIncluded || (r.BurstablePerformance == types.BurstablePerformanceRequired) == burst) &&
		r.BareMetal != types.BareMetalRequired &&
		(len(r.InstanceGenerations) == 0 || slices.Contains(r.InstanceGenerations, map[bool]types.InstanceGeneration{
			true: types.InstanceGenerationPrevious, false: types.InstanceGenerationCurrent}[previous])) &&
		(len(r.CpuManufacturers) == 0 || slices.Contains(r.CpuManufacturers, t.maker()))
	if m := r.MemoryMiB; m != nil {
		ok = ok && t.MemMiB >= int(aws.ToInt32(m.Min)) && (m.Max == nil || t.MemMiB <= int(*m.Max))
	}
	if m := r.MemoryGiBPerVCpu; m != nil {
		per := float64(t.MemMiB) / 1024 / float64(t.VCPUs)
		ok = ok && per >= aws.ToFloat64(m.Min) && (m.Max == nil || per <= *m.Max)
	}
	if a := r.AcceleratorCount; a != nil {
		ok = ok && t.GPUs >= int(aws.ToInt32(a.Min)) && (a.Max == nil || t.GPUs <= int(*a.Max))
	}
	if n := r.NetworkInterfaceCount; n != nil {
		ok = ok && t.ENIs >= int(aws.ToInt32(n.Min)) && (n.Max == nil || t.ENIs <= int(*n.Max))
	}
	return ok
}

func within32(n int, r *types.VCpuCountRangeRequest) bool {
	return r == nil || n >= int(aws.ToInt32(r.Min)) && (r.Max == nil || n <= int(*r.Max))
}

// maker is who makes a type's processor, by its name's attributes.
func (t Type) maker() types.CpuManufacturer {
	line, _, _ := strings.Cut(t.Name, ".")
	switch {
	case t.Arch == arm:
		return types.CpuManufacturerAmazonWebServices
	case strings.HasSuffix(line, "a"):
		return types.CpuManufacturerAmd
	}
	return types.CpuManufacturerIntel
}
