package autoscaling_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	ec2sdk "github.com/slipway-eks/slipway/internal/aws/ec2"
)

func (r region) update(in autoscaling.UpdateAutoScalingGroupInput) {
	in.AutoScalingGroupName = new("g")
	must(r.a.UpdateAutoScalingGroup(nil, &in))
}

// lopsided is a group of four in zone b, from when zone a had no capacity, which it has again.
func lopsided(t *testing.T, most int32) region {
	t.Helper()
	r := start(0)
	r.e.NoCapacity["m5.large/us-west-2a"] = true
	r.update(autoscaling.UpdateAutoScalingGroupInput{DesiredCapacity: new(int32(4)), MaxSize: &most})
	r.w.Advance(time.Minute)
	if z := r.zones(); z != "map[us-west-2b:4]" {
		t.Fatalf("without capacity: %s", z)
	}
	clear(r.e.NoCapacity)
	return r
}

// bounds are the fewest instances in service over a time, and the most that live.
func (r region) bounds(over time.Duration) (least, most int) {
	least = len(r.group().Instances)
	for range int(over / time.Second) {
		r.w.Advance(time.Second)
		inService, live := 0, 0
		for _, i := range r.group().Instances {
			if i.LifecycleState == types.LifecycleStateInService {
				inService++
			}
			if !strings.HasPrefix(string(i.LifecycleState), "Terminat") {
				live++
			}
		}
		least, most = min(least, inService), max(most, live)
	}
	return least, most
}

// causes are those of a group's activities, the newest first, that say what is asked for.
func (r region) causes(what string) (out []string) {
	for _, x := range must(r.a.DescribeScalingActivities(nil, &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: new("g")})).Activities {
		if strings.Contains(*x.Cause, what) {
			out = append(out, *x.Cause)
		}
	}
	return out
}

// A zone that lacked capacity and has it again gets its share, one instance at a time: the new
// one is in service before the old one goes, and the activities say why.
func TestAZoneThatIsBackGetsItsShare(t *testing.T) {
	for _, most := range []int32{4, 9} {
		r := lopsided(t, most)
		least, live := r.bounds(30 * time.Minute)
		if z := r.zones(); z != "map[us-west-2a:2 us-west-2b:2]" || least != 4 || live != 5 {
			t.Errorf("of at most %d: %s, at least %d in service, at most %d alive", most, z, least, live)
		}
		up := r.causes("availability zones us-west-2a us-west-2b had 0 4 instances respectively. " +
			"An instance was launched to aid in balancing the group's zones.")
		down := r.causes("instances were launched to balance instances in zones us-west-2a with other zones resulting in more than desired number of " +
			"instances in the group. At 20")
		if len(up) != 1 || len(down) != 2 || !strings.Contains(down[0], "shrinking the capacity from 5 to 4. At ") {
			t.Errorf("%q\n%q", up, down)
		}
		n := len(r.causes(""))
		if r.w.Advance(6 * time.Hour); len(r.causes("")) != n {
			t.Errorf("balanced, it goes on: %q", r.causes("")[0])
		}
	}
}

// Of sixty, six are beyond the maximum at a time.
func TestAGroupExceedsItsMaximumByATenth(t *testing.T) {
	r := start(0)
	r.e.NoCapacity["m5.large/us-west-2a"] = true
	r.update(autoscaling.UpdateAutoScalingGroupInput{DesiredCapacity: new(int32(60)), MaxSize: new(int32(60))})
	r.w.Advance(time.Minute)
	clear(r.e.NoCapacity)
	if least, live := r.bounds(time.Hour); least != 60 || live != 66 || r.zones() != "map[us-west-2a:30 us-west-2b:30]" {
		t.Errorf("%s, at least %d in service, at most %d alive", r.zones(), least, live)
	}
}

// Where there is still no capacity the group says so now and again, and holds what it has.
func TestABalancingWithoutCapacityIsTriedAgain(t *testing.T) {
	r := lopsided(t, 9)
	r.e.NoCapacity["m5.large/us-west-2a"] = true
	r.w.Advance(time.Hour)
	tried := r.causes("An instance was launched to aid in balancing")
	if n := len(tried); n < 6 || n > 20 || r.zones() != "map[us-west-2b:4]" || !strings.Contains(r.a.LastFailure("g"), "sufficient m5.large capacity") {
		t.Errorf("tried %d times: %s, %q", n, r.zones(), r.a.LastFailure("g"))
	}
	clear(r.e.NoCapacity)
	if r.w.Advance(time.Hour); r.zones() != "map[us-west-2a:2 us-west-2b:2]" || r.a.LastFailure("g") != "" {
		t.Errorf("with capacity: %s, %q", r.zones(), r.a.LastFailure("g"))
	}
}

