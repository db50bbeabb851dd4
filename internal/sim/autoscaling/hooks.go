package autoscaling

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// The transitions at which a hook holds an instance.
const (
	launching   = "autoscaling:EC2_INSTANCE_LAUNCHING"
	terminating = "autoscaling:EC2_INSTANCE_TERMINATING"
)

// action is an instance that waits for a hook.
type action struct {
	Instance, Hook, Token string
	Abandon               bool // what happens when nobody answers
	Beat                  int  // how often its time was renewed
	Deadline              time.Duration
}

// newHook checks a hook and gives it its defaults (API reference, PutLifecycleHook).
func newHook(h types.LifecycleHook) (types.LifecycleHook, error) {
	if t := aws.ToString(h.LifecycleTransition); t != launching && t != terminating {
		return h, wire.Errorf("ValidationError", "Lifecycle transition '%s' is not valid.", t)
	}
	if h.DefaultResult == nil {
		h.DefaultResult = new("ABANDON")
	}
	if r := *h.DefaultResult; r != "ABANDON" && r != "CONTINUE" {
		return h, wire.Errorf("ValidationError", "Default result must be ABANDON or CONTINUE, got '%s'.", r)
	}
	if h.HeartbeatTimeout == nil {
		h.HeartbeatTimeout = new(int32(3600))
	}
	if n := *h.HeartbeatTimeout; n < 30 || n > 7200 {
		return h, wire.Errorf("ValidationError", "Heartbeat timeout must be between 30 and 7200 seconds.")
	}
	h.GlobalTimeout = new(min(100*(*h.HeartbeatTimeout), 172800))
	return h, nil
}

// PutLifecycleHook adds a hook, or replaces one.
func (a *AutoScaling) PutLifecycleHook(_ *wire.Caller, in *autoscaling.PutLifecycleHookInput) (*autoscaling.PutLifecycleHookOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	h := types.LifecycleHook{AutoScalingGroupName: g.AutoScalingGroupName, LifecycleHookName: in.LifecycleHookName, DefaultResult: in.DefaultResult,
		HeartbeatTimeout: in.HeartbeatTimeout, LifecycleTransition: in.LifecycleTransition, NotificationMetadata: in.NotificationMetadata,
		NotificationTargetARN: in.NotificationTargetARN, RoleARN: in.RoleARN}
	i := g.hook(in.LifecycleHookName)
	if i >= 0 && h.LifecycleTransition == nil { // an update names what changes
		h.LifecycleTransition = g.Hooks[i].LifecycleTransition
	}
	if h, err = newHook(h); err != nil {
		return nil, err
	}
	if i >= 0 {
		g.Hooks[i] = h
	} else {
		g.Hooks = append(g.Hooks, h)
	}
	return &autoscaling.PutLifecycleHookOutput{}, nil
}

// hook is the place of a hook, or -1.
func (g *group) hook(name *string) int {
	return slices.IndexFunc(g.Hooks, func(h types.LifecycleHook) bool { return *h.LifecycleHookName == aws.ToString(name) })
}

// DescribeLifecycleHooks lists a group's hooks.
func (a *AutoScaling) DescribeLifecycleHooks(_ *wire.Caller, in *autoscaling.DescribeLifecycleHooksInput) (*autoscaling.DescribeLifecycleHooksOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &autoscaling.DescribeLifecycleHooksOutput{LifecycleHooks: []types.LifecycleHook{}}
	for _, h := range g.Hooks {
		if len(in.LifecycleHookNames) == 0 || slices.Contains(in.LifecycleHookNames, *h.LifecycleHookName) {
			out.LifecycleHooks = append(out.LifecycleHooks, h)
		}
	}
	return out, nil
}

// DeleteLifecycleHook removes a hook; who waits for it goes on where it ends, and is
// abandoned where it begins.
func (a *AutoScaling) DeleteLifecycleHook(_ *wire.Caller, in *autoscaling.DeleteLifecycleHookInput) (*autoscaling.DeleteLifecycleHookOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	i := g.hook(in.LifecycleHookName)
	if i < 0 {
		return nil, noHook(g, in.LifecycleHookName)
	}
	h := g.Hooks[i]
	g.Hooks = slices.Delete(g.Hooks, i, i+1)
	for _, w := range slices.Clone(g.Actions) {
		if w.Hook == *h.LifecycleHookName {
			a.answer(g, w, *h.LifecycleTransition == launching)
		}
	}
	return &autoscaling.DeleteLifecycleHookOutput{}, nil
}

func noHook(g *group, name *string) error {
	return wire.Errorf("ValidationError", "No Lifecycle Hook found with name: %s for AutoScalingGroup: %s", aws.ToString(name), *g.AutoScalingGroupName)
}

