// Package autoscaling simulates EC2 Auto Scaling groups: they hold a desired
// number of instances across subnets and say in their activities why they cannot.
// It must not know Kubernetes or EKS.
package autoscaling

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

type group struct {
	types.AutoScalingGroup
	Activities []types.Activity // newest first
	Turn       int              // launches so far: the next subnet follows
	Busy       bool             // a look at it is scheduled
	Backoff    time.Duration    // before the next look
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
}

// New is a region without groups.
func New(w *world.World, e *ec2.EC2) *AutoScaling {
	a := &AutoScaling{Link: func(string) {}, w: w, ec2: e, prefix: "arn:" + e.Partition + ":autoscaling:" + e.Region + ":" + e.Account + ":autoScalingGroup:"}
	a.groups = res.Add(&a.Registry, &res.Kind[group]{Name: "group", Key: func(g *group) string { return aws.ToString(g.AutoScalingGroupName) }})
	world.On(w, "autoscaling:look", a.look)
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
	wire.Handle(s, "SuspendProcesses", a.SuspendProcesses)
	wire.Handle(s, "ResumeProcesses", a.ResumeProcesses)
	wire.Handle(s, "EnableMetricsCollection", a.EnableMetricsCollection)
	wire.Handle(s, "CreateOrUpdateTags", a.CreateOrUpdateTags)
	wire.Handle(s, "DescribeTags", a.DescribeTags)
	wire.Handle(s, "TerminateInstanceInAutoScalingGroup", a.TerminateInstanceInAutoScalingGroup)
}

func (a *AutoScaling) find(name *string) (*group, error) {
	if g := a.groups.Get(aws.ToString(name)); g != nil {
		return g, nil
	}
	return nil, wire.Errorf("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup: %s not found", aws.ToString(name))
}

func tags(in []types.Tag) []types.TagDescription {
	var out []types.TagDescription
	for _, t := range in {
		out = append(out, types.TagDescription{Key: t.Key, Value: t.Value, PropagateAtLaunch: t.PropagateAtLaunch, ResourceId: t.ResourceId,
			ResourceType: new("auto-scaling-group")})
	}
	return out
}

