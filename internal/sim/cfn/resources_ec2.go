package cfn

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// handlers is every resource type that can be created.
var handlers map[string]handler

func init() {
	handlers = map[string]handler{
		"AWS::EC2::VPC":                            {create: createVPC, delete: deleteVPC},
		"AWS::EC2::VPCCidrBlock":                   {create: createVPCCidr, delete: nothing},
		"AWS::EC2::Subnet":                         {create: createSubnet, delete: deleteSubnet, update: updateSubnet, fixed: []string{"VpcId", "CidrBlock", "AvailabilityZone"}},
		"AWS::EC2::SubnetCidrBlock":                {create: createSubnetCidr, delete: nothing},
		"AWS::EC2::InternetGateway":                {create: createIGW, delete: deleteIGW},
		"AWS::EC2::EgressOnlyInternetGateway":      {create: createEIGW, delete: deleteEIGW},
		"AWS::EC2::VPCGatewayAttachment":           {create: attachGateway, delete: detachGateway},
		"AWS::EC2::EIP":                            {create: createEIP, delete: deleteEIP},
		"AWS::EC2::NatGateway":                     {create: createNAT, delete: deleteNAT},
		"AWS::EC2::RouteTable":                     {create: createRouteTable, delete: deleteRouteTable},
		"AWS::EC2::Route":                          {create: createRoute, delete: deleteRoute},
		"AWS::EC2::SubnetRouteTableAssociation":    {create: associateRoutes, delete: disassociateRoutes},
		"AWS::EC2::SecurityGroup":                  {create: createGroup, delete: deleteGroup},
		"AWS::EC2::SecurityGroupIngress":           {create: createIngress, delete: deleteRule},
		"AWS::EC2::SecurityGroupEgress":            {create: createEgress, delete: deleteRule},
		"AWS::EC2::LaunchTemplate":                 {create: createTemplate, delete: deleteTemplate, update: updateTemplate, fixed: []string{"LaunchTemplateName"}},
		"AWS::EC2::PlacementGroup":                 {create: createPlacement, delete: deletePlacement},
		"AWS::EC2::VPCEndpoint":                    {create: createEndpoint, delete: deleteEndpoint},
		"AWS::IAM::Role":                           {create: createRole, delete: deleteRole, update: updateRole, fixed: []string{"RoleName", "Path"}},
		"AWS::IAM::Policy":                         {create: createInline, delete: deleteInline, update: updateInline},
		"AWS::IAM::ManagedPolicy":                  {create: createManaged, delete: deleteManaged},
		"AWS::IAM::InstanceProfile":                {create: createProfile, delete: deleteProfile},
		"AWS::EKS::Cluster":                        {create: createCluster, delete: deleteCluster, update: updateCluster, fixed: []string{"Name", "RoleArn", "KubernetesNetworkConfig", "EncryptionConfig"}},
		"AWS::EKS::Nodegroup":                      {create: createNodegroup, delete: deleteNodegroup, update: updateNodegroup, fixed: []string{"ClusterName", "NodegroupName", "CapacityType", "NodeRole", "Subnets", "AmiType", "InstanceTypes", "DiskSize", "RemoteAccess"}},
		"AWS::EKS::AccessEntry":                    {create: createEntry, delete: deleteEntry, update: updateEntry, fixed: []string{"ClusterName", "PrincipalArn", "Type"}},
		"AWS::EKS::Addon":                          {create: createAddon, delete: deleteAddon, update: updateAddon, fixed: []string{"ClusterName", "AddonName"}},
		"AWS::AutoScaling::AutoScalingGroup":       {create: createASG, delete: deleteASG, update: updateASG, fixed: []string{"AutoScalingGroupName"}},
		"AWS::CloudFormation::WaitConditionHandle": {create: func(o *op) { o.after(0, "handle", nil) }, delete: nothing},
	}
}

func nothing(o *op) { o.after(0, o.phys, nil) }

// quick is how long a synchronous API's resource takes to be seen finished.
const quick = 2 * time.Second

// gave finishes a creation: the error, or the physical ID and attributes.
func (o *op) gave(phys *string, a attrs, err error) {
	if err != nil {
		o.done("", nil, err)
		return
	}
	o.after(quick, aws.ToString(phys), a)
}

