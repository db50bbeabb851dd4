package cfn

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// reader answers a standing resource as it is: the properties that a template may say of
// it, and the attributes that others may ask for. An error that says NotFound means that
// it is gone.
type reader func(o *op) (props, attrs values, err error)

// readers are the types that CloudFormation can import, and whether it can tell their
// drift: of clusters and node groups, of rules and associations it cannot ("Resource type
// support" in the CloudFormation user guide, November 2026).
var readers = map[string]struct {
	read  reader
	drift bool
}{
	"AWS::EC2::VPC":                         {readVPC, true},
	"AWS::EC2::Subnet":                      {readSubnet, true},
	"AWS::EC2::RouteTable":                  {readRouteTable, true},
	"AWS::EC2::InternetGateway":             {readIGW, true},
	"AWS::EC2::NatGateway":                  {readNAT, true},
	"AWS::EC2::EIP":                         {readEIP, true},
	"AWS::EC2::SecurityGroup":               {readGroup, true},
	"AWS::EC2::SubnetRouteTableAssociation": {readAssociation, false},
	"AWS::IAM::Role":                        {readRole, true},
	"AWS::EKS::Cluster":                     {readCluster, false},
	"AWS::EKS::Nodegroup":                   {readNodegroup, false},
	"AWS::EKS::Addon":                       {readAddon, true},
}

// missing is how a handler says that what it is asked about is gone.
func (o *op) missing() error {
	return said("Resource of type '%s' with identifier '%s' was not found.", o.r.Type, o.phys)
}

func tagList(tags []types.Tag) any {
	out := []any{}
	for _, t := range tags {
		if !strings.HasPrefix(aws.ToString(t.Key), "aws:") {
			out = append(out, map[string]any{"Key": aws.ToString(t.Key), "Value": aws.ToString(t.Value)})
		}
	}
	return out
}

func readVPC(o *op) (values, values, error) {
	out, err := call(o, o.env.EC2.DescribeVpcs, &ec2.DescribeVpcsInput{VpcIds: []string{o.phys}})
	if err != nil || len(out.Vpcs) == 0 {
		return nil, nil, err
	}
	v := out.Vpcs[0]
	props := values{"CidrBlock": aws.ToString(v.CidrBlock), "InstanceTenancy": string(v.InstanceTenancy), "Tags": tagList(v.Tags)}
	for name, attribute := range map[string]types.VpcAttributeName{"EnableDnsSupport": types.VpcAttributeNameEnableDnsSupport,
		"EnableDnsHostnames": types.VpcAttributeNameEnableDnsHostnames} {
		a, err := call(o, o.env.EC2.DescribeVpcAttribute, &ec2.DescribeVpcAttributeInput{VpcId: new(o.phys), Attribute: attribute})
		if err != nil {
			return nil, nil, err
		}
		on := a.EnableDnsSupport
		if name == "EnableDnsHostnames" {
			on = a.EnableDnsHostnames
		}
		props[name] = on != nil && aws.ToBool(on.Value)
	}
	return props, values{"VpcId": o.phys, "CidrBlock": aws.ToString(v.CidrBlock)}, nil
}

func readSubnet(o *op) (values, values, error) {
	out, err := call(o, o.env.EC2.DescribeSubnets, &ec2.DescribeSubnetsInput{SubnetIds: []string{o.phys}})
	if err != nil || len(out.Subnets) == 0 {
		return nil, nil, err
	}
	s := out.Subnets[0]
	props := values{"CidrBlock": aws.ToString(s.CidrBlock), "VpcId": aws.ToString(s.VpcId), "AvailabilityZone": aws.ToString(s.AvailabilityZone),
		"MapPublicIpOnLaunch": aws.ToBool(s.MapPublicIpOnLaunch), "AssignIpv6AddressOnCreation": aws.ToBool(s.AssignIpv6AddressOnCreation),
		"EnableDns64": aws.ToBool(s.EnableDns64), "Tags": tagList(s.Tags)}
	return props, values{"SubnetId": o.phys, "AvailabilityZone": aws.ToString(s.AvailabilityZone), "CidrBlock": aws.ToString(s.CidrBlock),
		"VpcId": aws.ToString(s.VpcId)}, nil
}

func readRouteTable(o *op) (values, values, error) {
	out, err := call(o, o.env.EC2.DescribeRouteTables, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{o.phys}})
	if err != nil || len(out.RouteTables) == 0 {
		return nil, nil, err
	}
	return values{"VpcId": aws.ToString(out.RouteTables[0].VpcId), "Tags": tagList(out.RouteTables[0].Tags)}, values{"RouteTableId": o.phys}, nil
}

func readIGW(o *op) (values, values, error) {
	out, err := call(o, o.env.EC2.DescribeInternetGateways, &ec2.DescribeInternetGatewaysInput{InternetGatewayIds: []string{o.phys}})
	if err != nil || len(out.InternetGateways) == 0 {
		return nil, nil, err
	}
	return values{"Tags": tagList(out.InternetGateways[0].Tags)}, values{"InternetGatewayId": o.phys}, nil
}