// CreateAutoScalingGroup makes a group and starts launching.
func (a *AutoScaling) CreateAutoScalingGroup(_ *wire.Caller, in *autoscaling.CreateAutoScalingGroupInput) (*autoscaling.CreateAutoScalingGroupOutput, error) {
	name := aws.ToString(in.AutoScalingGroupName)
	if a.groups.Get(name) != nil {
		return nil, wire.Errorf("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", name)
	}
	spec := in.LaunchTemplate
	if in.MixedInstancesPolicy != nil && in.MixedInstancesPolicy.LaunchTemplate != nil {
		spec = in.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	}
	if spec == nil {
		return nil, wire.Errorf("ValidationError",
			"Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	}
	if err := a.name(in.LaunchTemplate, in.MixedInstancesPolicy); err != nil {
		return nil, err
	}
	for _, s := range strings.Split(aws.ToString(in.VPCZoneIdentifier), ",") {
		if a.ec2.Subnet(s) == nil {
			return nil, wire.Errorf("ValidationError", "The subnet ID '%s' does not exist", s)
		}
	}
	desired := aws.ToInt32(in.MinSize)
	if in.DesiredCapacity != nil {
		desired = *in.DesiredCapacity
	}
	if desired < aws.ToInt32(in.MinSize) || desired > aws.ToInt32(in.MaxSize) {
		return nil, wire.Errorf("ValidationError", "Desired capacity:%d must be between the specified min size:%d and max size:%d", desired,
			aws.ToInt32(in.MinSize), aws.ToInt32(in.MaxSize))
	}
	g := &group{AutoScalingGroup: types.AutoScalingGroup{AutoScalingGroupName: new(name),
		AutoScalingGroupARN: new(a.prefix + a.w.UUID("asg", name) + ":autoScalingGroupName/" + name), MinSize: in.MinSize, MaxSize: in.MaxSize,
		DesiredCapacity: new(desired), LaunchTemplate: in.LaunchTemplate,
		MixedInstancesPolicy: in.MixedInstancesPolicy, VPCZoneIdentifier: in.VPCZoneIdentifier, CreatedTime: new(a.w.Date()), HealthCheckType: new("EC2"),
		DefaultCooldown: new(int32(300)), Instances: []types.Instance{}, Tags: tags(in.Tags),
		TargetGroupARNs: in.TargetGroupARNs, LoadBalancerNames: in.LoadBalancerNames, MaxInstanceLifetime: in.MaxInstanceLifetime,
		CapacityRebalance: in.CapacityRebalance}}
	a.groups.Put(name, g)
	a.Link("autoscaling.amazonaws.com")
	a.reconcile(g)
	return &autoscaling.CreateAutoScalingGroupOutput{}, nil
}

// name completes the launch templates that a request names by their ID or their name:
// the service answers both.
func (a *AutoScaling) name(alone *types.LaunchTemplateSpecification, m *types.MixedInstancesPolicy) error {
	all := []*types.LaunchTemplateSpecification{alone}
	if m != nil && m.LaunchTemplate != nil {
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

// look brings the number of instances to the desired one, as far as EC2 lets it.
func (a *AutoScaling) look(name string, _ struct{}) {
	g := a.groups.Get(name)
	if g == nil {
		return
	}
	g.Busy = false
	was := g.Backoff
	g.Backoff = 0
	for int32(len(a.live(g))) < *g.DesiredCapacity && !a.suspended(g, "Launch") {
		if !a.launch(g) {
			g.Backoff = min(2*was+60*time.Second, 5*time.Minute)
			a.reconcile(g)
			return
		}
	}
	for l := a.live(g); int32(len(l)) > *g.DesiredCapacity && !a.suspended(g, "Terminate"); l = a.live(g) {
		a.ec2.Terminate(*l[0].InstanceId)
		a.mark(g, *l[0].InstanceId, types.LifecycleStateTerminating)
	}
}

func (a *AutoScaling) suspended(g *group, p string) bool {
	return slices.ContainsFunc(g.SuspendedProcesses, func(s types.SuspendedProcess) bool { return *s.ProcessName == p })
}

func (a *AutoScaling) live(g *group) []types.Instance {
	var out []types.Instance
	for _, i := range g.Instances {
		if i.LifecycleState != types.LifecycleStateTerminating && i.LifecycleState != types.LifecycleStateTerminated {
			out = append(out, i)
		}
	}
	return out
}

func (a *AutoScaling) mark(g *group, id string, s types.LifecycleState) {
	for i := range g.Instances {
		if *g.Instances[i].InstanceId == id {
			g.Instances[i].LifecycleState = s
		}
	}
}

// launch starts one instance in the next subnet, trying the others and the other
// types before it gives up.
func (a *AutoScaling) launch(g *group) bool {
	subnets := strings.Split(*g.VPCZoneIdentifier, ",")
	spec := g.spec()
	kinds := []string{""}
	spot := false
	if m := g.MixedInstancesPolicy; m != nil {
		if len(m.LaunchTemplate.Overrides) > 0 {
			kinds = nil
			for _, o := range m.LaunchTemplate.Overrides {
				kinds = append(kinds, aws.ToString(o.InstanceType))
			}
		}
		if d := m.InstancesDistribution; d != nil {
			base, above := int(aws.ToInt32(d.OnDemandBaseCapacity)), 100
			if d.OnDemandPercentageAboveBaseCapacity != nil {
				above = int(*d.OnDemandPercentageAboveBaseCapacity)
			}
			n := len(a.live(g))
			spot = n >= base && (n-base)*100 >= (n-base+1)*above
		}
	}
	var tg []ec2types.Tag
	for _, t := range g.Tags {
		if aws.ToBool(t.PropagateAtLaunch) {
			tg = append(tg, ec2types.Tag{Key: t.Key, Value: t.Value})
		}
	}
	tg = append(tg, ec2types.Tag{Key: new("aws:autoscaling:groupName"), Value: g.AutoScalingGroupName})
	var last error
	for try := range subnets {
		sub := subnets[(g.Turn+try)%len(subnets)]
		for _, k := range kinds {
			i, err := a.ec2.Start(ec2.Launch{Template: spec.LaunchTemplateId, TemplateName: spec.LaunchTemplateName, Version: aws.ToString(spec.Version),
				Type: k, Subnet: sub, Spot: spot, Tags: tg})
			if err != nil {
				last = err
				continue
			}
			g.Turn++
			g.Instances = append(g.Instances, types.Instance{InstanceId: i.InstanceId, AvailabilityZone: i.Placement.AvailabilityZone,
				InstanceType: new(string(i.InstanceType)), LifecycleState: types.LifecycleStatePending, HealthStatus: new("Healthy"),
				ProtectedFromScaleIn: new(false), LaunchTemplate: spec})
			a.activity(g, types.ScalingActivityStatusCodeSuccessful, "Launching a new EC2 instance: "+*i.InstanceId, "")
			return true
		}
	}
	why := message(last) + " Launching EC2 instance failed."
	if g.MixedInstancesPolicy != nil {
		why = "Could not launch " + map[bool]string{true: "Spot", false: "On-Demand"}[spot] + " Instances. " + code(last) + " - " + why
	}
	a.activity(g, types.ScalingActivityStatusCodeFailed, "Launching a new EC2 instance.  Status Reason: "+why, why)
	return false
}

func (a *AutoScaling) activity(g *group, s types.ScalingActivityStatusCode, desc, why string) {
	act := types.Activity{ActivityId: new(a.w.UUID("activity", *g.AutoScalingGroupName)), AutoScalingGroupName: g.AutoScalingGroupName,
		StartTime: new(a.w.Date()), EndTime: new(a.w.Date()), StatusCode: s, Description: new(desc),
		Cause: new("an instance was started in response to a difference between desired and actual capacity"), Progress: new(int32(100))}
	if why != "" {
		act.StatusMessage = new(why)
	}
	g.Activities = append([]types.Activity{act}, g.Activities...)
}

func (a *AutoScaling) running(i *ec2types.Instance) {
	for _, g := range a.groups.All() {
		a.markIf(g, *i.InstanceId, types.LifecycleStateInService)
	}
}

func (a *AutoScaling) markIf(g *group, id string, s types.LifecycleState) {
	for i := range g.Instances {
		if *g.Instances[i].InstanceId == id && g.Instances[i].LifecycleState == types.LifecycleStatePending {
			g.Instances[i].LifecycleState = s
		}
	}
}

func (a *AutoScaling) terminated(i *ec2types.Instance) {
	for _, g := range a.groups.All() {
		n := len(g.Instances)
		g.Instances = slices.DeleteFunc(g.Instances, func(x types.Instance) bool { return *x.InstanceId == *i.InstanceId })
		if len(g.Instances) < n {
			a.reconcile(g)
		}
		if g.Status != nil && len(g.Instances) == 0 {
			a.groups.Delete(*g.AutoScalingGroupName)
		}
	}
}

// DescribeAutoScalingGroups lists groups.
func (a *AutoScaling) DescribeAutoScalingGroups(_ *wire.Caller, in *autoscaling.DescribeAutoScalingGroupsInput) (*autoscaling.DescribeAutoScalingGroupsOutput,
	error) {
	out := &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: []types.AutoScalingGroup{}}
	for _, f := range in.Filters {
		if name := aws.ToString(f.Name); name != "tag-key" && name != "tag-value" && !strings.HasPrefix(name, "tag:") {
			return nil, noFilter(name, "tag-key tag-value tag:<key>")
		}
	}
	for _, g := range a.groups.All() {
		if len(in.AutoScalingGroupNames) > 0 && !slices.Contains(in.AutoScalingGroupNames, *g.AutoScalingGroupName) {
			continue
		}
		ok := true
		for _, f := range in.Filters {
			ok = ok && slices.ContainsFunc(g.Tags, func(t types.TagDescription) bool {
				switch name := aws.ToString(f.Name); name {
				case "tag-key":
					return slices.Contains(f.Values, *t.Key)
				case "tag-value":
					return slices.Contains(f.Values, *t.Value)
				default:
					k, isTag := strings.CutPrefix(name, "tag:")
					return isTag && *t.Key == k && slices.Contains(f.Values, *t.Value)
				}
			})
		}
		if ok {
			v := g.AutoScalingGroup
			v.Instances = slices.Clone(g.Instances)
			out.AutoScalingGroups = append(out.AutoScalingGroups, v)
		}
	}
	return out, nil
}

// UpdateAutoScalingGroup changes sizes, subnets or the template.
func (a *AutoScaling) UpdateAutoScalingGroup(_ *wire.Caller, in *autoscaling.UpdateAutoScalingGroupInput) (*autoscaling.UpdateAutoScalingGroupOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if err := a.name(in.LaunchTemplate, in.MixedInstancesPolicy); err != nil {
		return nil, err
	}
	if in.MinSize != nil {
		g.MinSize = in.MinSize
	}
	if in.MaxSize != nil {
		g.MaxSize = in.MaxSize
	}
	if in.DesiredCapacity != nil {
		g.DesiredCapacity = in.DesiredCapacity
	}
	g.DesiredCapacity = new(min(max(*g.DesiredCapacity, *g.MinSize), *g.MaxSize))
	if in.VPCZoneIdentifier != nil {
		g.VPCZoneIdentifier = in.VPCZoneIdentifier
	}
	if in.LaunchTemplate != nil {
		g.LaunchTemplate, g.MixedInstancesPolicy = in.LaunchTemplate, nil
	}
	if in.MixedInstancesPolicy != nil {
		g.LaunchTemplate, g.MixedInstancesPolicy = nil, in.MixedInstancesPolicy
	}
	a.reconcile(g)
	return &autoscaling.UpdateAutoScalingGroupOutput{}, nil
}

// SetDesiredCapacity changes the desired number.
func (a *AutoScaling) SetDesiredCapacity(_ *wire.Caller, in *autoscaling.SetDesiredCapacityInput) (*autoscaling.SetDesiredCapacityOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	g.DesiredCapacity = in.DesiredCapacity
	a.reconcile(g)
	return &autoscaling.SetDesiredCapacityOutput{}, nil
}

// DeleteAutoScalingGroup refuses a group with instances unless forced.
func (a *AutoScaling) DeleteAutoScalingGroup(_ *wire.Caller, in *autoscaling.DeleteAutoScalingGroupInput) (*autoscaling.DeleteAutoScalingGroupOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if len(g.Instances) > 0 && !aws.ToBool(in.ForceDelete) {
		return nil, wire.Errorf("ResourceInUse",
			"You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.")
	}
	g.DesiredCapacity, g.MinSize = new(int32(0)), new(int32(0))
	if len(g.Instances) == 0 {
		a.groups.Delete(*g.AutoScalingGroupName)
		return &autoscaling.DeleteAutoScalingGroupOutput{}, nil
	}
	g.Status = new("Delete in progress")
	for _, i := range a.live(g) {
		a.ec2.Terminate(*i.InstanceId)
		a.mark(g, *i.InstanceId, types.LifecycleStateTerminating)
	}
	return &autoscaling.DeleteAutoScalingGroupOutput{}, nil
}

// DescribeScalingActivities lists activities, newest first.
func (a *AutoScaling) DescribeScalingActivities(_ *wire.Caller, in *autoscaling.DescribeScalingActivitiesInput) (*autoscaling.DescribeScalingActivitiesOutput,
	error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	return &autoscaling.DescribeScalingActivitiesOutput{Activities: append([]types.Activity{}, g.Activities...)}, nil
}

// SuspendProcesses stops processes such as Launch or AZRebalance.
func (a *AutoScaling) SuspendProcesses(_ *wire.Caller, in *autoscaling.SuspendProcessesInput) (*autoscaling.SuspendProcessesOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	for _, p := range in.ScalingProcesses {
		if !a.suspended(g, p) {
			g.SuspendedProcesses = append(g.SuspendedProcesses, types.SuspendedProcess{ProcessName: new(p), SuspensionReason: new("User suspended")})
		}
	}
	return &autoscaling.SuspendProcessesOutput{}, nil
}

// ResumeProcesses lets processes go on.
func (a *AutoScaling) ResumeProcesses(_ *wire.Caller, in *autoscaling.ResumeProcessesInput) (*autoscaling.ResumeProcessesOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	g.SuspendedProcesses = slices.DeleteFunc(g.SuspendedProcesses, func(s types.SuspendedProcess) bool {
		return len(in.ScalingProcesses) == 0 || slices.Contains(in.ScalingProcesses, *s.ProcessName)
	})
	a.reconcile(g)
	return &autoscaling.ResumeProcessesOutput{}, nil
}

// EnableMetricsCollection turns group metrics on.
func (a *AutoScaling) EnableMetricsCollection(_ *wire.Caller, in *autoscaling.EnableMetricsCollectionInput) (*autoscaling.EnableMetricsCollectionOutput,
	error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	for _, m := range in.Metrics {
		g.EnabledMetrics = append(g.EnabledMetrics, types.EnabledMetric{Metric: new(m), Granularity: in.Granularity})
	}
	return &autoscaling.EnableMetricsCollectionOutput{}, nil
}

// CreateOrUpdateTags sets tags on groups.
func (a *AutoScaling) CreateOrUpdateTags(_ *wire.Caller, in *autoscaling.CreateOrUpdateTagsInput) (*autoscaling.CreateOrUpdateTagsOutput, error) {
	for _, t := range in.Tags {
		g, err := a.find(t.ResourceId)
		if err != nil {
			return nil, err
		}
		g.Tags = append(slices.DeleteFunc(g.Tags, func(x types.TagDescription) bool { return *x.Key == *t.Key }), tags([]types.Tag{t})...)
	}
	return &autoscaling.CreateOrUpdateTagsOutput{}, nil
}

// tagFilters are what tags are selected by.
var tagFilters = res.Fields[types.TagDescription](map[string]string{
	"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value", "propagate-at-launch": "PropagateAtLaunch",
})

func noFilter(name, allowed string) error {
	return wire.Errorf("ValidationError", "Filter type %s is not correct. Allowed Filter types are: %s", name, allowed)
}

// DescribeTags lists the tags of every group, by any of the filters' values.
func (a *AutoScaling) DescribeTags(_ *wire.Caller, in *autoscaling.DescribeTagsInput) (*autoscaling.DescribeTagsOutput, error) {
	var filters []res.Filter
	for _, f := range in.Filters {
		name := aws.ToString(f.Name)
		if tagFilters[name] == nil {
			return nil, noFilter(name, "auto-scaling-group key value propagate-at-launch")
		}
		filters = append(filters, res.Filter{Name: name, Values: f.Values})
	}
	out := &autoscaling.DescribeTagsOutput{Tags: []types.TagDescription{}}
	for _, g := range a.groups.All() {
		out.Tags = append(out.Tags, g.Tags...)
	}
	var err error
	out.Tags, err = res.Pick(out.Tags, filters, tagFilters)
	return out, err
}

// TerminateInstanceInAutoScalingGroup ends one instance.
func (a *AutoScaling) TerminateInstanceInAutoScalingGroup(_ *wire.Caller,
	in *autoscaling.TerminateInstanceInAutoScalingGroupInput) (*autoscaling.TerminateInstanceInAutoScalingGroupOutput, error) {
	for _, g := range a.groups.All() {
		for _, i := range a.live(g) {
			if *i.InstanceId == aws.ToString(in.InstanceId) {
				if aws.ToBool(in.ShouldDecrementDesiredCapacity) {
					g.DesiredCapacity = new(*g.DesiredCapacity - 1)
				}
				a.ec2.Terminate(*i.InstanceId)
				a.mark(g, *i.InstanceId, types.LifecycleStateTerminating)
				return &autoscaling.TerminateInstanceInAutoScalingGroupOutput{}, nil
			}
		}
	}
	return nil, wire.Errorf("ValidationError", "Instance Id not found - No managed instance found for instance ID: %s", aws.ToString(in.InstanceId))
}

// Group is a group, or nil; shared, not to be changed.
func (a *AutoScaling) Group(name string) *types.AutoScalingGroup {
	if g := a.groups.Get(name); g != nil {
		return &g.AutoScalingGroup
	}
	return nil
}

// LastFailure is why the newest launch failed, or "".
func (a *AutoScaling) LastFailure(name string) string {
	if g := a.groups.Get(name); g != nil && len(g.Activities) > 0 {
		return aws.ToString(g.Activities[0].StatusMessage)
	}
	return ""
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
