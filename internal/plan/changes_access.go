package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// entryUpdate brings a live access entry to what the file says: through its stack
// where one of ours records something else, directly otherwise.
func (b *builder) entryUpdate(e config.AccessEntry, name string) {
	const list = "accessConfig.accessEntries"
	if b.refuseWanted(list, e.PrincipalARN, "the live access entry of "+e.PrincipalARN) || len(b.wanted(list, e.PrincipalARN, rules.AccessEntry)) == 0 {
		return
	}
	s := rules.Step{Kind: rules.AccessEntry, Name: e.PrincipalARN}
	title := "access entry " + short(e.PrincipalARN)
	want := stack.AccessEntry(b.cfg.Metadata.Name, e).JSON()
	if recorded, ok := b.template(name); ok && stack.Ours(recorded) && !stack.Same(recorded, want) {
		b.stackUpdate(s, title, name, want)
		return
	}
	b.add(part{Step: s, Action: Update, Title: title,
		Typical: 2 * time.Second, Timeout: timeoutQuick,
		Run: &steps.AccessEntryUpdate{Entry: e}})
}

// associationUpdate brings a live pod identity association to what the file says.
func (b *builder) associationUpdate(p config.PodIdentityAssociation, role string) {
	const list = "iam.podIdentityAssociations"
	id := p.Namespace + "/" + p.ServiceAccountName
	have := b.live.PodIdentities[id]
	if have == nil {
		return
	}
	step := &steps.PodIdentityUpdate{Input: eks.UpdatePodIdentityAssociationInput{AssociationId: &have.ID}}
	var what []string
	if arn := b.roleARN(role); arn == "" || arn != have.RoleARN {
		step.Role = role
		what = append(what, "role")
	}
	for _, d := range b.wanted(list, id, rules.PodIdentity) {
		if d.Path != list+".roleARN" { // it is the role above
			ask(&step.Input, d)
			what = append(what, spaced(d.Field.Name()))
		}
	}
	if len(what) > 0 {
		b.add(part{Step: rules.Step{Kind: rules.PodIdentity, Name: id}, Action: Update, Title: "pod identity association " + id + ": " + strings.Join(what, ", "),
			Typical: 2 * time.Second, Timeout: timeoutQuick,
			Run: step})
	}
	b.tags(list, id, "pod identity association "+id, have.ARN)
}

// tags sets tags of the file that a live element of a list, or the cluster itself,
// does not carry; others stay.
func (b *builder) tags(list, key, what, arn string) {
	for _, d := range b.wanted(list, key, rules.Tags) {
		missing := map[string]string{}
		have, _ := d.Live.Is.(map[string]any)
		want, _ := d.Desired.Is.(map[string]any)
		for k, v := range want {
			if have[k] != v {
				missing[k] = fmt.Sprint(v)
			}
		}
		if arn != "" && len(missing) > 0 {
			b.tag(what, &steps.Tag{ARN: arn, Tags: missing}, "")
		}
	}
}

// tag sets tags on what stands, or on a node group once it does.
func (b *builder) tag(what string, run *steps.Tag, group string) {
	s := rules.Step{Kind: rules.Tags, Name: strings.ReplaceAll(what, " ", "-")}
	if group != "" {
		s = s.Label(rules.With(rules.For, group))
	}
	b.add(part{Step: s, Action: Update, Title: "tags of " + what,
		Typical: time.Second, Timeout: timeoutQuick,
		Run: run})
}
