// Package autoscaling simulates EC2 Auto Scaling groups: they hold a desired
// number of instances across subnets and say in their activities why they cannot.
// It must not know Kubernetes or EKS.
package autoscaling

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

type group struct {
	types.AutoScalingGroup
	Subnets    []string         // where it launches
	Activities []types.Activity // newest first
	Turn       int              // launches so far: the next subnet follows
	Busy       bool             // a look at it is scheduled
	Backoff    time.Duration    // before the next look
	Hooks      []types.LifecycleHook
	Actions    []*action // instances that wait for hooks
	Scheduled  []*scheduled
	Refreshing *refreshing // the refresh under way
	Refreshes  []types.InstanceRefresh
	Balancing  *rebalancing // across zones, under way
	Watched    bool         // it is out of balance, and a look at that is scheduled
}

// AutoScaling is the service's state in one region.
type AutoScaling struct {
	res.Registry
	w      *world.World
	ec2    *ec2.EC2
	prefix string
	groups *res.Kind[group]

	// Link has the account make a service's role.
	Link func(service string)
	// OnHeld are told of an instance that a hook holds at its end, before it is terminated.
	OnHeld []func(group, instance, hook string)
}

// New is a region without groups.
func New(w *world.World, e *ec2.EC2) *AutoScaling {
	a := &AutoScaling{Link: func(string) {}, w: w, ec2: e, prefix: "arn:" + e.Partition + ":autoscaling:" + e.Region + ":" + e.Account + ":autoScalingGroup:"}
	a.groups = res.Add(&a.Registry, &res.Kind[group]{Name: "group", Key: func(g *group) string { return aws.ToString(g.AutoScalingGroupName) }})
	world.On(w, "autoscaling:look", a.look)
	world.On(w, "autoscaling:refresh", a.refresh)
	world.On(w, "autoscaling:rebalance", a.rebalance)
	world.On(w, "autoscaling:heartbeat", a.unanswered)
	world.On(w, "autoscaling:scheduled", a.doScheduled)
	e.OnRunning = append(e.OnRunning, a.running)
	e.OnTerminated = append(e.OnTerminated, a.terminated)
	return a
}

// Register adds the operations.
func (a *AutoScaling) Register(s *wire.Service) {
	wire.Handle(s, "CreateAutoScalingGroup", a.CreateAutoScalingGroup)
	wire.Handle(s, "DescribeAutoScalingGroups", a.DescribeAutoScalingGroups)
	wire.Handle(s, "UpdateAutoScalingGroup", a.UpdateAutoScalingGroup)
	wire.Handle(s, "SetDesiredCapacity", a.SetDesiredCapacity)
	wire.Handle(s, "DeleteAutoScalingGroup", a.DeleteAutoScalingGroup)
	wire.Handle(s, "DescribeScalingActivities", a.DescribeScalingActivities)
	wire.Handle(s, "DescribeAutoScalingInstances", a.DescribeAutoScalingInstances)
	wire.Handle(s, "SetInstanceProtection", a.SetInstanceProtection)
	wire.Handle(s, "TerminateInstanceInAutoScalingGroup", a.TerminateInstanceInAutoScalingGroup)
	wire.Handle(s, "SuspendProcesses", a.SuspendProcesses)
	wire.Handle(s, "ResumeProcesses", a.ResumeProcesses)
	wire.Handle(s, "EnableMetricsCollection", a.EnableMetricsCollection)
	wire.Handle(s, "DisableMetricsCollection", a.DisableMetricsCollection)
	wire.Handle(s, "DescribeWarmPool", a.DescribeWarmPool)
	wire.Handle(s, "DescribeLaunchConfigurations", a.DescribeLaunchConfigurations)
	wire.Handle(s, "CreateOrUpdateTags", a.CreateOrUpdateTags)
	wire.Handle(s, "DeleteTags", a.DeleteTags)
	wire.Handle(s, "DescribeTags", a.DescribeTags)
	wire.Handle(s, "PutLifecycleHook", a.PutLifecycleHook)
	wire.Handle(s, "DescribeLifecycleHooks", a.DescribeLifecycleHooks)
	wire.Handle(s, "DeleteLifecycleHook", a.DeleteLifecycleHook)
	wire.Handle(s, "CompleteLifecycleAction", a.CompleteLifecycleAction)
	wire.Handle(s, "RecordLifecycleActionHeartbeat", a.RecordLifecycleActionHeartbeat)
	wire.Handle(s, "StartInstanceRefresh", a.StartInstanceRefresh)
	wire.Handle(s, "CancelInstanceRefresh", a.CancelInstanceRefresh)
	wire.Handle(s, "DescribeInstanceRefreshes", a.DescribeInstanceRefreshes)
	wire.Handle(s, "PutScheduledUpdateGroupAction", a.PutScheduledUpdateGroupAction)
	wire.Handle(s, "DescribeScheduledActions", a.DescribeScheduledActions)
	wire.Handle(s, "DeleteScheduledAction", a.DeleteScheduledAction)
}

