package elb_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	simec2 "github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/elb"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// must is an answer without an error.
func must[O any](out O, err error) O {
	if err != nil {
		panic(err)
	}
	return out
}

func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// net is a VPC with an internet gateway and a subnet in each of two zones, and one more in
// the first.
type net struct {
	w           *world.World
	ec2         *simec2.EC2
	b           *elb.ELB
	vpc, group  string
	a, b2, more string
	image       string
}

func region() *net {
	w := world.New(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), 1, 0)
	e := simec2.New(w.In("us-west-2"), "us-west-2", "111122223333", "aws")
	n := &net{w: w, ec2: e, b: elb.New(w.In("us-west-2"), e)}
	n.vpc = *must(e.CreateVpc(nil, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")})).Vpc.VpcId
	subnet := func(block, zone string) string {
		return *must(e.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: &n.vpc, CidrBlock: &block, AvailabilityZone: &zone})).Subnet.SubnetId
	}
	n.a, n.b2, n.more = subnet("10.0.0.0/24", "us-west-2a"), subnet("10.0.1.0/24", "us-west-2b"), subnet("10.0.2.0/24", "us-west-2a")
	igw := must(e.CreateInternetGateway(nil, &ec2.CreateInternetGatewayInput{})).InternetGateway.InternetGatewayId
	must(e.AttachInternetGateway(nil, &ec2.AttachInternetGatewayInput{InternetGatewayId: igw, VpcId: &n.vpc}))
	n.group = *must(e.CreateSecurityGroup(nil, &ec2.CreateSecurityGroupInput{VpcId: &n.vpc, GroupName: new("web"), Description: new("web")})).GroupId
	n.image = *must(e.DescribeImages(nil, &ec2.DescribeImagesInput{})).Images[0].ImageId
	return n
}

func (n *net) instance(subnet string) string {
	i, err := n.ec2.RunInstances(nil, &ec2.RunInstancesInput{ImageId: &n.image, InstanceType: ec2types.InstanceTypeM5Large, SubnetId: &subnet,
		MinCount: new(int32(1)), MaxCount: new(int32(1))})
	id := *must(i, err).Instances[0].InstanceId
	n.w.Advance(time.Minute)
	return id
}

func (n *net) balancer(name string, t types.LoadBalancerTypeEnum) *types.LoadBalancer {
	out := must(n.b.CreateLoadBalancer(nil, &elbv2.CreateLoadBalancerInput{Name: &name, Type: t, Subnets: []string{n.a, n.b2}, SecurityGroups: []string{n.group}}))
	return &out.LoadBalancers[0]
}

func (n *net) health(group *string) string {
	var out []string
	for _, d := range must(n.b.DescribeTargetHealth(nil, &elbv2.DescribeTargetHealthInput{TargetGroupArn: group})).TargetHealthDescriptions {
		out = append(out, strings.TrimSpace(string(d.TargetHealth.State)+" "+string(d.TargetHealth.Reason)))
	}
	return strings.Join(out, ", ")
}

