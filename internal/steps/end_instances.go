package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/slipway-eks/slipway/internal/engine"
)

// EndInstances ends instances of an Auto Scaling group, which gets smaller by as many: so
// it is the drained nodes that go, and not those that the group would choose.
type EndInstances struct {
	ScalingGroup string   `json:"scalingGroup"` // its name
	Instances    []string `json:"instances"`
}

// Run looks which of them the group still has, ends those, and waits for them to go.
func (s *EndInstances) Run(ctx context.Context, e *Env, _ *Memo) (r engine.Result, err error) {
	d, err := e.AWS.ASG.DescribeAutoScalingGroups(ctx, &asg.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{s.ScalingGroup}})
	if err != nil {
		return r, fmt.Errorf("describing the Auto Scaling group %s: %w", s.ScalingGroup, err)
	}
	state := map[string]asgtypes.LifecycleState{}
	for _, g := range d.AutoScalingGroups {
		for _, i := range g.Instances {
			state[aws.ToString(i.InstanceId)] = i.LifecycleState
		}
	}
	left := 0
	for _, id := range s.Instances {
		switch state[id] {
		case "", asgtypes.LifecycleStateTerminated, asgtypes.LifecycleStateDetached:
			continue
		case asgtypes.LifecycleStateTerminating, asgtypes.LifecycleStateTerminatingWait, asgtypes.LifecycleStateTerminatingProceed:
		default:
			in := &asg.TerminateInstanceInAutoScalingGroupInput{InstanceId: &id, ShouldDecrementDesiredCapacity: new(true)}
			if _, err := e.AWS.ASG.TerminateInstanceInAutoScalingGroup(ctx, in); err != nil {
				return r, fmt.Errorf("ending the instance %s: %w", id, err)
			}
			r.Changed = true
		}
		left++
	}
	r.State, r.Reason = engine.Wait, fmt.Sprintf("%d of %d instances are going", left, len(s.Instances))
	if left == 0 {
		r.State, r.Reason = engine.Done, fmt.Sprintf("%d instances are gone", len(s.Instances))
	}
	return r, nil
}
