// Package finding is the one form in which Slipway says that something is wrong: a
// problem of the config file, a check that failed, a change that no step can follow,
// and later drift, lint and diagnosis. It must not know who found it nor how it is
// shown.
package finding

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Severity says how much a finding weighs. The names are a contract of JSON output.
type Severity string

// Severities, the heaviest first.
const (
	Error   Severity = "error"   // nothing is done while it stands
	Warning Severity = "warning" // it is said, and work goes on
	Info    Severity = "info"    // worth knowing
)

// Where is the place of a finding: in a file, or at a resource of the account.
type Where struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`   // from 1; 0: unknown
	Column   int    `json:"column,omitempty"` // from 1
	Path     string `json:"path,omitempty"`   // of the field, for example managedNodeGroups[0].name
	Resource string `json:"resource,omitempty"`
}

// String is the place as compilers write it, "" where it is not known.
func (w Where) String() string {
	s := w.File
	if w.File != "" && w.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", w.File, w.Line, w.Column)
	}
	for _, part := range []string{w.Path, w.Resource} {
		if part == "" {
			continue
		}
		if s != "" {
			s += ": "
		}
		s += part
	}
	return s
}

// Finding is one thing that is wrong.
type Finding struct {
	Code     string   `json:"code,omitempty"` // stable, such as subnet-no-route-out
	Severity Severity `json:"severity,omitempty"`
	Where    Where    `json:"where,omitzero"`
	What     string   `json:"what"`             // what was found
	Breaks   string   `json:"breaks,omitempty"` // what it stops or damages
	Remedy   string   `json:"remedy,omitempty"` // what to do next
	Cause    error    `json:"-"`                // the error behind it, if there is one
	Input    bool     `json:"input,omitempty"`  // the input is at fault, not the account
}

// Error is the finding in one line. Without a line of a file to turn to, its code is
// what a reader can look up.
func (f Finding) Error() string {
	s := f.What
	if w := f.Where.String(); w != "" {
		s = w + ": " + s
	}
	if f.Where.File == "" && f.Code != "" {
		s = f.Code + ": " + s
	}
	return printable(s + f.rest())
}

// rest is what follows from the finding, and what to do.
func (f Finding) rest() string {
	s := ""
	if f.Breaks != "" {
		s += "; " + f.Breaks
	}
	if f.Remedy != "" {
		s += " (" + f.Remedy + ")"
	}
	return s
}

// Sentence is the finding among a plan's notes: without place and code.
func (f Finding) Sentence() string {
	s := f.What + f.rest()
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	return printable(string(unicode.ToUpper(r)) + s[n:] + ".")
}

// printable escapes what would steer a terminal: findings quote what others wrote.
func printable(s string) string {
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if steers(r) {
			fmt.Fprintf(&b, "\\x%02x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func steers(r rune) bool { return unicode.IsControl(r) && r != '\n' }

// With is the finding with what to do about it.
func (f Finding) With(remedy string) Finding {
	f.Remedy = remedy
	return f
}

// Unwrap is the error behind the finding.
func (f Finding) Unwrap() error { return f.Cause }

// Findings are an error as soon as one of them weighs as one; see Err.
type Findings []Finding

// Error is every finding, one a line.
func (fs Findings) Error() string {
	s := make([]string, len(fs))
	for i, f := range fs {
		s[i] = f.Error()
	}
	return strings.Join(s, "\n")
}

// Unwrap are the errors behind the findings.
func (fs Findings) Unwrap() []error {
	var out []error
	for _, f := range fs {
		if f.Cause != nil {
			out = append(out, f.Cause)
		}
	}
	return out
}

// Err is the findings as an error where at least one is an error, else nil.
func (fs Findings) Err() error {
	for _, f := range fs {
		if f.Severity == Error || f.Severity == "" {
			return fs
		}
	}
	return nil
}

// Input tells whether the input alone is at fault: exit code 4 (DESIGN.md).
func (fs Findings) Input() bool {
	for _, f := range fs {
		if !f.Input {
			return false
		}
	}
	return len(fs) > 0
}

// Of finds the findings in an error's chain.
func Of(err error) (Findings, bool) {
	var fs Findings
	if errors.As(err, &fs) {
		return fs, true
	}
	var f Finding
	if errors.As(err, &f) {
		return Findings{f}, true
	}
	return nil, false
}
