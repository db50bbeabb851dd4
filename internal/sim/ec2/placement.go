package ec2

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerPlacement(s *wire.Service) {
	handle(e, s, "CreatePlacementGroup", e.CreatePlacementGroup)
	handle(e, s, "DeletePlacementGroup", e.DeletePlacementGroup)
	handle(e, s, "DescribePlacementGroups", e.DescribePlacementGroups)
}

// CreatePlacementGroup makes one.
func (e *EC2) CreatePlacementGroup(_ *wire.Caller, in *ec2.CreatePlacementGroupInput) (*ec2.CreatePlacementGroupOutput, error) {
	name := aws.ToString(in.GroupName)
	if e.placements.Get(name) != nil {
		return nil, wire.Errorf("InvalidPlacementGroup.Duplicate", "The Placement Group '%s' already exists.", name)
	}
	p := e.placements.Put(name, &types.PlacementGroup{GroupName: new(name), GroupId: new(e.w.ID("pg-", name)), Strategy: types.PlacementStrategy(in.Strategy),
		State: types.PlacementGroupStateAvailable, GroupArn: e.arn("placement-group", name), PartitionCount: in.PartitionCount,
		SpreadLevel: in.SpreadLevel})
	e.tagSpec(*p.GroupId, in.TagSpecifications)
	return &ec2.CreatePlacementGroupOutput{PlacementGroup: new(e.viewPlacement(p))}, nil
}

// DeletePlacementGroup removes one.
func (e *EC2) DeletePlacementGroup(_ *wire.Caller, in *ec2.DeletePlacementGroupInput) (*ec2.DeletePlacementGroupOutput, error) {
	name := aws.ToString(in.GroupName)
	p := e.placements.Get(name)
	if p == nil {
		return nil, e.placements.Missing(name)
	}
	if e.instances.Find(func(i *types.Instance) bool {
		return aws.ToString(i.Placement.GroupName) == name && i.State.Name != types.InstanceStateNameTerminated
	}) != nil {
		return nil, wire.Errorf("InvalidPlacementGroup.InUse", "The placement group '%s' is in use and may not be deleted.", name)
	}
	e.placements.Delete(name)
	delete(e.tags, *p.GroupId)
	return &ec2.DeletePlacementGroupOutput{}, nil
}

// DescribePlacementGroups lists them.
func (e *EC2) DescribePlacementGroups(_ *wire.Caller, in *ec2.DescribePlacementGroupsInput) (*ec2.DescribePlacementGroupsOutput, error) {
	l, err := res.List(e.placements, in.GroupNames, filters(in.Filters), e.viewPlacement)
	return &ec2.DescribePlacementGroupsOutput{PlacementGroups: l}, err
}

func (e *EC2) viewPlacement(p *types.PlacementGroup) types.PlacementGroup {
	v := *p
	v.Tags = e.tagsOf(*p.GroupId)
	return v
}
