package cfn

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// rollBack undoes a failed update: resources made for it go, changed ones get
// their old properties back, replaced and removed ones are the stack's again.
func (s *stack) rollBack(why string) {
	s.setStatus(sdk.StackStatusUpdateRollbackInProgress, why)
	was := s.Was
	var made []*instance
	for _, n := range sorted(s.Res) {
		if o, stood := was.Res[n]; !stood || s.Res[n].N != o.N {
			made = append(made, s.Res[n])
		}
	}
	was.Cleanup = inverse(s.d, made)
	s.d, s.Body, s.Params, s.Tags, s.Imports = was.d, was.Body, was.Params, was.Tags, was.Imports
	for _, n := range sorted(was.Res) {
		o := was.Res[n]
		if cur := s.Res[n]; cur != nil && cur.N == o.N && slices.Contains(was.Touched, n) {
			was.Restore = append(was.Restore, n)
			continue
		}
		s.Res[n] = &o
	}
	for _, r := range made {
		if _, stood := was.Res[r.Logical]; !stood {
			delete(s.Res, r.Logical)
		}
	}
	s.restore()
}

// restore gives resources their old properties back, one after the other. Where one cannot
// have them back the rollback fails: what is not yet restored waits for
// ContinueUpdateRollback.
func (s *stack) restore() {
	if s.busy() {
		return
	}
	if len(s.Was.Restore) > 0 {
		n := s.Was.Restore[0]
		s.Was.Restore = s.Was.Restore[1:]
		s.alter(s.Res[n], s.Was.Res[n].Props)
		return
	}
	if len(s.Was.Failed) > 0 {
		s.setStatus(sdk.StackStatusUpdateRollbackFailed, "The following resource(s) failed to update: ["+strings.Join(s.Was.Failed, ", ")+"]. ")
		return
	}
	s.setStatus(sdk.StackStatusUpdateRollbackCompleteCleanupInProgress, "")
	s.discard()
}

// ContinueUpdateRollback tries again what a rollback could not restore; the resources to
// skip are taken for restored, though they are not.
func (c *CFN) ContinueUpdateRollback(by *wire.Caller, in *cloudformation.ContinueUpdateRollbackInput) (*cloudformation.ContinueUpdateRollbackOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	if s.Status != sdk.StackStatusUpdateRollbackFailed {
		return nil, validation("Stack:%s is in %s state and can not continue with UpdateRollback.", s.ID, s.Status)
	}
	for _, n := range in.ResourcesToSkip {
		if !slices.Contains(s.Was.Failed, n) {
			return nil, validation("Resources [%s] specified in ResourcesToSkip cannot be skipped: only resources in the UPDATE_FAILED state that failed "+
				"to roll back can be", n)
		}
	}
	if err := c.actsAs(in.RoleARN); err != nil {
		return nil, err
	}
	s.calledBy(by)
	if in.RoleARN != nil {
		s.Role = *in.RoleARN
	}
	s.setStatus(sdk.StackStatusUpdateRollbackInProgress, "User Initiated")
	s.Was.Restore, s.Was.Failed = difference(s.Was.Failed, in.ResourcesToSkip), nil
	for _, n := range in.ResourcesToSkip {
		r := s.Res[n]
		r.Props = s.Was.Res[n].Props // the record is the old one, whatever stands
		s.mark(r, sdk.ResourceStatusUpdateComplete, "")
	}
	s.restore()
	return &cloudformation.ContinueUpdateRollbackOutput{}, nil
}

// CancelUpdateStack ends an update under way, and rolls it back. What is being done on a
// resource is waited for.
func (c *CFN) CancelUpdateStack(by *wire.Caller, in *cloudformation.CancelUpdateStackInput) (*cloudformation.CancelUpdateStackOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	if by.Before() == s.ID {
		return &cloudformation.CancelUpdateStackOutput{}, nil
	}
	if s.Status != sdk.StackStatusUpdateInProgress {
		return nil, validation("CancelUpdateStack cannot be called from current stack status")
	}
	by.Note(s.ID)
	s.Failed, s.Pause = true, false
	s.Was.Why = "User Initiated"
	s.advance()
	return &cloudformation.CancelUpdateStackOutput{}, nil
}
