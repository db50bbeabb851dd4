package cfn

import (
	"reflect"
	"slices"
	"strings"
)

// resourceType is what can be done with the resources of one type.
type resourceType struct {
	create, delete act
	update         act      // nil: a changed property replaces the resource
	fixed          []string // a change of one of these replaces it all the same
}

func (t resourceType) replaces(old, now values) bool {
	return slices.ContainsFunc(t.fixed, func(k string) bool { return !reflect.DeepEqual(old[k], now[k]) })
}

// resourceTypes is every type that the region knows. To add one: a row here, and its
// functions in the file of its service.
var resourceTypes = map[string]resourceType{
	"AWS::CloudFormation::WaitConditionHandle": {create: createHandle, delete: nothing},

	"AWS::EC2::VPC":          {create: createVPC, delete: deleteVPC},
	"AWS::EC2::VPCCidrBlock": {create: createVPCCidr, delete: nothing},
	"AWS::EC2::Subnet": {create: createSubnet, delete: deleteSubnet, update: updateSubnet,
		fixed: []string{"VpcId", "CidrBlock", "AvailabilityZone"}},
	"AWS::EC2::SubnetCidrBlock":             {create: createSubnetCidr, delete: nothing},
	"AWS::EC2::InternetGateway":             {create: createIGW, delete: deleteIGW},
	"AWS::EC2::EgressOnlyInternetGateway":   {create: createEIGW, delete: deleteEIGW},
	"AWS::EC2::VPCGatewayAttachment":        {create: attachGateway, delete: detachGateway},
	"AWS::EC2::EIP":                         {create: createEIP, delete: deleteEIP},
	"AWS::EC2::NatGateway":                  {create: createNAT, delete: deleteNAT},
	"AWS::EC2::RouteTable":                  {create: createRouteTable, delete: deleteRouteTable},
	"AWS::EC2::Route":                       {create: createRoute, delete: deleteRoute},
	"AWS::EC2::SubnetRouteTableAssociation": {create: associateRoutes, delete: disassociateRoutes},
	"AWS::EC2::NetworkAcl":                  {create: createACL, delete: deleteACL},
	"AWS::EC2::NetworkAclEntry": {create: createACLEntry, delete: deleteACLEntry, update: updateACLEntry,
		fixed: []string{"NetworkAclId", "RuleNumber", "Egress"}},
	"AWS::EC2::SubnetNetworkAclAssociation": {create: associateACL, delete: dissociateACL},
	"AWS::EC2::SecurityGroup":               {create: createGroup, delete: deleteGroup},
	"AWS::EC2::SecurityGroupIngress":        {create: createIngress, delete: deleteIngress},
	"AWS::EC2::SecurityGroupEgress":         {create: createEgress, delete: deleteEgress},
	"AWS::EC2::LaunchTemplate":              {create: createTemplate, delete: deleteTemplate, update: updateTemplate, fixed: []string{"LaunchTemplateName"}},
	"AWS::EC2::PlacementGroup":              {create: createPlacement, delete: deletePlacement},
	"AWS::EC2::VPCEndpoint":                 {create: createEndpoint, delete: deleteEndpoint},

	"AWS::IAM::Role":            {create: createRole, delete: deleteRole, update: updateRole, fixed: []string{"RoleName", "Path"}},
	"AWS::IAM::Policy":          {create: createInline, delete: deleteInline, update: updateInline},
	"AWS::IAM::ManagedPolicy":   {create: createManaged, delete: deleteManaged},
	"AWS::IAM::InstanceProfile": {create: createProfile, delete: deleteProfile},
	"AWS::IAM::OIDCProvider":    {create: createOIDC, delete: deleteOIDC},

	"AWS::EKS::Cluster": {create: createCluster, delete: deleteCluster, update: updateCluster,
		fixed: []string{"Name", "RoleArn", "KubernetesNetworkConfig", "EncryptionConfig"}},
	"AWS::EKS::Nodegroup": {create: createNodegroup, delete: deleteNodegroup, update: updateNodegroup,
		fixed: []string{"ClusterName", "NodegroupName", "CapacityType", "NodeRole", "Subnets", "AmiType", "InstanceTypes", "DiskSize", "RemoteAccess"}},
	"AWS::EKS::AccessEntry": {create: createEntry, delete: deleteEntry, update: updateEntry, fixed: []string{"ClusterName", "PrincipalArn", "Type"}},
	"AWS::EKS::Addon": {create: createAddon, delete: deleteAddon, update: updateAddon,
		fixed: []string{"ClusterName", "AddonName", "NamespaceConfig"}},
	"AWS::EKS::FargateProfile": {create: createFargate, delete: deleteFargate, update: updateFargate,
		fixed: []string{"ClusterName", "FargateProfileName", "PodExecutionRoleArn", "Selectors", "Subnets"}},
	"AWS::EKS::PodIdentityAssociation": {create: createAssociation, delete: deleteAssociation, update: updateAssociation,
		fixed: []string{"ClusterName", "Namespace", "ServiceAccount"}},
	"AWS::EKS::IdentityProviderConfig": {create: createProvider, delete: deleteProvider, update: updateProvider,
		fixed: []string{"ClusterName", "IdentityProviderConfigName", "Type", "Oidc"}},
	"AWS::EKS::Capability": {create: createCapability, delete: deleteCapability, update: updateCapability,
		fixed: []string{"ClusterName", "CapabilityName", "Type"}},

	"AWS::KMS::Key":   {create: createKey, delete: deleteKey, update: updateKey, fixed: []string{"KeySpec", "KeyUsage", "MultiRegion", "Origin"}},
	"AWS::KMS::Alias": {create: createAlias, delete: deleteAlias, update: updateAlias, fixed: []string{"AliasName"}},

	"AWS::Logs::LogGroup": {create: createLogGroup, delete: deleteLogGroup, update: updateLogGroup, fixed: []string{"LogGroupName", "KmsKeyId"}},

	"AWS::AutoScaling::AutoScalingGroup": {create: createASG, delete: deleteASG, update: updateASG, fixed: []string{"AutoScalingGroupName"}},
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
