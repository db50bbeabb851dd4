package tfstate

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slipway-eks/slipway/internal/record"
)

// Source is the source of records that states hold.
const Source = record.Terraform

// kinds are the types of the AWS provider that say something of a cluster, with
// CloudFormation's name for the same, and their arguments by its properties.
var kinds = map[string]struct {
	is   string
	from map[string]string // property: argument
}{
	"aws_vpc": {"AWS::EC2::VPC", map[string]string{"EnableDnsHostnames": "enable_dns_hostnames", "EnableDnsSupport": "enable_dns_support"}},
	"aws_subnet": {"AWS::EC2::Subnet", map[string]string{"CidrBlock": "cidr_block", "AvailabilityZone": "availability_zone",
		"MapPublicIpOnLaunch": "map_public_ip_on_launch", "AssignIpv6AddressOnCreation": "assign_ipv6_address_on_creation"}},
	"aws_internet_gateway":             {"AWS::EC2::InternetGateway", nil},
	"aws_egress_only_internet_gateway": {"AWS::EC2::EgressOnlyInternetGateway", nil},
	"aws_nat_gateway":                  {"AWS::EC2::NatGateway", nil},
	"aws_route_table":                  {"AWS::EC2::RouteTable", nil},
	"aws_route_table_association":      {"AWS::EC2::SubnetRouteTableAssociation", map[string]string{"SubnetId": "subnet_id", "RouteTableId": "route_table_id"}},
	"aws_route":                        {"AWS::EC2::Route", route("destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id")},
	"aws_security_group":               {"AWS::EC2::SecurityGroup", nil},
	"aws_vpc_security_group_ingress_rule": {"AWS::EC2::SecurityGroupIngress", map[string]string{"GroupId": "security_group_id", "IpProtocol": "ip_protocol",
		"FromPort": "from_port", "ToPort": "to_port", "CidrIp": "cidr_ipv4", "CidrIpv6": "cidr_ipv6", "SourceSecurityGroupId": "referenced_security_group_id",
		"SourcePrefixListId": "prefix_list_id"}},
	"aws_vpc_security_group_egress_rule": {"AWS::EC2::SecurityGroupEgress", map[string]string{"GroupId": "security_group_id", "IpProtocol": "ip_protocol",
		"FromPort": "from_port", "ToPort": "to_port", "CidrIp": "cidr_ipv4", "CidrIpv6": "cidr_ipv6", "DestinationSecurityGroupId": "referenced_security_group_id",
		"DestinationPrefixListId": "prefix_list_id"}},
	"aws_eks_cluster": {"AWS::EKS::Cluster", map[string]string{"Name": "name", "Version": "version", "RoleArn": "role_arn",
		"DeletionProtection": "deletion_protection"}},
	"aws_eks_node_group": {"AWS::EKS::Nodegroup", map[string]string{"NodegroupName": "node_group_name", "NodeRole": "node_role_arn", "Subnets": "subnet_ids",
		"Labels": "labels", "InstanceTypes": "instance_types", "CapacityType": "capacity_type"}},
	"aws_iam_role":  {"AWS::IAM::Role", map[string]string{"RoleName": "name"}},
	"aws_eks_addon": {"AWS::EKS::Addon", map[string]string{"AddonName": "addon_name"}},
	"aws_eks_access_entry": {"AWS::EKS::AccessEntry", map[string]string{"PrincipalArn": "principal_arn", "Type": "type", "Username": "user_name",
		"KubernetesGroups": "kubernetes_groups"}},
	"aws_eks_fargate_profile":          {"AWS::EKS::FargateProfile", map[string]string{"FargateProfileName": "fargate_profile_name"}},
	"aws_eks_pod_identity_association": {"AWS::EKS::PodIdentityAssociation", map[string]string{"Namespace": "namespace", "ServiceAccount": "service_account"}},
	"aws_eks_identity_provider_config": {"AWS::EKS::IdentityProviderConfig", nil},
}

func route(ipv4, ipv6, list string) map[string]string {
	return map[string]string{"RouteTableId": "route_table_id", "DestinationCidrBlock": ipv4, "DestinationIpv6CidrBlock": ipv6, "DestinationPrefixListId": list,
		"GatewayId": "gateway_id", "NatGatewayId": "nat_gateway_id", "EgressOnlyInternetGatewayId": "egress_only_gateway_id",
		"TransitGatewayId": "transit_gateway_id", "VpcPeeringConnectionId": "vpc_peering_connection_id", "NetworkInterfaceId": "network_interface_id"}
}

