package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/stack"
)

// ControlPlane is done when EKS says ACTIVE, while the rest of the cluster stack
// may still be under way.
type ControlPlane struct{}

// Run polls; where there is no cluster, the stack says whether one is coming.
func (s *ControlPlane) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	c, err := e.Cluster(ctx)
	if awsc.NotFound(err) {
		st, err := describeStack(ctx, e.AWS, stack.ClusterName(e.Name))
		if err != nil {
			return engine.Result{}, err
		}
		if st != nil && (st.StackStatus == types.StackStatusCreateFailed || st.StackStatus == types.StackStatusRollbackComplete) {
			return engine.Result{}, fmt.Errorf("the cluster was not created: its stack is %s", st.StackStatus)
		}
		return engine.Waiting("the cluster stack makes the network and roles first")
	}
	if err != nil {
		return engine.Result{}, err
	}
	switch c.Status {
	case ekstypes.ClusterStatusActive:
		return engine.Finished("ACTIVE")
	case ekstypes.ClusterStatusFailed:
		msg := "EKS could not create the control plane"
		if c.Health != nil {
			for _, i := range c.Health.Issues {
				msg += fmt.Sprintf("; %s: %s", i.Code, aws.ToString(i.Message))
			}
		}
		return engine.Result{}, fmt.Errorf("%s", msg)
	}
	return engine.Waiting(fmt.Sprintf("the control plane is %s", c.Status))
}
