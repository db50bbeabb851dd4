package plan

import (
	"cmp"
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// AddonGates is how the change of one add-on alone is watched over.
type AddonGates struct {
	Watch
	Begun       bool   // an earlier run wrote down what was before, and its gates have not opened
	Undone      bool   // and the add-on is as it was then: what lacks now is nobody's doing
	Was         string // the add-on, as it is
	Unreachable string // why nobody can see what is available; "": one can
}

// addonGates puts what the plan has so far, the change of an add-on, between its gates: what is
// available is written down before, and must be so afterwards; then the user's commands are asked.
func (b *builder) addonGates(name string, g AddonGates) {
	asked := g.Unreachable != "" && len(g.Gates) > 0 // nothing could be written down of what they said before
	if b.plan.Empty() && !g.Begun && !asked {
		return
	}
	if b.plan.Empty() && g.Begun {
		b.plan.Notes = append(b.plan.Notes, "The gates of an earlier change of add-on "+name+" have not opened yet: they are looked at.")
	}
	limit := cmp.Or(g.GateTime, 10*time.Minute)
	step := func(kind, end string) rules.Step { return rules.Step{Kind: kind, Name: name + end} }
	if g.Unreachable != "" {
		b.plan.Notes = append(b.plan.Notes, "Whether other workloads stay as available as before is not looked at: "+g.Unreachable+".")
	} else {
		if undone := g.Undone && !b.plan.Empty(); !g.Begun || undone {
			b.add(part{Step: step(rules.AddonBegun, ""), Action: Create, Title: "what is available now, written down (ConfigMap in kube-system)",
				Typical: time.Second, Timeout: timeoutQuick, Run: &steps.AddonBegun{Addon: name, Was: g.Was, Anew: undone}})
		}
		b.add(part{Step: step(rules.Gate, ""), Action: Await, Title: "gate: no workload less available than before",
			Typical: 10 * time.Second, Timeout: limit, Run: &steps.GateAvailable{Addon: name}})
	}
	for i, c := range g.Gates {
		b.add(part{Step: step(rules.GateCommand, fmt.Sprintf("/%d", i+1)), Action: Await, Title: "gate: " + c, Typical: time.Second, Timeout: limit + timeoutQuick,
			Run: &steps.GateCommand{Command: c, Addon: name, Stage: rules.AfterChange, Timeout: int(limit.Seconds())}})
	}
	if g.Unreachable != "" {
		return
	}
	if g.Soak > 0 {
		b.add(part{Step: step(rules.Soak, ""), Action: Await, Title: "watched for " + span(g.Soak) + ": no workload less available than before",
			Typical: g.Soak, Timeout: g.Soak + limit, Run: &steps.GateAvailable{Addon: name, Soak: int(g.Soak.Seconds())}})
	}
	b.add(part{Step: step(rules.AddonEnded, ""), Action: Delete, Title: "what was written down of the change",
		Typical: time.Second, Timeout: timeoutQuick, Run: &steps.AddonEnded{Addon: name}})
}