// Claims are a state's resources that belong to a cluster, as package record has those of
// stacks: the cluster and its groups by name, the network by the cluster's VPC, roles by
// who uses them.
func (s *State) Claims(cluster, vpc string) []*record.Resource {
	used := map[string]bool{}
	for _, r := range s.Resources {
		if r.Type == "aws_eks_cluster" && r.text("name") == cluster {
			used[r.text("role_arn")] = true
		}
		if r.Type == "aws_eks_node_group" && r.text("cluster_name") == cluster {
			used[r.text("node_role_arn")] = true
		}
	}
	tables, groups, subnets := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range s.Resources {
		subnets[r.text("id")] = subnets[r.text("id")] || r.Type == "aws_subnet" && r.text("vpc_id") == vpc
		tables[r.text("id")] = tables[r.text("id")] || r.Type == "aws_route_table" && r.text("vpc_id") == vpc
		groups[r.text("id")] = groups[r.text("id")] || r.Type == "aws_security_group" && r.text("vpc_id") == vpc
	}
	var out []*record.Resource
	for _, r := range s.Resources {
		kind, known := kinds[r.Type]
		if r.Type == "aws_security_group_rule" && groups[r.text("security_group_id")] {
			out = append(out, r.rules()...)
		}
		if !known || !r.of(cluster, vpc, used, tables, groups, subnets) {
			continue
		}
		x := &record.Resource{Stack: Source, LogicalID: r.Address, Type: kind.is, PhysicalID: r.text("id"), Properties: map[string]any{}}
		for property, argument := range kind.from {
			if v, set := r.Values[argument]; set && v != nil && v != "" {
				x.Properties[property] = v
			}
		}
		r.complete(x, s)
		out = append(out, x)
		out = append(out, r.inline()...)
	}
	return out
}

func (r *Resource) text(argument string) string { s, _ := r.Values[argument].(string); return s }

// of tells whether a resource belongs to the cluster.
func (r *Resource) of(cluster, vpc string, used, tables, groups, subnets map[string]bool) bool {
	switch r.Type {
	case "aws_vpc":
		return r.text("id") == vpc
	case "aws_eks_cluster":
		return r.text("name") == cluster
	case "aws_eks_node_group", "aws_eks_addon", "aws_eks_access_entry", "aws_eks_fargate_profile", "aws_eks_pod_identity_association",
		"aws_eks_identity_provider_config":
		return r.text("cluster_name") == cluster
	case "aws_iam_role":
		return used[r.text("arn")]
	case "aws_route", "aws_route_table_association":
		return tables[r.text("route_table_id")]
	case "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule":
		return groups[r.text("security_group_id")]
	case "aws_nat_gateway":
		return subnets[r.text("subnet_id")]
	}
	return r.text("vpc_id") == vpc
}

// block is the first of a list of blocks, as Terraform nests them.
func block(v any) map[string]any {
	l, _ := v.([]any)
	if len(l) == 0 {
		return nil
	}
	m, _ := l[0].(map[string]any)
	return m
}

// renamed takes arguments of a block by the names of properties.
func renamed(b map[string]any, names map[string]string) map[string]any {
	out := map[string]any{}
	for property, argument := range names {
		if v, set := b[argument]; set && v != nil && v != "" {
			out[property] = v
		}
	}
	return out
}

// complete adds what Terraform writes in blocks, or in resources of their own.
func (r *Resource) complete(x *record.Resource, s *State) {
	p := x.Properties
	switch r.Type {
	case "aws_security_group": // the provider takes EC2's default rule away: what is allowed is what is listed
		p["SecurityGroupEgress"] = []any{}
	case "aws_subnet":
		if tags, _ := r.Values["tags_all"].(map[string]any); tags != nil {
			var list []any
			for k, v := range tags {
				list = append(list, map[string]any{"Key": k, "Value": v})
			}
			p["Tags"] = list
		}
	case "aws_eks_cluster":
		p["ResourcesVpcConfig"] = renamed(block(r.Values["vpc_config"]), map[string]string{"SubnetIds": "subnet_ids", "SecurityGroupIds": "security_group_ids",
			"EndpointPublicAccess": "endpoint_public_access", "EndpointPrivateAccess": "endpoint_private_access", "PublicAccessCidrs": "public_access_cidrs"})
		if b := block(r.Values["access_config"]); b != nil {
			p["AccessConfig"] = renamed(b, map[string]string{"AuthenticationMode": "authentication_mode"})
		}
		if b := block(r.Values["kubernetes_network_config"]); b != nil {
			p["KubernetesNetworkConfig"] = renamed(b, map[string]string{"IpFamily": "ip_family", "ServiceIpv4Cidr": "service_ipv4_cidr"})
		}
		if b := block(r.Values["upgrade_policy"]); b != nil {
			p["UpgradePolicy"] = renamed(b, map[string]string{"SupportType": "support_type"})
		}
		if l, _ := r.Values["enabled_cluster_log_types"].([]any); l != nil {
			var types []any
			for _, t := range l {
				types = append(types, map[string]any{"Type": t})
			}
			p["Logging"] = map[string]any{"ClusterLogging": map[string]any{"EnabledTypes": types}}
		}
	case "aws_eks_access_entry":
		p["AccessPolicies"] = s.policies(r)
	case "aws_eks_identity_provider_config":
		if b := block(r.Values["oidc"]); b != nil {
			p["IdentityProviderConfigName"] = b["identity_provider_config_name"]
		}
	case "aws_eks_node_group":
		if b := block(r.Values["launch_template"]); b != nil {
			p["LaunchTemplate"] = renamed(b, map[string]string{"Id": "id", "Version": "version"})
		}
		if b := block(r.Values["scaling_config"]); b != nil {
			p["ScalingConfig"] = renamed(b, map[string]string{"MinSize": "min_size", "MaxSize": "max_size", "DesiredSize": "desired_size"})
		}
		if l, _ := r.Values["taint"].([]any); len(l) > 0 {
			var taints []any
			for _, t := range l {
				m, _ := t.(map[string]any)
				taints = append(taints, renamed(m, map[string]string{"Key": "key", "Value": "value", "Effect": "effect"}))
			}
			p["Taints"] = taints
		}
	case "aws_iam_role":
		x.PhysicalID = r.text("name")
		var doc any
		if json.Unmarshal([]byte(r.text("assume_role_policy")), &doc) == nil {
			p["AssumeRolePolicyDocument"] = doc
		}
		arns := []any{}
		for _, a := range s.Resources {
			if a.Type == "aws_iam_role_policy_attachment" && a.text("role") == r.text("name") {
				arns = append(arns, a.text("policy_arn"))
			}
		}
		if l, _ := r.Values["managed_policy_arns"].([]any); len(arns) == 0 {
			arns = l
		}
		p["ManagedPolicyArns"] = arns
	}
}

