package cfn

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// is is a boolean property, as EC2 takes it.
func (o *op) is(k string) *bool { return new(o.str(k) == "true") }

func createVPC(o *op) (progress, error) {
	out, err := call(o, o.env.EC2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: o.opt("CidrBlock"), TagSpecifications: o.tagSpecs(types.ResourceTypeVpc)})
	if err != nil {
		return progress{}, err
	}
	id := *out.Vpc.VpcId
	o.made(id)
	if err := o.vpcAttributes(); err != nil {
		return progress{}, err
	}
	return after(10*time.Second, id, values{"VpcId": id, "CidrBlock": o.str("CidrBlock")})
}

// vpcAttributes sets what CreateVpc does not take.
func (o *op) vpcAttributes() error {
	for _, in := range []*ec2.ModifyVpcAttributeInput{
		{EnableDnsSupport: &types.AttributeBooleanValue{Value: new(o.str("EnableDnsSupport") != "false")}},
		{EnableDnsHostnames: &types.AttributeBooleanValue{Value: o.is("EnableDnsHostnames")}},
	} {
		in.VpcId = new(o.phys)
		if _, err := call(o, o.env.EC2.ModifyVpcAttribute, in); err != nil {
			return err
		}
	}
	return nil
}

func updateVPC(o *op) (progress, error) {
	if err := o.vpcAttributes(); err != nil {
		return progress{}, err
	}
	return after(quick, o.phys, nil)
}

func deleteVPC(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DeleteVpc, &ec2.DeleteVpcInput{VpcId: new(o.phys)})
	return gone(err)
}

func createVPCCidr(o *op) (progress, error) {
	out, err := call(o, o.env.EC2.AssociateVpcCidrBlock, &ec2.AssociateVpcCidrBlockInput{VpcId: o.opt("VpcId"), CidrBlock: o.opt("CidrBlock"),
		Ipv6CidrBlock: o.opt("Ipv6CidrBlock"), Ipv6Pool: o.opt("Ipv6Pool"), AmazonProvidedIpv6CidrBlock: o.is("AmazonProvidedIpv6CidrBlock")})
	if err != nil {
		return progress{}, err
	}
	id := "vpc-cidr-assoc"
	if a := out.Ipv6CidrBlockAssociation; a != nil {
		id = *a.AssociationId
		for _, r := range o.s.Res { // the VPC's attribute lists its blocks as they are now
			if r.Phys == o.str("VpcId") {
				blocks, _ := r.Attrs["Ipv6CidrBlocks"].([]any)
				r.Attrs["Ipv6CidrBlocks"] = append(blocks, *a.Ipv6CidrBlock)
			}
		}
	} else if a := out.CidrBlockAssociation; a != nil {
		id = *a.AssociationId
	}
	return after(5*time.Second, id, values{"Id": id})
}

func createSubnet(o *op) (progress, error) {
	out, err := call(o, o.env.EC2.CreateSubnet, &ec2.CreateSubnetInput{VpcId: o.opt("VpcId"), CidrBlock: o.opt("CidrBlock"),
		AvailabilityZone: o.opt("AvailabilityZone"), Ipv6CidrBlock: o.opt("Ipv6CidrBlock"), TagSpecifications: o.tagSpecs(types.ResourceTypeSubnet)})
	if err != nil {
		return progress{}, err
	}
	o.made(*out.Subnet.SubnetId)
	if err := o.subnetAttributes(); err != nil {
		return progress{}, err
	}
	return after(quick, o.phys, values{"SubnetId": o.phys, "AvailabilityZone": *out.Subnet.AvailabilityZone,
		"CidrBlock": o.str("CidrBlock"), "VpcId": o.str("VpcId")})
}

