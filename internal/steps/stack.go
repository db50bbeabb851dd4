package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/pace"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Stack creates a CloudFormation stack and polls it to CREATE_COMPLETE; one of a node
// group that holds what could be made early is completed by an update. A stack that
// fails is left standing, so that what failed can be looked at.
type Stack struct {
	Name     string            `json:"name"`
	Tags     map[string]string `json:"tags,omitempty"`
	Template Template          `json:"template"`
	// Started: the step is done as soon as CloudFormation has the stack; what it makes
	// is awaited one by one.
	Started bool `json:"started,omitempty"`
	// Group is the managed node group that says more about a failed resource.
	Group string `json:"group,omitempty"`
	// Count counts the wanted nodes while the stack is at work.
	Count *Nodes `json:"count,omitempty"`
}

// Run looks first: a stack that stands is not made again, and it is this step's own
// only if it holds what this step would have made, or the first half of it.
func (s *Stack) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	r, err := s.turn(ctx, e, m)
	if not, ok := errors.AsType[notYet](err); ok {
		return engine.Waiting(string(not))
	}
	return r, err
}

func (s *Stack) turn(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	st, err := describeStack(ctx, e.AWS, s.Name)
	switch {
	case err != nil:
		return engine.Result{}, err
	case st == nil:
		return s.create(ctx, e, m)
	case st.StackStatus == types.StackStatusDeleteInProgress:
		return engine.Waiting("an earlier " + s.Name + " is still being deleted")
	}
	if m.Stack != aws.ToString(st.StackId) {
		half, err := s.mine(ctx, e)
		switch {
		case err != nil:
			return engine.Result{}, err
		case half && stands(st):
			return s.complete(ctx, e, m)
		case half:
			return awaitStack(ctx, e, st, "", nil)
		}
		m.Stack = aws.ToString(st.StackId)
	}
	if m.Phase == updating && st.StackStatus == types.StackStatusUpdateRollbackComplete {
		return engine.Result{}, failure(ctx, e, st, s.Group)
	}
	if s.Started && (inProgress(st) || stands(st)) {
		return engine.Finished("CloudFormation has it")
	}
	return awaitStack(ctx, e, st, s.Group, s.Count)
}

// StackWait polls a stack that is under way until it is complete.
type StackWait struct {
	Name  string `json:"name"`
	Group string `json:"group,omitempty"` // as Stack's
	Count *Nodes `json:"count,omitempty"` // as Stack's
}

// Run polls.
func (s *StackWait) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	st, err := describeStack(ctx, e.AWS, s.Name)
	if err != nil {
		return engine.Result{}, err
	}
	if st == nil {
		return engine.Result{}, fmt.Errorf("the stack %s is gone; run again to make what it held", s.Name)
	}
	return awaitStack(ctx, e, st, s.Group, s.Count)
}

// awaitStack is done when a stack is complete; a failed one says why.
func awaitStack(ctx context.Context, e *Env, st *types.Stack, group string, count *Nodes) (engine.Result, error) {
	switch {
	case stands(st):
		return engine.Finished("complete")
	case !inProgress(st):
		return engine.Result{}, failure(ctx, e, st, group)
	}
	if count != nil && e.Reachable && !strings.Contains(string(st.StackStatus), "ROLLBACK") {
		if r, err := count.Run(ctx, e, &Memo{}); err == nil {
			r.State = engine.Wait
			return r, nil
		}
	}
	if st.StackStatus == types.StackStatusCreateInProgress {
		return engine.Waiting("CloudFormation is creating " + aws.ToString(st.StackName))
	}
	return engine.Waiting("CloudFormation: " + aws.ToString(st.StackName) + " is " + string(st.StackStatus))
}

// stands tells whether a stack is complete.
func stands(st *types.Stack) bool {
	return slices.Contains([]types.StackStatus{types.StackStatusCreateComplete, types.StackStatusUpdateComplete,
		types.StackStatusUpdateRollbackComplete, types.StackStatusImportComplete, types.StackStatusImportRollbackComplete}, st.StackStatus)
}

func inProgress(st *types.Stack) bool {
	return strings.HasSuffix(string(st.StackStatus), "_IN_PROGRESS")
}

func (s *Stack) create(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	body, err := s.Template.body(ctx, e)
	if err != nil {
		return engine.Result{}, err
	}
	in := &cloudformation.CreateStackInput{StackName: &s.Name, TemplateBody: &body, OnFailure: types.OnFailureDoNothing, EnableTerminationProtection: new(true),
		Capabilities: capabilities, ClientRequestToken: e.token(s.Name, body)}
	for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: new(k), Value: new(s.Tags[k])})
	}
	out, err := e.AWS.CFN.CreateStack(ctx, in)
	if pace.Done(err) {
		return engine.Waiting("a stack " + s.Name + " appeared a moment ago; looking whose it is")
	}
	if err != nil {
		return engine.Result{}, fmt.Errorf("creating stack %s: %w", s.Name, err)
	}
	m.Stack = aws.ToString(out.StackId)
	m.Attempt++
	if s.Started {
		return engine.Result{State: engine.Done, Reason: "CloudFormation has it", Changed: true}, nil
	}
	return engine.Started("CloudFormation is creating " + s.Name)
}

