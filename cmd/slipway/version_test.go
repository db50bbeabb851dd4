package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
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

// The processor time of the whole process stays under 50 ms, the best of some tries:
// on a busy machine the wall's time says little. The SDK's packages of schemas dominate:
// they sort before this module's, so Go initialises them before the answer is given.
func TestVersionIsCheap(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	best := time.Hour
	for range 5 {
		c := exec.Command(self, "version")
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
		best = min(best, c.ProcessState.UserTime()+c.ProcessState.SystemTime())
	}
	if best > 50*time.Millisecond {
		t.Errorf("slipway version took %s of processor time", best)
	}
}

// BenchmarkVersion is a whole process; it must stay under 50 ms.
func BenchmarkVersion(b *testing.B) {
	for b.Loop() {
		versionOf(b)
	}
}
