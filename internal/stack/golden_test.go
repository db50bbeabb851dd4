package stack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// golden compares with testdata/NAME; -update writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at it, and run go test ./internal/stack -update if it is right:\n%s", path, got)
	}
}

// A template is a contract with eksctl and with stacks that stand: it changes only
// on purpose.
func TestTemplatesAreAsTheyWere(t *testing.T) {
	all := templates(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		var b bytes.Buffer
		if err := json.Indent(&b, []byte(all[name]), "", " "); err != nil {
			t.Fatal(err)
		}
		b.WriteByte('\n')
		golden(t, name+".json", b.Bytes())
	}
}
