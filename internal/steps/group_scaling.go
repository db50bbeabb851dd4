package steps

import (
	"context"
	"maps"
	"slices"

	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/engine"
)

// GroupScaling suspends processes and propagates tags on a node group's Auto
// Scaling group, which CloudFormation cannot do for managed groups.
type GroupScaling struct {
	Env     *Env
	Group   string
	Suspend []string
	Resume  []string
	Tags    map[string]string
}

// Run finds the Auto Scaling group and sets both.
func (s *GroupScaling) Run(ctx context.Context) (engine.Result, error) {
	all, err := cluster.ScalingGroups(ctx, s.Env.AWS, s.Env.Name())
	if err != nil {
		return engine.Result{}, err
	}
	if all[s.Group] == nil {
		return engine.Waiting("the Auto Scaling group is not there yet")
	}
	name := *all[s.Group].AutoScalingGroupName
	if len(s.Suspend) > 0 {
		if _, err := s.Env.AWS.ASG.SuspendProcesses(ctx, &asg.SuspendProcessesInput{AutoScalingGroupName: &name, ScalingProcesses: s.Suspend}); err != nil {
			return engine.Result{}, err
		}
	}
	if len(s.Resume) > 0 {
		if _, err := s.Env.AWS.ASG.ResumeProcesses(ctx, &asg.ResumeProcessesInput{AutoScalingGroupName: &name, ScalingProcesses: s.Resume}); err != nil {
			return engine.Result{}, err
		}
	}
	if len(s.Tags) > 0 {
		in := &asg.CreateOrUpdateTagsInput{}
		for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
			in.Tags = append(in.Tags, asgtypes.Tag{Key: new(k), Value: new(s.Tags[k]), ResourceId: &name, ResourceType: new("auto-scaling-group"), PropagateAtLaunch: new(false)})
		}
		if _, err := s.Env.AWS.ASG.CreateOrUpdateTags(ctx, in); err != nil {
			return engine.Result{}, err
		}
	}
	return engine.Result{State: engine.Done, Reason: "set", Changed: true}, nil
}
