package eks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	corev1 "k8s.io/api/core/v1"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// networkBalancer makes a network load balancer for a Service, with a target group and a
// listener for each port.
func (c *cluster) networkBalancer(s *corev1.Service, internal bool, subnets, instances []string) (string, error) {
	b, name := c.e.ELB, balancerName(s)
	l := c.networkNamed(name)
	if l == nil {
		in := &elbv2.CreateLoadBalancerInput{Name: &name, Type: types.LoadBalancerTypeEnumNetwork, Subnets: subnets, Tags: c.networkTags(s)}
		if internal {
			in.Scheme = types.LoadBalancerSchemeEnumInternal
		}
		out, err := b.CreateLoadBalancer(nil, in)
		if err != nil {
			return "", fmt.Errorf("error creating load balancer: %q", err)
		}
		l = &out.LoadBalancers[0]
	}
	for _, p := range s.Spec.Ports {
		if err := c.networkPort(s, l, p, instances); err != nil {
			return "", err
		}
	}
	if err := c.dropPorts(s, l); err != nil {
		return "", err
	}
	return *l.DNSName, c.letClientsIn(s, name, instances)
}

// networkNamed is a network load balancer by name, or nil.
func (c *cluster) networkNamed(name string) *types.LoadBalancer {
	out, err := c.e.ELB.DescribeLoadBalancers(nil, &elbv2.DescribeLoadBalancersInput{Names: []string{name}})
	if err != nil {
		return nil
	}
	return &out.LoadBalancers[0]
}

func (c *cluster) networkTags(s *corev1.Service) []types.Tag {
	tags := c.balancerTags(s)
	var out []types.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: new(k), Value: new(tags[k])})
	}
	return out
}

// networkPort makes the target group of a port, its listener, and its targets.
func (c *cluster) networkPort(s *corev1.Service, l *types.LoadBalancer, p corev1.ServicePort, instances []string) error {
	b, behind := c.e.ELB, types.ProtocolEnum(p.Protocol)
	g, err := b.CreateTargetGroup(nil, &elbv2.CreateTargetGroupInput{Name: new(targetGroupName(s, *c.Name, p)), Protocol: behind, Port: new(p.NodePort),
		VpcId: l.VpcId, TargetType: types.TargetTypeEnumInstance, HealthCheckProtocol: types.ProtocolEnumTcp, HealthCheckIntervalSeconds: new(int32(30)),
		HealthyThresholdCount: new(int32(3)), UnhealthyThresholdCount: new(int32(3)), Tags: c.networkTags(s)})
	if err != nil {
		return fmt.Errorf("error creating load balancer target group: %q", err)
	}
	arn := g.TargetGroups[0].TargetGroupArn
	have, err := b.DescribeTargetHealth(nil, &elbv2.DescribeTargetHealthInput{TargetGroupArn: arn})
	if err != nil {
		return err
	}
	registered := map[string]bool{}
	var add, drop []types.TargetDescription
	for _, d := range have.TargetHealthDescriptions {
		if d.TargetHealth.State == types.TargetHealthStateEnumDraining {
			continue
		}
		registered[*d.Target.Id] = true
		if !slices.Contains(instances, *d.Target.Id) {
			drop = append(drop, *d.Target)
		}
	}
	for _, i := range instances {
		if !registered[i] {
			add = append(add, types.TargetDescription{Id: new(i), Port: new(p.NodePort)})
		}
	}
	if len(add) > 0 {
		if _, err := b.RegisterTargets(nil, &elbv2.RegisterTargetsInput{TargetGroupArn: arn, Targets: add}); err != nil {
			return fmt.Errorf("error trying to register targets in target group: %q", err)
		}
	}
	if len(drop) > 0 {
		if _, err := b.DeregisterTargets(nil, &elbv2.DeregisterTargetsInput{TargetGroupArn: arn, Targets: drop}); err != nil {
			return fmt.Errorf("error trying to deregister targets in target group: %q", err)
		}
	}
	return c.networkListener(s, l, p, arn)
}

