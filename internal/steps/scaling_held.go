package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/marks"
)

// heldProcesses are what Auto Scaling must not do to a group whose pods move away: start nodes
// for an autoscaler, whose pods would move again, and end nodes to level its zones.
var heldProcesses = []string{"AZRebalance", "Launch"}

// ScalingHeld suspends the processes of a node group's Auto Scaling group that are in the way of
// its replacement, and says so in a tag of it, so that what it suspended, and no more, is
// resumed. Release does that.
type ScalingHeld struct {
	Group   string `json:"group"`
	Release bool   `json:"release,omitempty"`
}

// Run writes the tag first: a run that is killed has not suspended what nobody resumes.
func (s *ScalingHeld) Run(ctx context.Context, e *Env, _ *Memo) (r engine.Result, err error) {
	all, err := e.scalingGroups(ctx)
	if err != nil {
		return r, err
	}
	g := all[s.Group]
	if g == nil {
		return engine.Finished("there is no Auto Scaling group")
	}
	tag := slices.IndexFunc(g.Tags, func(t asgtypes.TagDescription) bool { return aws.ToString(t.Key) == marks.Suspended })
	if s.Release {
		if tag < 0 {
			return engine.Finished("nothing was suspended")
		}
		return engine.Result{State: engine.Done, Reason: "resumed", Changed: true}, e.releaseScaling(ctx, g, g.Tags[tag])
	}
	var ours []string
	if tag >= 0 {
		ours = strings.Fields(aws.ToString(g.Tags[tag].Value))
	} else if ours = slices.DeleteFunc(slices.Clone(heldProcesses), func(p string) bool { return Suspended(g, p) }); len(ours) > 0 {
		in := &asg.CreateOrUpdateTagsInput{Tags: []asgtypes.Tag{{Key: new(marks.Suspended), Value: new(strings.Join(ours, " ")),
			ResourceId: g.AutoScalingGroupName, ResourceType: new("auto-scaling-group"), PropagateAtLaunch: new(false)}}}
		if _, err := e.AWS.ASG.CreateOrUpdateTags(ctx, in); err != nil {
			return r, fmt.Errorf("marking the Auto Scaling group %s: %w", aws.ToString(g.AutoScalingGroupName), err)
		}
		r.Changed = true
	}
	changed, err := (&GroupScaling{Suspend: ours}).suspend(ctx, e, g)
	if r.Changed = r.Changed || changed; err != nil {
		return r, fmt.Errorf("suspending processes of the Auto Scaling group %s: %w", aws.ToString(g.AutoScalingGroupName), err)
	}
	r.State, r.Reason = engine.Done, "suspended: "+strings.Join(ours, ", ")
	return r, nil
}

// releaseScaling resumes what the tag says, and takes it away.
func (e *Env) releaseScaling(ctx context.Context, g *asgtypes.AutoScalingGroup, tag asgtypes.TagDescription) error {
	if _, err := (&GroupScaling{Resume: strings.Fields(aws.ToString(tag.Value))}).resume(ctx, e, g); err != nil {
		return fmt.Errorf("resuming processes of the Auto Scaling group %s: %w", aws.ToString(g.AutoScalingGroupName), err)
	}
	in := &asg.DeleteTagsInput{Tags: []asgtypes.Tag{{Key: tag.Key, ResourceId: g.AutoScalingGroupName, ResourceType: new("auto-scaling-group")}}}
	if _, err := e.AWS.ASG.DeleteTags(ctx, in); err != nil {
		return fmt.Errorf("taking the mark off the Auto Scaling group %s: %w", aws.ToString(g.AutoScalingGroupName), err)
	}
	return nil
}
