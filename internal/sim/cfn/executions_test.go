package cfn

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/mutate"
)

// seeds are templates to change: those that once did harm, those of this folder, and what
// Slipway itself writes, and the trees of those that can be read.
func seeds(t testing.TB) (texts []string, trees []any) {
	t.Helper()
	for _, x := range hostile {
		if len(x.body) < 2000 {
			texts = append(texts, x.body)
		}
	}
	for _, pattern := range []string{"testdata/*.yaml", "../../stack/testdata/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no templates at %s: %v", pattern, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(b))
		}
	}
	for _, x := range texts {
		if v, err := read(x); err == nil && len(x) > 100 {
			trees = append(trees, tree(v))
		}
	}
	return texts, trees
}

// tree is what a template says, in the order of its keys: executions are to be the same
// again.
func tree(v any) any {
	switch x := v.(type) {
	case map[string]any:
		o := mutate.Object{}
		for _, k := range sorted(x) {
			o = append(o, mutate.Member{Key: k, Value: tree(x[k])})
		}
		return o
	case []any:
		l := make([]any, len(x))
		for i := range x {
			l[i] = tree(x[i])
		}
		return l
	case string, bool, nil:
		return v
	}
	return mutate.Number(fmt.Sprint(v))
}

// part is some of a template's lines: small ones are read many times as fast, and break as
// well.
func part(s *mutate.Source, text string) string {
	lines := strings.SplitAfter(text, "\n")
	if len(lines) < 12 || s.Chance(16) {
		return text
	}
	out := strings.Builder{}
	for _, l := range lines {
		// What is further in than a resource stays or goes with it.
		if l != "" && (l[0] != ' ' || !strings.HasPrefix(l, "    ") && s.Chance(4)) {
			out.WriteString(l)
		}
	}
	return out.String()
}

// Whatever a template says, it is answered.
func TestTemplateExecutions(t *testing.T) {
	texts, trees := seeds(t)
	mutate.Run(t, mutate.Loop{Small: 5_000, Run: func(c *mutate.Case) {
		var body string
		c.Input = func() string { return body }
		if c.Chance(4) {
			body = c.Text(part(c.Source, mutate.Pick(c.Source, texts)), mutate.Pick(c.Source, texts))
		} else {
			body = mutate.JSON(c.Tree(pruned(c.Source, mutate.Pick(c.Source, trees))))
			if c.Chance(8) {
				body = c.Text(body, mutate.Pick(c.Source, texts))
			}
		}
		if len(body) > maxBodyBytes {
			body = body[:maxBodyBytes]
		}
		var given map[string]string
		if c.Chance(4) {
			given = map[string]string{mutate.Pick(c.Source, []string{"P", "N", "L", "E", "Name"}): c.Word()}
		}
		resolve(body, given) //nolint:errcheck // an error is an answer
	}})
}

// pruned is a template's tree with a few of its resources.
func pruned(s *mutate.Source, v any) any {
	v = mutate.Clone(v)
	top, is := v.(mutate.Object)
	if !is || s.Chance(16) {
		return v
	}
	var out mutate.Object
	for _, m := range top {
		if o, is := m.Value.(mutate.Object); is && len(o) > 2 {
			var few mutate.Object
			for _, x := range o {
				if s.Chance(1 + len(o)/3) {
					few = append(few, x)
				}
			}
			m.Value = few
		}
		if m.Key != "Metadata" || s.Chance(8) {
			out = append(out, m)
		}
	}
	return out
}
