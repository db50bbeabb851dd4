package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
)

// ClusterVersion takes the control plane to the next minor of Kubernetes, or back to the
// one before, and waits for the update.
type ClusterVersion struct {
	Version string `json:"version"`
	// Force passes over what EKS finds before it (insights that are errors).
	Force bool `json:"force,omitempty"`
}

// Run looks, begins, polls.
func (s *ClusterVersion) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	return e.changeCluster(ctx, m, func(c *types.Cluster) bool { return aws.ToString(c.Version) == s.Version }, func(ctx context.Context) (*types.Update, error) {
		out, err := e.AWS.EKS.UpdateClusterVersion(ctx, &eks.UpdateClusterVersionInput{Name: &e.Name, Version: &s.Version, Force: s.Force,
			ClientRequestToken: e.token("cluster-version", s.Version, fmt.Sprint(m.Attempt))})
		if err != nil {
			return nil, err
		}
		return out.Update, nil
	})
}
