package eks

import (
	"slices"
	"time"

	asgsdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// leaveHook is the lifecycle hook by which EKS learns of a managed node that its Auto Scaling
// group is about to terminate: for a smaller size, to balance zones, or because EKS asked for
// it (containers-roadmap and public tear-down scripts name it; its heartbeat is half an hour).
var leaveHook = asgtypes.LifecycleHookSpecification{LifecycleHookName: new("Terminate-LC-Hook"), DefaultResult: new("CONTINUE"),
	HeartbeatTimeout: new(int32(1800)), LifecycleTransition: new("autoscaling:EC2_INSTANCE_TERMINATING")}

// leaveTimeout is how long EKS tries to evict the pods of a node that leaves: "These actions
// try to evict Pods on the node, but if it takes more than 15 minutes, the node is terminated
// regardless" (EKS user guide, "Simplify node lifecycle with managed node groups").
const leaveTimeout = 15 * time.Minute

// leaving is a managed node that its Auto Scaling group holds before its end.
type leaving struct {
	Group    string // the Auto Scaling group
	Instance string
	Since    time.Duration
}

// held has EKS look after an instance that waits for its hook.
func (s *EKS) held(group, instance, hook string) {
	if hook != *leaveHook.LifecycleHookName {
		return
	}
	for _, c := range s.clusters.All() {
		if c.groups.Find(func(g *nodegroup) bool { return g.ASG == group }) != nil {
			s.w.Schedule(time.Second, "eks:node-leaves", c.ID, leaving{group, instance, s.w.Elapsed()})
		}
	}
}

// nodeLeaves is one look at a node that leaves: nothing new comes to it, its pods are asked to
// go, and the Auto Scaling group may go on when they have, or when it has taken too long.
func (s *EKS) nodeLeaves(c *cluster, l leaving) {
	g, a := c.groups.Find(func(g *nodegroup) bool { return g.ASG == l.Group }), s.asg.Group(l.Group)
	if g == nil || a == nil || !slices.ContainsFunc(a.Instances, func(i asgtypes.Instance) bool {
		return *i.InstanceId == l.Instance && i.LifecycleState == asgtypes.LifecycleStateTerminatingWait
	}) {
		return
	}
	g.cordon(l.Instance)
	left := c.remaining(g.names([]string{l.Instance}))
	c.evict(drainer, left, false)
	if len(left) > 0 && s.w.Elapsed()-l.Since < leaveTimeout {
		s.w.Schedule(rollTick, "eks:node-leaves", c.ID, l)
		return
	}
	s.asg.CompleteLifecycleAction(nil, &asgsdk.CompleteLifecycleActionInput{AutoScalingGroupName: &l.Group, InstanceId: &l.Instance,
		LifecycleHookName: leaveHook.LifecycleHookName, LifecycleActionResult: new("CONTINUE")})
}
