package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan"
)

// within finds which node groups of the file are replaced in this plan: those that the
// caller names, where the file wants of them what cannot be changed in place, or where a
// replacement is under way. In the file, each bears its successor's name from here on.
func (p *preparation) within(context.Context) error {
	live := p.in.Live
	if len(p.replace) == 0 || live.Cluster == nil {
		return nil
	}
	groups, err := p.asked()
	if err != nil {
		return err
	}
	must := plan.Irreplaceable(p.in)
	now := map[string]string{}
	for _, name := range groups {
		w, ok := unfinished(live, name)
		if !ok {
			w, ok = p.started(name, slices.Contains(must, name))
		}
		if !ok {
			continue
		}
		p.in.Replaced = append(p.in.Replaced, w)
		if w.Green != name {
			now[name] = w.Green
		}
	}
	p.inTurn()
	p.f = renamed(p.f, now)
	for _, n := range p.f.Cluster.Groups() {
		for i := range p.in.Replaced {
			if w := &p.in.Replaced[i]; w.Green == n.Name && now[w.Blue.Name] == n.Name {
				if err := p.sized(w, n); err != nil {
					return err
				}
			}
		}
	}
	p.in.File = p.f
	return nil
}

// sized gives a new group of the file as many nodes as the old one has, or its first slice of
// them.
func (p *preparation) sized(w *plan.Within, n *config.NodeGroupBase) error {
	x := &replacing{Replacement: Replacement{Batch: p.batch}, Group: w.Blue.Name, blue: w.Blue}
	if err := x.cut(p.in.Live); err != nil {
		return err
	}
	if s := x.before(); s != nil {
		n.DesiredCapacity = new(min(max(s.DesiredSize, *n.MinSize), *n.MaxSize))
	}
	x.sliced(n)
	w.Slices, w.Whole = x.slices, x.whole
	return nil
}

// asked are the groups that the caller names, as the file has them by now.
func (p *preparation) asked() ([]string, error) {
	var all, out []string
	for _, n := range p.f.Cluster.Groups() {
		all = append(all, n.Name)
	}
	next := successors(p.in.Live)
	for _, name := range p.replace {
		if name == All {
			return all, nil
		}
		is := name
		for range next { // each is gone through once, whatever the tags say
			if slices.Contains(all, is) || next[is] == "" {
				break
			}
			is = next[is]
		}
		if !slices.Contains(all, is) {
			return nil, finding.Findings{p.f.At("no-such-group", "managedNodeGroups", "has no node group %s, which --replace names", name).
				With("name one of: " + strings.Join(all, ", ") + ", or all")}
		}
		if !slices.Contains(out, is) {
			out = append(out, is)
		}
	}
	return out, nil
}

// started is the replacement of a group that stands: one that is under way, or one that the
// file asks for.
func (p *preparation) started(name string, must bool) (plan.Within, bool) {
	live := p.in.Live
	blue, green, err := pairOf(live, name)
	if err != nil || !blue.There() || blue.Going() {
		return plan.Within{}, false // it is made as any other
	}
	if !must && !underWay(live, blue.Name, green) {
		p.notes = append(p.notes, fmt.Sprintf("The node group %s differs from the file by nothing that takes a replacement.", name))
		return plan.Within{}, false
	}
	return plan.Within{Blue: blue, Green: green.Name, Asked: true}, true
}

// unfinished is the replacement by a group of one that is going, or of which something is
// left: it can only be ended.
func unfinished(live *observe.Observed, name string) (plan.Within, bool) {
	g, _ := live.NodeGroup(name)
	was := predecessor(live, g)
	if was == "" {
		return plan.Within{}, false
	}
	blue, _ := live.NodeGroup(was)
	kept := live.Kubernetes != nil && live.Kubernetes.Replacements[blue.Name] != nil && live.Kubernetes.Replacements[blue.Name].With == name
	if stands := blue.There() && !blue.Going(); stands || !kept && !blue.There() && blue.Stack == nil {
		return plan.Within{}, false
	}
	return plan.Within{Blue: blue, Green: name}, true
}

// underWay tells whether something of a replacement is there.
func underWay(live *observe.Observed, blue string, green observe.AnyGroup) bool {
	return green.There() || green.Stack != nil || live.Kubernetes != nil && live.Kubernetes.Replacements[blue] != nil
}

// turnOf orders replacements: what is to be ended, what is under way, what is new.
func turnOf(live *observe.Observed, w plan.Within) int {
	green, _ := live.NodeGroup(w.Green)
	switch {
	case !w.Blue.There() || w.Blue.Going():
		return 0
	case underWay(live, w.Blue.Name, green):
		return 1
	}
	return 2
}
