package cli

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/testregion"
)

var update = flag.Bool("update", false, "write docs/commands instead of comparing with it")

// The pages of docs/commands are what the commands say of themselves;
// go test ./internal/cli -run Pages -update writes them.
func TestPagesOfTheCommands(t *testing.T) {
	dir := filepath.Join(testregion.Root(t), "docs", "commands")
	pages := map[string]string{}
	c := root(cmdutil.New(nil, io.Discard, io.Discard))
	var index strings.Builder
	fmt.Fprintf(&index, "# Commands\n\n%s\n\n| command | does |\n| --- | --- |\n", c.Long)
	for _, x := range below(c) {
		file := strings.ReplaceAll(strings.TrimPrefix(x.CommandPath(), "slipway "), " ", "-") + ".md"
		fmt.Fprintf(&index, "| [`%s`](%s) | %s |\n", x.CommandPath(), file, x.Short)
		pages[file] = page(x)
	}
	fmt.Fprintf(&index, "\nFlags of every command:\n\n%s", flags(c.PersistentFlags()))
	pages["README.md"] = index.String()
	for name, want := range pages {
		path := filepath.Join(dir, name)
		if *update {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("docs/commands/%s is not what the command says of itself; run go test ./internal/cli -run Pages -update", name)
		}
	}
	if there, _ := filepath.Glob(filepath.Join(dir, "*.md")); len(there) != len(pages) {
		t.Errorf("docs/commands has %d pages for %d commands and the index", len(there), len(pages)-1)
	}
}

// below are the commands below one, each followed by its own.
func below(c *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, x := range c.Commands() {
		out = append(append(out, x), below(x)...)
	}
	return out
}

func page(c *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n```\n%s\n```\n", c.CommandPath(), c.Short, c.UseLine())
	if c.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", c.Long)
	}
	if c.Example != "" {
		fmt.Fprintf(&b, "\n## Examples\n\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(c.Example, "  "), "\n  ", "\n"))
	}
	if f := flags(c.NonInheritedFlags()); f != "" {
		fmt.Fprintf(&b, "\n## Flags\n\n%s", f)
	}
	fmt.Fprint(&b, "\nFlags of every command, and exit codes: [Commands](README.md).\n")
	return b.String()
}

func flags(fs *pflag.FlagSet) string {
	var b strings.Builder
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		usage := strings.ReplaceAll(f.Usage, "|", `\|`)
		if f.DefValue != "" && f.DefValue != "false" {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(&b, "| %s | %s |\n", name, usage)
	})
	if b.Len() == 0 {
		return ""
	}
	return "| flag | means |\n| --- | --- |\n" + b.String()
}
