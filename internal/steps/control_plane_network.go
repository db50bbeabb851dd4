package steps

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
)

// ControlPlaneNetwork attaches the control plane to subnets and security groups: EKS
// replaces both lists. Subnets that a step before has made are found by their place.
type ControlPlaneNetwork struct {
	Subnets []string `json:"subnets,omitempty"`
	Made    []Place  `json:"made,omitempty"`
	Groups  []string `json:"securityGroups,omitempty"`
}

// Run looks, begins, polls.
func (s *ControlPlaneNetwork) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	in := &types.VpcConfigRequest{SubnetIds: slices.Clone(s.Subnets), SecurityGroupIds: s.Groups}
	for _, p := range s.Made {
		id, err := p.id(ctx, e)
		if err != nil {
			return engine.Result{}, err
		}
		in.SubnetIds = append(in.SubnetIds, id)
	}
	return (&ClusterUpdate{Input: eks.UpdateClusterConfigInput{ResourcesVpcConfig: in}}).Run(ctx, e, m)
}
