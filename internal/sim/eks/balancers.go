package eks

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/node"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// The annotations of cloud-provider-aws that this model reads
// (kubernetes/cloud-provider-aws, pkg/providers/v1/aws.go).
const (
	annotationType     = "service.beta.kubernetes.io/aws-load-balancer-type"
	annotationInternal = "service.beta.kubernetes.io/aws-load-balancer-internal"
	annotationSubnets  = "service.beta.kubernetes.io/aws-load-balancer-subnets"
	annotationTags     = "service.beta.kubernetes.io/aws-load-balancer-additional-resource-tags"
	annotationBackend  = "service.beta.kubernetes.io/aws-load-balancer-backend-protocol"
	annotationCert     = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert"
	annotationTLSPorts = "service.beta.kubernetes.io/aws-load-balancer-ssl-ports"
)

// balancerName is a Service's load balancer (k8s.io/cloud-provider, DefaultLoadBalancerName).
func balancerName(s *corev1.Service) string {
	n := "a" + strings.ReplaceAll(string(s.UID), "-", "")
	return n[:min(32, len(n))]
}

func serviceName(s *corev1.Service) string { return s.Namespace + "/" + s.Name }

func (c *cluster) tag() string { return "kubernetes.io/cluster/" + *c.Name }

// EnsureLoadBalancer makes a Service's load balancer, a classic one or, where the Service
// says so, a network one, as the AWS cloud provider in the control plane does with the
// cluster's role.
func (c *cluster) EnsureLoadBalancer(s *corev1.Service, nodes []*corev1.Node) (string, error) {
	kind := s.Annotations[annotationType]
	switch {
	case c.e.ELB == nil || kind == "external" || kind == "nlb-ip":
		return "", node.ErrElsewhere
	case len(s.Spec.Ports) == 0:
		return "", errors.New("requested load balancer with no ports")
	case s.Spec.LoadBalancerIP != "": //nolint:staticcheck // deprecated, and refused
		return "", errors.New("LoadBalancerIP cannot be specified for AWS ELB")
	case s.Spec.SessionAffinity != "" && s.Spec.SessionAffinity != corev1.ServiceAffinityNone:
		return "", fmt.Errorf("unsupported load balancer affinity: %v", s.Spec.SessionAffinity)
	}
	for _, p := range s.Spec.Ports {
		if p.Protocol != corev1.ProtocolTCP && (kind != "nlb" || p.Protocol != corev1.ProtocolUDP) {
			return "", fmt.Errorf("protocol %s not supported by LoadBalancer", p.Protocol)
		}
	}
	for _, action := range []string{"elasticloadbalancing:DescribeLoadBalancers", "ec2:DescribeSubnets", "ec2:CreateSecurityGroup",
		"elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateListener"} {
		if err := c.permits(action); err != nil {
			return "", err
		}
	}
	internal := s.Annotations[annotationInternal] != "" && s.Annotations[annotationInternal] != "false"
	subnets, err := c.balancerSubnets(s, internal)
	if err != nil {
		return "", err
	}
	if len(subnets) == 0 {
		return "", errors.New("could not find any suitable subnets for creating the ELB")
	}
	if kind == "nlb" {
		return c.networkBalancer(s, internal, subnets, c.instancesOf(nodes))
	}
	return c.classicBalancer(s, internal, subnets, c.instancesOf(nodes))
}

// permits says that the cluster's role may not do something.
func (c *cluster) permits(action string) error {
	if c.e.iam.Allows(*c.RoleArn, action, "AmazonEKSClusterPolicy") {
		return nil
	}
	role := (*c.RoleArn)[strings.LastIndex(*c.RoleArn, "/")+1:]
	return fmt.Errorf("AccessDenied: User: arn:%s:sts::%s:assumed-role/%s/aws-go-sdk is not authorized to perform: %s because no identity-based policy "+
		"allows the %s action", c.e.Partition, c.e.Account, role, action, action)
}

