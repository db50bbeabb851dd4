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
	// Bounds are the sizes that the group may have; the wanted size, which is the
	// autoscaler's, only keeps within them.
	Bounds *Bounds `json:"bounds,omitempty"`
}

// Bounds are a node group's smallest and greatest size.
type Bounds struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// sizes are a group's sizes as wanted: what does not follow stays as it is.
func (b Bounds) sizes(have *types.NodegroupScalingConfig) *types.NodegroupScalingConfig {
	lo, hi := int32(b.Min), int32(b.Max)
	want := lo
	if have != nil {
		want = min(max(aws.ToInt32(have.DesiredSize), lo), hi)
	}
	return &types.NodegroupScalingConfig{MinSize: &lo, MaxSize: &hi, DesiredSize: &want}
}

// Run looks, begins, polls.
func (s *GroupUpdate) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	name := aws.ToString(s.Input.NodegroupName)
	in := s.Input
	return update{what: "node group " + name, in: eks.DescribeUpdateInput{NodegroupName: &name},
		look: func(ctx context.Context) (string, bool, error) {
			out, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &e.Name, NodegroupName: &name})
			if err != nil {
				return "", false, err
			}
			if s.Bounds != nil {
				in.ScalingConfig = s.Bounds.sizes(out.Nodegroup.ScalingConfig)
			}
			return string(out.Nodegroup.Status), groupAsWanted(in, out.Nodegroup), nil
		},
		begin: func(ctx context.Context) (*types.Update, error) {
			in.ClusterName, in.ClientRequestToken = &e.Name, e.token("nodegroup-update", name, fmt.Sprint(plain(in)), fmt.Sprint(m.Attempt))
			out, err := e.AWS.EKS.UpdateNodegroupConfig(ctx, &in)
			if err != nil {
				return nil, err
			}
			return out.Update, nil
		}}.run(ctx, e, m)
}

func groupAsWanted(in eks.UpdateNodegroupConfigInput, g *types.Nodegroup) bool {
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
