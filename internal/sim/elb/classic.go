package elb

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// classic is a load balancer of version 2012-06-01, in a VPC.
type classic struct {
	types.LoadBalancerDescription
	Attributes types.LoadBalancerAttributes
	Tagged     map[string]string
	Interfaces map[string]string // by subnet
	Registered []member
	Named      []types.PolicyDescription // policies that were made
}

// member is an instance that is registered, and since when (since the world began).
type member struct {
	ID    string
	Since time.Duration
}

// RegisterClassic adds the operations of version 2012-06-01.
func (b *ELB) RegisterClassic(s *wire.Service) {
	wire.Handle(s, "CreateLoadBalancer", b.CreateClassic)
	wire.Handle(s, "DescribeLoadBalancers", b.DescribeClassics)
	wire.Handle(s, "DeleteLoadBalancer", b.DeleteClassic)
	wire.Handle(s, "CreateLoadBalancerListeners", b.CreateLoadBalancerListeners)
	wire.Handle(s, "DeleteLoadBalancerListeners", b.DeleteLoadBalancerListeners)
	wire.Handle(s, "ConfigureHealthCheck", b.ConfigureHealthCheck)
	wire.Handle(s, "DescribeLoadBalancerAttributes", b.DescribeClassicAttributes)
	wire.Handle(s, "ModifyLoadBalancerAttributes", b.ModifyClassicAttributes)
	wire.Handle(s, "RegisterInstancesWithLoadBalancer", b.RegisterInstances)
	wire.Handle(s, "DeregisterInstancesFromLoadBalancer", b.DeregisterInstances)
	wire.Handle(s, "DescribeInstanceHealth", b.DescribeInstanceHealth)
	wire.Handle(s, "AddTags", b.AddClassicTags)
	wire.Handle(s, "RemoveTags", b.RemoveClassicTags)
	wire.Handle(s, "DescribeTags", b.DescribeClassicTags)
	wire.Handle(s, "AttachLoadBalancerToSubnets", b.AttachSubnets)
	wire.Handle(s, "DetachLoadBalancerFromSubnets", b.DetachSubnets)
	wire.Handle(s, "ApplySecurityGroupsToLoadBalancer", b.ApplySecurityGroups)
	wire.Handle(s, "SetLoadBalancerListenerSSLCertificate", b.SetListenerCertificate)
	wire.Handle(s, "DescribeAccountLimits", b.DescribeClassicLimits)
	b.registerPolicies(s)
}

func noClassic(name string) error {
	return wire.Errorf("LoadBalancerNotFound", "There is no ACTIVE Load Balancer named '%s'", name)
}

func (b *ELB) classic(name *string) (*classic, error) {
	if c := b.classics.Get(aws.ToString(name)); c != nil {
		return c, nil
	}
	return nil, noClassic(aws.ToString(name))
}

// Classic is a classic load balancer as it is described, or nil; shared, not to be changed.
func (b *ELB) Classic(name string) *types.LoadBalancerDescription {
	if c := b.classics.Get(name); c != nil {
		return &c.LoadBalancerDescription
	}
	return nil
}