// instancesOf are the EC2 instances behind nodes; Fargate's have none.
func (c *cluster) instancesOf(nodes []*corev1.Node) []string {
	var out []string
	for _, n := range nodes {
		if id := n.Spec.ProviderID[strings.LastIndex(n.Spec.ProviderID, "/")+1:]; n.Labels["eks.amazonaws.com/compute-type"] != "fargate" {
			if i := c.e.ec2.Instance(id); i != nil && i.State.Name == ec2types.InstanceStateNameRunning {
				out = append(out, id)
			}
		}
	}
	return out
}

// balancerSubnets finds where a load balancer is to stand: of the VPC's subnets those that
// no other cluster claims; for a public one those with a route to an internet gateway; one
// in each zone, the one with the role's tag before others, then the one with the cluster's
// tag, then the first by ID (findELBSubnets in cloud-provider-aws).
func (c *cluster) balancerSubnets(s *corev1.Service, internal bool) ([]string, error) {
	e := c.e.ec2
	if v := s.Annotations[annotationSubnets]; v != "" {
		var out []string
		for _, id := range strings.Split(v, ",") {
			if e.Subnet(strings.TrimSpace(id)) == nil {
				return nil, fmt.Errorf("expected to find %d, but found %d subnets", len(strings.Split(v, ",")), len(out))
			}
			out = append(out, strings.TrimSpace(id))
		}
		return out, nil
	}
	l, err := e.DescribeSubnets(nil, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: new("vpc-id"), Values: []string{*c.ResourcesVpcConfig.VpcId}}}})
	if err != nil {
		return nil, err
	}
	role := "kubernetes.io/role/elb"
	if internal {
		role = "kubernetes.io/role/internal-elb"
	}
	best := map[string]string{} // by zone
	for _, x := range l.Subnets {
		id, zone := *x.SubnetId, *x.AvailabilityZone
		tags := e.Tags(id)
		_, ours := tags[c.tag()]
		claimed := slices.ContainsFunc(slices.Collect(maps.Keys(tags)), func(k string) bool { return strings.HasPrefix(k, "kubernetes.io/cluster/") })
		if claimed && !ours || !internal && e.Internet(id) != "igw" {
			continue
		}
		if old := best[zone]; old == "" || c.prefers(id, old, role) {
			best[zone] = id
		}
	}
	var out []string
	for _, z := range slices.Sorted(maps.Keys(best)) {
		out = append(out, best[z])
	}
	return out, nil
}

// prefers tells whether a subnet is taken before another of its zone.
func (c *cluster) prefers(id, old, role string) bool {
	for _, tag := range []string{role, c.tag()} {
		_, a := c.e.ec2.Tags(id)[tag]
		_, b := c.e.ec2.Tags(old)[tag]
		if a != b {
			return a
		}
	}
	return id < old
}

// sources are the ranges that may call a Service.
func sources(s *corev1.Service) []string {
	if len(s.Spec.LoadBalancerSourceRanges) > 0 {
		return s.Spec.LoadBalancerSourceRanges
	}
	if v := s.Annotations[corev1.AnnotationLoadBalancerSourceRangesKey]; v != "" {
		return strings.Split(strings.ReplaceAll(v, " ", ""), ",")
	}
	return []string{"0.0.0.0/0"}
}

