package autoscaling_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	ec2sdk "github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func second[O any](_ O, err error) error { return err }

func (r region) group() types.AutoScalingGroup {
	return must(r.a.DescribeAutoScalingGroups(nil, &autoscaling.DescribeAutoScalingGroupsInput{})).AutoScalingGroups[0]
}

// states are the group's instances by their states.
func (r region) states() string {
	n := map[types.LifecycleState]int{}
	for _, i := range r.group().Instances {
		n[i.LifecycleState]++
	}
	return fmt.Sprint(n)
}

// What a group is told it answers, and what is out of bounds it refuses.
func TestAttributesAreKept(t *testing.T) {
	r := start(1)
	update := func(in *autoscaling.UpdateAutoScalingGroupInput) error {
		in.AutoScalingGroupName = new("g")
		return second(r.a.UpdateAutoScalingGroup(nil, in))
	}
	if err := update(&autoscaling.UpdateAutoScalingGroupInput{HealthCheckType: new("ELB"), HealthCheckGracePeriod: new(int32(30)), DefaultCooldown: new(int32(5)),
		TerminationPolicies: []string{"NewestInstance"}, NewInstancesProtectedFromScaleIn: new(true), MaxInstanceLifetime: new(int32(86400))}); err != nil {
		t.Fatal(err)
	}
	g := r.group()
	if *g.HealthCheckType != "ELB" || *g.HealthCheckGracePeriod != 30 || *g.DefaultCooldown != 5 || g.TerminationPolicies[0] != "NewestInstance" ||
		!*g.NewInstancesProtectedFromScaleIn || *g.MaxInstanceLifetime != 86400 || !slices.Equal(g.AvailabilityZones, []string{"us-west-2a", "us-west-2b"}) {
		t.Errorf("%+v", g)
	}
	for what, err := range map[string]error{
		"desired over max": second(r.a.SetDesiredCapacity(nil, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: new("g"),
			DesiredCapacity: new(int32(10))})),
		"desired in an update": update(&autoscaling.UpdateAutoScalingGroupInput{DesiredCapacity: new(int32(10))}),
		"min over max":         update(&autoscaling.UpdateAutoScalingGroupInput{MinSize: new(int32(10))}),
		"a policy":             update(&autoscaling.UpdateAutoScalingGroupInput{TerminationPolicies: []string{"Youngest"}}),
		"a health check":       update(&autoscaling.UpdateAutoScalingGroupInput{HealthCheckType: new("MAGIC")}),
		"a process": second(r.a.SuspendProcesses(nil, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: new("g"),
			ScalingProcesses: []string{"Lunch"}})),
	} {
		if code(err) != "ValidationError" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A refresh replaces every instance by one of the newest template, a batch after the
// other, and never more at once than it may.
func TestARefreshReplacesInstances(t *testing.T) {
	r := start(4)
	r.w.Advance(time.Minute)
	lt := r.group().LaunchTemplate.LaunchTemplateId
	must(r.e.CreateLaunchTemplateVersion(nil, &ec2sdk.CreateLaunchTemplateVersionInput{LaunchTemplateId: lt, SourceVersion: new("1"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{InstanceType: "m5.xlarge"}}))
	must(r.a.UpdateAutoScalingGroup(nil, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("g"),
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: lt, Version: new("$Latest")}}))
	in := &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: new("g"), Preferences: &types.RefreshPreferences{MinHealthyPercentage: new(int32(50)),
		InstanceWarmup: new(int32(10)), SkipMatching: new(true)}}
	id := must(r.a.StartInstanceRefresh(nil, in)).InstanceRefreshId
	if err := second(r.a.StartInstanceRefresh(nil, in)); code(err) != "InstanceRefreshInProgress" {
		t.Errorf("a second one: %v", err)
	}
	shown := func() types.InstanceRefresh {
		return must(r.a.DescribeInstanceRefreshes(nil, &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: new("g")})).InstanceRefreshes[0]
	}
	least := 4
	for n := 0; shown().Status != types.InstanceRefreshStatusSuccessful; n++ {
		if n > 1000 {
			t.Fatalf("%+v", shown())
		}
		r.w.Advance(time.Second)
		have := 0
		for _, i := range r.group().Instances {
			if i.LifecycleState == types.LifecycleStateInService {
				have++
			}
		}
		least = min(least, have)
	}
	if least != 2 {
		t.Errorf("there were %d instances at least", least)
	}
	for _, i := range r.group().Instances {
		if *i.InstanceType != "m5.xlarge" || *i.LaunchTemplate.Version != "2" {
			t.Errorf("%+v", i)
		}
	}
	if *shown().InstanceRefreshId != *id || *shown().PercentageComplete != 100 {
		t.Errorf("%+v", shown())
	}
	in.Preferences.SkipMatching, in.Preferences.MinHealthyPercentage = new(false), new(int32(100))
	must(r.a.StartInstanceRefresh(nil, in))
	r.w.Advance(7 * time.Second)
	must(r.a.CancelInstanceRefresh(nil, &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: new("g")}))
	r.w.Advance(10 * time.Minute)
	if s := shown(); s.Status != types.InstanceRefreshStatusCancelled || len(r.group().Instances) != 4 {
		t.Errorf("%+v, %d instances", s, len(r.group().Instances))
	}
	if err := second(r.a.CancelInstanceRefresh(nil, &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: new("g")})); code(err) !=
		"ActiveInstanceRefreshNotFound" {
		t.Errorf("%v", err)
	}
}

