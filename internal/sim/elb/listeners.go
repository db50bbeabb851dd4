package elb

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type listener struct {
	types.Listener
	Attributes map[string]string // those that were set
	Tagged     map[string]string
	More       []string // certificates besides the default one
}

func (b *ELB) registerListeners(s *wire.Service) {
	wire.Handle(s, "CreateListener", b.CreateListener)
	wire.Handle(s, "DescribeListeners", b.DescribeListeners)
	wire.Handle(s, "ModifyListener", b.ModifyListener)
	wire.Handle(s, "DeleteListener", b.DeleteListener)
	wire.Handle(s, "AddListenerCertificates", b.AddListenerCertificates)
	wire.Handle(s, "RemoveListenerCertificates", b.RemoveListenerCertificates)
	wire.Handle(s, "DescribeListenerCertificates", b.DescribeListenerCertificates)
}

func (l *listener) network() bool { return strings.Contains(*l.LoadBalancerArn, ":loadbalancer/net/") }

// secure tells whether a listener ends TLS.
func (l *listener) secure() bool {
	return l.Protocol == types.ProtocolEnumHttps || l.Protocol == types.ProtocolEnumTls
}

func (b *ELB) listener(arn *string) (*listener, error) {
	id := aws.ToString(arn)
	if l := b.listeners.Get(id); l != nil {
		return l, nil
	}
	if !strings.Contains(id, ":listener/") {
		return nil, invalid("'%s' is not a valid listener ARN", id)
	}
	return nil, wire.Errorf("ListenerNotFound", "One or more listeners not found")
}

func (b *ELB) listenersOf(balancer string) []*listener {
	return b.listeners.Select(func(l *listener) bool { return *l.LoadBalancerArn == balancer })
}

// forwardsTo are the target groups that actions send to.
func forwardsTo(actions []types.Action) []string {
	var out []string
	for _, a := range actions {
		if a.TargetGroupArn != nil {
			out = append(out, *a.TargetGroupArn)
		}
		if a.ForwardConfig != nil {
			for _, t := range a.ForwardConfig.TargetGroups {
				if arn := aws.ToString(t.TargetGroupArn); !slices.Contains(out, arn) {
					out = append(out, arn)
				}
			}
		}
	}
	return out
}

// protocols are what listeners speak, and what the target groups behind them do.
var protocols = map[bool][]types.ProtocolEnum{
	false: {types.ProtocolEnumHttp, types.ProtocolEnumHttps},
	true:  {types.ProtocolEnumTcp, types.ProtocolEnumTls, types.ProtocolEnumUdp, types.ProtocolEnumTcpUdp},
}

// defaultPolicy is the security policy of a listener for which none is asked.
const defaultPolicy = "ELBSecurityPolicy-2016-08"