// subnetAttributes sets what CreateSubnet does not take; what the template no longer says is off.
func (o *op) subnetAttributes() error {
	flag := func(k string) *types.AttributeBooleanValue { return &types.AttributeBooleanValue{Value: o.is(k)} }
	var changes []*ec2.ModifySubnetAttributeInput
	if o.props["MapPublicIpOnLaunch"] != nil || o.old["MapPublicIpOnLaunch"] != nil {
		changes = append(changes, &ec2.ModifySubnetAttributeInput{MapPublicIpOnLaunch: flag("MapPublicIpOnLaunch")})
	}
	if *o.is("AssignIpv6AddressOnCreation") || o.old["AssignIpv6AddressOnCreation"] != nil {
		changes = append(changes, &ec2.ModifySubnetAttributeInput{AssignIpv6AddressOnCreation: flag("AssignIpv6AddressOnCreation")})
	}
	if *o.is("EnableDns64") || o.old["EnableDns64"] != nil {
		changes = append(changes, &ec2.ModifySubnetAttributeInput{EnableDns64: flag("EnableDns64")})
	}
	if m, ok := o.props["PrivateDnsNameOptionsOnLaunch"].(map[string]any); ok {
		changes = append(changes, &ec2.ModifySubnetAttributeInput{PrivateDnsHostnameTypeOnLaunch: types.HostnameType(fmt.Sprint(m["HostnameType"]))})
	}
	for _, in := range changes {
		in.SubnetId = new(o.phys)
		if _, err := call(o, o.env.EC2.ModifySubnetAttribute, in); err != nil {
			return err
		}
	}
	return nil
}

func updateSubnet(o *op) (progress, error) {
	if err := o.subnetAttributes(); err != nil {
		return progress{}, err
	}
	return done(o.phys, nil)
}

func deleteSubnet(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DeleteSubnet, &ec2.DeleteSubnetInput{SubnetId: new(o.phys)})
	return gone(err)
}

func createSubnetCidr(o *op) (progress, error) {
	in := &ec2.AssociateSubnetCidrBlockInput{SubnetId: o.opt("SubnetId"), Ipv6CidrBlock: o.opt("Ipv6CidrBlock")}
	out, err := call(o, o.env.EC2.AssociateSubnetCidrBlock, in)
	if err != nil {
		return progress{}, err
	}
	return after(quick, *out.Ipv6CidrBlockAssociation.AssociationId, nil)
}

func deleteVPCCidr(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DisassociateVpcCidrBlock, &ec2.DisassociateVpcCidrBlockInput{AssociationId: new(o.phys)})
	return gone(err)
}

func deleteSubnetCidr(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DisassociateSubnetCidrBlock, &ec2.DisassociateSubnetCidrBlockInput{AssociationId: new(o.phys)})
	return gone(err)
}

func createIGW(o *op) (progress, error) {
	in := &ec2.CreateInternetGatewayInput{TagSpecifications: o.tagSpecs(types.ResourceTypeInternetGateway)}
	out, err := call(o, o.env.EC2.CreateInternetGateway, in)
	if err != nil {
		return progress{}, err
	}
	id := *out.InternetGateway.InternetGatewayId
	o.made(id)
	return after(12*time.Second, id, values{"InternetGatewayId": id})
}

func deleteIGW(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DeleteInternetGateway, &ec2.DeleteInternetGatewayInput{InternetGatewayId: new(o.phys)})
	return gone(err)
}

func createEIGW(o *op) (progress, error) {
	out, err := call(o, o.env.EC2.CreateEgressOnlyInternetGateway, &ec2.CreateEgressOnlyInternetGatewayInput{VpcId: o.opt("VpcId")})
	if err != nil {
		return progress{}, err
	}
	id := *out.EgressOnlyInternetGateway.EgressOnlyInternetGatewayId
	o.made(id)
	return after(quick, id, values{"Id": id})
}

func deleteEIGW(o *op) (progress, error) {
	in := &ec2.DeleteEgressOnlyInternetGatewayInput{EgressOnlyInternetGatewayId: new(o.phys)}
	_, err := call(o, o.env.EC2.DeleteEgressOnlyInternetGateway, in)
	return gone(err)
}

func attachGateway(o *op) (progress, error) {
	in := &ec2.AttachInternetGatewayInput{InternetGatewayId: o.opt("InternetGatewayId"), VpcId: o.opt("VpcId")}
	if _, err := call(o, o.env.EC2.AttachInternetGateway, in); err != nil {
		return progress{}, err
	}
	o.made("IGW|" + o.str("VpcId"))
	return after(quick, o.phys, values{"AttachmentType": "IGW"})
}

