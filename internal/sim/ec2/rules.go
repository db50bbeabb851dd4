package ec2

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// protocols are those that EC2 knows by name; it writes them so whichever way they
// came.
var protocols = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": "-1"}

// normal writes a permission as EC2 keeps it, or says what is wrong with it.
func (e *EC2) normal(vpcID string, p types.IpPermission) (types.IpPermission, error) {
	proto := strings.ToLower(aws.ToString(p.IpProtocol))
	if proto == "" {
		return p, wire.Errorf("MissingParameter", "The request must contain the parameter ipProtocol")
	}
	if n, ok := protocols[proto]; ok {
		proto = n
	}
	if n, err := strconv.Atoi(proto); err == nil && (n < -1 || n > 255) || err != nil && !known(proto) {
		return p, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", aws.ToString(p.IpProtocol))
	}
	p.IpProtocol = new(proto)
	from, to := aws.ToInt32(p.FromPort), aws.ToInt32(p.ToPort)
	switch proto {
	case "tcp", "udp":
		if p.FromPort == nil || p.ToPort == nil {
			return p, wire.Errorf("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
		}
		if from < 0 || from > to || to > 65535 {
			return p, wire.Errorf("InvalidParameterValue", "Invalid value '%d-%d' for portRange. Ports must be in the range 0-65535, the lower one first", from, to)
		}
	case "icmp", "icmpv6":
		if p.FromPort == nil {
			p.FromPort, p.ToPort = new(int32(-1)), new(int32(-1))
		}
		if p.ToPort == nil {
			p.ToPort = new(int32(-1))
		}
	default:
		p.FromPort, p.ToPort = new(int32(-1)), new(int32(-1))
	}
	p.IpRanges, p.Ipv6Ranges, p.UserIdGroupPairs = slices.Clone(p.IpRanges), slices.Clone(p.Ipv6Ranges), slices.Clone(p.UserIdGroupPairs)
	for i, r := range p.IpRanges {
		c, err := block(aws.ToString(r.CidrIp), true)
		if err != nil {
			return p, err
		}
		p.IpRanges[i].CidrIp = new(c)
	}
	for i, r := range p.Ipv6Ranges {
		c, err := block(aws.ToString(r.CidrIpv6), false)
		if err != nil {
			return p, err
		}
		p.Ipv6Ranges[i].CidrIpv6 = new(c)
	}
	for _, l := range p.PrefixListIds {
		if _, err := e.pickLists(one(l.PrefixListId)); err != nil {
			return p, err
		}
	}
	for i, u := range p.UserIdGroupPairs {
		if u.GroupId == nil && u.GroupName != nil {
			g := e.named(vpcID, *u.GroupName)
			if g == nil {
				return p, noGroup(*u.GroupName)
			}
			p.UserIdGroupPairs[i].GroupId = g.GroupId
		} else if e.groups.Get(aws.ToString(u.GroupId)) == nil {
			return p, noGroup(aws.ToString(u.GroupId))
		}
	}
	if len(p.IpRanges)+len(p.Ipv6Ranges)+len(p.PrefixListIds)+len(p.UserIdGroupPairs) == 0 {
		return p, wire.Errorf("MissingParameter", "The request must contain a source or a destination: a CIDR block, a prefix list or a security group")
	}
	return p, nil
}

func known(protocol string) bool {
	for _, n := range protocols {
		if n == protocol {
			return true
		}
	}
	return false
}

// block is a CIDR block as EC2 writes it: its first address.
func block(s string, v4 bool) (string, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().Is4() != v4 {
		return "", wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", s)
	}
	return p.Masked().String(), nil
}

// rulesOf are the rules of one normal permission, a rule for each source, without
// identifiers.
func (e *EC2) rulesOf(group string, egress bool, p types.IpPermission) []types.SecurityGroupRule {
	var out []types.SecurityGroupRule
	rule := types.SecurityGroupRule{GroupId: new(group), GroupOwnerId: new(e.Account), IsEgress: new(egress), IpProtocol: p.IpProtocol,
		FromPort: p.FromPort, ToPort: p.ToPort}
	if rule.FromPort == nil {
		rule.FromPort, rule.ToPort = new(int32(-1)), new(int32(-1))
	}
	for _, x := range p.IpRanges {
		r := rule
		r.CidrIpv4, r.Description = x.CidrIp, x.Description
		out = append(out, r)
	}
	for _, x := range p.Ipv6Ranges {
		r := rule
		r.CidrIpv6, r.Description = x.CidrIpv6, x.Description
		out = append(out, r)
	}
	for _, x := range p.PrefixListIds {
		r := rule
		r.PrefixListId, r.Description = x.PrefixListId, x.Description
		out = append(out, r)
	}
	for _, x := range p.UserIdGroupPairs {
		r := rule
		r.ReferencedGroupInfo, r.Description = &types.ReferencedSecurityGroup{GroupId: x.GroupId, UserId: new(e.Account)}, x.Description
		out = append(out, r)
	}
	return out
}

// peer is what a rule lets in or out.
func peer(r types.SecurityGroupRule) string {
	from := ""
	if r.ReferencedGroupInfo != nil {
		from = aws.ToString(r.ReferencedGroupInfo.GroupId)
	}
	return aws.ToString(r.CidrIpv4) + aws.ToString(r.CidrIpv6) + aws.ToString(r.PrefixListId) + from
}

// alike tells whether two rules say the same.
func alike(a, b types.SecurityGroupRule) bool {
	return *a.GroupId == *b.GroupId && *a.IsEgress == *b.IsEgress && *a.IpProtocol == *b.IpProtocol && aws.ToInt32(a.FromPort) == aws.ToInt32(b.FromPort) &&
		aws.ToInt32(a.ToPort) == aws.ToInt32(b.ToPort) && peer(a) == peer(b)
}

// samePorts tells whether a rule belongs to a permission.
func samePorts(r types.SecurityGroupRule, p types.IpPermission) bool {
	if *r.IpProtocol == "-1" {
		return *p.IpProtocol == "-1"
	}
	return *r.IpProtocol == *p.IpProtocol && aws.ToInt32(r.FromPort) == aws.ToInt32(p.FromPort) && aws.ToInt32(r.ToPort) == aws.ToInt32(p.ToPort)
}

// allow adds the rules of one normal permission.
func (e *EC2) allow(group string, egress bool, p types.IpPermission, specs []types.TagSpecification) []types.SecurityGroupRule {
	var out []types.SecurityGroupRule
	for _, r := range e.rulesOf(group, egress, p) {
		id := e.w.ID("sgr-", group, fmt.Sprint(egress, *r.IpProtocol, *r.FromPort, *r.ToPort), peer(r))
		r.SecurityGroupRuleId, r.SecurityGroupRuleArn = new(id), e.arn("security-group-rule", id)
		e.rules.Put(id, &r)
		e.tagSpec(id, specs)
		out = append(out, e.viewRule(&r))
	}
	return out
}

// authorize adds the rules of permissions: all or none.
func (e *EC2) authorize(id, name *string, egress bool, ps []types.IpPermission, specs []types.TagSpecification) ([]types.SecurityGroupRule, error) {
	g, err := e.group(id, name)
	if err != nil {
		return nil, err
	}
	if len(ps) == 0 {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter ipPermissions")
	}
	ps = slices.Clone(ps)
	var new []types.SecurityGroupRule
	for i, p := range ps {
		if ps[i], err = e.normal(*g.VpcId, p); err != nil {
			return nil, err
		}
		for _, r := range e.rulesOf(*g.GroupId, egress, ps[i]) {
			same := func(x types.SecurityGroupRule) bool { return alike(x, r) }
			if e.rules.Find(func(x *types.SecurityGroupRule) bool { return alike(*x, r) }) != nil {
				return nil, duplicate(r)
			}
			if slices.ContainsFunc(new, same) {
				return nil, wire.Errorf("InvalidParameterValue", "The same permission must not appear multiple times")
			}
			new = append(new, r)
		}
	}
	var out []types.SecurityGroupRule
	for _, p := range ps {
		out = append(out, e.allow(*g.GroupId, egress, p, specs)...)
	}
	return out, nil
}

// duplicate is the refusal of a rule that is there, in EC2's words.
func duplicate(r types.SecurityGroupRule) error {
	what := "ALL"
	switch p := strings.ToUpper(*r.IpProtocol); p {
	case "-1":
	case "TCP", "UDP":
		what = fmt.Sprintf("%s, from port: %d, to port: %d", p, *r.FromPort, *r.ToPort)
	default:
		what = fmt.Sprintf("%s, type: %d, code: %d", p, *r.FromPort, *r.ToPort)
	}
	return wire.Errorf("InvalidPermission.Duplicate", "the specified rule \"peer: %s, %s, ALLOW\" already exists", peer(r), what)
}

// plain is the one permission that a request names by itself, if it does.
func plain(ps []types.IpPermission, cidr, protocol *string, from, to *int32, source *string) []types.IpPermission {
	if len(ps) > 0 {
		return ps
	}
	p := types.IpPermission{IpProtocol: protocol, FromPort: from, ToPort: to}
	switch {
	case cidr != nil:
		p.IpRanges = []types.IpRange{{CidrIp: cidr}}
	case source != nil:
		p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupName: source}}
		if protocol == nil {
			p.IpProtocol = new("-1")
		}
	default:
		return nil
	}
	return []types.IpPermission{p}
}

