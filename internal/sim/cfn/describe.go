package cfn

import (
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (s *stack) view() sdk.Stack {
	v := sdk.Stack{StackId: new(s.ID), StackName: new(s.Name), StackStatus: s.Status, CreationTime: new(s.Born), LastUpdatedTime: s.Updated,
		DeletionTime: s.Deleted, Outputs: s.Outputs, Tags: s.Tags, Capabilities: s.Caps, EnableTerminationProtection: new(s.Protected),
		DisableRollback: new(s.OnFailure == sdk.OnFailureDoNothing)}
	v.DriftInformation = &sdk.StackDriftInformation{StackDriftStatus: sdk.StackDriftStatusNotChecked, LastCheckTimestamp: s.DriftAt}
	if s.Drift != "" {
		v.DriftInformation.StackDriftStatus = s.Drift
	}
	if s.Reason != "" {
		v.StackStatusReason = new(s.Reason)
	}
	if s.Role != "" {
		v.RoleARN = new(s.Role)
	}
	if s.d.t.Description != "" {
		v.Description = new(s.d.t.Description)
	}
	for _, k := range sorted(s.d.params) {
		value := s.d.params[k]
		if s.d.t.Parameters[k].NoEcho {
			value = "****"
		}
		v.Parameters = append(v.Parameters, sdk.Parameter{ParameterKey: new(k), ParameterValue: &value})
	}
	return v
}

// DescribeStacks reads one stack, or all that are not deleted.
func (c *CFN) DescribeStacks(_ *wire.Caller, in *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
	out := &cloudformation.DescribeStacksOutput{Stacks: []sdk.Stack{}}
	if in.StackName != nil {
		s, err := c.must(in.StackName)
		if err != nil {
			return nil, err
		}
		out.Stacks = append(out.Stacks, s.view())
		return out, nil
	}
	for _, s := range c.stacks.All() {
		if s.Status != sdk.StackStatusDeleteComplete {
			out.Stacks = append(out.Stacks, s.view())
		}
	}
	return out, nil
}

// ListStacks lists summaries, newest first, deleted stacks too unless filtered.
func (c *CFN) ListStacks(_ *wire.Caller, in *cloudformation.ListStacksInput) (*cloudformation.ListStacksOutput, error) {
	out := &cloudformation.ListStacksOutput{StackSummaries: []sdk.StackSummary{}}
	for _, s := range slices.Backward(c.stacks.All()) {
		if len(in.StackStatusFilter) > 0 && !slices.Contains(in.StackStatusFilter, s.Status) {
			continue
		}
		v := sdk.StackSummary{StackId: new(s.ID), StackName: new(s.Name), StackStatus: s.Status, CreationTime: new(s.Born),
			LastUpdatedTime: s.Updated, DeletionTime: s.Deleted}
		if s.Reason != "" {
			v.StackStatusReason = new(s.Reason)
		}
		out.StackSummaries = append(out.StackSummaries, v)
	}
	return out, nil
}

// DescribeStackEvents lists events, newest first.
func (c *CFN) DescribeStackEvents(_ *wire.Caller, in *cloudformation.DescribeStackEventsInput) (*cloudformation.DescribeStackEventsOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, validation("Stack [%s] does not exist", aws.ToString(in.StackName))
	}
	out := &cloudformation.DescribeStackEventsOutput{StackEvents: []sdk.StackEvent{}}
	for _, e := range slices.Backward(s.Events) {
		out.StackEvents = append(out.StackEvents, e)
	}
	return out, nil
}

// DescribeStackResources lists resources.
func (c *CFN) DescribeStackResources(_ *wire.Caller, in *cloudformation.DescribeStackResourcesInput) (*cloudformation.DescribeStackResourcesOutput, error) {
	if in.StackName == nil && in.PhysicalResourceId != nil {
		of, err := c.stackOf(*in.PhysicalResourceId)
		if err != nil {
			return nil, err
		}
		in = &cloudformation.DescribeStackResourcesInput{StackName: new(of.ID), LogicalResourceId: in.LogicalResourceId}
	}
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.DescribeStackResourcesOutput{StackResources: []sdk.StackResource{}}
	for _, n := range sorted(s.Res) {
		r := s.Res[n]
		if r.Status == "" || in.LogicalResourceId != nil && *in.LogicalResourceId != n {
			continue
		}
		v := sdk.StackResource{StackId: new(s.ID), StackName: new(s.Name), LogicalResourceId: new(n), PhysicalResourceId: new(r.Phys),
			ResourceType: new(r.Type), ResourceStatus: r.Status, Timestamp: new(r.At)}
		if r.Reason != "" {
			v.ResourceStatusReason = new(r.Reason)
		}
		out.StackResources = append(out.StackResources, v)
	}
	return out, nil
}

// stackOf is the stack that a resource is in.
func (c *CFN) stackOf(phys string) (*stack, error) {
	for _, s := range c.stacks.All() {
		for _, n := range sorted(s.Res) {
			if r := s.Res[n]; r.Phys == phys && !r.Gone {
				return s, nil
			}
		}
	}
	return nil, validation("Stack for %s does not exist", phys)
}

