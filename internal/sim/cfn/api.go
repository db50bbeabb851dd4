package cfn

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Register adds the operations.
func (c *CFN) Register(s *wire.Service) {
	// The words are an assumption; the code is the API reference's.
	s.Idempotent("ClientRequestToken", &c.tokens, func(token string) error {
		return wire.Errorf("TokenAlreadyExistsException", "ClientRequestToken %s was used by an operation with other parameters", token)
	})
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
	wire.Handle(s, "RollbackStack", c.RollbackStack)
	wire.Handle(s, "UpdateTerminationProtection", c.UpdateTerminationProtection)
	wire.Handle(s, "ListExports", c.ListExports)
	wire.Handle(s, "ListImports", c.ListImports)
	wire.Handle(s, "ValidateTemplate", c.ValidateTemplate)
	wire.Handle(s, "CreateChangeSet", c.CreateChangeSet)
	wire.Handle(s, "DescribeChangeSet", c.DescribeChangeSet)
	wire.Handle(s, "ExecuteChangeSet", c.ExecuteChangeSet)
	wire.Handle(s, "DeleteChangeSet", c.DeleteChangeSet)
	wire.Handle(s, "ListChangeSets", c.ListChangeSets)
	wire.Handle(s, "SetStackPolicy", c.SetStackPolicy)
	wire.Handle(s, "GetStackPolicy", c.GetStackPolicy)
	wire.Handle(s, "DetectStackDrift", c.DetectStackDrift)
	wire.Handle(s, "DetectStackResourceDrift", c.DetectStackResourceDrift)
	wire.Handle(s, "DescribeStackDriftDetectionStatus", c.DescribeStackDriftDetectionStatus)
	wire.Handle(s, "DescribeStackResourceDrifts", c.DescribeStackResourceDrifts)
	wire.Handle(s, "GetTemplateSummary", c.GetTemplateSummary)
	wire.Handle(s, "CancelUpdateStack", c.CancelUpdateStack)
	wire.Handle(s, "ContinueUpdateRollback", c.ContinueUpdateRollback)
}

// paramsOf reads parameters; previous is the stack's, for UsePreviousValue.
func paramsOf(in []sdk.Parameter, previous map[string]string) map[string]string {
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
func capabilities(t *template) ([]sdk.Capability, *string) {
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
		return []sdk.Capability{sdk.CapabilityCapabilityNamedIam}, &why
	}
	return []sdk.Capability{sdk.CapabilityCapabilityIam}, &why
}

// needsCapability is what AWS asks for before it makes IAM resources.
func needsCapability(t *template, caps []sdk.Capability) error {
	need, _ := capabilities(t)
	if len(need) == 0 || slices.Contains(caps, sdk.CapabilityCapabilityNamedIam) || slices.Contains(caps, need[0]) {
		return nil
	}
	return wire.Errorf("InsufficientCapabilitiesException", "Requires capabilities : [%s]", need[0])
}

// fits refuses a template body, a stack's name or tags outside CloudFormation's quotas.
func fits(name, body *string, tags []sdk.Tag) error {
	if n := len(aws.ToString(body)); n > maxBodyBytes {
		return validation("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: " +
			"Member must have length less than or equal to 51200")
	}
	if name != nil && !stackNameRE.MatchString(*name) {
		return validation("1 validation error detected: Value '%s' at 'stackName' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*", *name)
	}
	if len(tags) > maxTags {
		return validation("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50")
	}
	for _, t := range tags {
		if strings.HasPrefix(aws.ToString(t.Key), "aws:") {
			return validation("Invalid tag key. aws: prefixed tag key names are not allowed for external use.")
		}
	}
	return nil
}

// actsAs refuses a role that CloudFormation cannot assume for the stack.
func (c *CFN) actsAs(role *string) error {
	if role != nil && !c.env.IAM.Assumable(*role, "cloudformation.amazonaws.com") {
		return validation("Role %s is invalid or cannot be assumed", *role)
	}
	return nil
}

// acting is the role of a call on the stack: the one given, or the stack's own, which
// CloudFormation assumes for every later operation.
func (s *stack) acting(given *string) *string {
	if given == nil && s != nil && s.Role != "" {
		return &s.Role
	}
	return given
}

// CreateStack starts a stack; the same client token is the same call.
func (c *CFN) CreateStack(by *wire.Caller, in *cloudformation.CreateStackInput) (*cloudformation.CreateStackOutput, error) {
	name := aws.ToString(in.StackName)
	if err := fits(&name, in.TemplateBody, in.Tags); err != nil {
		return nil, err
	}
	if s := c.find(name); s != nil {
		if by.Before() == s.ID {
			return &cloudformation.CreateStackOutput{StackId: new(s.ID)}, nil
		}
		return nil, wire.Errorf("AlreadyExistsException", "Stack [%s] already exists", name)
	}
	if err := c.actsAs(in.RoleARN); err != nil {
		return nil, err
	}
	if err := policies(in.StackPolicyURL, in.StackPolicyBody); err != nil {
		return nil, err
	}
	s, err := c.add(by, name, aws.ToString(in.TemplateBody), paramsOf(in.Parameters, nil), in.Tags)
	if err != nil {
		return nil, err
	}
	if err := needsCapability(s.d.t, in.Capabilities); err != nil {
		c.drop(s)
		return nil, err
	}
	by.Note(s.ID)
	s.Caps, s.OnFailure = in.Capabilities, in.OnFailure
	s.Policy = aws.ToString(in.StackPolicyBody)
	s.Protected, s.Role = aws.ToBool(in.EnableTerminationProtection), aws.ToString(in.RoleARN)
	if aws.ToBool(in.DisableRollback) {
		s.OnFailure = sdk.OnFailureDoNothing
	}
	s.create()
	return &cloudformation.CreateStackOutput{StackId: new(s.ID)}, nil
}

