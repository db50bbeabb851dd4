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

// The version is answered before the heavy packages are initialised: the simulated
// region, the command line, Kubernetes' registries and API server, and the SDK's clients.
// How long it takes is BenchmarkVersion's.
func TestVersionIsCheap(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, "version")
	c.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	c.Stderr = &trace
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(trace.String(), "init os ") {
		t.Fatalf("no trace of what is initialised: %s", trace.String())
	}
	for _, heavy := range []string{"github.com/slipway-eks/slipway/internal/sim", "github.com/slipway-eks/slipway/internal/cli", "k8s.io/kubernetes/",
		"k8s.io/apiserver/", "k8s.io/api/", "github.com/aws/aws-sdk-go-v2/service/eks @"} {
		if strings.Contains(trace.String(), "init "+heavy) {
			t.Errorf("%s is initialised before slipway version is answered", heavy)
		}
	}
}

// BenchmarkVersion is a whole process: some tens of milliseconds of processor time.
func BenchmarkVersion(b *testing.B) {
	for b.Loop() {
		versionOf(b)
	}
}
