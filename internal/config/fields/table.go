package fields

import (
	"fmt"
	"strings"
)

// Table is the catalogue as docs/fields.md shows it: what each field means, and what
// happens where it changes on a cluster that stands.
func Table() string {
	var b strings.Builder
	b.WriteString(`# The fields of the config file

Made from the catalogue in internal/config/fields; a test holds this page to it (UPDATE=1 go test ./internal/config/fields
writes it anew). The last column says what happens where a field changes in the file of a cluster that stands:

- *in place*: it is followed on what stands, by a step of the kind named;
- *when made*: what is made from then on follows it, what stands keeps what it has;
- *refused: make another*: the thing would have to be made again: give it another name; a node group is replaced by slipway up --replace GROUP;
- *refused*: it is fixed with the cluster;
- *another*: it names a thing, and another name is another thing;
- *not launched*: it is read, and refused where it asks for something.

| field | means | a change |
| --- | --- | --- |
`)
	for _, f := range All() {
		if f.off() && f.NotLaunched == "" {
			continue // the row above says that nothing of it is launched
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Path, f.Doc, f.told())
	}
	return b.String()
}

// off tells whether nothing of what the field belongs to is launched.
func (f *Field) off() bool {
	for p := f.Path; p != ""; p = parent(p) {
		if index()[p].NotLaunched != "" && index()[p].NotLaunchedBut == "" {
			return true
		}
	}
	return false
}

func (f *Field) told() string {
	if f.NotLaunched != "" {
		return "not launched: " + f.NotLaunched
	}
	switch f.Change {
	case InPlace:
		return "in place (`" + f.Via + "`)"
	case Replace:
		return "refused: make another"
	case Never:
		return "refused"
	case Ignore:
		return "—"
	}
	return string(f.Change)
}