func createVPC(o *op) {
	out, err := o.env.EC2.CreateVpc(nil, &ec2.CreateVpcInput{CidrBlock: o.opt("CidrBlock"), TagSpecifications: o.tagSpecs(types.ResourceTypeVpc)})
	if err != nil {
		o.done("", nil, err)
		return
	}
	id := out.Vpc.VpcId
	for _, in := range []*ec2.ModifyVpcAttributeInput{
		{VpcId: id, EnableDnsSupport: &types.AttributeBooleanValue{Value: new(o.str("EnableDnsSupport") != "false")}},
		{VpcId: id, EnableDnsHostnames: &types.AttributeBooleanValue{Value: new(o.str("EnableDnsHostnames") == "true")}},
	} {
		if _, err := o.env.EC2.ModifyVpcAttribute(nil, in); err != nil {
			o.done(*id, nil, err)
			return
		}
	}
	o.after(10*time.Second, *id, attrs{"VpcId": *id, "CidrBlock": o.str("CidrBlock")})
}

func deleteVPC(o *op) {
	_, err := o.env.EC2.DeleteVpc(nil, &ec2.DeleteVpcInput{VpcId: new(o.phys)})
	o.done("", nil, err)
}

func createVPCCidr(o *op) {
	out, err := o.env.EC2.AssociateVpcCidrBlock(nil, &ec2.AssociateVpcCidrBlockInput{VpcId: o.opt("VpcId"), CidrBlock: o.opt("CidrBlock"), Ipv6CidrBlock: o.opt("Ipv6CidrBlock"), Ipv6Pool: o.opt("Ipv6Pool"), AmazonProvidedIpv6CidrBlock: new(o.str("AmazonProvidedIpv6CidrBlock") == "true")})
	if err != nil {
		o.done("", nil, err)
		return
	}
	id := "vpc-cidr-assoc"
	if a := out.Ipv6CidrBlockAssociation; a != nil {
		id = *a.AssociationId
		for _, r := range o.s.res { // the VPC's attribute lists its blocks as they are now
			if r.phys == o.str("VpcId") {
				blocks, _ := r.attrs["Ipv6CidrBlocks"].([]any)
				r.attrs["Ipv6CidrBlocks"] = append(blocks, *a.Ipv6CidrBlock)
			}
		}
	} else if a := out.CidrBlockAssociation; a != nil {
		id = *a.AssociationId
	}
	o.after(5*time.Second, id, attrs{"Id": id})
}

func createSubnet(o *op) {
	in := &ec2.CreateSubnetInput{VpcId: o.opt("VpcId"), CidrBlock: o.opt("CidrBlock"), AvailabilityZone: o.opt("AvailabilityZone"), Ipv6CidrBlock: o.opt("Ipv6CidrBlock"), TagSpecifications: o.tagSpecs(types.ResourceTypeSubnet)}
	out, err := o.env.EC2.CreateSubnet(nil, in)
	if err != nil {
		o.done("", nil, err)
		return
	}
	o.phys = *out.Subnet.SubnetId
	if err := o.subnetAttributes(); err != nil {
		o.done(o.phys, nil, err)
		return
	}
	o.after(quick, o.phys, attrs{"SubnetId": o.phys, "AvailabilityZone": *out.Subnet.AvailabilityZone, "CidrBlock": o.str("CidrBlock"), "VpcId": o.str("VpcId")})
}

func (o *op) subnetAttributes() error {
	flag := func(k string) *types.AttributeBooleanValue {
		return &types.AttributeBooleanValue{Value: new(o.str(k) == "true")}
	}
	if _, ok := o.props["MapPublicIpOnLaunch"]; ok {
		if _, err := o.env.EC2.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: new(o.phys), MapPublicIpOnLaunch: flag("MapPublicIpOnLaunch")}); err != nil {
			return err
		}
	}
	if o.str("AssignIpv6AddressOnCreation") == "true" {
		if _, err := o.env.EC2.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: new(o.phys), AssignIpv6AddressOnCreation: flag("AssignIpv6AddressOnCreation")}); err != nil {
			return err
		}
	}
	if o.str("EnableDns64") == "true" {
		if _, err := o.env.EC2.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: new(o.phys), EnableDns64: flag("EnableDns64")}); err != nil {
			return err
		}
	}
	if m, ok := o.props["PrivateDnsNameOptionsOnLaunch"].(map[string]any); ok {
		_, err := o.env.EC2.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: new(o.phys), PrivateDnsHostnameTypeOnLaunch: types.HostnameType(fmt.Sprint(m["HostnameType"]))})
		return err
	}
	return nil
}

func updateSubnet(o *op) {
	if o.props["CidrBlock"] != o.old["CidrBlock"] || o.props["AvailabilityZone"] != o.old["AvailabilityZone"] {
		o.done("", nil, said("CloudFormation cannot update a stack when a custom-named resource requires replacing"))
		return
	}
	o.done(o.phys, nil, o.subnetAttributes())
}

