package drift

import (
	"fmt"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// stacks are fields of the stacks themselves.
var stacks = []Field{
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
