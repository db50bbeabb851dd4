package elb

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type loadBalancer struct {
	types.LoadBalancer
	Attributes map[string]string // those that were set
	Tagged     map[string]string
	Interfaces map[string]string // by subnet
	Since      time.Duration     // when it became active, since the world began
	Capacity   *types.MinimumLoadBalancerCapacity
}

func (b *ELB) registerBalancers(s *wire.Service) {
	wire.Handle(s, "CreateLoadBalancer", b.CreateLoadBalancer)
	wire.Handle(s, "DescribeLoadBalancers", b.DescribeLoadBalancers)
	wire.Handle(s, "DeleteLoadBalancer", b.DeleteLoadBalancer)
	wire.Handle(s, "SetSubnets", b.SetSubnets)
	wire.Handle(s, "SetSecurityGroups", b.SetSecurityGroups)
	wire.Handle(s, "SetIpAddressType", b.SetIpAddressType)
	wire.Handle(s, "DescribeCapacityReservation", b.DescribeCapacityReservation)
	wire.Handle(s, "ModifyCapacityReservation", b.ModifyCapacityReservation)
}

func (b *ELB) balancer(arn *string) (*loadBalancer, error) {
	id := aws.ToString(arn)
	if l := b.balancers.Get(id); l != nil {
		return l, nil
	}
	if !strings.Contains(id, ":loadbalancer/") {
		return nil, invalid("'%s' is not a valid load balancer ARN", id)
	}
	return nil, wire.Errorf("LoadBalancerNotFound", "Load balancer '%s' not found", id)
}

// subnetsOf are the subnets that a request names, in either of its forms.
func subnetsOf(subnets []string, mappings []types.SubnetMapping) ([]string, error) {
	if len(subnets) > 0 && len(mappings) > 0 {
		return nil, invalid("You can specify either subnets or subnet mappings, but not both")
	}
	out := slices.Clone(subnets)
	for _, m := range mappings {
		out = append(out, aws.ToString(m.SubnetId))
	}
	return out, nil
}