func deleteSubnet(o *op) {
	_, err := o.env.EC2.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: new(o.phys)})
	o.done("", nil, err)
}

func createSubnetCidr(o *op) {
	out, err := o.env.EC2.AssociateSubnetCidrBlock(nil, &ec2.AssociateSubnetCidrBlockInput{SubnetId: o.opt("SubnetId"), Ipv6CidrBlock: o.opt("Ipv6CidrBlock")})
	if err != nil {
		o.done("", nil, err)
		return
	}
	o.after(quick, *out.Ipv6CidrBlockAssociation.AssociationId, nil)
}

func createIGW(o *op) {
	out, err := o.env.EC2.CreateInternetGateway(nil, &ec2.CreateInternetGatewayInput{TagSpecifications: o.tagSpecs(types.ResourceTypeInternetGateway)})
	if err != nil {
		o.done("", nil, err)
		return
	}
	o.after(12*time.Second, *out.InternetGateway.InternetGatewayId, attrs{"InternetGatewayId": *out.InternetGateway.InternetGatewayId})
}

func deleteIGW(o *op) {
	_, err := o.env.EC2.DeleteInternetGateway(nil, &ec2.DeleteInternetGatewayInput{InternetGatewayId: new(o.phys)})
	o.done("", nil, err)
}

func createEIGW(o *op) {
	out, err := o.env.EC2.CreateEgressOnlyInternetGateway(nil, &ec2.CreateEgressOnlyInternetGatewayInput{VpcId: o.opt("VpcId")})
	if err != nil {
		o.done("", nil, err)
		return
	}
	id := out.EgressOnlyInternetGateway.EgressOnlyInternetGatewayId
	o.gave(id, attrs{"Id": *id}, nil)
}

func deleteEIGW(o *op) {
	_, err := o.env.EC2.DeleteEgressOnlyInternetGateway(nil, &ec2.DeleteEgressOnlyInternetGatewayInput{EgressOnlyInternetGatewayId: new(o.phys)})
	o.done("", nil, err)
}

func attachGateway(o *op) {
	_, err := o.env.EC2.AttachInternetGateway(nil, &ec2.AttachInternetGatewayInput{InternetGatewayId: o.opt("InternetGatewayId"), VpcId: o.opt("VpcId")})
	o.gave(new("IGW|"+o.str("VpcId")), attrs{"AttachmentType": "IGW"}, err)
}

func detachGateway(o *op) {
	_, err := o.env.EC2.DetachInternetGateway(nil, &ec2.DetachInternetGatewayInput{InternetGatewayId: o.opt("InternetGatewayId"), VpcId: o.opt("VpcId")})
	o.done("", nil, err)
}

func createEIP(o *op) {
	out, err := o.env.EC2.AllocateAddress(nil, &ec2.AllocateAddressInput{Domain: types.DomainTypeVpc, TagSpecifications: o.tagSpecs(types.ResourceTypeElasticIp)})
	if err != nil {
		o.done("", nil, err)
		return
	}
	o.after(10*time.Second, *out.PublicIp, attrs{"AllocationId": *out.AllocationId, "PublicIp": *out.PublicIp})
}

func deleteEIP(o *op) {
	_, err := o.env.EC2.ReleaseElasticAddress(nil, &ec2.ReleaseAddressInput{AllocationId: new(fmt.Sprint(o.r.attrs["AllocationId"]))})
	o.done("", nil, err)
}

func createNAT(o *op) {
	out, err := o.env.EC2.CreateNatGateway(nil, &ec2.CreateNatGatewayInput{SubnetId: o.opt("SubnetId"), AllocationId: o.opt("AllocationId"), TagSpecifications: o.tagSpecs(types.ResourceTypeNatgateway)})
	if err != nil {
		o.done("", nil, err)
		return
	}
	id := *out.NatGateway.NatGatewayId
	o.r.phys = id
	o.poll(func() (bool, error) {
		switch n := o.env.EC2.Nat(id); n.State {
		case types.NatGatewayStateAvailable:
			return true, nil
		case types.NatGatewayStateFailed:
			return false, said("NatGateway %s is in state failed and hence failed to stabilize. Detailed failure message: %s", id, aws.ToString(n.FailureMessage))
		}
		return false, nil
	}, func() { o.done(id, attrs{"NatGatewayId": id}, nil) })
}

func deleteNAT(o *op) {
	if _, err := o.env.EC2.DeleteNatGateway(nil, &ec2.DeleteNatGatewayInput{NatGatewayId: new(o.phys)}); err != nil {
		o.done("", nil, err)
		return
	}
	o.poll(func() (bool, error) { return o.env.EC2.Nat(o.phys).State == types.NatGatewayStateDeleted, nil }, func() { o.done("", nil, nil) })
}

