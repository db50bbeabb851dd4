package eks

import (
	"slices"

	asgsdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// shrink takes the surplus away, one node a look, and ends the upgrade when the last of it is
// gone. Where the Auto Scaling group has become larger since the last look, an autoscaler
// scales it up: the upgrade is over at once, and the sizes stay as they are (EKS user guide,
// "Understand each phase of node updates").
func (g *nodegroup) shrink() {
	r, a := g.Rolling, g.c.e.asg.Group(g.ASG)
	if a == nil {
		g.rolled(nil)
		return
	}
	desired := *a.DesiredCapacity
	switch {
	case r.Sized > 0 && desired > r.Sized:
		g.rolled(nil)
	case r.Surge > 0 || desired > r.Desired:
		r.Surge = max(0, r.Surge-1)
		r.Sized = max(min(desired, r.Desired), desired-1) // what an autoscaler took away stays away
		most := max(*g.ScalingConfig.MaxSize, r.Desired) + r.Surge
		g.c.e.asg.UpdateAutoScalingGroup(nil, &asgsdk.UpdateAutoScalingGroupInput{AutoScalingGroupName: new(g.ASG), MaxSize: new(max(most, r.Sized)),
			DesiredCapacity: new(r.Sized)})
	case r.Sized > 0 && g.crowded(a) && g.c.e.w.Elapsed()-r.Since <= joinTimeout:
	default:
		g.rolled(nil)
	}
}

// crowded tells whether the Auto Scaling group has more than it wants, or what it is ending
// is a node still.
func (g *nodegroup) crowded(a *asgtypes.AutoScalingGroup) bool {
	return len(a.Instances) > int(*a.DesiredCapacity) || slices.ContainsFunc(a.Instances, func(i asgtypes.Instance) bool {
		return going(i) && g.nodeOf(*i.InstanceId) != nil
	})
}

// going tells whether an instance is on its way out of its group, hooks included.
func going(i asgtypes.Instance) bool {
	switch i.LifecycleState {
	case asgtypes.LifecycleStateTerminating, asgtypes.LifecycleStateTerminatingWait, asgtypes.LifecycleStateTerminatingProceed,
		asgtypes.LifecycleStateTerminated:
		return true
	}
	return false
}
