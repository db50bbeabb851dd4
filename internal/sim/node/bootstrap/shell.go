package bootstrap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// machine is an instance's root file system and shell, as far as boot scripts need
// them: files that they write are there to be read and run, programs of the system
// succeed in silence, and nothing reaches the machine that this program runs on.
type machine struct {
	files    map[string][]byte
	metadata map[string]string // of the instance, by path below latest/meta-data/
	calls    int
	// bootstrap is called for /etc/eks/bootstrap.sh, sed for the program of that name.
	bootstrap, sed func(args []string) error
}

// Bounds of what a boot script may do here: commands run, bytes written, depth.
const (
	maxCalls   = 20_000
	maxBytes   = limit
	maxDepth   = 16
	scriptTime = 5 * time.Second // for loops that call nothing
)

var errBound = errors.New("cloud-init: a script runs on and on")

// run interprets a script of bash's or POSIX's; what cannot be parsed fails as a shell
// would fail it.
func (m *machine) run(ctx context.Context, name, script string, params []string, env expand.Environ, depth int) error {
	if depth > maxDepth {
		return errBound
	}
	f, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), name)
	if err != nil {
		return fmt.Errorf("cloud-init: %w", err)
	}
	if unsafe(f) {
		return errors.New("cloud-init: process substitution is not modelled here")
	}
	r, err := interp.New(
		interp.Env(env),
		interp.Params(append([]string{"--"}, params...)...),
		interp.StdIO(nil, io.Discard, io.Discard),
		interp.CallHandler(m.count),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc {
			return func(ctx context.Context, args []string) error { return m.exec(ctx, args, depth) }
		}),
		interp.OpenHandler(m.open),
		interp.StatHandler(m.stat),
		interp.AccessHandler(func(context.Context, string, interp.AccessMode) error { return nil }),
		interp.ReadDirHandler2(m.readDir),
	)
	if err != nil {
		return err
	}
	return r.Run(ctx, f)
}

