package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/engine"
)

// RollbackContinue brings a stack whose rollback failed to where it takes updates again.
// What cannot be put back is skipped: CloudFormation then says of it that it was, and
// changes nothing of it.
type RollbackContinue struct {
	Stack string   `json:"stack"`
	Skip  []string `json:"skip,omitempty"` // logical IDs
}

// Run begins, and polls.
func (s *RollbackContinue) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	st, err := describeStack(ctx, e.AWS, s.Stack)
	switch {
	case err != nil:
		return engine.Result{}, err
	case st == nil:
		return engine.Result{}, fmt.Errorf("the stack %s is gone", s.Stack)
	case inProgress(st):
		return engine.Waiting("CloudFormation: " + s.Stack + " is " + string(st.StackStatus))
	case stands(st):
		return engine.Finished("the stack takes updates again")
	case st.StackStatus != types.StackStatusUpdateRollbackFailed || m.Attempt > 0:
		return engine.Result{}, failure(ctx, e, st, "")
	}
	if _, err := e.AWS.CFN.ContinueUpdateRollback(ctx, &cloudformation.ContinueUpdateRollbackInput{StackName: &s.Stack, ResourcesToSkip: s.Skip,
		ClientRequestToken: e.token("continue", s.Stack, fmt.Sprint(s.Skip))}); err != nil {
		return engine.Result{}, fmt.Errorf("going on with the rollback of stack %s: %w", s.Stack, err)
	}
	m.Attempt++
	return engine.Started("CloudFormation goes on with the rollback of " + s.Stack)
}
