package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

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
	want := min(max(aws.ToInt32(g.DesiredCapacity), lo), hi)
	changed, err := Sizes{&lo, &hi, &want}.give(ctx, e, g)
	if err != nil {
		return engine.Result{}, fmt.Errorf("setting the sizes of %s: %w", aws.ToString(g.AutoScalingGroupName), err)
	}
	if !changed {
		return engine.Finished("as wanted")
	}
	return engine.Result{State: engine.Done, Reason: "set", Changed: true}, nil
}