func (a *AutoScaling) find(name *string) (*group, error) {
	if g := a.groups.Get(aws.ToString(name)); g != nil {
		return g, nil
	}
	return nil, wire.Errorf("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup: %s not found", aws.ToString(name))
}

// name completes the launch templates that a request names by their ID or their name:
// the service answers both. A policy that names none has the group's; g is nil where
// there is no group yet.
func (a *AutoScaling) name(g *group, alone *types.LaunchTemplateSpecification, m *types.MixedInstancesPolicy) error {
	all := []*types.LaunchTemplateSpecification{alone}
	if m != nil {
		if err := g.complete(m); err != nil {
			return err
		}
		all = append(all, m.LaunchTemplate.LaunchTemplateSpecification)
		for _, o := range m.LaunchTemplate.Overrides {
			all = append(all, o.LaunchTemplateSpecification)
		}
	}
	for _, s := range all {
		if s == nil {
			continue
		}
		_, v, err := a.ec2.TemplateData(s.LaunchTemplateId, s.LaunchTemplateName, aws.ToString(s.Version))
		if err != nil {
			return wire.Errorf("ValidationError", "You must use a valid fully-formed launch template. %s", message(err))
		}
		s.LaunchTemplateId, s.LaunchTemplateName = v.LaunchTemplateId, v.LaunchTemplateName
	}
	return nil
}

