package autoscaling

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// DescribeAutoScalingInstances lists the instances of all groups.
func (a *AutoScaling) DescribeAutoScalingInstances(_ *wire.Caller,
	in *autoscaling.DescribeAutoScalingInstancesInput) (*autoscaling.DescribeAutoScalingInstancesOutput, error) {
	out := &autoscaling.DescribeAutoScalingInstancesOutput{AutoScalingInstances: []types.AutoScalingInstanceDetails{}}
	for _, g := range a.groups.All() {
		for _, i := range g.Instances {
			if len(in.InstanceIds) == 0 || slices.Contains(in.InstanceIds, *i.InstanceId) {
				out.AutoScalingInstances = append(out.AutoScalingInstances, types.AutoScalingInstanceDetails{AutoScalingGroupName: g.AutoScalingGroupName,
					AvailabilityZone: i.AvailabilityZone, HealthStatus: new("HEALTHY"), InstanceId: i.InstanceId, InstanceType: i.InstanceType,
					LaunchTemplate: i.LaunchTemplate, LifecycleState: new(string(i.LifecycleState)), ProtectedFromScaleIn: i.ProtectedFromScaleIn,
					WeightedCapacity: i.WeightedCapacity})
			}
		}
	}
	return out, nil
}

// of is the group that holds an instance, with its place there; nil if none does.
func (a *AutoScaling) of(id string) (*group, int) {
	for _, g := range a.groups.All() {
		if i := slices.IndexFunc(g.Instances, func(i types.Instance) bool { return *i.InstanceId == id }); i >= 0 {
			return g, i
		}
	}
	return nil, 0
}

func noInstance(id string) error {
	return wire.Errorf("ValidationError", "Instance Id not found - No managed instance found for instance ID: %s", id)
}

// SetInstanceProtection keeps instances from being ended by scaling in, or lets them.
func (a *AutoScaling) SetInstanceProtection(_ *wire.Caller, in *autoscaling.SetInstanceProtectionInput) (*autoscaling.SetInstanceProtectionOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	for _, id := range in.InstanceIds {
		if x, _ := a.of(id); x != g {
			return nil, wire.Errorf("ValidationError", "The instance %s is not part of Auto Scaling group %s.", id, *g.AutoScalingGroupName)
		}
	}
	for _, id := range in.InstanceIds {
		_, i := a.of(id)
		g.Instances[i].ProtectedFromScaleIn = new(aws.ToBool(in.ProtectedFromScaleIn))
	}
	a.reconcile(g)
	return &autoscaling.SetInstanceProtectionOutput{}, nil
}

// TerminateInstanceInAutoScalingGroup ends one instance, protected or not.
func (a *AutoScaling) TerminateInstanceInAutoScalingGroup(_ *wire.Caller,
	in *autoscaling.TerminateInstanceInAutoScalingGroupInput) (*autoscaling.TerminateInstanceInAutoScalingGroupOutput, error) {
	id := aws.ToString(in.InstanceId)
	g, i := a.of(id)
	if g == nil {
		return nil, noInstance(id)
	}
	if aws.ToBool(in.ShouldDecrementDesiredCapacity) {
		if *g.DesiredCapacity <= *g.MinSize {
			return nil, wire.Errorf("ValidationError", "Currently, desiredSize equals minSize (%d). Terminating instance without replacement will violate "+
				"group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.", *g.MinSize)
		}
		g.DesiredCapacity = new(*g.DesiredCapacity - 1)
	}
	cause := "instance " + id + " was taken out of service in response to a user request"
	if aws.ToBool(in.ShouldDecrementDesiredCapacity) {
		cause += fmt.Sprintf(", shrinking the capacity from %d to %d", *g.DesiredCapacity+1, *g.DesiredCapacity)
	}
	var act types.Activity
	if alive(g.Instances[i]) {
		act = *a.end(g, id, cause+".")
	} else {
		act = *a.terminating(g, id, cause+".")
	}
	return &autoscaling.TerminateInstanceInAutoScalingGroupOutput{Activity: &act}, nil
}

// DescribeScalingActivities lists activities, newest first: of a group, or of all.
func (a *AutoScaling) DescribeScalingActivities(_ *wire.Caller, in *autoscaling.DescribeScalingActivitiesInput) (*autoscaling.DescribeScalingActivitiesOutput,
	error) {
	groups := a.groups.All()
	if in.AutoScalingGroupName != nil {
		g, err := a.find(in.AutoScalingGroupName)
		if err != nil {
			return nil, err
		}
		groups = []*group{g}
	}
	out := &autoscaling.DescribeScalingActivitiesOutput{Activities: []types.Activity{}}
	for _, g := range groups {
		for _, x := range g.Activities {
			if len(in.ActivityIds) == 0 || slices.Contains(in.ActivityIds, *x.ActivityId) {
				out.Activities = append(out.Activities, x)
			}
		}
	}
	slices.SortStableFunc(out.Activities, func(x, y types.Activity) int { return y.StartTime.Compare(*x.StartTime) })
	return out, nil
}
