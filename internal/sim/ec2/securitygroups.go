package ec2

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerSecurityGroups(s *wire.Service) {
	wire.Handle(s, "CreateSecurityGroup", e.CreateSecurityGroup)
	wire.Handle(s, "DescribeSecurityGroups", e.DescribeSecurityGroups)
	wire.Handle(s, "DeleteSecurityGroup", e.DeleteSecurityGroup)
	wire.Handle(s, "AuthorizeSecurityGroupIngress", e.AuthorizeSecurityGroupIngress)
	wire.Handle(s, "AuthorizeSecurityGroupEgress", e.AuthorizeSecurityGroupEgress)
	wire.Handle(s, "RevokeSecurityGroupIngress", e.RevokeSecurityGroupIngress)
	wire.Handle(s, "RevokeSecurityGroupEgress", e.RevokeSecurityGroupEgress)
	wire.Handle(s, "DescribeSecurityGroupRules", e.DescribeSecurityGroupRules)
}

func (e *EC2) newGroup(vpcID, name, desc string) *types.SecurityGroup {
	id := e.w.ID("sg-", vpcID, name)
	g := e.groups.Put(id, &types.SecurityGroup{GroupId: new(id), GroupName: new(name), Description: new(desc), VpcId: new(vpcID), OwnerId: new(e.Account),
		SecurityGroupArn: e.arn("security-group", id)})
	e.allow(id, true, types.IpPermission{IpProtocol: new("-1"), IpRanges: []types.IpRange{{CidrIp: new("0.0.0.0/0")}}}, nil)
	return g
}

// CreateSecurityGroup makes a group that lets everything out.
func (e *EC2) CreateSecurityGroup(_ *wire.Caller, in *ec2.CreateSecurityGroupInput) (*ec2.CreateSecurityGroupOutput, error) {
	if e.vpcs.Get(aws.ToString(in.VpcId)) == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	if e.groups.Find(func(g *types.SecurityGroup) bool {
		return *g.VpcId == *in.VpcId && *g.GroupName == aws.ToString(in.GroupName)
	}) != nil {
		return nil, wire.Errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", aws.ToString(in.GroupName), *in.VpcId)
	}
	g := e.newGroup(*in.VpcId, aws.ToString(in.GroupName), aws.ToString(in.Description))
	e.tagSpec(*g.GroupId, in.TagSpecifications)
	return &ec2.CreateSecurityGroupOutput{GroupId: g.GroupId, SecurityGroupArn: g.SecurityGroupArn}, nil
}

func (e *EC2) viewGroup(g *types.SecurityGroup) types.SecurityGroup {
	out := *g
	out.IpPermissions, out.IpPermissionsEgress = []types.IpPermission{}, []types.IpPermission{}
	for _, r := range e.rules.Select(func(r *types.SecurityGroupRule) bool { return *r.GroupId == *g.GroupId }) {
		p := types.IpPermission{IpProtocol: r.IpProtocol, FromPort: r.FromPort, ToPort: r.ToPort}
		switch {
		case r.CidrIpv4 != nil:
			p.IpRanges = []types.IpRange{{CidrIp: r.CidrIpv4, Description: r.Description}}
		case r.CidrIpv6 != nil:
			p.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: r.CidrIpv6, Description: r.Description}}
		case r.ReferencedGroupInfo != nil:
			p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: r.ReferencedGroupInfo.GroupId, UserId: new(e.Account), Description: r.Description}}
		}
		if aws.ToBool(r.IsEgress) {
			out.IpPermissionsEgress = append(out.IpPermissionsEgress, p)
		} else {
			out.IpPermissions = append(out.IpPermissions, p)
		}
	}
	out.Tags = e.tagsOf(*g.GroupId)
	return out
}

// DescribeSecurityGroups lists groups.
func (e *EC2) DescribeSecurityGroups(_ *wire.Caller, in *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error) {
	l, err := res.List(e.groups, in.GroupIds, filters(in.Filters), e.viewGroup)
	return &ec2.DescribeSecurityGroupsOutput{SecurityGroups: l}, err
}