// rootEnv is what cloud-init's scripts find in their environment.
func rootEnv() expand.Environ {
	return expand.ListEnviron("HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}

// exported is what a script hands on to a program.
func exported(ctx context.Context) expand.Environ {
	var list []string
	for name, v := range interp.HandlerCtx(ctx).Env.Each {
		if v.Exported && v.Kind == expand.String {
			list = append(list, name+"="+v.Str)
		}
	}
	return expand.ListEnviron(list...)
}

// unsafe finds what the interpreter does on the real file system.
func unsafe(f *syntax.File) bool {
	found := false
	syntax.Walk(f, func(n syntax.Node) bool {
		if _, ok := n.(*syntax.ProcSubst); ok {
			found = true
		}
		return !found
	})
	return found
}

func (m *machine) count(_ context.Context, args []string) ([]string, error) {
	if m.calls++; m.calls > maxCalls {
		return nil, errBound
	}
	return args, nil
}

// exec runs a program: the few that matter, and scripts that stand in files.
func (m *machine) exec(ctx context.Context, args []string, depth int) error {
	h := interp.HandlerCtx(ctx)
	switch path.Base(args[0]) {
	case "bootstrap.sh":
		if path.Clean(args[0]) == "/etc/eks/bootstrap.sh" {
			return m.bootstrap(args[1:])
		}
	case "bash", "sh":
		return m.shell(ctx, args[1:], depth)
	case "cat":
		return m.cat(h, args[1:])
	case "tee":
		return m.tee(h, args[1:])
	case "sed":
		return m.sed(args[1:])
	case "curl", "wget":
		_, err := io.WriteString(h.Stdout, m.get(args[1:]))
		return err
	}
	if script, ok := m.files[m.abs(h.Dir, args[0])]; ok {
		return m.run(ctx, args[0], string(script), args[1:], exported(ctx), depth+1)
	}
	return nil
}

func (m *machine) shell(ctx context.Context, args []string, depth int) error {
	for i, a := range args {
		switch {
		case strings.HasPrefix(a, "-") && strings.HasSuffix(a, "c") && i+1 < len(args):
			return m.run(ctx, "sh", args[i+1], args[min(i+3, len(args)):], exported(ctx), depth+1)
		case strings.HasPrefix(a, "-"):
			continue
		case path.Clean(a) == "/etc/eks/bootstrap.sh":
			return m.bootstrap(args[i+1:])
		}
		script, ok := m.files[path.Clean(a)]
		if !ok {
			return interp.ExitStatus(127)
		}
		return m.run(ctx, a, string(script), args[i+1:], exported(ctx), depth+1)
	}
	return nil
}

func (m *machine) cat(h interp.HandlerContext, names []string) error {
	if len(names) == 0 {
		_, err := io.Copy(h.Stdout, io.LimitReader(h.Stdin, maxBytes))
		return err
	}
	for _, n := range names {
		if _, err := h.Stdout.Write(m.files[m.abs(h.Dir, n)]); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) tee(h interp.HandlerContext, names []string) error {
	if h.Stdin == nil {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(h.Stdin, maxBytes))
	if err != nil {
		return err
	}
	for _, n := range names {
		if !strings.HasPrefix(n, "-") {
			m.write(m.abs(h.Dir, n), b)
		}
	}
	_, err = h.Stdout.Write(b)
	return err
}

// get answers the instance's metadata service; other hosts answer nothing.
func (m *machine) get(args []string) string {
	for _, a := range args {
		if rest, ok := strings.CutPrefix(a, "http://169.254.169.254/latest/meta-data/"); ok {
			return m.metadata[rest]
		}
		if a == "http://169.254.169.254/latest/api/token" {
			return "AQAEAFTNrA4eEGx0AQgJ1arIq_Cc-t4tWt3fB0Hd8RKhXlKc5ccvhg=="
		}
	}
	return ""
}

func (m *machine) abs(dir, name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join("/", dir, name)
}

func (m *machine) write(name string, b []byte) {
	total := len(b)
	for _, f := range m.files {
		total += len(f)
	}
	if total <= maxBytes {
		m.files[name] = bytes.Clone(b)
	}
}

// open gives scripts their redirections.
func (m *machine) open(ctx context.Context, name string, flag int, _ os.FileMode) (io.ReadWriteCloser, error) {
	name = m.abs(interp.HandlerCtx(ctx).Dir, name)
	if flag&(os.O_WRONLY|os.O_RDWR) == 0 {
		b, ok := m.files[name]
		if !ok && name != "/dev/null" {
			return nil, &os.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return &file{Buffer: *bytes.NewBuffer(bytes.Clone(b))}, nil
	}
	w := &file{m: m, name: name}
	if flag&os.O_APPEND != 0 {
		w.Write(m.files[name])
	}
	return w, nil
}

// file is an open file; what is written is there when it is closed.
type file struct {
	bytes.Buffer
	m    *machine
	name string
}

func (f *file) Close() error {
	if f.m != nil && !strings.HasPrefix(f.name, "/dev/") {
		f.m.write(f.name, f.Bytes())
	}
	return nil
}

func (m *machine) stat(_ context.Context, name string, _ bool) (fs.FileInfo, error) {
	name = path.Clean("/" + name)
	if b, ok := m.files[name]; ok {
		return info{name: path.Base(name), size: int64(len(b))}, nil
	}
	for n := range m.files {
		if strings.HasPrefix(n, strings.TrimSuffix(name, "/")+"/") {
			return info{name: path.Base(name), dir: true}, nil
		}
	}
	switch name {
	case "/", "/root", "/etc", "/etc/eks", "/tmp", "/usr", "/var", "/home":
		return info{name: path.Base(name), dir: true}, nil
	}
	return nil, &os.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

func (m *machine) readDir(context.Context, string) ([]fs.DirEntry, error) { return nil, nil }

type info struct {
	name string
	size int64
	dir  bool
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o755
}
