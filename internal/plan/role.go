package plan

import (
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// role adds the stack of an IAM role that is not there, or an update of one that
// the file wants otherwise now.
func (b *builder) role(s rules.Step, title, name string, tags map[string]string, r stack.Role) {
	r.Stack = name
	if b.needs(name) {
		run := steps.Stack{Template: steps.Text(stack.PodIdentity(r))}
		if s.IRSA {
			run.Template = steps.Template{IRSA: &r}
		}
		b.addStack(part{Step: s, Title: title, Typical: typicalRole, Timeout: timeoutStack},
			name, tags, run)
		return
	}
	if !b.exists() {
		return
	}
	want := stack.PodIdentity(r).JSON()
	if s.IRSA {
		want = steps.IRSA(b.in.Account, b.in.Partition, r, b.live.Issuer())
	}
	b.stackUpdate(s, title, name, want)
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
		b.add(part{Step: s, Action: Update, Title: title,
			Typical: typicalRole, Timeout: timeoutStack,
			Run: &steps.StackUpdate{Name: name, Template: steps.Template{Body: want}}})
	}
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
	return b.live.Stacks[stackOrARN].Output("Role1")
}