// AuthorizeSecurityGroupIngress adds rules.
func (e *EC2) AuthorizeSecurityGroupIngress(_ *wire.Caller, in *ec2.AuthorizeSecurityGroupIngressInput) (*ec2.AuthorizeSecurityGroupIngressOutput, error) {
	ps := plain(in.IpPermissions, in.CidrIp, in.IpProtocol, in.FromPort, in.ToPort, in.SourceSecurityGroupName)
	r, err := e.authorize(in.GroupId, in.GroupName, false, ps, in.TagSpecifications)
	return &ec2.AuthorizeSecurityGroupIngressOutput{Return: new(true), SecurityGroupRules: r}, err
}

// AuthorizeSecurityGroupEgress adds rules.
func (e *EC2) AuthorizeSecurityGroupEgress(_ *wire.Caller, in *ec2.AuthorizeSecurityGroupEgressInput) (*ec2.AuthorizeSecurityGroupEgressOutput, error) {
	ps := plain(in.IpPermissions, in.CidrIp, in.IpProtocol, in.FromPort, in.ToPort, in.SourceSecurityGroupName)
	r, err := e.authorize(in.GroupId, nil, true, ps, in.TagSpecifications)
	return &ec2.AuthorizeSecurityGroupEgressOutput{Return: new(true), SecurityGroupRules: r}, err
}

