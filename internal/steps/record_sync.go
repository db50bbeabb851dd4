package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// RecordSync brings a stack's record to what is live: its template as stored, with an edit,
// as a change set that is looked at before it is executed. Tags, parameters and role stay
// the stack's own: another tag would spread to every resource, and touch those that are
// gone (facts/repair.md §1.1). A set that touches a resource which the edit does not name is
// deleted, and nothing is done. With Edit.Import it takes in resources that exist, which is
// a set of its own kind: it may change neither outputs nor anything that the stack has.
type RecordSync struct {
	Stack string     `json:"stack"`
	Edit  stack.Edit `json:"edit"`
}

// Phases of a RecordSync beside updating.
const (
	touching = "touching" // an outputs-only set was refused: a resource's metadata is touched
	executed = "executed" // the set was executed, and the stack may not say so yet
)

// Run looks, makes the set, looks at it, executes it, and polls the stack.
func (s *RecordSync) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	st, err := describeStack(ctx, e.AWS, s.Stack)
	switch {
	case err != nil:
		return engine.Result{}, err
	case st == nil:
		return engine.Result{}, fmt.Errorf("the stack %s is gone: there is no record to bring up to date", s.Stack)
	case inProgress(st):
		return engine.Waiting("CloudFormation: " + s.Stack + " is " + string(st.StackStatus))
	case !stands(st):
		return engine.Result{}, fmt.Errorf("the stack %s is %s, in which CloudFormation takes no update", s.Stack, st.StackStatus)
	}
	body, wanted, err := s.body(ctx, e, m)
	if err != nil {
		return engine.Result{}, err
	}
	if wanted && s.recorded(st) {
		return engine.Finished("the record is as the cluster is")
	}
	if m.Phase == executed && (st.StackStatus == types.StackStatusUpdateRollbackComplete || st.StackStatus == types.StackStatusImportRollbackComplete) {
		return engine.Result{}, fmt.Errorf("the update of stack %s was rolled back: %s. The record is what it was", s.Stack,
			lastFailure(ctx, e.AWS, aws.ToString(st.StackId)))
	}
	return s.changeSet(ctx, e, m, st, body)
}

// body is the template that is wanted, and whether the stored one says the same.
func (s *RecordSync) body(ctx context.Context, e *Env, m *Memo) (body string, same bool, err error) {
	have, err := e.AWS.CFN.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &s.Stack})
	if err != nil {
		return "", false, fmt.Errorf("reading the template of stack %s: %w", s.Stack, err)
	}
	stored := aws.ToString(have.TemplateBody)
	edit := s.Edit
	if body, err = edit.Apply(stored); err != nil {
		return "", false, fmt.Errorf("stack %s: %w", s.Stack, err)
	}
	if same = stack.Alike(stored, body); !same && m.Phase == touching && edit.Touch == "" {
		edit.Touch = s.digest("")
		body, err = edit.Apply(stored)
	}
	return body, same, err
}

// recorded tells whether the stack's outputs are what is wanted.
func (s *RecordSync) recorded(st *types.Stack) bool {
	have := map[string]string{}
	for _, o := range st.Outputs {
		have[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	for k, v := range s.Edit.Outputs {
		if have[k] != v {
			return false
		}
	}
	return !slices.ContainsFunc(s.Edit.Drop, func(k string) bool { _, there := have[k]; return there })
}

// digest names the edit, so that a run that goes on finds its own set.
func (s *RecordSync) digest(phase string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // texts, lists and maps of them
	}
	h := sha256.Sum256(append(b, phase...))
	return hex.EncodeToString(h[:])[:16]
}

// changeSet finds the step's own set, or makes it, and goes on with it.
func (s *RecordSync) changeSet(ctx context.Context, e *Env, m *Memo, st *types.Stack, body string) (engine.Result, error) {
	name := "slipway-sync-" + s.digest(m.Phase)
	if m.Phase == executed {
		name = "slipway-sync-" + s.digest("")
	}
	set, changes, err := describeSet(ctx, e.AWS, s.Stack, name)
	switch {
	case err != nil:
		return engine.Result{}, err
	case set == nil && m.Phase == executed:
		return engine.Waiting("CloudFormation takes up the update of " + s.Stack)
	case set == nil:
		return s.create(ctx, e, m, st, name, body)
	case set.Status == types.ChangeSetStatusCreatePending || set.Status == types.ChangeSetStatusCreateInProgress:
		return engine.Waiting("CloudFormation works out what would change")
	case set.Status == types.ChangeSetStatusFailed:
		return s.failed(ctx, e, m, set)
	case set.ExecutionStatus == types.ExecutionStatusExecuteInProgress, set.ExecutionStatus == types.ExecutionStatusExecuteComplete && m.Phase == executed:
		return engine.Waiting("CloudFormation takes up the update of " + s.Stack)
	case set.Status != types.ChangeSetStatusCreateComplete || set.ExecutionStatus != types.ExecutionStatusAvailable:
		if err := deleteSet(ctx, e.AWS, set); err != nil { // the stack has changed since it was made
			return engine.Result{}, err
		}
		m.Phase = ""
		return engine.Waiting("the change set is " + string(set.ExecutionStatus) + ": another is made")
	}
	if bad := s.unwanted(changes, m.Phase == touching || s.Edit.Touch != ""); len(bad) > 0 {
		if err := deleteSet(ctx, e.AWS, set); err != nil {
			return engine.Result{}, err
		}
		return engine.Result{}, fmt.Errorf("the change set of stack %s would touch what it must not: %s. It was deleted, and nothing was changed",
			s.Stack, strings.Join(bad, "; "))
	}
	if _, err := e.AWS.CFN.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{ChangeSetName: set.ChangeSetId,
		ClientRequestToken: e.token("sync", aws.ToString(set.ChangeSetId))}); err != nil {
		return engine.Result{}, fmt.Errorf("executing the change set of stack %s: %w", s.Stack, err)
	}
	m.Phase = executed
	m.Attempt++
	return engine.Started("CloudFormation is updating the outputs of " + s.Stack)
}

