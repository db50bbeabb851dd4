package plan

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/veil"
)

// stacks undoes what an operation did to stacks, where it is named: a restore of the whole
// touches no record (slipway sync does).
func (r *restoration) stacks() {
	if r.Wants == nil || len(r.Subnets) > 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(r.Was.Stacks)) {
		was, now := r.Was.Stacks[name], r.live.Stacks[name]
		switch {
		case !r.Wants("stacks", name):
		case now == nil:
			r.cannot("stack %s with what it held: it is deleted", name)
		case name == stack.ClusterName(r.Name):
			r.record(was, now)
		case was.Template == now.Template || was.Template == "":
		case strings.Contains(was.Template, veil.Mark):
			r.cannot("the template of stack %s: the snapshot has a part of it by its hash alone, as it may be a secret", name)
		default:
			group := was.Tags[eksfacts.TagGroup]
			r.undone[group] = group != ""
			r.step(rules.Step{Kind: rules.GroupUpdate, Name: name}, Update, "stack "+name+": the template that it had",
				&steps.StackUpdate{Name: name, Template: steps.Template{Body: was.Template}}, time.Minute)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.live.Stacks)) {
		if r.Was.Stacks[name] == nil && slices.Contains(r.Was.Parts, observe.Stacks) && r.Wants("stacks", name) && r.since("stack %s with what it holds", name) {
			r.remove(rules.Step{Kind: rules.DeleteStack, Name: name}, "stack "+name, "stack", name, 5*time.Minute)
		}
	}
}

// record brings back the outputs of the cluster's stack.
func (r *restoration) record(was, now *observe.Stack) {
	edit := stack.Edit{Outputs: map[string]string{}}
	for k, v := range was.Outputs {
		if x, there := now.Outputs[k]; there && x != v {
			edit.Outputs[k] = v
		} else if !there {
			r.cannot("the output %s of stack %s: it was taken out", k, was.Name)
		}
	}
	if was.Template != now.Template && len(edit.Outputs) == 0 {
		r.cannot("the template of stack %s: it says what is made of the cluster, and what it holds is there as it is", was.Name)
	}
	if len(edit.Outputs) > 0 {
		r.step(rules.Step{Kind: rules.Record, Name: was.Name}, Update, "the record in stack "+was.Name+": "+strings.Join(keys(edit.Outputs), ", "),
			&steps.RecordSync{Stack: was.Name, Edit: edit}, 30*time.Second)
	}
}

// others names what no step brings back, and registers the OIDC issuer again.
func (r *restoration) others() {
	if len(r.Subnets) > 0 {
		return
	}
	if r.Was.OIDCProvider != nil && r.live.OIDCProvider == nil && slices.Contains(r.live.Parts, observe.OIDC) && r.wants("iam.withOIDC", "") {
		r.step(rules.Step{Kind: rules.OIDC}, Create, "IAM OIDC provider", &steps.OIDCProvider{})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Was.Profiles)) {
		if r.live.Profiles[name] == nil && r.wants("fargateProfiles", name) {
			r.cannot("Fargate profile %s: it is gone; slipway up -f FILE makes it again", name)
		}
	}
	for _, arn := range slices.Sorted(maps.Keys(r.Was.AccessEntries)) {
		if r.live.AccessEntries[arn] == nil && r.wants("accessConfig.accessEntries", arn) {
			r.cannot("the access entry of %s: it is gone; slipway up -f FILE makes it again", arn)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.live.Groups)) {
		if r.Was.Groups[name] == nil && slices.Contains(r.Was.Parts, observe.Nodegroups) && r.Wants == nil {
			r.added = append(r.added, "node group "+name+" (slipway nodegroup delete)")
		}
	}
}