// revocation is what a request to revoke did.
type revocation struct {
	gone    []types.RevokedSecurityGroupRule
	unknown []types.IpPermission
}

// revoke removes rules. Of rules that are not there the default VPC's groups only tell,
// others refuse (API reference, RevokeSecurityGroupIngress).
func (e *EC2) revoke(id, name *string, egress bool, ids []string, ps []types.IpPermission) (revocation, error) {
	var out revocation
	g, err := e.group(id, name)
	if err != nil {
		return out, err
	}
	var gone []*types.SecurityGroupRule
	for _, id := range ids {
		r := e.rules.Get(id)
		if r == nil || *r.GroupId != *g.GroupId || *r.IsEgress != egress {
			return out, e.rules.Missing(id)
		}
		gone = append(gone, r)
	}
	for _, p := range ps {
		if p, err = e.normal(*g.VpcId, p); err != nil {
			return out, err
		}
		for _, want := range e.rulesOf(*g.GroupId, egress, p) {
			r := e.rules.Find(func(x *types.SecurityGroupRule) bool { return alike(*x, want) })
			if r != nil {
				gone = append(gone, r)
				continue
			}
			if !aws.ToBool(e.vpcs.Get(*g.VpcId).IsDefault) {
				return out, wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
			}
			out.unknown = append(out.unknown, p)
		}
	}
	for _, r := range gone {
		x := types.RevokedSecurityGroupRule{SecurityGroupRuleId: r.SecurityGroupRuleId, GroupId: r.GroupId, IsEgress: r.IsEgress, IpProtocol: r.IpProtocol,
			FromPort: r.FromPort, ToPort: r.ToPort, CidrIpv4: r.CidrIpv4, CidrIpv6: r.CidrIpv6, PrefixListId: r.PrefixListId, Description: r.Description}
		if r.ReferencedGroupInfo != nil {
			x.ReferencedGroupId = r.ReferencedGroupInfo.GroupId
		}
		out.gone = append(out.gone, x)
		drop(e, e.rules, *r.SecurityGroupRuleId)
	}
	return out, nil
}

