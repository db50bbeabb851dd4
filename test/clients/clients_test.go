// Package clients runs the scripts of this folder, each a scenario of a tool that nobody
// here wrote, in a simulated region of its own. It knows nothing of what they do.
package clients

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

var update = flag.Bool("update", false, "write what was seen into docs/region.md")

// limit is what one script may take on the wall, where its head does not say more.
const limit = 12 * time.Minute

// skipped is the exit code of a script that could not run here.
const skipped = 77

// Every script holds, or says why it cannot run here. Where SLIPWAY_REQUIRE names the
// tool that it misses, that fails: CI installed it.
func TestClients(t *testing.T) {
	testregion.Need(t, "bash")
	scripts, err := filepath.Glob("*.sh")
	if err != nil {
		t.Fatal(err)
	}
	slipway := filepath.Join(t.TempDir(), "slipway")
	if out, err := exec.Command("go", "build", "-o", slipway, "../../cmd/slipway").CombinedOutput(); err != nil {
		t.Fatalf("slipway does not build: %v\n%s", err, out)
	}
	seen := map[string]row{}
	for _, s := range scripts {
		if s == "lib.sh" {
			continue
		}
		t.Run(strings.TrimSuffix(s, ".sh"), func(t *testing.T) {
			h := head(t, s)
			code, out := run(t, slipway, h, s)
			last := out[strings.LastIndexByte(strings.TrimSpace(out), '\n')+1:]
			switch {
			case code == skipped:
				for _, tool := range strings.Split(os.Getenv("SLIPWAY_REQUIRE"), ",") {
					if tool != "" && strings.Contains(last, "SKIPPED: "+tool+" ") {
						t.Fatalf("%s is required here and missing", tool)
					}
				}
				t.Skip(strings.TrimSpace(last))
			case code != 0:
				seen[s] = row{h.tool, h.does, "**fails**: " + strings.TrimSpace(last), h.speed}
				lines := strings.Split(strings.TrimSpace(out), "\n")
				t.Fatalf("%s ended with %d\n%s", s, code, strings.Join(lines[max(0, len(lines)-60):], "\n"))
			}
			seen[s] = row{h.tool, h.does, "passes", h.speed}
		})
	}
	if *update {
		writePage(t, seen)
	}
}

// row is what the page says of one script.
type row struct{ tool, does, result, speed string }

// heads is what a script's first comment says: "tool: what it does", at which speed it is
// to run, where that is not 60, and how many minutes it may take.
type heads struct {
	tool, does, speed string
	limit             time.Duration
}

var (
	speedRE   = regexp.MustCompile(`(?m)^# Speed: ([0-9]+)$`)
	minutesRE = regexp.MustCompile(`(?m)^# Minutes: ([0-9]+)$`)
)

func head(t *testing.T, script string) heads {
	t.Helper()
	b, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitN(string(b), "\n", 3)
	tool, does, ok := strings.Cut(strings.TrimPrefix(lines[1], "# "), ": ")
	if !ok || !strings.Contains(string(b), "\n# Needs: ") {
		t.Fatalf("%s: its second line is to be \"# TOOL: what it does\", and a line \"# Needs: …\" is to follow", script)
	}
	h := heads{tool, does, "60", limit}
	if m := speedRE.FindStringSubmatch(string(b)); m != nil {
		h.speed = m[1]
	}
	if m := minutesRE.FindStringSubmatch(string(b)); m != nil {
		n, err := time.ParseDuration(m[1] + "m")
		if err != nil {
			t.Fatal(err)
		}
		h.limit = n
	}
	return h
}

func run(t *testing.T, slipway string, h heads, script string) (int, string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), h.limit)
	defer stop()
	path, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(ctx, slipway, "sim", "--speed", h.speed, "--", "bash", path)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), "PATH="+filepath.Dir(slipway)+string(os.PathListSeparator)+os.Getenv("PATH"))
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	out, err := c.CombinedOutput()
	if exit := (&exec.ExitError{}); errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	} else if err != nil {
		return 1, string(out) + err.Error()
	}
	return 0, string(out)
}