func (c *cluster) networkListener(s *corev1.Service, l *types.LoadBalancer, p corev1.ServicePort, group *string) error {
	protocol := types.ProtocolEnum(p.Protocol)
	var certs []types.Certificate
	if tlsPort(s, p) {
		protocol, certs = types.ProtocolEnumTls, []types.Certificate{{CertificateArn: new(s.Annotations[annotationCert])}}
	}
	to := []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: group}}
	have, err := c.e.ELB.DescribeListeners(nil, &elbv2.DescribeListenersInput{LoadBalancerArn: l.LoadBalancerArn})
	if err != nil {
		return err
	}
	for _, x := range have.Listeners {
		if *x.Port == p.Port {
			_, err := c.e.ELB.ModifyListener(nil, &elbv2.ModifyListenerInput{ListenerArn: x.ListenerArn, Protocol: protocol, Certificates: certs, DefaultActions: to})
			return err
		}
	}
	_, err = c.e.ELB.CreateListener(nil, &elbv2.CreateListenerInput{LoadBalancerArn: l.LoadBalancerArn, Port: new(p.Port), Protocol: protocol,
		Certificates: certs, DefaultActions: to})
	if err != nil {
		return fmt.Errorf("failed to create load balancer listener: %q", err)
	}
	return nil
}

// dropPorts closes the ports that a Service no longer has, with their target groups.
func (c *cluster) dropPorts(s *corev1.Service, l *types.LoadBalancer) error {
	b, wanted, groups := c.e.ELB, map[int32]bool{}, map[string]bool{}
	for _, p := range s.Spec.Ports {
		wanted[p.Port], groups[targetGroupName(s, *c.Name, p)] = true, true
	}
	before, err := b.DescribeTargetGroups(nil, &elbv2.DescribeTargetGroupsInput{LoadBalancerArn: l.LoadBalancerArn})
	if err != nil {
		return err
	}
	have, err := b.DescribeListeners(nil, &elbv2.DescribeListenersInput{LoadBalancerArn: l.LoadBalancerArn})
	if err != nil {
		return err
	}
	for _, x := range have.Listeners {
		if !wanted[*x.Port] {
			if _, err := b.DeleteListener(nil, &elbv2.DeleteListenerInput{ListenerArn: x.ListenerArn}); err != nil {
				return err
			}
		}
	}
	for _, g := range before.TargetGroups {
		if !groups[*g.TargetGroupName] {
			if _, err := b.DeleteTargetGroup(nil, &elbv2.DeleteTargetGroupInput{TargetGroupArn: g.TargetGroupArn}); err != nil {
				return err
			}
		}
	}
	return nil
}

// The descriptions of the rules by which clients of a network load balancer reach nodes.
const (
	ruleClient = "kubernetes.io/rule/nlb/client="
	ruleMTU    = "kubernetes.io/rule/nlb/mtu"
)

// letClientsIn lets the clients of a network load balancer in to the nodes: it passes
// their addresses on.
func (c *cluster) letClientsIn(s *corev1.Service, name string, instances []string) error {
	groups, err := c.nodeGroups(instances)
	if err != nil {
		return err
	}
	var want []ec2types.IpPermission
	for _, r := range sources(s) {
		for _, p := range s.Spec.Ports {
			want = append(want, permission(strings.ToLower(string(p.Protocol)), p.NodePort, p.NodePort, r, ruleClient+name))
		}
		want = append(want, permission("icmp", 3, 4, r, ruleMTU+"="+name))
	}
	for _, g := range groups {
		if err := c.setRules(g, want, ruleOf(name)); err != nil {
			return err
		}
	}
	return nil
}

// ruleOf tells whether a rule was made for a load balancer.
func ruleOf(name string) func(ec2types.IpPermission) bool {
	return func(p ec2types.IpPermission) bool {
		d := p.IpRanges[0].Description
		return d != nil && (*d == ruleClient+name || *d == ruleMTU+"="+name)
	}
}

// deleteNetwork removes a network load balancer with its target groups and the rules for
// its clients.
func (c *cluster) deleteNetwork(name string) error {
	b := c.e.ELB
	for _, g := range c.clusterGroups() {
		if err := c.setRules(g, nil, ruleOf(name)); err != nil {
			return err
		}
	}
	l := c.networkNamed(name)
	if l == nil {
		return nil // it is gone
	}
	arn := l.LoadBalancerArn
	groups, err := b.DescribeTargetGroups(nil, &elbv2.DescribeTargetGroupsInput{LoadBalancerArn: arn})
	if err != nil {
		return err
	}
	if _, err := b.DeleteLoadBalancer(nil, &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: arn}); err != nil {
		return err
	}
	for _, g := range groups.TargetGroups {
		if _, err := b.DeleteTargetGroup(nil, &elbv2.DeleteTargetGroupInput{TargetGroupArn: g.TargetGroupArn}); err != nil {
			return err
		}
	}
	return nil
}