// detachGateway tries again while a NAT gateway of the VPC has yet to let go of its
// public address: templates need not say that one depends on the other.
func detachGateway(o *op) (progress, error) {
	in := &ec2.DetachInternetGatewayInput{InternetGatewayId: o.opt("InternetGatewayId"), VpcId: o.opt("VpcId")}
	_, err := call(o, o.env.EC2.DetachInternetGateway, in)
	return o.whileInUse(err)
}

// whileInUse tries a deletion again while something else still uses the resource, for
// ten minutes.
func (o *op) whileInUse(err error) (progress, error) {
	var e *wire.Error
	if errors.As(err, &e) && e.Code == "DependencyViolation" && o.Tries < 60 {
		o.Tries++
		return again(10 * time.Second)
	}
	return gone(err)
}

func createEIP(o *op) (progress, error) {
	in := &ec2.AllocateAddressInput{Domain: types.DomainTypeVpc, TagSpecifications: o.tagSpecs(types.ResourceTypeElasticIp)}
	out, err := call(o, o.env.EC2.AllocateAddress, in)
	if err != nil {
		return progress{}, err
	}
	o.made(*out.PublicIp)
	o.r.Attrs = values{"AllocationId": *out.AllocationId}
	return after(10*time.Second, *out.PublicIp, values{"AllocationId": *out.AllocationId, "PublicIp": *out.PublicIp})
}

func deleteEIP(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.ReleaseElasticAddress, &ec2.ReleaseAddressInput{AllocationId: new(fmt.Sprint(o.r.Attrs["AllocationId"]))})
	return gone(err)
}

func createNAT(o *op) (progress, error) {
	if o.phys == "" {
		in := &ec2.CreateNatGatewayInput{SubnetId: o.opt("SubnetId"), AllocationId: o.opt("AllocationId"),
			TagSpecifications: o.tagSpecs(types.ResourceTypeNatgateway)}
		out, err := call(o, o.env.EC2.CreateNatGateway, in)
		if err != nil {
			return progress{}, err
		}
		o.made(*out.NatGateway.NatGatewayId)
	}
	n := o.env.EC2.Nat(o.phys)
	if n.State == types.NatGatewayStateFailed {
		return progress{}, said("NatGateway %s is in state failed and hence failed to stabilize. Detailed failure message: %s",
			o.phys, aws.ToString(n.FailureMessage))
	}
	return until(n.State == types.NatGatewayStateAvailable, nil, o.phys, values{"NatGatewayId": o.phys})
}

func deleteNAT(o *op) (progress, error) {
	if o.first() {
		if _, err := call(o, o.env.EC2.DeleteNatGateway, &ec2.DeleteNatGatewayInput{NatGatewayId: new(o.phys)}); err != nil {
			return gone(err)
		}
	}
	n := o.env.EC2.Nat(o.phys)
	return until(n == nil || n.State == types.NatGatewayStateDeleted, nil, "", nil)
}

func createRouteTable(o *op) (progress, error) {
	in := &ec2.CreateRouteTableInput{VpcId: o.opt("VpcId"), TagSpecifications: o.tagSpecs(types.ResourceTypeRouteTable)}
	out, err := call(o, o.env.EC2.CreateRouteTable, in)
	if err != nil {
		return progress{}, err
	}
	o.made(*out.RouteTable.RouteTableId)
	return after(quick, o.phys, values{"RouteTableId": o.phys})
}

func deleteRouteTable(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DeleteRouteTable, &ec2.DeleteRouteTableInput{RouteTableId: new(o.phys)})
	return gone(err)
}

func createRoute(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.CreateRoute, &ec2.CreateRouteInput{RouteTableId: o.opt("RouteTableId"),
		DestinationCidrBlock: o.opt("DestinationCidrBlock"), DestinationIpv6CidrBlock: o.opt("DestinationIpv6CidrBlock"),
		GatewayId: o.opt("GatewayId"), NatGatewayId: o.opt("NatGatewayId"), TransitGatewayId: o.opt("TransitGatewayId"),
		EgressOnlyInternetGatewayId: o.opt("EgressOnlyInternetGatewayId")})
	if err != nil {
		return progress{}, err
	}
	o.made(o.str("RouteTableId") + "|" + o.str("DestinationCidrBlock") + o.str("DestinationIpv6CidrBlock"))
	return after(quick, o.phys, nil)
}

