package run

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/observe"
)

// successors are the node groups that took the place of others, by the names of those: the
// stack of each says so.
func successors(live *observe.Observed) map[string]string {
	out := map[string]string{}
	for _, g := range live.NodeGroups() {
		if was := predecessor(live, g); was != "" && g.There() {
			out[was] = g.Name
		}
	}
	return out
}

// predecessor is the node group whose place a group takes, or took: the tag of its stack says
// so, and stays. "": it took none, or there is another one of that name now, which was made
// since, and which no replacement is written down of.
func predecessor(live *observe.Observed, g observe.AnyGroup) string {
	if g.Stack == nil || g.Stack.Tags[marks.Replaces] == "" {
		return ""
	}
	was, _ := live.NodeGroup(g.Stack.Tags[marks.Replaces])
	if k := live.Kubernetes; k != nil && k.Replacements[was.Name] != nil && k.Replacements[was.Name].With == g.Name {
		return was.Name
	}
	if made := was.Made(); !made.IsZero() && made.After(g.Stack.CreationTime) {
		return ""
	}
	return was.Name
}

// generations is a file in which each node group that was replaced bears the name of the one
// that stands in its place, so that a file need not be written anew for it; and what was
// named otherwise, in words. While the old group stands, it is the one that is meant.
func generations(f *config.File, live *observe.Observed) (*config.File, []string) {
	next := successors(live)
	stands := func(name string) bool {
		g, is := live.NodeGroup(name)
		return is && g.There() && !g.Going()
	}
	now := map[string]string{}
	for _, n := range f.Cluster.Groups() {
		name := n.Name
		for range next { // each is gone through once, whatever the tags say
			if stands(name) || next[name] == "" {
				break
			}
			name = next[name]
		}
		if name != n.Name && stands(name) {
			now[n.Name] = name
		}
	}
	if len(now) == 0 {
		return f, nil
	}
	var notes []string
	for _, n := range f.Cluster.Groups() {
		if name := now[n.Name]; name != "" {
			notes = append(notes, fmt.Sprintf("The node group %s was replaced by %s, which is followed in its place.", n.Name, name))
		}
	}
	return renamed(f, now), notes
}

// renamed is a file in which some node groups have other names.
func renamed(f *config.File, now map[string]string) *config.File {
	var all []string
	for _, n := range f.Cluster.Groups() {
		all = append(all, n.Name)
	}
	out, err := f.Only(all...)
	if err != nil {
		return f // all of its own groups are there
	}
	for _, n := range out.Cluster.Groups() {
		if name := now[n.Name]; name != "" {
			n.Name = name
		}
	}
	for i := range out.Cluster.ManagedNodeGroups {
		m := &out.Cluster.ManagedNodeGroups[i]
		m.DependsOn = slices.Clone(m.DependsOn)
		for j, on := range m.DependsOn {
			if name, is := strings.CutPrefix(on, "nodegroup/"); is && now[name] != "" {
				m.DependsOn[j] = "nodegroup/" + now[name]
			}
		}
	}
	return out
}
