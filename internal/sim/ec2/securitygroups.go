package ec2

import (
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerSecurityGroups(s *wire.Service) {
	handle(e, s, "CreateSecurityGroup", e.CreateSecurityGroup)
	handle(e, s, "DescribeSecurityGroups", e.DescribeSecurityGroups)
	handle(e, s, "GetSecurityGroupsForVpc", e.GetSecurityGroupsForVpc)
	handle(e, s, "DeleteSecurityGroup", e.DeleteSecurityGroup)
	handle(e, s, "AuthorizeSecurityGroupIngress", e.AuthorizeSecurityGroupIngress)
	handle(e, s, "AuthorizeSecurityGroupEgress", e.AuthorizeSecurityGroupEgress)
	handle(e, s, "RevokeSecurityGroupIngress", e.RevokeSecurityGroupIngress)
	handle(e, s, "RevokeSecurityGroupEgress", e.RevokeSecurityGroupEgress)
	handle(e, s, "DescribeSecurityGroupRules", e.DescribeSecurityGroupRules)
	handle(e, s, "ModifySecurityGroupRules", e.ModifySecurityGroupRules)
	handle(e, s, "UpdateSecurityGroupRuleDescriptionsIngress", e.UpdateSecurityGroupRuleDescriptionsIngress)
	handle(e, s, "UpdateSecurityGroupRuleDescriptionsEgress", e.UpdateSecurityGroupRuleDescriptionsEgress)
}

func everywhere() types.IpPermission {
	return types.IpPermission{IpProtocol: new("-1"), IpRanges: []types.IpRange{{CidrIp: new("0.0.0.0/0")}}}
}

func (e *EC2) newGroup(vpcID, name, desc string) *types.SecurityGroup {
	id := e.w.ID("sg-", vpcID, name)
	g := e.groups.Put(id, &types.SecurityGroup{GroupId: new(id), GroupName: new(name), Description: new(desc), VpcId: new(vpcID), OwnerId: new(e.Account),
		SecurityGroupArn: e.arn("security-group", id)})
	e.allow(id, true, everywhere(), nil)
	return g
}

// groupName is what names and descriptions of groups may hold (API reference).
var groupName = regexp.MustCompile(`^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}$`)

// CreateSecurityGroup makes a group that lets everything out.
func (e *EC2) CreateSecurityGroup(_ *wire.Caller, in *ec2.CreateSecurityGroupInput) (*ec2.CreateSecurityGroupOutput, error) {
	vpcID, name := aws.ToString(in.VpcId), aws.ToString(in.GroupName)
	if in.VpcId == nil {
		v := e.defaultVPC()
		if v == nil {
			return nil, wire.Errorf("VPCIdNotSpecified", "No default VPC for this user")
		}
		vpcID = *v.VpcId
	}
	switch {
	case e.vpcs.Get(vpcID) == nil:
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", vpcID)
	case len(name) > 2 && name[:3] == "sg-":
		return nil, wire.Errorf("InvalidParameterValue", "Invalid security group name. Security group names cannot begin with 'sg-'.")
	case !groupName.MatchString(name):
		return nil, wire.Errorf("InvalidParameterValue",
			"Value (%s) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.", name)
	case !groupName.MatchString(aws.ToString(in.Description)):
		return nil, wire.Errorf("InvalidParameterValue",
			"Value (%s) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.", aws.ToString(in.Description))
	case e.named(vpcID, name) != nil:
		return nil, wire.Errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, vpcID)
	}
	g := e.newGroup(vpcID, name, aws.ToString(in.Description))
	e.tagSpec(*g.GroupId, in.TagSpecifications)
	return &ec2.CreateSecurityGroupOutput{GroupId: g.GroupId, SecurityGroupArn: g.SecurityGroupArn, Tags: e.tagsOf(*g.GroupId)}, nil
}

// named is a VPC's group of a name, or nil.
func (e *EC2) named(vpcID, name string) *types.SecurityGroup {
	return e.groups.Find(func(g *types.SecurityGroup) bool { return *g.VpcId == vpcID && *g.GroupName == name })
}

// group is a security group by its identifier, or by its name in the default VPC.
func (e *EC2) group(id, name *string) (*types.SecurityGroup, error) {
	if id == nil && name != nil {
		if v := e.defaultVPC(); v != nil {
			if g := e.named(*v.VpcId, *name); g != nil {
				return g, nil
			}
		}
		return nil, noGroup(*name)
	}
	if id == nil {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter groupName or groupId")
	}
	if g := e.groups.Get(*id); g != nil {
		return g, nil
	}
	return nil, noGroup(*id)
}

func noGroup(id string) error {
	return wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
}