// actions checks what a listener or a rule does, and completes it as AWS shows it.
func (b *ELB) actions(l *listener, in []types.Action) ([]types.Action, error) {
	if len(in) == 0 {
		return nil, invalid("At least one action must be specified")
	}
	out := slices.Clone(in)
	last := out[len(out)-1].Type
	for i := range out {
		a := &out[i]
		switch {
		case l.network() && a.Type != types.ActionTypeEnumForward:
			return nil, wire.Errorf("InvalidLoadBalancerAction", "Action type '%s' is not supported for load balancers of type 'network'", a.Type)
		case a.Type == types.ActionTypeEnumForward && len(forwardsTo([]types.Action{*a})) == 0:
			return nil, invalid("A target group ARN must be specified")
		case a.Type == types.ActionTypeEnumRedirect && a.RedirectConfig == nil:
			return nil, invalid("A redirect configuration must be specified for a redirect action")
		case a.Type == types.ActionTypeEnumFixedResponse && a.FixedResponseConfig == nil:
			return nil, invalid("A fixed response configuration must be specified for a fixed response action")
		}
		if len(out) > 1 && a.Order == nil {
			return nil, invalid("An order must be specified for each action")
		}
		if a.Type == types.ActionTypeEnumForward {
			complete(a)
		}
	}
	if last == types.ActionTypeEnumAuthenticateCognito || last == types.ActionTypeEnumAuthenticateOidc {
		return nil, wire.Errorf("InvalidLoadBalancerAction", "The last action must be one of forward, redirect or fixed-response")
	}
	if len(out) > 1 {
		slices.SortStableFunc(out, func(x, y types.Action) int { return int(*x.Order - *y.Order) })
	}
	balancer := b.balancers.Get(*l.LoadBalancerArn)
	for _, arn := range forwardsTo(out) {
		g, err := b.group(new(arn))
		if err != nil {
			return nil, wire.Errorf("TargetGroupNotFound", "Target group '%s' not found", arn)
		}
		users := b.usersOf(arn)
		switch {
		case !slices.Contains(protocols[l.network()], g.Protocol):
			return nil, wire.Errorf("IncompatibleProtocols", "The protocol of target group '%s' (%s) is not compatible with the listener's (%s)", arn, g.Protocol,
				l.Protocol)
		case *g.VpcId != *balancer.VpcId:
			return nil, wrongSettings("The target group '%s' is not in the VPC of the load balancer, '%s'", arn, *balancer.VpcId)
		case len(users) > 0 && !slices.Contains(users, *l.LoadBalancerArn):
			return nil, wire.Errorf("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", arn)
		case len(users) == 0:
			g.Used = b.w.Elapsed()
		}
	}
	return out, nil
}

// complete makes a forward action whole: AWS answers one target group in both forms.
func complete(a *types.Action) {
	if a.ForwardConfig == nil {
		a.ForwardConfig = &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{{TargetGroupArn: a.TargetGroupArn, Weight: new(int32(1))}}}
	} else {
		c := *a.ForwardConfig
		c.TargetGroups = slices.Clone(c.TargetGroups)
		for i := range c.TargetGroups {
			if c.TargetGroups[i].Weight == nil {
				c.TargetGroups[i].Weight = new(int32(1))
			}
		}
		a.ForwardConfig = &c
	}
	if a.ForwardConfig.TargetGroupStickinessConfig == nil {
		a.ForwardConfig.TargetGroupStickinessConfig = &types.TargetGroupStickinessConfig{Enabled: new(false)}
	}
	if len(a.ForwardConfig.TargetGroups) == 1 {
		a.TargetGroupArn = a.ForwardConfig.TargetGroups[0].TargetGroupArn
	}
}

// check says why a listener cannot be so.
func (b *ELB) check(l *listener) error {
	if !slices.Contains(protocols[l.network()], l.Protocol) {
		var names []string
		for _, p := range protocols[l.network()] {
			names = append(names, string(p))
		}
		return invalid("Listener protocol '%s' must be one of '%s'", l.Protocol, strings.Join(names, ", "))
	}
	if *l.Port < 1 || *l.Port > 65535 {
		return invalid("Port '%d' must be between '1-65535' inclusive", *l.Port)
	}
	if other := b.listeners.Find(func(x *listener) bool {
		return *x.LoadBalancerArn == *l.LoadBalancerArn && *x.Port == *l.Port && aws.ToString(x.ListenerArn) != aws.ToString(l.ListenerArn)
	}); other != nil {
		return wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", *l.LoadBalancerArn)
	}
	switch {
	case !l.secure():
		if len(l.Certificates) > 0 {
			return invalid("Certificates cannot be specified for %s listeners", l.Protocol)
		}
		l.SslPolicy = nil
		return nil
	case len(l.Certificates) == 0:
		return wire.Errorf("CertificateNotFound", "A certificate must be specified for %s listeners", l.Protocol)
	case len(l.Certificates) > 1:
		return invalid("Up to 1 certificate can be specified, but '%d' were specified", len(l.Certificates))
	}
	if l.SslPolicy == nil {
		l.SslPolicy = new(defaultPolicy)
	}
	if policyNamed(*l.SslPolicy) == nil {
		return wire.Errorf("SSLPolicyNotFound", "SSL policy '%s' not found", *l.SslPolicy)
	}
	return certificate(aws.ToString(l.Certificates[0].CertificateArn))
}

