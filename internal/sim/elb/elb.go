// Package elb simulates Elastic Load Balancing, both APIs under one signing name:
// version 2015-12-01 (application and network load balancers, target groups, listeners
// and rules) and 2012-06-01 (classic load balancers). It must not know Kubernetes:
// whoever knows more than EC2 of who answers at an address says so (Answers).
//
// Errors and their texts are those of the API references and of what the AWS provider,
// the AWS Load Balancer Controller and moto expect of them (29 Nov 2026). How long a load
// balancer takes, and how long its interfaces outlive it, is an assumption of this model:
// AWS publishes neither.
package elb

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// ELB is the service's state in one region.
type ELB struct {
	w   *world.World
	ec2 *ec2.EC2

	// Answers are asked about an address of a VPC that no interface of EC2 has; any of
	// them may say that something answers there.
	Answers []func(vpc, address string) bool

	res.Registry
	balancers *res.Kind[loadBalancer]
	groups    *res.Kind[targetGroup]
	listeners *res.Kind[listener]
	rules     *res.Kind[rule]
	classics  *res.Kind[classic]
	leaving   map[string]bool // interfaces of load balancers that are gone
}

// New is a region without load balancers.
func New(w *world.World, e *ec2.EC2) *ELB {
	b := &ELB{w: w, ec2: e, leaving: map[string]bool{}}
	b.balancers = kind(b, "load-balancer", func(l *loadBalancer) *string { return l.LoadBalancerArn },
		func(l *loadBalancer) *map[string]string { return &l.Tagged })
	b.groups = kind(b, "target-group", func(g *targetGroup) *string { return g.TargetGroupArn }, func(g *targetGroup) *map[string]string { return &g.Tagged })
	b.listeners = kind(b, "listener", func(l *listener) *string { return l.ListenerArn }, func(l *listener) *map[string]string { return &l.Tagged })
	b.rules = kind(b, "rule", func(r *rule) *string { return r.RuleArn }, func(r *rule) *map[string]string { return &r.Tagged })
	b.classics = res.Add(&b.Registry, &res.Kind[classic]{Name: "classic", Key: func(c *classic) string { return aws.ToString(c.LoadBalancerName) }})
	b.Keep("leaving", &b.leaving)
	world.On(w, "elb:active", b.activated)
	world.On(w, "elb:gone", b.gone)
	e.OnTerminated = append(e.OnTerminated, b.terminated)
	return b
}

// kind registers resources that are named and tagged by their ARN.
func kind[T any](b *ELB, name string, arn func(*T) *string, tags func(*T) *map[string]string) *res.Kind[T] {
	key := func(r *T) string { return aws.ToString(arn(r)) }
	return res.Add(&b.Registry, &res.Kind[T]{Name: name, Key: key, ARN: key, Tags: func(r *T) map[string]string { return *tags(r) },
		SetTags: func(r *T, t map[string]string) { *tags(r) = t }})
}

// Register adds the operations of version 2015-12-01.
func (b *ELB) Register(s *wire.Service) {
	b.registerBalancers(s)
	b.registerAttributes(s)
	b.registerGroups(s)
	b.registerTargets(s)
	b.registerListeners(s)
	b.registerRules(s)
	b.registerTags(s)
	b.registerCatalogue(s)
}

// arn is the name of a resource, such as loadbalancer/app/NAME/ID.
func (b *ELB) arn(part string) *string {
	return new("arn:" + b.ec2.Partition + ":elasticloadbalancing:" + b.ec2.Region + ":" + b.ec2.Account + ":" + part)
}

