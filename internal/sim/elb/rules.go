package elb

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// rule is one of a listener's rules besides its default one.
type rule struct {
	types.Rule
	Listener string
	Tagged   map[string]string
}

func (b *ELB) registerRules(s *wire.Service) {
	wire.Handle(s, "CreateRule", b.CreateRule)
	wire.Handle(s, "DescribeRules", b.DescribeRules)
	wire.Handle(s, "ModifyRule", b.ModifyRule)
	wire.Handle(s, "DeleteRule", b.DeleteRule)
	wire.Handle(s, "SetRulePriorities", b.SetRulePriorities)
}

func (b *ELB) rule(arn *string) (*rule, error) {
	id := aws.ToString(arn)
	if r := b.rules.Get(id); r != nil {
		return r, nil
	}
	if !strings.Contains(id, ":listener-rule/") {
		return nil, invalid("'%s' is not a valid listener rule ARN", id)
	}
	return nil, wire.Errorf("RuleNotFound", "One or more rules not found")
}

// rulesOf are a listener's rules in the order in which they are tried.
func (b *ELB) rulesOf(listener string) []*rule {
	l := b.rules.Select(func(r *rule) bool { return r.Listener == listener })
	slices.SortStableFunc(l, func(x, y *rule) int { return cmp.Compare(priority(x), priority(y)) })
	return l
}

func priority(r *rule) int {
	n, _ := strconv.Atoi(*r.Priority) //nolint:errcheck // written by us from a number
	return n
}

// defaultRule is the rule that a listener's own actions are shown as.
func (l *listener) defaultRule() types.Rule {
	at := strings.Replace(*l.ListenerArn, ":listener/", ":listener-rule/", 1)
	return types.Rule{RuleArn: new(at + "/" + (*l.ListenerArn)[len(*l.ListenerArn)-16:]), Priority: new("default"), IsDefault: new(true),
		Conditions: []types.RuleCondition{}, Actions: l.DefaultActions}
}

// defaultRule tells whether an ARN is that of a listener's default rule, which has no tags
// of its own. The load balancer controller asks for those of all rules.
func (b *ELB) defaultRule(arn string) bool {
	return b.listeners.Find(func(l *listener) bool { return *l.defaultRule().RuleArn == arn }) != nil
}

// fields are what a condition may look at, with how it names its values.
var fields = map[string]func(*types.RuleCondition) []string{
	"host-header": func(c *types.RuleCondition) []string {
		if c.HostHeaderConfig != nil {
			return append(c.HostHeaderConfig.Values, c.HostHeaderConfig.RegexValues...)
		}
		return c.Values
	},
	"path-pattern": func(c *types.RuleCondition) []string {
		if c.PathPatternConfig != nil {
			return append(c.PathPatternConfig.Values, c.PathPatternConfig.RegexValues...)
		}
		return c.Values
	},
	"http-header": func(c *types.RuleCondition) []string {
		if c.HttpHeaderConfig == nil || c.HttpHeaderConfig.HttpHeaderName == nil {
			return nil
		}
		return append(c.HttpHeaderConfig.Values, c.HttpHeaderConfig.RegexValues...)
	},
	"http-request-method": func(c *types.RuleCondition) []string {
		if c.HttpRequestMethodConfig == nil {
			return nil
		}
		return c.HttpRequestMethodConfig.Values
	},
	"query-string": func(c *types.RuleCondition) []string {
		var out []string
		if c.QueryStringConfig != nil {
			for _, v := range c.QueryStringConfig.Values {
				out = append(out, aws.ToString(v.Value))
			}
		}
		return out
	},
	"source-ip": func(c *types.RuleCondition) []string {
		if c.SourceIpConfig == nil {
			return nil
		}
		return c.SourceIpConfig.Values
	},
}

// most is how many values the conditions of one rule may have ("Quotas for your
// Application Load Balancers").
const most = 5

