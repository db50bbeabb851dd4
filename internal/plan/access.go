package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// access: entries, aws-auth mappings.
func (b *builder) access() {
	for _, e := range b.cfg.AccessConfig.AccessEntries {
		b.entry(e)
	}
	for i, m := range b.cfg.IamIdentityMappings {
		m = b.serviceMapping(m)
		if in := b.inside(); m.ServiceName == config.EMRContainers && (in == nil || in.RoleBindings[m.Namespace+"/"+m.ServiceName] == nil) {
			b.kubernetes(rules.Step{Kind: rules.Mapping, Name: "emr/" + m.Namespace}, "EMR's role in namespace "+m.Namespace, &steps.EMRAccess{Namespace: m.Namespace})
		}
		if in := b.inside(); in != nil && steps.Mapped(in.AWSAuth, m) {
			continue
		}
		b.kubernetes(
			rules.Step{Kind: rules.Mapping, Name: fmt.Sprint(i)},
			"aws-auth mapping "+short(m.ARN+m.ServiceName+m.Account),
			&steps.IdentityMapping{Mapping: m},
		)
	}
}

func (b *builder) entry(e config.AccessEntry) {
	name := stack.AccessEntryName(b.cfg.Metadata.Name, e.PrincipalARN)
	s, title := rules.Step{Kind: rules.AccessEntry, Name: e.PrincipalARN}, "access entry "+short(e.PrincipalARN)
	template := stack.AccessEntry(b.cfg.Metadata.Name, e)
	switch live := b.live.AccessEntries[e.PrincipalARN]; entryMoves[b.phase(name)][b.there(name, live != nil, "", observe.Access)] {
	case refuse:
		b.stuck("accessConfig.accessEntries", name)
	case follow:
		b.entryUpdate(e, name)
	case settle:
		b.settled(name)
		b.stackFollows(s, title, name, steps.Text(template))
	case remake:
		b.clear(name, b.failedStack(name, "an access entry that is gone"))
		fallthrough
	case create:
		b.addStack(part{Step: s, Title: title, Typical: 10 * time.Second, Timeout: timeoutStack}, name, nil, steps.Stack{Template: steps.Text(template)})
	}
}

// serviceMapping completes a mapping for an AWS service: the service's own role, as
// IAM names it in this account.
func (b *builder) serviceMapping(m config.IAMIdentityMapping) config.IAMIdentityMapping {
	if m.ServiceName == config.EMRContainers && m.ARN == "" {
		m.ARN = "arn:" + b.in.Partition + ":iam::" + b.in.Account + ":role/AWSServiceRoleForAmazonEMRContainers"
	}
	return m
}

func short(arn string) string {
	if i := strings.LastIndexAny(arn, ":/"); i >= 0 && i < len(arn)-1 {
		return arn[i+1:]
	}
	return arn
}
