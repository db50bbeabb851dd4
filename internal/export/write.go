package export

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/config/fields"
)

// Write writes the file in the catalogue's order, with what it does not say, and why, in
// comments at its beginning; kept says who keeps what, a line each.
func (f *File) Write(w io.Writer, kept []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Cluster %v as it is live, by slipway export.\n", get(f.Config, "metadata.name"))
	comment(&b, "Kept by:", kept)
	var left []string
	for _, l := range f.Left {
		left = append(left, l.Path+": "+l.Why)
	}
	comment(&b, "Not in the file, or otherwise than the cluster is:", left)
	for _, key := range order(f.Config) {
		part, err := yaml.Marshal(map[string]any{key: f.Config[key]})
		if err != nil {
			return fmt.Errorf("writing %s: %w", key, err)
		}
		b.Write(part)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func comment(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "#\n# %s\n", title)
	for _, l := range lines {
		fmt.Fprintf(b, "#   %s\n", strings.ReplaceAll(l, "\n", " "))
	}
}

// order are the parts of a file as the catalogue lists them.
func order(doc map[string]any) []string {
	out := []string{}
	for _, f := range fields.All() {
		if _, has := doc[f.Path]; has {
			out = append(out, f.Path)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(doc)) {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}