// balancerTags are the tags that a Service asks for, and those of every load balancer.
func (c *cluster) balancerTags(s *corev1.Service) map[string]string {
	out := map[string]string{}
	for _, kv := range strings.Split(s.Annotations[annotationTags], ",") {
		if k, v, ok := strings.Cut(kv, "="); ok {
			out[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	out["kubernetes.io/service-name"], out[c.tag()] = serviceName(s), "owned"
	return out
}

// tlsPort tells whether a port of a Service is to end TLS.
func tlsPort(s *corev1.Service, p corev1.ServicePort) bool {
	v := s.Annotations[annotationTLSPorts]
	if s.Annotations[annotationCert] == "" {
		return false
	}
	return v == "" || v == "*" || slices.ContainsFunc(strings.Split(v, ","), func(x string) bool {
		x = strings.TrimSpace(x)
		return x == p.Name || x == strconv.Itoa(int(p.Port))
	})
}

// classicListeners are the ports of a classic load balancer.
func classicListeners(s *corev1.Service) []classictypes.Listener {
	var out []classictypes.Listener
	for _, p := range s.Spec.Ports {
		l := classictypes.Listener{LoadBalancerPort: p.Port, InstancePort: new(p.NodePort), Protocol: new("TCP"), InstanceProtocol: new("TCP")}
		behind := strings.ToLower(s.Annotations[annotationBackend])
		switch {
		case tlsPort(s, p):
			l.SSLCertificateId = new(s.Annotations[annotationCert])
			front := map[string][2]string{"http": {"HTTPS", "HTTP"}, "https": {"HTTPS", "HTTPS"}, "ssl": {"SSL", "SSL"}}[behind]
			if front[0] == "" {
				front = [2]string{"SSL", "TCP"}
			}
			l.Protocol, l.InstanceProtocol = new(front[0]), new(front[1])
		case behind == "http":
			l.Protocol, l.InstanceProtocol = new("HTTP"), new("HTTP")
		}
		out = append(out, l)
	}
	return out
}

func (c *cluster) classicBalancer(s *corev1.Service, internal bool, subnets, instances []string) (string, error) {
	b, name := c.e.ELB, balancerName(s)
	group, err := c.balancerGroup(s, name)
	if err != nil {
		return "", err
	}
	listeners := classicListeners(s)
	if b.Classic(name) == nil {
		in := &elasticloadbalancing.CreateLoadBalancerInput{LoadBalancerName: &name, Listeners: listeners, Subnets: subnets, SecurityGroups: []string{group}}
		if internal {
			in.Scheme = new("internal")
		}
		tags := c.balancerTags(s)
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			in.Tags = append(in.Tags, classictypes.Tag{Key: new(k), Value: new(tags[k])})
		}
		if _, err := b.CreateClassic(nil, in); err != nil {
			return "", fmt.Errorf("error creating load balancer: %q", err)
		}
	} else if err := c.relisten(name, listeners); err != nil {
		return "", err
	}
	target := "TCP:" + strconv.Itoa(int(s.Spec.Ports[0].NodePort))
	if s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal && s.Spec.HealthCheckNodePort != 0 {
		target = "HTTP:" + strconv.Itoa(int(s.Spec.HealthCheckNodePort)) + "/healthz"
	}
	// The cloud provider's own defaults.
	check := &classictypes.HealthCheck{Target: new(target), HealthyThreshold: new(int32(2)), UnhealthyThreshold: new(int32(6)), Timeout: new(int32(5)),
		Interval: new(int32(10))}
	if _, err := b.ConfigureHealthCheck(nil, &elasticloadbalancing.ConfigureHealthCheckInput{LoadBalancerName: &name, HealthCheck: check}); err != nil {
		return "", fmt.Errorf("error configuring load balancer health check for %q: %q", name, err)
	}
	if err := c.letIn(group, instances); err != nil {
		return "", err
	}
	return *b.Classic(name).DNSName, c.reregister(name, instances)
}

// relisten makes a classic load balancer's ports those that are wanted.
func (c *cluster) relisten(name string, want []classictypes.Listener) error {
	var drop []int32
	var add []classictypes.Listener
	have := c.e.ELB.Classic(name).ListenerDescriptions
	same := func(x, y classictypes.Listener) bool {
		return x.LoadBalancerPort == y.LoadBalancerPort && *x.InstancePort == *y.InstancePort && *x.Protocol == *y.Protocol &&
			aws.ToString(x.SSLCertificateId) == aws.ToString(y.SSLCertificateId)
	}
	for _, d := range have {
		if !slices.ContainsFunc(want, func(w classictypes.Listener) bool { return same(w, *d.Listener) }) {
			drop = append(drop, d.Listener.LoadBalancerPort)
		}
	}
	for _, w := range want {
		if !slices.ContainsFunc(have, func(d classictypes.ListenerDescription) bool { return same(w, *d.Listener) }) {
			add = append(add, w)
		}
	}
	if len(drop) > 0 {
		in := &elasticloadbalancing.DeleteLoadBalancerListenersInput{LoadBalancerName: &name, LoadBalancerPorts: drop}
		if _, err := c.e.ELB.DeleteLoadBalancerListeners(nil, in); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	_, err := c.e.ELB.CreateLoadBalancerListeners(nil, &elasticloadbalancing.CreateLoadBalancerListenersInput{LoadBalancerName: &name, Listeners: add})
	return err
}

// reregister makes a classic load balancer's instances those that are wanted.
func (c *cluster) reregister(name string, instances []string) error {
	var add, drop []classictypes.Instance
	l, err := c.e.ELB.DescribeClassics(nil, &elasticloadbalancing.DescribeLoadBalancersInput{LoadBalancerNames: []string{name}})
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, i := range l.LoadBalancerDescriptions[0].Instances {
		have[*i.InstanceId] = true
		if !slices.Contains(instances, *i.InstanceId) {
			drop = append(drop, i)
		}
	}
	for _, i := range instances {
		if !have[i] {
			add = append(add, classictypes.Instance{InstanceId: new(i)})
		}
	}
	if len(add) > 0 {
		_, err = c.e.ELB.RegisterInstances(nil, &elasticloadbalancing.RegisterInstancesWithLoadBalancerInput{LoadBalancerName: &name, Instances: add})
	}
	if err == nil && len(drop) > 0 {
		_, err = c.e.ELB.DeregisterInstances(nil, &elasticloadbalancing.DeregisterInstancesFromLoadBalancerInput{LoadBalancerName: &name, Instances: drop})
	}
	return err
}

// groupNamed is the security group of a load balancer, "" where there is none.
func (c *cluster) groupNamed(balancer string) string {
	l, err := c.e.ec2.DescribeSecurityGroups(nil, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{
		{Name: new("group-name"), Values: []string{"k8s-elb-" + balancer}}, {Name: new("vpc-id"), Values: []string{*c.ResourcesVpcConfig.VpcId}}}})
	if err != nil || len(l.SecurityGroups) == 0 {
		return ""
	}
	return *l.SecurityGroups[0].GroupId
}

// balancerGroup is the security group of a classic load balancer, with the rules that the
// Service asks for.
func (c *cluster) balancerGroup(s *corev1.Service, name string) (string, error) {
	id := c.groupNamed(name)
	if id == "" {
		out, err := c.e.ec2.CreateSecurityGroup(nil, &ec2.CreateSecurityGroupInput{GroupName: new("k8s-elb-" + name), VpcId: c.ResourcesVpcConfig.VpcId,
			Description: new(fmt.Sprintf("Security group for Kubernetes ELB %s (%s)", name, serviceName(s))),
			TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup,
				Tags: []ec2types.Tag{{Key: new(c.tag()), Value: new("owned")}}}}})
		if err != nil {
			return "", fmt.Errorf("error creating load balancer security group: %q", err)
		}
		id = *out.GroupId
	}
	var want []ec2types.IpPermission
	for _, r := range sources(s) {
		for _, p := range s.Spec.Ports {
			want = append(want, permission("tcp", p.Port, p.Port, r, ""))
		}
		want = append(want, permission("icmp", 3, 4, r, "")) // path MTU discovery
	}
	return id, c.setRules(id, want, func(ec2types.IpPermission) bool { return true })
}

