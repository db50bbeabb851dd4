package elb

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// target is one registered target. Times are since the world began.
type target struct {
	ID    string
	Port  int32
	Zone  string        `json:",omitempty"`
	Since time.Duration // it was registered
	Until time.Duration // its draining ends; 0: it is registered
}

func (b *ELB) registerTargets(s *wire.Service) {
	wire.Handle(s, "RegisterTargets", b.RegisterTargets)
	wire.Handle(s, "DeregisterTargets", b.DeregisterTargets)
	wire.Handle(s, "DescribeTargetHealth", b.DescribeTargetHealth)
}

// portOf is the port of a target; the group's where it names none.
func (g *targetGroup) portOf(t types.TargetDescription) int32 {
	return cmp.Or(aws.ToInt32(t.Port), *g.Port)
}

// RegisterTargets adds targets to a group; those that are there stay as they are.
func (b *ELB) RegisterTargets(_ *wire.Caller, in *elbv2.RegisterTargetsInput) (*elbv2.RegisterTargetsOutput, error) {
	g, err := b.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		if err := b.suits(g, aws.ToString(t.Id), aws.ToString(t.AvailabilityZone)); err != nil {
			return nil, err
		}
	}
	b.drained(g)
	for _, t := range in.Targets {
		id, port := aws.ToString(t.Id), g.portOf(t)
		i := slices.IndexFunc(g.Targets, func(x target) bool { return x.ID == id && x.Port == port })
		switch {
		case i < 0:
			g.Targets = append(g.Targets, target{ID: id, Port: port, Zone: aws.ToString(t.AvailabilityZone), Since: b.w.Elapsed()})
		case g.Targets[i].Until > 0:
			g.Targets[i].Since, g.Targets[i].Until = b.w.Elapsed(), 0
		}
	}
	return &elbv2.RegisterTargetsOutput{}, nil
}

// suits says why something cannot be a target of a group.
func (b *ELB) suits(g *targetGroup, id, zone string) error {
	if g.TargetType == types.TargetTypeEnumInstance {
		i := b.ec2.Instance(id)
		switch {
		case i == nil:
			return wire.Errorf("InvalidTarget", "The following targets are not valid instances: '%s'", id)
		case i.State.Name != ec2types.InstanceStateNameRunning:
			return wire.Errorf("InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'", id)
		case aws.ToString(i.VpcId) != *g.VpcId:
			return wire.Errorf("InvalidTarget", "The following targets are not in the target group VPC '%s': '%s'", *g.VpcId, id)
		}
		return nil
	}
	a, err := netip.ParseAddr(id)
	if err != nil {
		return invalid("The IP address '%s' is not a valid IPv4 address", id)
	}
	if zone == "" && a.Is4() && !b.ec2.InVPC(*g.VpcId, a) {
		return invalid("The IP address '%s' is not within the VPC '%s'", id, *g.VpcId)
	}
	return nil
}

// DeregisterTargets takes targets out of a group: they drain for as long as its
// attribute says. Those that are not registered are no error.
func (b *ELB) DeregisterTargets(_ *wire.Caller, in *elbv2.DeregisterTargetsInput) (*elbv2.DeregisterTargetsOutput, error) {
	g, err := b.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	b.drained(g)
	var delay time.Duration
	for _, s := range shown(groupAttributes, g.network(), g.Attributes) {
		if n, err := strconv.Atoi(s.Value); err == nil && s.Key == "deregistration_delay.timeout_seconds" {
			delay = time.Duration(n) * time.Second
		}
	}
	used := len(b.usersOf(*g.TargetGroupArn)) > 0
	for _, t := range in.Targets {
		for i := range g.Targets {
			if x := &g.Targets[i]; x.ID == aws.ToString(t.Id) && (t.Port == nil || *t.Port == x.Port) && x.Until == 0 {
				x.Until = b.w.Elapsed() + 1
				if used {
					x.Until += delay
				}
			}
		}
	}
	return &elbv2.DeregisterTargetsOutput{}, nil
}

// drained forgets the targets of which the draining is over.
func (b *ELB) drained(g *targetGroup) {
	now := b.w.Elapsed()
	g.Targets = slices.DeleteFunc(g.Targets, func(t target) bool { return t.Until > 0 && t.Until <= now })
}

