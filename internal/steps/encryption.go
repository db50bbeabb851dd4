package steps

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
)

// Encryption turns secrets encryption on in a live cluster, which EKS cannot undo.
type Encryption struct {
	KeyARN string `json:"keyARN"`
}

// Run looks, begins, polls.
func (s *Encryption) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	on := func(c *types.Cluster) bool { return len(c.EncryptionConfig) > 0 }
	return e.changeCluster(ctx, m, on, func(ctx context.Context) (*types.Update, error) {
		out, err := e.AWS.EKS.AssociateEncryptionConfig(ctx, &eks.AssociateEncryptionConfigInput{
			ClusterName: &e.Name, ClientRequestToken: e.token(e.Name, "encryption", s.KeyARN),
			EncryptionConfig: []types.EncryptionConfig{{Resources: []string{"secrets"}, Provider: &types.Provider{KeyArn: &s.KeyARN}}}})
		if err != nil {
			return nil, err
		}
		return out.Update, nil
	})
}
