package ec2

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// DescribeNetworkAcls lists the default network ACL of each VPC, which lets all
// traffic through and is the only one that the region knows.
func (e *EC2) DescribeNetworkAcls(_ *wire.Caller, in *ec2.DescribeNetworkAclsInput) (*ec2.DescribeNetworkAclsOutput, error) {
	out := &ec2.DescribeNetworkAclsOutput{NetworkAcls: []types.NetworkAcl{}}
	for _, v := range e.vpcs.All() {
		acl := e.defaultACL(v)
		if len(in.NetworkAclIds) > 0 && in.NetworkAclIds[0] != *acl.NetworkAclId {
			continue
		}
		if matches(in.Filters, func(n string) []string {
			switch n {
			case "vpc-id":
				return one(acl.VpcId)
			case "default":
				return []string{"true"}
			case "network-acl-id":
				return one(acl.NetworkAclId)
			case "association.subnet-id":
				var ids []string
				for _, a := range acl.Associations {
					ids = append(ids, *a.SubnetId)
				}
				return ids
			}
			return nil
		}) {
			out.NetworkAcls = append(out.NetworkAcls, acl)
		}
	}
	if len(in.NetworkAclIds) > 0 && len(out.NetworkAcls) == 0 {
		return nil, notFound("InvalidNetworkAclID.NotFound", "networkAcl ID", in.NetworkAclIds[0])
	}
	return out, nil
}

func (e *EC2) defaultACL(v *vpc) types.NetworkAcl {
	suffix := strings.TrimPrefix(*v.VpcId, "vpc-")
	entry := func(egress bool, n int32, a types.RuleAction) types.NetworkAclEntry {
		return types.NetworkAclEntry{Egress: new(egress), RuleNumber: new(n), RuleAction: a, Protocol: new("-1"), CidrBlock: new("0.0.0.0/0")}
	}
	acl := types.NetworkAcl{NetworkAclId: new("acl-" + suffix), VpcId: v.VpcId, OwnerId: new(e.Account), IsDefault: new(true),
		Entries: []types.NetworkAclEntry{entry(false, 100, types.RuleActionAllow), entry(false, 32767, types.RuleActionDeny), entry(true, 100, types.RuleActionAllow), entry(true, 32767, types.RuleActionDeny)}}
	for _, s := range e.subnets.All() {
		if aws.ToString(s.VpcId) == *v.VpcId {
			acl.Associations = append(acl.Associations, types.NetworkAclAssociation{NetworkAclAssociationId: new("aclassoc-" + strings.TrimPrefix(*s.SubnetId, "subnet-")), NetworkAclId: acl.NetworkAclId, SubnetId: s.SubnetId})
		}
	}
	return acl
}
