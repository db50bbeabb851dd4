package cfn

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

func createASG(o *op) (progress, error) {
	if o.phys == "" {
		if err := o.makeASG(); err != nil {
			return progress{}, err
		}
	}
	g := o.env.ASG.Group(o.phys)
	if g == nil {
		return progress{}, said("Group %s does not exist", o.phys)
	}
	n := int32(0)
	for _, i := range g.Instances {
		if i.LifecycleState == types.LifecycleStateInService {
			n++
		}
	}
	if n < *g.DesiredCapacity && o.w.Elapsed() > o.Begun+15*time.Minute {
		return progress{}, said("%s", "Group did not stabilize. "+o.env.ASG.LastFailure(o.phys))
	}
	return until(n >= *g.DesiredCapacity, nil, o.phys, values{"Arn": *g.AutoScalingGroupARN})
}

func (o *op) makeASG() error {
	name := o.name("AutoScalingGroupName", 255)
	in := &autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: new(name), VPCZoneIdentifier: new(strings.Join(o.strs("VPCZoneIdentifier"), ",")),
		TargetGroupARNs: o.strs("TargetGroupARNs"), LoadBalancerNames: o.strs("LoadBalancerNames")}
	for _, k := range []string{"MinSize", "MaxSize", "DesiredCapacity", "LaunchTemplate", "MixedInstancesPolicy", "MaxInstanceLifetime", "CapacityRebalance"} {
		if v, ok := o.props[k]; ok {
			if err := bind(map[string]any{k: v}, in); err != nil {
				return o.invalidProperties(err)
			}
		}
	}
	tag := func(k, v string, propagate bool) types.Tag {
		return types.Tag{Key: &k, Value: &v, PropagateAtLaunch: &propagate, ResourceId: new(name), ResourceType: new("auto-scaling-group")}
	}
	for _, m := range listOf(o.props["Tags"]) {
		in.Tags = append(in.Tags, tag(fmt.Sprint(m["Key"]), fmt.Sprint(m["Value"]), fmt.Sprint(m["PropagateAtLaunch"]) == "true"))
	}
	for _, t := range o.s.Tags {
		in.Tags = append(in.Tags, tag(*t.Key, *t.Value, true))
	}
	if _, err := call(o, o.env.ASG.CreateAutoScalingGroup, in); err != nil {
		return err
	}
	o.made(name)
	for _, m := range listOf(o.props["MetricsCollection"]) {
		e := &autoscaling.EnableMetricsCollectionInput{AutoScalingGroupName: new(name), Granularity: new(fmt.Sprint(m["Granularity"])),
			Metrics: stringsOf(m["Metrics"])}
		if _, err := call(o, o.env.ASG.EnableMetricsCollection, e); err != nil {
			return err
		}
	}
	return nil
}

func updateASG(o *op) (progress, error) {
	in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: new(o.phys)}
	for _, k := range []string{"MinSize", "MaxSize", "DesiredCapacity"} {
		if v, ok := o.props[k]; ok {
			if err := bind(map[string]any{k: v}, in); err != nil {
				return progress{}, o.invalidProperties(err)
			}
		}
	}
	if _, err := call(o, o.env.ASG.UpdateAutoScalingGroup, in); err != nil {
		return progress{}, err
	}
	return done(o.phys, nil)
}

func deleteASG(o *op) (progress, error) {
	if o.first() && o.env.ASG.Group(o.phys) != nil {
		in := &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: new(o.phys), ForceDelete: new(true)}
		if _, err := call(o, o.env.ASG.DeleteAutoScalingGroup, in); err != nil {
			return gone(err)
		}
	}
	return until(o.env.ASG.Group(o.phys) == nil, nil, "", nil)
}
