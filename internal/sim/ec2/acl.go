package ec2

import (
	"cmp"
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

func (e *EC2) registerAcls(s *wire.Service) {
	handle(e, s, "DescribeNetworkAcls", e.DescribeNetworkAcls)
	handle(e, s, "CreateNetworkAcl", e.CreateNetworkAcl)
	handle(e, s, "DeleteNetworkAcl", e.DeleteNetworkAcl)
	handle(e, s, "CreateNetworkAclEntry", e.CreateNetworkAclEntry)
	handle(e, s, "ReplaceNetworkAclEntry", e.ReplaceNetworkAclEntry)
	handle(e, s, "DeleteNetworkAclEntry", e.DeleteNetworkAclEntry)
	handle(e, s, "ReplaceNetworkAclAssociation", e.ReplaceNetworkAclAssociation)
}

// The rule that ends every list, of IPv4 and of IPv6.
const (
	lastRule     = 32767
	lastIPv6Rule = 32768
)

// newACL makes an ACL that denies everything; the default one lets all pass before.
func (e *EC2) newACL(v *vpc, id string, isDefault bool) *types.NetworkAcl {
	a := e.acls.Put(id, &types.NetworkAcl{NetworkAclId: new(id), VpcId: v.VpcId, OwnerId: new(e.Account), IsDefault: new(isDefault),
		Associations: []types.NetworkAclAssociation{}})
	for _, out := range []bool{false, true} {
		e.aclRules(a, out, "0.0.0.0/0", "", lastRule)
		if len(v.Ipv6CidrBlockAssociationSet) > 0 {
			e.aclRules(a, out, "", "::/0", lastIPv6Rule)
		}
	}
	return a
}

// aclRules adds the rules about everywhere: the last one, and before it in a default
// ACL the one that allows.
func (e *EC2) aclRules(a *types.NetworkAcl, egress bool, v4, v6 string, last int32) {
	x := types.NetworkAclEntry{Egress: new(egress), RuleNumber: new(last), RuleAction: types.RuleActionDeny, Protocol: new("-1")}
	allow := int32(100)
	if x.CidrBlock = new(v4); v4 == "" {
		x.CidrBlock, x.Ipv6CidrBlock, allow = nil, new(v6), 101
	}
	if *a.IsDefault {
		y := x
		y.RuleNumber, y.RuleAction = new(allow), types.RuleActionAllow
		a.Entries = append(a.Entries, y)
	}
	a.Entries = append(a.Entries, x)
	sortEntries(a)
}

// sortEntries orders entries as EC2 shows them: what leaves first, then by number.
func sortEntries(a *types.NetworkAcl) {
	slices.SortStableFunc(a.Entries, func(x, y types.NetworkAclEntry) int {
		if *x.Egress != *y.Egress {
			return map[bool]int{true: -1, false: 1}[*x.Egress]
		}
		return cmp.Compare(*x.RuleNumber, *y.RuleNumber)
	})
}

// aclIPv6 adds the rules about IPv6 to a VPC's ACLs when it gets its first such block.
func (e *EC2) aclIPv6(v *vpc) {
	for _, a := range e.acls.Select(func(a *types.NetworkAcl) bool { return *a.VpcId == *v.VpcId }) {
		for _, out := range []bool{false, true} {
			e.aclRules(a, out, "", "::/0", lastIPv6Rule)
		}
	}
}

// defaultACL is a VPC's default ACL.
func (e *EC2) defaultACL(vpcID string) *types.NetworkAcl {
	return e.acls.Find(func(a *types.NetworkAcl) bool { return *a.VpcId == vpcID && *a.IsDefault })
}

// DescribeNetworkAcls lists network ACLs.
func (e *EC2) DescribeNetworkAcls(_ *wire.Caller, in *ec2.DescribeNetworkAclsInput) (*ec2.DescribeNetworkAclsOutput, error) {
	l, err := res.List(e.acls, in.NetworkAclIds, filters(in.Filters), e.viewACL)
	return &ec2.DescribeNetworkAclsOutput{NetworkAcls: l}, err
}

// CreateNetworkAcl makes an ACL without subnets.
func (e *EC2) CreateNetworkAcl(by *wire.Caller, in *ec2.CreateNetworkAclInput) (*ec2.CreateNetworkAclOutput, error) {
	v := e.vpcs.Get(aws.ToString(in.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	if had := e.acls.Get(by.Before()); had != nil {
		return &ec2.CreateNetworkAclOutput{NetworkAcl: new(e.viewACL(had)), ClientToken: in.ClientToken}, nil
	}
	a := e.newACL(v, e.w.ID("acl-", *v.VpcId, identity(in.TagSpecifications)), false)
	e.tagSpec(*a.NetworkAclId, in.TagSpecifications)
	by.Note(*a.NetworkAclId)
	return &ec2.CreateNetworkAclOutput{NetworkAcl: new(e.viewACL(a)), ClientToken: in.ClientToken}, nil
}

func (e *EC2) acl(id *string) (*types.NetworkAcl, error) {
	if a := e.acls.Get(aws.ToString(id)); a != nil {
		return a, nil
	}
	return nil, e.acls.Missing(aws.ToString(id))
}

// DeleteNetworkAcl refuses a default ACL, and one that subnets use.
func (e *EC2) DeleteNetworkAcl(_ *wire.Caller, in *ec2.DeleteNetworkAclInput) (*ec2.DeleteNetworkAclOutput, error) {
	a, err := e.acl(in.NetworkAclId)
	if err != nil {
		return nil, err
	}
	if *a.IsDefault {
		return nil, wire.Errorf("InvalidParameterValue", "cannot delete default network ACL %s", *a.NetworkAclId)
	}
	if len(a.Associations) > 0 {
		return nil, wire.Errorf("DependencyViolation", "The networkAcl '%s' has dependencies and cannot be deleted.", *a.NetworkAclId)
	}
	drop(e, e.acls, *a.NetworkAclId)
	return &ec2.DeleteNetworkAclOutput{}, nil
}

// entryOf is the place of an ACL's entry, or -1.
func entryOf(a *types.NetworkAcl, egress *bool, number *int32) int {
	return slices.IndexFunc(a.Entries, func(x types.NetworkAclEntry) bool {
		return *x.Egress == aws.ToBool(egress) && *x.RuleNumber == aws.ToInt32(number)
	})
}

// newEntry checks an entry and writes its protocol as EC2 does: by number.
func newEntry(x types.NetworkAclEntry) (types.NetworkAclEntry, error) {
	if n := aws.ToInt32(x.RuleNumber); n < 1 || n > 32766 {
		return x, wire.Errorf("InvalidParameterValue", "Value (%d) for parameter ruleNumber is invalid. The rule number must be between 1 and 32766.", n)
	}
	if a := x.RuleAction; a != types.RuleActionAllow && a != types.RuleActionDeny {
		return x, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter ruleAction is invalid. Unknown rule action.", a)
	}
	for _, c := range []*string{x.CidrBlock, x.Ipv6CidrBlock} {
		if c == nil {
			continue
		}
		p, err := netip.ParsePrefix(*c)
		if err != nil || p.Addr().Is4() != (c == x.CidrBlock) {
			return x, wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", *c)
		}
	}
	if x.CidrBlock == nil && x.Ipv6CidrBlock == nil {
		return x, wire.Errorf("MissingParameter", "The request must contain the parameter cidrBlock or ipv6CidrBlock")
	}
	p := strings.ToLower(aws.ToString(x.Protocol))
	if n, ok := map[string]string{"all": "-1", "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}[p]; ok {
		p = n
	}
	n, err := strconv.Atoi(p)
	if err != nil || n < -1 || n > 255 {
		return x, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", aws.ToString(x.Protocol))
	}
	x.Protocol = new(p)
	if p == "6" || p == "17" {
		r := x.PortRange
		if r == nil {
			return x, wire.Errorf("MissingParameter", "The request must contain the parameter portRange")
		}
		if from, to := aws.ToInt32(r.From), aws.ToInt32(r.To); from < 0 || from > to || to > 65535 {
			return x, wire.Errorf("InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d)", from, to)
		}
	} else {
		x.PortRange = nil
	}
	return x, nil
}

// CreateNetworkAclEntry adds an entry under a number that is free.
func (e *EC2) CreateNetworkAclEntry(_ *wire.Caller, in *ec2.CreateNetworkAclEntryInput) (*ec2.CreateNetworkAclEntryOutput, error) {
	a, err := e.acl(in.NetworkAclId)
	if err != nil {
		return nil, err
	}
	x, err := newEntry(types.NetworkAclEntry{Egress: new(aws.ToBool(in.Egress)), RuleNumber: in.RuleNumber, RuleAction: in.RuleAction, Protocol: in.Protocol,
		CidrBlock: in.CidrBlock, Ipv6CidrBlock: in.Ipv6CidrBlock, PortRange: in.PortRange, IcmpTypeCode: in.IcmpTypeCode})
	if err != nil {
		return nil, err
	}
	if entryOf(a, in.Egress, in.RuleNumber) >= 0 {
		return nil, wire.Errorf("NetworkAclEntryAlreadyExists", "The network acl entry identified by %d already exists.", *in.RuleNumber)
	}
	a.Entries = append(a.Entries, x)
	sortEntries(a)
	return &ec2.CreateNetworkAclEntryOutput{}, nil
}

func noEntry(number *int32) error {
	return wire.Errorf("InvalidNetworkAclEntry.NotFound", "The network acl entry identified by %d does not exist", aws.ToInt32(number))
}

// ReplaceNetworkAclEntry changes the entry of a number.
func (e *EC2) ReplaceNetworkAclEntry(_ *wire.Caller, in *ec2.ReplaceNetworkAclEntryInput) (*ec2.ReplaceNetworkAclEntryOutput, error) {
	a, err := e.acl(in.NetworkAclId)
	if err != nil {
		return nil, err
	}
	x, err := newEntry(types.NetworkAclEntry{Egress: new(aws.ToBool(in.Egress)), RuleNumber: in.RuleNumber, RuleAction: in.RuleAction, Protocol: in.Protocol,
		CidrBlock: in.CidrBlock, Ipv6CidrBlock: in.Ipv6CidrBlock, PortRange: in.PortRange, IcmpTypeCode: in.IcmpTypeCode})
	if err != nil {
		return nil, err
	}
	i := entryOf(a, in.Egress, in.RuleNumber)
	if i < 0 {
		return nil, noEntry(in.RuleNumber)
	}
	a.Entries[i] = x
	return &ec2.ReplaceNetworkAclEntryOutput{}, nil
}

// DeleteNetworkAclEntry removes an entry, not the last one.
func (e *EC2) DeleteNetworkAclEntry(_ *wire.Caller, in *ec2.DeleteNetworkAclEntryInput) (*ec2.DeleteNetworkAclEntryOutput, error) {
	a, err := e.acl(in.NetworkAclId)
	if err != nil {
		return nil, err
	}
	i := entryOf(a, in.Egress, in.RuleNumber)
	if i < 0 || aws.ToInt32(in.RuleNumber) >= lastRule {
		return nil, noEntry(in.RuleNumber)
	}
	a.Entries = slices.Delete(a.Entries, i, i+1)
	return &ec2.DeleteNetworkAclEntryOutput{}, nil
}

// ReplaceNetworkAclAssociation gives a subnet another ACL of its VPC.
func (e *EC2) ReplaceNetworkAclAssociation(_ *wire.Caller, in *ec2.ReplaceNetworkAclAssociationInput) (*ec2.ReplaceNetworkAclAssociationOutput, error) {
	a, err := e.acl(in.NetworkAclId)
	if err != nil {
		return nil, err
	}
	for _, old := range e.acls.All() {
		i := slices.IndexFunc(old.Associations, func(x types.NetworkAclAssociation) bool {
			return *x.NetworkAclAssociationId == aws.ToString(in.AssociationId)
		})
		if i < 0 {
			continue
		}
		if *old.VpcId != *a.VpcId {
			return nil, wire.Errorf("InvalidParameterValue", "Network acl %s and %s belong to different networks", *a.NetworkAclId, *old.NetworkAclId)
		}
		subnet := *old.Associations[i].SubnetId
		old.Associations = slices.Delete(old.Associations, i, i+1)
		id := e.w.ID("aclassoc-", *a.NetworkAclId, subnet)
		associateACL(a, subnet, id)
		return &ec2.ReplaceNetworkAclAssociationOutput{NewAssociationId: new(id)}, nil
	}
	return nil, notFound("InvalidAssociationID.NotFound", "association ID", aws.ToString(in.AssociationId))
}

func associateACL(a *types.NetworkAcl, subnet, id string) {
	a.Associations = append(a.Associations, types.NetworkAclAssociation{NetworkAclAssociationId: new(id), NetworkAclId: a.NetworkAclId, SubnetId: new(subnet)})
}

func (e *EC2) viewACL(a *types.NetworkAcl) types.NetworkAcl {
	v := *a
	v.Entries, v.Associations = slices.Clone(a.Entries), append([]types.NetworkAclAssociation{}, a.Associations...)
	v.Tags = e.tagsOf(*a.NetworkAclId)
	return v
}