// updateRoute leads the same destination elsewhere.
func updateRoute(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.ReplaceRoute, &ec2.ReplaceRouteInput{RouteTableId: o.opt("RouteTableId"),
		DestinationCidrBlock: o.opt("DestinationCidrBlock"), DestinationIpv6CidrBlock: o.opt("DestinationIpv6CidrBlock"),
		GatewayId: o.opt("GatewayId"), NatGatewayId: o.opt("NatGatewayId"), TransitGatewayId: o.opt("TransitGatewayId"),
		EgressOnlyInternetGatewayId: o.opt("EgressOnlyInternetGatewayId")})
	if err != nil {
		return progress{}, err
	}
	return after(quick, o.phys, nil)
}

func deleteRoute(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DeleteRoute, &ec2.DeleteRouteInput{RouteTableId: o.opt("RouteTableId"),
		DestinationCidrBlock: o.opt("DestinationCidrBlock"), DestinationIpv6CidrBlock: o.opt("DestinationIpv6CidrBlock")})
	return gone(err)
}

func associateRoutes(o *op) (progress, error) {
	in := &ec2.AssociateRouteTableInput{RouteTableId: o.opt("RouteTableId"), SubnetId: o.opt("SubnetId")}
	out, err := call(o, o.env.EC2.AssociateRouteTable, in)
	if err != nil {
		return progress{}, err
	}
	o.made(*out.AssociationId)
	return after(quick, o.phys, values{"Id": o.phys})
}

func disassociateRoutes(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DisassociateRouteTable, &ec2.DisassociateRouteTableInput{AssociationId: new(o.phys)})
	return gone(err)
}

func createGroup(o *op) (progress, error) {
	in := &ec2.CreateSecurityGroupInput{VpcId: o.opt("VpcId"), GroupName: new(o.name("GroupName", 255)), Description: o.opt("GroupDescription"),
		TagSpecifications: o.tagSpecs(types.ResourceTypeSecurityGroup)}
	out, err := call(o, o.env.EC2.CreateSecurityGroup, in)
	if err != nil {
		return progress{}, err
	}
	o.made(*out.GroupId)
	for _, m := range listOf(o.props["SecurityGroupIngress"]) {
		if _, err := o.ingress(o.phys, m); err != nil {
			return progress{}, err
		}
	}
	egress := listOf(o.props["SecurityGroupEgress"])
	if len(egress) > 0 {
		// The rule that every group begins with goes where there are others, or the same.
		if err := o.revokeRule(map[string]any{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}, true); err != nil && !absent(err) {
			return progress{}, err
		}
	}
	for _, m := range egress {
		if _, err := o.egress(o.phys, m); err != nil {
			return progress{}, err
		}
	}
	return after(6*time.Second, o.phys, values{"GroupId": o.phys, "VpcId": o.str("VpcId")})
}

// updateGroup adds the rules that are new in the template and takes away those that are
// no longer in it; rules of others, and of resources of their own, stay.
func updateGroup(o *op) (progress, error) {
	for _, d := range []struct {
		property string
		egress   bool
	}{{"SecurityGroupIngress", false}, {"SecurityGroupEgress", true}} {
		was, now := listOf(o.old[d.property]), listOf(o.props[d.property])
		for _, m := range lacking(was, now) {
			if err := o.revokeRule(m, d.egress); err != nil && !absent(err) {
				return progress{}, err
			}
		}
		add := o.ingress
		if d.egress {
			add = o.egress
		}
		for _, m := range lacking(now, was) {
			if _, err := add(o.phys, m); err != nil {
				return progress{}, err
			}
		}
	}
	return after(quick, o.phys, nil)
}

// lacking are the members of a that b has not.
func lacking(a, b []map[string]any) []map[string]any {
	return slices.DeleteFunc(slices.Clone(a), func(x map[string]any) bool {
		return slices.ContainsFunc(b, func(y map[string]any) bool { return reflect.DeepEqual(x, y) })
	})
}