var classicName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$`)

// listenersFrom checks listeners and completes them.
func listenersFrom(in []types.Listener) ([]types.ListenerDescription, error) {
	var out []types.ListenerDescription
	for _, l := range in {
		l.Protocol = new(strings.ToUpper(aws.ToString(l.Protocol)))
		if l.InstanceProtocol == nil {
			l.InstanceProtocol = l.Protocol
		}
		l.InstanceProtocol = new(strings.ToUpper(*l.InstanceProtocol))
		for _, p := range []string{*l.Protocol, *l.InstanceProtocol} {
			if !slices.Contains([]string{"HTTP", "HTTPS", "TCP", "SSL"}, p) {
				return nil, wire.Errorf("UnsupportedProtocol", "Listener protocol must be one of HTTP, TCP, HTTPS, SSL")
			}
		}
		http := func(p string) bool { return strings.HasPrefix(p, "HTTP") }
		secure := *l.Protocol == "HTTPS" || *l.Protocol == "SSL"
		switch {
		case http(*l.Protocol) != http(*l.InstanceProtocol):
			return nil, invalid("Protocol and InstanceProtocol must be at the same internet protocol layer")
		case secure && aws.ToString(l.SSLCertificateId) == "":
			return nil, invalid("Secure Listeners need to specify a SSLCertificateId")
		case secure:
			if certificate(*l.SSLCertificateId) != nil {
				return nil, wire.Errorf("CertificateNotFound", "Server Certificate not found for the key: %s", *l.SSLCertificateId)
			}
		case aws.ToString(l.SSLCertificateId) == "":
			l.SSLCertificateId = nil
		}
		if l.LoadBalancerPort < 1 || l.LoadBalancerPort > 65535 || aws.ToInt32(l.InstancePort) < 1 || aws.ToInt32(l.InstancePort) > 65535 {
			return nil, invalid("Listener ports must be between 1 and 65535")
		}
		out = append(out, types.ListenerDescription{Listener: new(l), PolicyNames: []string{}})
	}
	return out, nil
}

// CreateClassic makes a classic load balancer; one that is there already with the same
// settings is the answer.
func (b *ELB) CreateClassic(_ *wire.Caller, in *elasticloadbalancing.CreateLoadBalancerInput) (*elasticloadbalancing.CreateLoadBalancerOutput, error) {
	name := aws.ToString(in.LoadBalancerName)
	if !classicName.MatchString(name) {
		return nil, invalid("LoadBalancer name cannot be longer than 32 characters and can only contain characters that are alphanumeric characters and hyphens(-)")
	}
	if len(in.Listeners) == 0 {
		return nil, invalid("Listeners cannot be empty")
	}
	ll, err := listenersFrom(in.Listeners)
	if err != nil {
		return nil, err
	}
	scheme := "internet-facing"
	if in.Scheme != nil {
		scheme = *in.Scheme
	}
	if scheme != "internet-facing" && scheme != "internal" {
		return nil, wire.Errorf("InvalidScheme", "Scheme %s is not supported", scheme)
	}
	if len(in.Subnets) == 0 {
		return nil, invalid("Either AvailabilityZones or SubnetIds must be specified") // there is no EC2-Classic, and no default VPC is taken
	}
	p, err := b.place(in.Subnets, in.SecurityGroups, scheme == "internet-facing")
	if err != nil {
		return nil, err
	}
	if was := b.classics.Get(name); was != nil {
		if !was.alike(in, ll, scheme) {
			return nil, wire.Errorf("DuplicateLoadBalancerName", "The specified load balancer name already exists for this account: %s", name)
		}
		return &elasticloadbalancing.CreateLoadBalancerOutput{DNSName: was.DNSName}, nil
	}
	if b.balancers.Find(func(l *loadBalancer) bool { return *l.LoadBalancerName == name }) != nil { // names are one space
		return nil, wire.Errorf("DuplicateLoadBalancerName", "The specified load balancer name already exists for this account: %s", name)
	}
	if b.classics.Len() >= classicLimits["classic-load-balancers"] {
		return nil, wire.Errorf("TooManyLoadBalancers", "The maximum number of load balancers has been reached")
	}
	c := b.newClassic(name, scheme, p, in.SecurityGroups, ll)
	for _, t := range in.Tags {
		c.Tagged[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	if err := b.settleClassic(c, p); err != nil {
		return nil, err
	}
	b.classics.Put(name, c)
	return &elasticloadbalancing.CreateLoadBalancerOutput{DNSName: c.DNSName}, nil
}

func (b *ELB) newClassic(name, scheme string, p place, groups []string, ll []types.ListenerDescription) *classic {
	if len(groups) == 0 {
		groups = []string{b.ec2.DefaultGroup(p.vpc)}
	}
	host := name
	if scheme == "internal" {
		host = "internal-" + name
	}
	c := &classic{LoadBalancerDescription: types.LoadBalancerDescription{LoadBalancerName: new(name), Scheme: new(scheme), VPCId: new(p.vpc),
		SecurityGroups: groups, CreatedTime: new(b.w.Date()), ListenerDescriptions: ll, Instances: []types.Instance{},
		DNSName:                   new(fmt.Sprintf("%s-%s.%s.elb.%s", host, b.number(name), b.ec2.Region, b.suffix())),
		CanonicalHostedZoneNameID: b.zoneID(false), BackendServerDescriptions: []types.BackendServerDescription{},
		Policies: &types.Policies{AppCookieStickinessPolicies: []types.AppCookieStickinessPolicy{},
			LBCookieStickinessPolicies: []types.LBCookieStickinessPolicy{}, OtherPolicies: []string{}},
		HealthCheck: &types.HealthCheck{Target: new("TCP:" + fmt.Sprint(*ll[0].Listener.InstancePort)), Interval: new(int32(30)), Timeout: new(int32(5)),
			UnhealthyThreshold: new(int32(2)), HealthyThreshold: new(int32(10))}},
		Attributes: types.LoadBalancerAttributes{AccessLog: &types.AccessLog{}, ConnectionDraining: &types.ConnectionDraining{Timeout: new(int32(300))},
			ConnectionSettings: &types.ConnectionSettings{IdleTimeout: new(int32(60))}, CrossZoneLoadBalancing: &types.CrossZoneLoadBalancing{},
			AdditionalAttributes: []types.AdditionalAttribute{{Key: new("elb.http.desyncmitigationmode"), Value: new("defensive")}}},
		Tagged: map[string]string{}, Interfaces: map[string]string{}}
	if scheme == "internet-facing" {
		c.CanonicalHostedZoneName = c.DNSName
	}
	if g := b.ec2.Group(groups[0]); g != nil {
		c.SourceSecurityGroup = &types.SourceSecurityGroup{GroupName: g.GroupName, OwnerAlias: new(b.ec2.Account)}
	}
	return c
}

// alike tells whether a load balancer of the same name has the settings that are asked for.
func (c *classic) alike(in *elasticloadbalancing.CreateLoadBalancerInput, ll []types.ListenerDescription, scheme string) bool {
	sorted := func(l []string) []string { return slices.Sorted(slices.Values(l)) }
	key := func(l []types.ListenerDescription) []string {
		var out []string
		for _, d := range l {
			x := d.Listener
			out = append(out, fmt.Sprint(*x.Protocol, x.LoadBalancerPort, *x.InstanceProtocol, *x.InstancePort, aws.ToString(x.SSLCertificateId)))
		}
		return sorted(out)
	}
	return *c.Scheme == scheme && slices.Equal(sorted(c.Subnets), sorted(in.Subnets)) && slices.Equal(key(c.ListenerDescriptions), key(ll)) &&
		(len(in.SecurityGroups) == 0 || slices.Equal(sorted(c.SecurityGroups), sorted(in.SecurityGroups)))
}

// settleClassic gives a load balancer an interface in each of its subnets, and takes those
// away that it had elsewhere.
func (b *ELB) settleClassic(c *classic, p place) error {
	for _, s := range p.subnets {
		if err := full(s); c.Interfaces[*s.SubnetId] == "" && err != nil {
			return err
		}
	}
	now := map[string]string{}
	c.Subnets, c.AvailabilityZones = nil, nil
	for _, s := range p.subnets {
		id := c.Interfaces[*s.SubnetId]
		if id == "" {
			id = b.ec2.NewServiceInterface(*s.SubnetId, "ELB "+*c.LoadBalancerName, "amazon-elb", ec2types.NetworkInterfaceTypeInterface, c.SecurityGroups,
				*c.Scheme == "internet-facing")
		}
		now[*s.SubnetId] = id
		c.Subnets, c.AvailabilityZones = append(c.Subnets, *s.SubnetId), append(c.AvailabilityZones, *s.AvailabilityZone)
	}
	for _, subnet := range slices.Sorted(maps.Keys(c.Interfaces)) {
		if now[subnet] == "" {
			b.leave(*c.LoadBalancerName, []string{c.Interfaces[subnet]})
		}
	}
	c.Interfaces = now
	return nil
}

// DescribeClassics lists classic load balancers, all or by name.
func (b *ELB) DescribeClassics(_ *wire.Caller, in *elasticloadbalancing.DescribeLoadBalancersInput) (*elasticloadbalancing.DescribeLoadBalancersOutput, error) {
	rows := b.classics.All()
	if len(in.LoadBalancerNames) > 0 {
		rows = nil
		for _, n := range in.LoadBalancerNames {
			c := b.classics.Get(n)
			if c == nil {
				return nil, noClassic(n)
			}
			rows = append(rows, c)
		}
	}
	return &elasticloadbalancing.DescribeLoadBalancersOutput{LoadBalancerDescriptions: res.Views(rows, (*classic).view)}, nil
}

func (c *classic) view() types.LoadBalancerDescription {
	v := c.LoadBalancerDescription
	v.Instances = c.instances()
	return v
}

func (c *classic) instances() []types.Instance {
	out := []types.Instance{}
	for _, m := range c.Registered {
		out = append(out, types.Instance{InstanceId: new(m.ID)})
	}
	return out
}

// DeleteClassic removes a load balancer; one that is not there is no error. Its
// interfaces stay for a while.
func (b *ELB) DeleteClassic(_ *wire.Caller, in *elasticloadbalancing.DeleteLoadBalancerInput) (*elasticloadbalancing.DeleteLoadBalancerOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err == nil {
		var held []string
		for _, subnet := range slices.Sorted(maps.Keys(c.Interfaces)) {
			held = append(held, c.Interfaces[subnet])
		}
		b.leave(*c.LoadBalancerName, held)
		b.classics.Delete(*c.LoadBalancerName)
	}
	return &elasticloadbalancing.DeleteLoadBalancerOutput{}, nil
}

// CreateLoadBalancerListeners opens ports; one that is open the same way already is left.
func (b *ELB) CreateLoadBalancerListeners(_ *wire.Caller,
	in *elasticloadbalancing.CreateLoadBalancerListenersInput) (*elasticloadbalancing.CreateLoadBalancerListenersOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	ll, err := listenersFrom(in.Listeners)
	if err != nil {
		return nil, err
	}
	now := slices.Clone(c.ListenerDescriptions)
	for _, d := range ll {
		i := c.at(d.Listener.LoadBalancerPort)
		if i < 0 {
			now = append(now, d)
			continue
		}
		if x, y := c.ListenerDescriptions[i].Listener, d.Listener; *x.InstancePort != *y.InstancePort || *x.Protocol != *y.Protocol ||
			*x.InstanceProtocol != *y.InstanceProtocol || aws.ToString(x.SSLCertificateId) != aws.ToString(y.SSLCertificateId) {
			return nil, wire.Errorf("DuplicateListener", "A listener already exists for %s with LoadBalancerPort %d, but with a different InstancePort, "+
				"Protocol, or SSLCertificateId", *c.LoadBalancerName, y.LoadBalancerPort)
		}
	}
	c.ListenerDescriptions = now
	return &elasticloadbalancing.CreateLoadBalancerListenersOutput{}, nil
}

// at is where the listener on a port is in the list, or -1.
func (c *classic) at(port int32) int {
	return slices.IndexFunc(c.ListenerDescriptions, func(d types.ListenerDescription) bool { return d.Listener.LoadBalancerPort == port })
}

// DeleteLoadBalancerListeners closes ports.
func (b *ELB) DeleteLoadBalancerListeners(_ *wire.Caller,
	in *elasticloadbalancing.DeleteLoadBalancerListenersInput) (*elasticloadbalancing.DeleteLoadBalancerListenersOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	c.ListenerDescriptions = slices.DeleteFunc(c.ListenerDescriptions, func(d types.ListenerDescription) bool {
		return slices.Contains(in.LoadBalancerPorts, d.Listener.LoadBalancerPort)
	})
	return &elasticloadbalancing.DeleteLoadBalancerListenersOutput{}, nil
}

var healthTarget = regexp.MustCompile(`^(TCP|SSL):(\d+)$|^(HTTP|HTTPS):(\d+)/`)

// ConfigureHealthCheck sets how instances are looked at.
func (b *ELB) ConfigureHealthCheck(_ *wire.Caller,
	in *elasticloadbalancing.ConfigureHealthCheckInput) (*elasticloadbalancing.ConfigureHealthCheckOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	h := in.HealthCheck
	if m := healthTarget.FindStringSubmatch(strings.ToUpper(aws.ToString(h.Target))); m == nil {
		return nil, invalid("HealthCheck HTTP Target must specify a port followed by a path that begins with a slash. e.g. HTTP:80/ping/this/path, " +
			"and others must begin with one of TCP, SSL")
	} else if n, _ := strconv.Atoi(m[2] + m[4]); n < 1 || n > 65535 { //nolint:errcheck // digits; too many are too big
		return nil, invalid("HealthCheck Target port must be between 1 and 65535")
	}
	switch {
	case aws.ToInt32(h.Interval) < 5 || *h.Interval > 300:
		return nil, invalid("HealthCheck Interval must be between 5 and 300 seconds")
	case aws.ToInt32(h.Timeout) < 2 || *h.Timeout > 60:
		return nil, invalid("HealthCheck Timeout must be between 2 and 60 seconds")
	case *h.Timeout >= *h.Interval:
		return nil, invalid("HealthCheck Timeout must be less than the Interval")
	case aws.ToInt32(h.HealthyThreshold) < 2 || *h.HealthyThreshold > 10 || aws.ToInt32(h.UnhealthyThreshold) < 2 || *h.UnhealthyThreshold > 10:
		return nil, invalid("HealthCheck thresholds must be between 2 and 10")
	}
	c.HealthCheck = h
	return &elasticloadbalancing.ConfigureHealthCheckOutput{HealthCheck: h}, nil
}

// DescribeClassicAttributes reads a load balancer's attributes.
func (b *ELB) DescribeClassicAttributes(_ *wire.Caller,
	in *elasticloadbalancing.DescribeLoadBalancerAttributesInput) (*elasticloadbalancing.DescribeLoadBalancerAttributesOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	return &elasticloadbalancing.DescribeLoadBalancerAttributesOutput{LoadBalancerAttributes: new(c.Attributes)}, nil
}

// ModifyClassicAttributes sets what is given of a load balancer's attributes.
func (b *ELB) ModifyClassicAttributes(_ *wire.Caller,
	in *elasticloadbalancing.ModifyLoadBalancerAttributesInput) (*elasticloadbalancing.ModifyLoadBalancerAttributesOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	a := in.LoadBalancerAttributes
	if s := a.ConnectionSettings; s != nil && (aws.ToInt32(s.IdleTimeout) < 1 || *s.IdleTimeout > 4000) {
		return nil, wrongSettings("ConnectionSettings.IdleTimeout must be between 1 and 4000 seconds")
	}
	if l := a.AccessLog; l != nil && l.Enabled && l.S3BucketName == nil {
		return nil, wrongSettings("An S3 bucket name must be specified for access logs")
	}
	c.Attributes.AccessLog, c.Attributes.ConnectionSettings = or(a.AccessLog, c.Attributes.AccessLog), or(a.ConnectionSettings, c.Attributes.ConnectionSettings)
	c.Attributes.CrossZoneLoadBalancing = or(a.CrossZoneLoadBalancing, c.Attributes.CrossZoneLoadBalancing)
	if d := a.ConnectionDraining; d != nil {
		c.Attributes.ConnectionDraining = &types.ConnectionDraining{Enabled: d.Enabled, Timeout: or(d.Timeout, c.Attributes.ConnectionDraining.Timeout)}
	}
	for _, x := range a.AdditionalAttributes {
		for i := range c.Attributes.AdditionalAttributes {
			if *c.Attributes.AdditionalAttributes[i].Key == aws.ToString(x.Key) {
				c.Attributes.AdditionalAttributes[i].Value = x.Value
			}
		}
	}
	return &elasticloadbalancing.ModifyLoadBalancerAttributesOutput{LoadBalancerName: c.LoadBalancerName, LoadBalancerAttributes: a}, nil
}

// AttachSubnets adds subnets to a load balancer.
func (b *ELB) AttachSubnets(_ *wire.Caller,
	in *elasticloadbalancing.AttachLoadBalancerToSubnetsInput) (*elasticloadbalancing.AttachLoadBalancerToSubnetsOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(c.Subnets)
	for _, s := range in.Subnets {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	if err := b.moveTo(c, all); err != nil {
		return nil, err
	}
	return &elasticloadbalancing.AttachLoadBalancerToSubnetsOutput{Subnets: c.Subnets}, nil
}

// DetachSubnets takes subnets away from a load balancer; it needs one.
func (b *ELB) DetachSubnets(_ *wire.Caller,
	in *elasticloadbalancing.DetachLoadBalancerFromSubnetsInput) (*elasticloadbalancing.DetachLoadBalancerFromSubnetsOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	rest := slices.DeleteFunc(slices.Clone(c.Subnets), func(s string) bool { return slices.Contains(in.Subnets, s) })
	if len(rest) == 0 {
		return nil, wrongSettings("A load balancer must be attached to at least one subnet")
	}
	if err := b.moveTo(c, rest); err != nil {
		return nil, err
	}
	return &elasticloadbalancing.DetachLoadBalancerFromSubnetsOutput{Subnets: c.Subnets}, nil
}

func (b *ELB) moveTo(c *classic, subnets []string) error {
	p, err := b.place(subnets, nil, false)
	if err == nil && p.vpc != *c.VPCId {
		err = wrongSettings("All subnets must belong to the same VPC: '%s'", *c.VPCId)
	}
	if err != nil {
		return err
	}
	return b.settleClassic(c, p)
}

// ApplySecurityGroups replaces a load balancer's security groups.
func (b *ELB) ApplySecurityGroups(_ *wire.Caller,
	in *elasticloadbalancing.ApplySecurityGroupsToLoadBalancerInput) (*elasticloadbalancing.ApplySecurityGroupsToLoadBalancerOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	for _, g := range in.SecurityGroups {
		if x := b.ec2.Group(g); x == nil || *x.VpcId != *c.VPCId {
			return nil, wire.Errorf("InvalidSecurityGroup", "One or more of the specified security groups do not exist.")
		}
	}
	c.SecurityGroups = in.SecurityGroups
	for _, id := range c.Interfaces {
		b.ec2.SetInterfaceGroups(id, in.SecurityGroups)
	}
	return &elasticloadbalancing.ApplySecurityGroupsToLoadBalancerOutput{SecurityGroups: c.SecurityGroups}, nil
}

// SetListenerCertificate replaces the certificate of a port.
func (b *ELB) SetListenerCertificate(_ *wire.Caller,
	in *elasticloadbalancing.SetLoadBalancerListenerSSLCertificateInput) (*elasticloadbalancing.SetLoadBalancerListenerSSLCertificateOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	i := c.at(in.LoadBalancerPort)
	switch {
	case i < 0:
		return nil, wire.Errorf("ListenerNotFound", "There is no listener on port %d of load balancer %s", in.LoadBalancerPort, *c.LoadBalancerName)
	case certificate(aws.ToString(in.SSLCertificateId)) != nil:
		return nil, wire.Errorf("CertificateNotFound", "Server Certificate not found for the key: %s", aws.ToString(in.SSLCertificateId))
	}
	c.ListenerDescriptions[i].Listener.SSLCertificateId = in.SSLCertificateId
	return &elasticloadbalancing.SetLoadBalancerListenerSSLCertificateOutput{}, nil
}

// classicLimits are an account's defaults ("Quotas for your Classic Load Balancer").
var classicLimits = map[string]int{"classic-load-balancers": 20, "classic-listeners": 100, "classic-registered-instances": 1000}

// DescribeClassicLimits lists the account's quotas.
func (b *ELB) DescribeClassicLimits(*wire.Caller,
	*elasticloadbalancing.DescribeAccountLimitsInput) (*elasticloadbalancing.DescribeAccountLimitsOutput, error) {
	out := &elasticloadbalancing.DescribeAccountLimitsOutput{Limits: []types.Limit{}}
	for _, k := range slices.Sorted(maps.Keys(classicLimits)) {
		out.Limits = append(out.Limits, types.Limit{Name: new(k), Max: new(strconv.Itoa(classicLimits[k]))})
	}
	return out, nil
}
