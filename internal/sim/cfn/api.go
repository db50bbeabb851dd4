package cfn

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type change struct {
	arn, name string
	s         *stack
	body      string
	params    map[string]string
	tags      []types.Tag
	create    bool
	status    types.ChangeSetStatus
	reason    string
	changes   []types.Change
	executed  bool
}

// Register adds the operations.
func (c *CFN) Register(s *wire.Service) {
	wire.Handle(s, "CreateStack", c.CreateStack)
	wire.Handle(s, "UpdateStack", c.UpdateStack)
	wire.Handle(s, "DeleteStack", c.DeleteStack)
	wire.Handle(s, "DescribeStacks", c.DescribeStacks)
	wire.Handle(s, "ListStacks", c.ListStacks)
	wire.Handle(s, "DescribeStackEvents", c.DescribeStackEvents)
	wire.Handle(s, "DescribeStackResources", c.DescribeStackResources)
	wire.Handle(s, "DescribeStackResource", c.DescribeStackResource)
	wire.Handle(s, "ListStackResources", c.ListStackResources)
	wire.Handle(s, "GetTemplate", c.GetTemplate)
	wire.Handle(s, "UpdateTerminationProtection", c.UpdateTerminationProtection)
	wire.Handle(s, "ListExports", c.ListExports)
	wire.Handle(s, "ListImports", c.ListImports)
	wire.Handle(s, "ValidateTemplate", c.ValidateTemplate)
	wire.Handle(s, "CreateChangeSet", c.CreateChangeSet)
	wire.Handle(s, "DescribeChangeSet", c.DescribeChangeSet)
	wire.Handle(s, "ExecuteChangeSet", c.ExecuteChangeSet)
	wire.Handle(s, "DeleteChangeSet", c.DeleteChangeSet)
}

// paramsOf reads parameters; previous is the stack's, for UsePreviousValue.
func paramsOf(in []types.Parameter, previous map[string]string) map[string]string {
	out := map[string]string{}
	for _, p := range in {
		k := aws.ToString(p.ParameterKey)
		if v, ok := previous[k]; ok && aws.ToBool(p.UsePreviousValue) {
			out[k] = v
		} else if !aws.ToBool(p.UsePreviousValue) {
			out[k] = aws.ToString(p.ParameterValue)
		}
	}
	return out
}

