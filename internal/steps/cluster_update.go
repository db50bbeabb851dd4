package steps

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
)

// ClusterUpdate changes one aspect of a live cluster and waits for the update. Its
// input names no cluster: Env does.
type ClusterUpdate struct {
	Input eks.UpdateClusterConfigInput `json:"input"`
}

// Run looks, begins, polls.
func (s *ClusterUpdate) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	return e.changeCluster(ctx, m, func(c *types.Cluster) bool { return AsWanted(s.Input, c) }, func(ctx context.Context) (*types.Update, error) {
		in := s.Input
		in.Name, in.ClientRequestToken = &e.Name, e.token("cluster-update", fmt.Sprint(plain(s.Input)), fmt.Sprint(m.Attempt))
		out, err := e.AWS.EKS.UpdateClusterConfig(ctx, &in)
		if err != nil {
			return nil, err
		}
		return out.Update, nil
	})
}

func (e *Env) changeCluster(
	ctx context.Context,
	m *Memo,
	wanted func(*types.Cluster) bool,
	begin func(context.Context) (*types.Update, error),
) (engine.Result, error) {
	return update{what: "the cluster", begin: begin, look: func(ctx context.Context) (string, bool, error) {
		c, err := e.Cluster(ctx)
		if err != nil {
			return "", false, err
		}
		return string(c.Status), wanted(c), nil
	}}.run(ctx, e, m)
}

// AsWanted tells whether a cluster is already what a change would make of it.
func AsWanted(in eks.UpdateClusterConfigInput, c *types.Cluster) bool {
	if l := in.Logging; l != nil {
		return slices.Equal(EnabledLogs(l), EnabledLogs(c.Logging))
	}
	in.Name, in.ClientRequestToken = nil, nil
	return within(in, c)
}

// EnabledLogs lists the log types that are on, in order.
func EnabledLogs(l *types.Logging) []string {
	var out []string
	if l == nil {
		return nil
	}
	for _, s := range l.ClusterLogging {
		if aws.ToBool(s.Enabled) {
			for _, t := range s.Types {
				out = append(out, string(t))
			}
		}
	}
	slices.Sort(out)
	return out
}

// settled is done once the cluster is ACTIVE again.
func (e *Env) settled(ctx context.Context, reason string) (engine.Result, error) {
	c, err := e.Cluster(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	if c.Status != types.ClusterStatusActive {
		return engine.Waiting("the cluster is " + string(c.Status))
	}
	return engine.Finished(reason)
}