// policies are the access policies that siblings give to an entry.
func (s *State) policies(entry *Resource) []any {
	out := []any{}
	for _, a := range s.Resources {
		same := a.text("cluster_name") == entry.text("cluster_name") && a.text("principal_arn") == entry.text("principal_arn")
		if a.Type == "aws_eks_access_policy_association" && same {
			scope := renamed(block(a.Values["access_scope"]), map[string]string{"Type": "type", "Namespaces": "namespaces"})
			out = append(out, map[string]any{"PolicyArn": a.text("policy_arn"), "AccessScope": scope})
		}
	}
	return out
}

// inline are the routes and rules that a resource holds in itself. An attribute that a
// sibling resource fills is read back into it, so both may say the same.
func (r *Resource) inline() []*record.Resource {
	var out []*record.Resource
	add := func(kind string, i int, p map[string]any) {
		id := fmt.Sprintf("%s.%s.%d", r.Address, strings.ToLower(kind), i)
		out = append(out, &record.Resource{Stack: Source, LogicalID: id, Type: "AWS::EC2::" + kind, Properties: p})
	}
	switch r.Type {
	case "aws_route_table":
		l, _ := r.Values["route"].([]any)
		for i, x := range l {
			m, _ := x.(map[string]any)
			p := renamed(m, route("cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"))
			p["RouteTableId"] = r.text("id")
			add("Route", i, p)
		}
	case "aws_security_group":
		n := 0
		for argument, kind := range map[string]string{"ingress": "SecurityGroupIngress", "egress": "SecurityGroupEgress"} {
			l, _ := r.Values[argument].([]any)
			for _, x := range l {
				m, _ := x.(map[string]any)
				for _, p := range peers(m, r.text("id"), kind, "security_groups") {
					add(kind, n, p)
					n++
				}
			}
		}
	}
	return out
}

// rules are those of the older resource for rules, which bundles peers.
func (r *Resource) rules() []*record.Resource {
	kind := map[string]string{"ingress": "SecurityGroupIngress", "egress": "SecurityGroupEgress"}[r.text("type")]
	var out []*record.Resource
	for i, p := range peers(r.Values, r.text("security_group_id"), kind, "source_security_group_id") {
		out = append(out, &record.Resource{Stack: Source, LogicalID: fmt.Sprintf("%s.%d", r.Address, i), Type: "AWS::EC2::" + kind, Properties: p})
	}
	return out
}

// peers makes one rule of each peer of a block.
func peers(m map[string]any, group, kind, groups string) []map[string]any {
	side := "Source"
	if kind == "SecurityGroupEgress" {
		side = "Destination"
	}
	var out []map[string]any
	add := func(property string, v any) {
		if s, ok := v.(string); ok && s != "" {
			p := map[string]any{"GroupId": group, "IpProtocol": m["protocol"], "FromPort": m["from_port"], "ToPort": m["to_port"]}
			p[property] = s
			out = append(out, p)
		}
	}
	each := func(argument, property string) {
		l, ok := m[argument].([]any)
		if !ok {
			add(property, m[argument])
		}
		for _, v := range l {
			add(property, v)
		}
	}
	each("cidr_blocks", "CidrIp")
	each("ipv6_cidr_blocks", "CidrIpv6")
	each("prefix_list_ids", side+"PrefixListId")
	each(groups, side+"SecurityGroupId")
	if m["self"] == true {
		add(side+"SecurityGroupId", group)
	}
	return out
}
