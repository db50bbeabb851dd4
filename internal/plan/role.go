package plan

import (
	"encoding/json"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// role adds the stack of an IAM role that is not there, or an update of one that
// the file wants otherwise now.
func (b *builder) role(s rules.Step, title, name string, tags map[string]string, r stack.Role) {
	r.Stack = name
	made := steps.Template{IRSA: &r}
	if !s.Has(rules.NeedsIssuer) {
		made = steps.Text(stack.PodIdentity(r))
	}
	switch roleMoves[b.phase(name)][absent] {
	case refuse:
		b.stuck("metadata.name", name)
	case remake:
		b.clear(name, b.failedStack(name, ""))
		fallthrough
	case create:
		b.addStack(part{Step: s, Title: title, Typical: typicalRole, Timeout: timeoutStack}, name, tags, steps.Stack{Template: made})
	case settle:
		b.settled(name)
		b.stackFollows(s, title, name, made)
	case follow:
		switch {
		case s.Has(rules.NeedsIssuer) && b.live.Issuer() == "": // it is known once the control plane is ACTIVE
			b.stackFollows(s, title, name, made)
		case s.Has(rules.NeedsIssuer):
			b.stackUpdate(s, title, name, steps.IRSA(b.in.Account, b.in.Partition, r, b.live.Issuer()))
		default:
			b.stackUpdate(s, title, name, made.Body)
		}
	}
}

// stackFollows updates a stack of ours whose template is compared at the step's turn.
func (b *builder) stackFollows(s rules.Step, title, name string, want steps.Template) {
	if have, ok := b.template(name); ok && !stack.Ours(have) {
		b.foreign = append(b.foreign, name)
		return
	}
	b.add(part{Step: s.Label(rules.With(rules.Of, name)), Action: Update, Title: title + ", compared at its turn",
		Typical: typicalRole, Timeout: timeoutStack,
		Run: &steps.StackUpdate{Name: name, Template: want}})
}

// stackUpdate updates a stack of ours whose template the file would make otherwise.
// What another tool made is named in a note instead.
func (b *builder) stackUpdate(s rules.Step, title, name, want string) {
	have, ok := b.template(name)
	switch {
	case !ok || stack.Same(have, want):
	case !stack.Ours(have):
		b.foreign = append(b.foreign, name)
	default:
		b.anew[name] = roleName(have) != roleName(want) // CloudFormation makes it again, under another ARN
		b.add(part{Step: s, Action: Update, Title: title,
			Typical: typicalRole, Timeout: timeoutStack,
			Run: &steps.StackUpdate{Name: name, Template: steps.Template{Body: want}}})
	}
}

// roleName is the name that a role's template gives it; "": CloudFormation's own.
func roleName(template string) string {
	var t struct {
		Resources struct {
			Role1 struct {
				Properties struct{ RoleName string }
			}
		}
	}
	if json.Unmarshal([]byte(template), &t) != nil {
		return ""
	}
	return t.Resources.Role1.Properties.RoleName
}

// template is a standing stack's template as it was written.
func (b *builder) template(name string) (string, bool) {
	s := b.live.Stacks[name]
	if s == nil || s.Template == "" {
		return "", false
	}
	return s.Template, true
}

// roleARN is the role that a standing stack holds, or the ARN itself; "": it is
// still to be made.
func (b *builder) roleARN(stackOrARN string) string {
	if len(stackOrARN) > 4 && stackOrARN[:4] == "arn:" {
		return stackOrARN
	}
	if b.phase(stackOrARN) != observe.Complete || b.anew[stackOrARN] {
		return "" // it may be made anew
	}
	return b.live.Stacks[stackOrARN].Output("Role1")
}
