package plan

import (
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
)

// Return is what the plan of a replacement's way back is made from.
type Return struct {
	Account     string
	Live        *observe.Observed
	Blue, Green observe.AnyGroup
	Deadline    time.Duration // as a Watch's
}

// Back is the plan that makes all as it was before a replacement: blue takes pods again
// first, those that are on green move back, and green goes.
func Back(in Return) (*Plan, error) {
	r := &replacing{builder: newBuilder(in.Live, in.Account),
		Replacement: Replacement{Blue: in.Blue, Green: in.Green.Name, Watch: Watch{Deadline: in.Deadline}}}
	r.replaces = in.Blue.Name
	if !r.stands() {
		return nil, r.noWayBack()
	}
	if fs := unreached(in.Live, ""); fs != nil {
		return nil, fs
	}
	there := in.Green.There() || in.Green.Stack != nil
	if !there && in.Live.Kubernetes.Replacements[in.Blue.Name] == nil {
		return r.done()
	}
	if s := in.Blue.Sizes(); s != nil {
		r.plan.WantNodes = s.DesiredSize
	}
	r.deed(rules.RestoreNodes, in.Blue.Name, "restore", "the nodes of "+in.Blue.Name+" take pods again, and are in the load balancers")
	if there {
		if err := r.moves(in.Green); err != nil {
			return nil, err
		}
		r.drainNotes(names(in.Live.NodesOf(in.Green)))
		r.groupGoes(in.Green)
	}
	if err := r.accessGoes(in.Green, []string{in.Green.Name}); err != nil {
		return nil, err
	}
	r.ended()
	return r.done()
}

// noWayBack is said where blue is gone, or going.
func (r *replacing) noWayBack() error {
	what, remedy := "is gone", "make it again: slipway nodegroup create, or slipway up with the file"
	if r.Blue.Going() {
		what = "is being deleted: its pods are on " + r.Green + " already"
		remedy = "let the replacement end: the same command without --abort"
	}
	return finding.Findings{{Code: "no-way-back", Severity: finding.Error, Where: finding.Where{Resource: "node group " + r.Blue.Name},
		What: what, Breaks: "nothing can move back to it", Remedy: fmt.Sprintf("%s; another replacement of %s can undo what this one changed", remedy, r.Green)}}
}

// names are those of nodes.
func names(nodes []*observe.Node) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	return out
}
