package elb

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type targetGroup struct {
	types.TargetGroup
	Attributes map[string]string // those that were set
	Tagged     map[string]string
	Targets    []target
	Used       time.Duration // since when a listener or rule sends to it; since the world began
}

func (b *ELB) registerGroups(s *wire.Service) {
	wire.Handle(s, "CreateTargetGroup", b.CreateTargetGroup)
	wire.Handle(s, "DescribeTargetGroups", b.DescribeTargetGroups)
	wire.Handle(s, "ModifyTargetGroup", b.ModifyTargetGroup)
	wire.Handle(s, "DeleteTargetGroup", b.DeleteTargetGroup)
}

func (b *ELB) group(arn *string) (*targetGroup, error) {
	id := aws.ToString(arn)
	if g := b.groups.Get(id); g != nil {
		return g, nil
	}
	if !strings.Contains(id, ":targetgroup/") {
		return nil, invalid("'%s' is not a valid target group ARN", id)
	}
	return nil, wire.Errorf("TargetGroupNotFound", "One or more target groups not found")
}

// network tells whether it is a network load balancer's.
func (g *targetGroup) network() bool {
	return g.Protocol != types.ProtocolEnumHttp && g.Protocol != types.ProtocolEnumHttps
}

// CreateTargetGroup makes a target group of instances or addresses; one that is there
// already with the same settings is the answer.
func (b *ELB) CreateTargetGroup(_ *wire.Caller, in *elbv2.CreateTargetGroupInput) (*elbv2.CreateTargetGroupOutput, error) {
	name := aws.ToString(in.Name)
	if err := checkName("target group", name); err != nil {
		return nil, err
	}
	g := &targetGroup{TargetGroup: types.TargetGroup{TargetGroupName: new(name), TargetType: types.TargetTypeEnumInstance, Protocol: in.Protocol, Port: in.Port,
		VpcId: in.VpcId, IpAddressType: types.TargetGroupIpAddressTypeEnumIpv4, ProtocolVersion: in.ProtocolVersion, LoadBalancerArns: []string{},
		HealthCheckEnabled: new(true), HealthCheckPort: new("traffic-port")},
		Attributes: map[string]string{}, Tagged: tagMap(in.Tags)}
	if in.TargetType != "" {
		g.TargetType = in.TargetType
	}
	if in.IpAddressType != "" {
		g.IpAddressType = in.IpAddressType
	}
	switch {
	case g.TargetType != types.TargetTypeEnumInstance && g.TargetType != types.TargetTypeEnumIp:
		return nil, wrongSettings("The simulated region makes target groups of type 'instance' and 'ip'.")
	case in.Protocol == "":
		return nil, invalid("A protocol must be specified")
	case in.Port == nil:
		return nil, invalid("A port must be specified")
	case in.VpcId == nil:
		return nil, invalid("A VPC ID must be specified")
	case b.ec2.Vpc(*in.VpcId) == nil:
		return nil, invalid("The VPC ID '%s' is not found", *in.VpcId)
	}
	g.defaults()
	if err := g.check(in.HealthCheckProtocol, in.HealthCheckPath, in.HealthCheckPort, in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds,
		in.HealthyThresholdCount, in.UnhealthyThresholdCount, in.HealthCheckEnabled, in.Matcher); err != nil {
		return nil, err
	}
	if was := b.groups.Find(func(x *targetGroup) bool { return *x.TargetGroupName == name }); was != nil {
		if was.Protocol != g.Protocol || *was.Port != *g.Port || *was.VpcId != *g.VpcId || was.TargetType != g.TargetType ||
			aws.ToString(was.ProtocolVersion) != aws.ToString(g.ProtocolVersion) {
			return nil, wire.Errorf("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", name)
		}
		return &elbv2.CreateTargetGroupOutput{TargetGroups: []types.TargetGroup{b.viewGroup(was)}}, nil
	}
	if b.groups.Len() >= limitOf("target-groups") {
		return nil, wire.Errorf("TooManyTargetGroups", "The maximum number of target groups has been reached")
	}
	g.TargetGroupArn = b.arn("targetgroup/" + name + "/" + b.w.Hex("elb targetgroup "+name, 16))
	b.groups.Put(*g.TargetGroupArn, g)
	return &elbv2.CreateTargetGroupOutput{TargetGroups: []types.TargetGroup{b.viewGroup(g)}}, nil
}

