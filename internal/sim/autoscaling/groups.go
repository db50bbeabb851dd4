package autoscaling

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// CreateAutoScalingGroup makes a group and starts launching.
func (a *AutoScaling) CreateAutoScalingGroup(_ *wire.Caller, in *autoscaling.CreateAutoScalingGroupInput) (*autoscaling.CreateAutoScalingGroupOutput, error) {
	name := aws.ToString(in.AutoScalingGroupName)
	if a.groups.Get(name) != nil {
		return nil, wire.Errorf("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", name)
	}
	if in.LaunchTemplate == nil && in.MixedInstancesPolicy == nil {
		return nil, wire.Errorf("ValidationError",
			"Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	}
	if err := a.name(nil, in.LaunchTemplate, in.MixedInstancesPolicy); err != nil {
		return nil, err
	}
	desired := aws.ToInt32(in.MinSize)
	if in.DesiredCapacity != nil {
		desired = *in.DesiredCapacity
	}
	if err := bounds(aws.ToInt32(in.MinSize), desired, aws.ToInt32(in.MaxSize)); err != nil {
		return nil, err
	}
	g := &group{AutoScalingGroup: types.AutoScalingGroup{AutoScalingGroupName: new(name),
		AutoScalingGroupARN: new(a.prefix + a.w.UUID("asg", name) + ":autoScalingGroupName/" + name), MinSize: in.MinSize, MaxSize: in.MaxSize,
		DesiredCapacity: new(desired), LaunchTemplate: in.LaunchTemplate, MixedInstancesPolicy: in.MixedInstancesPolicy, CreatedTime: new(a.w.Date()),
		HealthCheckType: new("EC2"), HealthCheckGracePeriod: new(int32(0)), DefaultCooldown: new(int32(300)), TerminationPolicies: []string{"Default"},
		NewInstancesProtectedFromScaleIn: new(false), Instances: []types.Instance{}, SuspendedProcesses: []types.SuspendedProcess{},
		EnabledMetrics: []types.EnabledMetric{}, Tags: tags(in.Tags), TargetGroupARNs: in.TargetGroupARNs, LoadBalancerNames: in.LoadBalancerNames,
		TrafficSources: in.TrafficSources, ServiceLinkedRoleARN: new(a.role()),
		AvailabilityZoneDistribution: &types.AvailabilityZoneDistribution{
			CapacityDistributionStrategy: types.CapacityDistributionStrategyBalancedBestEffort},
		CapacityReservationSpecification: &types.CapacityReservationSpecification{
			CapacityReservationPreference: types.CapacityReservationPreferenceDefault}}}
	attributes := &autoscaling.UpdateAutoScalingGroupInput{AvailabilityZoneDistribution: in.AvailabilityZoneDistribution,
		AvailabilityZoneImpairmentPolicy: in.AvailabilityZoneImpairmentPolicy, AvailabilityZones: in.AvailabilityZones, CapacityRebalance: in.CapacityRebalance,
		CapacityReservationSpecification: in.CapacityReservationSpecification, Context: in.Context, DefaultCooldown: in.DefaultCooldown,
		DefaultInstanceWarmup: in.DefaultInstanceWarmup, DesiredCapacityType: in.DesiredCapacityType, HealthCheckGracePeriod: in.HealthCheckGracePeriod,
		HealthCheckType: in.HealthCheckType, InstanceMaintenancePolicy: in.InstanceMaintenancePolicy, MaxInstanceLifetime: in.MaxInstanceLifetime,
		NewInstancesProtectedFromScaleIn: in.NewInstancesProtectedFromScaleIn, PlacementGroup: in.PlacementGroup, ServiceLinkedRoleARN: in.ServiceLinkedRoleARN,
		TerminationPolicies: in.TerminationPolicies, VPCZoneIdentifier: in.VPCZoneIdentifier, DeletionProtection: in.DeletionProtection,
		InstanceLifecyclePolicy: in.InstanceLifecyclePolicy}
	if err := a.set(g, attributes); err != nil {
		return nil, err
	}
	for _, h := range in.LifecycleHookSpecificationList {
		hook, err := newHook(types.LifecycleHook{AutoScalingGroupName: new(name), LifecycleHookName: h.LifecycleHookName, DefaultResult: h.DefaultResult,
			HeartbeatTimeout: h.HeartbeatTimeout, LifecycleTransition: h.LifecycleTransition, NotificationMetadata: h.NotificationMetadata,
			NotificationTargetARN: h.NotificationTargetARN, RoleARN: h.RoleARN})
		if err != nil {
			return nil, err
		}
		g.Hooks = append(g.Hooks, hook)
	}
	a.groups.Put(name, g)
	a.Link("autoscaling.amazonaws.com")
	a.reconcile(g)
	return &autoscaling.CreateAutoScalingGroupOutput{}, nil
}

// role is the service-linked role that acts for groups which name no other.
func (a *AutoScaling) role() string {
	return "arn:" + a.ec2.Partition + ":iam::" + a.ec2.Account +
		":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
}

func bounds(low, desired, high int32) error {
	switch {
	case low > high:
		return wire.Errorf("ValidationError", "Max bound, %d, must be greater than or equal to min bound, %d", high, low)
	case desired < low || desired > high:
		return wire.Errorf("ValidationError", "Desired capacity:%d must be between the specified min size:%d and max size:%d", desired, low, high)
	}
	return nil
}

// policies are how a group may choose whom to end.
var policies = []string{"Default", "AllocationStrategy", "OldestLaunchTemplate", "OldestLaunchConfiguration", "ClosestToNextInstanceHour", "NewestInstance",
	"OldestInstance"}

// set changes the attributes that a request names: all, or none with its error.
func (a *AutoScaling) set(g *group, in *autoscaling.UpdateAutoScalingGroupInput) error {
	for _, p := range in.TerminationPolicies {
		if !slices.Contains(policies, p) && !strings.HasPrefix(p, "arn:") {
			return wire.Errorf("ValidationError", "The specified termination policy '%s' is not valid.", p)
		}
	}
	if t := aws.ToString(in.HealthCheckType); t != "" {
		for _, x := range strings.Split(t, ",") {
			if !slices.Contains([]string{"EC2", "ELB", "VPC_LATTICE", "EBS"}, x) {
				return wire.Errorf("ValidationError", "HealthCheckType '%s' is not valid.", x)
			}
		}
	}
	subnets := aws.ToString(in.VPCZoneIdentifier)
	var zones []string
	if subnets == "" && g.VPCZoneIdentifier == nil {
		zones = in.AvailabilityZones
		ids := a.ec2.DefaultSubnets(zones)
		if len(zones) == 0 || len(ids) != len(zones) {
			return wire.Errorf("ValidationError", "At least one Availability Zone or VPC Subnet is required.")
		}
		g.Subnets = ids
	} else if subnets != "" {
		g.Subnets = nil
		for _, id := range strings.Split(subnets, ",") {
			s := a.ec2.Subnet(id)
			if s == nil {
				return wire.Errorf("ValidationError", "The subnet ID '%s' does not exist", id)
			}
			if !slices.Contains(zones, *s.AvailabilityZone) {
				zones = append(zones, *s.AvailabilityZone)
			}
			g.Subnets = append(g.Subnets, id)
		}
		g.VPCZoneIdentifier = in.VPCZoneIdentifier
	}
	if zones != nil {
		slices.Sort(zones)
		g.AvailabilityZones = zones
	}
	if in.TerminationPolicies != nil {
		g.TerminationPolicies = in.TerminationPolicies
	}
	for to, from := range map[**string]*string{&g.HealthCheckType: in.HealthCheckType, &g.PlacementGroup: in.PlacementGroup,
		&g.ServiceLinkedRoleARN: in.ServiceLinkedRoleARN, &g.Context: in.Context, &g.DesiredCapacityType: in.DesiredCapacityType} {
		if from != nil && *from != "" {
			*to = from
		}
	}
	for to, from := range map[**int32]*int32{&g.HealthCheckGracePeriod: in.HealthCheckGracePeriod, &g.DefaultCooldown: in.DefaultCooldown,
		&g.DefaultInstanceWarmup: in.DefaultInstanceWarmup, &g.MaxInstanceLifetime: in.MaxInstanceLifetime} {
		if from != nil {
			*to = from
		}
	}
	if w := g.DefaultInstanceWarmup; w != nil && *w < 0 { // -1 takes it away
		g.DefaultInstanceWarmup = nil
	}
	for to, from := range map[**bool]*bool{&g.CapacityRebalance: in.CapacityRebalance,
		&g.NewInstancesProtectedFromScaleIn: in.NewInstancesProtectedFromScaleIn} {
		if from != nil {
			*to = from
		}
	}
	if p := in.InstanceMaintenancePolicy; p != nil {
		if g.InstanceMaintenancePolicy = p; aws.ToInt32(p.MinHealthyPercentage) < 0 {
			g.InstanceMaintenancePolicy = nil
		}
	}
	if in.AvailabilityZoneDistribution != nil {
		g.AvailabilityZoneDistribution = in.AvailabilityZoneDistribution
	}
	if in.AvailabilityZoneImpairmentPolicy != nil {
		g.AvailabilityZoneImpairmentPolicy = in.AvailabilityZoneImpairmentPolicy
	}
	if in.CapacityReservationSpecification != nil {
		g.CapacityReservationSpecification = in.CapacityReservationSpecification
	}
	if in.DeletionProtection != "" {
		g.DeletionProtection = in.DeletionProtection
	}
	if in.InstanceLifecyclePolicy != nil {
		g.InstanceLifecyclePolicy = in.InstanceLifecyclePolicy
	}
	return nil
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
			v.Instances, v.Tags = slices.Clone(g.Instances), append([]types.TagDescription{}, g.Tags...)
			out.AutoScalingGroups = append(out.AutoScalingGroups, v)
		}
	}
	return out, nil
}