const pageHead = `# The simulated region: what it answers, and who says so

Generated: ` + "`go test ./test/clients -update`" + ` runs the scripts of test/clients whose tools are installed, each in a region of its own,
and writes what it saw, with the date and the commit. A row stays as it was where its tool is not there.

## Clients

| tool | scenario | script | result | speed | seen |
| --- | --- | --- | --- | --- | --- |
`

const numbersHead = `
## Numbers

` + "`go test ./test/clients -run Numbers -update`" + ` measures them.

| of | wanted | seen | at |
| --- | --- | --- | --- |
`

// page is where docs/region.md is, and what it says now; nothing where it is not there.
func page(t *testing.T) (path, text string) {
	t.Helper()
	path = filepath.Join(testregion.Root(t), "docs", "region.md")
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return path, string(b)
}

// when says of what is seen now when that was, and of which commit.
func when(t *testing.T) string {
	t.Helper()
	commit, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	return time.Now().Format("2006-01-02") + " at " + strings.TrimSpace(string(commit))
}

// numbersOf are the rows of a page's numbers.
func numbersOf(text string) string {
	_, after, _ := strings.Cut(text, numbersHead)
	rows, _, _ := strings.Cut(after, "\n\n## ")
	return strings.TrimSpace(rows)
}

// writePage writes docs/region.md: the rows that were seen now over those that were there.
func writePage(t *testing.T, seen map[string]row) {
	t.Helper()
	_, text := page(t)
	rows := map[string]string{}
	for _, l := range strings.Split(text, "\n") {
		if m := regexp.MustCompile(`\]\(\.\./test/clients/([^)]+\.sh)\)`).FindStringSubmatch(l); m != nil {
			rows[m[1]] = l
		}
	}
	for s, r := range seen {
		result := strings.ReplaceAll(r.result, "|", `\|`)
		rows[s] = fmt.Sprintf("| %s | %s | [%s](../test/clients/%s) | %s | %s | %s |", r.tool, r.does, s, s, result, r.speed, when(t))
	}
	var b strings.Builder
	for _, s := range slices.Sorted(maps.Keys(rows)) {
		if _, err := os.Stat(s); err == nil {
			b.WriteString(rows[s] + "\n")
		}
	}
	write(t, b.String(), numbersOf(text))
}

// writeNumbers writes docs/region.md with other numbers.
func writeNumbers(t *testing.T, rows string) {
	t.Helper()
	_, text := page(t)
	_, after, _ := strings.Cut(text, pageHead)
	clients, _, _ := strings.Cut(after, "\n\n## ")
	write(t, strings.TrimSpace(clients)+"\n", strings.TrimSpace(rows))
}

func write(t *testing.T, clients, numbers string) {
	t.Helper()
	if numbers != "" {
		numbers = numbersHead + numbers + "\n"
	}
	path, _ := page(t)
	if err := os.WriteFile(path, []byte(pageHead+clients+numbers+"\n## Operations\n\n"+operations()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// operations is the table of what the region answers, by service.
func operations() string {
	b := strings.Builder{}
	b.WriteString("`slipway sim operations` lists them by name. Any other is refused in the caller's protocol.\n\n")
	b.WriteString("| service | operations | of all |\n| --- | --- | --- |\n")
	for _, o := range sim.New(sim.Options{Seed: 1}).Region("us-west-2").Operations() {
		fmt.Fprintf(&b, "| %s | %d | %d |\n", o.Service, len(o.Served), o.All)
	}
	return b.String()
}

// The page's count of operations is the region's.
func TestThePageIsOfThisRegion(t *testing.T) {
	if *update {
		writePage(t, nil)
	}
	b, err := os.ReadFile(filepath.Join(testregion.Root(t), "docs", "region.md"))
	if err != nil || !strings.HasSuffix(string(b), operations()) {
		t.Errorf("docs/region.md does not count the operations that the region answers; run go test ./test/clients -run ThePage -update")
	}
}