// conditions checks a rule's conditions and completes them as AWS shows them: hosts and
// paths in both forms.
func conditions(in []types.RuleCondition) ([]types.RuleCondition, error) {
	out, n := slices.Clone(in), 0
	if len(out) == 0 {
		return nil, invalid("A condition must be specified")
	}
	for i := range out {
		c := &out[i]
		get := fields[aws.ToString(c.Field)]
		if get == nil {
			return nil, invalid("Condition field '%s' must be one of '[path-pattern, host-header, http-header, http-request-method, query-string, source-ip]'",
				aws.ToString(c.Field))
		}
		values := get(c)
		if len(values) == 0 {
			return nil, invalid("A condition value must be specified")
		}
		n += len(values)
		for _, v := range values {
			if len(v) > 128 {
				return nil, invalid("The '%s' value is too long; the limit is '128'", *c.Field)
			}
		}
		switch {
		case *c.Field == "host-header" && c.HostHeaderConfig == nil:
			c.HostHeaderConfig = &types.HostHeaderConditionConfig{Values: values}
		case *c.Field == "path-pattern" && c.PathPatternConfig == nil:
			c.PathPatternConfig = &types.PathPatternConditionConfig{Values: values}
		}
		if *c.Field == "host-header" || *c.Field == "path-pattern" {
			c.Values = values
		}
	}
	if n > most {
		return nil, invalid("The rule has '%d' condition values; the limit is '%d'", n, most)
	}
	return out, nil
}

// CreateRule adds a rule to an application load balancer's listener.
func (b *ELB) CreateRule(_ *wire.Caller, in *elbv2.CreateRuleInput) (*elbv2.CreateRuleOutput, error) {
	l, err := b.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	if l.network() {
		return nil, wrongSettings("Rules are not supported for listeners of load balancers of type 'network'")
	}
	if p := aws.ToInt32(in.Priority); p < 1 || p > 50000 {
		return nil, invalid("Priority '%d' must be between '1-50000' inclusive", p)
	}
	if err := b.free(*l.ListenerArn, *in.Priority, ""); err != nil {
		return nil, err
	}
	if len(b.rulesOf(*l.ListenerArn)) >= limitOf("rules-per-application-load-balancer") {
		return nil, wire.Errorf("TooManyRules", "The maximum number of rules for load balancer '%s' has been reached", *l.LoadBalancerArn)
	}
	r := &rule{Rule: types.Rule{Priority: new(strconv.Itoa(int(*in.Priority))), IsDefault: new(false), Transforms: in.Transforms}, Listener: *l.ListenerArn,
		Tagged: tagMap(in.Tags)}
	if r.Conditions, err = conditions(in.Conditions); err != nil {
		return nil, err
	}
	if r.Actions, err = b.actions(l, in.Actions); err != nil {
		return nil, err
	}
	at := strings.Replace(*l.ListenerArn, ":listener/", ":listener-rule/", 1)
	r.RuleArn = new(at + "/" + b.w.Hex("elb rule "+at, 16))
	b.rules.Put(*r.RuleArn, r)
	return &elbv2.CreateRuleOutput{Rules: []types.Rule{r.Rule}}, nil
}

// free says that a priority is somebody's.
func (b *ELB) free(listener string, p int32, but string) error {
	if b.rules.Find(func(r *rule) bool { return r.Listener == listener && priority(r) == int(p) && *r.RuleArn != but }) != nil {
		return wire.Errorf("PriorityInUse", "Priority '%d' is currently in use", p)
	}
	return nil
}

