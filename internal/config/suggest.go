package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// suggest says what is wrong with a key that a mapping of type t does not have, and
// what may have been meant.
func suggest(k string, t reflect.Type, known map[string]reflect.StructField) (what, hint string) {
	what = fmt.Sprintf("unknown key %q", k)
	if o, ok := otherKind[t]; ok {
		if _, there := properties(o.other)[k]; there {
			what = fmt.Sprintf("%q is not for %s", k, o.here)
			hint = "it belongs to " + o.there
			if h := instead[k]; h != "" {
				hint += "; " + h
			}
			return what, hint
		}
	}
	best, dist := nearest(k, known)
	if best != "" && dist <= 2 {
		return what, fmt.Sprintf("did you mean %q?", best)
	}
	if h := homes(k); len(h) > 0 {
		return what, "it belongs to " + strings.Join(h, " or ")
	}
	if best != "" {
		return what, fmt.Sprintf("did you mean %q?", best)
	}
	return what, "known keys here: " + strings.Join(sorted(known), ", ")
}

// otherKind: each kind of node group has keys that the other has not.
var otherKind = map[reflect.Type]struct {
	other       reflect.Type
	here, there string
}{
	reflect.TypeFor[ManagedNodeGroup](): {reflect.TypeFor[NodeGroup](), "managed node groups", "nodeGroups, the self-managed ones"},
	reflect.TypeFor[NodeGroup]():        {reflect.TypeFor[ManagedNodeGroup](), "self-managed node groups", "managedNodeGroups"},
}

// instead names what a kind of node group has in place of the other's key.
var instead = map[string]string{
	"instancesDistribution": "a managed group takes instanceTypes, and spot: true for Spot capacity",
	"instanceTypes":         "a self-managed group takes instancesDistribution.instanceTypes",
	"spot":                  "a self-managed group takes instancesDistribution with onDemandPercentageAboveBaseCapacity: 0",
	"kubeletExtraConfig":    "on AmazonLinux2023 a managed group takes a NodeConfig in overrideBootstrapCommand",
}

// nearest is the known key that is least different, and by how many letters.
func nearest(k string, known map[string]reflect.StructField) (best string, dist int) {
	dist = len(k)/2 + 1
	for _, c := range sorted(known) {
		if n := distance(strings.ToLower(k), strings.ToLower(c)); n < dist {
			best, dist = c, n
		}
	}
	return best, dist
}

// places lists where in the file each key belongs, by key.
var places = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	var walk func(t reflect.Type, path string, within []reflect.Type)
	walk = func(t reflect.Type, path string, within []reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || slices.Contains(within, t) {
			return
		}
		known := properties(t)
		for _, k := range sorted(known) {
			p := join(path, k)
			if path != "" {
				out[k] = append(out[k], p)
			}
			walk(known[k].Type, p, append(within, t))
		}
	}
	walk(reflect.TypeFor[ClusterConfig](), "", nil)
	return out
})

// homes are the places of a key that is written elsewhere; none where there are too
// many to help.
func homes(k string) []string {
	h := slices.Clone(places()[k])
	h = slices.DeleteFunc(h, func(p string) bool { return strings.Count(p, ".") > 2 })
	if len(h) > 2 {
		return nil
	}
	return h
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			prev, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, prev+cost)
		}
	}
	return row[len(b)]
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Nearest is the name that was likely meant by a mistyped one, "" where none is near.
func Nearest(name string, names []string) string {
	best, dist := "", len(name)/2+1
	for _, n := range names {
		d := distance(strings.ToLower(name), strings.ToLower(n))
		if strings.HasPrefix(n, name) {
			d = min(d, 1) // a name cut short
		}
		if d < dist {
			best, dist = n, d
		}
	}
	return best
}