// certificate takes any certificate of ACM or IAM: which there are the region does not
// know, because it serves no ACM.
func certificate(arn string) error {
	if strings.HasPrefix(arn, "arn:") && (strings.Contains(arn, ":acm:") && strings.Contains(arn, ":certificate/") ||
		strings.Contains(arn, ":iam:") && strings.Contains(arn, ":server-certificate/")) {
		return nil
	}
	return wire.Errorf("CertificateNotFound", "Certificate '%s' not found", arn)
}

// CreateListener opens a port of a load balancer.
func (b *ELB) CreateListener(_ *wire.Caller, in *elbv2.CreateListenerInput) (*elbv2.CreateListenerOutput, error) {
	lb, err := b.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	if in.Port == nil || in.Protocol == "" {
		return nil, invalid("A port and a protocol must be specified")
	}
	l := &listener{Listener: types.Listener{LoadBalancerArn: lb.LoadBalancerArn, Port: in.Port, Protocol: in.Protocol, SslPolicy: in.SslPolicy,
		AlpnPolicy: in.AlpnPolicy, MutualAuthentication: in.MutualAuthentication}, Attributes: map[string]string{}, Tagged: tagMap(in.Tags)}
	for _, c := range in.Certificates {
		l.Certificates = append(l.Certificates, types.Certificate{CertificateArn: c.CertificateArn})
	}
	if err := b.check(l); err != nil {
		return nil, err
	}
	if len(b.listenersOf(*lb.LoadBalancerArn)) >= limitOf("listeners-per-application-load-balancer") {
		return nil, wire.Errorf("TooManyListeners", "The maximum number of listeners for load balancer '%s' has been reached", *lb.LoadBalancerArn)
	}
	if l.DefaultActions, err = b.actions(l, in.DefaultActions); err != nil {
		return nil, err
	}
	if l.Protocol == types.ProtocolEnumHttps && l.MutualAuthentication == nil {
		l.MutualAuthentication = &types.MutualAuthenticationAttributes{Mode: new("off")}
	}
	_, path, _ := strings.Cut(*lb.LoadBalancerArn, ":loadbalancer/")
	l.ListenerArn = b.arn("listener/" + path + "/" + b.w.Hex("elb listener "+path, 16))
	b.listeners.Put(*l.ListenerArn, l)
	return &elbv2.CreateListenerOutput{Listeners: []types.Listener{l.Listener}}, nil
}

// DescribeListeners lists listeners, by ARN or those of a load balancer.
func (b *ELB) DescribeListeners(_ *wire.Caller, in *elbv2.DescribeListenersInput) (*elbv2.DescribeListenersOutput, error) {
	var rows []*listener
	switch {
	case in.LoadBalancerArn != nil && len(in.ListenerArns) > 0:
		return nil, invalid("Load balancer ARN and listener ARNs cannot be specified at the same time")
	case in.LoadBalancerArn != nil:
		lb, err := b.balancer(in.LoadBalancerArn)
		if err != nil {
			return nil, err
		}
		rows = b.listenersOf(*lb.LoadBalancerArn)
	case len(in.ListenerArns) == 0:
		return nil, invalid("You must specify either listener ARNs or a load balancer ARN")
	}
	for _, a := range in.ListenerArns {
		l, err := b.listener(new(a))
		if err != nil {
			return nil, err
		}
		rows = append(rows, l)
	}
	return &elbv2.DescribeListenersOutput{Listeners: res.Views(rows, func(l *listener) types.Listener { return l.Listener })}, nil
}

