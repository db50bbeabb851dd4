package events

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type (
	// PutRuleInput is a rule.
	PutRuleInput struct {
		Name, EventPattern, ScheduleExpression, State, Description, RoleArn, EventBusName *string
		Tags                                                                              []Tag
	}
	// PutRuleOutput is its ARN.
	PutRuleOutput struct{ RuleArn *string }
	// DescribeRuleInput names a rule.
	DescribeRuleInput struct{ Name, EventBusName *string }
	// DescribeRuleOutput is the rule.
	DescribeRuleOutput struct{ Name, Arn, EventPattern, State, Description, RoleArn, EventBusName, CreatedBy *string }
	// ListRulesInput asks for rules by prefix.
	ListRulesInput struct {
		NamePrefix, EventBusName, NextToken *string
		Limit                               *int32
	}
	// ListRulesOutput are the rules.
	ListRulesOutput struct {
		Rules     []Rule
		NextToken *string
	}
	// DeleteRuleInput names a rule.
	DeleteRuleInput struct {
		Name, EventBusName *string
		Force              bool
	}
	// DeleteRuleOutput is empty.
	DeleteRuleOutput struct{}
	// EnableRuleInput names a rule.
	EnableRuleInput struct{ Name, EventBusName *string }
	// EnableRuleOutput is empty.
	EnableRuleOutput struct{}
	// DisableRuleInput names a rule.
	DisableRuleInput struct{ Name, EventBusName *string }
	// DisableRuleOutput is empty.
	DisableRuleOutput struct{}
	// TagResourceInput are tags to add.
	TagResourceInput struct {
		ResourceARN *string
		Tags        []Tag
	}
	// TagResourceOutput is empty.
	TagResourceOutput struct{}
	// UntagResourceInput are tags to take away.
	UntagResourceInput struct {
		ResourceARN *string
		TagKeys     []string
	}
	// UntagResourceOutput is empty.
	UntagResourceOutput struct{}
	// ListTagsForResourceInput names a rule by ARN.
	ListTagsForResourceInput struct{ ResourceARN *string }
	// ListTagsForResourceOutput are its tags.
	ListTagsForResourceOutput struct{ Tags []Tag }
	// PutEventsInput are events.
	PutEventsInput struct{ Entries []PutEventsEntry }
	// PutEventsEntry is a user's event.
	PutEventsEntry struct {
		Time                                     *time.Time
		Source, DetailType, Detail, EventBusName *string
		Resources                                []string
	}
	// PutEventsOutput is what became of them.
	PutEventsOutput struct {
		FailedEntryCount int32
		Entries          []PutEventsResult
	}
	// PutEventsResult is what became of one.
	PutEventsResult struct{ EventId, ErrorCode, ErrorMessage *string }
	// TestEventPatternInput is a pattern and an event.
	TestEventPatternInput struct{ EventPattern, Event *string }
	// TestEventPatternOutput tells whether they match.
	TestEventPatternOutput struct{ Result bool }
)

func (e *Events) registerRules(s *wire.Service) {
	wire.Handle(s, "PutRule", e.PutRule)
	wire.Handle(s, "DescribeRule", e.DescribeRule)
	wire.Handle(s, "ListRules", e.ListRules)
	wire.Handle(s, "DeleteRule", e.DeleteRule)
	wire.Handle(s, "EnableRule", e.EnableRule)
	wire.Handle(s, "DisableRule", e.DisableRule)
	wire.Handle(s, "TagResource", e.TagResource)
	wire.Handle(s, "UntagResource", e.UntagResource)
	wire.Handle(s, "ListTagsForResource", e.ListTagsForResource)
}

