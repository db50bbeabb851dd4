package stack

import (
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// Cluster is the cluster stack's template: network, security groups, roles and
// the control plane.
func Cluster(c *config.ClusterConfig, n vpc.Network) *Template {
	t := newTemplate("EKS cluster (dedicated VPC: " + yesNo(n.VPC == "") + ", dedicated IAM: " + yesNo(c.IAM.ServiceRoleARN == "") + ")").withPrincipals()
	vpc, public, private := t.network(c, n)
	control, shared := t.groups(c, n, vpc)
	role := t.serviceRole(c)
	t.autoModeRole(c)
	t.fargateRole(c)
	t.controlPlane(c, public, private, control, role)
	t.clusterOutputs(c, n, vpc, public, private, control, shared, role)
	t.keep(c.Foundation())
	return t
}

func yesNo(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// groups adds the control plane's and the shared node security group.
func (t *Template) groups(c *config.ClusterConfig, n vpc.Network, vpc any) (control L, shared any) {
	name := func(id string) L { return L{M{"Key": "Name", "Value": Sub("${AWS::StackName}/" + id)}} }
	switch {
	case len(c.VPC.ControlPlaneSecurityGroupIDs) > 0:
		control = strs(c.VPC.ControlPlaneSecurityGroupIDs)
	case c.VPC.SecurityGroup != "":
		control = L{c.VPC.SecurityGroup}
	default:
		control = L{t.add("ControlPlaneSecurityGroup", "AWS::EC2::SecurityGroup",
			M{"GroupDescription": "Communication between the control plane and worker nodegroups", "VpcId": vpc, "Tags": name("ControlPlaneSecurityGroup")})}
	}
	if c.VPC.SharedNodeSecurityGroup != "" {
		return control, c.VPC.SharedNodeSecurityGroup
	}
	id := "ClusterSharedNodeSecurityGroup"
	shared = t.add(id, "AWS::EC2::SecurityGroup", M{"GroupDescription": "Communication between all nodes in the cluster", "VpcId": vpc,
		"Tags": name(id)})
	t.add("IngressInterNodeGroupSG", "AWS::EC2::SecurityGroupIngress", M{"GroupId": shared, "SourceSecurityGroupId": shared,
		"Description": "Allow nodes to communicate with each other (all ports)", "IpProtocol": "-1", "FromPort": 0, "ToPort": 65535})
	if config.On(c.VPC.ManageSharedNodeSecurityGroupRules, true) {
		own := Att("ControlPlane", "ClusterSecurityGroupId")
		t.add("IngressDefaultClusterToNodeSG", "AWS::EC2::SecurityGroupIngress", M{"GroupId": shared, "SourceSecurityGroupId": own,
			"Description": "Allow managed and unmanaged nodes to communicate with each other (all ports)", "IpProtocol": "-1", "FromPort": 0, "ToPort": 65535})
		t.add("IngressNodeToDefaultClusterSG", "AWS::EC2::SecurityGroupIngress", M{"GroupId": own, "SourceSecurityGroupId": shared,
			"Description": "Allow unmanaged nodes to communicate with control plane (all ports)", "IpProtocol": "-1", "FromPort": 0, "ToPort": 65535})
	}
	for i, x := range c.VPC.ExtraCIDRs {
		t.add("IngressControlPlaneExtraCIDR"+strconv.Itoa(i), "AWS::EC2::SecurityGroupIngress", M{"GroupId": control[0], "CidrIp": x,
			"Description": "Allow Extra CIDR " + x + " to communicate to controlplane", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443})
	}
	for i, x := range c.VPC.ExtraIPv6CIDRs {
		t.add("IngressControlPlaneExtraIPv6CIDR"+strconv.Itoa(i), "AWS::EC2::SecurityGroupIngress", M{"GroupId": control[0], "CidrIpv6": x,
			"Description": "Allow Extra IPv6 CIDR " + x + " to communicate to controlplane", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443})
	}
	return control, shared
}

func (t *Template) serviceRole(c *config.ClusterConfig) any {
	if c.IAM.ServiceRoleARN != "" {
		return c.IAM.ServiceRoleARN
	}
	names := []string{"AmazonEKSClusterPolicy"}
	if config.On(c.IAM.VpcResourceControllerPolicy, true) {
		names = append(names, "AmazonEKSVPCResourceController")
	}
	trust := assume(principal("EKS"))
	if c.AutoMode() {
		names = append(names, "AmazonEKSBlockStoragePolicy", "AmazonEKSComputePolicy", "AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingPolicy")
		trust["Statement"].(L)[0].(M)["Action"] = L{"sts:AssumeRole", "sts:TagSession"}
	}
	slices.Sort(names)
	arns := L{}
	for _, x := range names {
		arns = append(arns, managedPolicy(x))
	}
	p := M{"AssumeRolePolicyDocument": trust, "ManagedPolicyArns": arns, "Tags": L{M{"Key": "Name", "Value": Sub("${AWS::StackName}/ServiceRole")}}}
	boundary(p, c.IAM.ServiceRolePermissionsBoundary)
	t.add("ServiceRole", "AWS::IAM::Role", p)
	return Att("ServiceRole", "Arn")
}

func boundary(p M, arn string) {
	if arn != "" {
		p["PermissionsBoundary"] = arn
	}
}

func (t *Template) autoModeRole(c *config.ClusterConfig) {
	if !c.AutoMode() || c.AutoModeConfig.NodeRoleARN != "" || len(c.AutoModeConfig.NodePools) == 0 {
		return
	}
	p := M{"AssumeRolePolicyDocument": assume(principal("EC2")), "ManagedPolicyArns": L{managedPolicy("AmazonEC2ContainerRegistryPullOnly"),
		managedPolicy("AmazonEKSWorkerNodeMinimalPolicy")}}
	boundary(p, c.AutoModeConfig.PermissionsBoundaryARN)
	t.add("AutoModeNodeRole", "AWS::IAM::Role", p)
	t.Outputs["AutoModeNodeRoleARN"] = M{"Value": Att("AutoModeNodeRole", "Arn"), "Export": M{"Name": M{"Fn::Sub": "${AWS::StackName}-NodeRoleArn"}}}
}

// fargateRole adds the pod execution role that profiles share.
func (t *Template) fargateRole(c *config.ClusterConfig) {
	if !NeedsFargateRole(c) {
		return
	}
	p := M{"AssumeRolePolicyDocument": assume(principal("EKSFargatePods")),
		"ManagedPolicyArns": L{managedPolicy("AmazonEKSFargatePodExecutionRolePolicy")}}
	boundary(p, c.IAM.FargatePodExecutionRolePermissionsBoundary)
	t.add("FargatePodExecutionRole", "AWS::IAM::Role", p)
	t.output("FargatePodExecutionRoleARN", Att("FargatePodExecutionRole", "Arn"), true)
}

// FargateRole is the template of that role on its own, for a cluster that was made
// before it had profiles.
func FargateRole(c *config.ClusterConfig) *Template {
	t := newTemplate("Fargate pod execution role").withPrincipals()
	t.fargateRole(c)
	return t
}

// NeedsFargateRole tells whether some profile has no role of its own.
func NeedsFargateRole(c *config.ClusterConfig) bool {
	return c.IAM.FargatePodExecutionRoleARN == "" && slices.ContainsFunc(c.FargateProfiles,
		func(p config.FargateProfile) bool { return p.PodExecutionRoleARN == "" })
}

func (t *Template) controlPlane(c *config.ClusterConfig, public, private, control L, role any) {
	subnets := append(append(L{}, public...), private...)
	if config.On(c.VPC.ControlPlaneOnPrivateSubnets, false) {
		subnets = private
	}
	if len(c.VPC.ControlPlaneSubnetIDs) > 0 {
		subnets = strs(c.VPC.ControlPlaneSubnetIDs)
	}
	vc := M{"SubnetIds": subnets, "SecurityGroupIds": control, "EndpointPublicAccess": config.On(c.VPC.ClusterEndpoints.PublicAccess, true),
		"EndpointPrivateAccess": config.On(c.VPC.ClusterEndpoints.PrivateAccess, false)}
	if len(c.VPC.PublicAccessCIDRs) > 0 {
		vc["PublicAccessCidrs"] = strs(c.VPC.PublicAccessCIDRs)
	}
	if m := c.VPC.ControlPlaneEgressMode; m != "" {
		vc["ControlPlaneEgressMode"] = m
	}
	net := M{"IpFamily": strings.ToLower(c.KubernetesNetworkConfig.IpFamily)}
	if s := c.KubernetesNetworkConfig.ServiceIPv4CIDR; s != "" {
		net["ServiceIpv4Cidr"] = s
	}
	p := M{"Name": c.Metadata.Name, "Version": c.Metadata.Version, "RoleArn": role, "BootstrapSelfManagedAddons": false, "ResourcesVpcConfig": vc,
		"KubernetesNetworkConfig": net,
		"AccessConfig": M{"AuthenticationMode": strings.ToUpper(c.AccessConfig.AuthenticationMode),
			"BootstrapClusterCreatorAdminPermissions": config.On(c.AccessConfig.BootstrapClusterCreatorAdminPermissions, true)},
		"Tags": L{M{"Key": "Name", "Value": Sub("${AWS::StackName}/ControlPlane")}}}
	if s := c.SecretsEncryption; s != nil {
		p["EncryptionConfig"] = L{M{"Resources": L{"secrets"}, "Provider": M{"KeyArn": s.KeyARN}}}
	}
	if w := c.CloudWatch; w != nil && w.ClusterLogging != nil && len(w.ClusterLogging.EnableTypes) > 0 {
		types := L{}
		for _, x := range w.ClusterLogging.EnableTypes {
			types = append(types, M{"Type": x})
		}
		p["Logging"] = M{"ClusterLogging": M{"EnabledTypes": types}}
	}
	if u := c.UpgradePolicy; u != nil && u.SupportType != "" {
		p["UpgradePolicy"] = M{"SupportType": u.SupportType}
	}
	if z := c.ZonalShiftConfig; z != nil {
		p["ZonalShiftConfig"] = M{"Enabled": config.On(z.Enabled, false)}
	}
	if s := c.ControlPlaneScalingConfig; s != nil && s.Tier != "" {
		p["ControlPlaneScalingConfig"] = M{"Tier": s.Tier}
	}
	if c.AutoMode() {
		compute := M{"Enabled": true, "NodePools": strs(c.AutoModeConfig.NodePools)}
		if len(c.AutoModeConfig.NodePools) > 0 {
			compute["NodeRoleArn"] = any(Att("AutoModeNodeRole", "Arn"))
			if c.AutoModeConfig.NodeRoleARN != "" {
				compute["NodeRoleArn"] = c.AutoModeConfig.NodeRoleARN
			}
		}
		p["ComputeConfig"] = compute
		p["StorageConfig"] = M{"BlockStorage": M{"Enabled": true}}
		net["ElasticLoadBalancing"] = M{"Enabled": true}
	}
	t.add("ControlPlane", "AWS::EKS::Cluster", p)
}

func (t *Template) clusterOutputs(c *config.ClusterConfig, n vpc.Network, vpc any, public, private, control L, shared, role any) {
	t.output("VPC", vpc, true)
	t.output("SecurityGroup", M{"Fn::Join": L{",", control}}, true)
	if len(control) == 1 {
		t.output("SecurityGroup", control[0], true)
	}
	t.output("SharedNodeSecurityGroup", shared, true)
	t.output("ClusterSecurityGroupId", Att("ControlPlane", "ClusterSecurityGroupId"), true)
	if len(public) > 0 {
		t.output("SubnetsPublic", M{"Fn::Join": L{",", public}}, true)
	}
	if len(private) > 0 {
		t.output("SubnetsPrivate", M{"Fn::Join": L{",", private}}, true)
	}
	t.output("ServiceRoleARN", role, true)
	t.output("Endpoint", Att("ControlPlane", "Endpoint"), true)
	t.output("ARN", Att("ControlPlane", "Arn"), true)
	t.output("CertificateAuthorityData", Att("ControlPlane", "CertificateAuthorityData"), false)
	t.output("ClusterStackName", Ref("AWS::StackName"), false)
	if n.VPC == "" && !c.IPv6() {
		t.output("FeatureNATMode", c.VPC.NAT.Gateway, false)
	}
}
