package snapshot

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/observe"
)

// Change is one value that differs between two observations. The JSON names are a contract.
type Change struct {
	Path string  `json:"path"`
	Was  *string `json:"was"` // null: it was not there
	Is   *string `json:"is"`  // null: it is gone
}

// Difference is what changed between two observations, each list sorted by path. The
// JSON names are a contract.
type Difference struct {
	Added   []string          `json:"added"`   // whole things, by path: a node group, a route, a tag's map
	Removed []string          `json:"removed"` // such
	Changed []Change          `json:"changed"` // values of what is in both
	Unknown []observe.NotRead `json:"unknown"` // what one of the two says nothing of
}

// Count is how many differences there are.
func (d *Difference) Count() int { return len(d.Added) + len(d.Removed) + len(d.Changed) }

// Compare says what changed from a to b. What may be a secret is compared by its hash.
func Compare(a, b *observe.Observed) (*Difference, error) {
	was, err := tree(a)
	if err != nil {
		return nil, err
	}
	is, err := tree(b)
	if err != nil {
		return nil, err
	}
	d := &Difference{Added: []string{}, Removed: []string{}, Changed: []Change{}, Unknown: unknown(a, b)}
	d.compare("", was, is)
	return d, nil
}

// tree is a document as plain JSON, without what two of one cluster always differ in.
func tree(o *observe.Observed) (any, error) {
	v, err := Veiled(o)
	if err != nil {
		return nil, err
	}
	v.At, v.Caller, v.Parts, v.NotRead = time.Time{}, "", nil, nil
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var t any
	return t, json.Unmarshal(b, &t)
}

// compare compares two trees at a path.
func (d *Difference) compare(at string, was, is any) {
	x, y := members(was), members(is)
	switch {
	case was == nil && is == nil:
	case was == nil && y != nil:
		d.Added = append(d.Added, at)
	case is == nil && x != nil:
		d.Removed = append(d.Removed, at)
	case x != nil && y != nil:
		all := maps.Clone(x)
		maps.Copy(all, y)
		for _, k := range slices.Sorted(maps.Keys(all)) {
			path := k
			if at != "" && !strings.HasPrefix(k, "[") {
				path = "." + k
			}
			d.compare(at+path, x[k], y[k])
		}
	default:
		if c := (Change{at, leaf(was), leaf(is)}); c.Was == nil || c.Is == nil || *c.Was != *c.Is {
			d.Changed = append(d.Changed, c)
		}
	}
}

// members are what is below a map or a list, by how it is written in a path; nil for a
// leaf. An element of a list goes under its identity, a text under itself.
func members(v any) map[string]any {
	out := map[string]any{}
	switch x := v.(type) {
	case map[string]any:
		for k, y := range x {
			if y != "" { // which a document writes or leaves out
				out[quoted(k)] = y
			}
		}
	case []any:
		seen := map[string]int{}
		for i, y := range x {
			id := identity(i, y)
			if seen[id]++; seen[id] > 1 {
				id = fmt.Sprintf("%s#%d", id, seen[id])
			}
			out["["+id+"]"] = y
		}
	default:
		return nil
	}
	return out
}

// leaf is a value as it is shown; nil where there is none.
func leaf(v any) *string {
	if v == nil {
		return nil
	}
	if s, ok := v.(string); ok {
		return &s
	}
	b, err := json.Marshal(v)
	if err != nil {
		b = fmt.Append(nil, v)
	}
	return new(string(b))
}

// unknown are the parts that were read in one only, and what could not be read in either.
func unknown(a, b *observe.Observed) []observe.NotRead {
	out := []observe.NotRead{}
	for _, p := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.Parts, b.Parts)))) {
		for _, n := range slices.Concat(a.Missed(p), b.Missed(p)) {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}

// identities are the fields by which the elements of a list are told apart, so that one
// that comes or goes does not move the others.
var identities = []string{
	"subnetId", "routeTableAssociationId", "groupId", "instanceId", "logicalResourceId", "allocationId", "processName", "podName",
	"name", "id", "key", "arn", "ruleNumber", "destinationCidrBlock", "destinationIpv6CidrBlock", "code",
}

func identity(i int, v any) string {
	switch x := v.(type) {
	case string:
		return x
	case map[string]any:
		for _, k := range identities {
			if id, ok := x[k]; ok && id != "" {
				return fmt.Sprint(id)
			}
		}
	}
	return fmt.Sprint(i)
}

// quoted is a key as part of a path.
func quoted(k string) string {
	if strings.ContainsAny(k, ". []") {
		return fmt.Sprintf("[%s]", k)
	}
	return k
}
