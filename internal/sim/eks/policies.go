package eks

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// accessPolicies are EKS's own, by name (EKS user guide, "Review access policy
// permissions", 2026).
var accessPolicies = []string{
	"AmazonAIOpsAssistantPolicy", "AmazonARCRegionSwitchScalingPolicy", "AmazonEKSACKPolicy", "AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy",
	"AmazonEKSArgoCDClusterPolicy", "AmazonEKSArgoCDPolicy", "AmazonEKSAutoNodePolicy", "AmazonEKSBlockStorageClusterPolicy",
	"AmazonEKSBlockStoragePolicy", "AmazonEKSClusterAdminPolicy", "AmazonEKSClusterInsightsPolicy", "AmazonEKSComputeClusterPolicy",
	"AmazonEKSComputePolicy", "AmazonEKSEditPolicy", "AmazonEKSHybridPolicy", "AmazonEKSKROPolicy", "AmazonEKSLoadBalancingClusterPolicy",
	"AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingClusterPolicy", "AmazonEKSNetworkingPolicy", "AmazonEKSSecretReaderPolicy",
	"AmazonEKSViewPolicy",
}

func (s *EKS) policyARN(name string) string {
	return "arn:" + s.Partition + ":eks::aws:cluster-access-policy/" + name
}

// isAccessPolicy tells whether an ARN is that of one of EKS's policies.
func (s *EKS) isAccessPolicy(arn string) bool {
	name := arn[strings.LastIndex(arn, "/")+1:]
	return slices.Contains(accessPolicies, name) && arn == s.policyARN(name)
}

// ListAccessPolicies lists EKS's own policies.
func (s *EKS) ListAccessPolicies(*wire.Caller, *eks.ListAccessPoliciesInput) (*eks.ListAccessPoliciesOutput, error) {
	out := &eks.ListAccessPoliciesOutput{AccessPolicies: []types.AccessPolicy{}}
	for _, n := range accessPolicies {
		out.AccessPolicies = append(out.AccessPolicies, types.AccessPolicy{Name: new(n), Arn: new(s.policyARN(n))})
	}
	return out, nil
}

// checkScope refuses a scope that EKS does not take.
func checkScope(in *types.AccessScope) error {
	if in == nil || in.Type == types.AccessScopeTypeNamespace && len(in.Namespaces) == 0 {
		return invalid("The namespaces field must have at least one namespace when the access scope type is namespace.")
	}
	return nil
}
