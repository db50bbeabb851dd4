package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/slipway-eks/slipway/internal/finding"
)

// File is a loaded config and where each of its fields stands.
type File struct {
	Name    string
	Cluster *ClusterConfig
	where   map[string][2]int // path -> line, column
}

// At makes a finding at a field, or at the nearest enclosing one that is written, the
// last of which is the document itself.
// The input is at fault: its exit code is 4.
func (f *File) At(code, path, format string, a ...any) finding.Finding {
	x := finding.Finding{Code: code, Severity: finding.Error, Where: finding.Where{File: f.Name, Path: path}, What: fmt.Sprintf(format, a...), Input: true}
	for q := path; ; {
		if w, ok := f.where[q]; ok {
			x.Where.Line, x.Where.Column = w[0], w[1]
			return x
		}
		if q == "" {
			return x
		}
		q = q[:max(strings.LastIndexAny(q, ".["), 0)]
	}
}

// wrong is a finding about the file as a text.
func wrong(code, name string, line, column int, what, remedy string) finding.Finding {
	return finding.Finding{Code: code, Severity: finding.Error, Where: finding.Where{File: name, Line: line, Column: column}, What: what, Remedy: remedy,
		Input: true}
}

// LoadFile reads a config from a file, or from standard input when name is "-".
// The error is finding.Findings where the content is at fault.
func LoadFile(name string, stdin io.Reader) (*File, error) {
	b, err := read(name, stdin)
	if name == "-" {
		name = "<stdin>"
	}
	if err != nil {
		return nil, finding.Findings{wrong("file-unreadable", name, 0, 0, "cannot be read: "+err.Error(), "")}
	}
	return Load(name, b)
}

// read reads a file, and no more of it than tells that it is too long.
func read(name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(stdin, sizeLimit+1))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, sizeLimit+1))
}

// Load parses, checks and completes a config: strict keys and types, defaults, and
// the validation that needs no AWS. All that the file alone can tell comes at once:
// what could be read is validated beside what could not.
func Load(name string, b []byte) (*File, error) {
	f, d, err := parse(name, b)
	if err != nil {
		return nil, err
	}
	f.Cluster.SetDefaults()
	ps := d.problems
	for _, p := range f.validate() {
		if !d.touches(p.Where.Path) {
			ps = append(ps, p)
		}
	}
	if len(ps) > 0 {
		return nil, inOrder(ps)
	}
	return f, nil
}

// Parse reads a config strictly and applies nothing to it.
func Parse(name string, b []byte) (*File, error) {
	f, d, err := parse(name, b)
	if err != nil {
		return nil, err
	}
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	return f, nil
}

// parse reads what can be read of a config; an error is that there is none.
func parse(name string, b []byte) (*File, *decoder, error) {
	b, bad := utf8Text(name, b)
	if bad != nil {
		return nil, nil, finding.Findings{*bad}
	}
	docs, err := documents(string(b))
	if err != nil {
		return nil, nil, finding.Findings{syntax(name, err)}
	}
	switch {
	case len(docs) == 0:
		return nil, nil, finding.Findings{wrong("file-empty", name, 1, 1, "is empty; expected a ClusterConfig", "see examples/quickstart.yaml")}
	case len(docs) > 1:
		at := docs[1].GetToken().Position.Line
		return nil, nil, finding.Findings{wrong("second-document", name, at, 1, "a second document; one ClusterConfig to a file", "")}
	}
	f := &File{Name: name, Cluster: &ClusterConfig{}, where: map[string][2]int{}}
	d := newDecoder(f, docs[0])
	d.decode(docs[0], valueOf(f.Cluster), "", "")
	if len(f.where) == 0 && len(d.problems) > 0 {
		return nil, nil, d.problems // not even a mapping
	}
	at := docs[0].GetToken().Position
	f.where[""] = [2]int{at.Line, at.Column}
	return f, d, nil
}

// touches tells whether a path is, or is within, one whose value could not be taken.
func (d *decoder) touches(path string) bool {
	return slices.ContainsFunc(d.faulty, func(p string) bool {
		rest, ok := strings.CutPrefix(path, p)
		return ok && p != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// inOrder sorts findings as a reader goes through the file.
func inOrder(fs finding.Findings) finding.Findings {
	slices.SortStableFunc(fs, func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(a.Where.Line, b.Where.Line), cmp.Compare(a.Where.Column, b.Where.Column))
	})
	return fs
}

func syntax(name string, err error) finding.Finding {
	var y *yaml.SyntaxError
	if errors.As(err, &y) {
		if y.Token != nil {
			return wrong("yaml-syntax", name, y.Token.Position.Line, y.Token.Position.Column, "is not valid YAML: "+y.Message, "")
		}
		return wrong("yaml-syntax", name, 0, 0, "is not valid YAML: "+y.Message, "")
	}
	what, _, _ := strings.Cut(err.Error(), "\n")
	return wrong("yaml-syntax", name, 0, 0, what, "")
}

// Written tells where a field stands in the file, and whether it does.
func (f *File) Written(path string) ([2]int, bool) {
	w, ok := f.where[path]
	return w, ok
}
