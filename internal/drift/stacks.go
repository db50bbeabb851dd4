package drift

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// trustsCloudFormation is the trust of a service role for stacks (CloudFormation user guide).
const trustsCloudFormation = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
	`"Principal":{"Service":"cloudformation.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// stacks are fields of the stacks themselves.
var stacks = []Field{
	{
		Path: "stacks.role", Doc: "The role that CloudFormation assumes for a stack exists.", From: []observe.Part{observe.Stacks, observe.Roles},
		Things: func(t *Truths) []Thing {
			return slices.DeleteFunc(keys(t.Live.Stacks), func(x Thing) bool { return x.Data.(*observe.Stack).RoleARN == "" })
		},
		Want: func(_ *Truths, x Thing) Reading { return says(x.Data.(*observe.Stack).RoleARN) },
		Live: func(t *Truths, x Thing) Reading {
			arn := x.Data.(*observe.Stack).RoleARN
			switch {
			case t.unread(observe.Roles, "role "+short(arn)):
				return Reading{Unknown: "the role " + short(arn) + " was not read"}
			case t.Live.Roles[short(arn)] == nil:
				return says(nil)
			}
			return says(arn)
		},
		Judge: func(t *Truths, x Thing, d *Difference) {
			arn := x.Data.(*observe.Stack).RoleARN
			d.Kind, d.Severity = Gone, finding.Error
			d.What = fmt.Sprintf("the role %s, which CloudFormation assumes for the stack %s, does not exist any more", short(arn), x.Key)
			d.Breaks = []string{"no tool can update or delete the stack (Role is invalid or cannot be assumed), unless it gives another role"}
			d.About = About{Resource: short(arn), Calls: []string{"DeleteRole"}}
			d.Repairs = []Repair{t.ask("makes it again under the same name; then it needs policies that allow what the stack holds", "iam", "CreateRole",
				map[string]any{"RoleName": short(arn), "AssumeRolePolicyDocument": trustsCloudFormation})}
		},
	},
	{
		Path: "stacks.status", Cheap: true, Doc: "A stack of the cluster can be updated.", From: []observe.Part{observe.Stacks},
		Things: func(t *Truths) []Thing { return keys(t.Live.Stacks) },
		Live:   func(_ *Truths, x Thing) Reading { return says(x.Data.(*observe.Stack).Status) },
		Same: func(_, live any) bool {
			p := (&observe.Stack{Status: text(live)}).Phase()
			return p != observe.Failed && p != observe.Stuck
		},
		Judge: func(t *Truths, x Thing, d *Difference) {
			s := x.Data.(*observe.Stack)
			d.Kind, d.Severity = Unwell, finding.Error
			d.What = fmt.Sprintf("the stack %s is %s", x.Key, s.Status)
			if s.Reason != "" {
				d.What += ": " + strings.TrimSuffix(s.Reason, ".")
			}
			d.Breaks = []string{"no tool can update it: eksctl scale, upgrade and set labels fail on what it holds"}
			d.About = About{Resource: x.Key, Calls: []string{"UpdateStack", "ExecuteChangeSet", "DeleteStack"}}
			if s.Phase() == observe.Stuck {
				d.Repairs = []Repair{t.ask("goes on with the rollback; resources that cannot be put back are skipped by --resources-to-skip", "cloudformation",
					"ContinueUpdateRollback", map[string]any{"StackName": x.Key})}
				return
			}
			if x.Key != clusterStack(t) {
				d.Severity = finding.Warning
				d.Repairs = []Repair{t.ask("takes away what is left of it", "cloudformation", "DeleteStack", map[string]any{"StackName": x.Key})}
			}
		},
	},
}