// ModifyListener changes what is given of a listener.
func (b *ELB) ModifyListener(_ *wire.Caller, in *elbv2.ModifyListenerInput) (*elbv2.ModifyListenerOutput, error) {
	l, err := b.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	now := *l
	now.Port, now.SslPolicy = or(in.Port, l.Port), or(in.SslPolicy, l.SslPolicy)
	if in.Protocol != "" {
		now.Protocol = in.Protocol
	}
	if in.AlpnPolicy != nil {
		now.AlpnPolicy = in.AlpnPolicy
	}
	now.MutualAuthentication = or(in.MutualAuthentication, l.MutualAuthentication)
	switch {
	case in.Certificates != nil:
		now.Certificates = nil
		for _, c := range in.Certificates {
			now.Certificates = append(now.Certificates, types.Certificate{CertificateArn: c.CertificateArn})
		}
	case !now.secure():
		now.Certificates, now.More = nil, nil
	}
	if err := b.check(&now); err != nil {
		return nil, err
	}
	if in.DefaultActions != nil {
		if now.DefaultActions, err = b.actions(&now, in.DefaultActions); err != nil {
			return nil, err
		}
	}
	*l = now
	return &elbv2.ModifyListenerOutput{Listeners: []types.Listener{l.Listener}}, nil
}

// DeleteListener closes a port, with its rules.
func (b *ELB) DeleteListener(_ *wire.Caller, in *elbv2.DeleteListenerInput) (*elbv2.DeleteListenerOutput, error) {
	l, err := b.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	b.dropListener(l)
	return &elbv2.DeleteListenerOutput{}, nil
}

func (b *ELB) dropListener(l *listener) {
	for _, r := range b.rulesOf(*l.ListenerArn) {
		b.rules.Delete(*r.RuleArn)
	}
	b.listeners.Delete(*l.ListenerArn)
}

// AddListenerCertificates adds certificates to those that a listener offers by name.
func (b *ELB) AddListenerCertificates(_ *wire.Caller, in *elbv2.AddListenerCertificatesInput) (*elbv2.AddListenerCertificatesOutput, error) {
	l, err := b.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	if !l.secure() {
		return nil, wire.Errorf("OperationNotPermitted", "Certificates cannot be added to %s listeners", l.Protocol)
	}
	for _, c := range in.Certificates {
		if err := certificate(aws.ToString(c.CertificateArn)); err != nil {
			return nil, err
		}
	}
	for _, c := range in.Certificates {
		if a := *c.CertificateArn; !slices.Contains(l.More, a) && a != *l.Certificates[0].CertificateArn {
			l.More = append(l.More, a)
		}
	}
	if len(l.More) > limitOf("certificates-per-application-load-balancer") {
		l.More = l.More[:limitOf("certificates-per-application-load-balancer")]
		return nil, wire.Errorf("TooManyCertificates", "You've reached the limit on the number of certificates per load balancer")
	}
	return &elbv2.AddListenerCertificatesOutput{Certificates: l.offered()[1:]}, nil
}

// RemoveListenerCertificates takes certificates away; the default one stays.
func (b *ELB) RemoveListenerCertificates(_ *wire.Caller, in *elbv2.RemoveListenerCertificatesInput) (*elbv2.RemoveListenerCertificatesOutput, error) {
	l, err := b.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	for _, c := range in.Certificates {
		if len(l.Certificates) > 0 && aws.ToString(c.CertificateArn) == *l.Certificates[0].CertificateArn {
			return nil, wire.Errorf("OperationNotPermitted", "The default certificate of a listener cannot be removed")
		}
	}
	for _, c := range in.Certificates {
		l.More = slices.DeleteFunc(l.More, func(a string) bool { return a == aws.ToString(c.CertificateArn) })
	}
	return &elbv2.RemoveListenerCertificatesOutput{}, nil
}

// offered are all certificates of a listener, the default one first.
func (l *listener) offered() []types.Certificate {
	out := []types.Certificate{}
	for _, c := range l.Certificates {
		out = append(out, types.Certificate{CertificateArn: c.CertificateArn, IsDefault: new(true)})
	}
	for _, a := range l.More {
		out = append(out, types.Certificate{CertificateArn: new(a), IsDefault: new(false)})
	}
	return out
}

// DescribeListenerCertificates lists all certificates of a listener.
func (b *ELB) DescribeListenerCertificates(_ *wire.Caller, in *elbv2.DescribeListenerCertificatesInput) (*elbv2.DescribeListenerCertificatesOutput, error) {
	l, err := b.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeListenerCertificatesOutput{Certificates: l.offered()}, nil
}