// defaults are the health check of a target group of which none is asked for
// (CreateTargetGroup in the API reference).
func (g *targetGroup) defaults() {
	g.HealthCheckIntervalSeconds, g.HealthyThresholdCount, g.UnhealthyThresholdCount = new(int32(30)), new(int32(5)), new(int32(2))
	g.HealthCheckProtocol = types.ProtocolEnumTcp
	if !g.network() {
		g.HealthCheckProtocol = types.ProtocolEnumHttp
		if g.ProtocolVersion == nil {
			g.ProtocolVersion = new("HTTP1")
		}
	}
}

// check sets what is asked for of a health check, or says why it cannot be so.
func (g *targetGroup) check(protocol types.ProtocolEnum, path, port *string, interval, timeout, healthy, unhealthy *int32, enabled *bool,
	m *types.Matcher) error {
	if protocol != "" {
		g.HealthCheckProtocol = protocol
	}
	http := g.HealthCheckProtocol == types.ProtocolEnumHttp || g.HealthCheckProtocol == types.ProtocolEnumHttps
	switch {
	case !http && g.HealthCheckProtocol != types.ProtocolEnumTcp:
		return invalid("Health check protocol '%s' must be one of [HTTP, HTTPS, TCP]", g.HealthCheckProtocol)
	case !http && !g.network():
		return invalid("Health check protocol '%s' is not supported for target groups with protocol '%s'", g.HealthCheckProtocol, g.Protocol)
	case !http && (path != nil || m != nil):
		return wrongSettings("You cannot specify a health check path or matcher for health check protocol '%s'", g.HealthCheckProtocol)
	}
	if http {
		if g.HealthCheckPath == nil {
			g.HealthCheckPath = new("/")
		}
		if g.Matcher == nil {
			g.Matcher = &types.Matcher{HttpCode: new("200")}
			if g.network() {
				g.Matcher = &types.Matcher{HttpCode: new("200-399")}
			}
			if aws.ToString(g.ProtocolVersion) == "GRPC" {
				g.Matcher = &types.Matcher{GrpcCode: new("12")}
			}
		}
		g.HealthCheckPath, g.Matcher = or(path, g.HealthCheckPath), or(m, g.Matcher)
	} else {
		g.HealthCheckPath, g.Matcher = nil, nil
	}
	if g.HealthCheckTimeoutSeconds == nil {
		g.HealthCheckTimeoutSeconds = new(map[bool]int32{true: 10, false: 5}[g.network()])
		if g.network() && http {
			g.HealthCheckTimeoutSeconds = new(int32(6))
		}
		if interval != nil && timeout == nil && *interval <= *g.HealthCheckTimeoutSeconds {
			g.HealthCheckTimeoutSeconds = new(*interval - 1)
		}
	}
	every, within := or(interval, g.HealthCheckIntervalSeconds), or(timeout, g.HealthCheckTimeoutSeconds)
	switch {
	case *every < 5 || *every > 300:
		return invalid("Health check interval must be between '5-300' inclusive")
	case *within < 2 || *within > 120:
		return invalid("Health check timeout must be between '2-120' inclusive")
	case *every <= *within && !g.network():
		return invalid("Health check timeout '%d' must be smaller than the interval '%d'", *within, *every)
	case *every < *within:
		return invalid("Health check timeout '%d' must be smaller than or equal to the interval '%d'", *within, *every)
	}
	for _, n := range []*int32{healthy, unhealthy} {
		if n != nil && (*n < 2 || *n > 10) {
			return invalid("Health check threshold counts must be between '2-10' inclusive")
		}
	}
	g.HealthCheckIntervalSeconds, g.HealthCheckTimeoutSeconds = every, within
	g.HealthyThresholdCount, g.UnhealthyThresholdCount = or(healthy, g.HealthyThresholdCount), or(unhealthy, g.UnhealthyThresholdCount)
	g.HealthCheckPort, g.HealthCheckEnabled = or(port, g.HealthCheckPort), or(enabled, g.HealthCheckEnabled)
	return nil
}

