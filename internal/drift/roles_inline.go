package drift

import (
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
)

// inline is a policy inside a role: what a stack puts there, or somebody did.
type inline struct {
	role, name string
	of         string // what runs with the role, in words
	wanted     any    // the document; nil: no stack put it there
}

var inlinePolicies = Field{
	Path: "roles.inlinePolicies", Doc: "The policies inside a role are those that its stack puts there.", From: []observe.Part{observe.Roles},
	Things: inlineOf,
	Want:   func(_ *Truths, x Thing) Reading { return says(x.Data.(*inline).wanted) },
	Live: func(t *Truths, x Thing) Reading {
		i := x.Data.(*inline)
		return says(t.Live.Roles[i.role].Inline[i.name])
	},
	Same: sameDocument,
	Judge: func(t *Truths, x Thing, d *Difference) {
		i := x.Data.(*inline)
		d.documents()
		d.About = About{Resource: i.role, Calls: []string{"PutRolePolicy", "DeleteRolePolicy"}}
		if i.wanted == nil {
			d.Kind, d.Severity = Foreign, finding.Info
			d.What = fmt.Sprintf("somebody put the policy %s into the role %s of %s", i.name, i.role, i.of)
			return
		}
		d.Severity, d.Breaks = finding.Error, []string{i.of + " is refused by AWS, or may do what it should not"}
		d.What = fmt.Sprintf("the policy %s in the role %s of %s does not say what its stack says", i.name, i.role, i.of)
		if d.Live.Is == nil {
			d.Kind, d.Breaks = Gone, []string{i.of + " is refused by AWS"}
			d.What = fmt.Sprintf("the role %s of %s has no policy %s any more", i.role, i.of, i.name)
		}
		d.Repairs = []Repair{t.ask("puts it as the stack has it", "iam", "PutRolePolicy",
			map[string]any{"RoleName": i.role, "PolicyName": i.name, "PolicyDocument": document(i.wanted)})}
	},
}

// inlineOf are the policies that are, or should be, inside the roles that stacks made. What
// a template leaves to CloudFormation is not compared, and then nothing is foreign either.
func inlineOf(t *Truths) []Thing {
	all, open := map[string]*inline{}, map[string]bool{}
	uses := map[string]*use{}
	for _, x := range liveRoles(t) {
		if u := x.Data.(*use); u.wanted != nil && u.wanted.Stack != record.Terraform {
			uses[x.Key] = u
		}
	}
	add := func(role string, name, doc any) {
		u := uses[role]
		switch {
		case u == nil:
		case doc == nil || text(name) == "" || !record.Known(name) || !record.Known(doc):
			open[role] = true
		default:
			all[role+"/"+text(name)] = &inline{role, text(name), u.of, doc}
		}
	}
	for _, p := range t.of("AWS::IAM::Policy") {
		roles, _ := p.Properties["Roles"].([]any)
		for _, role := range roles {
			add(t.named(p, role), p.Properties["PolicyName"], p.Properties["PolicyDocument"])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		own, _ := uses[name].wanted.Properties["Policies"].([]any)
		for _, p := range own {
			m, _ := p.(map[string]any)
			add(name, m["PolicyName"], m["PolicyDocument"])
		}
		for _, n := range slices.Sorted(maps.Keys(t.Live.Roles[name].Inline)) {
			if all[name+"/"+n] == nil && !open[name] {
				all[name+"/"+n] = &inline{role: name, name: n, of: uses[name].of}
			}
		}
	}
	return keys(all)
}

// named is the role that a policy's template names: by itself, or as a resource of the same
// stack, whose name the stack's resources may not have told.
func (t *Truths) named(p *record.Resource, role any) string {
	if record.Known(role) {
		return text(role)
	}
	of := slices.DeleteFunc(slices.Clone(t.of("AWS::IAM::Role")), func(r *record.Resource) bool { return r.Stack != p.Stack })
	if len(of) == 1 {
		return t.roleName(of[0])
	}
	return ""
}
