package plan

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

func (b *builder) fargate() {
	own := stack.FargateName(b.cfg.Metadata.Name)
	missing := b.exists() && stack.NeedsFargateRole(b.cfg) && cluster.Output(b.live.Stacks[stack.ClusterName(b.cfg.Metadata.Name)], "FargatePodExecutionRoleARN") == ""
	for i, p := range b.cfg.FargateProfiles {
		if f := b.live.Profiles[p.Name]; f != nil && f.Status == types.FargateProfileStatusActive {
			b.profileChanges(i, p, f)
			continue
		}
		if missing && p.PodExecutionRoleARN == "" && b.needs(own) {
			b.addStack(rules.Step{Kind: rules.FargateRole}, "IAM role for pods on Fargate", own, nil, typicalRole, timeoutStack, &steps.Stack{Body: body(stack.FargateRole(b.cfg))})
			missing = false
		}
		b.add(rules.Step{Kind: rules.Fargate, Name: p.Name}, Create, "Fargate profile "+p.Name, "eks", 90*time.Second, timeoutStack, &steps.FargateProfile{Env: b.env, Profile: p})
	}
}