// A hook holds instances as they come and as they go, until it is answered or its time
// is over.
func TestHooksHoldInstances(t *testing.T) {
	r := start(0)
	put := func(name, transition, result string) {
		must(r.a.PutLifecycleHook(nil, &autoscaling.PutLifecycleHookInput{AutoScalingGroupName: new("g"), LifecycleHookName: &name,
			LifecycleTransition: new("autoscaling:EC2_INSTANCE_" + transition), DefaultResult: &result, HeartbeatTimeout: new(int32(300))}))
	}
	put("up", "LAUNCHING", "ABANDON")
	put("down", "TERMINATING", "CONTINUE")
	scale := func(n int32) {
		must(r.a.SetDesiredCapacity(nil, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: new("g"), DesiredCapacity: &n}))
		r.w.Advance(time.Minute)
	}
	answer := func(hook, result string) error {
		return second(r.a.CompleteLifecycleAction(nil, &autoscaling.CompleteLifecycleActionInput{AutoScalingGroupName: new("g"), LifecycleHookName: &hook,
			InstanceId: r.group().Instances[0].InstanceId, LifecycleActionResult: &result}))
	}
	scale(1)
	if s := r.states(); s != "map[Pending:Wait:1]" {
		t.Errorf("held: %s", s)
	}
	first := *r.group().Instances[0].InstanceId
	r.w.Advance(6 * time.Minute) // nobody answers: given up, and another one comes
	if s := r.states(); s != "map[Pending:Wait:1]" || *r.group().Instances[0].InstanceId == first {
		t.Errorf("after its time: %s", s)
	}
	if err := answer("up", "CONTINUE"); err != nil || r.states() != "map[InService:1]" {
		t.Errorf("answered: %v %s", err, r.states())
	}
	if err := answer("up", "CONTINUE"); code(err) != "ValidationError" {
		t.Errorf("answered again: %v", err)
	}
	scale(0)
	if s := r.states(); s != "map[Terminating:Wait:1]" {
		t.Errorf("on its way out: %s", s)
	}
	must(r.a.DeleteLifecycleHook(nil, &autoscaling.DeleteLifecycleHookInput{AutoScalingGroupName: new("g"), LifecycleHookName: new("down")}))
	r.w.Advance(time.Minute)
	if s := r.states(); s != "map[]" {
		t.Errorf("without the hook: %s", s)
	}
	l := must(r.a.DescribeLifecycleHooks(nil, &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: new("g")})).LifecycleHooks
	if len(l) != 1 || *l[0].GlobalTimeout != 30000 {
		t.Errorf("%+v", l)
	}
}

