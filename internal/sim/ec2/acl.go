package ec2

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// DescribeNetworkAcls lists the default network ACL of each VPC, which lets all
// traffic through and is the only one that the region knows.
func (e *EC2) DescribeNetworkAcls(_ *wire.Caller, in *ec2.DescribeNetworkAclsInput) (*ec2.DescribeNetworkAclsOutput, error) {
	l := []types.NetworkAcl{}
	for _, v := range e.vpcs.All() {
		acl := e.defaultACL(v)
		if len(in.NetworkAclIds) == 0 || slices.Contains(in.NetworkAclIds, *acl.NetworkAclId) {
			l = append(l, acl)
		}
	}
	for _, id := range in.NetworkAclIds {
		if !slices.ContainsFunc(l, func(a types.NetworkAcl) bool { return *a.NetworkAclId == id }) {
			return nil, notFound("InvalidNetworkAclID.NotFound", "networkAcl ID", id)
		}
	}
	l, err := res.Pick(l, filters(in.Filters), res.Fields[types.NetworkAcl](aclFilters))
	return &ec2.DescribeNetworkAclsOutput{NetworkAcls: l}, err
}

func (e *EC2) defaultACL(v *vpc) types.NetworkAcl {
	suffix := strings.TrimPrefix(*v.VpcId, "vpc-")
	entry := func(egress bool, n int32, a types.RuleAction) types.NetworkAclEntry {
		return types.NetworkAclEntry{Egress: new(egress), RuleNumber: new(n), RuleAction: a, Protocol: new("-1"), CidrBlock: new("0.0.0.0/0")}
	}
	acl := types.NetworkAcl{NetworkAclId: new("acl-" + suffix), VpcId: v.VpcId, OwnerId: new(e.Account), IsDefault: new(true),
		Entries: []types.NetworkAclEntry{entry(false, 100, types.RuleActionAllow), entry(false, 32767, types.RuleActionDeny),
			entry(true, 100, types.RuleActionAllow), entry(true, 32767, types.RuleActionDeny)}}
	for _, s := range e.subnets.All() {
		if aws.ToString(s.VpcId) == *v.VpcId {
			acl.Associations = append(acl.Associations,
				types.NetworkAclAssociation{NetworkAclAssociationId: new("aclassoc-" + strings.TrimPrefix(*s.SubnetId, "subnet-")),
					NetworkAclId: acl.NetworkAclId, SubnetId: s.SubnetId})
		}
	}
	return acl
}
