package cfn

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// change is a change set.
type change struct {
	ARN, Name string
	Stack     string // its ID
	Body      string
	Params    map[string]string
	Tags      []sdk.Tag
	Role      string
	Create    bool
	Import    []sdk.ResourceToImport `json:",omitempty"` // of a set that imports
	Status    sdk.ChangeSetStatus
	Reason    string
	Changes   []sdk.Change
	Executed  bool
	Obsolete  bool `json:",omitempty"` // the stack has changed since
	Born      time.Time
}

// CreateChangeSet computes what a template would change.
func (c *CFN) CreateChangeSet(by *wire.Caller, in *cloudformation.CreateChangeSetInput) (*cloudformation.CreateChangeSetOutput, error) {
	if err := fits(nil, in.TemplateBody, in.Tags); err != nil {
		return nil, err
	}
	name := aws.ToString(in.ChangeSetName)
	if !stackNameRE.MatchString(name) {
		return nil, validation("1 validation error detected: Value '%s' at 'changeSetName' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*", name)
	}
	if err := c.actsAs(c.find(aws.ToString(in.StackName)).acting(in.RoleARN)); err != nil {
		return nil, err
	}
	ch := &change{Name: name, Body: aws.ToString(in.TemplateBody), Tags: in.Tags, Role: aws.ToString(in.RoleARN),
		Status: sdk.ChangeSetStatusCreatePending, Create: in.ChangeSetType == sdk.ChangeSetTypeCreate, Born: c.w.Date()}
	if in.ChangeSetType == sdk.ChangeSetTypeImport {
		if ch.Import = in.ResourcesToImport; len(ch.Import) == 0 {
			return nil, validation("ResourcesToImport must be specified for a change set of type IMPORT")
		}
		ch.Create = c.find(aws.ToString(in.StackName)) == nil // a stack of what is imported
	}
	s, err := c.changed(by, ch, in)
	if err != nil {
		return nil, err
	}
	ch.Stack = s.ID
	e := c.env.EC2
	ch.ARN = fmt.Sprintf("arn:%s:cloudformation:%s:%s:changeSet/%s/%s", e.Partition, e.Region, e.Account, name, c.w.UUID("changeset", s.ID, name))
	c.sets.Put(ch.ARN, ch)
	c.w.Schedule(2*time.Second, changeEvent, ch.ARN, nil)
	return &cloudformation.CreateChangeSetOutput{Id: new(ch.ARN), StackId: new(s.ID)}, nil
}

// changed is the stack of a new change set: one that stands, or an empty new one.
func (c *CFN) changed(by *wire.Caller, ch *change, in *cloudformation.CreateChangeSetInput) (*stack, error) {
	s := c.find(aws.ToString(in.StackName))
	if s != nil {
		if old, _ := c.changeSet(new(s.ID), new(ch.Name)); old != nil {
			return nil, wire.Errorf("AlreadyExistsException", "ChangeSet %s already exists for stack %s", ch.Name, s.ID)
		}
	}
	if ch.Create {
		if s != nil && s.Status != sdk.StackStatusReviewInProgress {
			return nil, validation("Stack [%s] already exists and cannot be created again with the changeSet [%s].", s.Name, ch.Name)
		}
		if err := fits(new(aws.ToString(in.StackName)), nil, nil); err != nil {
			return nil, err
		}
		ch.Params = paramsOf(in.Parameters, nil)
		if s != nil {
			return s, nil
		}
		s, err := c.add(by, aws.ToString(in.StackName), ch.Body, ch.Params, in.Tags)
		if err != nil {
			return nil, err
		}
		if err := needsCapability(s.d.t, in.Capabilities); err != nil {
			c.drop(s)
			return nil, err
		}
		s.Caps = in.Capabilities
		s.setStatus(sdk.StackStatusReviewInProgress, "User Initiated")
		return s, nil
	}
	if s == nil {
		return nil, validation("Stack [%s] does not exist", aws.ToString(in.StackName))
	}
	if err := s.updatable(); err != nil {
		return nil, err
	}
	ch.Params = paramsOf(in.Parameters, s.Params)
	if aws.ToBool(in.UsePreviousTemplate) {
		ch.Body = s.Body
	}
	return s, c.exportsKept(s, ch.Body, ch.Params, in.Capabilities)
}

