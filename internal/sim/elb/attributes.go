package elb

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// attribute is one key of a resource's attributes: its default for application and for
// network load balancers (none: the type has no such key), and what it may be.
type attribute struct {
	app, net string
	values   string // "true|false", "0-3600", or "" for any
}

const (
	none    = "-"
	boolean = "true|false"

	routingPolicies = "any_availability_zone|availability_zone_affinity|partial_availability_zone_affinity"
	sameAsBalancer  = "use_load_balancer_configuration"
	algorithms      = "round_robin|least_outstanding_requests|weighted_random"
)

// balancerAttributes are those of load balancers (LoadBalancerAttribute in the API
// reference, 29 Nov 2026).
var balancerAttributes = map[string]attribute{
	"access_logs.s3.bucket":                                    {"", "", ""},
	"access_logs.s3.enabled":                                   {"false", "false", boolean},
	"access_logs.s3.prefix":                                    {"", "", ""},
	"client_keep_alive.seconds":                                {"3600", none, "60-604800"},
	"connection_logs.s3.bucket":                                {"", none, ""},
	"connection_logs.s3.enabled":                               {"false", none, boolean},
	"connection_logs.s3.prefix":                                {"", none, ""},
	"deletion_protection.enabled":                              {"false", "false", boolean},
	"dns_record.client_routing_policy":                         {none, "any_availability_zone", routingPolicies},
	"health_check_logs.s3.bucket":                              {"", none, ""},
	"health_check_logs.s3.enabled":                             {"false", none, boolean},
	"health_check_logs.s3.prefix":                              {"", none, ""},
	"idle_timeout.timeout_seconds":                             {"60", none, "1-4000"},
	"ipv6.deny_all_igw_traffic":                                {"false", "false", boolean},
	"load_balancing.cross_zone.enabled":                        {"true", "false", boolean},
	"routing.http.desync_mitigation_mode":                      {"defensive", none, "monitor|defensive|strictest"},
	"routing.http.drop_invalid_header_fields.enabled":          {"false", none, boolean},
	"routing.http.preserve_host_header.enabled":                {"false", none, boolean},
	"routing.http.x_amzn_tls_version_and_cipher_suite.enabled": {"false", none, boolean},
	"routing.http.xff_client_port.enabled":                     {"false", none, boolean},
	"routing.http.xff_header_processing.mode":                  {"append", none, "append|preserve|remove"},
	"routing.http2.enabled":                                    {"true", none, boolean},
	"secondary_ips.auto_assigned.per_subnet":                   {none, "0", "0-7"},
	"waf.fail_open.enabled":                                    {"false", none, boolean},
	"zonal_shift.config.enabled":                               {"false", "false", boolean},
}

// groupAttributes are those of target groups.
var groupAttributes = map[string]attribute{
	"deregistration_delay.connection_termination.enabled":                            {none, "false", boolean},
	"deregistration_delay.timeout_seconds":                                           {"300", "300", "0-3600"},
	"load_balancing.algorithm.anomaly_mitigation":                                    {"off", none, "on|off"},
	"load_balancing.algorithm.type":                                                  {"round_robin", none, algorithms},
	"load_balancing.cross_zone.enabled":                                              {sameAsBalancer, sameAsBalancer, boolean + "|" + sameAsBalancer},
	"preserve_client_ip.enabled":                                                     {none, "true", boolean},
	"proxy_protocol_v2.enabled":                                                      {none, "false", boolean},
	"slow_start.duration_seconds":                                                    {"0", none, "0-900"},
	"stickiness.app_cookie.cookie_name":                                              {"", none, ""},
	"stickiness.app_cookie.duration_seconds":                                         {"86400", none, "1-604800"},
	"stickiness.enabled":                                                             {"false", "false", boolean},
	"stickiness.lb_cookie.duration_seconds":                                          {"86400", none, "1-604800"},
	"stickiness.type":                                                                {"lb_cookie", "source_ip", "lb_cookie|app_cookie|source_ip"},
	"target_group_health.dns_failover.minimum_healthy_targets.count":                 {"1", "1", ""},
	"target_group_health.dns_failover.minimum_healthy_targets.percentage":            {"off", "off", ""},
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      {"1", "1", ""},
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": {"off", "off", ""},
	"target_health_state.unhealthy.connection_termination.enabled":                   {none, "true", boolean},
	"target_health_state.unhealthy.draining_interval_seconds":                        {none, "0", "0-360000"},
}

