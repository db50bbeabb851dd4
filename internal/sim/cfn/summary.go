package cfn

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// GetTemplateSummary says what a template, or a stack's, declares and holds.
func (c *CFN) GetTemplateSummary(_ *wire.Caller, in *cloudformation.GetTemplateSummaryInput) (*cloudformation.GetTemplateSummaryOutput, error) {
	body := aws.ToString(in.TemplateBody)
	if in.StackName != nil {
		s, err := c.must(in.StackName)
		if err != nil {
			return nil, err
		}
		body = s.Body
	} else if err := fits(nil, in.TemplateBody, nil); err != nil {
		return nil, err
	}
	t, err := parse(body)
	if err != nil {
		return nil, validation("%s", err)
	}
	if err := recognised(t); err != nil {
		return nil, validation("%s", err)
	}
	out := &cloudformation.GetTemplateSummaryOutput{Parameters: []sdk.ParameterDeclaration{}, ResourceTypes: []string{}}
	if t.Description != "" {
		out.Description = new(t.Description)
	}
	for _, n := range sorted(t.Parameters) {
		p := t.Parameters[n]
		v := sdk.ParameterDeclaration{ParameterKey: new(n), DefaultValue: p.Default, NoEcho: new(p.NoEcho), ParameterType: new(p.Type),
			ParameterConstraints: &sdk.ParameterConstraints{AllowedValues: p.Allowed}}
		if p.Description != "" {
			v.Description = new(p.Description)
		}
		out.Parameters = append(out.Parameters, v)
	}
	named := map[string][]string{}
	for _, n := range sorted(t.Resources) {
		typ := t.Resources[n].Type
		if out.ResourceTypes = append(out.ResourceTypes, typ); len(identifiers[typ]) > 0 {
			named[typ] = append(named[typ], n)
		}
	}
	slices.Sort(out.ResourceTypes)
	out.ResourceTypes = slices.Compact(out.ResourceTypes)
	for _, typ := range sorted(named) {
		out.ResourceIdentifierSummaries = append(out.ResourceIdentifierSummaries,
			sdk.ResourceIdentifierSummary{ResourceType: new(typ), LogicalResourceIds: named[typ], ResourceIdentifiers: identifiers[typ]})
	}
	out.Capabilities, out.CapabilitiesReason = capabilities(t)
	return out, nil
}

// identifiers are the properties that name a resource which is to be imported, by type
// (the types' schemas, primaryIdentifier).
var identifiers = map[string][]string{
	"AWS::AutoScaling::AutoScalingGroup":    {"AutoScalingGroupName"},
	"AWS::EC2::EIP":                         {"PublicIp", "AllocationId"},
	"AWS::EC2::EgressOnlyInternetGateway":   {"Id"},
	"AWS::EC2::InternetGateway":             {"InternetGatewayId"},
	"AWS::EC2::LaunchTemplate":              {"LaunchTemplateId"},
	"AWS::EC2::NatGateway":                  {"NatGatewayId"},
	"AWS::EC2::NetworkAcl":                  {"Id"},
	"AWS::EC2::PlacementGroup":              {"GroupName"},
	"AWS::EC2::Route":                       {"RouteTableId", "CidrBlock"},
	"AWS::EC2::RouteTable":                  {"RouteTableId"},
	"AWS::EC2::SecurityGroup":               {"Id"},
	"AWS::EC2::SecurityGroupEgress":         {"Id"},
	"AWS::EC2::SecurityGroupIngress":        {"Id"},
	"AWS::EC2::Subnet":                      {"SubnetId"},
	"AWS::EC2::SubnetCidrBlock":             {"Id"},
	"AWS::EC2::SubnetNetworkAclAssociation": {"AssociationId"},
	"AWS::EC2::SubnetRouteTableAssociation": {"Id"},
	"AWS::EC2::VPC":                         {"VpcId"},
	"AWS::EC2::VPCCidrBlock":                {"Id", "VpcId"},
	"AWS::EC2::VPCEndpoint":                 {"Id"},
	"AWS::EC2::VPCGatewayAttachment":        {"AttachmentType", "VpcId"},
	"AWS::EKS::AccessEntry":                 {"PrincipalArn", "ClusterName"},
	"AWS::EKS::Addon":                       {"ClusterName", "AddonName"},
	"AWS::EKS::Capability":                  {"Arn"},
	"AWS::EKS::Cluster":                     {"Name"},
	"AWS::EKS::FargateProfile":              {"ClusterName", "FargateProfileName"},
	"AWS::EKS::IdentityProviderConfig":      {"IdentityProviderConfigName", "ClusterName", "Type"},
	"AWS::EKS::Nodegroup":                   {"Id"},
	"AWS::EKS::PodIdentityAssociation":      {"AssociationArn"},
	"AWS::Events::Rule":                     {"Arn"},
	"AWS::IAM::InstanceProfile":             {"InstanceProfileName"},
	"AWS::IAM::ManagedPolicy":               {"PolicyArn"},
	"AWS::IAM::OIDCProvider":                {"Arn"},
	"AWS::IAM::Role":                        {"RoleName"},
	"AWS::KMS::Alias":                       {"AliasName"},
	"AWS::KMS::Key":                         {"KeyId"},
	"AWS::Logs::LogGroup":                   {"LogGroupName"},
	"AWS::SQS::Queue":                       {"QueueUrl"},
}