// hold has an instance wait for the hooks of a transition; false where there are none.
func (a *AutoScaling) hold(g *group, id, transition string, state types.LifecycleState) bool {
	held := false
	for _, h := range g.Hooks {
		if *h.LifecycleTransition != transition {
			continue
		}
		held = true
		w := &action{Instance: id, Hook: *h.LifecycleHookName, Token: a.w.UUID("lifecycle", id, *h.LifecycleHookName), Abandon: *h.DefaultResult == "ABANDON",
			Deadline: a.w.Elapsed() + time.Duration(*h.GlobalTimeout)*time.Second}
		g.Actions = append(g.Actions, w)
		a.beat(g, w, *h.HeartbeatTimeout)
		for _, tell := range a.OnHeld {
			if transition == terminating {
				tell(*g.AutoScalingGroupName, id, w.Hook)
			}
		}
	}
	if held {
		a.mark(g, id, state)
	}
	return held
}

// heartbeat is the event at which a wait ends that nobody answered.
type heartbeat struct {
	Token string
	Beat  int
}

func (a *AutoScaling) beat(g *group, w *action, seconds int32) {
	w.Beat++
	left := max(0, min(time.Duration(seconds)*time.Second, w.Deadline-a.w.Elapsed()))
	a.w.Schedule(left, "autoscaling:heartbeat", *g.AutoScalingGroupName, heartbeat{w.Token, w.Beat})
}

func (a *AutoScaling) unanswered(name string, b heartbeat) {
	g := a.groups.Get(name)
	if g == nil {
		return
	}
	for _, w := range slices.Clone(g.Actions) {
		if w.Token == b.Token && w.Beat == b.Beat {
			a.answer(g, w, w.Abandon)
		}
	}
}

// answer ends one wait; with the last one the instance goes on, or is given up.
func (a *AutoScaling) answer(g *group, w *action, abandon bool) {
	g.Actions = slices.DeleteFunc(g.Actions, func(x *action) bool { return x == w })
	i := slices.IndexFunc(g.Instances, func(i types.Instance) bool { return *i.InstanceId == w.Instance })
	if i < 0 {
		return
	}
	begins := g.Instances[i].LifecycleState == types.LifecycleStatePendingWait
	waits := slices.ContainsFunc(g.Actions, func(x *action) bool { return x.Instance == w.Instance })
	switch {
	case abandon && begins:
		g.Actions = slices.DeleteFunc(g.Actions, func(x *action) bool { return x.Instance == w.Instance })
		a.ec2.Terminate(w.Instance)
		a.mark(g, w.Instance, types.LifecycleStateTerminating)
	case waits && !abandon:
	case begins:
		a.mark(g, w.Instance, types.LifecycleStateInService)
	default:
		g.Actions = slices.DeleteFunc(g.Actions, func(x *action) bool { return x.Instance == w.Instance })
		a.ec2.Terminate(w.Instance)
		a.mark(g, w.Instance, types.LifecycleStateTerminating)
	}
	a.reconcile(g)
}

// waiting finds the wait that a request means, by token or by instance.
func (g *group) waiting(hook, token, instance *string) (*action, error) {
	if g.hook(hook) < 0 {
		return nil, noHook(g, hook)
	}
	for _, w := range g.Actions {
		if w.Hook == *hook && (token != nil && w.Token == *token || token == nil && w.Instance == aws.ToString(instance)) {
			return w, nil
		}
	}
	if token != nil {
		return nil, wire.Errorf("ValidationError", "No active Lifecycle Action found with token %s", *token)
	}
	return nil, wire.Errorf("ValidationError", "No active Lifecycle Action found with instance ID %s", aws.ToString(instance))
}

// CompleteLifecycleAction answers a hook.
func (a *AutoScaling) CompleteLifecycleAction(_ *wire.Caller,
	in *autoscaling.CompleteLifecycleActionInput) (*autoscaling.CompleteLifecycleActionOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if r := aws.ToString(in.LifecycleActionResult); r != "CONTINUE" && r != "ABANDON" {
		return nil, wire.Errorf("ValidationError", "Lifecycle action result must be CONTINUE or ABANDON, got '%s'.", r)
	}
	w, err := g.waiting(in.LifecycleHookName, in.LifecycleActionToken, in.InstanceId)
	if err != nil {
		return nil, err
	}
	a.answer(g, w, *in.LifecycleActionResult == "ABANDON")
	return &autoscaling.CompleteLifecycleActionOutput{}, nil
}

// RecordLifecycleActionHeartbeat renews the time that a hook has.
func (a *AutoScaling) RecordLifecycleActionHeartbeat(_ *wire.Caller,
	in *autoscaling.RecordLifecycleActionHeartbeatInput) (*autoscaling.RecordLifecycleActionHeartbeatOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	w, err := g.waiting(in.LifecycleHookName, in.LifecycleActionToken, in.InstanceId)
	if err != nil {
		return nil, err
	}
	a.beat(g, w, *g.Hooks[g.hook(in.LifecycleHookName)].HeartbeatTimeout)
	return &autoscaling.RecordLifecycleActionHeartbeatOutput{}, nil
}