// DescribeRules lists rules, by ARN or those of a listener with its default one last.
func (b *ELB) DescribeRules(_ *wire.Caller, in *elbv2.DescribeRulesInput) (*elbv2.DescribeRulesOutput, error) {
	out := &elbv2.DescribeRulesOutput{Rules: []types.Rule{}}
	switch {
	case in.ListenerArn != nil && len(in.RuleArns) > 0:
		return nil, invalid("Listener ARN and rule ARNs cannot be specified at the same time")
	case in.ListenerArn != nil:
		l, err := b.listener(in.ListenerArn)
		if err != nil {
			return nil, err
		}
		out.Rules = append(res.Views(b.rulesOf(*l.ListenerArn), func(r *rule) types.Rule { return r.Rule }), l.defaultRule())
	case len(in.RuleArns) == 0:
		return nil, invalid("You must specify either listener rule ARNs or a listener ARN")
	}
	for _, a := range in.RuleArns {
		if l := b.listeners.Find(func(l *listener) bool { return *l.defaultRule().RuleArn == a }); l != nil {
			out.Rules = append(out.Rules, l.defaultRule())
			continue
		}
		r, err := b.rule(new(a))
		if err != nil {
			return nil, err
		}
		out.Rules = append(out.Rules, r.Rule)
	}
	return out, nil
}

// ModifyRule replaces a rule's conditions or actions.
func (b *ELB) ModifyRule(_ *wire.Caller, in *elbv2.ModifyRuleInput) (*elbv2.ModifyRuleOutput, error) {
	r, err := b.rule(in.RuleArn)
	if err != nil {
		if b.isDefault(aws.ToString(in.RuleArn)) {
			return nil, wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be modified", *in.RuleArn)
		}
		return nil, err
	}
	if in.Conditions == nil && in.Actions == nil && in.Transforms == nil {
		return nil, invalid("Either conditions or actions must be specified")
	}
	now := *r
	if in.Conditions != nil {
		if now.Conditions, err = conditions(in.Conditions); err != nil {
			return nil, err
		}
	}
	if in.Actions != nil {
		if now.Actions, err = b.actions(b.listeners.Get(r.Listener), in.Actions); err != nil {
			return nil, err
		}
	}
	if in.Transforms != nil {
		now.Transforms = in.Transforms
	}
	*r = now
	return &elbv2.ModifyRuleOutput{Rules: []types.Rule{r.Rule}}, nil
}

func (b *ELB) isDefault(arn string) bool {
	return b.listeners.Find(func(l *listener) bool { return *l.defaultRule().RuleArn == arn }) != nil
}

// DeleteRule removes a rule; a listener's default one goes with the listener only.
func (b *ELB) DeleteRule(_ *wire.Caller, in *elbv2.DeleteRuleInput) (*elbv2.DeleteRuleOutput, error) {
	r, err := b.rule(in.RuleArn)
	if err != nil {
		if b.isDefault(aws.ToString(in.RuleArn)) {
			return nil, wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be deleted", *in.RuleArn)
		}
		return nil, err
	}
	b.rules.Delete(*r.RuleArn)
	return &elbv2.DeleteRuleOutput{}, nil
}

// SetRulePriorities gives rules other priorities, all or none.
func (b *ELB) SetRulePriorities(_ *wire.Caller, in *elbv2.SetRulePrioritiesInput) (*elbv2.SetRulePrioritiesOutput, error) {
	now, seen := map[string]int32{}, map[int32]bool{}
	for _, p := range in.RulePriorities {
		r, err := b.rule(p.RuleArn)
		if err != nil {
			return nil, err
		}
		n := aws.ToInt32(p.Priority)
		if seen[n] {
			return nil, invalid("Priority '%d' was provided multiple times", n)
		}
		now[*r.RuleArn], seen[n] = n, true
	}
	for arn, n := range now {
		for _, r := range b.rulesOf(b.rules.Get(arn).Listener) {
			if _, moves := now[*r.RuleArn]; !moves && priority(r) == int(n) {
				return nil, wire.Errorf("PriorityInUse", "Priority '%d' is currently in use", n)
			}
		}
	}
	out := &elbv2.SetRulePrioritiesOutput{}
	for _, p := range in.RulePriorities {
		r := b.rules.Get(*p.RuleArn)
		r.Priority = new(strconv.Itoa(int(*p.Priority)))
		out.Rules = append(out.Rules, r.Rule)
	}
	return out, nil
}