// UpdateAutoScalingGroup changes a group: sizes, subnets, the template, attributes.
func (a *AutoScaling) UpdateAutoScalingGroup(_ *wire.Caller, in *autoscaling.UpdateAutoScalingGroupInput) (*autoscaling.UpdateAutoScalingGroupOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if err := a.name(g, in.LaunchTemplate, in.MixedInstancesPolicy); err != nil {
		return nil, err
	}
	low, desired, high := *g.MinSize, *g.DesiredCapacity, *g.MaxSize
	if in.MinSize != nil {
		low = *in.MinSize
	}
	if in.MaxSize != nil {
		high = *in.MaxSize
	}
	if in.DesiredCapacity != nil {
		desired = *in.DesiredCapacity
	} else {
		desired = min(max(desired, low), high)
	}
	if err := bounds(low, desired, high); err != nil {
		return nil, err
	}
	if err := a.set(g, in); err != nil {
		return nil, err
	}
	g.MinSize, g.DesiredCapacity, g.MaxSize = new(low), new(desired), new(high)
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
	switch n := aws.ToInt32(in.DesiredCapacity); {
	case n > *g.MaxSize:
		return nil, wire.Errorf("ValidationError", "New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", n, *g.MaxSize)
	case n < *g.MinSize:
		return nil, wire.Errorf("ValidationError", "New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", n, *g.MinSize)
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
	if g.Refreshing != nil && !aws.ToBool(in.ForceDelete) {
		return nil, wire.Errorf("ResourceInUse", "You cannot delete an AutoScalingGroup while an instance refresh is in progress.")
	}
	g.DesiredCapacity, g.MinSize = new(int32(0)), new(int32(0))
	if len(g.Instances) == 0 {
		a.groups.Delete(*g.AutoScalingGroupName)
		return &autoscaling.DeleteAutoScalingGroupOutput{}, nil
	}
	g.Status, g.Refreshing, g.Hooks = new("Delete in progress"), nil, nil // a forced deletion waits for nobody
	for _, i := range slices.Clone(g.Instances) {
		a.ec2.Terminate(*i.InstanceId)
		a.mark(g, *i.InstanceId, types.LifecycleStateTerminating)
	}
	return &autoscaling.DeleteAutoScalingGroupOutput{}, nil
}

// processes are those that can be suspended.
var processes = []string{"Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh", "ReplaceUnhealthy",
	"ScheduledActions"}

func checkProcesses(l []string) error {
	for _, p := range l {
		if !slices.Contains(processes, p) {
			return wire.Errorf("ValidationError", "Invalid scaling process: %s", p)
		}
	}
	return nil
}

// SuspendProcesses stops processes such as Launch; none named: all.
func (a *AutoScaling) SuspendProcesses(_ *wire.Caller, in *autoscaling.SuspendProcessesInput) (*autoscaling.SuspendProcessesOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if err := checkProcesses(in.ScalingProcesses); err != nil {
		return nil, err
	}
	which := in.ScalingProcesses
	if len(which) == 0 {
		which = processes
	}
	for _, p := range which {
		if !a.suspended(g, p) {
			g.SuspendedProcesses = append(g.SuspendedProcesses, types.SuspendedProcess{ProcessName: new(p),
				SuspensionReason: new("User suspended at " + a.w.Date().Format(time.RFC3339))})
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
	if err := checkProcesses(in.ScalingProcesses); err != nil {
		return nil, err
	}
	g.SuspendedProcesses = slices.DeleteFunc(g.SuspendedProcesses, func(s types.SuspendedProcess) bool {
		return len(in.ScalingProcesses) == 0 || slices.Contains(in.ScalingProcesses, *s.ProcessName)
	})
	a.reconcile(g)
	return &autoscaling.ResumeProcessesOutput{}, nil
}

// EnableMetricsCollection turns group metrics on; none named: all.
func (a *AutoScaling) EnableMetricsCollection(_ *wire.Caller, in *autoscaling.EnableMetricsCollectionInput) (*autoscaling.EnableMetricsCollectionOutput,
	error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	which := in.Metrics
	if len(which) == 0 {
		which = []string{"GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupStandbyInstances",
			"GroupTerminatingInstances", "GroupTotalInstances"}
	}
	for _, m := range which {
		if !slices.ContainsFunc(g.EnabledMetrics, func(x types.EnabledMetric) bool { return *x.Metric == m }) {
			g.EnabledMetrics = append(g.EnabledMetrics, types.EnabledMetric{Metric: new(m), Granularity: in.Granularity})
		}
	}
	return &autoscaling.EnableMetricsCollectionOutput{}, nil
}

// DisableMetricsCollection turns group metrics off; none named: all.
func (a *AutoScaling) DisableMetricsCollection(_ *wire.Caller,
	in *autoscaling.DisableMetricsCollectionInput) (*autoscaling.DisableMetricsCollectionOutput, error) {
	g, err := a.find(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	g.EnabledMetrics = slices.DeleteFunc(g.EnabledMetrics, func(m types.EnabledMetric) bool {
		return len(in.Metrics) == 0 || slices.Contains(in.Metrics, *m.Metric)
	})
	return &autoscaling.DisableMetricsCollectionOutput{}, nil
}

// DescribeWarmPool tells of a group's warm pool, of which none has one.
func (a *AutoScaling) DescribeWarmPool(_ *wire.Caller, in *autoscaling.DescribeWarmPoolInput) (*autoscaling.DescribeWarmPoolOutput, error) {
	if _, err := a.find(in.AutoScalingGroupName); err != nil {
		return nil, err
	}
	return &autoscaling.DescribeWarmPoolOutput{Instances: []types.Instance{}}, nil
}

// DescribeLaunchConfigurations lists launch configurations, which new accounts cannot
// make.
func (a *AutoScaling) DescribeLaunchConfigurations(_ *wire.Caller,
	_ *autoscaling.DescribeLaunchConfigurationsInput) (*autoscaling.DescribeLaunchConfigurationsOutput, error) {
	return &autoscaling.DescribeLaunchConfigurationsOutput{LaunchConfigurations: []types.LaunchConfiguration{}}, nil
}

func tags(in []types.Tag) []types.TagDescription {
	out := []types.TagDescription{}
	for _, t := range in {
		out = append(out, types.TagDescription{Key: t.Key, Value: new(aws.ToString(t.Value)), PropagateAtLaunch: new(aws.ToBool(t.PropagateAtLaunch)),
			ResourceId: t.ResourceId, ResourceType: new("auto-scaling-group")})
	}
	return out
}

// CreateOrUpdateTags sets tags on groups: all or none.
func (a *AutoScaling) CreateOrUpdateTags(_ *wire.Caller, in *autoscaling.CreateOrUpdateTagsInput) (*autoscaling.CreateOrUpdateTagsOutput, error) {
	for _, t := range in.Tags {
		if _, err := a.find(t.ResourceId); err != nil {
			return nil, err
		}
		if strings.HasPrefix(strings.ToLower(aws.ToString(t.Key)), "aws:") {
			return nil, wire.Errorf("ValidationError", "Tag keys starting with 'aws:' are reserved for internal use")
		}
	}
	for _, t := range in.Tags {
		g := a.groups.Get(*t.ResourceId)
		g.Tags = append(slices.DeleteFunc(g.Tags, func(x types.TagDescription) bool { return *x.Key == *t.Key }), tags([]types.Tag{t})...)
	}
	return &autoscaling.CreateOrUpdateTagsOutput{}, nil
}

// DeleteTags takes tags away by their keys.
func (a *AutoScaling) DeleteTags(_ *wire.Caller, in *autoscaling.DeleteTagsInput) (*autoscaling.DeleteTagsOutput, error) {
	for _, t := range in.Tags {
		if _, err := a.find(t.ResourceId); err != nil {
			return nil, err
		}
	}
	for _, t := range in.Tags {
		g := a.groups.Get(*t.ResourceId)
		g.Tags = slices.DeleteFunc(g.Tags, func(x types.TagDescription) bool { return *x.Key == aws.ToString(t.Key) })
	}
	return &autoscaling.DeleteTagsOutput{}, nil
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
