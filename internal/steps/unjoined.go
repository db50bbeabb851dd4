package steps

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/kube"
)

// endUnjoined ends the instances of a node group that are no nodes yet, and tells how many: one
// that became a node once the group is empty would take pods, which the group's deletion then
// ends. Auto Scaling starts no others meanwhile (ScalingHeld); where the group stays after all,
// it does.
func (e *Env) endUnjoined(ctx context.Context, group string, nodes []kube.Node) (ended int, err error) {
	all, err := e.scalingGroups(ctx)
	if err != nil || all[group] == nil || !Suspended(all[group], "Launch") {
		return 0, err
	}
	for _, i := range all[group].Instances {
		id := aws.ToString(i.InstanceId)
		coming := slices.Contains([]asgtypes.LifecycleState{asgtypes.LifecycleStatePending, asgtypes.LifecycleStatePendingWait,
			asgtypes.LifecycleStatePendingProceed, asgtypes.LifecycleStateInService}, i.LifecycleState)
		if !coming || slices.ContainsFunc(nodes, func(n kube.Node) bool { return n.Instance == id }) {
			continue
		}
		_, err := e.AWS.ASG.TerminateInstanceInAutoScalingGroup(ctx, &asg.TerminateInstanceInAutoScalingGroupInput{
			InstanceId: &id, ShouldDecrementDesiredCapacity: new(false)})
		if err != nil && awsc.Code(err) != "ScalingActivityInProgress" {
			return ended, fmt.Errorf("ending the instance %s: %w", id, err)
		}
		ended++
	}
	return ended, nil
}
