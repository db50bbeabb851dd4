package elb

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// RegisterInstances adds instances to a classic load balancer.
func (b *ELB) RegisterInstances(_ *wire.Caller,
	in *elasticloadbalancing.RegisterInstancesWithLoadBalancerInput) (*elasticloadbalancing.RegisterInstancesWithLoadBalancerOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	for _, i := range in.Instances {
		x := b.ec2.Instance(aws.ToString(i.InstanceId))
		switch {
		case x == nil || x.State.Name == ec2types.InstanceStateNameTerminated:
			return nil, wire.Errorf("InvalidInstance", "Could not find EC2 instance %s.", aws.ToString(i.InstanceId))
		case aws.ToString(x.VpcId) != *c.VPCId:
			return nil, wire.Errorf("InvalidInstance", "EC2 instance %s is not in the same VPC as ELB.", *i.InstanceId)
		}
	}
	for _, i := range in.Instances {
		if !slices.ContainsFunc(c.Registered, func(m member) bool { return m.ID == *i.InstanceId }) {
			c.Registered = append(c.Registered, member{*i.InstanceId, b.w.Elapsed()})
		}
	}
	return &elasticloadbalancing.RegisterInstancesWithLoadBalancerOutput{Instances: c.instances()}, nil
}

// DeregisterInstances takes instances out of a classic load balancer.
func (b *ELB) DeregisterInstances(_ *wire.Caller,
	in *elasticloadbalancing.DeregisterInstancesFromLoadBalancerInput) (*elasticloadbalancing.DeregisterInstancesFromLoadBalancerOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	for _, i := range in.Instances {
		id := aws.ToString(i.InstanceId)
		if x := b.ec2.Instance(id); x == nil && !slices.ContainsFunc(c.Registered, func(m member) bool { return m.ID == id }) {
			return nil, wire.Errorf("InvalidInstance", "Could not find EC2 instance %s.", id)
		}
	}
	c.Registered = slices.DeleteFunc(c.Registered, func(m member) bool {
		return slices.ContainsFunc(in.Instances, func(i types.Instance) bool { return aws.ToString(i.InstanceId) == m.ID })
	})
	return &elasticloadbalancing.DeregisterInstancesFromLoadBalancerOutput{Instances: c.instances()}, nil
}

// DescribeInstanceHealth says of each instance whether it is in service.
func (b *ELB) DescribeInstanceHealth(_ *wire.Caller,
	in *elasticloadbalancing.DescribeInstanceHealthInput) (*elasticloadbalancing.DescribeInstanceHealthOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	out := &elasticloadbalancing.DescribeInstanceHealthOutput{InstanceStates: []types.InstanceState{}}
	ask := in.Instances
	if len(ask) == 0 {
		ask = c.instances()
	}
	for _, i := range ask {
		id := aws.ToString(i.InstanceId)
		at := slices.IndexFunc(c.Registered, func(m member) bool { return m.ID == id })
		if at < 0 {
			if b.ec2.Instance(id) == nil {
				return nil, wire.Errorf("InvalidInstance", "Could not find EC2 instance %s.", id)
			}
			out.InstanceStates = append(out.InstanceStates, state(id, "OutOfService", "Instance", "Instance is not currently registered with the LoadBalancer."))
			continue
		}
		out.InstanceStates = append(out.InstanceStates, b.inService(c, c.Registered[at]))
	}
	return out, nil
}

func state(id, s, code, why string) types.InstanceState {
	return types.InstanceState{InstanceId: new(id), State: new(s), ReasonCode: new(code), Description: new(why)}
}

// inService is how an instance is: what EC2 says of it, and whether it has passed as many
// health checks as the load balancer wants. Nothing is sent: an instance that runs is
// taken to answer.
func (b *ELB) inService(c *classic, m member) types.InstanceState {
	i := b.ec2.Instance(m.ID)
	wait := time.Duration(*c.HealthCheck.Interval**c.HealthCheck.HealthyThreshold) * time.Second
	switch {
	case i == nil || i.State.Name != ec2types.InstanceStateNameRunning:
		return state(m.ID, "OutOfService", "Instance", "Instance is in stopped state.")
	case !slices.Contains(c.AvailabilityZones, *i.Placement.AvailabilityZone):
		return state(m.ID, "OutOfService", "ELB", "Zone disabled")
	case b.w.Elapsed() < m.Since+wait:
		return state(m.ID, "OutOfService", "ELB", "Instance registration is still in progress.")
	}
	return state(m.ID, "InService", "N/A", "N/A")
}

// AddClassicTags sets tags on load balancers.
func (b *ELB) AddClassicTags(_ *wire.Caller, in *elasticloadbalancing.AddTagsInput) (*elasticloadbalancing.AddTagsOutput, error) {
	for _, n := range in.LoadBalancerNames {
		c, err := b.classic(new(n))
		if err != nil {
			return nil, err
		}
		all := maps.Clone(c.Tagged)
		for _, t := range in.Tags {
			all[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		if len(all) > tagLimit {
			return nil, wire.Errorf("TooManyTags", "The quota for the number of tags that can be assigned to a load balancer has been reached.")
		}
		c.Tagged = all
	}
	return &elasticloadbalancing.AddTagsOutput{}, nil
}

// RemoveClassicTags takes tags off load balancers.
func (b *ELB) RemoveClassicTags(_ *wire.Caller, in *elasticloadbalancing.RemoveTagsInput) (*elasticloadbalancing.RemoveTagsOutput, error) {
	for _, n := range in.LoadBalancerNames {
		c, err := b.classic(new(n))
		if err != nil {
			return nil, err
		}
		for _, t := range in.Tags {
			delete(c.Tagged, aws.ToString(t.Key))
		}
	}
	return &elasticloadbalancing.RemoveTagsOutput{}, nil
}

// DescribeClassicTags lists the tags of load balancers.
func (b *ELB) DescribeClassicTags(_ *wire.Caller, in *elasticloadbalancing.DescribeTagsInput) (*elasticloadbalancing.DescribeTagsOutput, error) {
	out := &elasticloadbalancing.DescribeTagsOutput{TagDescriptions: []types.TagDescription{}}
	for _, n := range in.LoadBalancerNames {
		c, err := b.classic(new(n))
		if err != nil {
			return nil, err
		}
		d := types.TagDescription{LoadBalancerName: new(n), Tags: []types.Tag{}}
		for _, k := range slices.Sorted(maps.Keys(c.Tagged)) {
			d.Tags = append(d.Tags, types.Tag{Key: new(k), Value: new(c.Tagged[k])})
		}
		out.TagDescriptions = append(out.TagDescriptions, d)
	}
	return out, nil
}
