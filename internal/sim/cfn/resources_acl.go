package cfn

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

func createACL(o *op) (progress, error) {
	in := &ec2.CreateNetworkAclInput{VpcId: o.opt("VpcId"), TagSpecifications: o.tagSpecs(types.ResourceTypeNetworkAcl)}
	out, err := call(o, o.env.EC2.CreateNetworkAcl, in)
	if err != nil {
		return progress{}, err
	}
	o.made(*out.NetworkAcl.NetworkAclId)
	return after(quick, o.phys, values{"Id": o.phys})
}

func deleteACL(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DeleteNetworkAcl, &ec2.DeleteNetworkAclInput{NetworkAclId: new(o.phys)})
	return gone(err)
}

// createACLEntry: a rule of an ACL; its physical ID is a name, as CloudFormation's is.
func createACLEntry(o *op) (progress, error) {
	in := &ec2.CreateNetworkAclEntryInput{}
	if err := o.aclEntry(in); err != nil {
		return progress{}, err
	}
	if _, err := call(o, o.env.EC2.CreateNetworkAclEntry, in); err != nil {
		return progress{}, err
	}
	o.made(strings.Join([]string{o.str("NetworkAclId"), o.str("RuleNumber"), fmt.Sprint(o.str("Egress") == "true")}, "|"))
	return after(quick, o.phys, values{"Id": o.phys})
}

// aclEntry reads a rule: its protocol is a number here and a string in EC2.
func (o *op) aclEntry(in any) error {
	m := o.without("Icmp")
	if v, ok := o.props["Icmp"]; ok {
		m["IcmpTypeCode"] = v
	}
	if m["Egress"] == nil {
		m["Egress"] = false
	}
	if err := bind(m, in); err != nil {
		return o.invalidProperties(err)
	}
	return nil
}

func updateACLEntry(o *op) (progress, error) {
	in := &ec2.ReplaceNetworkAclEntryInput{}
	if err := o.aclEntry(in); err != nil {
		return progress{}, err
	}
	_, err := call(o, o.env.EC2.ReplaceNetworkAclEntry, in)
	return until(err == nil, err, o.phys, nil)
}

func deleteACLEntry(o *op) (progress, error) {
	in := &ec2.DeleteNetworkAclEntryInput{NetworkAclId: o.opt("NetworkAclId"), Egress: o.is("Egress")}
	if err := bind(o.props["RuleNumber"], &in.RuleNumber); err != nil {
		return gone(err)
	}
	_, err := call(o, o.env.EC2.DeleteNetworkAclEntry, in)
	return gone(err)
}

// aclOf is the association of a subnet with its ACL.
func (o *op) aclOf(subnet string) (*types.NetworkAclAssociation, string, error) {
	out, err := call(o, o.env.EC2.DescribeNetworkAcls, &ec2.DescribeNetworkAclsInput{
		Filters: []types.Filter{{Name: new("association.subnet-id"), Values: []string{subnet}}}})
	if err != nil {
		return nil, "", err
	}
	for _, a := range out.NetworkAcls {
		for _, x := range a.Associations {
			if aws.ToString(x.SubnetId) == subnet {
				return &x, aws.ToString(a.VpcId), nil
			}
		}
	}
	return nil, "", said("The subnet ID '%s' does not exist", subnet)
}

func associateACL(o *op) (progress, error) {
	a, _, err := o.aclOf(o.str("SubnetId"))
	if err != nil {
		return progress{}, err
	}
	out, err := call(o, o.env.EC2.ReplaceNetworkAclAssociation, &ec2.ReplaceNetworkAclAssociationInput{AssociationId: a.NetworkAclAssociationId,
		NetworkAclId: o.opt("NetworkAclId")})
	if err != nil {
		return progress{}, err
	}
	o.made(*out.NewAssociationId)
	return after(quick, o.phys, values{"AssociationId": o.phys})
}

// dissociateACL gives the subnet its VPC's own ACL again.
func dissociateACL(o *op) (progress, error) {
	a, vpc, err := o.aclOf(o.str("SubnetId"))
	if err != nil || aws.ToString(a.NetworkAclAssociationId) != o.phys {
		return gone(nil) // the subnet, or this association of it, has gone
	}
	own, err := call(o, o.env.EC2.DescribeNetworkAcls, &ec2.DescribeNetworkAclsInput{Filters: []types.Filter{
		{Name: new("vpc-id"), Values: []string{vpc}}, {Name: new("default"), Values: []string{"true"}}}})
	if err != nil || len(own.NetworkAcls) == 0 {
		return gone(err)
	}
	_, err = call(o, o.env.EC2.ReplaceNetworkAclAssociation, &ec2.ReplaceNetworkAclAssociationInput{AssociationId: a.NetworkAclAssociationId,
		NetworkAclId: own.NetworkAcls[0].NetworkAclId})
	return gone(err)
}
