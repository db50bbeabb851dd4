package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Problem is one thing wrong with a config file, where it is and what to do.
type Problem struct {
	File       string `json:"file"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Path       string `json:"path,omitempty"` // for example managedNodeGroups[0].name
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
}

func (p Problem) Error() string {
	s := p.File
	if p.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
	if p.Path != "" {
		s += ": " + p.Path
	}
	s += ": " + p.Message
	if p.Suggestion != "" {
		s += " (" + p.Suggestion + ")"
	}
	return s
}

// Problems is everything wrong with a config file: an error whose exit code is 4.
type Problems []Problem

// Input is true: the file is at fault.
func (p Problems) Input() bool { return true }

func (p Problems) Error() string {
	var b strings.Builder
	for i, x := range p {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(x.Error())
	}
	return b.String()
}

// File is a loaded config and where each of its fields stands.
type File struct {
	Name    string
	Cluster *ClusterConfig
	where   map[string][2]int // path -> line, column
}

// At makes a problem at a field, or at the nearest enclosing one that is written.
func (f *File) At(path, format string, a ...any) Problem {
	p := Problem{File: f.Name, Path: path, Message: fmt.Sprintf(format, a...)}
	for q := path; ; {
		if w, ok := f.where[q]; ok {
			p.Line, p.Column = w[0], w[1]
			return p
		}
		i := strings.LastIndexAny(q, ".[")
		if i < 0 {
			return p
		}
		q = q[:i]
	}
}

// LoadFile reads a config from a file, or from standard input when name is "-".
// The error is Problems where the content is at fault.
func LoadFile(name string, stdin io.Reader) (*File, error) {
	var b []byte
	var err error
	if name == "-" {
		name = "<stdin>"
		b, err = io.ReadAll(stdin)
	} else {
		b, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, Problems{{File: name, Message: "cannot be read: " + err.Error()}}
	}
	return Load(name, b)
}

// Load parses, checks and completes a config: strict keys and types first, then
// defaults, then the validation that needs no AWS. All problems come at once.
func Load(name string, b []byte) (*File, error) {
	f, err := Parse(name, b)
	if err != nil {
		return nil, err
	}
	f.Cluster.SetDefaults()
	if ps := f.validate(); len(ps) > 0 {
		return nil, ps
	}
	return f, nil
}

// Parse reads a config strictly and applies nothing to it.
func Parse(name string, b []byte) (*File, error) {
	doc, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, Problems{syntaxProblem(name, err)}
	}
	var body ast.Node
	for _, d := range doc.Docs {
		if d.Body == nil || d.Body.Type() == ast.NullType || d.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			return nil, Problems{{File: name, Line: d.Body.GetToken().Position.Line, Column: 1, Message: "a second document; one ClusterConfig to a file"}}
		}
		body = d.Body
	}
	if body == nil {
		return nil, Problems{{File: name, Line: 1, Column: 1, Message: "is empty; expected a ClusterConfig", Suggestion: "see examples/quickstart.yaml"}}
	}
	f := &File{Name: name, Cluster: &ClusterConfig{}, where: map[string][2]int{}}
	d := &decoder{file: f}
	d.decode(body, valueOf(f.Cluster), "", "")
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	return f, nil
}

func syntaxProblem(name string, err error) Problem {
	p := Problem{File: name, Message: err.Error()}
	var y *yaml.SyntaxError
	if errors.As(err, &y) {
		p.Message = "is not valid YAML: " + y.Message
		if y.Token != nil {
			p.Line, p.Column = y.Token.Position.Line, y.Token.Position.Column
		}
	} else if i := bytes.IndexByte([]byte(p.Message), '\n'); i > 0 {
		p.Message = p.Message[:i]
	}
	return p
}

// Written tells where a field stands in the file, and whether it does.
func (f *File) Written(path string) ([2]int, bool) {
	w, ok := f.where[path]
	return w, ok
}
