package plan

import (
	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// role adds the stack of an IAM role that is not there, or an update of one that
// the file wants otherwise now.
func (b *builder) role(s rules.Step, title, name string, tags map[string]string, r stack.Role) {
	r.Stack = name
	if b.needs(name) {
		step := &steps.Stack{}
		if s.IRSA {
			step.Body = steps.IRSABody(b.env, r)
		} else {
			step.Body = body(stack.PodIdentity(r))
		}
		b.addStack(s, title, name, tags, typicalRole, timeoutStack, step)
		return
	}
	if !b.exists() {
		return
	}
	want := stack.PodIdentity(r).JSON()
	if s.IRSA {
		want = steps.IRSA(b.env, r, b.live.Cluster)
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
		b.add(s, Update, title, "cloudformation", typicalRole, timeoutStack, &steps.StackUpdate{Env: b.env, Name: name, Body: want})
	}
}

// template is a standing stack's template as it was written.
func (b *builder) template(name string) (string, bool) {
	t, ok := b.live.Details.Templates[name]
	return t, ok
}

// roleARN is the role that a standing stack holds, or the ARN itself; "": it is
// still to be made.
func (b *builder) roleARN(stackOrARN string) string {
	if len(stackOrARN) > 4 && stackOrARN[:4] == "arn:" {
		return stackOrARN
	}
	return cluster.Output(b.live.Stacks[stackOrARN], "Role1")
}
