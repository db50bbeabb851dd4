package cmdutil

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

// Output is standard output. It remembers the first failure, after which nothing
// more is written: what is lost is said when the command ends.
type Output struct {
	W      io.Writer
	Wrote  bool  // something got through
	Failed error // the first failure
}

// Write writes, or fails as it did before.
func (o *Output) Write(p []byte) (int, error) {
	if o.Failed != nil {
		return 0, o.Failed
	}
	n, err := o.W.Write(p)
	o.Wrote = o.Wrote || n > 0
	o.Failed = err
	return n, err
}

// Fd is the file descriptor behind it, an impossible one where there is none.
func (o *Output) Fd() uintptr {
	if f, ok := o.W.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// format is the value of -o.
type format struct {
	a       *App
	value   *string
	allowed []string
}

func (f format) String() string { return *f.value }
func (f format) Type() string   { return "string" }
func (f format) Set(s string) error {
	if !slices.Contains(f.allowed, s) {
		return fmt.Errorf("%s is what it can be", strings.Join(f.allowed, ", "))
	}
	*f.value, f.a.Format = s, s // at once: arguments that are wrong end a stream too
	return nil
}

// Formats adds -o to a command; the first format is the default.
func (a *App) Formats(c *cobra.Command, usage string, allowed ...string) {
	f := format{a, new(string), allowed}
	*f.value = allowed[0]
	c.Flags().VarP(f, "output", "o", usage)
	c.PreRun = func(*cobra.Command, []string) { a.Format = *f.value }
}

// JSON writes one document, indented.
func (a *App) JSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// Document writes what a command shows: as one document where -o asks for json or yaml,
// else as text does.
func (a *App) Document(v any, text func() error) error {
	switch a.Format {
	case "json":
		return a.JSON(v)
	case "yaml":
		b, err := yaml.Marshal(v)
		if err == nil {
			_, err = a.Out.Write(b)
		}
		return err
	}
	return text()
}

// Line writes one line of a stream of JSON documents. A failure is kept by Out: a
// stream whose reader is gone does not stop what it tells of.
func (a *App) Line(v any) {
	_ = json.NewEncoder(a.Out).Encode(v) // remembered by Out
}

// Write writes a document to a file, whole or not at all, or to standard output ("-").
func (a *App) Write(file string, write func(io.Writer) error) error {
	if file == "-" {
		return write(a.Out)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".slipway-")
	if err == nil {
		if err = errors.Join(write(f), f.Close()); err == nil {
			err = os.Rename(f.Name(), file)
		}
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", file, err)
	}
	return nil
}

// Drawing is a file that is written after a run, and opened before it, so that a path
// that cannot be written is known while nothing has changed.
type Drawing struct {
	f       *os.File
	created bool
}

// OpenDrawing opens the file and tries a byte; "" is no drawing, which takes every call.
func OpenDrawing(path string) (*Drawing, error) {
	if path == "" {
		return nil, nil
	}
	_, missing := os.Stat(path)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("nothing was changed: the timeline cannot be written: %w", err)
	}
	d := &Drawing{f, errors.Is(missing, os.ErrNotExist)}
	if _, err := f.WriteString("\n"); err != nil {
		d.Drop()
		return nil, fmt.Errorf("nothing was changed: the timeline cannot be written: %w", err)
	}
	return d, nil
}

// Drop closes a drawing that nothing was drawn into.
func (d *Drawing) Drop() {
	if d == nil {
		return
	}
	_ = d.f.Close()
	if d.created {
		_ = os.Remove(d.f.Name())
	}
}

// Write draws, in place of what the file held.
func (d *Drawing) Write(draw func(io.Writer)) error {
	if d == nil {
		return nil
	}
	var b strings.Builder
	draw(&b)
	if info, err := d.f.Stat(); err == nil && info.Mode().IsRegular() {
		if err := d.f.Truncate(0); err != nil {
			return errors.Join(err, d.f.Close())
		}
		if _, err := d.f.Seek(0, io.SeekStart); err != nil {
			return errors.Join(err, d.f.Close())
		}
	}
	_, err := d.f.WriteString(b.String())
	return errors.Join(err, d.f.Close())
}