// A zone that is added gets its share, and one that is taken away loses all it has.
func TestAGroupFollowsItsZones(t *testing.T) {
	r := start(6)
	r.w.Advance(time.Minute)
	two := *r.group().VPCZoneIdentifier
	b := strings.Split(two, ",")[1]
	vpc := must(r.e.DescribeSubnets(nil, &ec2sdk.DescribeSubnetsInput{SubnetIds: []string{b}})).Subnets[0].VpcId
	c := must(r.e.CreateSubnet(nil, &ec2sdk.CreateSubnetInput{VpcId: vpc, CidrBlock: new("10.0.9.0/24"), AvailabilityZone: new("us-west-2c")})).Subnet.SubnetId
	r.update(autoscaling.UpdateAutoScalingGroupInput{VPCZoneIdentifier: new(two + "," + *c)})
	if least, live := r.bounds(time.Hour); least != 6 || live != 7 || r.zones() != "map[us-west-2a:2 us-west-2b:2 us-west-2c:2]" {
		t.Errorf("with another zone: %s, %d to %d", r.zones(), least, live)
	}
	r.update(autoscaling.UpdateAutoScalingGroupInput{VPCZoneIdentifier: new(b + "," + *c)})
	if least, live := r.bounds(time.Hour); least != 6 || live != 7 || r.zones() != "map[us-west-2b:3 us-west-2c:3]" {
		t.Errorf("without the first: %s, %d to %d", r.zones(), least, live)
	}
}

// What a client ends comes back where it was. Ended for good, it leaves a zone short, and that
// is made good where a zone has two more than another.
func TestWhatAClientEndsUnbalancesAGroup(t *testing.T) {
	r := start(4)
	r.w.Advance(time.Minute)
	end := func(less bool) {
		for _, i := range r.group().Instances {
			if *i.AvailabilityZone == "us-west-2a" {
				must(r.a.TerminateInstanceInAutoScalingGroup(nil, &autoscaling.TerminateInstanceInAutoScalingGroupInput{InstanceId: i.InstanceId,
					ShouldDecrementDesiredCapacity: &less}))
				break
			}
		}
		r.w.Advance(time.Minute)
	}
	end(false)
	if r.zones() != "map[us-west-2a:2 us-west-2b:2]" {
		t.Errorf("ended with the size kept: %s", r.zones())
	}
	end(true)
	if r.w.Advance(time.Hour); r.zones() != "map[us-west-2a:1 us-west-2b:2]" || len(r.causes("balanc")) > 0 {
		t.Errorf("one less is balanced: %s, %q", r.zones(), r.causes("balanc"))
	}
	end(true)
	if r.zones() != "map[us-west-2b:2]" {
		t.Errorf("at once: %s", r.zones())
	}
	if r.w.Advance(time.Hour); r.zones() != "map[us-west-2a:1 us-west-2b:1]" {
		t.Errorf("in time: %s", r.zones())
	}
}

// Suspended, a group is not balanced, nor without launches; without terminations it grows to
// a tenth, or one, beyond its maximum, and shrinks when they are resumed.
func TestSuspendedProcessesKeepAGroupLopsided(t *testing.T) {
	for _, p := range []string{"AZRebalance", "Launch"} {
		r := lopsided(t, 4)
		must(r.a.SuspendProcesses(nil, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: new("g"), ScalingProcesses: []string{p}}))
		if r.w.Advance(6 * time.Hour); r.zones() != "map[us-west-2b:4]" {
			t.Errorf("without %s: %s", p, r.zones())
		}
		must(r.a.ResumeProcesses(nil, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: new("g")}))
		if r.w.Advance(time.Hour); r.zones() != "map[us-west-2a:2 us-west-2b:2]" {
			t.Errorf("with %s again: %s", p, r.zones())
		}
	}
	r := lopsided(t, 4)
	must(r.a.SuspendProcesses(nil, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: new("g"), ScalingProcesses: []string{"Terminate"}}))
	if r.w.Advance(6 * time.Hour); r.zones() != "map[us-west-2a:1 us-west-2b:4]" {
		t.Errorf("without Terminate: %s", r.zones())
	}
	must(r.a.ResumeProcesses(nil, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: new("g")}))
	if r.w.Advance(time.Hour); r.zones() != "map[us-west-2a:2 us-west-2b:2]" {
		t.Errorf("with Terminate again: %s", r.zones())
	}
}