// compute works out what a change set changes.
func (c *CFN) compute(ch *change) {
	s := c.stacks.Get(ch.Stack)
	if s == nil {
		return
	}
	d, err := deploy(ch.Body, ch.Params, s.pseudo())
	if err == nil && ch.Import != nil {
		err = s.importable(ch, d)
	}
	if err != nil {
		ch.Status, ch.Reason = sdk.ChangeSetStatusFailed, err.Error()
		return
	}
	if ch.Import != nil {
		ch.imports()
		return
	}
	ch.Changes = s.differences(d, ch)
	same := len(ch.Changes) == 0 && d.sameAs(s.d) && (ch.Tags == nil || sameTags(ch.Tags, s.Tags))
	if same && !ch.Create {
		ch.Status = sdk.ChangeSetStatusFailed
		ch.Reason = "The submitted information didn't contain changes. Submit different information to create a change set."
		return
	}
	ch.Status = sdk.ChangeSetStatusCreateComplete
}

// imports are the changes of a set that imports.
func (ch *change) imports() {
	for _, r := range ch.Import {
		ch.Changes = append(ch.Changes, sdk.Change{Type: sdk.ChangeTypeResource, ResourceChange: &sdk.ResourceChange{Action: sdk.ChangeActionImport,
			LogicalResourceId: r.LogicalResourceId, ResourceType: r.ResourceType}})
	}
	ch.Status = sdk.ChangeSetStatusCreateComplete
}

// differences are the changes of a set: additions and modifications first, then removals.
func (s *stack) differences(d *deployment, ch *change) []sdk.Change {
	var out []sdk.Change
	add := func(v *sdk.ResourceChange) {
		if r := s.Res[*v.LogicalResourceId]; r != nil && r.Phys != "" {
			v.PhysicalResourceId = new(r.Phys)
		}
		out = append(out, sdk.Change{Type: sdk.ChangeTypeResource, ResourceChange: v})
	}
	tags := ch.Tags
	if tags == nil {
		tags = s.Tags
	}
	moving, seen := map[string]bool{}, map[string]*modification{}
	for again := true; again; { // a replacement makes those that refer to it change, too
		again = false
		for _, n := range d.made {
			r := s.Res[n]
			switch {
			case ch.Create || r == nil:
				again, moving[n] = again || !moving[n], true
			default:
				seen[n] = s.modified(d, r, tags, moving)
				if m := seen[n]; m != nil && m.replacement != sdk.ReplacementFalse && !moving[n] {
					again, moving[n] = true, true
				}
			}
		}
	}
	for _, n := range d.made {
		typ := d.t.Resources[n].Type
		if m := seen[n]; m != nil {
			add(&sdk.ResourceChange{Action: sdk.ChangeActionModify, LogicalResourceId: new(n), ResourceType: &typ, Scope: m.scope, Details: m.details,
				Replacement: m.replacement})
		} else if ch.Create || s.Res[n] == nil {
			add(&sdk.ResourceChange{Action: sdk.ChangeActionAdd, LogicalResourceId: new(n), ResourceType: &typ})
		}
	}
	if ch.Create {
		return out
	}
	for _, n := range sorted(s.Res) {
		if !slices.Contains(d.made, n) {
			v := &sdk.ResourceChange{Action: sdk.ChangeActionRemove, LogicalResourceId: new(n), ResourceType: new(s.Res[n].Type)}
			if v.PolicyAction = sdk.PolicyActionDelete; s.Res[n].Retain {
				v.PolicyAction = sdk.PolicyActionRetain
			}
			add(v)
		}
	}
	return out
}

// alone deletes the other change sets of a stack, as the execution of one does.
func (c *CFN) alone(ch *change) {
	for _, x := range c.sets.All() {
		if x.Stack == ch.Stack && x != ch {
			c.sets.Delete(x.ARN)
		}
	}
}

// outdate marks the change sets that a change of their stack leaves behind.
func (c *CFN) outdate(s *stack) {
	for _, ch := range c.sets.All() {
		if ch.Stack == s.ID && !ch.Executed {
			ch.Obsolete = true
		}
	}
}

// changeSet finds a change set by ARN, or by name within a stack.
func (c *CFN) changeSet(stackName, name *string) (*change, error) {
	n := aws.ToString(name)
	if ch := c.sets.Get(n); ch != nil {
		return ch, nil
	}
	if s := c.find(aws.ToString(stackName)); s != nil {
		if ch := c.sets.Find(func(ch *change) bool { return ch.Name == n && ch.Stack == s.ID }); ch != nil {
			return ch, nil
		}
	}
	return nil, wire.Errorf("ChangeSetNotFound", "ChangeSet [%s] does not exist", n).With(404)
}