func readNAT(o *op) (values, values, error) {
	out, err := call(o, o.env.EC2.DescribeNatGateways, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{o.phys}})
	if err != nil {
		return nil, nil, err
	}
	if len(out.NatGateways) == 0 || out.NatGateways[0].State == types.NatGatewayStateDeleted {
		return nil, nil, nil
	}
	n := out.NatGateways[0]
	props := values{"SubnetId": aws.ToString(n.SubnetId), "Tags": tagList(n.Tags)}
	for _, a := range n.NatGatewayAddresses {
		props["AllocationId"] = aws.ToString(a.AllocationId)
	}
	return props, values{"NatGatewayId": o.phys}, nil
}

func readEIP(o *op) (values, values, error) {
	out, err := call(o, o.env.EC2.DescribeAddresses, &ec2.DescribeAddressesInput{PublicIps: []string{o.phys}})
	if err != nil || len(out.Addresses) == 0 {
		return nil, nil, err
	}
	a := out.Addresses[0]
	return values{"Domain": string(a.Domain), "Tags": tagList(a.Tags)}, values{"AllocationId": aws.ToString(a.AllocationId), "PublicIp": o.phys}, nil
}

// readGroup leaves rules out: those that others attached cannot be told from the group's.
func readGroup(o *op) (values, values, error) {
	out, err := call(o, o.env.EC2.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{o.phys}})
	if err != nil || len(out.SecurityGroups) == 0 {
		return nil, nil, err
	}
	g := out.SecurityGroups[0]
	return values{"GroupDescription": aws.ToString(g.Description), "VpcId": aws.ToString(g.VpcId), "GroupName": aws.ToString(g.GroupName),
			"Tags": tagList(g.Tags)},
		values{"GroupId": o.phys, "VpcId": aws.ToString(g.VpcId)}, nil
}

func readAssociation(o *op) (values, values, error) {
	out, err := call(o, o.env.EC2.DescribeRouteTables, &ec2.DescribeRouteTablesInput{})
	if err != nil {
		return nil, nil, err
	}
	for _, t := range out.RouteTables {
		for _, a := range t.Associations {
			if aws.ToString(a.RouteTableAssociationId) == o.phys {
				return values{"RouteTableId": aws.ToString(t.RouteTableId), "SubnetId": aws.ToString(a.SubnetId)}, values{"Id": o.phys}, nil
			}
		}
	}
	return nil, nil, nil
}

func readRole(o *op) (values, values, error) {
	out, err := call(o, o.env.IAM.GetRole, &iam.GetRoleInput{RoleName: new(o.phys)})
	if err != nil {
		return nil, nil, err
	}
	attached, err := call(o, o.env.IAM.ListAttachedRolePolicies, &iam.ListAttachedRolePoliciesInput{RoleName: new(o.phys)})
	if err != nil {
		return nil, nil, err
	}
	arns := []any{}
	for _, p := range attached.AttachedPolicies {
		arns = append(arns, aws.ToString(p.PolicyArn))
	}
	r := out.Role
	props := values{"RoleName": aws.ToString(r.RoleName), "Path": aws.ToString(r.Path), "ManagedPolicyArns": arns}
	if r.Description != nil {
		props["Description"] = *r.Description
	}
	tags := []any{}
	for _, t := range r.Tags {
		tags = append(tags, map[string]any{"Key": *t.Key, "Value": *t.Value})
	}
	props["Tags"] = tags
	return props, values{"Arn": *r.Arn, "RoleId": *r.RoleId}, nil
}

func readCluster(o *op) (values, values, error) {
	d, err := call(o, o.env.EKS.DescribeCluster, &eks.DescribeClusterInput{Name: new(o.phys)})
	if err != nil {
		return nil, nil, err
	}
	c := d.Cluster
	return values{"Name": *c.Name, "RoleArn": *c.RoleArn, "Version": aws.ToString(c.Version)}, clusterAttributes(c), nil
}

func readNodegroup(o *op) (values, values, error) {
	g, err := o.nodegroup()
	if err != nil {
		return nil, nil, err
	}
	return values{"ClusterName": *g.ClusterName, "NodegroupName": *g.NodegroupName, "NodeRole": *g.NodeRole},
		values{"Arn": *g.NodegroupArn, "ClusterName": *g.ClusterName, "NodegroupName": *g.NodegroupName, "Id": o.phys}, nil
}

func readAddon(o *op) (values, values, error) {
	a, err := o.addon()
	if err != nil {
		return nil, nil, err
	}
	props := values{"ClusterName": *a.ClusterName, "AddonName": *a.AddonName, "AddonVersion": aws.ToString(a.AddonVersion)}
	if a.ConfigurationValues != nil {
		props["ConfigurationValues"] = *a.ConfigurationValues
	}
	if a.ServiceAccountRoleArn != nil {
		props["ServiceAccountRoleArn"] = *a.ServiceAccountRoleArn
	}
	return props, values{"Arn": aws.ToString(a.AddonArn)}, nil
}

// live reads a resource; nil properties without an error: it is gone.
func (o *op) live() (props, attrs values, err error) {
	props, attrs, err = readers[o.r.Type].read(o)
	if absent(err) {
		return nil, nil, nil
	}
	return props, attrs, err
}

// comparable is a value without what JSON and YAML write differently: scalars are texts, a
// list of tags is its keys and values.
func comparable(v any) string {
	switch x := v.(type) {
	case map[string]any:
		parts := []string{}
		for _, k := range sorted(x) {
			parts = append(parts, k+"="+comparable(x[k]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		parts := []string{}
		for _, e := range x {
			parts = append(parts, comparable(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case json.Number:
		return x.String()
	}
	return fmt.Sprint(v)
}
