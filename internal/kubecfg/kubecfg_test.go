package kubecfg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/finding"
)

func wall() clock.Clock { return &clock.Wall{Start: time.Now(), Speed: 1} }

// still is a clock whose waits move it: half a minute is over at once.
type still struct{ now time.Duration }

func (s *still) Now() time.Duration { return s.now }
func (s *still) Sleep(ctx context.Context, d time.Duration) error {
	s.now += d
	return ctx.Err()
}

func entry(name string) Entry {
	return Entry{Cluster: name, Region: "us-west-2", Endpoint: "https://" + name, CA: []byte("ca"), Plugin: AWS}
}

func contexts(t *testing.T, path string) string {
	t.Helper()
	cfg, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range 9 {
		if n := fmt.Sprintf("c%d.us-west-2.slipway", i); cfg.Contexts[n] != nil && cfg.Clusters[n] != nil && cfg.AuthInfos[n] != nil {
			names = append(names, n[:2])
		}
	}
	return strings.Join(names, " ") + " current " + cfg.CurrentContext
}

func TestSixWritersAtOnceLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config")
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			if _, err := Add(t.Context(), wall(), path, entry(fmt.Sprintf("c%d", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := contexts(t, path); !strings.HasPrefix(got, "c0 c1 c2 c3 c4 c5 current c") {
		t.Error(got)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAddAndRemove(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	t.Setenv("KUBECONFIG", first+string(filepath.ListSeparator)+second)
	if _, err := Add(t.Context(), wall(), second, entry("c1")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(second, first); err != nil {
		t.Fatal(err)
	}
	in, err := Add(t.Context(), wall(), "", entry("c2"))
	if err != nil || in != first {
		t.Fatal(in, err)
	}
	if info, err := os.Lstat(first); err != nil || info.Mode().IsRegular() {
		t.Error("the link was replaced")
	}
	if got := contexts(t, second); got != "c1 c2 current c2.us-west-2.slipway" {
		t.Error(got)
	}
	if in, err := Remove(t.Context(), wall(), "", entry("c2")); err != nil || in == "" {
		t.Fatal(in, err)
	}
	if got := contexts(t, second); got != "c1 current " {
		t.Error(got)
	}
	if in, err := Remove(t.Context(), wall(), "", entry("c2")); err != nil || in != "" {
		t.Errorf("removed what is not there: %s %v", in, err)
	}
}

// code is the finding that an error is.
func code(err error) string {
	if fs, ok := finding.Of(err); ok {
		return fs[0].Code
	}
	return fmt.Sprint(err)
}

func TestWhatIsNoKubeconfigIsRefused(t *testing.T) {
	dir := t.TempDir()
	pipe, long, text := filepath.Join(dir, "pipe"), filepath.Join(dir, "long"), filepath.Join(dir, "text")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(long, bytes.Repeat([]byte("#"), largest+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(text, []byte("what: [is this"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe: "kubeconfig-no-file", "/dev/zero": "kubeconfig-no-file", dir: "kubeconfig-no-file",
		long: "kubeconfig-too-large", text: "kubeconfig-unreadable",
	} {
		if err := Check(path); code(err) != want {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := Add(t.Context(), wall(), path, entry("c1")); code(err) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := Check(filepath.Join(dir, "not", "yet")); err != nil {
		t.Error(err)
	}
}

func TestALockThatStaysIsExplained(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Add(t.Context(), &still{}, path, entry("c1"))
	if code(err) != "kubeconfig-locked" || !strings.Contains(err.Error(), "rm "+path+".lock") || !strings.Contains(err.Error(), " since 2") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Add(ctx, wall(), path, entry("c1")); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupt does not end the wait: %v", err)
	}
	if _, err := os.Stat(path + ".lock"); err != nil {
		t.Error("somebody else's lock was taken away")
	}
}

func TestTheCredentialPlugin(t *testing.T) {
	e := entry("c1")
	e.Profile = "dev"
	if x := e.credential(); x.Command != "aws" || strings.Join(x.Args, " ") != "eks get-token --cluster-name c1 --region us-west-2 --profile dev" {
		t.Error(x.Command, x.Args)
	}
	e.Plugin = Slipway // this test's binary is one of go build's
	t.Setenv("PATH", "")
	if x := e.credential(); x.Command != "slipway" || x.Args[0] != "token" {
		t.Error(x.Command, x.Args)
	}
}