func (o *op) revokeRule(m map[string]any, egress bool) error {
	p, err := permission(m, egress)
	if err != nil {
		return o.invalidProperties(err)
	}
	if egress {
		_, err = call(o, o.env.EC2.RevokeSecurityGroupEgress, &ec2.RevokeSecurityGroupEgressInput{GroupId: new(o.phys), IpPermissions: []types.IpPermission{p}})
	} else {
		_, err = call(o, o.env.EC2.RevokeSecurityGroupIngress, &ec2.RevokeSecurityGroupIngressInput{GroupId: new(o.phys), IpPermissions: []types.IpPermission{p}})
	}
	return err
}

func (o *op) ingress(group string, m map[string]any) ([]types.SecurityGroupRule, error) {
	p, err := permission(m, false)
	if err != nil {
		return nil, o.invalidProperties(err)
	}
	in := &ec2.AuthorizeSecurityGroupIngressInput{GroupId: new(group), IpPermissions: []types.IpPermission{p}}
	out, err := call(o, o.env.EC2.AuthorizeSecurityGroupIngress, in)
	if err != nil {
		return nil, err
	}
	return out.SecurityGroupRules, nil
}

func (o *op) egress(group string, m map[string]any) ([]types.SecurityGroupRule, error) {
	p, err := permission(m, true)
	if err != nil {
		return nil, o.invalidProperties(err)
	}
	in := &ec2.AuthorizeSecurityGroupEgressInput{GroupId: new(group), IpPermissions: []types.IpPermission{p}}
	out, err := call(o, o.env.EC2.AuthorizeSecurityGroupEgress, in)
	if err != nil {
		return nil, err
	}
	return out.SecurityGroupRules, nil
}

func permission(m map[string]any, egress bool) (types.IpPermission, error) {
	var p types.IpPermission
	var in struct {
		IpProtocol, CidrIp, CidrIpv6, Description, SourceSecurityGroupId, DestinationSecurityGroupId, GroupId *string
		FromPort, ToPort                                                                                      *int32
	}
	if err := bind(m, &in); err != nil {
		return p, err
	}
	p.IpProtocol, p.FromPort, p.ToPort = in.IpProtocol, in.FromPort, in.ToPort
	other := in.SourceSecurityGroupId
	if egress {
		other = in.DestinationSecurityGroupId
	}
	switch {
	case in.CidrIp != nil:
		p.IpRanges = []types.IpRange{{CidrIp: in.CidrIp, Description: in.Description}}
	case in.CidrIpv6 != nil:
		p.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: in.CidrIpv6, Description: in.Description}}
	case other != nil:
		p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: other, Description: in.Description}}
	}
	return p, nil
}

func createIngress(o *op) (progress, error) {
	rules, err := o.ingress(o.str("GroupId"), o.props)
	return o.rule(rules, err)
}

func createEgress(o *op) (progress, error) {
	rules, err := o.egress(o.str("GroupId"), o.props)
	return o.rule(rules, err)
}

func (o *op) rule(rules []types.SecurityGroupRule, err error) (progress, error) {
	switch {
	case err != nil:
		return progress{}, err
	case len(rules) == 0:
		return progress{}, said("No rule was added to %s", o.str("GroupId"))
	}
	o.made(*rules[0].SecurityGroupRuleId)
	return after(quick, o.phys, values{"Id": o.phys})
}

func deleteIngress(o *op) (progress, error) {
	in := &ec2.RevokeSecurityGroupIngressInput{GroupId: o.opt("GroupId"), SecurityGroupRuleIds: []string{o.phys}}
	_, err := call(o, o.env.EC2.RevokeSecurityGroupIngress, in)
	return gone(err)
}

func deleteEgress(o *op) (progress, error) {
	in := &ec2.RevokeSecurityGroupEgressInput{GroupId: o.opt("GroupId"), SecurityGroupRuleIds: []string{o.phys}}
	_, err := call(o, o.env.EC2.RevokeSecurityGroupEgress, in)
	return gone(err)
}

// deleteGroup tries again while interfaces of dying instances still use the group.
func deleteGroup(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DeleteSecurityGroup, &ec2.DeleteSecurityGroupInput{GroupId: new(o.phys)})
	return o.whileInUse(err)
}