func or[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// viewGroup shows a target group with the load balancers that use it.
func (b *ELB) viewGroup(g *targetGroup) types.TargetGroup {
	v := g.TargetGroup
	v.LoadBalancerArns = b.usersOf(*g.TargetGroupArn)
	return v
}

// usersOf are the load balancers that send to a target group.
func (b *ELB) usersOf(group string) []string {
	out := []string{}
	add := func(actions []types.Action, listener string) {
		if !slices.Contains(forwardsTo(actions), group) {
			return
		}
		if l := b.listeners.Get(listener); l != nil && !slices.Contains(out, *l.LoadBalancerArn) {
			out = append(out, *l.LoadBalancerArn)
		}
	}
	for _, l := range b.listeners.All() {
		add(l.DefaultActions, *l.ListenerArn)
	}
	for _, r := range b.rules.All() {
		add(r.Actions, r.Listener)
	}
	return out
}

// DescribeTargetGroups lists target groups, by ARN, by name or those of a load balancer.
func (b *ELB) DescribeTargetGroups(_ *wire.Caller, in *elbv2.DescribeTargetGroupsInput) (*elbv2.DescribeTargetGroupsOutput, error) {
	ways := 0
	for _, given := range []bool{len(in.TargetGroupArns) > 0, len(in.Names) > 0, in.LoadBalancerArn != nil} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return nil, invalid("You can specify only one of the following: load balancer ARN, target group ARNs, or target group names")
	}
	var missing []string
	rows := pick(b.groups, in.TargetGroupArns, in.Names, func(g *targetGroup) string { return *g.TargetGroupName }, &missing)
	if len(missing) > 0 {
		return nil, wire.Errorf("TargetGroupNotFound", "One or more target groups not found")
	}
	if in.LoadBalancerArn != nil {
		if _, err := b.balancer(in.LoadBalancerArn); err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(slices.Clone(rows), func(g *targetGroup) bool { return !slices.Contains(b.usersOf(*g.TargetGroupArn), *in.LoadBalancerArn) })
	}
	return &elbv2.DescribeTargetGroupsOutput{TargetGroups: res.Views(rows, b.viewGroup)}, nil
}

// ModifyTargetGroup changes a target group's health check.
func (b *ELB) ModifyTargetGroup(_ *wire.Caller, in *elbv2.ModifyTargetGroupInput) (*elbv2.ModifyTargetGroupOutput, error) {
	g, err := b.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	now := *g
	if err := now.check(in.HealthCheckProtocol, in.HealthCheckPath, in.HealthCheckPort, in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds,
		in.HealthyThresholdCount, in.UnhealthyThresholdCount, in.HealthCheckEnabled, in.Matcher); err != nil {
		return nil, err
	}
	*g = now
	return &elbv2.ModifyTargetGroupOutput{TargetGroups: []types.TargetGroup{b.viewGroup(g)}}, nil
}

// DeleteTargetGroup refuses a target group that a listener or a rule sends to; one that is
// not there is no error.
func (b *ELB) DeleteTargetGroup(_ *wire.Caller, in *elbv2.DeleteTargetGroupInput) (*elbv2.DeleteTargetGroupOutput, error) {
	arn := aws.ToString(in.TargetGroupArn)
	if !strings.Contains(arn, ":targetgroup/") {
		return nil, invalid("'%s' is not a valid target group ARN", arn)
	}
	if len(b.usersOf(arn)) > 0 {
		return nil, wire.Errorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", arn)
	}
	b.groups.Delete(arn)
	return &elbv2.DeleteTargetGroupOutput{}, nil
}