// capabilities are what a template's IAM resources ask for, and why.
func capabilities(t *template) ([]types.Capability, *string) {
	named, found := false, []string{}
	for _, n := range sorted(t.Resources) {
		r := t.Resources[n]
		if !strings.HasPrefix(r.Type, "AWS::IAM::") {
			continue
		}
		if !slices.Contains(found, r.Type) {
			found = append(found, r.Type)
		}
		for _, k := range []string{"RoleName", "InstanceProfileName", "ManagedPolicyName", "UserName", "GroupName"} {
			named = named || r.Props[k] != nil
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	slices.Sort(found)
	why := "The following resource(s) require capabilities: [" + strings.Join(found, ", ") + "]"
	if named {
		return []types.Capability{types.CapabilityCapabilityNamedIam}, &why
	}
	return []types.Capability{types.CapabilityCapabilityIam}, &why
}

// needsCapability is what AWS asks for before it makes IAM resources.
func needsCapability(t *template, caps []types.Capability) error {
	need, _ := capabilities(t)
	if len(need) == 0 || slices.Contains(caps, types.CapabilityCapabilityNamedIam) || slices.Contains(caps, need[0]) {
		return nil
	}
	return wire.Errorf("InsufficientCapabilitiesException", "Requires capabilities : [%s]", need[0])
}

// CreateStack starts a stack; the same client token is the same call.
func (c *CFN) CreateStack(_ *wire.Caller, in *cloudformation.CreateStackInput) (*cloudformation.CreateStackOutput, error) {
	name := aws.ToString(in.StackName)
	if !stackNameRE.MatchString(name) {
		return nil, validation("1 validation error detected: Value '%s' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*", name)
	}
	if s := c.find(name); s != nil {
		if in.ClientRequestToken != nil && s.token == *in.ClientRequestToken {
			return &cloudformation.CreateStackOutput{StackId: new(s.id)}, nil
		}
		return nil, wire.Errorf("AlreadyExistsException", "Stack [%s] already exists", name)
	}
	if err := fits(in.TemplateBody); err != nil {
		return nil, err
	}
	s, err := c.begin(name, aws.ToString(in.TemplateBody), paramsOf(in.Parameters, nil), in.Tags)
	if err != nil {
		return nil, err
	}
	if err := needsCapability(s.d.t, in.Capabilities); err != nil {
		c.stacks.Delete(s.id)
		return nil, err
	}
	s.token, s.caps, s.onFailure, s.protected = aws.ToString(in.ClientRequestToken), in.Capabilities, in.OnFailure, aws.ToBool(in.EnableTerminationProtection)
	if aws.ToBool(in.DisableRollback) {
		s.onFailure = types.OnFailureDoNothing
	}
	s.create()
	return &cloudformation.CreateStackOutput{StackId: new(s.id)}, nil
}

// fits refuses a template body over CloudFormation's 51,200 bytes.
func fits(body *string) error {
	if n := len(aws.ToString(body)); n > 51200 {
		return validation("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200")
	}
	return nil
}

// must finds a stack or answers as CloudFormation does.
func (c *CFN) must(n *string) (*stack, error) {
	if s := c.find(aws.ToString(n)); s != nil {
		return s, nil
	}
	return nil, validation("Stack with id %s does not exist", aws.ToString(n))
}

// UpdateStack applies a new template.
func (c *CFN) UpdateStack(_ *wire.Caller, in *cloudformation.UpdateStackInput) (*cloudformation.UpdateStackOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(string(s.status), "_COMPLETE") || s.status == types.StackStatusRollbackComplete {
		return nil, validation("Stack:%s is in %s state and can not be updated.", s.id, s.status)
	}
	if err := fits(in.TemplateBody); err != nil {
		return nil, err
	}
	body := aws.ToString(in.TemplateBody)
	if aws.ToBool(in.UsePreviousTemplate) {
		body = s.body
	}
	params := paramsOf(in.Parameters, s.params)
	if err := c.exportsKept(s, body, params); err != nil {
		return nil, err
	}
	if err := s.update(body, params, in.Tags); err != nil {
		return nil, err
	}
	return &cloudformation.UpdateStackOutput{StackId: new(s.id)}, nil
}

// exportsKept refuses a template that drops an export in use.
func (c *CFN) exportsKept(s *stack, body string, params map[string]string) error {
	d, err := deploy(body, params, s.pseudo())
	if err != nil {
		return validation("%s", err)
	}
	kept := map[string]bool{}
	probe := *s
	probe.d, probe.imports = d, map[string]bool{}
	for _, o := range d.t.Outputs {
		if n, err := probe.eval(o.Export); err == nil && o.Export != nil {
			kept[fmt.Sprint(n)] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(s.exports)) {
		if by := c.importers(n); !kept[n] && len(by) > 0 {
			return validation("Export %s cannot be deleted as it is in use by %s", n, strings.Join(by, " and "))
		}
	}
	return nil
}

// DeleteStack starts a deletion; an absent stack is no error, as in AWS.
func (c *CFN) DeleteStack(_ *wire.Caller, in *cloudformation.DeleteStackInput) (*cloudformation.DeleteStackOutput, error) {
	s := c.find(aws.ToString(in.StackName))
	switch {
	case s == nil || s.status == types.StackStatusDeleteComplete || s.status == types.StackStatusDeleteInProgress:
		return &cloudformation.DeleteStackOutput{}, nil
	case s.protected:
		return nil, validation("Stack [%s] cannot be deleted while TerminationProtection is enabled", s.name)
	case len(in.RetainResources) > 0 && s.status != types.StackStatusDeleteFailed:
		return nil, validation("Invalid operation on stack [%s]. RetainResources can only be specified for a stack in DELETE_FAILED", s.name)
	}
	s.failed = true // nothing more is started
	return &cloudformation.DeleteStackOutput{}, s.remove(in.RetainResources)
}

func (s *stack) view() types.Stack {
	v := types.Stack{StackId: new(s.id), StackName: new(s.name), StackStatus: s.status, CreationTime: new(s.born), LastUpdatedTime: s.updated, DeletionTime: s.deleted, Outputs: s.outputs, Tags: s.tags, Capabilities: s.caps, EnableTerminationProtection: new(s.protected), DisableRollback: new(s.onFailure == types.OnFailureDoNothing)}
	if s.reason != "" {
		v.StackStatusReason = new(s.reason)
	}
	for _, k := range slices.Sorted(maps.Keys(s.params)) {
		v.Parameters = append(v.Parameters, types.Parameter{ParameterKey: new(k), ParameterValue: new(s.params[k])})
	}
	return v
}

// DescribeStacks reads one stack, or all that are not deleted.
func (c *CFN) DescribeStacks(_ *wire.Caller, in *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
	out := &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{}}
	if in.StackName != nil {
		s, err := c.must(in.StackName)
		if err != nil {
			return nil, err
		}
		out.Stacks = append(out.Stacks, s.view())
		return out, nil
	}
	for _, s := range c.stacks.All() {
		if s.status != types.StackStatusDeleteComplete {
			out.Stacks = append(out.Stacks, s.view())
		}
	}
	return out, nil
}

// ListStacks lists summaries, deleted stacks too unless filtered.
func (c *CFN) ListStacks(_ *wire.Caller, in *cloudformation.ListStacksInput) (*cloudformation.ListStacksOutput, error) {
	out := &cloudformation.ListStacksOutput{StackSummaries: []types.StackSummary{}}
	for _, s := range c.stacks.All() {
		if len(in.StackStatusFilter) == 0 || slices.Contains(in.StackStatusFilter, s.status) {
			out.StackSummaries = append(out.StackSummaries, types.StackSummary{StackId: new(s.id), StackName: new(s.name), StackStatus: s.status, CreationTime: new(s.born), DeletionTime: s.deleted})
		}
	}
	return out, nil
}

// DescribeStackEvents lists events, newest first.
func (c *CFN) DescribeStackEvents(_ *wire.Caller, in *cloudformation.DescribeStackEventsInput) (*cloudformation.DescribeStackEventsOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, validation("Stack [%s] does not exist", aws.ToString(in.StackName))
	}
	return &cloudformation.DescribeStackEventsOutput{StackEvents: append([]types.StackEvent{}, s.events...)}, nil
}

// DescribeStackResources lists resources.
func (c *CFN) DescribeStackResources(_ *wire.Caller, in *cloudformation.DescribeStackResourcesInput) (*cloudformation.DescribeStackResourcesOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.DescribeStackResourcesOutput{StackResources: []types.StackResource{}}
	for _, n := range slices.Sorted(maps.Keys(s.res)) {
		r := s.res[n]
		if r.status == "" || in.LogicalResourceId != nil && *in.LogicalResourceId != n {
			continue
		}
		v := types.StackResource{StackId: new(s.id), StackName: new(s.name), LogicalResourceId: new(n), PhysicalResourceId: new(r.phys), ResourceType: new(r.typ), ResourceStatus: r.status, Timestamp: new(r.at)}
		if r.reason != "" {
			v.ResourceStatusReason = new(r.reason)
		}
		out.StackResources = append(out.StackResources, v)
	}
	return out, nil
}

// DescribeStackResource reads one resource.
func (c *CFN) DescribeStackResource(_ *wire.Caller, in *cloudformation.DescribeStackResourceInput) (*cloudformation.DescribeStackResourceOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	r := s.res[aws.ToString(in.LogicalResourceId)]
	if r == nil {
		return nil, validation("Resource %s does not exist for stack %s", aws.ToString(in.LogicalResourceId), s.name)
	}
	return &cloudformation.DescribeStackResourceOutput{StackResourceDetail: &types.StackResourceDetail{StackName: new(s.name), LogicalResourceId: new(r.logical), PhysicalResourceId: new(r.phys), ResourceType: new(r.typ), ResourceStatus: r.status, LastUpdatedTimestamp: new(r.at)}}, nil
}

// ListStackResources lists summaries.
func (c *CFN) ListStackResources(_ *wire.Caller, in *cloudformation.ListStackResourcesInput) (*cloudformation.ListStackResourcesOutput, error) {
	d, err := c.DescribeStackResources(nil, &cloudformation.DescribeStackResourcesInput{StackName: in.StackName})
	if err != nil {
		return nil, err
	}
	out := &cloudformation.ListStackResourcesOutput{StackResourceSummaries: []types.StackResourceSummary{}}
	for _, r := range d.StackResources {
		out.StackResourceSummaries = append(out.StackResourceSummaries, types.StackResourceSummary{LogicalResourceId: r.LogicalResourceId, PhysicalResourceId: r.PhysicalResourceId, ResourceType: r.ResourceType, ResourceStatus: r.ResourceStatus, LastUpdatedTimestamp: r.Timestamp, ResourceStatusReason: r.ResourceStatusReason})
	}
	return out, nil
}

// GetTemplate returns the body as it was sent.
func (c *CFN) GetTemplate(_ *wire.Caller, in *cloudformation.GetTemplateInput) (*cloudformation.GetTemplateOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	return &cloudformation.GetTemplateOutput{TemplateBody: new(s.body), StagesAvailable: []types.TemplateStage{types.TemplateStageOriginal, types.TemplateStageProcessed}}, nil
}

// UpdateTerminationProtection turns it on or off.
func (c *CFN) UpdateTerminationProtection(_ *wire.Caller, in *cloudformation.UpdateTerminationProtectionInput) (*cloudformation.UpdateTerminationProtectionOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	s.protected = aws.ToBool(in.EnableTerminationProtection)
	return &cloudformation.UpdateTerminationProtectionOutput{StackId: new(s.id)}, nil
}

// ListExports lists the region's exports.
func (c *CFN) ListExports(_ *wire.Caller, _ *cloudformation.ListExportsInput) (*cloudformation.ListExportsOutput, error) {
	out := &cloudformation.ListExportsOutput{Exports: []types.Export{}}
	for _, s := range c.stacks.All() {
		for _, n := range slices.Sorted(maps.Keys(s.exports)) {
			out.Exports = append(out.Exports, types.Export{Name: new(n), Value: new(s.exports[n]), ExportingStackId: new(s.id)})
		}
	}
	return out, nil
}

// ListImports lists the stacks that use an export.
func (c *CFN) ListImports(_ *wire.Caller, in *cloudformation.ListImportsInput) (*cloudformation.ListImportsOutput, error) {
	by := c.importers(aws.ToString(in.ExportName))
	if len(by) == 0 {
		return nil, validation("Export '%s' is not imported by any stack.", aws.ToString(in.ExportName))
	}
	return &cloudformation.ListImportsOutput{Imports: by}, nil
}

// ValidateTemplate parses a template, and says what it declares.
func (c *CFN) ValidateTemplate(_ *wire.Caller, in *cloudformation.ValidateTemplateInput) (*cloudformation.ValidateTemplateOutput, error) {
	if err := fits(in.TemplateBody); err != nil {
		return nil, err
	}
	t, err := parse(aws.ToString(in.TemplateBody))
	if err != nil {
		return nil, validation("%s", err)
	}
	out := &cloudformation.ValidateTemplateOutput{Parameters: []types.TemplateParameter{}}
	if t.Description != "" {
		out.Description = new(t.Description)
	}
	for _, n := range sorted(t.Parameters) {
		p := t.Parameters[n]
		v := types.TemplateParameter{ParameterKey: new(n), DefaultValue: p.Default, NoEcho: new(p.NoEcho)}
		if p.Description != "" {
			v.Description = new(p.Description)
		}
		out.Parameters = append(out.Parameters, v)
	}
	out.Capabilities, out.CapabilitiesReason = capabilities(t)
	return out, nil
}

// CreateChangeSet computes what a template would change.
func (c *CFN) CreateChangeSet(_ *wire.Caller, in *cloudformation.CreateChangeSetInput) (*cloudformation.CreateChangeSetOutput, error) {
	if err := fits(in.TemplateBody); err != nil {
		return nil, err
	}
	ch := &change{name: aws.ToString(in.ChangeSetName), body: aws.ToString(in.TemplateBody), params: paramsOf(in.Parameters, nil), tags: in.Tags, status: types.ChangeSetStatusCreatePending}
	if in.ChangeSetType == types.ChangeSetTypeCreate {
		s, err := c.begin(aws.ToString(in.StackName), ch.body, ch.params, in.Tags)
		if err != nil {
			return nil, err
		}
		if err := needsCapability(s.d.t, in.Capabilities); err != nil {
			c.stacks.Delete(s.id)
			return nil, err
		}
		s.status, s.caps = types.StackStatusReviewInProgress, in.Capabilities
		ch.create, ch.s = true, s
	} else {
		s, err := c.must(in.StackName)
		if err != nil {
			return nil, err
		}
		ch.params = paramsOf(in.Parameters, s.params)
		if aws.ToBool(in.UsePreviousTemplate) {
			ch.body = s.body
		}
		if err := c.exportsKept(s, ch.body, ch.params); err != nil {
			return nil, err
		}
		ch.s = s
	}
	ch.arn = fmt.Sprintf("arn:%s:cloudformation:%s:%s:changeSet/%s/%s", c.env.EC2.Partition, c.env.EC2.Region, c.env.EC2.Account, ch.name, c.w.UUID("changeset"))
	c.sets.Put(ch.arn, ch)
	c.w.After(2*time.Second, func() { ch.compute() })
	return &cloudformation.CreateChangeSetOutput{Id: new(ch.arn), StackId: new(ch.s.id)}, nil
}

func (ch *change) compute() {
	d, err := deploy(ch.body, ch.params, ch.s.pseudo())
	if err != nil {
		ch.status, ch.reason = types.ChangeSetStatusFailed, err.Error()
		return
	}
	t := d.t
	add := func(n, typ string, a types.ChangeAction) {
		ch.changes = append(ch.changes, types.Change{Type: types.ChangeTypeResource, ResourceChange: &types.ResourceChange{Action: a, LogicalResourceId: new(n), ResourceType: new(typ)}})
	}
	for _, n := range slices.Sorted(maps.Keys(t.Resources)) {
		switch old := ch.s.d.t.Resources[n]; {
		case ch.create || old == nil:
			add(n, t.Resources[n].Type, types.ChangeActionAdd)
		case !reflect.DeepEqual(old.Props, t.Resources[n].Props):
			add(n, old.Type, types.ChangeActionModify)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(ch.s.d.t.Resources)) {
		if t.Resources[n] == nil {
			add(n, ch.s.d.t.Resources[n].Type, types.ChangeActionRemove)
		}
	}
	same := len(ch.changes) == 0 && reflect.DeepEqual(t.Outputs, ch.s.d.t.Outputs) && (ch.tags == nil || sameTags(ch.tags, ch.s.tags))
	if same && !ch.create {
		ch.status, ch.reason = types.ChangeSetStatusFailed, "The submitted information didn't contain changes. Submit different information to create a change set."
		return
	}
	ch.status = types.ChangeSetStatusCreateComplete
}

func (c *CFN) changeSet(stackName, name *string) (*change, error) {
	n := aws.ToString(name)
	for _, ch := range c.sets.All() {
		if ch.arn == n || ch.name == n && (stackName == nil || ch.s.name == *stackName || ch.s.id == *stackName) {
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
	out := &cloudformation.DescribeChangeSetOutput{ChangeSetId: new(ch.arn), ChangeSetName: new(ch.name), StackId: new(ch.s.id), StackName: new(ch.s.name), Status: ch.status, Changes: ch.changes, ExecutionStatus: types.ExecutionStatusAvailable}
	if ch.reason != "" {
		out.StatusReason, out.ExecutionStatus = new(ch.reason), types.ExecutionStatusUnavailable
	}
	return out, nil
}

// ExecuteChangeSet applies it.
func (c *CFN) ExecuteChangeSet(_ *wire.Caller, in *cloudformation.ExecuteChangeSetInput) (*cloudformation.ExecuteChangeSetOutput, error) {
	ch, err := c.changeSet(in.StackName, in.ChangeSetName)
	if err != nil {
		return nil, err
	}
	if ch.status != types.ChangeSetStatusCreateComplete || ch.executed {
		return nil, wire.Errorf("InvalidChangeSetStatus", "ChangeSet [%s] cannot be executed in its current status of [%s]", ch.arn, ch.status)
	}
	ch.executed = true
	if ch.create {
		ch.s.create()
		return &cloudformation.ExecuteChangeSetOutput{}, nil
	}
	return &cloudformation.ExecuteChangeSetOutput{}, ch.s.update(ch.body, ch.params, ch.tags)
}

// DeleteChangeSet removes it.
func (c *CFN) DeleteChangeSet(_ *wire.Caller, in *cloudformation.DeleteChangeSetInput) (*cloudformation.DeleteChangeSetOutput, error) {
	if ch, err := c.changeSet(in.StackName, in.ChangeSetName); err == nil {
		c.sets.Delete(ch.arn)
	}
	return &cloudformation.DeleteChangeSetOutput{}, nil
}
