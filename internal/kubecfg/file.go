package kubecfg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/finding"
)

// largest is how much is read of a kubeconfig, in bytes; a thousand clusters are 4 MB.
const largest = 16 << 20

// file is one file of the kubeconfig.
type file struct {
	path    string
	mode    fs.FileMode
	cfg     *clientcmdapi.Config
	changed bool
}

func (f *file) set(current string) { f.cfg.CurrentContext, f.changed = current, true }

// files are the files that make up the kubeconfig, the one that is written to first.
func files(path string) []string {
	o := clientcmd.NewDefaultPathOptions()
	if path != "" {
		o.LoadingRules.ExplicitPath = path
	}
	first := o.GetDefaultFilename()
	out := []string{first}
	for _, p := range o.GetLoadingPrecedence() {
		if p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// Check tells whether the kubeconfig can be read and written, so that it is known
// before a run. The error is findings.
func Check(path string) error {
	for i, p := range files(path) {
		if _, err := read(p); err != nil {
			return err
		}
		if i == 0 && !writable(p) {
			return problem("kubeconfig-unwritable", p, "the kubeconfig cannot be written there", nil)
		}
	}
	return nil
}

// writable tells whether a file that replaces p could be made.
func writable(p string) bool {
	dir := filepath.Dir(resolve(p))
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	probe, err := os.CreateTemp(dir, ".slipway-*")
	if err != nil {
		return false
	}
	_ = probe.Close()
	return os.Remove(probe.Name()) == nil
}

// edit reads the kubeconfig under kubectl's lock, changes it and writes what changed.
func edit(ctx context.Context, c clock.Clock, path string, change func([]*file) *file) (string, error) {
	paths := files(path)
	for _, p := range paths { // before a lock is made beside something that is no kubeconfig
		if _, err := read(p); err != nil {
			return "", err
		}
	}
	unlock, err := lock(ctx, c, paths)
	if err != nil {
		return "", err
	}
	defer unlock()
	var fs []*file
	for _, p := range paths {
		f, err := read(p)
		if err != nil {
			return "", err
		}
		fs = append(fs, f)
	}
	in := change(fs)
	for _, f := range fs {
		if !f.changed {
			continue
		}
		if err := f.write(); err != nil {
			return "", problem("kubeconfig-unwritable", f.path, "the kubeconfig cannot be written: "+err.Error(), err)
		}
	}
	if in == nil {
		return "", nil
	}
	return in.path, nil
}

// read reads one file; one that is not there is an empty one. Only a regular file is
// read: a device or a pipe may never end.
func read(path string) (*file, error) {
	f := &file{path: path, mode: 0o600, cfg: clientcmdapi.NewConfig()}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil && !info.Mode().IsRegular() {
		return nil, problem("kubeconfig-no-file", path, "is "+kind(info.Mode())+", no kubeconfig", nil)
	}
	var b []byte
	if err == nil {
		f.mode = info.Mode().Perm()
		b, err = head(path)
	}
	if err != nil {
		return nil, problem("kubeconfig-unreadable", path, "the kubeconfig cannot be read: "+err.Error(), err)
	}
	if len(b) > largest {
		return nil, problem("kubeconfig-too-large", path, fmt.Sprintf("is longer than %d MB, so it is no kubeconfig", largest>>20), nil)
	}
	cfg, err := clientcmd.Load(b)
	if err != nil {
		return nil, problem("kubeconfig-unreadable", path, "the kubeconfig cannot be read: "+err.Error(), err)
	}
	f.cfg = cfg
	return f, nil
}

// head is a file's content, one byte more than the largest at most.
func head(path string) ([]byte, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // it was only read
	return io.ReadAll(io.LimitReader(in, largest+1))
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// resolve follows links, so that the file is replaced and not the link to it.
func resolve(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	return path
}

// write replaces the file as a whole: a full disk must not cost what was there.
func (f *file) write() error {
	b, err := clientcmd.Write(*f.cfg)
	if err != nil {
		return err
	}
	path := resolve(f.path)
	tmp, err := os.CreateTemp(filepath.Dir(path), ".slipway-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // renamed, or of no use
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Chmod(f.mode), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// problem is a finding about a kubeconfig.
func problem(code, path, what string, cause error) error {
	return finding.Findings{{
		Code: code, Severity: finding.Error, Where: finding.Where{File: path}, What: what, Cause: cause,
		Remedy: "name another with --kubeconfig or KUBECONFIG, or leave it alone with --kubeconfig none",
	}}
}
