package elb

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (b *ELB) registerCatalogue(s *wire.Service) {
	wire.Handle(s, "DescribeAccountLimits", b.DescribeAccountLimits)
	wire.Handle(s, "DescribeSSLPolicies", b.DescribeSSLPolicies)
}

// limits are an account's defaults ("Quotas for your Application Load Balancers", "… your
// Network Load Balancers", user guides of 29 Nov 2026).
var limits = map[string]int{
	"application-load-balancers": 50, "network-load-balancers": 50, "target-groups": 3000, "targets-per-application-load-balancer": 1000,
	"listeners-per-application-load-balancer": 50, "listeners-per-network-load-balancer": 50, "rules-per-application-load-balancer": 100,
	"certificates-per-application-load-balancer": 25, "certificates-per-network-load-balancer": 25, "targets-per-network-load-balancer": 3000,
	"targets-per-availability-zone-per-network-load-balancer": 500, "target-groups-per-application-load-balancer": 100,
	"target-groups-per-action-on-application-load-balancer": 5, "target-groups-per-action-on-network-load-balancer": 1,
	"condition-values-per-alb-rule": 5, "condition-wildcards-per-alb-rule": 5, "gateway-load-balancers": 100,
}

func limitOf(name string) int { return limits[name] }

// DescribeAccountLimits lists the account's quotas.
func (b *ELB) DescribeAccountLimits(*wire.Caller, *elbv2.DescribeAccountLimitsInput) (*elbv2.DescribeAccountLimitsOutput, error) {
	out := &elbv2.DescribeAccountLimitsOutput{Limits: []types.Limit{}}
	for _, k := range slices.Sorted(maps.Keys(limits)) {
		out.Limits = append(out.Limits, types.Limit{Name: new(k), Max: new(strconv.Itoa(limits[k]))})
	}
	return out, nil
}

const (
	tls13   = "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 "
	forward = "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA256 ECDHE-RSA-AES128-SHA256 "
	longer  = "ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES256-SHA384 ECDHE-RSA-AES256-SHA384 "
	sha     = "ECDHE-ECDSA-AES128-SHA ECDHE-RSA-AES128-SHA ECDHE-RSA-AES256-SHA ECDHE-ECDSA-AES256-SHA "
	plain   = "AES128-GCM-SHA256 AES128-SHA256 AES256-GCM-SHA384 AES256-SHA256 "
	old     = "AES128-SHA AES256-SHA "
)

// sslPolicies are the security policies that listeners may have, with their protocols and
// ciphers: those that the controllers and the AWS provider name ("Security policies for
// your Application Load Balancer", read 29 Nov 2026). There are more in AWS.
var sslPolicies = []struct{ name, protocols, ciphers string }{
	{"ELBSecurityPolicy-TLS13-1-2-2021-06", "TLSv1.2 TLSv1.3", tls13 + forward + longer},
	{"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "TLSv1.2 TLSv1.3", tls13 + "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 " +
		"ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384"},
	{"ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", "TLSv1.2 TLSv1.3", tls13 + forward + longer + plain},
	{"ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", "TLSv1.2 TLSv1.3", tls13 + forward + longer + sha + plain + old},
	{"ELBSecurityPolicy-TLS13-1-1-2021-06", "TLSv1.1 TLSv1.2 TLSv1.3", tls13 + forward + longer + sha + plain + old},
	{"ELBSecurityPolicy-TLS13-1-0-2021-06", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", tls13 + forward + longer + sha + plain + old},
	{"ELBSecurityPolicy-TLS13-1-3-2021-06", "TLSv1.3", tls13},
	{"ELBSecurityPolicy-2016-08", "TLSv1 TLSv1.1 TLSv1.2", forward + sha + longer + plain + old},
	{"ELBSecurityPolicy-TLS-1-0-2015-04", "TLSv1 TLSv1.1 TLSv1.2", forward + sha + longer + plain + old + "DES-CBC3-SHA"},
	{"ELBSecurityPolicy-TLS-1-1-2017-01", "TLSv1.1 TLSv1.2", forward + sha + longer + plain + old},
	{"ELBSecurityPolicy-TLS-1-2-2017-01", "TLSv1.2", forward + longer + plain},
	{"ELBSecurityPolicy-TLS-1-2-Ext-2018-06", "TLSv1.2", forward + sha + longer + plain + old},
	{"ELBSecurityPolicy-FS-2018-06", "TLSv1 TLSv1.1 TLSv1.2", forward + sha + longer},
	{"ELBSecurityPolicy-FS-1-1-2019-08", "TLSv1.1 TLSv1.2", forward + sha + longer},
	{"ELBSecurityPolicy-FS-1-2-2019-08", "TLSv1.2", forward + sha + longer},
	{"ELBSecurityPolicy-FS-1-2-Res-2019-08", "TLSv1.2", forward + longer},
	{"ELBSecurityPolicy-FS-1-2-Res-2020-10", "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 " +
		"ECDHE-RSA-AES256-GCM-SHA384"},
}

// policyNamed is a security policy as it is described, or nil.
func policyNamed(name string) *types.SslPolicy {
	for _, p := range sslPolicies {
		if p.name != name {
			continue
		}
		out := &types.SslPolicy{Name: new(p.name), SslProtocols: strings.Fields(p.protocols), SupportedLoadBalancerTypes: []string{"application", "network"}}
		for i, c := range strings.Fields(p.ciphers) {
			out.Ciphers = append(out.Ciphers, types.Cipher{Name: new(c), Priority: new(int32(i + 1))})
		}
		return out
	}
	return nil
}

// DescribeSSLPolicies lists security policies, all or by name.
func (b *ELB) DescribeSSLPolicies(_ *wire.Caller, in *elbv2.DescribeSSLPoliciesInput) (*elbv2.DescribeSSLPoliciesOutput, error) {
	names := in.Names
	if len(names) == 0 {
		for _, p := range sslPolicies {
			names = append(names, p.name)
		}
	}
	out := &elbv2.DescribeSSLPoliciesOutput{SslPolicies: []types.SslPolicy{}}
	for _, n := range names {
		p := policyNamed(n)
		if p == nil {
			return nil, wire.Errorf("SSLPolicyNotFound", "One or more SSL policies not found")
		}
		if in.LoadBalancerType == "" || slices.Contains(p.SupportedLoadBalancerTypes, string(in.LoadBalancerType)) {
			out.SslPolicies = append(out.SslPolicies, *p)
		}
	}
	return out, nil
}