// CreateLoadBalancer makes an application or a network load balancer; one that is there
// already with the same settings is the answer.
func (b *ELB) CreateLoadBalancer(_ *wire.Caller, in *elbv2.CreateLoadBalancerInput) (*elbv2.CreateLoadBalancerOutput, error) {
	name := aws.ToString(in.Name)
	if err := checkName("load balancer", name); err != nil {
		return nil, err
	}
	l := &loadBalancer{LoadBalancer: types.LoadBalancer{LoadBalancerName: new(name), Type: types.LoadBalancerTypeEnumApplication,
		Scheme: types.LoadBalancerSchemeEnumInternetFacing, IpAddressType: types.IpAddressTypeIpv4}, Attributes: map[string]string{}, Tagged: tagMap(in.Tags)}
	if in.Type != "" {
		l.Type = in.Type
	}
	if in.Scheme != "" {
		l.Scheme = in.Scheme
	}
	if in.IpAddressType != "" {
		l.IpAddressType = in.IpAddressType
	}
	if l.Type == types.LoadBalancerTypeEnumGateway {
		return nil, wire.Errorf("InvalidConfigurationRequest", "The simulated region makes application and network load balancers.")
	}
	ids, err := subnetsOf(in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	p, err := b.placeOf(l, ids, in.SecurityGroups)
	if err != nil {
		return nil, err
	}
	l.VpcId = new(p.vpc)
	if l.SecurityGroups = in.SecurityGroups; len(in.SecurityGroups) == 0 && !l.network() {
		l.SecurityGroups = []string{b.ec2.DefaultGroup(p.vpc)}
	}
	if was := b.balancers.Find(func(x *loadBalancer) bool { return *x.LoadBalancerName == name }); was != nil {
		if !was.alike(l, p) {
			return nil, wire.Errorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", name)
		}
		return &elbv2.CreateLoadBalancerOutput{LoadBalancers: []types.LoadBalancer{was.LoadBalancer}}, nil
	}
	if b.classics.Get(name) != nil { // names are one space
		return nil, wire.Errorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", name)
	}
	if b.balancers.Len() >= limitOf("application-load-balancers") {
		return nil, wire.Errorf("TooManyLoadBalancers", "The maximum number of load balancers has been reached")
	}
	b.name(l)
	if err := b.settle(l, p, in.SubnetMappings); err != nil {
		return nil, err
	}
	l.State = &types.LoadBalancerState{Code: types.LoadBalancerStateEnumProvisioning}
	b.balancers.Put(*l.LoadBalancerArn, l)
	b.w.Start("elb:loadbalancer", name, b.w.Draw("elb:loadbalancer", name, 150*time.Second, 90*time.Second, 300*time.Second), "elb:active",
		*l.LoadBalancerArn, nil)
	return &elbv2.CreateLoadBalancerOutput{LoadBalancers: []types.LoadBalancer{l.LoadBalancer}}, nil
}

func (l *loadBalancer) network() bool { return l.Type == types.LoadBalancerTypeEnumNetwork }

func (l *loadBalancer) public() bool { return l.Scheme == types.LoadBalancerSchemeEnumInternetFacing }

// placeOf checks where a load balancer is to stand: an application load balancer needs
// two zones.
func (b *ELB) placeOf(l *loadBalancer, subnets, groups []string) (place, error) {
	if len(subnets) == 0 {
		return place{}, invalid("At least one subnet must be specified")
	}
	p, err := b.place(subnets, groups, l.public())
	if err == nil && !l.network() && len(p.subnets) < 2 {
		err = invalid("At least two subnets in two different Availability Zones must be specified")
	}
	return p, err
}

// alike tells whether a load balancer of the same name has the settings that are asked for.
func (l *loadBalancer) alike(x *loadBalancer, p place) bool {
	if l.Type != x.Type || l.Scheme != x.Scheme || l.IpAddressType != x.IpAddressType || len(p.subnets) != len(l.AvailabilityZones) ||
		!maps.Equal(l.Tagged, x.Tagged) {
		return false
	}
	for i, s := range p.subnets {
		if *l.AvailabilityZones[i].SubnetId != *s.SubnetId {
			return false
		}
	}
	return slices.Equal(slices.Sorted(slices.Values(l.SecurityGroups)), slices.Sorted(slices.Values(x.SecurityGroups)))
}

// name gives a load balancer its ARN and its host name.
func (b *ELB) name(l *loadBalancer) {
	kind, name := "app", *l.LoadBalancerName
	if l.network() {
		kind = "net"
	}
	id := b.w.Hex("elb "+kind+" "+name, 16)
	l.LoadBalancerArn, l.CreatedTime, l.CanonicalHostedZoneId = b.arn("loadbalancer/"+kind+"/"+name+"/"+id), new(b.w.Date()), b.zoneID(l.network())
	if l.network() {
		l.DNSName = new(fmt.Sprintf("%s-%s.elb.%s.%s", name, id, b.ec2.Region, b.suffix()))
		return
	}
	if !l.public() {
		name = "internal-" + name
	}
	l.DNSName = new(fmt.Sprintf("%s-%s.%s.elb.%s", name, b.number(name), b.ec2.Region, b.suffix()))
}

// settle gives a load balancer an interface in each of its subnets, and takes those away
// that it had elsewhere.
func (b *ELB) settle(l *loadBalancer, p place, mappings []types.SubnetMapping) error {
	for _, s := range p.subnets {
		if err := full(s); l.Interfaces[*s.SubnetId] == "" && err != nil {
			return err
		}
	}
	now, zones := map[string]string{}, []types.AvailabilityZone{}
	for _, s := range p.subnets {
		id := l.Interfaces[*s.SubnetId]
		if id == "" {
			id = b.interfaceFor(l, *s.SubnetId)
		}
		now[*s.SubnetId] = id
		z := types.AvailabilityZone{SubnetId: s.SubnetId, ZoneName: s.AvailabilityZone, LoadBalancerAddresses: []types.LoadBalancerAddress{}}
		for _, m := range mappings {
			if aws.ToString(m.SubnetId) == *s.SubnetId && (m.AllocationId != nil || m.PrivateIPv4Address != nil) {
				z.LoadBalancerAddresses = append(z.LoadBalancerAddresses,
					types.LoadBalancerAddress{AllocationId: m.AllocationId, PrivateIPv4Address: m.PrivateIPv4Address})
			}
		}
		zones = append(zones, z)
	}
	for _, subnet := range slices.Sorted(maps.Keys(l.Interfaces)) {
		if now[subnet] == "" {
			b.leave(*l.LoadBalancerName, []string{l.Interfaces[subnet]})
		}
	}
	l.Interfaces, l.AvailabilityZones = now, zones
	return nil
}

// interfaceFor makes the interface that holds a subnet for a load balancer.
func (b *ELB) interfaceFor(l *loadBalancer, subnet string) string {
	t := ec2types.NetworkInterfaceTypeInterface
	if l.network() {
		t = ec2types.NetworkInterfaceTypeNetworkLoadBalancer
	}
	_, path, _ := strings.Cut(*l.LoadBalancerArn, ":loadbalancer/")
	return b.ec2.NewServiceInterface(subnet, "ELB "+path, "amazon-elb", t, l.SecurityGroups, l.public())
}

func (b *ELB) activated(arn string, _ struct{}) {
	if l := b.balancers.Get(arn); l != nil {
		l.State, l.Since = &types.LoadBalancerState{Code: types.LoadBalancerStateEnumActive}, b.w.Elapsed()
	}
}

// DescribeLoadBalancers lists load balancers, by ARN or by name.
func (b *ELB) DescribeLoadBalancers(_ *wire.Caller, in *elbv2.DescribeLoadBalancersInput) (*elbv2.DescribeLoadBalancersOutput, error) {
	if len(in.LoadBalancerArns) > 0 && len(in.Names) > 0 {
		return nil, invalid("Load balancer ARNs and load balancer names cannot be specified at the same time")
	}
	var missing []string
	rows := pick(b.balancers, in.LoadBalancerArns, in.Names, func(l *loadBalancer) string { return *l.LoadBalancerName }, &missing)
	if len(missing) > 0 && len(in.Names) > 0 {
		return nil, wire.Errorf("LoadBalancerNotFound", "Load balancers '[%s]' not found", strings.Join(missing, ", "))
	} else if len(missing) > 0 {
		return nil, wire.Errorf("LoadBalancerNotFound", "One or more load balancers not found")
	}
	return &elbv2.DescribeLoadBalancersOutput{LoadBalancers: res.Views(rows, func(l *loadBalancer) types.LoadBalancer { return l.LoadBalancer })}, nil
}

// pick selects resources by ARN, by name or all, and says which are missing.
func pick[T any](k *res.Kind[T], arns, names []string, name func(*T) string, missing *[]string) []*T {
	if len(arns)+len(names) == 0 {
		return k.All()
	}
	var out []*T
	for _, a := range arns {
		if r := k.Get(a); r != nil {
			out = append(out, r)
		} else {
			*missing = append(*missing, a)
		}
	}
	for _, n := range names {
		if r := k.Find(func(r *T) bool { return name(r) == n }); r != nil {
			out = append(out, r)
		} else {
			*missing = append(*missing, n)
		}
	}
	return out
}

// DeleteLoadBalancer removes a load balancer with its listeners; one that is not there is
// no error. Its interfaces stay for a while.
func (b *ELB) DeleteLoadBalancer(_ *wire.Caller, in *elbv2.DeleteLoadBalancerInput) (*elbv2.DeleteLoadBalancerOutput, error) {
	l, err := b.balancer(in.LoadBalancerArn)
	if err != nil {
		if strings.Contains(aws.ToString(in.LoadBalancerArn), ":loadbalancer/") {
			return &elbv2.DeleteLoadBalancerOutput{}, nil
		}
		return nil, err
	}
	if l.attribute("deletion_protection.enabled") == "true" {
		return nil, wire.Errorf("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", *l.LoadBalancerArn)
	}
	for _, x := range b.listenersOf(*l.LoadBalancerArn) {
		b.dropListener(x)
	}
	var held []string
	for _, subnet := range slices.Sorted(maps.Keys(l.Interfaces)) {
		held = append(held, l.Interfaces[subnet])
	}
	b.leave(*l.LoadBalancerName, held)
	b.balancers.Delete(*l.LoadBalancerArn)
	return &elbv2.DeleteLoadBalancerOutput{}, nil
}

// SetSubnets replaces a load balancer's subnets.
func (b *ELB) SetSubnets(_ *wire.Caller, in *elbv2.SetSubnetsInput) (*elbv2.SetSubnetsOutput, error) {
	l, err := b.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	ids, err := subnetsOf(in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	p, err := b.placeOf(l, ids, nil)
	if err == nil && p.vpc != *l.VpcId {
		err = wrongSettings("The subnets must be in the VPC of the load balancer, '%s'", *l.VpcId)
	}
	if err == nil {
		err = b.settle(l, p, in.SubnetMappings)
	}
	if err != nil {
		return nil, err
	}
	if in.IpAddressType != "" {
		l.IpAddressType = in.IpAddressType
	}
	return &elbv2.SetSubnetsOutput{AvailabilityZones: l.AvailabilityZones, IpAddressType: l.IpAddressType}, nil
}

// SetSecurityGroups replaces a load balancer's security groups.
func (b *ELB) SetSecurityGroups(_ *wire.Caller, in *elbv2.SetSecurityGroupsInput) (*elbv2.SetSecurityGroupsOutput, error) {
	l, err := b.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	if l.network() && len(l.SecurityGroups) == 0 {
		return nil, wrongSettings("SetSecurityGroups is not supported for load balancers of type 'network' that were created without security groups")
	}
	for _, g := range in.SecurityGroups {
		if x := b.ec2.Group(g); x == nil || *x.VpcId != *l.VpcId {
			return nil, wire.Errorf("InvalidSecurityGroup", "One or more security groups are invalid")
		}
	}
	l.SecurityGroups = in.SecurityGroups
	if in.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic != "" {
		l.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic = new(string(in.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic))
	}
	for _, id := range l.Interfaces {
		b.ec2.SetInterfaceGroups(id, in.SecurityGroups)
	}
	return &elbv2.SetSecurityGroupsOutput{SecurityGroupIds: l.SecurityGroups}, nil
}

// SetIpAddressType changes the addresses that a load balancer's clients may use.
func (b *ELB) SetIpAddressType(_ *wire.Caller, in *elbv2.SetIpAddressTypeInput) (*elbv2.SetIpAddressTypeOutput, error) {
	l, err := b.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	if l.network() && in.IpAddressType == types.IpAddressTypeDualstackWithoutPublicIpv4 {
		return nil, wrongSettings("The IP address type '%s' is not supported for load balancers of type 'network'", in.IpAddressType)
	}
	l.IpAddressType = in.IpAddressType
	return &elbv2.SetIpAddressTypeOutput{IpAddressType: l.IpAddressType}, nil
}

// reserved is what a capacity reservation says of each zone; nothing where there is none.
func (l *loadBalancer) reserved() []types.ZonalCapacityReservationState {
	out := []types.ZonalCapacityReservationState{}
	if l.Capacity == nil {
		return out
	}
	for _, z := range l.AvailabilityZones {
		out = append(out, types.ZonalCapacityReservationState{AvailabilityZone: z.ZoneName,
			EffectiveCapacityUnits: new(float64(aws.ToInt32(l.Capacity.CapacityUnits)) / float64(len(l.AvailabilityZones))),
			State:                  &types.CapacityReservationStatus{Code: types.CapacityReservationStateEnumProvisioned}})
	}
	return out
}

// decreases is how often a reservation may be lowered in a day (user guide).
const decreases = int32(2)

// DescribeCapacityReservation reads a load balancer's least capacity.
func (b *ELB) DescribeCapacityReservation(_ *wire.Caller, in *elbv2.DescribeCapacityReservationInput) (*elbv2.DescribeCapacityReservationOutput, error) {
	l, err := b.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeCapacityReservationOutput{CapacityReservationState: l.reserved(), MinimumLoadBalancerCapacity: l.Capacity,
		DecreaseRequestsRemaining: new(decreases)}, nil
}

// ModifyCapacityReservation sets a load balancer's least capacity, or takes it away.
func (b *ELB) ModifyCapacityReservation(_ *wire.Caller, in *elbv2.ModifyCapacityReservationInput) (*elbv2.ModifyCapacityReservationOutput, error) {
	l, err := b.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	switch reset := aws.ToBool(in.ResetCapacityReservation); {
	case reset && in.MinimumLoadBalancerCapacity != nil:
		return nil, wrongSettings("ResetCapacityReservation and MinimumLoadBalancerCapacity cannot be specified at the same time")
	case reset:
		l.Capacity = nil
	default:
		l.Capacity = in.MinimumLoadBalancerCapacity
	}
	return &elbv2.ModifyCapacityReservationOutput{CapacityReservationState: l.reserved(), MinimumLoadBalancerCapacity: l.Capacity,
		DecreaseRequestsRemaining: new(decreases)}, nil
}