// complete gives a policy the group's launch template where it names none.
func (g *group) complete(m *types.MixedInstancesPolicy) error {
	if m.LaunchTemplate != nil && m.LaunchTemplate.LaunchTemplateSpecification != nil {
		return nil
	}
	if g == nil || g.spec() == nil {
		return wire.Errorf("ValidationError",
			"Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	}
	lt := types.LaunchTemplate{}
	if m.LaunchTemplate != nil {
		lt = *m.LaunchTemplate
	} else if g.MixedInstancesPolicy != nil {
		lt.Overrides = g.MixedInstancesPolicy.LaunchTemplate.Overrides
	}
	spec := *g.spec()
	lt.LaunchTemplateSpecification = &spec
	m.LaunchTemplate = &lt
	return nil
}

func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "InternalError"
}

func message(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

// reconcile has the group looked at soon, once however often it is asked for.
func (a *AutoScaling) reconcile(g *group) {
	name := *g.AutoScalingGroupName
	if g.Busy || a.groups.Get(name) != g {
		return
	}
	g.Busy = true
	a.w.Schedule(time.Second+g.Backoff, "autoscaling:look", name, nil)
}

// look brings the capacity to the desired one, as far as EC2 lets it.
func (a *AutoScaling) look(name string, _ struct{}) {
	g := a.groups.Get(name)
	if g == nil {
		return
	}
	g.Busy = false
	was := g.Backoff
	g.Backoff = 0
	desired := *g.DesiredCapacity
	if g.Refreshing != nil {
		desired += g.Refreshing.Extra
	}
	extra, why := a.balanced(g)
	desired += extra
	defer a.watch(g)
	for a.capacity(g) < desired && !a.suspended(g, "Launch") {
		if !a.launch(g) {
			g.Backoff = min(2*was+60*time.Second, 5*time.Minute)
			a.reconcile(g)
			return
		}
	}
	for a.capacity(g) > desired && !a.suspended(g, "Terminate") {
		id, ok := a.surplus(g, a.capacity(g)-desired)
		if !ok {
			break // all that are left are protected, or weigh more than is too much
		}
		a.end(g, id, why+a.shrinks(g, id))
	}
}

func (a *AutoScaling) suspended(g *group, p string) bool {
	return slices.ContainsFunc(g.SuspendedProcesses, func(s types.SuspendedProcess) bool { return *s.ProcessName == p })
}

func alive(i types.Instance) bool {
	switch i.LifecycleState {
	case types.LifecycleStateTerminating, types.LifecycleStateTerminatingWait, types.LifecycleStateTerminatingProceed, types.LifecycleStateTerminated:
		return false
	}
	return true
}

func (a *AutoScaling) live(g *group) []types.Instance {
	var out []types.Instance
	for _, i := range g.Instances {
		if alive(i) {
			out = append(out, i)
		}
	}
	return out
}

// capacity is what the group's instances weigh together.
func (a *AutoScaling) capacity(g *group) int32 {
	n := int32(0)
	for _, i := range a.live(g) {
		n += weight(i.WeightedCapacity)
	}
	return n
}

func weight(w *string) int32 {
	if n, err := strconv.Atoi(aws.ToString(w)); err == nil && n > 0 {
		return int32(n)
	}
	return 1
}

func (a *AutoScaling) mark(g *group, id string, s types.LifecycleState) {
	for i := range g.Instances {
		if *g.Instances[i].InstanceId == id {
			g.Instances[i].LifecycleState = s
		}
	}
}

// surplus is who goes when the group scales in: of the zone with the most instances, by
// the first of the group's policies that tells them apart.
func (a *AutoScaling) surplus(g *group, most int32) (string, bool) {
	l := slices.DeleteFunc(a.live(g), func(i types.Instance) bool {
		return aws.ToBool(i.ProtectedFromScaleIn) || weight(i.WeightedCapacity) > most
	})
	if len(l) == 0 {
		return "", false
	}
	enabled, zones := a.zones(g)
	for z := range zones {
		if !slices.Contains(enabled, z) {
			zones[z] += len(g.Instances) // it was taken from the group
		}
	}
	fullest := 0
	for _, i := range l {
		fullest = max(fullest, zones[*i.AvailabilityZone])
	}
	l = slices.DeleteFunc(l, func(i types.Instance) bool { return zones[*i.AvailabilityZone] < fullest })
	if slices.Contains(g.TerminationPolicies, "NewestInstance") {
		return *l[len(l)-1].InstanceId, true
	}
	if slices.Contains(g.TerminationPolicies, "OldestInstance") {
		return *l[0].InstanceId, true
	}
	for _, i := range l { // those of an older template go first
		if !a.matches(i, g.spec()) {
			return *i.InstanceId, true
		}
	}
	return *l[0].InstanceId, true
}

// end takes an instance out of the group, for a cause: a hook may hold it before it is
// terminated.
func (a *AutoScaling) end(g *group, id, cause string) *types.Activity {
	act := a.terminating(g, id, cause)
	g.Actions = slices.DeleteFunc(g.Actions, func(x *action) bool { return x.Instance == id })
	if !a.hold(g, id, terminating, types.LifecycleStateTerminatingWait) {
		a.ec2.Terminate(id)
		a.mark(g, id, types.LifecycleStateTerminating)
	}
	a.reconcile(g)
	return act
}

// kind is one way in which a group may launch an instance.
type kind struct {
	name, weight string
	spec         *types.LaunchTemplateSpecification
}

// kinds lists a group's ways, in their order.
func (g *group) kinds() []kind {
	m := g.MixedInstancesPolicy
	if m == nil || len(m.LaunchTemplate.Overrides) == 0 {
		return []kind{{spec: g.spec()}}
	}
	var out []kind
	for _, o := range m.LaunchTemplate.Overrides {
		k := kind{name: aws.ToString(o.InstanceType), weight: aws.ToString(o.WeightedCapacity), spec: o.LaunchTemplateSpecification}
		if k.spec == nil {
			k.spec = g.spec()
		}
		if o.InstanceRequirements == nil {
			out = append(out, k)
			continue
		}
		for _, n := range ec2.Matching(ec2.Requirements(o.InstanceRequirements), nil) {
			k.name = n
			out = append(out, k)
		}
	}
	return out
}

// spot tells whether the next instance is one of the spot market's.
func (a *AutoScaling) spot(g *group) bool {
	m := g.MixedInstancesPolicy
	if m == nil || m.InstancesDistribution == nil {
		return false
	}
	d := m.InstancesDistribution
	base, above := int(aws.ToInt32(d.OnDemandBaseCapacity)), 100
	if d.OnDemandPercentageAboveBaseCapacity != nil {
		above = int(*d.OnDemandPercentageAboveBaseCapacity)
	}
	n := len(a.live(g))
	return n >= base && (n-base)*100 >= (n-base+1)*above
}

// launch starts one instance in the next subnet, trying the others before it gives up.
func (a *AutoScaling) launch(g *group) bool {
	have := len(a.live(g))
	return a.launchIn(g, a.turns(g), fmt.Sprintf("an instance was started in response to a difference between desired and actual capacity, "+
		"increasing the capacity from %d to %d.", have, have+1))
}

// launchIn starts one instance in one of some subnets, trying the types in each, for a cause.
func (a *AutoScaling) launchIn(g *group, subnets []string, cause string) bool {
	spot := a.spot(g)
	var tg []ec2types.Tag
	for _, t := range g.Tags {
		if aws.ToBool(t.PropagateAtLaunch) {
			tg = append(tg, ec2types.Tag{Key: t.Key, Value: t.Value})
		}
	}
	tg = append(tg, ec2types.Tag{Key: new("aws:autoscaling:groupName"), Value: g.AutoScalingGroupName})
	var last error
	for _, sub := range subnets {
		for _, k := range g.kinds() {
			i, err := a.ec2.Start(ec2.Launch{Template: k.spec.LaunchTemplateId, TemplateName: k.spec.LaunchTemplateName, Version: aws.ToString(k.spec.Version),
				Type: k.name, Subnet: sub, Spot: spot, Tags: tg})
			if err != nil {
				last = err
				continue
			}
			g.Turn++
			_, v, _ := a.ec2.TemplateData(k.spec.LaunchTemplateId, k.spec.LaunchTemplateName, aws.ToString(k.spec.Version)) //nolint:errcheck // it was launched from
			x := types.Instance{InstanceId: i.InstanceId, AvailabilityZone: i.Placement.AvailabilityZone, InstanceType: new(string(i.InstanceType)),
				LifecycleState: types.LifecycleStatePending, HealthStatus: new("Healthy"),
				ProtectedFromScaleIn: new(aws.ToBool(g.NewInstancesProtectedFromScaleIn)), LaunchTemplate: &types.LaunchTemplateSpecification{
					LaunchTemplateId: v.LaunchTemplateId, LaunchTemplateName: v.LaunchTemplateName, Version: new(fmt.Sprint(*v.VersionNumber))}}
			if k.weight != "" {
				x.WeightedCapacity = new(k.weight)
			}
			g.Instances = append(g.Instances, x)
			a.launched(g, types.ScalingActivityStatusCodeSuccessful, launchOf+": "+*i.InstanceId, cause, "")
			return true
		}
	}
	why := message(last) + " Launching EC2 instance failed."
	if g.MixedInstancesPolicy != nil {
		why = "Could not launch " + map[bool]string{true: "Spot", false: "On-Demand"}[spot] + " Instances. " + code(last) + " - " + why
	}
	a.launched(g, types.ScalingActivityStatusCodeFailed, launchOf+".  Status Reason: "+why, cause, why)
	return false
}

// subnets is where the group launches. One that was adopted names them only in AWS's
// own attribute.
func (g *group) subnets() []string {
	if g.Subnets == nil {
		return strings.Split(aws.ToString(g.VPCZoneIdentifier), ",")
	}
	return g.Subnets
}

func (a *AutoScaling) running(i *ec2types.Instance) {
	g, at := a.of(*i.InstanceId)
	if g == nil || g.Instances[at].LifecycleState != types.LifecycleStatePending {
		return
	}
	if !a.hold(g, *i.InstanceId, launching, types.LifecycleStatePendingWait) {
		g.Instances[at].LifecycleState = types.LifecycleStateInService
		if g.Balancing != nil {
			a.reconcile(g)
		}
	}
}

// terminated takes an instance that is over out of its group, which replaces it.
func (a *AutoScaling) terminated(i *ec2types.Instance) {
	g, at := a.of(*i.InstanceId)
	if g == nil {
		return
	}
	g.Instances = slices.Delete(g.Instances, at, at+1)
	a.terminatedNow(g, *i.InstanceId)
	g.Actions = slices.DeleteFunc(g.Actions, func(x *action) bool { return x.Instance == *i.InstanceId })
	a.reconcile(g)
	if g.Status != nil && len(g.Instances) == 0 {
		a.groups.Delete(*g.AutoScalingGroupName)
	}
}

// Group is a group, or nil; shared, not to be changed.
func (a *AutoScaling) Group(name string) *types.AutoScalingGroup {
	if g := a.groups.Get(name); g != nil {
		return &g.AutoScalingGroup
	}
	return nil
}

// Template is the launch template and its version that a group launches from.
func (a *AutoScaling) Template(name string) (id, version string) {
	g := a.groups.Get(name)
	if g == nil {
		return "", ""
	}
	spec := g.spec()
	return aws.ToString(spec.LaunchTemplateId), aws.ToString(spec.Version)
}

// spec is the launch template that the group names, alone or in its policy.
func (g *group) spec() *types.LaunchTemplateSpecification {
	if m := g.MixedInstancesPolicy; m != nil {
		return m.LaunchTemplate.LaunchTemplateSpecification
	}
	return g.LaunchTemplate
}
