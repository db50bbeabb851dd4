package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/slipway-eks/slipway/internal/engine"
)

// GroupScaling suspends processes and propagates tags on a node group's Auto
// Scaling group, which CloudFormation cannot do for managed groups, and gives one that no
// stack of ours holds its sizes.
type GroupScaling struct {
	Group   string            `json:"group"` // the node group, or the Auto Scaling group of none
	Sizes   *Sizes            `json:"sizes,omitempty"`
	Subnets []string          `json:"subnets,omitempty"` // none: they stay
	Suspend []string          `json:"suspend,omitempty"`
	Resume  []string          `json:"resume,omitempty"`
	Tags    map[string]string `json:"tags,omitempty"`
}

// Run finds the Auto Scaling group and sets what differs.
func (s *GroupScaling) Run(ctx context.Context, e *Env, _ *Memo) (r engine.Result, err error) {
	all, err := e.scalingGroups(ctx)
	if err != nil {
		return r, err
	}
	g := all[s.Group]
	if g == nil {
		return engine.Waiting("the Auto Scaling group is not there yet")
	}
	for _, set := range []func(context.Context, *Env, *asgtypes.AutoScalingGroup) (bool, error){s.suspend, s.resume, s.tag, s.size, s.place} {
		changed, err := set(ctx, e, g)
		r.Changed = r.Changed || changed
		if err != nil {
			return r, fmt.Errorf("setting the Auto Scaling group of %s: %w", s.Group, err)
		}
	}
	r.State, r.Reason = engine.Done, "as wanted"
	if r.Changed {
		r.Reason = "set"
	}
	return r, nil
}

func (s *GroupScaling) suspend(ctx context.Context, e *Env, g *asgtypes.AutoScalingGroup) (bool, error) {
	left := slices.DeleteFunc(slices.Clone(s.Suspend), func(p string) bool { return Suspended(g, p) })
	if len(left) == 0 {
		return false, nil
	}
	_, err := e.AWS.ASG.SuspendProcesses(ctx, &asg.SuspendProcessesInput{AutoScalingGroupName: g.AutoScalingGroupName, ScalingProcesses: left})
	return err == nil, err
}

func (s *GroupScaling) resume(ctx context.Context, e *Env, g *asgtypes.AutoScalingGroup) (bool, error) {
	left := slices.DeleteFunc(slices.Clone(s.Resume), func(p string) bool { return !Suspended(g, p) })
	if len(left) == 0 {
		return false, nil
	}
	_, err := e.AWS.ASG.ResumeProcesses(ctx, &asg.ResumeProcessesInput{AutoScalingGroupName: g.AutoScalingGroupName, ScalingProcesses: left})
	return err == nil, err
}

// Sizes are those of a node group; what is nil stays.
type Sizes struct {
	Min     *int32 `json:"min,omitempty"`
	Max     *int32 `json:"max,omitempty"`
	Desired *int32 `json:"desired,omitempty"`
}

func (s *GroupScaling) size(ctx context.Context, e *Env, g *asgtypes.AutoScalingGroup) (bool, error) {
	if s.Sizes == nil {
		return false, nil
	}
	return s.Sizes.give(ctx, e, g)
}

// place puts the group into its subnets: instances in others are replaced by Auto Scaling.
func (s *GroupScaling) place(ctx context.Context, e *Env, g *asgtypes.AutoScalingGroup) (bool, error) {
	have := slices.Sorted(strings.SplitSeq(aws.ToString(g.VPCZoneIdentifier), ","))
	if len(s.Subnets) == 0 || slices.Equal(have, slices.Sorted(slices.Values(s.Subnets))) {
		return false, nil
	}
	_, err := e.AWS.ASG.UpdateAutoScalingGroup(ctx, &asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: g.AutoScalingGroupName,
		VPCZoneIdentifier: new(strings.Join(s.Subnets, ","))})
	return err == nil, err
}

// give gives an Auto Scaling group the sizes; whether it had others.
func (w Sizes) give(ctx context.Context, e *Env, g *asgtypes.AutoScalingGroup) (bool, error) {
	has := func(want, have *int32) bool { return want == nil || have != nil && *want == *have }
	if has(w.Min, g.MinSize) && has(w.Max, g.MaxSize) && has(w.Desired, g.DesiredCapacity) {
		return false, nil
	}
	_, err := e.AWS.ASG.UpdateAutoScalingGroup(ctx, &asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: g.AutoScalingGroupName,
		MinSize: w.Min, MaxSize: w.Max, DesiredCapacity: w.Desired})
	return err == nil, err
}

func (s *GroupScaling) tag(ctx context.Context, e *Env, g *asgtypes.AutoScalingGroup) (bool, error) {
	have := map[string]string{}
	for _, t := range g.Tags {
		have[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	if Holds(have, s.Tags) {
		return false, nil
	}
	in := &asg.CreateOrUpdateTagsInput{}
	for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
		in.Tags = append(
			in.Tags,
			asgtypes.Tag{
				Key:               new(k),
				Value:             new(s.Tags[k]),
				ResourceId:        g.AutoScalingGroupName,
				ResourceType:      new("auto-scaling-group"),
				PropagateAtLaunch: new(false),
			},
		)
	}
	_, err := e.AWS.ASG.CreateOrUpdateTags(ctx, in)
	return err == nil, err
}

// Suspended tells whether a process of an Auto Scaling group is suspended.
func Suspended(g *asgtypes.AutoScalingGroup, process string) bool {
	return slices.ContainsFunc(g.SuspendedProcesses, func(s asgtypes.SuspendedProcess) bool { return aws.ToString(s.ProcessName) == process })
}
