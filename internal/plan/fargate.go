package plan

import (
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

func (b *builder) fargate() {
	own := stack.FargateName(b.cfg.Metadata.Name)
	missing := b.lacksFargateRole()
	for _, p := range b.cfg.FargateProfiles {
		f, m := b.live.Profiles[p.Name], create
		if f != nil {
			m = b.standing("fargateProfiles", p.Name, "Fargate profile", f.ARN, f.Status)
		}
		if m == follow {
			continue
		}
		if missing && p.PodExecutionRoleARN == "" && m != settle {
			b.fargateRole(own)
			missing = false
		}
		role := p.PodExecutionRoleARN
		if role == "" {
			role = b.cfg.IAM.FargatePodExecutionRoleARN
		}
		x := part{Step: labelled(rules.Fargate, p.Name, "fargate-profile/"+p.Name), Action: Create, Title: "Fargate profile " + p.Name,
			Typical: 90 * time.Second, Timeout: timeoutStack,
			Run: &steps.FargateProfile{Profile: p, Role: role}} // it looks: what is being made, or is going, is awaited
		switch m {
		case settle:
			x.Action, x.Title = Await, x.Title+", which is "+f.Status
		case remake:
			b.discard(rules.DeleteProfile, "fargate-profile", p.Name, f.Status)
		}
		b.add(x)
	}
}

// fargateRole makes the pods' role for a cluster that was made without profiles.
func (b *builder) fargateRole(own string) {
	s, title := rules.Step{Kind: rules.FargateRole}, "IAM role for pods on Fargate"
	switch roleMoves[b.phase(own)][absent] {
	case refuse:
		b.stuck("fargateProfiles", own)
	case remake:
		b.clear(own, b.failedStack(own, ""))
		fallthrough
	case create, settle:
		b.addStack(part{Step: s, Title: title, Typical: typicalRole, Timeout: timeoutStack}, own, nil, steps.Stack{Template: steps.Text(stack.FargateRole(b.cfg))})
	}
}

// lacksFargateRole tells whether the cluster's stack neither holds the pods' role nor
// is making it: while it is under way it has no outputs yet, and its template says.
func (b *builder) lacksFargateRole() bool {
	const output = "FargatePodExecutionRoleARN"
	root := stack.ClusterName(b.cfg.Metadata.Name)
	if !stack.NeedsFargateRole(b.cfg) {
		return false
	}
	if b.phase(root) == observe.Making {
		t, ok := b.template(root)
		return ok && !strings.Contains(t, output)
	}
	return b.exists() && b.phase(root) != observe.Going && b.live.Stacks[root].Output(output) == ""
}