// DeleteSecurityGroup refuses a group in use by an interface or another group.
func (e *EC2) DeleteSecurityGroup(_ *wire.Caller, in *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error) {
	id := aws.ToString(in.GroupId)
	if e.groups.Get(id) == nil {
		return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
	}
	used := e.enis.Find(func(n *types.NetworkInterface) bool {
		return slices.ContainsFunc(n.Groups, func(g types.GroupIdentifier) bool { return *g.GroupId == id })
	}) != nil || e.rules.Find(func(r *types.SecurityGroupRule) bool {
		return *r.GroupId != id && r.ReferencedGroupInfo != nil && *r.ReferencedGroupInfo.GroupId == id
	}) != nil
	if used {
		return nil, wire.Errorf("DependencyViolation", "resource %s has a dependent object", id)
	}
	e.dropGroup(id)
	return &ec2.DeleteSecurityGroupOutput{}, nil
}

func (e *EC2) dropGroup(id string) {
	e.groups.Delete(id)
	for _, r := range e.rules.Select(func(r *types.SecurityGroupRule) bool { return *r.GroupId == id }) {
		e.rules.Delete(*r.SecurityGroupRuleId)
	}
}

// allow adds the rules of one permission, a rule for each source.
func (e *EC2) allow(group string, egress bool, p types.IpPermission, specs []types.TagSpecification) []types.SecurityGroupRule {
	var out []types.SecurityGroupRule
	add := func(f func(*types.SecurityGroupRule)) {
		r := &types.SecurityGroupRule{GroupId: new(group), GroupOwnerId: new(e.Account), IsEgress: new(egress), IpProtocol: p.IpProtocol,
			FromPort: p.FromPort, ToPort: p.ToPort}
		f(r)
		from := ""
		if r.ReferencedGroupInfo != nil {
			from = aws.ToString(r.ReferencedGroupInfo.GroupId)
		}
		id := e.w.ID("sgr-", group, fmt.Sprint(egress, aws.ToString(r.IpProtocol), aws.ToInt32(r.FromPort), aws.ToInt32(r.ToPort)),
			aws.ToString(r.CidrIpv4), aws.ToString(r.CidrIpv6), from)
		r.SecurityGroupRuleId = new(id)
		e.rules.Put(id, r)
		e.tagSpec(id, specs)
		out = append(out, *r)
	}
	for _, x := range p.IpRanges {
		add(func(r *types.SecurityGroupRule) { r.CidrIpv4, r.Description = x.CidrIp, x.Description })
	}
	for _, x := range p.Ipv6Ranges {
		add(func(r *types.SecurityGroupRule) { r.CidrIpv6, r.Description = x.CidrIpv6, x.Description })
	}
	for _, x := range p.UserIdGroupPairs {
		add(func(r *types.SecurityGroupRule) {
			r.ReferencedGroupInfo, r.Description = &types.ReferencedSecurityGroup{GroupId: x.GroupId, UserId: new(e.Account)}, x.Description
		})
	}
	return out
}

func (e *EC2) authorize(group string, egress bool, ps []types.IpPermission, specs []types.TagSpecification) ([]types.SecurityGroupRule, error) {
	if e.groups.Get(group) == nil {
		return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", group)
	}
	for _, p := range ps {
		for _, u := range p.UserIdGroupPairs {
			if e.groups.Get(aws.ToString(u.GroupId)) == nil {
				return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", aws.ToString(u.GroupId))
			}
		}
	}
	var out []types.SecurityGroupRule
	for _, p := range ps {
		out = append(out, e.allow(group, egress, p, specs)...)
	}
	return out, nil
}

// AuthorizeSecurityGroupIngress adds rules.
func (e *EC2) AuthorizeSecurityGroupIngress(_ *wire.Caller, in *ec2.AuthorizeSecurityGroupIngressInput) (*ec2.AuthorizeSecurityGroupIngressOutput, error) {
	ps := in.IpPermissions
	if len(ps) == 0 {
		ps = []types.IpPermission{{IpProtocol: in.IpProtocol, FromPort: in.FromPort, ToPort: in.ToPort, IpRanges: []types.IpRange{{CidrIp: in.CidrIp}}}}
	}
	r, err := e.authorize(aws.ToString(in.GroupId), false, ps, in.TagSpecifications)
	return &ec2.AuthorizeSecurityGroupIngressOutput{Return: new(true), SecurityGroupRules: r}, err
}

