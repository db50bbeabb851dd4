// Package diff compares the three truths field by field: what the file desires, what
// a record claims, and what AWS and Kubernetes answer. Its rows are the catalogue of
// fields; sets are compared as sets, and neither order nor what is not set is a
// difference. Plans act on the differences, drift and sync show them. It must not
// call anything, and not decide what is done.
package diff

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/observe"
)

// Truths are what is compared.
type Truths struct {
	// Desired and Recorded are configs, or anything of the same JSON; nil: there is none.
	Desired, Recorded any
	// Declared tells whether the file itself says something at a path, such as
	// "managedNodeGroups[0].labels"; nil: all that is set is declared. Silence of the
	// file is no wish: a default alone never differs from what is live.
	Declared func(path string) bool
	// Filled are the paths at which Recorded holds today's defaults, and the record
	// itself says nothing (record.Record).
	Filled []string
	// Resolved are desired values that had to be looked up, by path and element: the
	// version that "latest" is. Of a path that is here, an element without a value says
	// nothing: whatever stands will do.
	Resolved map[string]map[string]string
	Live     *observe.Observed
	// Unsettled tells whether an element of a list, or the cluster itself (""), is
	// changing by itself: what is live of it now may be another thing in a minute, so all
	// that the file declares of it is wanted. nil: nothing is.
	Unsettled func(list, key string) bool
}

// Difference is one field of one thing about which the truths do not agree.
type Difference struct {
	Path string `json:"path"`          // in the catalogue
	Key  string `json:"key,omitempty"` // of the element, where the field is one of a list's
	At   string `json:"at"`            // where it stands, or would stand, in the file

	Desired  *Value `json:"desired,omitempty"`  // nil: the file does not say
	Recorded *Value `json:"recorded,omitempty"` // nil: no record says
	Live     *Value `json:"live,omitempty"`     // nil: it cannot be known; never the same as absent

	Wanted  bool   `json:"wanted,omitempty"`  // the file itself says something else than what is live, or than what it may become
	Changed bool   `json:"changed,omitempty"` // the file is not what the thing was made from
	Drifted bool   `json:"drifted,omitempty"` // what is live is not what was wanted
	Effect  string `json:"effect,omitempty"`  // what does not work
	Fix     string `json:"fix"`

	Field *fields.Field `json:"-"`
}

// Value is one truth of a field; Is is nil where it is known not to be set.
type Value struct {
	Is any `json:"is"`
}

// Compare lists the differences, in the order of the catalogue, and of the file
// within a list. Things that only one truth has are no difference of fields.
func Compare(t Truths) []Difference {
	desired, recorded := config.Veiled(tree(t.Desired)), config.Veiled(tree(t.Recorded)) // records hold secrets veiled only
	base := desired
	if base == nil {
		base = recorded
	}
	var out []Difference
	here, there := lists{}, lists{}
	for _, r := range rows() {
		if r.list == nil {
			d := Difference{Path: r.Path, At: r.Path, Field: r.Field}
			d.Desired, d.Recorded = value(desired, r.keys), value(recorded, r.keys)
			out = t.add(out, d, "", r.Path)
			continue
		}
		was := there.of(recorded, r.list)
		for i, e := range here.of(base, r.list) {
			d := Difference{Path: r.Path, Key: e.key, Field: r.Field}
			if desired != nil {
				d.Desired = value(e.is, r.keys)
			}
			if j := slices.IndexFunc(was, func(x element) bool { return x.key == e.key }); j >= 0 {
				d.Recorded = value(was[j].is, r.keys)
			}
			if _, looked := t.Resolved[r.Path]; !looked && !r.None && unset(d.Desired) && unset(d.Recorded) {
				continue // as most are: nobody says anything
			}
			d.At = r.list.Path + "[" + strconv.Itoa(i) + "]." + r.rest
			out = t.add(out, d, r.list.Path, r.list.Path+"."+e.key+"."+r.rest)
		}
	}
	return out
}

// element is one of a list, with its key.
type element struct {
	key string
	is  any
}

// lists are a truth's lists, each read once.
type lists map[*fields.Field][]element

func (l lists) of(v any, list *fields.Field) []element {
	have, ok := l[list]
	if !ok {
		for _, e := range elements(v, list) {
			have = append(have, element{keyOf(e, list), e})
		}
		l[list] = have
	}
	return have
}

// compared is a row of the catalogue that is compared.
type compared struct {
	*fields.Field
	list *fields.Field // with a key, that the field belongs to; nil: the field is the cluster's
	rest string        // the path below the list
	keys []string      // the parts of that path
}

var rows = sync.OnceValue(func() []compared {
	var out []compared
	for _, f := range fields.Values() {
		if f.Change == fields.Ignore || f.Change == fields.Identity || f.NotLaunched != "" {
			continue
		}
		r := compared{Field: f, list: listOf(f.Path), rest: f.Path}
		if r.list != nil {
			r.rest = strings.TrimPrefix(f.Path, r.list.Path+".")
		}
		r.keys = strings.Split(r.rest, ".")
		out = append(out, r)
	}
	return out
})

