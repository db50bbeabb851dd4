package steps

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/engine"
)

// GroupUpdate changes a managed node group's labels, taints or sizes.
type GroupUpdate struct {
	Env   *Env
	Input *eks.UpdateNodegroupConfigInput
	id    string
}

// Run starts or polls the update.
func (s *GroupUpdate) Run(ctx context.Context) (engine.Result, error) {
	if s.id == "" {
		out, err := s.Env.AWS.EKS.UpdateNodegroupConfig(ctx, s.Input)
		if err != nil {
			return engine.Result{}, err
		}
		s.id = *out.Update.Id
		return engine.Started("EKS is updating node group " + *s.Input.NodegroupName)
	}
	return s.Env.update(ctx, &eks.DescribeUpdateInput{NodegroupName: s.Input.NodegroupName, UpdateId: &s.id}, "node group "+*s.Input.NodegroupName)
}