// DescribeStackResource reads one resource.
func (c *CFN) DescribeStackResource(_ *wire.Caller, in *cloudformation.DescribeStackResourceInput) (*cloudformation.DescribeStackResourceOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	r := s.Res[aws.ToString(in.LogicalResourceId)]
	if r == nil {
		return nil, validation("Resource %s does not exist for stack %s", aws.ToString(in.LogicalResourceId), s.Name)
	}
	return &cloudformation.DescribeStackResourceOutput{StackResourceDetail: &sdk.StackResourceDetail{StackId: new(s.ID), StackName: new(s.Name),
		LogicalResourceId: new(r.Logical), PhysicalResourceId: new(r.Phys), ResourceType: new(r.Type), ResourceStatus: r.Status,
		LastUpdatedTimestamp: new(r.At)}}, nil
}

// ListStackResources lists summaries.
func (c *CFN) ListStackResources(_ *wire.Caller, in *cloudformation.ListStackResourcesInput) (*cloudformation.ListStackResourcesOutput, error) {
	d, err := c.DescribeStackResources(nil, &cloudformation.DescribeStackResourcesInput{StackName: in.StackName})
	if err != nil {
		return nil, err
	}
	out := &cloudformation.ListStackResourcesOutput{StackResourceSummaries: []sdk.StackResourceSummary{}}
	for _, r := range d.StackResources {
		out.StackResourceSummaries = append(out.StackResourceSummaries, sdk.StackResourceSummary{LogicalResourceId: r.LogicalResourceId,
			PhysicalResourceId: r.PhysicalResourceId, ResourceType: r.ResourceType, ResourceStatus: r.ResourceStatus,
			LastUpdatedTimestamp: r.Timestamp, ResourceStatusReason: r.ResourceStatusReason})
	}
	return out, nil
}

// GetTemplate returns the body as it was sent, but that characters outside ASCII come back
// as question marks, as CloudFormation stores them.
func (c *CFN) GetTemplate(_ *wire.Caller, in *cloudformation.GetTemplateInput) (*cloudformation.GetTemplateOutput, error) {
	stages := []sdk.TemplateStage{sdk.TemplateStageOriginal, sdk.TemplateStageProcessed}
	if in.ChangeSetName != nil {
		ch, err := c.changeSet(in.StackName, in.ChangeSetName)
		if err != nil {
			return nil, err
		}
		return &cloudformation.GetTemplateOutput{TemplateBody: new(ascii(ch.Body)), StagesAvailable: stages}, nil
	}
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	return &cloudformation.GetTemplateOutput{TemplateBody: new(ascii(s.Body)), StagesAvailable: stages}, nil
}

func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '?'
		}
		return r
	}, text)
}

// ListExports lists the region's exports.
func (c *CFN) ListExports(_ *wire.Caller, _ *cloudformation.ListExportsInput) (*cloudformation.ListExportsOutput, error) {
	out := &cloudformation.ListExportsOutput{Exports: []sdk.Export{}}
	for _, s := range c.stacks.All() {
		for _, n := range sorted(s.Exports) {
			out.Exports = append(out.Exports, sdk.Export{Name: new(n), Value: new(s.Exports[n]), ExportingStackId: new(s.ID)})
		}
	}
	return out, nil
}

// ListImports lists the stacks that use an export.
func (c *CFN) ListImports(_ *wire.Caller, in *cloudformation.ListImportsInput) (*cloudformation.ListImportsOutput, error) {
	by := c.users(aws.ToString(in.ExportName))
	if len(by) == 0 {
		return nil, validation("Export '%s' is not imported by any stack.", aws.ToString(in.ExportName))
	}
	return &cloudformation.ListImportsOutput{Imports: by}, nil
}

// ValidateTemplate parses a template, and says what it declares.
func (c *CFN) ValidateTemplate(_ *wire.Caller, in *cloudformation.ValidateTemplateInput) (*cloudformation.ValidateTemplateOutput, error) {
	if err := fits(nil, in.TemplateBody, nil); err != nil {
		return nil, err
	}
	t, err := parse(aws.ToString(in.TemplateBody))
	if err != nil {
		return nil, validation("%s", err)
	}
	out := &cloudformation.ValidateTemplateOutput{Parameters: []sdk.TemplateParameter{}}
	if t.Description != "" {
		out.Description = new(t.Description)
	}
	for _, n := range sorted(t.Parameters) {
		p := t.Parameters[n]
		v := sdk.TemplateParameter{ParameterKey: new(n), DefaultValue: p.Default, NoEcho: new(p.NoEcho)}
		if p.Description != "" {
			v.Description = new(p.Description)
		}
		out.Parameters = append(out.Parameters, v)
	}
	out.Capabilities, out.CapabilitiesReason = capabilities(t)
	return out, nil
}
