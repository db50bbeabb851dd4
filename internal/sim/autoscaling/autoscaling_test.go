package autoscaling_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	ec2sdk "github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	sim "github.com/slipway-eks/slipway/internal/sim/autoscaling"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

type region struct {
	w *world.World
	e *ec2.EC2
	a *sim.AutoScaling
}

func must[O any](out O, err error) O {
	if err != nil {
		panic(err)
	}
	return out
}

// start makes a group g of n instances over two zones, whose template names no type
// that EC2 lacks.
func start(n int32) region {
	w := world.New(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), 1, 0)
	e := ec2.New(w, "us-west-2", "111122223333", "aws")
	r := region{w, e, sim.New(w, e)}
	vpc := must(e.CreateVpc(nil, &ec2sdk.CreateVpcInput{CidrBlock: new("10.0.0.0/16")})).Vpc.VpcId
	var subnets []string
	for i, zone := range []string{"us-west-2a", "us-west-2b"} {
		s := must(e.CreateSubnet(nil, &ec2sdk.CreateSubnetInput{VpcId: vpc, CidrBlock: new(fmt.Sprintf("10.0.%d.0/24", i)), AvailabilityZone: &zone}))
		subnets = append(subnets, *s.Subnet.SubnetId)
	}
	data := &ec2types.RequestLaunchTemplateData{ImageId: new(ec2.ImageID("amazon-eks-node-al2023", "x86_64", "1.34")), InstanceType: "m5.large"}
	lt := must(e.CreateLaunchTemplate(nil, &ec2sdk.CreateLaunchTemplateInput{LaunchTemplateName: new("tpl"), LaunchTemplateData: data})).LaunchTemplate
	must(r.a.CreateAutoScalingGroup(nil, &autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: new("g"), MinSize: new(int32(0)),
		MaxSize: new(int32(9)), DesiredCapacity: &n,
		VPCZoneIdentifier: new(strings.Join(subnets, ",")), LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: lt.LaunchTemplateId,
			Version: new("1")}}))
	return r
}

// A group answers its template's ID and name, whichever it was given.
func TestATemplateIsAnsweredByIDAndName(t *testing.T) {
	r := start(0)
	byID := r.a.Group("g").LaunchTemplate
	must(r.a.UpdateAutoScalingGroup(nil, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("g"),
		MixedInstancesPolicy: &types.MixedInstancesPolicy{LaunchTemplate: &types.LaunchTemplate{
			LaunchTemplateSpecification: &types.LaunchTemplateSpecification{LaunchTemplateName: new("tpl"), Version: new("$Latest")}}}}))
	byName := r.a.Group("g").MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	if *byID.LaunchTemplateName != "tpl" || *byName.LaunchTemplateId != *byID.LaunchTemplateId || *byName.Version != "$Latest" {
		t.Errorf("%+v %+v", byID, byName)
	}
	if _, err := r.a.UpdateAutoScalingGroup(nil, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("g"),
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: new("none")}}); err == nil {
		t.Error("a template that is not there is taken")
	}
}

// A policy that names no template has the group's, and no group begins without one.
func TestAPolicyWithoutATemplateHasTheGroups(t *testing.T) {
	r := start(1)
	r.w.Advance(time.Minute)
	for _, m := range []*types.MixedInstancesPolicy{{}, {LaunchTemplate: &types.LaunchTemplate{}}} {
		must(r.a.StartInstanceRefresh(nil, &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: new("g"),
			DesiredConfiguration: &types.DesiredConfiguration{MixedInstancesPolicy: m}}))
		r.w.Advance(time.Hour)
		must(r.a.UpdateAutoScalingGroup(nil, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("g"), MixedInstancesPolicy: m}))
		r.w.Advance(time.Hour)
		if got := r.a.Group("g").MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification; got == nil || *got.LaunchTemplateName != "tpl" {
			t.Errorf("%+v", got)
		}
		if _, err := r.a.CreateAutoScalingGroup(nil, &autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: new("h"), MinSize: new(int32(0)),
			MaxSize: new(int32(1)), MixedInstancesPolicy: &types.MixedInstancesPolicy{}}); err == nil {
			t.Error("a group without a template is made")
		}
	}
}

// zones counts the group's instances in service, by zone.
func (r region) zones() string {
	n := map[string]int{}
	for _, i := range r.a.Group("g").Instances {
		if i.LifecycleState == types.LifecycleStateInService {
			n[*i.AvailabilityZone]++
		}
	}
	return fmt.Sprint(n)
}

func (r region) scale(n int32) {
	must(r.a.SetDesiredCapacity(nil, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: new("g"), DesiredCapacity: &n}))
}

func TestAGroupHoldsWhatIsDesiredAcrossZones(t *testing.T) {
	r := start(4)
	r.w.Advance(time.Minute)
	if z := r.zones(); z != "map[us-west-2a:2 us-west-2b:2]" {
		t.Errorf("%s", z)
	}
	r.e.Terminate(*r.a.Group("g").Instances[0].InstanceId)
	r.w.Advance(2 * time.Minute)
	if n := len(r.a.Group("g").Instances); n != 4 {
		t.Errorf("%d after one died", n)
	}
	r.scale(1)
	r.w.Advance(2 * time.Minute)
	if n := len(r.a.Group("g").Instances); n != 1 {
		t.Errorf("%d after scaling in", n)
	}
}