func permission(protocol string, from, to int32, source, why string) ec2types.IpPermission {
	r := ec2types.IpRange{CidrIp: new(source)}
	if why != "" {
		r.Description = new(why)
	}
	return ec2types.IpPermission{IpProtocol: new(protocol), FromPort: new(from), ToPort: new(to), IpRanges: []ec2types.IpRange{r}}
}

// single are a group's permissions for ranges, one for each.
func single(g *ec2types.SecurityGroup) []ec2types.IpPermission {
	var out []ec2types.IpPermission
	for _, p := range g.IpPermissions {
		for _, r := range p.IpRanges {
			x := p
			x.IpRanges, x.UserIdGroupPairs, x.Ipv6Ranges, x.PrefixListIds = []ec2types.IpRange{r}, nil, nil, nil
			out = append(out, x)
		}
	}
	return out
}

func permissionKey(p ec2types.IpPermission) string {
	return fmt.Sprint(*p.IpProtocol, aws.ToInt32(p.FromPort), aws.ToInt32(p.ToPort), aws.ToString(p.IpRanges[0].CidrIp),
		aws.ToString(p.IpRanges[0].Description))
}

// setRules makes those permissions of a group that are ours the wanted ones.
func (c *cluster) setRules(group string, want []ec2types.IpPermission, ours func(ec2types.IpPermission) bool) error {
	wanted, have := map[string]bool{}, map[string]bool{}
	var add, drop []ec2types.IpPermission
	for _, p := range want {
		wanted[permissionKey(p)] = true
	}
	for _, p := range single(c.e.ec2.Group(group)) {
		if ours(p) {
			have[permissionKey(p)] = true
			if !wanted[permissionKey(p)] {
				drop = append(drop, p)
			}
		}
	}
	for _, p := range want {
		if k := permissionKey(p); !have[k] {
			have[k], add = true, append(add, p)
		}
	}
	if len(drop) > 0 {
		if _, err := c.e.ec2.RevokeSecurityGroupIngress(nil, &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, IpPermissions: drop}); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	_, err := c.e.ec2.AuthorizeSecurityGroupIngress(nil, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: add})
	return err
}