// listenerAttributes are those of listeners.
var listenerAttributes = map[string]attribute{
	"tcp.idle_timeout.seconds":                                              {none, "350", "60-6000"},
	"routing.http.response.server.enabled":                                  {"true", none, boolean},
	"routing.http.response.strict_transport_security.header_value":          {"", none, ""},
	"routing.http.response.access_control_allow_origin.header_value":        {"", none, ""},
	"routing.http.response.access_control_allow_methods.header_value":       {"", none, ""},
	"routing.http.response.access_control_allow_headers.header_value":       {"", none, ""},
	"routing.http.response.access_control_allow_credentials.header_value":   {"", none, ""},
	"routing.http.response.access_control_expose_headers.header_value":      {"", none, ""},
	"routing.http.response.access_control_max_age.header_value":             {"", none, ""},
	"routing.http.response.content_security_policy.header_value":            {"", none, ""},
	"routing.http.response.x_content_type_options.header_value":             {"", none, ""},
	"routing.http.response.x_frame_options.header_value":                    {"", none, ""},
	"routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name": {"X-Amzn-Mtls-Clientcert-Serial-Number", none, ""},
	"routing.http.request.x_amzn_mtls_clientcert_issuer.header_name":        {"X-Amzn-Mtls-Clientcert-Issuer", none, ""},
	"routing.http.request.x_amzn_mtls_clientcert_subject.header_name":       {"X-Amzn-Mtls-Clientcert-Subject", none, ""},
	"routing.http.request.x_amzn_mtls_clientcert_validity.header_name":      {"X-Amzn-Mtls-Clientcert-Validity", none, ""},
	"routing.http.request.x_amzn_mtls_clientcert_leaf.header_name":          {"X-Amzn-Mtls-Clientcert-Leaf", none, ""},
	"routing.http.request.x_amzn_mtls_clientcert.header_name":               {"X-Amzn-Mtls-Clientcert", none, ""},
	"routing.http.request.x_amzn_tls_version.header_name":                   {"X-Amzn-Tls-Version", none, ""},
	"routing.http.request.x_amzn_tls_cipher_suite.header_name":              {"X-Amzn-Tls-Cipher-Suite", none, ""},
}

// of is an attribute's default for a type of load balancer, and whether it has it.
func (a attribute) of(network bool) (string, bool) {
	d := a.app
	if network {
		d = a.net
	}
	return d, d != none
}

// allows tells whether an attribute may be a value, and in words what it may be.
func (a attribute) allows(v string) (bool, string) {
	if from, to, is := strings.Cut(a.values, "-"); is && !strings.Contains(a.values, "|") {
		lo, _ := strconv.Atoi(from)
		hi, _ := strconv.Atoi(to)
		n, err := strconv.Atoi(v)
		return err == nil && n >= lo && n <= hi, "must be between '" + a.values + "' inclusive"
	}
	l := strings.Split(a.values, "|")
	return a.values == "" || slices.Contains(l, v), "must be one of [" + strings.Join(l, ", ") + "]"
}

// setting is one attribute as requests and answers have it.
type setting struct{ Key, Value string }

// change checks settings and writes them over those that there are, all or none.
func change(what, kind string, table map[string]attribute, network bool, have map[string]string, settings []setting) error {
	seen := map[string]bool{}
	for _, s := range settings {
		a, known := table[s.Key]
		if !known {
			return invalid("%s attribute key '%s' is not recognized", what, s.Key)
		}
		if _, has := a.of(network); !has {
			return wrongSettings("%s attribute key '%s' is not supported on %s with type '%s'", what, s.Key, kind, map[bool]string{true: "network",
				false: "application"}[network])
		}
		if ok, rule := a.allows(s.Value); !ok {
			return invalid("'%s' value '%s' %s", s.Key, s.Value, rule)
		}
		if seen[s.Key] {
			return invalid("%s attribute key '%s' was specified more than once", what, s.Key)
		}
		seen[s.Key] = true
	}
	for _, s := range settings {
		have[s.Key] = s.Value
	}
	return nil
}

// shown lists attributes with their defaults, in order of their keys.
func shown(table map[string]attribute, network bool, have map[string]string) []setting {
	var out []setting
	for _, k := range slices.Sorted(maps.Keys(table)) {
		v, has := table[k].of(network)
		if !has {
			continue
		}
		if x, ok := have[k]; ok {
			v = x
		}
		out = append(out, setting{k, v})
	}
	return out
}