// One zone without capacity is gone round; none at all is said, and tried again.
func TestAGroupSaysWhyItCannotLaunch(t *testing.T) {
	r := start(0)
	r.e.NoCapacity["m5.large/us-west-2a"] = true
	r.scale(2)
	r.w.Advance(time.Minute)
	if z := r.zones(); z != "map[us-west-2b:2]" || r.a.LastFailure("g") != "" {
		t.Errorf("%s %s", z, r.a.LastFailure("g"))
	}
	r.e.NoCapacity["m5.large"] = true
	r.scale(3)
	r.w.Advance(10 * time.Minute)
	acts := must(r.a.DescribeScalingActivities(nil, &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: new("g")})).Activities
	failed := 0
	for _, a := range acts {
		if a.StatusCode == types.ScalingActivityStatusCodeFailed {
			failed++
		}
	}
	if why := r.a.LastFailure("g"); !strings.Contains(why, "sufficient m5.large capacity") || failed < 2 || failed > 5 {
		t.Errorf("%d failures, the last %q", failed, why)
	}
	clear(r.e.NoCapacity)
	r.w.Advance(10 * time.Minute)
	if n := len(r.a.Group("g").Instances); n != 3 || r.a.LastFailure("g") != "" {
		t.Errorf("with capacity: %d instances, %q", n, r.a.LastFailure("g"))
	}
}

func TestAGroupThatIsDeletedEndsItsInstances(t *testing.T) {
	r := start(2)
	r.w.Advance(time.Minute)
	if _, err := r.a.DeleteAutoScalingGroup(nil, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: new("g")}); err == nil {
		t.Error("a group with instances was deleted without force")
	}
	must(r.a.DeleteAutoScalingGroup(nil, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: new("g"), ForceDelete: new(true)}))
	if g := r.a.Group("g"); g == nil || g.Status == nil {
		t.Error("it does not say that it is being deleted")
	}
	r.w.Advance(time.Minute)
	if r.a.Group("g") != nil {
		t.Error("it is there after its instances")
	}
}

func TestSuspendedProcessesRest(t *testing.T) {
	r := start(0)
	must(r.a.SuspendProcesses(nil, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: new("g"), ScalingProcesses: []string{"Launch"}}))
	r.scale(2)
	r.w.Advance(time.Minute)
	if n := len(r.a.Group("g").Instances); n != 0 {
		t.Errorf("%d launched while suspended", n)
	}
	must(r.a.ResumeProcesses(nil, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: new("g")}))
	r.w.Advance(time.Minute)
	if n := len(r.a.Group("g").Instances); n != 2 {
		t.Errorf("%d after resuming", n)
	}
}

// Tags are found by what they are of and what they say; by nothing else.
func TestTagsAndGroupsAreSelected(t *testing.T) {
	r := start(0)
	tag := func(key, value string, propagate bool) types.Tag {
		return types.Tag{ResourceId: new("g"), ResourceType: new("auto-scaling-group"), Key: &key, Value: &value, PropagateAtLaunch: &propagate}
	}
	must(r.a.CreateOrUpdateTags(nil, &autoscaling.CreateOrUpdateTagsInput{Tags: []types.Tag{tag("a", "1", true), tag("b", "2", false)}}))
	must(r.a.CreateOrUpdateTags(nil, &autoscaling.CreateOrUpdateTagsInput{Tags: []types.Tag{tag("a", "3", true)}})) // again: replaced
	for _, x := range []struct {
		name, value string
		want        int // tags; -1: refused
	}{
		{"key", "a", 1}, {"value", "1", 0}, {"value", "3", 1}, {"auto-scaling-group", "g", 2}, {"auto-scaling-group", "h", 0},
		{"propagate-at-launch", "false", 1}, {"colour", "x", -1},
	} {
		out, err := r.a.DescribeTags(nil, &autoscaling.DescribeTagsInput{Filters: []types.Filter{{Name: &x.name, Values: []string{x.value}}}})
		if x.want < 0 {
			if err == nil || !strings.Contains(err.Error(), "Filter type colour is not correct") {
				t.Errorf("%s: %v", x.name, err)
			}
		} else if err != nil || len(out.Tags) != x.want {
			t.Errorf("by %s %s: %v %v, want %d", x.name, x.value, out, err, x.want)
		}
	}
	for name, want := range map[string]int{"tag-key": 1, "tag-value": 0, "tag:a": 0, "tag:b": 0, "colour": -1} {
		out, err := r.a.DescribeAutoScalingGroups(nil, &autoscaling.DescribeAutoScalingGroupsInput{
			Filters: []types.Filter{{Name: &name, Values: []string{"a"}}}})
		if want < 0 {
			if err == nil {
				t.Errorf("by %s: %v", name, out)
			}
		} else if err != nil || len(out.AutoScalingGroups) != want {
			t.Errorf("by %s: %v %v, want %d", name, out, err, want)
		}
	}
}

// An instance that is ended comes back, unless the group is to hold one less; ended
// again it is no instance of the group.
func TestAnEndedInstanceIsReplaced(t *testing.T) {
	r := start(2)
	r.w.Advance(time.Minute)
	end := func(id *string, less bool) error {
		_, err := r.a.TerminateInstanceInAutoScalingGroup(nil, &autoscaling.TerminateInstanceInAutoScalingGroupInput{InstanceId: id,
			ShouldDecrementDesiredCapacity: &less})
		return err
	}
	for i, x := range []struct {
		less bool
		want int
	}{{false, 2}, {true, 1}} {
		id := r.a.Group("g").Instances[0].InstanceId
		if err := end(id, x.less); err != nil {
			t.Fatal(err)
		}
		if s := r.a.Group("g").Instances[0].LifecycleState; s != types.LifecycleStateTerminating {
			t.Errorf("%d: it is %s", i, s)
		}
		r.w.Advance(5 * time.Minute)
		if n := len(r.a.Group("g").Instances); n != x.want {
			t.Errorf("%d: the group has %d instances, want %d", i, n, x.want)
		}
		if err := end(id, x.less); err == nil {
			t.Errorf("%d: ended again", i)
		}
	}
}
