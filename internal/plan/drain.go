package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// timeoutDrain is how long pods may take to leave: budgets let them go one by one, and each
// has its time of grace.
const timeoutDrain = time.Hour

// drain empties nodes before they go. nodes are those that are there now; named, those that
// the step is for: none are all of the group. A disruption budget that never lets a pod go
// is refused before anything is done, by name.
func (b *builder) drain(step rules.Step, group string, nodes, named []string) error {
	if fs := blockers(b.live, nodes); len(fs) > 0 {
		return fs
	}
	b.drainNotes(nodes)
	b.drainLosses(nodes)
	b.add(part{Step: step, Action: Update, Title: counted(len(nodes), "node") + " of " + group + " drained: " + few(nodes),
		Typical: 2 * time.Minute, Timeout: timeoutDrain, Run: &steps.Drain{Group: group, Nodes: named}})
	return nil
}

// blockers are what keeps nodes from being drained, whatever one waits for.
func blockers(live *observe.Observed, nodes []string) finding.Findings {
	const without = ", or take the nodes without it: --drain=false, which ends these pods at once"
	if fs := unreached(live, without); fs != nil {
		return fs
	}
	return slices.Concat(never(live, nodes, without), doubly(live, nodes, without), stranded(live, nodes, without))
}

// unreached is the Kubernetes API where it was not reached; without is what else can be done.
func unreached(live *observe.Observed, without string) finding.Findings {
	if miss := slices.Concat(live.Missed(observe.Inside), live.Missed(observe.Pods)); live.Kubernetes == nil || len(miss) > 0 {
		why := "the Kubernetes API was not asked"
		if len(miss) > 0 {
			why = miss[0].Why
		}
		return finding.Findings{{Code: "cannot-drain", Severity: finding.Error, What: "the nodes cannot be drained from here: " + why,
			Breaks: "nothing was changed", Remedy: "run it from where the Kubernetes API can be reached" + without}}
	}
	return nil
}

// never are the budgets that never let a pod of some nodes go.
func never(live *observe.Observed, nodes []string, without string) (out finding.Findings) {
	pods := covered(live, nodes, (*observe.Budget).Never)
	for _, id := range slices.Sorted(maps.Keys(pods)) {
		budget := live.Kubernetes.Budgets[id]
		out = append(out, finding.Finding{Code: "budget-never-allows", Severity: finding.Error, Where: finding.Where{Resource: "PodDisruptionBudget " + id},
			What: fmt.Sprintf("never lets a pod go: it wants %d of its %d pods healthy%s, and %s on these nodes",
				budget.DesiredHealthy, budget.ExpectedPods, wording(budget), podsAre(pods[id])),
			Breaks: "the nodes cannot be drained; nothing was changed",
			Remedy: "let what it covers have one replica more than it wants, or set its maxUnavailable to 1" + without})
	}
	return out
}

// doubly are pods that more than one budget covers: Kubernetes evicts none of these, whatever
// the budgets allow.
func doubly(live *observe.Observed, nodes []string, without string) (out finding.Findings) {
	said := map[string]bool{}
	for _, pod := range slices.Sorted(maps.Keys(live.Kubernetes.Pods)) {
		p := live.Kubernetes.Pods[pod]
		of := podOf(pod, p)
		if len(p.Budgets) < 2 || !slices.Contains(nodes, p.Node) || said[of] {
			continue
		}
		said[of] = true
		out = append(out, finding.Finding{Code: "budgets-overlap", Severity: finding.Error, Where: finding.Where{Resource: of},
			What:   "has pods that more than one disruption budget covers (" + strings.Join(p.Budgets, ", ") + "), and Kubernetes evicts no such pod",
			Breaks: "the nodes cannot be drained; nothing was changed", Remedy: "let one budget cover them: take the labels of one apart, or delete it" + without})
	}
	return out
}

// stranded are budgets that cannot be kept as no other node is left: their pods would wait for
// one, and the budget for them.
func stranded(live *observe.Observed, nodes []string, without string) (out finding.Findings) {
	for _, n := range live.Kubernetes.Nodes {
		if n.Ready && !n.Unschedulable && !slices.Contains(nodes, n.Name) {
			return nil
		}
	}
	pods := covered(live, nodes, func(b *observe.Budget) bool { return !b.Never() })
	for _, id := range slices.Sorted(maps.Keys(pods)) {
		if b := live.Kubernetes.Budgets[id]; len(pods[id]) > b.DisruptionsAllowed {
			out = append(out, finding.Finding{Code: "budget-needs-nodes", Severity: finding.Error, Where: finding.Where{Resource: "PodDisruptionBudget " + id},
				What: fmt.Sprintf("wants %d of its %d pods healthy%s, and these are the last nodes: %s on them, and could go nowhere",
					b.DesiredHealthy, b.ExpectedPods, wording(b), podsAre(pods[id])),
				Breaks: "the drain would never end; nothing was changed", Remedy: "make another node group first" + without})
		}
	}
	return out
}

// drainNotes says what a drain waits for, and what does not come back by itself.
func (b *builder) drainNotes(nodes []string) {
	tight := covered(b.live, nodes, func(x *observe.Budget) bool { return x.DisruptionsAllowed == 0 })
	for _, id := range slices.Sorted(maps.Keys(tight)) {
		x := b.live.Kubernetes.Budgets[id]
		b.plan.Notes = append(b.plan.Notes, fmt.Sprintf(
			"The disruption budget %s lets no pod go now (%d of the %d that it wants are healthy); the drain waits for it: %s.",
			id, x.CurrentHealthy, x.DesiredHealthy, podsAre(tight[id])))
	}
	var alone []string
	for _, id := range slices.Sorted(maps.Keys(b.live.Kubernetes.Pods)) {
		if p := b.live.Kubernetes.Pods[id]; p.Owner == "" && slices.Contains(nodes, p.Node) {
			alone = append(alone, id)
		}
	}
	if len(alone) > 0 {
		b.plan.Notes = append(b.plan.Notes, "Nothing makes these pods again elsewhere when their nodes go: "+few(alone)+".")
	}
}

// covered are the pods on some nodes by the disruption budgets of a kind that cover them.
func covered(live *observe.Observed, nodes []string, kind func(*observe.Budget) bool) map[string][]string {
	out := map[string][]string{}
	for _, pod := range slices.Sorted(maps.Keys(live.Kubernetes.Pods)) {
		p := live.Kubernetes.Pods[pod]
		if !slices.Contains(nodes, p.Node) {
			continue
		}
		for _, id := range p.Budgets {
			if b := live.Kubernetes.Budgets[id]; b != nil && kind(b) {
				out[id] = append(out[id], pod)
			}
		}
	}
	return out
}

func podsAre(pods []string) string {
	if len(pods) == 1 {
		return "pod " + pods[0] + " is"
	}
	return fmt.Sprintf("%d pods (%s) are", len(pods), few(pods))
}

// wording is what a budget says itself.
func wording(b *observe.Budget) string {
	switch {
	case b.MinAvailable != "":
		return " (minAvailable: " + b.MinAvailable + ")"
	case b.MaxUnavailable != "":
		return " (maxUnavailable: " + strings.TrimSpace(b.MaxUnavailable) + ")"
	}
	return ""
}