// DescribeChangeSet reads a change set.
func (c *CFN) DescribeChangeSet(_ *wire.Caller, in *cloudformation.DescribeChangeSetInput) (*cloudformation.DescribeChangeSetOutput, error) {
	ch, err := c.changeSet(in.StackName, in.ChangeSetName)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.DescribeChangeSetOutput{ChangeSetId: new(ch.ARN), ChangeSetName: new(ch.Name), StackId: new(ch.Stack), Status: ch.Status,
		Changes: append([]sdk.Change{}, ch.Changes...), ExecutionStatus: ch.execution(), CreationTime: new(ch.Born)}
	if s := c.stacks.Get(ch.Stack); s != nil {
		out.StackName = new(s.Name)
	}
	if ch.Reason != "" {
		out.StatusReason = new(ch.Reason)
	}
	return out, nil
}

func (ch *change) execution() sdk.ExecutionStatus {
	switch {
	case ch.Executed:
		return sdk.ExecutionStatusExecuteComplete
	case ch.Obsolete:
		return sdk.ExecutionStatusObsolete
	case ch.Status == sdk.ChangeSetStatusCreateComplete:
		return sdk.ExecutionStatusAvailable
	}
	return sdk.ExecutionStatusUnavailable
}

// ExecuteChangeSet applies it.
func (c *CFN) ExecuteChangeSet(by *wire.Caller, in *cloudformation.ExecuteChangeSetInput) (*cloudformation.ExecuteChangeSetOutput, error) {
	ch, err := c.changeSet(in.StackName, in.ChangeSetName)
	if err != nil {
		return nil, err
	}
	s := c.stacks.Get(ch.Stack)
	if s == nil || ch.execution() != sdk.ExecutionStatusAvailable {
		return nil, wire.Errorf("InvalidChangeSetStatus", "ChangeSet [%s] cannot be executed in its current execution status of [%s]", ch.ARN, ch.execution())
	}
	if ch.Create && s.Status != sdk.StackStatusReviewInProgress {
		return nil, validation("Stack [%s] already exists and cannot be created again with the changeSet [%s].", s.Name, ch.Name)
	}
	if err := c.actsAs(s.acting(nil)); err != nil && ch.Role == "" {
		return nil, err
	}
	s.calledBy(by)
	if ch.Role != "" {
		s.Role = ch.Role
	}
	if ch.Import != nil {
		d, err := deploy(ch.Body, ch.Params, s.pseudo())
		if err != nil {
			return nil, validation("%s", err)
		}
		c.alone(ch)
		ch.Executed = true
		s.adopt(ch, d)
		return &cloudformation.ExecuteChangeSetOutput{}, nil
	}
	if !ch.Create {
		if err := s.updatable(); err != nil {
			return nil, err
		}
		c.alone(ch)
		ch.Executed, s.Pause, s.During = true, aws.ToBool(in.DisableRollback), ""
		return &cloudformation.ExecuteChangeSetOutput{}, s.update(ch.Body, ch.Params, ch.Tags)
	}
	if s.d, err = deploy(ch.Body, ch.Params, s.pseudo()); err != nil {
		return nil, validation("%s", err)
	}
	c.alone(ch)
	ch.Executed, s.Body, s.Params, s.Tags = true, ch.Body, ch.Params, ch.Tags
	s.create()
	return &cloudformation.ExecuteChangeSetOutput{}, nil
}

// DeleteChangeSet removes it.
func (c *CFN) DeleteChangeSet(_ *wire.Caller, in *cloudformation.DeleteChangeSetInput) (*cloudformation.DeleteChangeSetOutput, error) {
	if ch, err := c.changeSet(in.StackName, in.ChangeSetName); err == nil {
		c.sets.Delete(ch.ARN)
	}
	return &cloudformation.DeleteChangeSetOutput{}, nil
}

// ListChangeSets lists the change sets of a stack, newest first.
func (c *CFN) ListChangeSets(_ *wire.Caller, in *cloudformation.ListChangeSetsInput) (*cloudformation.ListChangeSetsOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.ListChangeSetsOutput{Summaries: []sdk.ChangeSetSummary{}}
	for _, ch := range slices.Backward(c.sets.All()) {
		if ch.Stack != s.ID {
			continue
		}
		v := sdk.ChangeSetSummary{ChangeSetId: new(ch.ARN), ChangeSetName: new(ch.Name), StackId: new(s.ID), StackName: new(s.Name), Status: ch.Status,
			ExecutionStatus: ch.execution(), CreationTime: new(ch.Born)}
		if ch.Reason != "" {
			v.StatusReason = new(ch.Reason)
		}
		out.Summaries = append(out.Summaries, v)
	}
	return out, nil
}
