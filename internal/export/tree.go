package export

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// get is what stands at a dotted path of a tree, or nil.
func get(tree map[string]any, path string) any {
	var v any = tree
	for _, k := range strings.Split(path, ".") {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// remove takes out what stands at a dotted path, and what is empty without it.
func remove(tree map[string]any, path string) {
	key, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		delete(tree, key)
		return
	}
	if m, ok := tree[key].(map[string]any); ok {
		if remove(m, rest); len(m) == 0 {
			delete(tree, key)
		}
	}
}

// names are the members by which elements of lists are told apart; they, and the sizes of
// groups, which make each other's defaults, always stand in the file.
var names = []string{"name", "namespace", "serviceAccountName", "principalARN", "metadata", "minSize", "maxSize", "desiredCapacity", "apiVersion", "kind",
	"version", "region", "id", "az", "type"}

// first is the first element of a list; nil: it is none, or empty.
func first(v any) any {
	if l, ok := v.([]any); ok && len(l) > 0 {
		return l[0]
	}
	return nil
}

// skeleton is a file with the names of what it has, and nothing else.
func skeleton(tree map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range tree {
		if l, ok := v.([]any); ok && len(l) > 0 {
			var rows []any
			for _, x := range l {
				if m, is := x.(map[string]any); is && len(skeleton(m)) > 0 {
					rows = append(rows, skeleton(m))
				}
			}
			if len(rows) == len(l) {
				out[k] = rows
			}
		}
		if slices.Contains(names, k) {
			out[k] = v
		}
	}
	return out
}

// without is a tree without the leaves that another one has alike.
func without(v, other any, key string) any {
	switch x := v.(type) {
	case map[string]any:
		o, _ := other.(map[string]any)
		out := map[string]any{}
		for k, y := range x {
			if slices.Contains(names, k) {
				out[k] = y
			} else if z := without(y, o[k], k); z != nil {
				out[k] = z
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		o, _ := other.([]any)
		if len(x) > 0 {
			if _, rows := x[0].(map[string]any); rows && len(o) >= len(x) {
				out := make([]any, len(x))
				for i := range x {
					out[i] = without(x[i], o[i], key)
				}
				return out
			}
		}
	}
	if reflect.DeepEqual(v, other) {
		return nil
	}
	return v
}

// differing are the paths at which two trees say different things.
func differing(a, b any, path []any) [][]any {
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			var out [][]any
			for _, k := range slices.Sorted(maps.Keys(x)) {
				out = append(out, differing(x[k], y[k], append(slices.Clone(path), k))...)
			}
			return out
		}
	case []any:
		if y, ok := b.([]any); ok && len(x) == len(y) {
			var out [][]any
			for i := range x {
				out = append(out, differing(x[i], y[i], append(slices.Clone(path), i))...)
			}
			return out
		}
	}
	if reflect.DeepEqual(a, b) {
		return nil
	}
	return [][]any{path}
}

func at(v any, path []any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

// putAt puts back what stands at a path of another tree; lists that are not there are put
// back whole.
func putAt(tree, from map[string]any, path []any, v any) {
	var into any = tree
	for i, p := range path {
		k, named := p.(string)
		if !named { // an element: it stands, as it has a name
			l, _ := into.([]any)
			into = l[p.(int)]
			continue
		}
		m := into.(map[string]any)
		if i == len(path)-1 {
			m[k] = v
			return
		}
		if m[k] == nil {
			if _, list := path[i+1].(int); list {
				m[k] = at(from, path[:i+1])
				return
			}
			m[k] = map[string]any{}
		}
		into = m[k]
	}
}
