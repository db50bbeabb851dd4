package plan

import (
	"time"

	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

func (b *builder) fargate() {
	own := stack.FargateName(b.cfg.Metadata.Name)
	// While the cluster stack is under way it has no outputs yet: it makes the role.
	root := stack.ClusterName(b.cfg.Metadata.Name)
	missing := b.exists() && !b.needs(root) && stack.NeedsFargateRole(b.cfg) && b.live.Stacks[root].Output("FargatePodExecutionRoleARN") == ""
	for i, p := range b.cfg.FargateProfiles {
		if f := b.live.Profiles[p.Name]; f != nil && f.Status == "ACTIVE" {
			b.profileChanges(i, p, f)
			continue
		}
		if missing && p.PodExecutionRoleARN == "" && b.needs(own) {
			b.addStack(part{Step: rules.Step{Kind: rules.FargateRole}, Title: "IAM role for pods on Fargate", Typical: typicalRole, Timeout: timeoutStack},
				own, nil, steps.Stack{Template: steps.Text(stack.FargateRole(b.cfg))})
			missing = false
		}
		role := p.PodExecutionRoleARN
		if role == "" {
			role = b.cfg.IAM.FargatePodExecutionRoleARN
		}
		b.add(part{Step: rules.Step{Kind: rules.Fargate, Name: p.Name}, Action: Create, Title: "Fargate profile " + p.Name,
			Typical: 90 * time.Second, Timeout: timeoutStack,
			Run: &steps.FargateProfile{Profile: p, Role: role}})
	}
}
