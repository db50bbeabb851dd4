package run_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

var (
	versionRE = regexp.MustCompile(`(?m)^(\s+)version: *['"]1\.\d+['"] *$`)
	regionRE  = regexp.MustCompile(`(?m)^(\s+)region:.*$`)
)

// withVersion sets metadata.version to 1.32.
func withVersion(b []byte) []byte {
	if versionRE.Match(b) {
		return versionRE.ReplaceAll(b, []byte(`${1}version: "1.32"`))
	}
	at := regionRE.FindSubmatchIndex(b)
	indent := b[at[2]:at[3]]
	return bytes.Join([][]byte{b[:at[1]], []byte("\n"), bytes.TrimLeft(indent, "\n"), []byte(`version: "1.32"`), b[at[1]:]}, nil)
}

// launchExample says how one of eksctl's examples ends.
func launchExample(t *testing.T, name string, b []byte) (outcome string) {
	f, err := config.Load(name, b)
	if err != nil {
		return "refused: " + err.Error()
	}
	r := testregion.New(t, f, 1)
	s, err := run.Prepare(t.Context(), r.AWS, f)
	if fs, ok := finding.Of(err); ok && fs.Input() {
		return "refused: " + err.Error()
	}
	if err != nil {
		t.Fatalf("%s: neither launched nor refused as input: %v", name, err)
	}
	rep, err := s.Run(t.Context(), r.Clock, 1, nil)
	if err != nil || !rep.OK() {
		return fmt.Sprintf("FAILED: %s %v", rep.FirstFailure, err)
	}
	return "done"
}

// Every example of eksctl's reaches done or is refused with a reason: as it
// stands, and with a version that EKS offers and the key files present.
func TestEksctlExamples(t *testing.T) {
	testregion.Need(t, "shared")
	home := t.TempDir()
	t.Setenv("HOME", home)
	files, err := filepath.Glob(filepath.Join(testregion.Root(t), "../shared/eksctl/examples/*.yaml"))
	if err != nil || len(files) != 49 {
		t.Fatalf("found %d examples, expected 49 (%v)", len(files), err)
	}
	table := map[string][2]string{}
	for pass := range 2 {
		if pass == 1 {
			if err := os.MkdirAll(filepath.Join(home, ".ssh"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, k := range []string{"id_rsa", "id_rsa_tests", "ec2_id_rsa"} {
				if err := os.WriteFile(filepath.Join(home, ".ssh", k+".pub"), []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPX7CihYshbFiwCillgXKwSZ9sXBVD7N9EhnsYsTgut "+k), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if pass == 1 {
				b = withVersion(b)
			}
			row := table[file]
			row[pass] = launchExample(t, filepath.Base(file), b)
			table[file] = row
		}
	}
	done := 0
	for _, file := range files {
		row := table[file]
		t.Logf("%-52s as it stands: %.90s\n%56s with 1.32: %.90s", filepath.Base(file), row[0], "", row[1])
		if row[1] == "done" {
			done++
		}
		for _, o := range row {
			if len(o) > 6 && o[:6] == "FAILED" {
				t.Errorf("%s: %s", filepath.Base(file), o)
			}
		}
	}
	if done < 38 {
		t.Errorf("%d examples reach done with Kubernetes 1.32, expected at least 38", done)
	}
}
