package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// access: entries, aws-auth mappings.
func (b *builder) access() {
	for _, e := range b.cfg.AccessConfig.AccessEntries {
		name := stack.AccessEntryName(b.cfg.Metadata.Name, e.PrincipalARN)
		if slices.Contains(b.live.Entries, e.PrincipalARN) {
			b.entryUpdate(e, name)
		} else if b.needs(name) {
			b.addStack(rules.Step{Kind: rules.AccessEntry, Name: e.PrincipalARN}, "access entry "+short(e.PrincipalARN), name, nil, 10*time.Second, timeoutStack, &steps.Stack{Body: body(stack.AccessEntry(b.cfg.Metadata.Name, e))})
		}
	}
	for i, m := range b.cfg.IamIdentityMappings {
		m = b.env.ServiceMapping(m)
		if in := b.inside(); m.ServiceName == config.EMRContainers && (in == nil || !in.Bindings[m.Namespace+"/"+m.ServiceName]) {
			b.kubernetes(rules.Step{Kind: rules.Mapping, Name: "emr/" + m.Namespace}, "EMR's role in namespace "+m.Namespace, &steps.EMRAccess{Env: b.env, Namespace: m.Namespace})
		}
		if in := b.inside(); in != nil && steps.Mapped(in.AWSAuth, m) {
			continue
		}
		b.kubernetes(rules.Step{Kind: rules.Mapping, Name: fmt.Sprint(i)}, "aws-auth mapping "+short(m.ARN+m.ServiceName+m.Account), &steps.IdentityMapping{Env: b.env, Mapping: m})
	}
}

func short(arn string) string {
	if i := strings.LastIndexAny(arn, ":/"); i >= 0 && i < len(arn)-1 {
		return arn[i+1:]
	}
	return arn
}
