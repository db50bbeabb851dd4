package plan

import (
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
)

// Return is what the plan of the way back of replacements is made from.
type Return struct {
	Account  string
	Live     *observe.Observed
	Pairs    []Pair
	Deadline time.Duration // as a Watch's
}

// Pair is a node group and the one that takes its place.
type Pair struct{ Blue, Green observe.AnyGroup }

// Back is the plan that makes all as it was before some replacements: blue takes pods again
// first, those that are on green move back, and green goes.
func Back(in Return) (*Plan, error) {
	b := newBuilder(in.Live, in.Account)
	for _, p := range in.Pairs {
		r := &replacing{builder: b.forReplacement(p.Blue.Name, Input{}),
			Replacement: Replacement{Within: Within{Blue: p.Blue, Green: p.Green.Name}, Watch: Watch{Deadline: in.Deadline}}}
		if fs := r.returns(p.Green); len(fs) > 0 {
			return nil, fs
		}
	}
	return b.done()
}

// returns is the list of what one's way back is.
func (r *replacing) returns(green observe.AnyGroup) finding.Findings {
	if r.ends() {
		return r.noWayBack()
	}
	if fs := unreached(r.live, ""); fs != nil {
		return fs
	}
	there := green.There() || green.Stack != nil
	if !there && r.live.Kubernetes.Replacements[r.Blue.Name] == nil {
		return nil
	}
	if s := r.Blue.Sizes(); s != nil {
		r.plan.WantNodes += s.DesiredSize
	}
	r.scalingFree(r.Blue)
	r.sizesBack()
	r.deed(rules.RestoreNodes, r.Blue.Name, "restore", "the nodes of "+r.Blue.Name+" take pods again, and are in the load balancers")
	if there {
		r.scalingHeld(green)
		if fs := r.moves(green); len(fs) > 0 {
			return fs
		}
		r.drainNotes(names(r.live.NodesOf(green)))
		r.groupGoes(green)
	}
	if err := r.accessGoes(green, []string{green.Name}); err != nil {
		fs, _ := finding.Of(err)
		return fs
	}
	r.ended()
	return nil
}

// noWayBack is said where blue is gone, or going.
func (r *replacing) noWayBack() finding.Findings {
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