// A load balancer is provisioned, sends to targets that become healthy, and holds its
// subnets and security groups for a while after it is gone.
func TestAnApplicationLoadBalancersLife(t *testing.T) {
	n := region()
	i := n.instance(n.a)
	l := n.balancer("web", "")
	if l.State.Code != types.LoadBalancerStateEnumProvisioning || !strings.HasSuffix(*l.DNSName, ".us-west-2.elb.amazonaws.com") {
		t.Errorf("%+v", l)
	}
	enis := must(n.ec2.DescribeNetworkInterfaces(nil, &ec2.DescribeNetworkInterfacesInput{Filters: []ec2types.Filter{{Name: new("description"),
		Values: []string{"ELB app/web/*"}}}})).NetworkInterfaces
	if len(enis) != 2 || *enis[0].RequesterId != "amazon-elb" || *enis[0].Groups[0].GroupId != n.group || enis[0].Association == nil {
		t.Fatalf("%+v", enis)
	}
	g := must(n.b.CreateTargetGroup(nil, &elbv2.CreateTargetGroupInput{Name: new("web"), Protocol: types.ProtocolEnumHttp, Port: new(int32(80)), VpcId: &n.vpc})).
		TargetGroups[0].TargetGroupArn
	must(n.b.RegisterTargets(nil, &elbv2.RegisterTargetsInput{TargetGroupArn: g, Targets: []types.TargetDescription{{Id: &i}}}))
	if h := n.health(g); h != "unused Target.NotInUse" {
		t.Error(h)
	}
	to := []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: g}}
	x := must(n.b.CreateListener(nil, &elbv2.CreateListenerInput{LoadBalancerArn: l.LoadBalancerArn, Port: new(int32(80)), Protocol: types.ProtocolEnumHttp,
		DefaultActions: to})).Listeners[0]
	if h := n.health(g); h != "initial Elb.RegistrationInProgress" {
		t.Error(h)
	}
	n.w.Advance(10 * time.Minute)
	if h := n.health(g); h != "healthy" {
		t.Error(h)
	}
	r := must(n.b.CreateRule(nil, &elbv2.CreateRuleInput{ListenerArn: x.ListenerArn, Priority: new(int32(5)), Actions: to,
		Conditions: []types.RuleCondition{{Field: new("path-pattern"), Values: []string{"/x"}}}})).Rules[0]
	if l := must(n.b.DescribeRules(nil, &elbv2.DescribeRulesInput{ListenerArn: x.ListenerArn})).Rules; len(l) != 2 || *l[1].Priority != "default" {
		t.Errorf("%+v", l)
	}
	for want, err := range map[string]error{
		"ResourceInUse":     second(n.b.DeleteTargetGroup(nil, &elbv2.DeleteTargetGroupInput{TargetGroupArn: g})),
		"DuplicateListener": second(n.b.CreateListener(nil, &elbv2.CreateListenerInput{LoadBalancerArn: l.LoadBalancerArn, Port: new(int32(80)), Protocol: "HTTP", DefaultActions: to})),
		"PriorityInUse": second(n.b.CreateRule(nil, &elbv2.CreateRuleInput{ListenerArn: x.ListenerArn, Priority: new(int32(5)), Actions: to,
			Conditions: r.Conditions})),
		"DependencyViolation": second(n.ec2.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: &n.b2})),
	} {
		if code(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	protect := func(v string) {
		must(n.b.ModifyLoadBalancerAttributes(nil, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: l.LoadBalancerArn,
			Attributes: []types.LoadBalancerAttribute{{Key: new("deletion_protection.enabled"), Value: &v}}}))
	}
	protect("true")
	if _, err := n.b.DeleteLoadBalancer(nil, &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: l.LoadBalancerArn}); code(err) != "OperationNotPermitted" {
		t.Error(err)
	}
	protect("false")
	must(n.b.DeregisterTargets(nil, &elbv2.DeregisterTargetsInput{TargetGroupArn: g, Targets: []types.TargetDescription{{Id: &i}}}))
	if h := n.health(g); h != "draining Target.DeregistrationInProgress" {
		t.Error(h)
	}
	must(n.b.DeleteLoadBalancer(nil, &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: l.LoadBalancerArn}))
	must(n.b.DeleteTargetGroup(nil, &elbv2.DeleteTargetGroupInput{TargetGroupArn: g}))
	if _, err := n.ec2.DeleteSecurityGroup(nil, &ec2.DeleteSecurityGroupInput{GroupId: &n.group}); code(err) != "DependencyViolation" {
		t.Error(err)
	}
	n.w.Advance(5 * time.Minute)
	must(n.ec2.DeleteSecurityGroup(nil, &ec2.DeleteSecurityGroupInput{GroupId: &n.group}))
	must(n.ec2.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: &n.b2}))
}

func second[O any](_ O, err error) error { return err }

