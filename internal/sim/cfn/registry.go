package cfn

import (
	"slices"
	"strings"
)

// resourceType is what can be done with the resources of one type.
type resourceType struct {
	create, delete act
	update         act      // nil: a changed property replaces the resource
	fixed          []string // a change of one of these replaces it all the same
	tag            *tagger  // nil: it takes no tags
}

// recreates tells whether a change of the property replaces the resource.
func (t resourceType) recreates(property string) bool {
	if property == "Tags" && t.tag != nil {
		return false
	}
	return t.update == nil || slices.Contains(t.fixed, property)
}

// resourceTypes is every type that the region knows. To add one: a row here, and its
// functions in the file of its service.
var resourceTypes = map[string]resourceType{
	"AWS::CloudFormation::WaitConditionHandle": {create: createHandle, delete: nothing},

	"AWS::EC2::VPC": {create: createVPC, delete: deleteVPC, update: updateVPC, tag: byEC2(physical),
		fixed: []string{"CidrBlock", "InstanceTenancy", "Ipv4IpamPoolId", "Ipv4NetmaskLength"}},
	"AWS::EC2::VPCCidrBlock": {create: createVPCCidr, delete: deleteVPCCidr},
	"AWS::EC2::Subnet": {create: createSubnet, delete: deleteSubnet, update: updateSubnet, tag: byEC2(physical),
		fixed: []string{"VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId", "OutpostArn", "Ipv6Native"}},
	"AWS::EC2::SubnetCidrBlock":           {create: createSubnetCidr, delete: deleteSubnetCidr},
	"AWS::EC2::InternetGateway":           {create: createIGW, delete: deleteIGW, tag: byEC2(physical)},
	"AWS::EC2::EgressOnlyInternetGateway": {create: createEIGW, delete: deleteEIGW},
	"AWS::EC2::VPCGatewayAttachment":      {create: attachGateway, delete: detachGateway},
	"AWS::EC2::EIP":                       {create: createEIP, delete: deleteEIP, tag: byEC2(attribute("AllocationId"))},
	"AWS::EC2::NatGateway":                {create: createNAT, delete: deleteNAT, tag: byEC2(physical)},
	"AWS::EC2::RouteTable":                {create: createRouteTable, delete: deleteRouteTable, tag: byEC2(physical)},
	"AWS::EC2::Route": {create: createRoute, delete: deleteRoute, update: updateRoute,
		fixed: []string{"RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"}},
	"AWS::EC2::SubnetRouteTableAssociation": {create: associateRoutes, delete: disassociateRoutes},
	"AWS::EC2::NetworkAcl":                  {create: createACL, delete: deleteACL, tag: byEC2(physical)},
	"AWS::EC2::NetworkAclEntry": {create: createACLEntry, delete: deleteACLEntry, update: updateACLEntry,
		fixed: []string{"NetworkAclId", "RuleNumber", "Egress"}},
	"AWS::EC2::SubnetNetworkAclAssociation": {create: associateACL, delete: dissociateACL},
	"AWS::EC2::SecurityGroup": {create: createGroup, delete: deleteGroup, update: updateGroup, tag: byEC2(physical),
		fixed: []string{"GroupName", "GroupDescription", "VpcId"}},
	"AWS::EC2::SecurityGroupIngress": {create: createIngress, delete: deleteIngress},
	"AWS::EC2::SecurityGroupEgress":  {create: createEgress, delete: deleteEgress},
	"AWS::EC2::LaunchTemplate": {create: createTemplate, delete: deleteTemplate, update: updateTemplate, tag: byEC2(physical),
		fixed: []string{"LaunchTemplateName"}},
	"AWS::EC2::PlacementGroup": {create: createPlacement, delete: deletePlacement},
	"AWS::EC2::VPCEndpoint": {create: createEndpoint, delete: deleteEndpoint, update: updateEndpoint,
		fixed: []string{"ServiceName", "VpcId", "VpcEndpointType"}},

	"AWS::IAM::Role":   {create: createRole, delete: deleteRole, update: updateRole, tag: tagRole, fixed: []string{"RoleName", "Path"}},
	"AWS::IAM::Policy": {create: createInline, delete: deleteInline, update: updateInline},
	"AWS::IAM::ManagedPolicy": {create: createManaged, delete: deleteManaged, update: updateManaged,
		fixed: []string{"ManagedPolicyName", "Path", "Description"}},
	"AWS::IAM::InstanceProfile": {create: createProfile, delete: deleteProfile, update: updateProfile, fixed: []string{"InstanceProfileName", "Path"}},
	"AWS::IAM::OIDCProvider":    {create: createOIDC, delete: deleteOIDC, update: updateOIDC, tag: tagOIDC, fixed: []string{"Url"}},

	"AWS::EKS::Cluster": {create: createCluster, delete: deleteCluster, update: updateCluster, tag: byEKS(attribute("Arn")),
		fixed: []string{"Name", "RoleArn", "KubernetesNetworkConfig", "EncryptionConfig"}},
	"AWS::EKS::Nodegroup": {create: createNodegroup, delete: deleteNodegroup, update: updateNodegroup, tag: byEKS(attribute("Arn")),
		fixed: []string{"ClusterName", "NodegroupName", "CapacityType", "NodeRole", "Subnets", "AmiType", "InstanceTypes", "DiskSize", "RemoteAccess"}},
	"AWS::EKS::AccessEntry": {create: createEntry, delete: deleteEntry, update: updateEntry, tag: byEKS(attribute("AccessEntryArn")),
		fixed: []string{"ClusterName", "PrincipalArn", "Type"}},
	"AWS::EKS::Addon": {create: createAddon, delete: deleteAddon, update: updateAddon, tag: byEKS(attribute("Arn")),
		fixed: []string{"ClusterName", "AddonName", "NamespaceConfig"}},
	"AWS::EKS::FargateProfile": {create: createFargate, delete: deleteFargate, tag: byEKS(attribute("Arn"))},
	"AWS::EKS::PodIdentityAssociation": {create: createAssociation, delete: deleteAssociation, update: updateAssociation, tag: byEKS(physical),
		fixed: []string{"ClusterName", "Namespace", "ServiceAccount"}},
	"AWS::EKS::IdentityProviderConfig": {create: createProvider, delete: deleteProvider, tag: byEKS(attribute("IdentityProviderConfigArn"))},
	"AWS::EKS::Capability": {create: createCapability, delete: deleteCapability, update: updateCapability, tag: byEKS(attribute("Arn")),
		fixed: []string{"ClusterName", "CapabilityName", "Type"}},

	"AWS::KMS::Key": {create: createKey, delete: deleteKey, update: updateKey, tag: tagKey,
		fixed: []string{"KeySpec", "KeyUsage", "MultiRegion", "Origin"}},
	"AWS::KMS::Alias": {create: createAlias, delete: deleteAlias, update: updateAlias, fixed: []string{"AliasName"}},

	"AWS::Logs::LogGroup": {create: createLogGroup, delete: deleteLogGroup, update: updateLogGroup, tag: tagLogGroup,
		fixed: []string{"LogGroupName", "KmsKeyId"}},

	"AWS::SQS::Queue":       {create: createQueue, delete: deleteQueue, update: updateQueue, tag: tagQueue, fixed: []string{"QueueName", "FifoQueue"}},
	"AWS::SQS::QueuePolicy": {create: createQueuePolicy, delete: deleteQueuePolicy, update: updateQueuePolicy},

	"AWS::Events::Rule": {create: createRule, delete: deleteRule, update: updateRule, tag: tagRule, fixed: []string{"Name", "EventBusName"}},

	"AWS::AutoScaling::AutoScalingGroup": {create: createASG, delete: deleteASG, update: updateASG, tag: tagASG, fixed: []string{"AutoScalingGroupName"}},
}

// recognised refuses resource types that are not known.
func recognised(t *template) error {
	var bad []string
	for _, r := range t.Resources {
		if resourceTypes[r.Type].create == nil && !slices.Contains(bad, r.Type) {
			bad = append(bad, r.Type)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return said("Template format error: Unrecognized resource types: [%s]", strings.Join(bad, ", "))
}

func createHandle(*op) (progress, error) { return done("handle", nil) }

func nothing(*op) (progress, error) { return gone(nil) }
