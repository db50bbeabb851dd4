package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
)

// Only is the file with no other node groups than the named ones. Findings about them
// still say where they stand in the text. The error is finding.Findings where the file
// has no group of a name.
func (f *File) Only(names ...string) (*File, error) {
	c := *f.Cluster
	out := &File{Name: f.Name, Cluster: &c, where: maps.Clone(f.where)}
	var missing finding.Findings
	for _, n := range names {
		if !slices.ContainsFunc(f.Cluster.Groups(), func(g *NodeGroupBase) bool { return g.Name == n }) {
			missing = append(missing, f.At("no-such-group", "managedNodeGroups", "has no node group %s", n).With("name one of: "+f.groupNames()))
		}
	}
	if len(missing) > 0 {
		return nil, missing
	}
	c.ManagedNodeGroups = keep(out, "managedNodeGroups", c.ManagedNodeGroups, func(g *ManagedNodeGroup) bool { return slices.Contains(names, g.Name) })
	c.NodeGroups = keep(out, "nodeGroups", c.NodeGroups, func(g *NodeGroup) bool { return slices.Contains(names, g.Name) })
	return out, nil
}

func (f *File) groupNames() string {
	var out []string
	for _, g := range f.Cluster.Groups() {
		out = append(out, g.Name)
	}
	return strings.Join(out, ", ")
}

// keep is the part of a list that is wanted; what is known of the places of its elements
// moves with them.
func keep[T any](f *File, list string, all []T, wanted func(*T) bool) []T {
	places := map[string][2]int{}
	for path, at := range f.where {
		if strings.HasPrefix(path, list+"[") {
			places[path] = at
			delete(f.where, path)
		}
	}
	var out []T
	for i := range all {
		if !wanted(&all[i]) {
			continue
		}
		was, now := fmt.Sprintf("%s[%d]", list, i), fmt.Sprintf("%s[%d]", list, len(out))
		for path, at := range places {
			if rest, ok := strings.CutPrefix(path, was); ok {
				f.where[now+rest] = at
			}
		}
		out = append(out, all[i])
	}
	return out
}

// With is the file with the node groups of another, of the same cluster, beside its own.
// Findings about either still say where they stand.
func (f *File) With(other *File) *File {
	c := *f.Cluster
	out := &File{Name: f.Name, Cluster: &c, where: maps.Clone(f.where)}
	if out.where == nil {
		out.where = map[string][2]int{}
	}
	for list, n := range map[string]int{"managedNodeGroups": len(c.ManagedNodeGroups), "nodeGroups": len(c.NodeGroups)} {
		for path, at := range other.where {
			var i int
			if _, err := fmt.Sscanf(path, list+"[%d]", &i); err == nil {
				out.where[strings.Replace(path, fmt.Sprintf("%s[%d]", list, i), fmt.Sprintf("%s[%d]", list, n+i), 1)] = at
			}
		}
	}
	c.ManagedNodeGroups = slices.Concat(c.ManagedNodeGroups, other.Cluster.ManagedNodeGroups)
	c.NodeGroups = slices.Concat(c.NodeGroups, other.Cluster.NodeGroups)
	return out
}
