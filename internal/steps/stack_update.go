package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/pace"
)

// StackUpdate applies a new template to a stack that stands, and polls the update.
type StackUpdate struct {
	Name     string   `json:"name"`
	Template Template `json:"template"`
}

// updating is the phase of a StackUpdate whose update has begun.
const updating = "updating"

// Run starts or polls the update; a template that changes nothing is success, which
// is also what a second look at this step's own, finished update comes to.
func (s *StackUpdate) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	st, err := describeStack(ctx, e.AWS, s.Name)
	if err != nil {
		return engine.Result{}, err
	}
	switch {
	case st == nil:
		return engine.Result{}, fmt.Errorf("the stack %s is gone; run again to make what it held", s.Name)
	case inProgress(st):
		return engine.Waiting("CloudFormation: " + s.Name + " is " + string(st.StackStatus))
	case m.Phase != updating && !stands(st):
		return engine.Result{}, failure(ctx, e, st, "")
	case m.Phase != updating:
		return s.begin(ctx, e, m)
	case st.StackStatus == types.StackStatusUpdateComplete:
		return engine.Finished("updated")
	}
	why := lastFailure(ctx, e.AWS, aws.ToString(st.StackId))
	return engine.Result{}, fmt.Errorf("the update of stack %s ended %s: %s. CloudFormation has put back what was before", s.Name, st.StackStatus, why)
}

func (s *StackUpdate) begin(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	body, same, err := s.body(ctx, e)
	switch {
	case err != nil:
		return engine.Result{}, err
	case same:
		return engine.Finished("as wanted")
	}
	out, err := e.AWS.CFN.UpdateStack(ctx, &cloudformation.UpdateStackInput{StackName: &s.Name, TemplateBody: &body, Capabilities: capabilities,
		ClientRequestToken: e.token("update", s.Name, body, fmt.Sprint(m.Attempt))})
	if pace.Done(err) {
		return engine.Finished("as wanted")
	}
	if err != nil {
		return engine.Result{}, fmt.Errorf("updating stack %s: %w", s.Name, err)
	}
	m.Phase, m.Stack = updating, aws.ToString(out.StackId)
	m.Attempt++
	return engine.Started("CloudFormation is updating " + s.Name)
}

func (s *StackUpdate) body(ctx context.Context, e *Env) (body string, same bool, err error) {
	if s.Template.Resize != nil {
		return s.Template.Resize.body(ctx, e, s.Name)
	}
	if s.Template.Release != nil {
		return s.Template.Release.body(ctx, e, s.Name)
	}
	body, err = s.Template.body(ctx, e)
	return body, false, err
}
