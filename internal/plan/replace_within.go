package plan

import (
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// Within is a replacement that is part of a plan: the file has the new group.
type Within struct {
	Blue  observe.AnyGroup // as far as it is there still
	Green string           // name of the new group
	// Asked: somebody says what the new group is to be, so that one that is there and is
	// something else is not gone on with.
	Asked bool
	// Slices: it goes slice by slice, and the new group, which is made with one slice of nodes,
	// has these sizes at the end; nil: all at once.
	Slices *observe.Slices
	Whole  observe.Sizes
}

// ends tells whether the replacement can only be ended: the old group is gone, or going, and
// from then on there is no way back.
func (w Within) ends() bool { return !w.Blue.There() || w.Blue.Going() }

// forReplacement is a builder of one replacement, of the same plan.
func (b *builder) forReplacement(blue string, in Input) *builder {
	sub := &builder{in: in, live: b.live, draft: b.draft, plan: b.plan, cleared: b.cleared, anew: b.anew, comers: b.comers, replaces: blue}
	if in.File != nil {
		sub.cfg = in.File.Cluster
		sub.compare()
	}
	return sub
}

// replacements adds those that are part of the plan. As many go at once as MaxParallel says:
// each waits for the end of the one that many places before it, and those that are under way
// come first. Pods move from one group at a time whatever it says, as budgets know no groups.
func (b *builder) replacements() {
	b.comers = map[string]string{}
	for i, w := range b.in.Replaced {
		in, follows := b.in, ""
		if k := i - max(1, b.in.MaxParallel); k >= 0 {
			follows = b.in.Replaced[k].Blue.Name
		}
		if b.plan.waitsForPerson(w.Blue.Name, follows) || b.versions != nil && b.plan.waitsForPerson(w.Blue.Name, b.versions.before(i)) {
			continue
		}
		var err error
		if in.File, err = b.in.File.Only(w.Green); err != nil && !w.ends() {
			b.refused = append(b.refused, asFindings(err)...)
			continue
		}
		r := &replacing{builder: b.forReplacement(w.Blue.Name, in), Replacement: Replacement{Input: in, Within: w, Watch: b.in.Watch}}
		r.follows = follows
		b.refused = append(b.refused, r.stages()...)
	}
}

// waitsForPerson tells whether what a group's replacement follows pauses, so that it is in the
// plan of the next run.
func (p *Plan) waitsForPerson(group, follows string) bool {
	if !slices.Contains(p.Paused, follows) {
		return false
	}
	p.Paused = append(p.Paused, group)
	p.Notes = append(p.Notes, "Node group "+group+" follows once "+follows+" is replaced: the same command goes on.")
	return true
}

func asFindings(err error) finding.Findings {
	fs, _ := finding.Of(err)
	return fs
}

// isReplaced tells whether a group of the file takes the place of one that stands: its
// replacement makes it.
func (b *builder) isReplaced(group string) bool {
	return slices.ContainsFunc(b.in.Replaced, func(w Within) bool { return w.Green == group && !w.ends() })
}

// isBlue tells whether a group is replaced in this plan, and goes with it.
func (b *builder) isBlue(group string) bool {
	return slices.ContainsFunc(b.in.Replaced, func(w Within) bool { return w.Blue.Name == group })
}

// Irreplaceable are the node groups of a file that differ from what stands by what can only
// be had by a replacement: those whose change a plan refuses by the catalogue of fields.
func Irreplaceable(in Input) []string {
	b := buildOn(in)
	var out []string
	refuses := func(list, group string, follow func()) {
		before := len(b.refused)
		follow()
		if slices.ContainsFunc(b.refused[before:], func(f finding.Finding) bool {
			return strings.HasPrefix(f.Where.Path, list+"[") && row(f.Where.Path).Refused()
		}) {
			out = append(out, group)
		}
	}
	for i := range b.cfg.ManagedNodeGroups {
		m := &b.cfg.ManagedNodeGroups[i]
		refuses("managedNodeGroups", m.Name, func() { b.managed(i, m) })
	}
	for i := range b.cfg.NodeGroups {
		g := &b.cfg.NodeGroups[i]
		refuses("nodeGroups", g.Name, func() { b.selfManaged(i, g) })
	}
	return out
}