func createRouteTable(o *op) {
	out, err := o.env.EC2.CreateRouteTable(nil, &ec2.CreateRouteTableInput{VpcId: o.opt("VpcId"), TagSpecifications: o.tagSpecs(types.ResourceTypeRouteTable)})
	if err != nil {
		o.done("", nil, err)
		return
	}
	o.gave(out.RouteTable.RouteTableId, attrs{"RouteTableId": *out.RouteTable.RouteTableId}, nil)
}

func deleteRouteTable(o *op) {
	_, err := o.env.EC2.DeleteRouteTable(nil, &ec2.DeleteRouteTableInput{RouteTableId: new(o.phys)})
	o.done("", nil, err)
}

func createRoute(o *op) {
	_, err := o.env.EC2.CreateRoute(nil, &ec2.CreateRouteInput{RouteTableId: o.opt("RouteTableId"), DestinationCidrBlock: o.opt("DestinationCidrBlock"), DestinationIpv6CidrBlock: o.opt("DestinationIpv6CidrBlock"), GatewayId: o.opt("GatewayId"), NatGatewayId: o.opt("NatGatewayId"), EgressOnlyInternetGatewayId: o.opt("EgressOnlyInternetGatewayId"), TransitGatewayId: o.opt("TransitGatewayId")})
	o.gave(new(o.str("RouteTableId")+"|"+o.str("DestinationCidrBlock")+o.str("DestinationIpv6CidrBlock")), nil, err)
}

func deleteRoute(o *op) {
	_, err := o.env.EC2.DeleteRoute(nil, &ec2.DeleteRouteInput{RouteTableId: o.opt("RouteTableId"), DestinationCidrBlock: o.opt("DestinationCidrBlock"), DestinationIpv6CidrBlock: o.opt("DestinationIpv6CidrBlock")})
	o.done("", nil, err)
}

func associateRoutes(o *op) {
	out, err := o.env.EC2.AssociateRouteTable(nil, &ec2.AssociateRouteTableInput{RouteTableId: o.opt("RouteTableId"), SubnetId: o.opt("SubnetId")})
	if err != nil {
		o.done("", nil, err)
		return
	}
	o.gave(out.AssociationId, attrs{"Id": *out.AssociationId}, nil)
}

func disassociateRoutes(o *op) {
	_, err := o.env.EC2.DisassociateRouteTable(nil, &ec2.DisassociateRouteTableInput{AssociationId: new(o.phys)})
	o.done("", nil, err)
}

func createGroup(o *op) {
	out, err := o.env.EC2.CreateSecurityGroup(nil, &ec2.CreateSecurityGroupInput{VpcId: o.opt("VpcId"), GroupName: new(o.name("GroupName", 255)), Description: o.opt("GroupDescription"), TagSpecifications: o.tagSpecs(types.ResourceTypeSecurityGroup)})
	if err != nil {
		o.done("", nil, err)
		return
	}
	id := *out.GroupId
	for _, k := range []string{"SecurityGroupIngress", "SecurityGroupEgress"} {
		rules, _ := o.props[k].([]any)
		for _, r := range rules {
			m, _ := r.(map[string]any)
			if err := o.authorize(id, m, k == "SecurityGroupEgress"); err != nil {
				o.done(id, nil, err)
				return
			}
		}
	}
	o.after(6*time.Second, id, attrs{"GroupId": id, "VpcId": o.str("VpcId")})
}

func (o *op) authorize(group string, m map[string]any, egress bool) error {
	p, err := permission(m, egress)
	if err != nil {
		return err
	}
	if egress {
		_, err = o.env.EC2.AuthorizeSecurityGroupEgress(nil, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: new(group), IpPermissions: []types.IpPermission{p}})
		return err
	}
	_, err = o.env.EC2.AuthorizeSecurityGroupIngress(nil, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: new(group), IpPermissions: []types.IpPermission{p}})
	return err
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

func createIngress(o *op) { o.rule(false) }
func createEgress(o *op)  { o.rule(true) }

func (o *op) rule(egress bool) {
	p, err := permission(o.props, egress)
	if err != nil {
		o.done("", nil, err)
		return
	}
	var rules []types.SecurityGroupRule
	if egress {
		out, e := o.env.EC2.AuthorizeSecurityGroupEgress(nil, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: o.opt("GroupId"), IpPermissions: []types.IpPermission{p}})
		rules, err = out.SecurityGroupRules, e
	} else {
		out, e := o.env.EC2.AuthorizeSecurityGroupIngress(nil, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: o.opt("GroupId"), IpPermissions: []types.IpPermission{p}})
		rules, err = out.SecurityGroupRules, e
	}
	if err != nil || len(rules) == 0 {
		o.done("", nil, err)
		return
	}
	o.gave(rules[0].SecurityGroupRuleId, attrs{"Id": *rules[0].SecurityGroupRuleId}, nil)
}