func createTemplate(o *op) (progress, error) {
	d := &types.RequestLaunchTemplateData{}
	if err := bind(o.props["LaunchTemplateData"], d); err != nil {
		return progress{}, o.invalidProperties(err)
	}
	in := &ec2.CreateLaunchTemplateInput{LaunchTemplateName: new(o.name("LaunchTemplateName", 128)), LaunchTemplateData: d,
		TagSpecifications: o.tagSpecs(types.ResourceTypeLaunchTemplate)}
	out, err := call(o, o.env.EC2.CreateLaunchTemplate, in)
	if err != nil {
		return progress{}, err
	}
	o.made(*out.LaunchTemplate.LaunchTemplateId)
	return after(quick, o.phys, values{"LaunchTemplateId": o.phys, "LatestVersionNumber": "1", "DefaultVersionNumber": "1"})
}

func updateTemplate(o *op) (progress, error) {
	if !o.changed("LaunchTemplateData") {
		return done(o.phys, nil)
	}
	d := &types.RequestLaunchTemplateData{}
	if err := bind(o.props["LaunchTemplateData"], d); err != nil {
		return progress{}, o.invalidProperties(err)
	}
	in := &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: new(o.phys), LaunchTemplateData: d}
	out, err := call(o, o.env.EC2.CreateLaunchTemplateVersion, in)
	if err != nil {
		return progress{}, err
	}
	return done(o.phys, values{"LatestVersionNumber": fmt.Sprint(*out.LaunchTemplateVersion.VersionNumber)})
}

func deleteTemplate(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DeleteLaunchTemplate, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: new(o.phys)})
	return gone(err)
}

func createPlacement(o *op) (progress, error) {
	name := o.name("GroupName", 255)
	in := &ec2.CreatePlacementGroupInput{GroupName: new(name), Strategy: types.PlacementStrategy(o.str("Strategy"))}
	if _, err := call(o, o.env.EC2.CreatePlacementGroup, in); err != nil {
		return progress{}, err
	}
	o.made(name)
	return after(quick, name, values{"GroupName": name})
}

func deletePlacement(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DeletePlacementGroup, &ec2.DeletePlacementGroupInput{GroupName: new(o.phys)})
	return gone(err)
}

func createEndpoint(o *op) (progress, error) {
	in := &ec2.CreateVpcEndpointInput{VpcId: o.opt("VpcId"), ServiceName: o.opt("ServiceName"),
		VpcEndpointType: types.VpcEndpointType(o.str("VpcEndpointType")), PrivateDnsEnabled: o.is("PrivateDnsEnabled"),
		SubnetIds: o.strs("SubnetIds"), SecurityGroupIds: o.strs("SecurityGroupIds"), RouteTableIds: o.strs("RouteTableIds")}
	out, err := call(o, o.env.EC2.CreateVpcEndpoint, in)
	if err != nil {
		return progress{}, err
	}
	o.made(*out.VpcEndpoint.VpcEndpointId)
	return after(30*time.Second, o.phys, values{"Id": o.phys})
}

// updateEndpoint brings an endpoint to its subnets, groups and route tables.
func updateEndpoint(o *op) (progress, error) {
	in := &ec2.ModifyVpcEndpointInput{VpcEndpointId: new(o.phys)}
	for _, d := range []struct {
		property    string
		add, remove *[]string
	}{
		{"SubnetIds", &in.AddSubnetIds, &in.RemoveSubnetIds},
		{"SecurityGroupIds", &in.AddSecurityGroupIds, &in.RemoveSecurityGroupIds},
		{"RouteTableIds", &in.AddRouteTableIds, &in.RemoveRouteTableIds},
	} {
		was := stringsOf(o.old[d.property])
		*d.add, *d.remove = difference(o.strs(d.property), was), difference(was, o.strs(d.property))
	}
	if o.changed("PrivateDnsEnabled") {
		in.PrivateDnsEnabled = o.is("PrivateDnsEnabled")
	}
	if o.changed("PolicyDocument") && o.props["PolicyDocument"] != nil {
		in.PolicyDocument = new(doc(o.props["PolicyDocument"]))
	}
	if _, err := call(o, o.env.EC2.ModifyVpcEndpoint, in); err != nil {
		return progress{}, err
	}
	return after(quick, o.phys, nil)
}

func deleteEndpoint(o *op) (progress, error) {
	_, err := call(o, o.env.EC2.DeleteVpcEndpoints, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{o.phys}})
	return gone(err)
}
