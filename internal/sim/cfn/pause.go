package cfn

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// A stack whose operation failed with rollback disabled stays as it is: what was made
// stands, what failed is made again by the next update, after what there is of it is
// deleted; RollbackStack goes back to the last state that was complete (CloudFormation
// user guide, "Choose how to handle failures when provisioning resources").

// paused tells whether an operation failed, and the stack was left so.
func (s *stack) paused() bool {
	return s.Status == sdk.StackStatusUpdateFailed || s.Status == sdk.StackStatusCreateFailed
}

// stable is what a stack goes back to when the update that begins now fails: the last
// state that was complete.
func (s *stack) stable() *before {
	if s.Was != nil {
		return s.Was // of the update that failed before
	}
	w := &before{d: s.d, Body: s.Body, Params: s.Params, Tags: s.Tags, Imports: s.Imports, Res: map[string]instance{},
		Never: s.Status == sdk.StackStatusCreateFailed}
	for n, r := range s.Res {
		w.Res[n] = *r
	}
	return w
}

// redo deletes what there is of a resource whose creation failed, to make it again.
func (s *stack) redo(r *instance) {
	if r.Phys == "" {
		s.instance(r.Logical)
		return
	}
	s.mark(r, sdk.ResourceStatusDeleteInProgress, "")
	s.begin(r, deletes, nil, s.c.lag(s.Name+"/"+r.Logical+"/redo"))
}

// cleared ends redo's deletion.
func (s *stack) cleared(r *instance, err error) {
	if r.Stuck {
		s.mark(r, sdk.ResourceStatusDeleteFailed, handlerMessage(err))
		s.Failed = true
		return
	}
	s.mark(r, sdk.ResourceStatusDeleteComplete, "")
	s.instance(r.Logical)
}

// forgetUpdate makes one set of resources of a stack whose update failed, for its
// deletion: what the update replaced or removed goes with the rest.
func (s *stack) forgetUpdate() {
	if s.Was == nil {
		return
	}
	for _, r := range s.Was.Cleanup {
		if !r.Gone {
			s.Res[fmt.Sprintf("%s#%d", r.Logical, r.N)] = r
		}
	}
	s.Was = nil
}

// RollbackStack goes back to the last state that was complete. A stack that never was
// goes, as after a failed creation.
func (c *CFN) RollbackStack(by *wire.Caller, in *cloudformation.RollbackStackInput) (*cloudformation.RollbackStackOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	if !s.paused() {
		return nil, validation("Stack:%s is in %s state and can not be rolled back.", s.ID, s.Status)
	}
	if err := c.actsAs(s.acting(in.RoleARN)); err != nil {
		return nil, err
	}
	s.calledBy(by)
	s.Start = c.w.Elapsed()
	if s.Was == nil || s.Was.Never {
		s.forgetUpdate()
		s.setStatus(sdk.StackStatusRollbackInProgress, "User Initiated")
		s.tearDown()
	} else {
		s.rollBack("User Initiated")
	}
	return &cloudformation.RollbackStackOutput{StackId: new(s.ID)}, nil
}