// Nothing is launched where nothing may go, and hooks hold what comes and what goes.
func TestProtectionAndHooksHoldABalancing(t *testing.T) {
	r := lopsided(t, 9)
	protect := func(on bool) {
		var ids []string
		for _, i := range r.group().Instances {
			ids = append(ids, *i.InstanceId)
		}
		must(r.a.SetInstanceProtection(nil, &autoscaling.SetInstanceProtectionInput{AutoScalingGroupName: new("g"), InstanceIds: ids, ProtectedFromScaleIn: &on}))
	}
	protect(true)
	if r.w.Advance(6 * time.Hour); r.zones() != "map[us-west-2b:4]" || len(r.causes("")) != 4 {
		t.Errorf("protected: %s, %q", r.zones(), r.causes(""))
	}
	for _, on := range []string{"LAUNCHING", "TERMINATING"} {
		must(r.a.PutLifecycleHook(nil, &autoscaling.PutLifecycleHookInput{AutoScalingGroupName: new("g"), LifecycleHookName: &on,
			LifecycleTransition: new("autoscaling:EC2_INSTANCE_" + on), HeartbeatTimeout: new(int32(7200))}))
	}
	protect(false)
	answer := func(state types.LifecycleState) {
		for _, i := range r.group().Instances {
			if i.LifecycleState == state {
				must(r.a.CompleteLifecycleAction(nil, &autoscaling.CompleteLifecycleActionInput{AutoScalingGroupName: new("g"), InstanceId: i.InstanceId,
					LifecycleHookName:     new(map[bool]string{true: "LAUNCHING", false: "TERMINATING"}[state == types.LifecycleStatePendingWait]),
					LifecycleActionResult: new("CONTINUE")}))
			}
		}
		r.w.Advance(time.Minute)
	}
	if r.w.Advance(time.Hour); r.states() != "map[InService:4 Pending:Wait:1]" {
		t.Errorf("one comes: %s", r.states())
	}
	if answer(types.LifecycleStatePendingWait); r.states() != "map[InService:4 Terminating:Wait:1]" || r.zones() != "map[us-west-2a:1 us-west-2b:3]" {
		t.Errorf("one goes: %s %s", r.states(), r.zones())
	}
	if answer(types.LifecycleStateTerminatingWait); r.states() != "map[InService:4]" {
		t.Errorf("one is gone: %s", r.states())
	}
}

// A group that is balanced only launches nowhere but in the zone whose turn it is.
func TestAGroupThatIsBalancedOnlyWaitsForItsZone(t *testing.T) {
	r := start(0)
	r.e.NoCapacity["m5.large/us-west-2a"] = true
	r.update(autoscaling.UpdateAutoScalingGroupInput{DesiredCapacity: new(int32(4)), AvailabilityZoneDistribution: &types.AvailabilityZoneDistribution{
		CapacityDistributionStrategy: types.CapacityDistributionStrategyBalancedOnly}})
	if r.w.Advance(time.Hour); r.zones() != "map[us-west-2b:1]" {
		t.Errorf("without capacity: %s", r.zones())
	}
	clear(r.e.NoCapacity)
	if r.w.Advance(time.Hour); r.zones() != "map[us-west-2a:2 us-west-2b:2]" {
		t.Errorf("with capacity: %s", r.zones())
	}
}

// A group whose zones differ by one at most is left alone, however long.
func TestAnEvenGroupIsLeftAlone(t *testing.T) {
	for _, n := range []int32{0, 1, 2, 5} {
		r := start(n)
		r.w.Advance(24 * time.Hour)
		if acts := r.causes(""); len(acts) != int(n) {
			t.Errorf("of %d: %q", n, acts)
		}
		if got := fmt.Sprint(aws.ToInt32(r.group().DesiredCapacity)); got != fmt.Sprint(n) {
			t.Errorf("of %d it wants %s", n, got)
		}
	}
}