func TestWhatAWSRefuses(t *testing.T) {
	n := region()
	l := n.balancer("web", "")
	make := func(name string, subnets ...string) error {
		return second(n.b.CreateLoadBalancer(nil, &elbv2.CreateLoadBalancerInput{Name: &name, Subnets: subnets, SecurityGroups: []string{n.group}}))
	}
	group := func(in elbv2.CreateTargetGroupInput) error { return second(n.b.CreateTargetGroup(nil, &in)) }
	for i, x := range []struct {
		err  error
		want string
	}{
		{make("web", n.a, n.b2), ""}, // the same again
		{make("web", n.more, n.b2), "DuplicateLoadBalancerName: A load balancer with the same name 'web' exists, but with different settings"},
		{make("one", n.a), "ValidationError: At least two subnets in two different Availability Zones must be specified"},
		{make("two", n.a, n.more), "InvalidConfigurationRequest: A load balancer cannot be attached to multiple subnets in the same Availability Zone"},
		{make("-x", n.a, n.b2), "ValidationError: The load balancer name '-x' cannot begin or end with a hyphen"},
		{make("y", "subnet-1", n.b2), "SubnetNotFound: The subnet ID 'subnet-1' does not exist"},
		{second(n.b.DescribeLoadBalancers(nil, &elbv2.DescribeLoadBalancersInput{Names: []string{"no"}})), "LoadBalancerNotFound: Load balancers '[no]' not found"},
		{second(n.b.DeleteLoadBalancer(nil, &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: new(*l.LoadBalancerArn + "0")})), ""},
		{group(elbv2.CreateTargetGroupInput{Name: new("g"), Protocol: "HTTP", Port: new(int32(80))}), "ValidationError: A VPC ID must be specified"},
		{group(elbv2.CreateTargetGroupInput{Name: new("g"), Protocol: "HTTP", Port: new(int32(80)), VpcId: &n.vpc}), ""},
		{group(elbv2.CreateTargetGroupInput{Name: new("g"), Protocol: "HTTP", Port: new(int32(81)), VpcId: &n.vpc}),
			"DuplicateTargetGroupName: A target group with the same name 'g' exists, but with different settings"},
		{second(n.b.ModifyLoadBalancerAttributes(nil, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: l.LoadBalancerArn,
			Attributes: []types.LoadBalancerAttribute{{Key: new("idle_timeout.timeout_seconds"), Value: new("5000")}}})),
			"ValidationError: 'idle_timeout.timeout_seconds' value '5000' must be between '1-4000' inclusive"},
		{second(n.b.ModifyLoadBalancerAttributes(nil, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: l.LoadBalancerArn,
			Attributes: []types.LoadBalancerAttribute{{Key: new("dns_record.client_routing_policy"), Value: new("x")}}})), "InvalidConfigurationRequest: " +
			"Load balancer attribute key 'dns_record.client_routing_policy' is not supported on load balancers with type 'application'"},
	} {
		got := ""
		if x.err != nil {
			got = x.err.Error()
		}
		if got != x.want {
			t.Errorf("%d: %q, want %q", i, got, x.want)
		}
	}
}

// A network load balancer of addresses: one that nobody has is unhealthy.
func TestANetworkLoadBalancersTargets(t *testing.T) {
	n := region()
	held := *n.ec2.Instance(n.instance(n.a)).PrivateIpAddress
	l := n.balancer("net", types.LoadBalancerTypeEnumNetwork)
	g := must(n.b.CreateTargetGroup(nil, &elbv2.CreateTargetGroupInput{Name: new("net"), Protocol: types.ProtocolEnumTcp, Port: new(int32(80)), VpcId: &n.vpc,
		TargetType: types.TargetTypeEnumIp})).TargetGroups[0].TargetGroupArn
	must(n.b.CreateListener(nil, &elbv2.CreateListenerInput{LoadBalancerArn: l.LoadBalancerArn, Port: new(int32(80)), Protocol: types.ProtocolEnumTcp,
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: g}}}))
	must(n.b.RegisterTargets(nil, &elbv2.RegisterTargetsInput{TargetGroupArn: g, Targets: []types.TargetDescription{{Id: &held}, {Id: new("10.0.1.99")}}}))
	n.w.Advance(10 * time.Minute)
	if h := n.health(g); h != "healthy, unhealthy Target.FailedHealthChecks" {
		t.Error(h)
	}
	n.b.Answers = append(n.b.Answers, func(vpc, a string) bool { return vpc == n.vpc && a == "10.0.1.99" })
	if h := n.health(g); h != "healthy, healthy" {
		t.Error(h)
	}
	if !strings.HasSuffix(*l.DNSName, ".elb.us-west-2.amazonaws.com") || *l.CanonicalHostedZoneId != "Z18D5FSROUN65G" {
		t.Errorf("%+v", l)
	}
}

