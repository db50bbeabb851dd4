package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
)

// GroupMinor has EKS take a managed node group in place to another minor of Kubernetes, with
// the newest release of its AMI, and waits for the update.
type GroupMinor struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	// Force ends pods that their disruption budgets hold.
	Force bool `json:"force,omitempty"`
}

// Run looks, begins, polls.
func (s *GroupMinor) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	return update{what: "node group " + s.Group, in: eks.DescribeUpdateInput{NodegroupName: &s.Group},
		look: func(ctx context.Context) (string, bool, error) {
			out, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &e.Name, NodegroupName: &s.Group})
			if err != nil {
				return "", false, err
			}
			return string(out.Nodegroup.Status), aws.ToString(out.Nodegroup.Version) == s.Version, nil
		},
		begin: func(ctx context.Context) (*types.Update, error) {
			out, err := e.AWS.EKS.UpdateNodegroupVersion(ctx, &eks.UpdateNodegroupVersionInput{ClusterName: &e.Name, NodegroupName: &s.Group, Version: &s.Version,
				Force: s.Force, ClientRequestToken: e.token("nodegroup-minor", s.Group, s.Version, fmt.Sprint(m.Attempt))})
			if err != nil {
				return nil, err
			}
			return out.Update, nil
		}}.run(ctx, e, m)
}
