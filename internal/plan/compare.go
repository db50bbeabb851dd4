package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/slipway-eks/slipway/internal/diff"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
	"github.com/slipway-eks/slipway/internal/stack"
)

// compare finds by the catalogue of fields where the file, the record and the live
// cluster differ; the steps below follow the differences.
func (b *builder) compare() {
	if !b.exists() && !b.coming() {
		return
	}
	r := record.FromStacks(b.live)
	t := diff.Truths{Desired: b.cfg, Declared: b.written, Filled: r.Filled, Live: b.live, Unsettled: b.unsettled,
		Resolved: map[string]map[string]string{"addons.version": b.in.Versions}}
	if r.Config != nil {
		t.Recorded = r.Config
	}
	b.diffs = diff.Compare(t)
}

// coming tells whether the control plane is not there yet, and its stack is making it.
func (b *builder) coming() bool {
	return !b.exists() && b.phase(stack.ClusterName(b.cfg.Metadata.Name)) == observe.Making
}

// wants tells whether the file itself says something else of one of these fields
// than what is live, or what a cluster that is coming is made from. Silence of the
// file is no wish.
func (b *builder) wants(key string, paths ...string) bool {
	return slices.ContainsFunc(b.diffs, func(d diff.Difference) bool {
		return (d.Wanted || d.Changed && b.coming()) && d.Key == key && slices.Contains(paths, d.Path)
	})
}

// wanted are the differences of one element of a list of the file, or of the cluster
// itself, that the file itself asks for and that steps of a kind follow.
func (b *builder) wanted(list, key, via string) []diff.Difference {
	var out []diff.Difference
	for _, d := range b.diffs {
		if (d.Wanted || d.Changed && list == "" && b.coming()) && d.Key == key && d.Field.Via == via && (list == "" || strings.HasPrefix(d.Path, list+".")) {
			out = append(out, d)
		}
	}
	return out
}

// value is what the file says at a path, defaults included, as plain JSON.
func (b *builder) value(path string) any {
	if b.tree == nil {
		b.tree = plain(b.cfg)
	}
	v := b.tree
	for _, k := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		switch x := v.(type) {
		case map[string]any:
			v = x[k]
		case []any:
			i := 0
			if _, err := fmt.Sscan(k, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		}
	}
	return v
}

// ask puts what the file wants of a field into a request of AWS's: silence, where it is
// a wish, takes away what is there.
func ask(request any, d diff.Difference) {
	name := d.Field.Request
	if name == "" {
		name = d.Field.Name()
	}
	v := d.Desired.Is
	if v == nil {
		switch d.Live.Is.(type) {
		case bool:
			v = false
		default:
			v = ""
		}
	}
	into(request, name, v)
}

// spaced are a field's words: configurationValues is "configuration values".
func spaced(name string) string {
	var out strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && unicode.IsLower(rune(name[i-1])) {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	words := strings.Fields(out.String())
	for i, w := range words {
		if w != strings.ToUpper(w) {
			words[i] = strings.ToLower(w)
		}
	}
	return strings.Join(words, " ")
}

// into sets a field of a request of AWS's that has the file's name and shape: JSON
// does not mind capitals.
func into(request any, field string, value any) {
	b, err := json.Marshal(map[string]any{field: value})
	if err == nil {
		err = json.Unmarshal(b, request)
	}
	if err != nil {
		panic(fmt.Sprintf("plan: %s does not fit a request: %v", field, err)) // every property is tried in a region
	}
}

func plain(v any) (out any) {
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err)) // configs are plain data
	}
	return out
}