// capabilities: the templates make IAM roles, some of them by name.
var capabilities = []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityNamedIam}

// complete makes what was made early whole. A failed update is left as it is, to be
// looked at.
func (s *Stack) complete(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	body, err := s.Template.body(ctx, e)
	if err != nil {
		return engine.Result{}, err
	}
	out, err := e.AWS.CFN.UpdateStack(ctx, &cloudformation.UpdateStackInput{StackName: &s.Name, TemplateBody: &body, DisableRollback: new(true),
		Capabilities: capabilities, ClientRequestToken: e.token("complete", s.Name, body, fmt.Sprint(m.Attempt))})
	if err != nil {
		return engine.Result{}, fmt.Errorf("completing stack %s: %w", s.Name, err)
	}
	m.Phase, m.Stack = updating, aws.ToString(out.StackId)
	m.Attempt++
	return engine.Started("CloudFormation is completing " + s.Name)
}

// mine refuses a stack that somebody else made meanwhile from something else. One
// that holds the same is this step's own, whose answer was lost, or as good; half: it
// holds what could be made early of a node group, and waits for its update.
func (s *Stack) mine(ctx context.Context, e *Env) (half bool, err error) {
	have, err := e.AWS.CFN.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &s.Name})
	if err != nil {
		return false, fmt.Errorf("reading the template of stack %s: %w", s.Name, err)
	}
	body, err := s.Template.body(ctx, e)
	if err != nil {
		return false, err
	}
	switch there, g := aws.ToString(have.TemplateBody), s.Template.Group; {
	case stack.Same(there, body):
		return false, nil
	case g == nil || !stack.Ours(there):
	case g.Early && stack.Completed(there):
		return false, nil // a later step's work is done already
	case !g.Early && !stack.Completed(there):
		return true, nil
	}
	return false, fmt.Errorf("another run, or another tool, has made the stack %s meanwhile, and not from what this plan wants. "+
		"Wait until that one has ended, then run again: what differs is then followed, or named", s.Name)
}

// failure words a failed stack by the first resource that failed in it.
func failure(ctx context.Context, e *Env, st *types.Stack, group string) error {
	first, logical := FirstFailure(ctx, e.AWS, aws.ToString(st.StackId))
	msg := fmt.Sprintf("the stack %s is %s", aws.ToString(st.StackName), st.StackStatus)
	if first != "" {
		msg += ": " + first
	}
	if group != "" && logical != "" {
		if more := explainGroup(ctx, e, group); more != "" {
			msg += "; " + more
		}
	}
	return fmt.Errorf("%s. It is left standing to be looked at; the next run offers to delete and re-create it", msg)
}

// FirstFailure is the reason of the first resource that failed in a stack: the
// later ones are mostly its consequences.
func FirstFailure(ctx context.Context, c *awsc.Clients, stack string) (reason, logicalID string) {
	failed(ctx, c, stack, func(e types.StackEvent) bool {
		reason, logicalID = wordFailure(e), aws.ToString(e.LogicalResourceId)
		return true // newest first: the last one kept is the first failure
	})
	return reason, logicalID
}

// lastFailure is the reason of the newest failure, which is that of a stack's last
// update.
func lastFailure(ctx context.Context, c *awsc.Clients, stack string) (reason string) {
	failed(ctx, c, stack, func(e types.StackEvent) bool {
		reason = wordFailure(e)
		return false
	})
	return reason
}

func wordFailure(e types.StackEvent) string {
	return fmt.Sprintf("%s (%s): %s", aws.ToString(e.LogicalResourceId), aws.ToString(e.ResourceType), aws.ToString(e.ResourceStatusReason))
}

// failed calls keep for each resource that failed in a stack, newest first, for as
// long as it says to go on.
func failed(ctx context.Context, c *awsc.Clients, stack string, keep func(types.StackEvent) bool) {
	p := cloudformation.NewDescribeStackEventsPaginator(c.CFN, &cloudformation.DescribeStackEventsInput{StackName: &stack})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return
		}
		for _, e := range out.StackEvents {
			if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") && aws.ToString(e.LogicalResourceId) != aws.ToString(e.StackName) && !keep(e) {
				return
			}
		}
	}
}

// describeStack reads a stack by name; nil when there is none.
func describeStack(ctx context.Context, c *awsc.Clients, name string) (*types.Stack, error) {
	out, err := c.CFN.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if awsc.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing stack %s: %w", name, err)
	}
	if len(out.Stacks) == 0 || out.Stacks[0].StackStatus == types.StackStatusDeleteComplete {
		return nil, nil
	}
	return &out.Stacks[0], nil
}