// DescribeTargetHealth says of each target, or of those that are asked for, how it is.
func (b *ELB) DescribeTargetHealth(_ *wire.Caller, in *elbv2.DescribeTargetHealthInput) (*elbv2.DescribeTargetHealthOutput, error) {
	g, err := b.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	b.drained(g)
	out := &elbv2.DescribeTargetHealthOutput{TargetHealthDescriptions: []types.TargetHealthDescription{}}
	add := func(t target, h *types.TargetHealth) {
		port := aws.ToString(g.HealthCheckPort)
		if port == "traffic-port" {
			port = fmt.Sprint(t.Port)
		}
		d := types.TargetHealthDescription{Target: &types.TargetDescription{Id: new(t.ID), Port: new(t.Port)}, HealthCheckPort: new(port), TargetHealth: h}
		if z := cmp.Or(t.Zone, b.zoneOf(g, t)); z != "" {
			d.Target.AvailabilityZone = new(z)
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, d)
	}
	if len(in.Targets) == 0 {
		for _, t := range g.Targets {
			add(t, b.health(g, t))
		}
	}
	for _, want := range in.Targets {
		x := target{ID: aws.ToString(want.Id), Port: g.portOf(want)}
		i := slices.IndexFunc(g.Targets, func(t target) bool { return t.ID == x.ID && t.Port == x.Port })
		if i < 0 {
			add(x, health(types.TargetHealthStateEnumUnused, types.TargetHealthReasonEnumNotRegistered, "Target is not registered to the target group"))
			continue
		}
		add(g.Targets[i], b.health(g, g.Targets[i]))
	}
	return out, nil
}

func health(s types.TargetHealthStateEnum, why types.TargetHealthReasonEnum, text string) *types.TargetHealth {
	return &types.TargetHealth{State: s, Reason: why, Description: new(text)}
}

// zoneOf is the zone that an address target is in; instances show none.
func (b *ELB) zoneOf(g *targetGroup, t target) string {
	if g.TargetType == types.TargetTypeEnumInstance {
		return ""
	}
	a, err := netip.ParseAddr(t.ID)
	if err != nil {
		return ""
	}
	return b.ec2.ZoneOf(*g.VpcId, a)
}

// health is how a target is: what EC2 says of it, and whether its first health check is
// over. A target is healthy after one passed check ("Target health status", user guide).
// Nothing is sent: an instance that runs and an address that somebody has are taken to
// answer.
func (b *ELB) health(g *targetGroup, t target) *types.TargetHealth {
	if t.Until > 0 {
		return health(types.TargetHealthStateEnumDraining, types.TargetHealthReasonEnumDeregistrationInProgress, "Target deregistration is in progress")
	}
	users := b.usersOf(*g.TargetGroupArn)
	if len(users) == 0 {
		return health(types.TargetHealthStateEnumUnused, types.TargetHealthReasonEnumNotInUse,
			"Target group is not configured to receive traffic from the load balancer")
	}
	since, zones := max(t.Since, g.Used), map[string]bool{}
	for _, arn := range users {
		l := b.balancers.Get(arn)
		if l.State.Code != types.LoadBalancerStateEnumActive {
			return health(types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumRegistrationInProgress, "Target registration is in progress")
		}
		since = max(since, l.Since)
		for _, z := range l.AvailabilityZones {
			zones[*z.ZoneName] = true
		}
	}
	zone, answers := b.zoneOf(g, t), false
	if g.TargetType == types.TargetTypeEnumInstance {
		i := b.ec2.Instance(t.ID)
		if i == nil || i.State.Name != ec2types.InstanceStateNameRunning {
			state := "terminated"
			if i != nil {
				state = string(i.State.Name)
			}
			return health(types.TargetHealthStateEnumUnused, types.TargetHealthReasonEnumInvalidState, "Target is in the "+state+" state")
		}
		zone, answers = *i.Placement.AvailabilityZone, true
	} else if answers = b.ec2.HasAddress(*g.VpcId, t.ID); !answers {
		zone = "" // whose address it is EC2 does not know, nor where
		answers = slices.ContainsFunc(b.Answers, func(f func(vpc, address string) bool) bool { return f(*g.VpcId, t.ID) })
	}
	if zone != "" && !zones[zone] {
		return health(types.TargetHealthStateEnumUnused, types.TargetHealthReasonEnumNotInUse,
			"Target is in an Availability Zone that is not enabled for the load balancer")
	}
	every := time.Duration(*g.HealthCheckIntervalSeconds) * time.Second
	switch at := b.w.Elapsed(); {
	case at < since+b.w.Draw("elb:target", t.ID, 8*time.Second, 3*time.Second, 20*time.Second)+every:
		if at < since+3*time.Second {
			return health(types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumRegistrationInProgress, "Target registration is in progress")
		}
		return health(types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumInitialHealthChecking, "Initial health checks in progress")
	case !answers && !g.network():
		return health(types.TargetHealthStateEnumUnhealthy, types.TargetHealthReasonEnumTimeout, "Request timed out")
	case !answers:
		return health(types.TargetHealthStateEnumUnhealthy, types.TargetHealthReasonEnumFailedHealthChecks, "Health checks failed")
	}
	return &types.TargetHealth{State: types.TargetHealthStateEnumHealthy}
}
