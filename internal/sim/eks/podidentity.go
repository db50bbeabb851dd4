package eks

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// issuerURL is the OIDC issuer of a cluster's tokens.
func (s *EKS) issuerURL(id string) string {
	suffix := "amazonaws.com"
	if s.Partition == "aws-cn" {
		suffix = "amazonaws.com.cn"
	}
	return fmt.Sprintf("https://oidc.eks.%s.%s/id/%s", s.Region, suffix, id)
}

// ClusterToken reads a service account's token with a cluster's API: its ARN, and what
// the token says.
func (s *EKS) ClusterToken(name, token, audience string) (arn string, claims *kubeapi.Claims, err error) {
	c, err := s.cluster(&name)
	if err != nil {
		return "", nil, err
	}
	if c.kube == nil {
		return "", nil, notFound("No cluster found for name: %s.", name)
	}
	claims, _, err = c.kube.ReadToken(token, []string{audience})
	return *c.Arn, claims, err
}

// Association is the pod identity association of a cluster's service account, or nil.
func (s *EKS) Association(cluster, namespace, account string) *types.PodIdentityAssociation {
	c := s.clusters.Get(cluster)
	if c == nil {
		return nil
	}
	found := c.associations.Find(func(a *association) bool {
		return aws.ToString(a.Namespace) == namespace && aws.ToString(a.ServiceAccount) == account
	})
	if found == nil {
		return nil
	}
	return &found.PodIdentityAssociation
}