// Protected instances stay when the group scales in; the newest go where the policy
// says so.
func TestProtectionAndPolicies(t *testing.T) {
	r := start(2)
	r.w.Advance(time.Minute)
	var ids []string
	for _, i := range must(r.a.DescribeAutoScalingInstances(nil, &autoscaling.DescribeAutoScalingInstancesInput{})).AutoScalingInstances {
		ids = append(ids, *i.InstanceId)
	}
	must(r.a.SetInstanceProtection(nil, &autoscaling.SetInstanceProtectionInput{AutoScalingGroupName: new("g"), InstanceIds: ids[:1],
		ProtectedFromScaleIn: new(true)}))
	must(r.a.SetDesiredCapacity(nil, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: new("g"), DesiredCapacity: new(int32(0))}))
	r.w.Advance(time.Minute)
	if l := r.group().Instances; len(l) != 1 || *l[0].InstanceId != ids[0] {
		t.Errorf("%+v", l)
	}
	out := must(r.a.TerminateInstanceInAutoScalingGroup(nil, &autoscaling.TerminateInstanceInAutoScalingGroupInput{InstanceId: &ids[0],
		ShouldDecrementDesiredCapacity: new(false)}))
	r.w.Advance(time.Minute)
	if out.Activity == nil || len(r.group().Instances) != 0 {
		t.Errorf("%+v", out)
	}
}

// Each instance's end is told with its cause, and its activity ends when the instance is
// terminated.
func TestActivitiesTellOfTerminations(t *testing.T) {
	r := start(3)
	r.w.Advance(time.Minute)
	id := *r.group().Instances[0].InstanceId
	ends := func() map[string]types.Activity {
		out := map[string]types.Activity{}
		for _, x := range must(r.a.DescribeScalingActivities(nil, &autoscaling.DescribeScalingActivitiesInput{})).Activities {
			if i, ok := strings.CutPrefix(*x.Description, "Terminating EC2 instance: "); ok {
				out[i] = x
			}
		}
		return out
	}
	must(r.a.TerminateInstanceInAutoScalingGroup(nil, &autoscaling.TerminateInstanceInAutoScalingGroupInput{InstanceId: &id,
		ShouldDecrementDesiredCapacity: new(true)}))
	if x := ends()[id]; x.StatusCode != types.ScalingActivityStatusCodeInProgress ||
		!strings.HasSuffix(*x.Cause, "instance "+id+" was taken out of service in response to a user request, shrinking the capacity from 3 to 2.") {
		t.Errorf("%+v", x)
	}
	r.w.Advance(10 * time.Minute)
	if x := ends()[id]; x.StatusCode != types.ScalingActivityStatusCodeSuccessful || x.EndTime == nil {
		t.Errorf("when it is over: %+v", x)
	}
	other := *r.group().Instances[0].InstanceId
	r.e.Terminate(other)
	r.w.Advance(10 * time.Minute)
	if x := ends()[other]; x.Cause == nil || !strings.Contains(*x.Cause, "EC2 health check") {
		t.Errorf("one that somebody ended: %+v", x)
	}
	r.scale(1)
	r.w.Advance(10 * time.Minute)
	if l := ends(); len(l) != 3 {
		t.Errorf("after a scaling in: %+v", l)
	}
	if why := r.a.LastFailure("g"); why != "" {
		t.Errorf("no launch failed: %q", why)
	}
}

// Weights count towards the capacity, and requirements choose the types.
func TestMixedInstancesWeighAndMeet(t *testing.T) {
	r := start(0)
	m := &types.MixedInstancesPolicy{LaunchTemplate: &types.LaunchTemplate{LaunchTemplateSpecification: r.group().LaunchTemplate,
		Overrides: []types.LaunchTemplateOverrides{{WeightedCapacity: new("2"), InstanceRequirements: &types.InstanceRequirements{
			VCpuCount: &types.VCpuCountRequest{Min: new(int32(4)), Max: new(int32(4))}, MemoryMiB: &types.MemoryMiBRequest{Min: new(int32(16384))},
			CpuManufacturers: []types.CpuManufacturer{"intel"}}}}}, InstancesDistribution: &types.InstancesDistribution{}}
	must(r.a.UpdateAutoScalingGroup(nil, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("g"), MixedInstancesPolicy: m,
		DesiredCapacity: new(int32(4))}))
	r.w.Advance(time.Minute)
	l := r.group().Instances
	if len(l) != 2 || *l[0].WeightedCapacity != "2" || *l[0].InstanceType != "m5.xlarge" {
		t.Errorf("%+v", l)
	}
}