// add keeps a difference, if it is one; list is the one that it is of, or "", and named
// its path with the element's name, as records list what they do not say.
func (t *Truths) add(out []Difference, d Difference, list, named string) []Difference {
	f := d.Field
	if looked, ok := t.Resolved[f.Path]; ok {
		d.Desired = nil
		if v := looked[d.Key]; v != "" {
			d.Desired = &Value{v}
		}
	}
	if d.Recorded != nil && slices.Contains(t.Filled, named) {
		d.Recorded = nil
	}
	silence := f.None && d.Desired != nil && (list == "" || t.Declared == nil || t.Declared(d.At[:strings.LastIndex(d.At, "].")+1]))
	if unset(d.Desired) && unset(d.Recorded) && !silence {
		return out
	}
	if f.Live != nil && t.Live != nil {
		if v, ok := f.Live(t.Live, d.Key); ok {
			d.Live = &Value{tree(v)}
		}
	}
	declared := silence || d.Desired != nil && d.Desired.Is != nil && (t.Declared == nil || t.Declared(d.At))
	d.Changed = d.Desired != nil && d.Recorded != nil && !Same(f, d.Desired.Is, d.Recorded.Is)
	switch {
	case d.Live == nil || f.Owned:
	case declared:
		d.Wanted = !Holds(f, d.Live.Is, d.Desired.Is)
		d.Drifted = d.Wanted
		d.Wanted = d.Wanted || t.Unsettled != nil && t.Unsettled(list, d.Key)
	case d.Recorded != nil && d.Recorded.Is != nil:
		d.Drifted = !Holds(f, d.Live.Is, d.Recorded.Is)
	}
	if !d.Changed && !d.Drifted && !d.Wanted {
		return out
	}
	d.Effect, d.Fix = f.Breaks, fix(f)
	return append(out, d)
}

func fix(f *fields.Field) string {
	switch f.Change {
	case fields.InPlace:
		return "slipway up follows the file"
	case fields.CreateOnly:
		return "nothing: what is made from now on follows the file"
	}
	return f.Remedy
}

// Same tells whether two values of a field mean the same.
func Same(f *fields.Field, a, b any) bool {
	if f.Plain != nil {
		a, b = f.Plain(a), f.Plain(b)
	}
	return reflect.DeepEqual(a, b) || text(canonical(f, a)) == text(canonical(f, b))
}

// Holds tells whether what is live has what is wanted: all of it, or with labels and
// tags at least that, as others add theirs.
func Holds(f *fields.Field, live, want any) bool {
	if !f.Additive {
		return Same(f, live, want)
	}
	switch w := want.(type) {
	case map[string]any:
		have, _ := live.(map[string]any)
		for k, v := range w {
			if text(have[k]) != text(v) {
				return false
			}
		}
		return true
	case []any:
		have, _ := live.([]any)
		for _, v := range w {
			if !slices.ContainsFunc(have, func(h any) bool { return text(h) == text(v) }) {
				return false
			}
		}
		return true
	}
	return Same(f, live, want)
}

// canonical is a value without what means nothing: the order of sets, and what is
// not set.
func canonical(f *fields.Field, v any) any {
	switch x := v.(type) {
	case string:
		if f.Document {
			return canonical(&fields.Field{Ordered: true}, parsed(x))
		}
		if x == "" {
			return nil
		}
	case bool:
		if !x {
			return nil
		}
	case float64:
		if x == 0 {
			return nil
		}
	case map[string]any:
		out := map[string]any{}
		for k, y := range x {
			if y = canonical(f, y); y != nil {
				out[k] = y
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		out := []any{}
		for _, y := range x {
			out = append(out, canonical(f, y))
		}
		if len(out) == 0 {
			return nil
		}
		if !f.Ordered {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(text(a), text(b)) })
		}
		return out
	}
	return v
}

// tree is a value as plain JSON. What is plain already is taken as it is.
func tree(v any) any {
	switch x := v.(type) {
	case nil, string, bool, float64, map[string]any:
		return v
	case int:
		return float64(x)
	case observe.Set:
		if x == nil {
			return nil
		}
		out := make([]any, len(x))
		for i, s := range x {
			out[i] = s
		}
		return out
	}
	var out any
	if err := json.Unmarshal([]byte(text(v)), &out); err != nil {
		panic(fmt.Sprintf("diff: %v", err)) // it was JSON a moment ago
	}
	return out
}

func text(v any) string {
	b, err := json.Marshal(v) // the keys of maps are sorted
	if err != nil {
		panic(fmt.Sprintf("diff: %v", err)) // configs and observations are plain data
	}
	return string(b)
}

// value is what stands at a path of a tree; nil where there is no tree.
func value(v any, keys []string) *Value {
	if v == nil {
		return nil
	}
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return &Value{v}
}

// unset tells whether a truth says nothing of a field.
func unset(v *Value) bool { return v == nil || v.Is == nil }

// listOf is the list with a key that a field belongs to, or nil.
func listOf(path string) *fields.Field {
	for i := strings.LastIndex(path, "."); i > 0; i = strings.LastIndex(path[:i], ".") {
		if f := fields.At(path[:i]); f != nil && f.Path == path[:i] && f.Key != nil {
			return f
		}
	}
	return nil
}

func elements(v any, list *fields.Field) []any {
	x := value(v, strings.Split(list.Path, "."))
	if x == nil {
		return nil
	}
	l, _ := x.Is.([]any)
	return l
}

func keyOf(e any, list *fields.Field) string {
	var parts []string
	for _, k := range list.Key {
		if v := value(e, strings.Split(k, ".")); !unset(v) {
			parts = append(parts, fmt.Sprint(v.Is))
		}
	}
	return strings.Join(parts, "/")
}