// RevokeSecurityGroupIngress removes rules.
func (e *EC2) RevokeSecurityGroupIngress(_ *wire.Caller, in *ec2.RevokeSecurityGroupIngressInput) (*ec2.RevokeSecurityGroupIngressOutput, error) {
	ps := plain(in.IpPermissions, in.CidrIp, in.IpProtocol, in.FromPort, in.ToPort, in.SourceSecurityGroupName)
	r, err := e.revoke(in.GroupId, in.GroupName, false, in.SecurityGroupRuleIds, ps)
	return &ec2.RevokeSecurityGroupIngressOutput{Return: new(true), RevokedSecurityGroupRules: r.gone, UnknownIpPermissions: r.unknown}, err
}

// RevokeSecurityGroupEgress removes rules.
func (e *EC2) RevokeSecurityGroupEgress(_ *wire.Caller, in *ec2.RevokeSecurityGroupEgressInput) (*ec2.RevokeSecurityGroupEgressOutput, error) {
	ps := plain(in.IpPermissions, in.CidrIp, in.IpProtocol, in.FromPort, in.ToPort, in.SourceSecurityGroupName)
	r, err := e.revoke(in.GroupId, nil, true, in.SecurityGroupRuleIds, ps)
	return &ec2.RevokeSecurityGroupEgressOutput{Return: new(true), RevokedSecurityGroupRules: r.gone, UnknownIpPermissions: r.unknown}, err
}

// DescribeSecurityGroupRules lists rules.
func (e *EC2) DescribeSecurityGroupRules(_ *wire.Caller, in *ec2.DescribeSecurityGroupRulesInput) (*ec2.DescribeSecurityGroupRulesOutput, error) {
	l, err := res.List(e.rules, in.SecurityGroupRuleIds, filters(in.Filters), e.viewRule)
	return &ec2.DescribeSecurityGroupRulesOutput{SecurityGroupRules: l}, err
}