func (s *RecordSync) create(ctx context.Context, e *Env, m *Memo, st *types.Stack, name, body string) (engine.Result, error) {
	kind := types.ChangeSetTypeUpdate
	if len(s.Edit.Import) > 0 {
		kind = types.ChangeSetTypeImport
	}
	in := &cloudformation.CreateChangeSetInput{StackName: &s.Stack, ChangeSetName: &name, ChangeSetType: kind, TemplateBody: &body,
		Tags: st.Tags, RoleARN: st.RoleARN, NotificationARNs: st.NotificationARNs, Capabilities: capabilities,
		Description: new("slipway sync: the outputs as the live cluster is")}
	for _, id := range slices.Sorted(maps.Keys(s.Edit.Import)) {
		x := s.Edit.Import[id]
		in.ResourcesToImport = append(in.ResourcesToImport, types.ResourceToImport{LogicalResourceId: &id, ResourceType: &x.Type, ResourceIdentifier: x.Identifier})
	}
	for _, p := range st.Parameters {
		in.Parameters = append(in.Parameters, types.Parameter{ParameterKey: p.ParameterKey, UsePreviousValue: new(true)})
	}
	if _, err := e.AWS.CFN.CreateChangeSet(ctx, in); err != nil && !pace.Done(err) {
		return engine.Result{}, fmt.Errorf("making a change set of stack %s: %w", s.Stack, err)
	}
	m.Attempt++
	return engine.Started("CloudFormation works out what would change")
}

// failed is a set that came to nothing: where AWS sees no change in outputs alone, a
// resource's metadata is touched.
func (s *RecordSync) failed(ctx context.Context, e *Env, m *Memo, set *cloudformation.DescribeChangeSetOutput) (engine.Result, error) {
	reason := aws.ToString(set.StatusReason)
	if err := deleteSet(ctx, e.AWS, set); err != nil {
		return engine.Result{}, err
	}
	if pace.Unchanged(reason) && m.Phase != touching {
		m.Phase = touching
		return engine.Waiting("CloudFormation takes no change of outputs alone: the metadata of a resource is touched, too")
	}
	return engine.Result{}, fmt.Errorf("CloudFormation refuses the change set of stack %s: %s. Nothing was changed", s.Stack, reason)
}

// unwanted are the changes of a set that the edit does not name, in words.
func (s *RecordSync) unwanted(changes []types.Change, touch bool) []string {
	var out []string
	for _, c := range changes {
		r := c.ResourceChange
		if r == nil {
			continue
		}
		id := aws.ToString(r.LogicalResourceId)
		kept := r.Replacement != types.ReplacementTrue && r.Replacement != types.ReplacementConditional
		switch {
		case r.Action == types.ChangeActionImport && s.Edit.Import[id].Type != "":
		case r.Action == types.ChangeActionRemove && slices.Contains(s.Edit.Gone, id):
		case r.Action == types.ChangeActionModify && id == "ControlPlane" && len(s.Edit.Subnets) > 0 && kept:
		case r.Action == types.ChangeActionModify && touch && kept && slices.Equal(r.Scope, []types.ResourceAttribute{types.ResourceAttributeMetadata}):
		default:
			out = append(out, fmt.Sprintf("%s %s (%s)", r.Action, id, aws.ToString(r.ResourceType)))
		}
	}
	return out
}

// describeSet reads a change set whole; nil: there is none of that name.
func describeSet(ctx context.Context, c *awsc.Clients, stackName, name string) (
	set *cloudformation.DescribeChangeSetOutput, changes []types.Change, err error,
) {
	pages := cloudformation.NewDescribeChangeSetPaginator(c.CFN, &cloudformation.DescribeChangeSetInput{StackName: &stackName, ChangeSetName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if awsc.NotFound(err) {
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("looking at the change set %s of stack %s: %w", name, stackName, err)
		}
		set, changes = page, append(changes, page.Changes...)
	}
	return set, changes, nil
}

func deleteSet(ctx context.Context, c *awsc.Clients, set *cloudformation.DescribeChangeSetOutput) error {
	if _, err := c.CFN.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{ChangeSetName: set.ChangeSetId}); err != nil {
		return fmt.Errorf("deleting the change set %s: %w", aws.ToString(set.ChangeSetName), err)
	}
	return nil
}
