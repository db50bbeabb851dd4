package read

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// leaf is a field, with what it is in some trees, as JSON; "": it is not there.
type leaf struct {
	path   string
	values []string
}

// leavesOf are the fields below a root of a set of them, each as a path, with what they are
// in some objects.
func leavesOf(raw []byte, root string, objects ...any) []leaf {
	var tree map[string]any
	if json.Unmarshal(raw, &tree) != nil {
		return nil
	}
	sub, is := tree["f:"+root].(map[string]any)
	if !is {
		return nil
	}
	return below("."+root, sub, across(objects, func(x any) any { return member(x, root) }))
}

func below(path string, tree map[string]any, xs []any) (out []leaf) {
	if len(tree) == 0 {
		return []leaf{{path, written(xs)}}
	}
	for _, k := range slices.Sorted(maps.Keys(tree)) {
		sub, _ := tree[k].(map[string]any)
		switch kind, rest, _ := strings.Cut(k, ":"); kind {
		case ".":
			if len(tree) == 1 {
				out = append(out, leaf{path, written(xs)})
			}
		case "f":
			out = append(out, below(path+"."+rest, sub, across(xs, func(x any) any { return member(x, rest) }))...)
		default: // k: a key of a list, v: a value of a set
			out = append(out, below(path+"["+keyed(rest)+"]", unkeyed(sub, rest), across(xs, func(x any) any { return element(x, kind, rest) }))...)
		}
	}
	return out
}

// unkeyed leaves out the fields by which an element is known: nobody sets another in it.
func unkeyed(sub map[string]any, key string) map[string]any {
	var fields map[string]any
	if json.Unmarshal([]byte(key), &fields) != nil {
		return sub
	}
	out := maps.Clone(sub)
	for f := range fields {
		if delete(out, "f:"+f); len(out) == 0 {
			return map[string]any{".": map[string]any{}}
		}
	}
	return out
}

// keyed writes an element's key as EKS does: name="aws-node".
func keyed(key string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(key), &fields) != nil {
		return "=" + key
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		parts = append(parts, k+"="+asJSON(fields[k]))
	}
	return strings.Join(parts, ",")
}

func member(x any, name string) any {
	m, _ := x.(map[string]any)
	return m[name]
}

// element is the one of a list that a key (k) or a value (v) means, or nil.
func element(x any, kind, key string) any {
	list, _ := x.([]any)
	for _, e := range list {
		if kind == "v" && asJSON(e) == key {
			return e
		}
		var fields map[string]any
		if kind != "k" || json.Unmarshal([]byte(key), &fields) != nil {
			continue
		}
		same := len(fields) > 0
		for f, v := range fields {
			same = same && asJSON(member(e, f)) == asJSON(v)
		}
		if same {
			return e
		}
	}
	return nil
}

func across(xs []any, f func(any) any) []any {
	out := make([]any, len(xs))
	for i, x := range xs {
		out[i] = f(x)
	}
	return out
}

func written(xs []any) []string {
	out := make([]string, len(xs))
	for i, x := range xs {
		if x != nil {
			out[i] = asJSON(x)
		}
	}
	return out
}

func asJSON(x any) string {
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Sprint(x) // it came from JSON
	}
	return string(b)
}
