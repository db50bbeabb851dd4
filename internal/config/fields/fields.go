// Package fields is the catalogue of the config file's fields: one row each, with
// what it means, how it is read from a live cluster, what happens where it changes
// on one, and what is refused. Comparisons, refusals, the schema's descriptions and
// the table in docs/fields.md come from it, so that no field is known in two places.
// It must not know the config's types, AWS or plans: a test holds the rows to the
// types, and each step kind that a row names to those that there are.
package fields

import (
	"slices"
	"strings"
	"sync"

	"github.com/slipway-eks/slipway/internal/observe"
)

// Change is what happens where a field of the file changes on a cluster that stands.
type Change string

// The ways of a change.
const (
	InPlace    Change = "in place"    // followed on what stands
	CreateOnly Change = "when made"   // followed by what is made from then on; what stands keeps what it has
	Replace    Change = "replacement" // refused: the thing would have to be made again, under another name
	Never      Change = "never"       // refused: it is fixed with the cluster
	Identity   Change = "another"     // names a thing: another name is another thing
	Ignore     Change = "no matter"   // nothing of a cluster depends on it
)

// Field is one row.
type Field struct {
	Path string // dotted, through lists: managedNodeGroups.labels
	Doc  string // one sentence for the reader of the file

	Change Change // as the row above where not said
	Via    string // the kind of step that follows a change
	Breaks string // what does not work where the live value is another
	Remedy string // what a person does about a change that is refused

	// Key names an element of a list: the paths below it, joined with "/". A list
	// without one, or with nothing in the catalogue below it, is one value.
	Key []string
	// Whole says that a list is one value although there are rows below it.
	Whole bool
	// Ordered says that the order of the list counts.
	Ordered bool
	// Document says that the text is JSON or YAML, and is compared by what it says.
	Document bool
	// Additive says that what others added is no difference: labels, tags.
	Additive bool
	// Owned says that the value belongs to somebody else once the thing stands, such
	// as an autoscaler: the file is followed, a live value of its own is no drift.
	Owned bool

	// None says that silence of an element which the file lists is a wish: that the field
	// be not set. Elsewhere silence is none.
	None bool
	// Request is the field's name in the request of AWS's that follows it, where it is
	// not the file's.
	Request string
	// Plain brings what the file and AWS write differently to one form; nil: they write it
	// alike.
	Plain func(value any) any

	// NotLaunched says why the field is read and not acted on; the file is refused
	// where it says something else than nothing, false or NotLaunchedBut.
	NotLaunched    string
	NotLaunchedBut string

	// Live reads the field from a live cluster, for the element that the key names.
	// ok is false where it cannot be known. nil: AWS answers nothing of the kind, and
	// only the record says what was.
	Live func(o *observe.Observed, key string) (value any, ok bool)
}

// Refused tells whether a change of the field is refused.
func (f *Field) Refused() bool { return f.Change == Never || f.Change == Replace }

// Name is the last part of the path.
func (f *Field) Name() string { return f.Path[strings.LastIndex(f.Path, ".")+1:] }

// All are the rows, in the order of the file: what stands above comes first.
var All = sync.OnceValue(func() []*Field {
	var out []*Field
	for _, part := range [][]Field{head, network, controlPlane, identity, addons, fargate,
		groups("managedNodeGroups", managedOnly), groups("nodeGroups", selfManagedOnly), unsupported} {
		for i := range part {
			out = append(out, &part[i])
		}
	}
	byPath := map[string]*Field{}
	for _, f := range out {
		byPath[f.Path] = f
	}
	for _, f := range out { // rows above come first, so one pass inherits through all levels
		if up := byPath[parent(f.Path)]; up != nil {
			f.inherit(up)
		}
	}
	return out
})

func (f *Field) inherit(up *Field) {
	if f.Change == "" {
		f.Change, f.Via = up.Change, firstOf(f.Via, up.Via)
		f.Remedy, f.Breaks = firstOf(f.Remedy, up.Remedy), firstOf(f.Breaks, up.Breaks)
	}
	if f.Refused() {
		f.Remedy = firstOf(f.Remedy, up.Remedy)
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func parent(path string) string { return path[:max(0, strings.LastIndex(path, "."))] }

var index = sync.OnceValue(func() map[string]*Field {
	out := map[string]*Field{}
	for _, f := range All() {
		out[f.Path] = f
	}
	return out
})

// At is the row of a path, or of the nearest one above it that has one; nil where
// there is none. Below a map, such as labels, the map's row answers.
func At(path string) *Field {
	for p := path; p != ""; p = parent(p) {
		if f := index()[p]; f != nil {
			return f
		}
	}
	return nil
}

// Below are the rows under a path, without the path itself.
func Below(path string) []*Field {
	return slices.DeleteFunc(slices.Clone(All()), func(f *Field) bool { return !strings.HasPrefix(f.Path, path+".") })
}

// Values are the rows that hold a value of their own: a map, a list that is one
// value, or a field with nothing below it.
var Values = sync.OnceValue(func() []*Field {
	var out []*Field
	for _, f := range All() {
		if f.Key == nil && (len(Below(f.Path)) == 0 || f.Whole) && !under(f.Path) {
			out = append(out, f)
		}
	}
	return out
})

// under tells whether a path lies below a list that is one value.
func under(path string) bool {
	for p := parent(path); p != ""; p = parent(p) {
		if f := index()[p]; f != nil && f.Whole {
			return true
		}
	}
	return false
}

// prefix puts rows under a path.
func prefix(path string, rows ...Field) []Field {
	out := make([]Field, len(rows))
	for i, r := range rows {
		r.Path = path + "." + r.Path
		out[i] = r
	}
	return out
}

// f is a row that says no more than its documentation.
func f(path, doc string) Field { return Field{Path: path, Doc: doc} }

// via says that a change is followed by steps of a kind.
func (f Field) via(kind string) Field { f.Change, f.Via = InPlace, kind; return f }

// is says what a change does.
func (f Field) is(c Change) Field { f.Change = c; return f }

// live says how the field is read from a live cluster.
func (f Field) live(read func(*observe.Observed, string) (any, bool)) Field { f.Live = read; return f }

// breaks says what does not work where the live value is another.
func (f Field) breaks(what string) Field { f.Breaks = what; return f }

// remedy says what a person does about a change that is refused.
func (f Field) remedy(what string) Field { f.Remedy = what; return f }

// key says how elements of a list are told apart.
func (f Field) key(paths ...string) Field { f.Key = paths; return f }

// not says that the field is not launched.
func (f Field) not(why string) Field { f.NotLaunched = why; return f }

// additive says that what others added is no difference.
func (f Field) additive() Field { f.Additive = true; return f }

// ordered says that the order of the list counts.
func (f Field) ordered() Field { f.Ordered = true; return f }

// document says that the text is JSON or YAML.
func (f Field) document() Field { f.Document = true; return f }

// none says that silence of an element is a wish.
func (f Field) none() Field { f.None = true; return f }

// request names the field in AWS's request.
func (f Field) request(name string) Field { f.Request = name; return f }

// plain brings two ways of writing to one.
func (f Field) plain(form func(any) any) Field { f.Plain = form; return f }

// asOne says that the list is compared as one value although its elements have rows of
// their own, for their documentation.
func (f Field) asOne() Field { f.Whole = true; return f }

// owned says that the value is somebody else's once the thing stands.
func (f Field) owned() Field { f.Owned = true; return f }
