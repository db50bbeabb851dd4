package steps

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/engine"
)

// GroupRules gives a security group rules of one direction, or takes them away; others
// stay.
type GroupRules struct {
	Group  string      `json:"group"`
	Egress bool        `json:"egress,omitempty"`
	Rules  []GroupRule `json:"rules"`
	Remove bool        `json:"remove,omitempty"`
}

// GroupRule lets the ports of one protocol through, from or to one peer.
type GroupRule struct {
	Protocol    string `json:"protocol"` // tcp, udp, icmp, a number; -1: all
	From        *int32 `json:"from,omitempty"`
	To          *int32 `json:"to,omitempty"`
	CIDR        string `json:"cidr,omitempty"`
	IPv6        string `json:"ipv6,omitempty"`
	Group       string `json:"group,omitempty"`
	PrefixList  string `json:"prefixList,omitempty"`
	Description string `json:"description,omitempty"`
}

// Run looks, then adds those that lack, or takes away those that are there.
func (s *GroupRules) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	d, err := e.AWS.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{s.Group}})
	if err != nil || len(d.SecurityGroups) == 0 {
		return engine.Result{}, fmt.Errorf("reading the security group %s: %w", s.Group, err)
	}
	have := d.SecurityGroups[0].IpPermissions
	if s.Egress {
		have = d.SecurityGroups[0].IpPermissionsEgress
	}
	var ask []ec2types.IpPermission
	for _, r := range s.Rules {
		if slices.ContainsFunc(have, r.within) == s.Remove {
			ask = append(ask, r.permission())
		}
	}
	switch {
	case len(ask) == 0:
		return engine.Finished("as wanted")
	case s.Remove && s.Egress:
		_, err = e.AWS.EC2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &s.Group, IpPermissions: ask})
	case s.Remove:
		_, err = e.AWS.EC2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &s.Group, IpPermissions: ask})
	case s.Egress:
		_, err = e.AWS.EC2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &s.Group, IpPermissions: ask})
	default:
		_, err = e.AWS.EC2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &s.Group, IpPermissions: ask})
	}
	if err != nil {
		return engine.Result{}, fmt.Errorf("the rules of security group %s: %w", s.Group, err)
	}
	return engine.Result{State: engine.Done, Reason: "set", Changed: true}, nil
}

// within tells whether one of EC2's permissions, which bundle peers, has this very rule.
func (r GroupRule) within(p ec2types.IpPermission) bool {
	if aws.ToString(p.IpProtocol) != r.Protocol || r.Protocol != "-1" &&
		(aws.ToInt32(p.FromPort) != aws.ToInt32(r.From) || aws.ToInt32(p.ToPort) != aws.ToInt32(r.To)) {
		return false
	}
	switch {
	case r.Group != "":
		return slices.ContainsFunc(p.UserIdGroupPairs, func(x ec2types.UserIdGroupPair) bool { return aws.ToString(x.GroupId) == r.Group })
	case r.PrefixList != "":
		return slices.ContainsFunc(p.PrefixListIds, func(x ec2types.PrefixListId) bool { return aws.ToString(x.PrefixListId) == r.PrefixList })
	case r.IPv6 != "":
		return slices.ContainsFunc(p.Ipv6Ranges, func(x ec2types.Ipv6Range) bool { return aws.ToString(x.CidrIpv6) == r.IPv6 })
	}
	return slices.ContainsFunc(p.IpRanges, func(x ec2types.IpRange) bool { return aws.ToString(x.CidrIp) == r.CIDR })
}

// permission is the rule as EC2's requests have it.
func (r GroupRule) permission() ec2types.IpPermission {
	p := ec2types.IpPermission{IpProtocol: new(r.Protocol)}
	if r.Protocol != "-1" {
		p.FromPort, p.ToPort = r.From, r.To
	}
	var said *string
	if r.Description != "" {
		said = &r.Description
	}
	switch {
	case r.Group != "":
		p.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: new(r.Group), Description: said}}
	case r.PrefixList != "":
		p.PrefixListIds = []ec2types.PrefixListId{{PrefixListId: new(r.PrefixList), Description: said}}
	case r.IPv6 != "":
		p.Ipv6Ranges = []ec2types.Ipv6Range{{CidrIpv6: new(r.IPv6), Description: said}}
	default:
		p.IpRanges = []ec2types.IpRange{{CidrIp: new(r.CIDR), Description: said}}
	}
	return p
}