// nodeGroupOf is the security group of an instance that load balancers are let in by: the
// one with the cluster's tag, or the only one.
func (c *cluster) nodeGroupOf(instance string) (string, error) {
	i := c.e.ec2.Instance(instance)
	var tagged, untagged []string
	for _, g := range i.SecurityGroups {
		if _, ok := c.e.ec2.Tags(*g.GroupId)[c.tag()]; ok {
			tagged = append(tagged, *g.GroupId)
		} else {
			untagged = append(untagged, *g.GroupId)
		}
	}
	switch {
	case len(tagged) == 1:
		return tagged[0], nil
	case len(tagged) > 1:
		var names []string
		for _, id := range tagged {
			names = append(names, fmt.Sprintf("%s(%s)", id, *c.e.ec2.Group(id).GroupName))
		}
		return "", fmt.Errorf("multiple tagged security groups found for instance %s; ensure only the k8s security group is tagged; the tagged groups were %s",
			instance, strings.Join(names, " "))
	case len(untagged) == 1:
		return untagged[0], nil
	case len(untagged) > 1:
		return "", fmt.Errorf("multiple untagged security groups found for instance %s; ensure the k8s security group is tagged", instance)
	}
	return "", nil
}

// nodeGroups are the security groups of instances, each once.
func (c *cluster) nodeGroups(instances []string) ([]string, error) {
	var out []string
	for _, i := range instances {
		g, err := c.nodeGroupOf(i)
		if err != nil {
			return nil, err
		}
		if g != "" && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	slices.Sort(out)
	return out, nil
}

func from(group string) []ec2types.IpPermission {
	return []ec2types.IpPermission{{IpProtocol: new("-1"), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: new(group)}}}}
}

func (c *cluster) admitsFrom(in, group string) bool {
	g := c.e.ec2.Group(in)
	return g != nil && slices.ContainsFunc(g.IpPermissions, func(p ec2types.IpPermission) bool {
		return *p.IpProtocol == "-1" && slices.ContainsFunc(p.UserIdGroupPairs, func(u ec2types.UserIdGroupPair) bool { return aws.ToString(u.GroupId) == group })
	})
}

