package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
)

// GroupUpdate changes a managed node group's labels, taints or sizes. Its input
// names no cluster: Env does.
type GroupUpdate struct {
	Input eks.UpdateNodegroupConfigInput `json:"input"`
}

// Run looks, begins, polls.
func (s *GroupUpdate) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	name := aws.ToString(s.Input.NodegroupName)
	return update{what: "node group " + name, in: eks.DescribeUpdateInput{NodegroupName: &name},
		look: func(ctx context.Context) (string, bool, error) {
			out, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &e.Name, NodegroupName: &name})
			if err != nil {
				return "", false, err
			}
			return string(out.Nodegroup.Status), s.wanted(out.Nodegroup), nil
		},
		begin: func(ctx context.Context) (*types.Update, error) {
			in := s.Input
			in.ClusterName, in.ClientRequestToken = &e.Name, e.token("nodegroup-update", name, fmt.Sprint(plain(s.Input)), fmt.Sprint(m.Attempt))
			out, err := e.AWS.EKS.UpdateNodegroupConfig(ctx, &in)
			if err != nil {
				return nil, err
			}
			return out.Update, nil
		}}.run(ctx, e, m)
}

func (s *GroupUpdate) wanted(g *types.Nodegroup) bool {
	in := s.Input
	if l := in.Labels; l != nil {
		gone := slices.ContainsFunc(l.RemoveLabels, func(k string) bool { _, there := g.Labels[k]; return there })
		if gone || !Holds(g.Labels, maps.Clone(l.AddOrUpdateLabels)) {
			return false
		}
	}
	has := func(t types.Taint) bool {
		return slices.ContainsFunc(g.Taints, func(x types.Taint) bool {
			return aws.ToString(x.Key) == aws.ToString(t.Key) && aws.ToString(x.Value) == aws.ToString(t.Value) && x.Effect == t.Effect
		})
	}
	if t := in.Taints; t != nil {
		if slices.ContainsFunc(t.RemoveTaints, has) || slices.ContainsFunc(t.AddOrUpdateTaints, func(x types.Taint) bool { return !has(x) }) {
			return false
		}
	}
	return within([]any{in.ScalingConfig, in.UpdateConfig, in.NodeRepairConfig}, []any{g.ScalingConfig, g.UpdateConfig, g.NodeRepairConfig})
}