// must finds a stack or answers as CloudFormation does.
func (c *CFN) must(n *string) (*stack, error) {
	if s := c.find(aws.ToString(n)); s != nil {
		return s, nil
	}
	return nil, validation("Stack with id %s does not exist", aws.ToString(n))
}

// UpdateStack applies a new template.
func (c *CFN) UpdateStack(by *wire.Caller, in *cloudformation.UpdateStackInput) (*cloudformation.UpdateStackOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	if err := s.updatable(); err != nil {
		return nil, err
	}
	if err := fits(nil, in.TemplateBody, in.Tags); err != nil {
		return nil, err
	}
	if err := c.actsAs(s.acting(in.RoleARN)); err != nil {
		return nil, err
	}
	if err := policies(in.StackPolicyURL, in.StackPolicyBody); err != nil {
		return nil, err
	}
	if err := policies(in.StackPolicyDuringUpdateURL, in.StackPolicyDuringUpdateBody); err != nil {
		return nil, err
	}
	body := aws.ToString(in.TemplateBody)
	if aws.ToBool(in.UsePreviousTemplate) {
		body = s.Body
	}
	caps := in.Capabilities
	params := paramsOf(in.Parameters, s.Params)
	if err := c.exportsKept(s, body, params, caps); err != nil {
		return nil, err
	}
	if err := s.update(body, params, in.Tags); err != nil {
		return nil, err
	}
	s.Pause = aws.ToBool(in.DisableRollback)
	s.Policy, s.During = cmp.Or(aws.ToString(in.StackPolicyBody), s.Policy), aws.ToString(in.StackPolicyDuringUpdateBody)
	s.calledBy(by)
	if in.RoleARN != nil {
		s.Role = *in.RoleARN
	}
	return &cloudformation.UpdateStackOutput{StackId: new(s.ID)}, nil
}

func (s *stack) updatable() error {
	if s.paused() {
		return nil
	}
	if !strings.HasSuffix(string(s.Status), "_COMPLETE") || s.Status == sdk.StackStatusRollbackComplete || s.Status == sdk.StackStatusDeleteComplete {
		return validation("Stack:%s is in %s state and can not be updated.", s.ID, s.Status)
	}
	return nil
}

// exportsKept refuses a template that drops an export in use, or that asks for
// capabilities which are not given.
func (c *CFN) exportsKept(s *stack, body string, params map[string]string, caps []sdk.Capability) error {
	d, err := deploy(body, params, s.pseudo())
	if err != nil {
		return validation("%s", err)
	}
	if err := needsCapability(d.t, caps); err != nil {
		return err
	}
	kept := map[string]bool{}
	probe := *s
	probe.d, probe.Imports = d, map[string]bool{}
	for _, o := range d.t.Outputs {
		if o.Export == nil || o.Condition != "" && !d.conditions[o.Condition] {
			continue
		}
		if n, err := probe.eval(o.Export); err == nil {
			name, _ := scalarText(n)
			kept[name] = true
		}
	}
	for _, n := range sorted(s.Exports) {
		if by := c.users(n); !kept[n] && len(by) > 0 {
			return validation("Export %s cannot be deleted as it is in use by %s", n, strings.Join(by, " and "))
		}
	}
	return nil
}

// DeleteStack starts a deletion; an absent stack is no error, as in AWS.
func (c *CFN) DeleteStack(by *wire.Caller, in *cloudformation.DeleteStackInput) (*cloudformation.DeleteStackOutput, error) {
	s := c.find(aws.ToString(in.StackName))
	switch {
	case s == nil || s.Status == sdk.StackStatusDeleteComplete || s.Status == sdk.StackStatusDeleteInProgress:
		return &cloudformation.DeleteStackOutput{}, nil
	case s.Protected:
		return nil, validation("Stack [%s] cannot be deleted while TerminationProtection is enabled", s.Name)
	case len(in.RetainResources) > 0 && s.Status != sdk.StackStatusDeleteFailed:
		return nil, validation("Invalid operation on stack [%s]. RetainResources can only be specified for a stack in DELETE_FAILED", s.Name)
	case s.Was != nil && !s.paused():
		return nil, validation("Stack [%s] cannot be deleted while in status %s", s.ID, s.Status)
	}
	if err := c.actsAs(s.acting(in.RoleARN)); err != nil {
		return nil, err
	}
	if err := s.remove(in.RetainResources); err != nil {
		return nil, err
	}
	s.calledBy(by)
	if in.RoleARN != nil {
		s.Role = *in.RoleARN
	}
	return &cloudformation.DeleteStackOutput{}, nil
}

// UpdateTerminationProtection turns it on or off.
func (c *CFN) UpdateTerminationProtection(_ *wire.Caller, in *cloudformation.UpdateTerminationProtectionInput) (
	*cloudformation.UpdateTerminationProtectionOutput, error) {
	s, err := c.must(in.StackName)
	if err != nil {
		return nil, err
	}
	s.Protected = aws.ToBool(in.EnableTerminationProtection)
	return &cloudformation.UpdateTerminationProtectionOutput{StackId: new(s.ID)}, nil
}