// letIn lets a load balancer's security group in to the nodes.
func (c *cluster) letIn(group string, instances []string) error {
	all, err := c.nodeGroups(instances)
	if err != nil {
		return err
	}
	for _, g := range all {
		if c.admitsFrom(g, group) {
			continue
		}
		if _, err := c.e.ec2.AuthorizeSecurityGroupIngress(nil, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g, IpPermissions: from(group)}); err != nil {
			return err
		}
	}
	return nil
}

// clusterGroups are the VPC's security groups with the cluster's tag: those that rules for
// a load balancer may be in.
func (c *cluster) clusterGroups() []string {
	l, err := c.e.ec2.DescribeSecurityGroups(nil, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{
		{Name: new("tag-key"), Values: []string{c.tag()}}, {Name: new("vpc-id"), Values: []string{*c.ResourcesVpcConfig.VpcId}}}})
	if err != nil {
		return nil
	}
	var out []string
	for _, g := range l.SecurityGroups {
		out = append(out, *g.GroupId)
	}
	return out
}

// groupsHeld is how long the cloud provider waits for a load balancer's security group,
// until it leaves it (cloud-provider-aws, EnsureLoadBalancerDeleted).
const groupsHeld = 600 * time.Second

// DeleteLoadBalancer removes a Service's load balancer, and its security group once its
// interfaces have gone.
func (c *cluster) DeleteLoadBalancer(s *corev1.Service, since time.Duration) (bool, error) {
	name, kind := balancerName(s), s.Annotations[annotationType]
	if c.e.ELB == nil || kind == "external" || kind == "nlb-ip" {
		return true, nil
	}
	if err := c.permits("elasticloadbalancing:DeleteLoadBalancer"); err != nil {
		return false, err
	}
	if kind == "nlb" {
		return true, c.deleteNetwork(name)
	}
	group := c.groupNamed(name)
	if c.e.ELB.Classic(name) != nil {
		for _, g := range c.clusterGroups() {
			if group != "" && c.admitsFrom(g, group) {
				if _, err := c.e.ec2.RevokeSecurityGroupIngress(nil, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, IpPermissions: from(group)}); err != nil {
					return false, err
				}
			}
		}
		if _, err := c.e.ELB.DeleteClassic(nil, &elasticloadbalancing.DeleteLoadBalancerInput{LoadBalancerName: &name}); err != nil {
			return false, err
		}
	}
	if group == "" {
		return true, nil
	}
	_, err := c.e.ec2.DeleteSecurityGroup(nil, &ec2.DeleteSecurityGroupInput{GroupId: &group})
	if e := (*wire.Error)(nil); errors.As(err, &e) && e.Code == "DependencyViolation" {
		return since >= groupsHeld, nil
	}
	return err == nil, err
}

var notInGroupNames = regexp.MustCompile(`[^a-zA-Z0-9]+`)

// targetGroupName is the target group of one of a Service's ports (cloud-provider-aws,
// buildTargetGroupName); what goes into the digest is this model's.
func targetGroupName(s *corev1.Service, cluster string, p corev1.ServicePort) string {
	h := sha256.Sum256(fmt.Append(nil, cluster, " ", s.UID, " ", p.Port, " ", p.NodePort, " ", p.Protocol))
	cut := func(x string, n int) string {
		x = notInGroupNames.ReplaceAllString(x, "")
		return x[:min(n, len(x))]
	}
	return "k8s-" + cut(s.Namespace, 8) + "-" + cut(s.Name, 8) + "-" + hex.EncodeToString(h[:])[:10]
}

// PodAnswers tells whether a ready pod of any cluster in a VPC has an address.
func (s *EKS) PodAnswers(vpc, address string) bool {
	for _, c := range s.clusters.All() {
		if c.kube == nil || aws.ToString(c.ResourcesVpcConfig.VpcId) != vpc {
			continue
		}
		for _, p := range kubeapi.List[corev1.Pod](c.kube) {
			if p.Status.PodIP == address && node.PodReady(p) {
				return true
			}
		}
	}
	return false
}
