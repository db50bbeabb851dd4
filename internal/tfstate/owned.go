package tfstate

import (
	"strings"

	"github.com/slipway-eks/slipway/internal/owner"
)

// parts are the types of the AWS provider that are parts of a cluster, and the argument
// that names each as its service does.
var parts = map[string]struct{ kind, name string }{
	"aws_eks_cluster":                   {owner.ControlPlane, "name"},
	"aws_eks_node_group":                {owner.NodeGroup, "node_group_name"},
	"aws_eks_addon":                     {owner.AddOn, "addon_name"},
	"aws_eks_fargate_profile":           {owner.FargateProfile, "fargate_profile_name"},
	"aws_eks_access_entry":              {owner.AccessEntry, "principal_arn"},
	"aws_eks_access_policy_association": {owner.AccessEntry, "principal_arn"},
	"aws_eks_pod_identity_association":  {owner.PodIdentity, "association_id"},
	"aws_iam_openid_connect_provider":   {owner.OIDCProvider, "arn"},
	"aws_cloudformation_stack":          {owner.CloudFormation, "name"},
	"aws_autoscaling_group":             {owner.ScalingGroup, "name"},
	"aws_iam_role":                      {owner.Role, "name"},
	"aws_cloudwatch_log_group":          {owner.LogGroup, "name"},
	"aws_vpc":                           {owner.Resource, "id"},
	"aws_subnet":                        {owner.Resource, "id"},
	"aws_security_group":                {owner.Resource, "id"},
	"aws_route_table":                   {owner.Resource, "id"},
	"aws_nat_gateway":                   {owner.Resource, "id"},
	"aws_internet_gateway":              {owner.Resource, "id"},
	"aws_egress_only_internet_gateway":  {owner.Resource, "id"},
	"aws_eip":                           {owner.Resource, "id"},
	"aws_network_acl":                   {owner.Resource, "id"},
	"aws_launch_template":               {owner.Resource, "id"},
	"aws_eks_identity_provider_config":  {owner.IdentityProvider, ""},
	"kubernetes_config_map":             {owner.Workload, ""},
	"kubernetes_config_map_v1_data":     {owner.Workload, ""},
}

// Owned are the parts of a cluster that the state holds, by their addresses in it. What is
// of another cluster is left out where the state says so; the rest is told apart by its
// name or ID.
func (s *State) Owned(cluster string) map[owner.Ref]string {
	out := map[owner.Ref]string{}
	for _, r := range s.Resources {
		p, known := parts[r.Type]
		if of := r.text("cluster_name"); !known || of != "" && of != cluster || r.Type == "aws_eks_cluster" && r.text("name") != cluster {
			continue
		}
		name := r.text(p.name)
		if p.kind == owner.IdentityProvider {
			name, _ = block(r.Values["oidc"])["identity_provider_config_name"].(string)
		}
		if p.kind == owner.Workload {
			m := block(r.Values["metadata"])
			namespace, _ := m["namespace"].(string)
			object, _ := m["name"].(string)
			name = strings.TrimPrefix(namespace+"/"+object, "/")
		}
		if name != "" {
			out[owner.Ref{Kind: p.kind, Name: name}] = r.Address
		}
	}
	return out
}