// PutRule makes a rule, or changes all of one but its tags.
func (e *Events) PutRule(_ *wire.Caller, in *PutRuleInput) (*PutRuleOutput, error) {
	name, state := aws.ToString(in.Name), aws.ToString(in.State)
	if err := e.onBus(in.EventBusName); err != nil {
		return nil, err
	}
	switch {
	case !nameRE.MatchString(name):
		return nil, invalid("1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: "+
			`Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`, name)
	case in.ScheduleExpression != nil:
		return nil, invalid("The simulated region has rules with event patterns alone, and none with schedules.")
	case in.EventPattern == nil:
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if _, err := parse(*in.EventPattern); err != nil {
		return nil, err
	}
	if state == "" {
		state = "ENABLED"
	}
	r := e.rules.Get(name)
	if r == nil {
		r = e.rules.Put(name, &rule{Tags: in.Tags})
	}
	r.Rule = Rule{Name: new(name), Arn: new(e.arn("rule/" + name)), EventPattern: in.EventPattern, State: new(state), Description: in.Description,
		RoleArn: in.RoleArn, EventBusName: new(bus)}
	return &PutRuleOutput{r.Arn}, nil
}

// DescribeRule reads a rule.
func (e *Events) DescribeRule(_ *wire.Caller, in *DescribeRuleInput) (*DescribeRuleOutput, error) {
	r, err := e.rule(in.Name, in.EventBusName)
	if err != nil {
		return nil, err
	}
	return &DescribeRuleOutput{r.Name, r.Arn, r.EventPattern, r.State, r.Description, r.RoleArn, r.EventBusName, new(e.Account)}, nil
}

// ListRules lists rules by prefix of their name.
func (e *Events) ListRules(_ *wire.Caller, in *ListRulesInput) (*ListRulesOutput, error) {
	if err := e.onBus(in.EventBusName); err != nil {
		return nil, err
	}
	out := &ListRulesOutput{Rules: []Rule{}}
	for _, r := range e.rules.All() {
		if strings.HasPrefix(*r.Name, aws.ToString(in.NamePrefix)) {
			out.Rules = append(out.Rules, r.Rule)
		}
	}
	return out, nil
}

// DeleteRule removes a rule without targets; one that is not there is no error.
func (e *Events) DeleteRule(_ *wire.Caller, in *DeleteRuleInput) (*DeleteRuleOutput, error) {
	if err := e.onBus(in.EventBusName); err != nil {
		return nil, err
	}
	if r := e.rules.Get(aws.ToString(in.Name)); r != nil && len(r.Targets) > 0 {
		return nil, invalid("Rule can't be deleted since it has targets.")
	}
	e.rules.Delete(aws.ToString(in.Name))
	return &DeleteRuleOutput{}, nil
}

// EnableRule lets a rule act.
func (e *Events) EnableRule(_ *wire.Caller, in *EnableRuleInput) (*EnableRuleOutput, error) {
	r, err := e.rule(in.Name, in.EventBusName)
	if err != nil {
		return nil, err
	}
	r.State = new("ENABLED")
	return &EnableRuleOutput{}, nil
}

// DisableRule keeps a rule from acting.
func (e *Events) DisableRule(_ *wire.Caller, in *DisableRuleInput) (*DisableRuleOutput, error) {
	r, err := e.rule(in.Name, in.EventBusName)
	if err != nil {
		return nil, err
	}
	r.State = new("DISABLED")
	return &DisableRuleOutput{}, nil
}

// tagged is a rule by its ARN.
func (e *Events) tagged(arn *string) (*rule, error) {
	name, ours := strings.CutPrefix(aws.ToString(arn), e.arn("rule/"))
	if r := e.rules.Get(name); ours && r != nil {
		return r, nil
	}
	return nil, notFound("Rule %s does not exist on EventBus default.", name)
}

const maxTags = 50

// TagResource tags a rule.
func (e *Events) TagResource(_ *wire.Caller, in *TagResourceInput) (*TagResourceOutput, error) {
	r, err := e.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(r.Tags)
	for _, t := range in.Tags {
		all = append(without(all, []string{aws.ToString(t.Key)}), t)
	}
	if len(all) > maxTags {
		return nil, wire.Errorf("LimitExceededException", "The maximum number of tags is %d.", maxTags)
	}
	r.Tags = all
	return &TagResourceOutput{}, nil
}

func without(tags []Tag, keys []string) []Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t Tag) bool { return slices.Contains(keys, aws.ToString(t.Key)) })
}

// UntagResource takes tags away.
func (e *Events) UntagResource(_ *wire.Caller, in *UntagResourceInput) (*UntagResourceOutput, error) {
	r, err := e.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	r.Tags = without(r.Tags, in.TagKeys)
	return &UntagResourceOutput{}, nil
}

// ListTagsForResource lists a rule's tags.
func (e *Events) ListTagsForResource(_ *wire.Caller, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	r, err := e.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &ListTagsForResourceOutput{append([]Tag{}, r.Tags...)}, nil
}

// PutEvents takes users' events, each by itself.
func (e *Events) PutEvents(_ *wire.Caller, in *PutEventsInput) (*PutEventsOutput, error) {
	out := &PutEventsOutput{}
	fail := func(code, message string) {
		out.FailedEntryCount++
		out.Entries = append(out.Entries, PutEventsResult{ErrorCode: &code, ErrorMessage: &message})
	}
	for _, x := range in.Entries {
		var detail map[string]any
		at := e.w.Date()
		if x.Time != nil {
			at = x.Time.UTC()
		}
		switch {
		case x.Source == nil:
			fail("InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument.")
		case strings.HasPrefix(*x.Source, "aws."):
			fail("NotAuthorizedForSourceException", "Not authorized for the source.")
		case x.DetailType == nil:
			fail("InvalidArgument", "Parameter DetailType is not valid. Reason: DetailType is a required argument.")
		case json.Unmarshal([]byte(aws.ToString(x.Detail)), &detail) != nil:
			fail("MalformedDetail", "Detail is malformed.")
		case e.onBus(x.EventBusName) != nil:
			fail("ResourceNotFoundException", "Event bus does not exist.")
		default:
			id := e.emit(event{Source: *x.Source, DetailType: *x.DetailType, Resources: append([]string{}, x.Resources...), Detail: json.RawMessage(*x.Detail),
				Time: at.Format("2006-01-02T15:04:05Z")})
			out.Entries = append(out.Entries, PutEventsResult{EventId: &id})
		}
	}
	return out, nil
}

// TestEventPattern tells whether a pattern matches an event.
func (e *Events) TestEventPattern(_ *wire.Caller, in *TestEventPatternInput) (*TestEventPatternOutput, error) {
	p, err := parse(aws.ToString(in.EventPattern))
	if err != nil {
		return nil, err
	}
	var seen map[string]any
	if json.Unmarshal([]byte(aws.ToString(in.Event)), &seen) != nil {
		return nil, invalid("Parameter Event is not valid.")
	}
	return &TestEventPatternOutput{p.matches(seen)}, nil
}