func (b *ELB) suffix() string {
	if b.ec2.Partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

func invalid(format string, a ...any) *wire.Error {
	return wire.Errorf("ValidationError", format, a...)
}

func wrongSettings(format string, a ...any) *wire.Error {
	return wire.Errorf("InvalidConfigurationRequest", format, a...)
}

// checkName holds a name of the second version to AWS's rules about it.
func checkName(what, name string) error {
	switch {
	case name == "":
		return invalid("A %s name must be specified", what)
	case len(name) > 32:
		return invalid("The %s name '%s' cannot be longer than '32' characters", what, name)
	case strings.Trim(name, "-") != name:
		return invalid("The %s name '%s' cannot begin or end with a hyphen", what, name)
	case strings.Trim(name, "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || strings.ContainsFunc(name, notInNames):
		return invalid("The %s name '%s' can only contain characters that are alphanumeric characters and hyphens(-)", what, name)
	case what == "load balancer" && strings.HasPrefix(name, "internal-"):
		return invalid("The %s name '%s' cannot begin with 'internal-'", what, name)
	}
	return nil
}

func notInNames(r rune) bool {
	return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// place is where a load balancer stands: its subnets, all of one VPC.
type place struct {
	vpc     string
	subnets []*ec2types.Subnet
}

// place checks the subnets of a load balancer and its security groups, in AWS's order.
func (b *ELB) place(subnets, groups []string, public bool) (place, error) {
	var p place
	zones := map[string]bool{}
	for _, id := range subnets {
		s := b.ec2.Subnet(id)
		switch {
		case s == nil:
			return p, wire.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist", id)
		case p.vpc != "" && *s.VpcId != p.vpc:
			return p, wire.Errorf("InvalidConfigurationRequest", "All subnets must belong to the same VPC: '%s'", p.vpc)
		case zones[*s.AvailabilityZone]:
			return p, wrongSettings("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		p.vpc, zones[*s.AvailabilityZone] = *s.VpcId, true
		p.subnets = append(p.subnets, s)
	}
	if public && p.vpc != "" && !b.ec2.HasInternetGateway(p.vpc) {
		return p, wire.Errorf("InvalidSubnet", "VPC %s has no internet gateway", p.vpc)
	}
	for _, g := range groups {
		if x := b.ec2.Group(g); x == nil || *x.VpcId != p.vpc {
			return p, wire.Errorf("InvalidSecurityGroup", "One or more security groups are invalid")
		}
	}
	slices.SortStableFunc(p.subnets, func(x, y *ec2types.Subnet) int { return cmp.Compare(*x.AvailabilityZone, *y.AvailabilityZone) })
	return p, nil
}

// roomFor is how many free addresses a subnet must have for a load balancer
// ("Subnets for your load balancer", user guide).
const roomFor = 8

func full(s *ec2types.Subnet) error {
	if *s.AvailableIpAddressCount < roomFor {
		return wire.Errorf("InvalidSubnet", "Not enough IP space available in %s. ELB requires at least %d free IP addresses in each subnet.", *s.SubnetId, roomFor)
	}
	return nil
}

// leave lets the interfaces of a load balancer that is deleted go in a while: until then
// they hold its subnets and security groups.
func (b *ELB) leave(name string, interfaces []string) {
	d := b.w.Draw("elb:interfaces", name, 60*time.Second, 20*time.Second, 240*time.Second)
	for _, id := range interfaces {
		b.leaving[id] = true
		b.w.Schedule(d, "elb:gone", id, nil)
	}
}

func (b *ELB) gone(id string, _ struct{}) {
	delete(b.leaving, id)
	b.ec2.DropInterface(id)
}

// terminated takes an instance that is no more out of every target group and load
// balancer.
func (b *ELB) terminated(i *ec2types.Instance) {
	for _, g := range b.groups.All() {
		g.Targets = slices.DeleteFunc(g.Targets, func(t target) bool { return t.ID == *i.InstanceId })
	}
	for _, c := range b.classics.All() {
		c.Registered = slices.DeleteFunc(c.Registered, func(m member) bool { return m.ID == *i.InstanceId })
	}
}

// number is the part of a load balancer's host name that tells it from others of its name.
func (b *ELB) number(name string) string {
	return fmt.Sprint(100000000 + b.w.Pick("elb "+name+b.w.Hex("elb "+name, 8), 1900000000))
}

// zoneIDs are the hosted zones of load balancers' names: application and classic ones,
// and network ones ("Elastic Load Balancing endpoints and quotas", AWS General Reference).
var zoneIDs = map[string][2]string{
	"us-east-1": {"Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"}, "us-east-2": {"Z3AADJGX6KTTL2", "ZLMOA37VPKANP"}, "us-west-1": {"Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"},
	"us-west-2": {"Z1H1FL5HABSF5", "Z18D5FSROUN65G"}, "eu-west-1": {"Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"},
	"eu-central-1": {"Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"}, "ap-southeast-1": {"Z1LMS91P8CMLE5", "ZKVM4W9LS7TM"},
	"ap-southeast-2": {"Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD"}, "ap-northeast-1": {"Z14GRHDCWA56QT", "Z31USIVHYNEOWT"},
}

// zoneID is the hosted zone of the region; one that is not listed is drawn.
func (b *ELB) zoneID(network bool) *string {
	i := 0
	if network {
		i = 1
	}
	if z := zoneIDs[b.ec2.Region][i]; z != "" {
		return new(z)
	}
	return new(fmt.Sprintf("Z%013d", b.w.Pick(fmt.Sprint("elb zone ", b.ec2.Region, i), 1<<40)))
}
