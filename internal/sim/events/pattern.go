package events

import (
	"encoding/json"
	"math"
	"net/netip"
	"slices"
	"strings"
)

// A pattern selects events by their content ("Creating Amazon EventBridge event patterns"
// and "Comparison operators" in the EventBridge user guide, November 2026): every field
// that it names must be there with one of the values; {"prefix": …} and its like compare
// otherwise, and $or is any of several patterns.

// fields is an object of a pattern: each field is a list of values, or an object again.
type fields map[string]any

// parse reads a pattern, and refuses what is none, in EventBridge's words.
func parse(text string) (fields, error) {
	var p fields
	if json.Unmarshal([]byte(text), &p) != nil {
		return nil, invalidPattern("Filter is not an object")
	}
	if len(p) == 0 {
		return nil, invalidPattern("Empty patterns are not allowed")
	}
	return p, p.check()
}

func (p fields) check() error {
	for k, v := range p {
		switch x := v.(type) {
		case map[string]any:
			if len(x) == 0 {
				return invalidPattern("Empty objects are not allowed")
			}
			if err := fields(x).check(); err != nil {
				return err
			}
		case []any:
			if len(x) == 0 {
				return invalidPattern("Empty arrays are not allowed")
			}
			for _, e := range x {
				if err := checkValue(k, e); err != nil {
					return err
				}
			}
		default:
			return invalidPattern("\"" + k + "\" must be an object or an array")
		}
	}
	return nil
}

func checkValue(field string, v any) error {
	o, filter := v.(map[string]any)
	switch {
	case field == "$or" && filter:
		return fields(o).check()
	case field == "$or":
		return invalidPattern("$or must be an array of objects")
	case !filter:
		if _, list := v.([]any); list {
			return invalidPattern("Match value must be String, number, true, false, or null")
		}
		return nil
	case len(o) != 1:
		return invalidPattern("Only one key allowed in match expression")
	}
	for name, arg := range o {
		if compare[name] == nil {
			return invalidPattern("Unrecognized match type " + name)
		}
		if !wellFormed(name, arg) {
			return invalidPattern("Value of " + name + " is not valid")
		}
	}
	return nil
}

// wellFormed tells whether an operator's argument is one that it takes.
func wellFormed(name string, arg any) bool {
	switch name {
	case "exists":
		_, ok := arg.(bool)
		return ok
	case "numeric":
		return ranged(arg) != nil
	case "anything-but":
		if o, ok := arg.(map[string]any); ok {
			return len(o) == 1 && slices.ContainsFunc([]string{"prefix", "suffix", "wildcard", "equals-ignore-case"}, func(n string) bool { return o[n] != nil })
		}
		return arg != nil
	case "cidr":
		text, ok := arg.(string)
		_, err := netip.ParsePrefix(text)
		return ok && err == nil
	case "prefix", "suffix":
		if o, ok := arg.(map[string]any); ok {
			_, text := o["equals-ignore-case"].(string)
			return text && len(o) == 1
		}
	}
	_, ok := arg.(string)
	return ok
}

// matches tells whether an event, or an object in it, has what the pattern wants. Of a
// list of objects any may.
func (p fields) matches(event map[string]any) bool {
	for k, want := range p {
		have, there := event[k]
		switch x := want.(type) {
		case map[string]any:
			if !within(fields(x), have) {
				return false
			}
		case []any:
			if k == "$or" {
				if !slices.ContainsFunc(x, func(o any) bool { return fields(o.(map[string]any)).matches(event) }) {
					return false
				}
			} else if !anyOf(x, have, there) {
				return false
			}
		}
	}
	return true
}

func within(p fields, have any) bool {
	switch x := have.(type) {
	case map[string]any:
		return p.matches(x)
	case []any:
		if slices.ContainsFunc(x, func(e any) bool { return within(p, e) }) {
			return true
		}
	}
	return p.matches(nil) // what wants a field to be absent
}

// anyOf tells whether a field has one of the values; of a list, any element may.
func anyOf(want []any, have any, there bool) bool {
	values := []any{have}
	if l, ok := have.([]any); ok {
		values = l
	}
	return slices.ContainsFunc(want, func(w any) bool {
		o, filter := w.(map[string]any)
		if filter {
			if e, ok := o["exists"].(bool); ok {
				_, object := have.(map[string]any)
				return e == (there && !object)
			}
		}
		return there && slices.ContainsFunc(values, func(v any) bool {
			if !filter {
				return w == v
			}
			for name, arg := range o {
				return compare[name](arg, v)
			}
			return false
		})
	})
}

// compare are the operators: an argument against one value.
var compare map[string]func(arg, v any) bool

func init() {
	text := func(holds func(arg, v string) bool) func(arg, v any) bool {
		return func(arg, v any) bool {
			a, okA := arg.(string)
			s, okV := v.(string)
			return okA && okV && holds(a, s)
		}
	}
	affix := func(holds func(v, arg string) bool) func(arg, v any) bool {
		plain := text(func(a, s string) bool { return holds(s, a) })
		folded := text(func(a, s string) bool { return holds(strings.ToLower(s), strings.ToLower(a)) })
		return func(arg, v any) bool {
			if o, ok := arg.(map[string]any); ok {
				return folded(o["equals-ignore-case"], v)
			}
			return plain(arg, v)
		}
	}
	compare = map[string]func(arg, v any) bool{
		"prefix": affix(strings.HasPrefix), "suffix": affix(strings.HasSuffix),
		"equals-ignore-case": text(strings.EqualFold), "wildcard": text(wild),
		"anything-but": anythingBut,
		"numeric":      func(arg, v any) bool { n, ok := v.(float64); return ok && ranged(arg)(n) },
		"cidr": text(func(a, s string) bool {
			p, err := netip.ParsePrefix(a)
			ip, err2 := netip.ParseAddr(s)
			return err == nil && err2 == nil && p.Contains(ip)
		}),
		"exists": func(any, any) bool { return false }, // anyOf asks
	}
}

func anythingBut(arg, v any) bool {
	switch x := arg.(type) {
	case map[string]any:
		for name, a := range x {
			list, many := a.([]any)
			if !many {
				list = []any{a}
			}
			return !slices.ContainsFunc(list, func(e any) bool { return compare[name](e, v) })
		}
	case []any:
		return !slices.Contains(x, v)
	}
	return arg != v
}

// ranged reads the pairs of numeric, such as [">", 0, "<=", 5]; nil: they are none.
func ranged(arg any) func(float64) bool {
	l, ok := arg.([]any)
	if !ok || len(l) == 0 || len(l)%2 != 0 {
		return nil
	}
	var all []func(float64) bool
	for i := 0; i < len(l); i += 2 {
		n, number := l[i+1].(float64)
		op, _ := l[i].(string)
		holds := map[string]func(float64) bool{"=": func(v float64) bool { return v == n }, "<": func(v float64) bool { return v < n },
			"<=": func(v float64) bool { return v <= n }, ">": func(v float64) bool { return v > n }, ">=": func(v float64) bool { return v >= n }}[op]
		if !number || math.IsNaN(n) || holds == nil {
			return nil
		}
		all = append(all, holds)
	}
	return func(v float64) bool {
		return !slices.ContainsFunc(all, func(holds func(float64) bool) bool { return !holds(v) })
	}
}

// wild matches * as any run of characters, in no more time than the product of the lengths.
func wild(p, s string) bool {
	star, mark, i, j := -1, 0, 0, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && p[i] == s[j]:
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(p[i:], "*") == ""
}
