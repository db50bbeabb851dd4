package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// versionOf re-executes this test binary, which holds the whole program.
func versionOf(t testing.TB) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(self, "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestVersionIsAnsweredAtOnce(t *testing.T) {
	if s := versionOf(t); !strings.HasPrefix(s, "slipway ") || !strings.Contains(s, "follows eksctl ") {
		t.Errorf("got %q", s)
	}
}

// BenchmarkVersion is a whole process; it must stay under 50 ms.
func BenchmarkVersion(b *testing.B) {
	for b.Loop() {
		versionOf(b)
	}
}