// ModifySecurityGroupRules replaces rules, which keep their identifiers.
func (e *EC2) ModifySecurityGroupRules(_ *wire.Caller, in *ec2.ModifySecurityGroupRulesInput) (*ec2.ModifySecurityGroupRulesOutput, error) {
	g, err := e.group(in.GroupId, nil)
	if err != nil {
		return nil, err
	}
	changed := map[string]types.SecurityGroupRule{}
	for _, u := range in.SecurityGroupRules {
		old := e.rules.Get(aws.ToString(u.SecurityGroupRuleId))
		if old == nil || *old.GroupId != *g.GroupId {
			return nil, e.rules.Missing(aws.ToString(u.SecurityGroupRuleId))
		}
		q := u.SecurityGroupRule
		if q == nil {
			return nil, wire.Errorf("MissingParameter", "The request must contain the parameter SecurityGroupRule")
		}
		p := types.IpPermission{IpProtocol: q.IpProtocol, FromPort: q.FromPort, ToPort: q.ToPort}
		switch {
		case q.CidrIpv4 != nil:
			p.IpRanges = []types.IpRange{{CidrIp: q.CidrIpv4, Description: q.Description}}
		case q.CidrIpv6 != nil:
			p.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: q.CidrIpv6, Description: q.Description}}
		case q.PrefixListId != nil:
			p.PrefixListIds = []types.PrefixListId{{PrefixListId: q.PrefixListId, Description: q.Description}}
		case q.ReferencedGroupId != nil:
			p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: q.ReferencedGroupId, Description: q.Description}}
		}
		if p, err = e.normal(*g.VpcId, p); err != nil {
			return nil, err
		}
		r := e.rulesOf(*g.GroupId, *old.IsEgress, p)[0]
		r.SecurityGroupRuleId, r.SecurityGroupRuleArn = old.SecurityGroupRuleId, old.SecurityGroupRuleArn
		if e.rules.Find(func(x *types.SecurityGroupRule) bool {
			return *x.SecurityGroupRuleId != *r.SecurityGroupRuleId && alike(*x, r)
		}) != nil {
			return nil, duplicate(r)
		}
		changed[*r.SecurityGroupRuleId] = r
	}
	for id, r := range changed {
		e.rules.Put(id, &r)
	}
	return &ec2.ModifySecurityGroupRulesOutput{Return: new(true)}, nil
}

// describe sets the descriptions of rules, named by identifier or by what they say.
func (e *EC2) describe(id, name *string, egress bool, ps []types.IpPermission, by []types.SecurityGroupRuleDescription) error {
	g, err := e.group(id, name)
	if err != nil {
		return err
	}
	for _, d := range by {
		r := e.rules.Get(aws.ToString(d.SecurityGroupRuleId))
		if r == nil || *r.GroupId != *g.GroupId {
			return e.rules.Missing(aws.ToString(d.SecurityGroupRuleId))
		}
		r.Description = d.Description
	}
	for _, p := range ps {
		if p, err = e.normal(*g.VpcId, p); err != nil {
			return err
		}
		for _, want := range e.rulesOf(*g.GroupId, egress, p) {
			r := e.rules.Find(func(x *types.SecurityGroupRule) bool { return alike(*x, want) })
			if r == nil {
				return wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
			}
			r.Description = want.Description
		}
	}
	return nil
}

// UpdateSecurityGroupRuleDescriptionsIngress sets the descriptions of rules.
func (e *EC2) UpdateSecurityGroupRuleDescriptionsIngress(_ *wire.Caller,
	in *ec2.UpdateSecurityGroupRuleDescriptionsIngressInput) (*ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput, error) {
	err := e.describe(in.GroupId, in.GroupName, false, in.IpPermissions, in.SecurityGroupRuleDescriptions)
	return &ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput{Return: new(true)}, err
}

// UpdateSecurityGroupRuleDescriptionsEgress sets the descriptions of rules.
func (e *EC2) UpdateSecurityGroupRuleDescriptionsEgress(_ *wire.Caller,
	in *ec2.UpdateSecurityGroupRuleDescriptionsEgressInput) (*ec2.UpdateSecurityGroupRuleDescriptionsEgressOutput, error) {
	err := e.describe(in.GroupId, in.GroupName, true, in.IpPermissions, in.SecurityGroupRuleDescriptions)
	return &ec2.UpdateSecurityGroupRuleDescriptionsEgressOutput{Return: new(true)}, err
}

func (e *EC2) viewRule(r *types.SecurityGroupRule) types.SecurityGroupRule {
	v := *r
	v.Tags = e.tagsOf(*r.SecurityGroupRuleId)
	return v
}
