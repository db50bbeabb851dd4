package events

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type (
	// PutTargetsInput are targets of a rule.
	PutTargetsInput struct {
		Rule, EventBusName *string
		Targets            []Target
	}
	// Failure is why one failed.
	Failure struct{ TargetId, ErrorCode, ErrorMessage *string }
	// PutTargetsOutput is what failed.
	PutTargetsOutput struct {
		FailedEntryCount int32
		FailedEntries    []Failure
	}
	// RemoveTargetsInput names targets of a rule.
	RemoveTargetsInput struct {
		Rule, EventBusName *string
		Ids                []string
		Force              bool
	}
	// RemoveTargetsOutput is what failed.
	RemoveTargetsOutput struct {
		FailedEntryCount int32
		FailedEntries    []Failure
	}
	// ListTargetsByRuleInput names a rule.
	ListTargetsByRuleInput struct {
		Rule, EventBusName, NextToken *string
		Limit                         *int32
	}
	// ListTargetsByRuleOutput are its targets.
	ListTargetsByRuleOutput struct {
		Targets   []Target
		NextToken *string
	}
	// ListRuleNamesByTargetInput names a target.
	ListRuleNamesByTargetInput struct {
		TargetArn, EventBusName, NextToken *string
		Limit                              *int32
	}
	// ListRuleNamesByTargetOutput are the rules that have it.
	ListRuleNamesByTargetOutput struct {
		RuleNames []string
		NextToken *string
	}
)

func (e *Events) registerTargets(s *wire.Service) {
	wire.Handle(s, "PutTargets", e.PutTargets)
	wire.Handle(s, "RemoveTargets", e.RemoveTargets)
	wire.Handle(s, "ListTargetsByRule", e.ListTargetsByRule)
	wire.Handle(s, "ListRuleNamesByTarget", e.ListRuleNamesByTarget)
}

const maxTargets = 5

// PutTargets adds targets to a rule; one of the same ID is replaced.
func (e *Events) PutTargets(_ *wire.Caller, in *PutTargetsInput) (*PutTargetsOutput, error) {
	r, err := e.rule(in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(r.Targets)
	for _, t := range in.Targets {
		if p := strings.Split(aws.ToString(t.Arn), ":"); len(p) != 6 || p[2] != "sqs" {
			return nil, invalid("Parameter %s is not valid. Reason: the simulated region delivers events to SQS queues alone.", aws.ToString(t.Arn))
		}
		i := slices.IndexFunc(all, func(x Target) bool { return *x.Id == *t.Id })
		if i < 0 {
			all = append(all, t)
		} else {
			all[i] = t
		}
	}
	if len(all) > maxTargets {
		return nil, wire.Errorf("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
	}
	r.Targets = all
	return &PutTargetsOutput{FailedEntries: []Failure{}}, nil
}

// RemoveTargets takes targets away, and tells which were not there.
func (e *Events) RemoveTargets(_ *wire.Caller, in *RemoveTargetsInput) (*RemoveTargetsOutput, error) {
	r, err := e.rule(in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	out := &RemoveTargetsOutput{FailedEntries: []Failure{}}
	for _, id := range in.Ids {
		i := slices.IndexFunc(r.Targets, func(x Target) bool { return *x.Id == id })
		if i < 0 {
			out.FailedEntryCount++
			why := "Rule " + *r.Name + " does not have target(s) with ID(s) : " + id
			out.FailedEntries = append(out.FailedEntries, Failure{new(id), new("ResourceNotFoundException"), &why})
			continue
		}
		r.Targets = slices.Delete(slices.Clone(r.Targets), i, i+1)
	}
	return out, nil
}

// ListTargetsByRule lists a rule's targets.
func (e *Events) ListTargetsByRule(_ *wire.Caller, in *ListTargetsByRuleInput) (*ListTargetsByRuleOutput, error) {
	r, err := e.rule(in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	return &ListTargetsByRuleOutput{Targets: append([]Target{}, r.Targets...)}, nil
}

// ListRuleNamesByTarget lists the rules that have a target.
func (e *Events) ListRuleNamesByTarget(_ *wire.Caller, in *ListRuleNamesByTargetInput) (*ListRuleNamesByTargetOutput, error) {
	if err := e.onBus(in.EventBusName); err != nil {
		return nil, err
	}
	out := &ListRuleNamesByTargetOutput{RuleNames: []string{}}
	for _, r := range e.rules.All() {
		if slices.ContainsFunc(r.Targets, func(t Target) bool { return *t.Arn == aws.ToString(in.TargetArn) }) {
			out.RuleNames = append(out.RuleNames, *r.Name)
		}
	}
	return out, nil
}
