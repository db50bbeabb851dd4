package kubecfg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/finding"
)

const (
	patience = 30 * time.Second // how long another writer is waited for
	pause    = 50 * time.Millisecond
)

// lock makes the lock files that kubectl makes, in its order, and waits for whoever
// holds one. unlock takes them away.
func lock(ctx context.Context, c clock.Clock, paths []string) (unlock func(), err error) {
	var held []string
	unlock = func() {
		for _, l := range held {
			_ = os.Remove(l)
		}
	}
	for _, p := range slices.Sorted(slices.Values(paths)) {
		l := p + ".lock"
		if err := os.MkdirAll(filepath.Dir(l), 0o755); err != nil {
			unlock()
			return nil, problem("kubeconfig-unwritable", p, "the kubeconfig cannot be written: "+err.Error(), err)
		}
		if err := take(ctx, c, l); err != nil {
			unlock()
			return nil, err
		}
		held = append(held, l)
	}
	return unlock, nil
}

// take makes one lock file, and waits up to patience where it stands.
func take(ctx context.Context, c clock.Clock, path string) error {
	for until := c.Now() + patience; ; {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			host, _ := os.Hostname()
			_, _ = fmt.Fprintf(f, "slipway, process %d on %s", os.Getpid(), host) // it helps whoever finds it
			return f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return problem("kubeconfig-unwritable", strings.TrimSuffix(path, ".lock"), "the kubeconfig cannot be locked: "+err.Error(), err)
		}
		if c.Now() >= until {
			return stale(path)
		}
		if err := c.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("waiting for the lock %s: %w", path, err)
		}
	}
}

// stale says whose a lock is that nobody gave back, since when, and what to do.
func stale(path string) error {
	who, since := "kubectl or a program like it", ""
	if b, err := head(path); err == nil && strings.HasPrefix(string(b), "slipway") {
		who = string(b)
	}
	if info, err := os.Stat(path); err == nil {
		since = " since " + info.ModTime().Format(time.RFC3339)
	}
	return finding.Findings{{
		Code: "kubeconfig-locked", Severity: finding.Error, Where: finding.Where{File: path},
		What:   fmt.Sprintf("the kubeconfig is locked%s by %s, and the lock was not given back within %s", since, who, patience),
		Remedy: "if no such program runs any more, remove the lock: rm " + path,
	}}
}
