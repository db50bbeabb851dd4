package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"github.com/slipway-eks/slipway/internal/engine"
)

// GroupSizes sets the bounds of a node group's Auto Scaling group itself: of a
// self-managed group, or of one that was changed behind EKS's back. The wanted size, which
// is the autoscaler's, only keeps within them.
type GroupSizes struct {
	Group  string `json:"group"` // the node group
	Bounds Bounds `json:"bounds"`
}

// Run looks, then sets them.
func (s *GroupSizes) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	all, err := e.scalingGroups(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	g := all[s.Group]
	if g == nil {
		return engine.Result{}, fmt.Errorf("node group %s has no Auto Scaling group", s.Group)
	}
	lo, hi := int32(s.Bounds.Min), int32(s.Bounds.Max)
	if aws.ToInt32(g.MinSize) == lo && aws.ToInt32(g.MaxSize) == hi {
		return engine.Finished("as wanted")
	}
	want := min(max(aws.ToInt32(g.DesiredCapacity), lo), hi)
	in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: g.AutoScalingGroupName, MinSize: &lo, MaxSize: &hi, DesiredCapacity: &want}
	if _, err := e.AWS.ASG.UpdateAutoScalingGroup(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("setting the sizes of %s: %w", aws.ToString(g.AutoScalingGroupName), err)
	}
	return engine.Result{State: engine.Done, Reason: "set", Changed: true}, nil
}