// AuthorizeSecurityGroupEgress adds rules.
func (e *EC2) AuthorizeSecurityGroupEgress(_ *wire.Caller, in *ec2.AuthorizeSecurityGroupEgressInput) (*ec2.AuthorizeSecurityGroupEgressOutput, error) {
	r, err := e.authorize(aws.ToString(in.GroupId), true, in.IpPermissions, in.TagSpecifications)
	return &ec2.AuthorizeSecurityGroupEgressOutput{Return: new(true), SecurityGroupRules: r}, err
}

func (e *EC2) revoke(group string, egress bool, ids []string, ps []types.IpPermission) {
	for _, r := range e.rules.Select(func(r *types.SecurityGroupRule) bool { return *r.GroupId == group && aws.ToBool(r.IsEgress) == egress }) {
		gone := slices.Contains(ids, *r.SecurityGroupRuleId)
		for _, p := range ps {
			same := aws.ToString(p.IpProtocol) == aws.ToString(r.IpProtocol) && aws.ToInt32(p.FromPort) == aws.ToInt32(r.FromPort) &&
				aws.ToInt32(p.ToPort) == aws.ToInt32(r.ToPort)
			gone = gone || same && (slices.ContainsFunc(p.IpRanges, func(x types.IpRange) bool {
				return aws.ToString(x.CidrIp) == aws.ToString(r.CidrIpv4) && r.CidrIpv4 != nil
			}) ||
				slices.ContainsFunc(p.UserIdGroupPairs, func(x types.UserIdGroupPair) bool {
					return r.ReferencedGroupInfo != nil && aws.ToString(x.GroupId) == *r.ReferencedGroupInfo.GroupId
				}))
		}
		if gone {
			e.rules.Delete(*r.SecurityGroupRuleId)
		}
	}
}

// RevokeSecurityGroupIngress removes rules.
func (e *EC2) RevokeSecurityGroupIngress(_ *wire.Caller, in *ec2.RevokeSecurityGroupIngressInput) (*ec2.RevokeSecurityGroupIngressOutput, error) {
	e.revoke(aws.ToString(in.GroupId), false, in.SecurityGroupRuleIds, in.IpPermissions)
	return &ec2.RevokeSecurityGroupIngressOutput{Return: new(true)}, nil
}

// RevokeSecurityGroupEgress removes rules.
func (e *EC2) RevokeSecurityGroupEgress(_ *wire.Caller, in *ec2.RevokeSecurityGroupEgressInput) (*ec2.RevokeSecurityGroupEgressOutput, error) {
	e.revoke(aws.ToString(in.GroupId), true, in.SecurityGroupRuleIds, in.IpPermissions)
	return &ec2.RevokeSecurityGroupEgressOutput{Return: new(true)}, nil
}

// DescribeSecurityGroupRules lists rules.
func (e *EC2) DescribeSecurityGroupRules(_ *wire.Caller, in *ec2.DescribeSecurityGroupRulesInput) (*ec2.DescribeSecurityGroupRulesOutput, error) {
	l, err := res.List(e.rules, in.SecurityGroupRuleIds, filters(in.Filters), e.viewRule)
	return &ec2.DescribeSecurityGroupRulesOutput{SecurityGroupRules: l}, err
}

// Group is a security group as DescribeSecurityGroups shows it, or nil.
func (e *EC2) Group(id string) *types.SecurityGroup {
	if g := e.groups.Get(id); g != nil {
		return new(e.viewGroup(g))
	}
	return nil
}

// completeGroup gives a security group of an ID and a VPC its name and the rule that
// lets everything out.
func (e *EC2) completeGroup(g *types.SecurityGroup) error {
	id := *g.GroupId
	if g.GroupName == nil {
		g.GroupName, g.Description = new("existing-"+id), new("existed before")
	}
	g.OwnerId, g.SecurityGroupArn = new(e.Account), e.arn("security-group", id)
	e.allow(id, true, types.IpPermission{IpProtocol: new("-1"), IpRanges: []types.IpRange{{CidrIp: new("0.0.0.0/0")}}}, nil)
	return nil
}

func (e *EC2) viewRule(r *types.SecurityGroupRule) types.SecurityGroupRule {
	v := *r
	v.Tags = e.tagsOf(*r.SecurityGroupRuleId)
	return v
}