func (l *loadBalancer) attribute(key string) string {
	for _, s := range shown(balancerAttributes, l.network(), l.Attributes) {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

func (b *ELB) registerAttributes(s *wire.Service) {
	wire.Handle(s, "DescribeLoadBalancerAttributes", b.DescribeLoadBalancerAttributes)
	wire.Handle(s, "ModifyLoadBalancerAttributes", b.ModifyLoadBalancerAttributes)
	wire.Handle(s, "DescribeTargetGroupAttributes", b.DescribeTargetGroupAttributes)
	wire.Handle(s, "ModifyTargetGroupAttributes", b.ModifyTargetGroupAttributes)
	wire.Handle(s, "DescribeListenerAttributes", b.DescribeListenerAttributes)
	wire.Handle(s, "ModifyListenerAttributes", b.ModifyListenerAttributes)
}

func (l *loadBalancer) attributes() []types.LoadBalancerAttribute {
	out := []types.LoadBalancerAttribute{}
	for _, s := range shown(balancerAttributes, l.network(), l.Attributes) {
		out = append(out, types.LoadBalancerAttribute{Key: new(s.Key), Value: new(s.Value)})
	}
	return out
}

// DescribeLoadBalancerAttributes lists a load balancer's attributes.
func (b *ELB) DescribeLoadBalancerAttributes(_ *wire.Caller,
	in *elbv2.DescribeLoadBalancerAttributesInput) (*elbv2.DescribeLoadBalancerAttributesOutput, error) {
	l, err := b.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeLoadBalancerAttributesOutput{Attributes: l.attributes()}, nil
}

// ModifyLoadBalancerAttributes sets some of a load balancer's attributes.
func (b *ELB) ModifyLoadBalancerAttributes(_ *wire.Caller, in *elbv2.ModifyLoadBalancerAttributesInput) (*elbv2.ModifyLoadBalancerAttributesOutput, error) {
	l, err := b.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	var settings []setting
	for _, a := range in.Attributes {
		settings = append(settings, setting{aws.ToString(a.Key), aws.ToString(a.Value)})
	}
	if err := change("Load balancer", "load balancers", balancerAttributes, l.network(), l.Attributes, settings); err != nil {
		return nil, err
	}
	return &elbv2.ModifyLoadBalancerAttributesOutput{Attributes: l.attributes()}, nil
}

func (g *targetGroup) attributes() []types.TargetGroupAttribute {
	out := []types.TargetGroupAttribute{}
	for _, s := range shown(groupAttributes, g.network(), g.Attributes) {
		out = append(out, types.TargetGroupAttribute{Key: new(s.Key), Value: new(s.Value)})
	}
	return out
}

// DescribeTargetGroupAttributes lists a target group's attributes.
func (b *ELB) DescribeTargetGroupAttributes(_ *wire.Caller, in *elbv2.DescribeTargetGroupAttributesInput) (*elbv2.DescribeTargetGroupAttributesOutput, error) {
	g, err := b.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeTargetGroupAttributesOutput{Attributes: g.attributes()}, nil
}

// ModifyTargetGroupAttributes sets some of a target group's attributes.
func (b *ELB) ModifyTargetGroupAttributes(_ *wire.Caller, in *elbv2.ModifyTargetGroupAttributesInput) (*elbv2.ModifyTargetGroupAttributesOutput, error) {
	g, err := b.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	var settings []setting
	for _, a := range in.Attributes {
		settings = append(settings, setting{aws.ToString(a.Key), aws.ToString(a.Value)})
		if sticky := aws.ToString(a.Value); aws.ToString(a.Key) == "stickiness.type" && g.network() != (sticky == "source_ip") {
			return nil, wrongSettings("Stickiness type '%s' is not supported for target groups with the %s protocol", sticky, g.Protocol)
		}
	}
	if err := change("Target group", "target groups", groupAttributes, g.network(), g.Attributes, settings); err != nil {
		return nil, err
	}
	return &elbv2.ModifyTargetGroupAttributesOutput{Attributes: g.attributes()}, nil
}

func (l *listener) attributes() []types.ListenerAttribute {
	out := []types.ListenerAttribute{}
	for _, s := range shown(listenerAttributes, l.network(), l.Attributes) {
		out = append(out, types.ListenerAttribute{Key: new(s.Key), Value: new(s.Value)})
	}
	return out
}

// DescribeListenerAttributes lists a listener's attributes.
func (b *ELB) DescribeListenerAttributes(_ *wire.Caller, in *elbv2.DescribeListenerAttributesInput) (*elbv2.DescribeListenerAttributesOutput, error) {
	l, err := b.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeListenerAttributesOutput{Attributes: l.attributes()}, nil
}

// ModifyListenerAttributes sets some of a listener's attributes.
func (b *ELB) ModifyListenerAttributes(_ *wire.Caller, in *elbv2.ModifyListenerAttributesInput) (*elbv2.ModifyListenerAttributesOutput, error) {
	l, err := b.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	var settings []setting
	for _, a := range in.Attributes {
		settings = append(settings, setting{aws.ToString(a.Key), aws.ToString(a.Value)})
	}
	if err := change("Listener", "listeners", listenerAttributes, l.network(), l.Attributes, settings); err != nil {
		return nil, err
	}
	return &elbv2.ModifyListenerAttributesOutput{Attributes: l.attributes()}, nil
}