// A classic load balancer takes an instance into service after its health checks, and is
// kept by a saved region.
func TestAClassicLoadBalancersLife(t *testing.T) {
	n := region()
	i := n.instance(n.a)
	in := &elasticloadbalancing.CreateLoadBalancerInput{LoadBalancerName: new("old"), Subnets: []string{n.a, n.b2}, SecurityGroups: []string{n.group},
		Listeners: []classictypes.Listener{{Protocol: new("tcp"), LoadBalancerPort: 80, InstancePort: new(int32(30080))}},
		Tags:      []classictypes.Tag{{Key: new("k"), Value: new("v")}}}
	must(n.b.CreateClassic(nil, in))
	must(n.b.CreateClassic(nil, in)) // the same again
	must(n.b.ConfigureHealthCheck(nil, &elasticloadbalancing.ConfigureHealthCheckInput{LoadBalancerName: new("old"), HealthCheck: &classictypes.HealthCheck{
		Target: new("TCP:30080"), Interval: new(int32(10)), Timeout: new(int32(5)), HealthyThreshold: new(int32(2)), UnhealthyThreshold: new(int32(6))}}))
	must(n.b.RegisterInstances(nil, &elasticloadbalancing.RegisterInstancesWithLoadBalancerInput{LoadBalancerName: new("old"),
		Instances: []classictypes.Instance{{InstanceId: &i}}}))
	saved, err := n.b.Save()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.b.Load(saved); err != nil {
		t.Fatal(err)
	}
	health := func() string {
		return *must(n.b.DescribeInstanceHealth(nil, &elasticloadbalancing.DescribeInstanceHealthInput{LoadBalancerName: new("old")})).InstanceStates[0].State
	}
	if h := health(); h != "OutOfService" {
		t.Error(h)
	}
	n.w.Advance(time.Minute)
	if h := health(); h != "InService" {
		t.Error(h)
	}
	if d := must(n.b.DescribeClassicTags(nil, &elasticloadbalancing.DescribeTagsInput{LoadBalancerNames: []string{"old"}})).TagDescriptions; len(d[0].Tags) != 1 {
		t.Errorf("%+v", d)
	}
	in.Scheme = new("internal")
	if _, err := n.b.CreateClassic(nil, in); code(err) != "DuplicateLoadBalancerName" {
		t.Error(err)
	}
	must(n.b.DeleteClassic(nil, &elasticloadbalancing.DeleteLoadBalancerInput{LoadBalancerName: new("old")}))
	if _, err := n.b.DescribeClassics(nil, &elasticloadbalancing.DescribeLoadBalancersInput{LoadBalancerNames: []string{"old"}}); err == nil ||
		err.Error() != "LoadBalancerNotFound: There is no ACTIVE Load Balancer named 'old'" {
		t.Error(err)
	}
}

// The tables of attributes hold what their defaults may be.
func TestDefaultsAreAllowed(t *testing.T) {
	n := region()
	for _, kind := range []types.LoadBalancerTypeEnum{"application", "network"} {
		l := n.balancer("d-"+string(kind), kind)
		all := must(n.b.DescribeLoadBalancerAttributes(nil, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: l.LoadBalancerArn})).Attributes
		must(n.b.ModifyLoadBalancerAttributes(nil, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: l.LoadBalancerArn, Attributes: all}))
	}
}
