package drift_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/testregion"
)

var update = flag.Bool("update", false, "write the table of docs/drift.md instead of comparing with it")

// The table of docs/drift.md is the catalogue; go test ./internal/drift -run Table -update
// writes it. No field is known twice: what the file has is compared by the file's catalogue.
func TestTheTableIsTheCatalogue(t *testing.T) {
	var b strings.Builder
	b.WriteString("| field | what it says |\n| --- | --- |\n")
	seen := map[string]bool{}
	for _, f := range drift.Catalogue() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Path, f.Doc)
		if seen[f.Path] || fields.At(f.Path) != nil && fields.At(f.Path).Path == f.Path {
			t.Errorf("%s is known in two places", f.Path)
		}
		seen[f.Path] = true
		if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") || len(f.From) == 0 || f.Live == nil || f.Judge == nil {
			t.Errorf("the entry of %s is not whole", f.Path)
		}
	}
	path := filepath.Join(testregion.Root(t), "docs/drift.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- the catalogue, by go test ./internal/drift -run Table -update -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(text), begin)
	table, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("docs/drift.md has no place for the catalogue")
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+b.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if table != b.String() {
		t.Error("the table of docs/drift.md is not the catalogue; run go test ./internal/drift -run Table -update")
	}
}
