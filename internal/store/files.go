package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Files is a store in a folder: a file an object, at its key. Whoever writes holds the
// folder's lock, which the system gives back when a process dies; a file is written
// beside its place, and moved there when it is on the disk. Readers need no lock.
type Files struct {
	dir     string
	durable bool
}

// unfinished begins the names of files that are being written, and the lock's.
const unfinished = ".slipway-"

// NewFiles is the store in a folder, which the first write makes. A durable one survives
// a machine that stops in the middle: each write waits for the disk.
func NewFiles(dir string, durable bool) *Files { return &Files{dir, durable} }

// Home is the folder of this user's store: the XDG state folder's "slipway".
func Home() (string, error) {
	if d := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "slipway"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("there is no folder for the store: %w (name one: --store DIR)", err)
	}
	return filepath.Join(home, ".local", "state", "slipway"), nil
}

func (f *Files) path(key string) string { return filepath.Join(f.dir, filepath.FromSlash(key)) }

func (f *Files) String() string { return f.dir }

// failed is what the system said of a file, with what a person can do.
func (f *Files) failed(doing string, err error) error {
	u := &Unusable{Store: f.dir, Doing: doing, Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		u.Remedy = "make room on that disk, or name another store: --store DIR or s3://BUCKET/PREFIX"
	case errors.Is(err, fs.ErrPermission):
		u.Remedy = "make it writable for you, or name another store: --store DIR or s3://BUCKET/PREFIX"
	}
	return u
}

// tagged is the tag of what a file holds. Two writes of the same bytes have the same
// tag, so whoever must tell them apart writes what differs into them.
func tagged(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }

// Get is as Store says.
func (f *Files) Get(_ context.Context, key string) ([]byte, string, error) {
	if err := Plain(key); err != nil {
		return nil, "", err
	}
	b, err := os.ReadFile(f.path(key))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", ErrAbsent
	case err != nil:
		return nil, "", f.failed("reading", err)
	}
	return b, tagged(b), nil
}

// Put is as Store says.
func (f *Files) Put(_ context.Context, key string, data []byte) (string, error) {
	return f.change(key, func() (string, error) {
		if _, err := os.Lstat(f.path(key)); err == nil {
			return "", ErrExists
		}
		return tagged(data), f.write(key, data)
	})
}

// Replace is as Store says.
func (f *Files) Replace(ctx context.Context, key string, data []byte, tag string) (string, error) {
	return f.change(key, func() (string, error) {
		switch _, have, err := f.Get(ctx, key); {
		case errors.Is(err, ErrAbsent), err == nil && have != tag:
			return "", ErrMoved
		case err != nil:
			return "", err
		}
		return tagged(data), f.write(key, data)
	})
}

// Delete is as Store says.
func (f *Files) Delete(ctx context.Context, key, tag string) error {
	_, err := f.change(key, func() (string, error) {
		switch _, have, err := f.Get(ctx, key); {
		case err != nil:
			return "", err
		case have != tag:
			return "", ErrMoved
		}
		if err := os.Remove(f.path(key)); err != nil {
			return "", f.failed("writing", err)
		}
		return "", nil
	})
	return err
}

// change does something to an object while nobody else writes.
func (f *Files) change(key string, do func() (string, error)) (string, error) {
	if err := Plain(key); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(f.path(key)), 0o700); err != nil {
		return "", f.failed("writing", err)
	}
	held, err := os.OpenFile(filepath.Join(f.dir, unfinished+"lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", f.failed("writing", err)
	}
	defer held.Close() //nolint:errcheck // nothing is written to it; closing gives the lock back
	if err := exclusive(held); err != nil {
		return "", f.failed("locking", err)
	}
	return do()
}

// write writes a file beside its place and moves it there. Nobody else writes now: what
// an earlier process left unfinished goes first.
func (f *Files) write(key string, data []byte) error {
	to := f.path(key)
	tmp := filepath.Join(filepath.Dir(to), unfinished+"write")
	err := f.fill(tmp, data)
	if err == nil {
		err = os.Rename(tmp, to)
	}
	if err == nil && f.durable {
		err = settled(filepath.Dir(to))
	}
	if err != nil {
		_ = os.Remove(tmp) // what is left is overwritten by the next
		return f.failed("writing", err)
	}
	return nil
}

func (f *Files) fill(path string, data []byte) error {
	w, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	if err == nil && f.durable {
		err = w.Sync()
	}
	return errors.Join(err, w.Close())
}

// List is as Store says.
func (f *Files) List(_ context.Context, prefix string) ([]string, error) {
	var out []string
	from := f.dir
	if i := strings.LastIndex(prefix, "/"); i >= 0 {
		from = f.path(prefix[:i])
	}
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // deleted meanwhile, or there was never any
			return nil
		case err != nil:
			return err
		case d.IsDir() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		rel, err := filepath.Rel(f.dir, path)
		if key := filepath.ToSlash(rel); err == nil && strings.HasPrefix(key, prefix) {
			out = append(out, key)
		}
		return err
	})
	if err != nil {
		return nil, f.failed("reading", err)
	}
	slices.Sort(out)
	return out, nil
}