func deleteRule(o *op) {
	var err error
	if o.r.typ == "AWS::EC2::SecurityGroupEgress" {
		_, err = o.env.EC2.RevokeSecurityGroupEgress(nil, &ec2.RevokeSecurityGroupEgressInput{GroupId: o.opt("GroupId"), SecurityGroupRuleIds: []string{o.phys}})
	} else {
		_, err = o.env.EC2.RevokeSecurityGroupIngress(nil, &ec2.RevokeSecurityGroupIngressInput{GroupId: o.opt("GroupId"), SecurityGroupRuleIds: []string{o.phys}})
	}
	o.done("", nil, err)
}

// deleteGroup tries again while interfaces of dying instances still use the group,
// as CloudFormation does.
func deleteGroup(o *op) {
	tries := 0
	var try func()
	try = func() {
		_, err := o.env.EC2.DeleteSecurityGroup(nil, &ec2.DeleteSecurityGroupInput{GroupId: new(o.phys)})
		if err != nil && tries < 60 {
			tries++
			o.w.After(10*time.Second, try)
			return
		}
		o.done("", nil, err)
	}
	try()
}

func createTemplate(o *op) {
	d := &types.RequestLaunchTemplateData{}
	if err := bind(o.props["LaunchTemplateData"], d); err != nil {
		o.done("", nil, said("Properties validation failed for resource %s with message: %v", o.r.logical, err))
		return
	}
	out, err := o.env.EC2.CreateLaunchTemplate(nil, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: new(o.name("LaunchTemplateName", 128)), LaunchTemplateData: d, TagSpecifications: o.tagSpecs(types.ResourceTypeLaunchTemplate)})
	if err != nil {
		o.done("", nil, err)
		return
	}
	id := *out.LaunchTemplate.LaunchTemplateId
	o.gave(new(id), attrs{"LaunchTemplateId": id, "LatestVersionNumber": "1", "DefaultVersionNumber": "1"}, nil)
}

func updateTemplate(o *op) {
	d := &types.RequestLaunchTemplateData{}
	if err := bind(o.props["LaunchTemplateData"], d); err != nil {
		o.done("", nil, err)
		return
	}
	out, err := o.env.EC2.CreateLaunchTemplateVersion(nil, &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: new(o.phys), LaunchTemplateData: d})
	if err != nil {
		o.done("", nil, err)
		return
	}
	o.done(o.phys, attrs{"LatestVersionNumber": fmt.Sprint(*out.LaunchTemplateVersion.VersionNumber)}, nil)
}

func deleteTemplate(o *op) {
	_, err := o.env.EC2.DeleteLaunchTemplate(nil, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: new(o.phys)})
	o.done("", nil, err)
}

func createPlacement(o *op) {
	name := o.name("GroupName", 255)
	_, err := o.env.EC2.CreatePlacementGroup(nil, &ec2.CreatePlacementGroupInput{GroupName: new(name), Strategy: types.PlacementStrategy(o.str("Strategy"))})
	o.gave(new(name), attrs{"GroupName": name}, err)
}

func deletePlacement(o *op) {
	_, err := o.env.EC2.DeletePlacementGroup(nil, &ec2.DeletePlacementGroupInput{GroupName: new(o.phys)})
	o.done("", nil, err)
}

func createEndpoint(o *op) {
	out, err := o.env.EC2.CreateVpcEndpoint(nil, &ec2.CreateVpcEndpointInput{VpcId: o.opt("VpcId"), ServiceName: o.opt("ServiceName"), VpcEndpointType: types.VpcEndpointType(o.str("VpcEndpointType")), SubnetIds: o.strs("SubnetIds"), SecurityGroupIds: o.strs("SecurityGroupIds"), RouteTableIds: o.strs("RouteTableIds"), PrivateDnsEnabled: new(o.str("PrivateDnsEnabled") == "true")})
	if err != nil {
		o.done("", nil, err)
		return
	}
	o.after(30*time.Second, *out.VpcEndpoint.VpcEndpointId, attrs{"Id": *out.VpcEndpoint.VpcEndpointId})
}

func deleteEndpoint(o *op) {
	_, err := o.env.EC2.DeleteVpcEndpoints(nil, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{o.phys}})
	o.done("", nil, err)
}