// viewGroup is a group with its rules: those of one protocol and ports are one
// permission.
func (e *EC2) viewGroup(g *types.SecurityGroup) types.SecurityGroup {
	out := *g
	out.IpPermissions, out.IpPermissionsEgress = []types.IpPermission{}, []types.IpPermission{}
	for _, r := range e.rules.Select(func(r *types.SecurityGroupRule) bool { return *r.GroupId == *g.GroupId }) {
		l := &out.IpPermissions
		if aws.ToBool(r.IsEgress) {
			l = &out.IpPermissionsEgress
		}
		i := slices.IndexFunc(*l, func(p types.IpPermission) bool { return samePorts(*r, p) })
		if i < 0 {
			p := types.IpPermission{IpProtocol: r.IpProtocol, IpRanges: []types.IpRange{}, Ipv6Ranges: []types.Ipv6Range{},
				PrefixListIds: []types.PrefixListId{}, UserIdGroupPairs: []types.UserIdGroupPair{}}
			if *r.IpProtocol != "-1" {
				p.FromPort, p.ToPort = r.FromPort, r.ToPort
			}
			i, *l = len(*l), append(*l, p)
		}
		p := &(*l)[i]
		switch {
		case r.CidrIpv4 != nil:
			p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: r.CidrIpv4, Description: r.Description})
		case r.CidrIpv6 != nil:
			p.Ipv6Ranges = append(p.Ipv6Ranges, types.Ipv6Range{CidrIpv6: r.CidrIpv6, Description: r.Description})
		case r.PrefixListId != nil:
			p.PrefixListIds = append(p.PrefixListIds, types.PrefixListId{PrefixListId: r.PrefixListId, Description: r.Description})
		case r.ReferencedGroupInfo != nil:
			p.UserIdGroupPairs = append(p.UserIdGroupPairs,
				types.UserIdGroupPair{GroupId: r.ReferencedGroupInfo.GroupId, UserId: new(e.Account), Description: r.Description})
		}
	}
	out.Tags = e.tagsOf(*g.GroupId)
	return out
}

// DescribeSecurityGroups lists groups.
func (e *EC2) DescribeSecurityGroups(_ *wire.Caller, in *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error) {
	ids := in.GroupIds
	for _, n := range in.GroupNames {
		g, err := e.group(nil, new(n))
		if err != nil {
			return nil, err
		}
		ids = append(ids, *g.GroupId)
	}
	l, err := res.List(e.groups, ids, filters(in.Filters), e.viewGroup)
	return &ec2.DescribeSecurityGroupsOutput{SecurityGroups: l}, err
}

var forVPCFilters = map[string]bool{"group-id": true, "description": true, "group-name": true, "owner-id": true, "primary-vpc-id": true}

// GetSecurityGroupsForVpc lists the groups that may be used in a VPC: its own, as none is
// shared.
func (e *EC2) GetSecurityGroupsForVpc(_ *wire.Caller, in *ec2.GetSecurityGroupsForVpcInput) (*ec2.GetSecurityGroupsForVpcOutput, error) {
	id := aws.ToString(in.VpcId)
	if e.vpcs.Get(id) == nil {
		return nil, e.vpcs.Missing(id)
	}
	by := []res.Filter{{Name: "vpc-id", Values: []string{id}}}
	for _, f := range filters(in.Filters) {
		switch {
		case f.Name == "primary-vpc-id":
			f.Name = "vpc-id"
		case !forVPCFilters[f.Name] && f.Name != "tag-key" && len(f.Name) < 4:
			return nil, res.UnknownFilter(f.Name)
		}
		by = append(by, f)
	}
	l, err := res.List(e.groups, nil, by, func(g *types.SecurityGroup) types.SecurityGroupForVpc {
		return types.SecurityGroupForVpc{GroupId: g.GroupId, GroupName: g.GroupName, Description: g.Description, OwnerId: g.OwnerId,
			PrimaryVpcId: g.VpcId, Tags: e.tagsOf(*g.GroupId)}
	})
	return &ec2.GetSecurityGroupsForVpcOutput{SecurityGroupForVpcs: l}, err
}

// DeleteSecurityGroup refuses a group in use by an interface or another group.
func (e *EC2) DeleteSecurityGroup(_ *wire.Caller, in *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error) {
	g, err := e.group(in.GroupId, in.GroupName)
	if err != nil {
		return nil, err
	}
	id := *g.GroupId
	if *g.GroupName == "default" {
		return nil, wire.Errorf("CannotDelete", "the specified group: %q name: \"default\" cannot be deleted by a user", id)
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
	return &ec2.DeleteSecurityGroupOutput{GroupId: new(id), Return: new(true)}, nil
}

func (e *EC2) dropGroup(id string) {
	drop(e, e.groups, id)
	for _, r := range e.rules.Select(func(r *types.SecurityGroupRule) bool { return *r.GroupId == id }) {
		drop(e, e.rules, *r.SecurityGroupRuleId)
	}
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
	e.allow(id, true, everywhere(), nil)
	return nil
}
