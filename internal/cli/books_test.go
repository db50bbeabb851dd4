package cli_test

import (
	"encoding/json"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A process that is killed with a call in the air leaves its lock. The next one takes it
// over at once, for the process is no more, and finishes; history tells of both.
func TestAKilledProcessIsTakenOver(t *testing.T) {
	file := filepath.Join(testregion.Root(t), "examples/quickstart.yaml")
	url, asked := hangingFor(t, "CreateStack", 1)
	state := t.TempDir()
	killed, _ := slipway(t, url, "up", "--yes", "--store", state, "-f", file)
	within(t, "CreateStack", asked)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	exitCode(killed)
	again, out := slipway(t, url, "up", "--yes", "--store", state, "--reason", "finish it", "-f", file)
	if code := exitCode(again); code != 0 || !strings.Contains(out.String(), "2 of 2 nodes Ready") {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	var list []journal.Record
	document(t, url, &list, "history", "quickstart", "--store", state, "-o", "json")
	if len(list) != 2 || list[0].Result != "done" || list[0].Reason != "finish it" || !strings.Contains(list[0].TookOver, "slipway up of ") ||
		list[1].Result != journal.Unfinished || list[1].Changes != 1 {
		t.Errorf("%+v", list)
	}
	var first journal.Account
	document(t, url, &first, "history", "show", "quickstart", "1", "--store", state, "-o", "json")
	if len(first.Calls) != 1 || first.Calls[0].Answered || first.Calls[0].Call != "cloudformation:CreateStack" {
		t.Errorf("%+v", first)
	}
}

// keeps are the names of the files in the store that a process has by default.
func keeps(t *testing.T, c *exec.Cmd) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, e := range c.Env {
		if dir, ok := strings.CutPrefix(e, "XDG_STATE_HOME="); ok {
			err := filepath.WalkDir(filepath.Join(dir, "slipway"), func(_ string, d fs.DirEntry, err error) error {
				if err == nil {
					out[d.Name()] = true
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	return out
}

// document is what a command writes on standard output, as JSON.
func document(t *testing.T, url string, into any, args ...string) {
	t.Helper()
	c, out := slipwayCommand(t, url, args...)
	b, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
}