// A scheduled action is done at its time, and again where it recurs.
func TestScheduledActions(t *testing.T) {
	r := start(0) // at midnight of a Sunday
	put := func(name string, n int32, cron string) error {
		in := &autoscaling.PutScheduledUpdateGroupActionInput{AutoScalingGroupName: new("g"), ScheduledActionName: &name, DesiredCapacity: &n}
		if cron == "" {
			in.StartTime = new(r.w.Date().Add(time.Hour))
		} else {
			in.Recurrence = &cron
		}
		return second(r.a.PutScheduledUpdateGroupAction(nil, in))
	}
	if err := errors.Join(put("once", 3, ""), put("mornings", 2, "30 8 * * MON"), put("no", 1, "61 * * * *")); err == nil {
		t.Error("names of days and minutes over 59 are taken")
	}
	if err := put("mornings", 2, "30 8 * * 1-5"); err != nil {
		t.Fatal(err)
	}
	r.w.Advance(2 * time.Hour)
	if n := *r.group().DesiredCapacity; n != 3 {
		t.Errorf("after the hour: %d", n)
	}
	l := must(r.a.DescribeScheduledActions(nil, &autoscaling.DescribeScheduledActionsInput{})).ScheduledUpdateGroupActions
	if len(l) != 1 || l[0].StartTime.Format(time.RFC3339) != "2026-11-23T08:30:00Z" {
		t.Errorf("%+v", l)
	}
	must(r.a.SuspendProcesses(nil, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: new("g"), ScalingProcesses: []string{"ScheduledActions"}}))
	r.w.Advance(32 * time.Hour)
	if n := *r.group().DesiredCapacity; n != 3 {
		t.Errorf("suspended: %d", n)
	}
	must(r.a.ResumeProcesses(nil, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: new("g")}))
	r.w.Advance(24 * time.Hour)
	if n := *r.group().DesiredCapacity; n != 2 {
		t.Errorf("on the second morning: %d", n)
	}
	must(r.a.DeleteScheduledAction(nil, &autoscaling.DeleteScheduledActionInput{AutoScalingGroupName: new("g"), ScheduledActionName: new("mornings")}))
}

// Tags come and go by key.
func TestTagsAreDeleted(t *testing.T) {
	r := start(0)
	tag := types.Tag{ResourceId: new("g"), ResourceType: new("auto-scaling-group"), Key: new("k"), Value: new("v"), PropagateAtLaunch: new(true)}
	must(r.a.CreateOrUpdateTags(nil, &autoscaling.CreateOrUpdateTagsInput{Tags: []types.Tag{tag}}))
	must(r.a.DeleteTags(nil, &autoscaling.DeleteTagsInput{Tags: []types.Tag{tag}}))
	if l := must(r.a.DescribeTags(nil, &autoscaling.DescribeTagsInput{})).Tags; len(l) != 0 {
		t.Errorf("%+v", l)
	}
}

// A maintenance policy may say one bound alone: the other is a refresh's own.
func TestARefreshTakesWhatAMaintenancePolicySays(t *testing.T) {
	r := start(1)
	r.w.Advance(time.Minute)
	must(r.a.UpdateAutoScalingGroup(nil, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("g"),
		InstanceMaintenancePolicy: &types.InstanceMaintenancePolicy{MaxHealthyPercentage: new(int32(120))}}))
	must(r.a.StartInstanceRefresh(nil, &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: new("g")}))
	out := must(r.a.DescribeInstanceRefreshes(nil, &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: new("g")})).InstanceRefreshes[0]
	if p := out.Preferences; *p.MinHealthyPercentage != 90 || *p.MaxHealthyPercentage != 120 {
		t.Errorf("%d to %d", *p.MinHealthyPercentage, *p.MaxHealthyPercentage)
	}
	r.w.Advance(time.Hour)
}
