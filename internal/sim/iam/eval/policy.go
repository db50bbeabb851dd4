// Package eval decides whether IAM policies allow a request, as AWS documents it
// ("Policy evaluation logic" and "IAM JSON policy elements" in the IAM user guide,
// read in November 2026): identity policies, permissions boundaries, session
// policies, resource policies and trust policies. It is pure: documents and a request
// in, a decision with its reason out. It must not know any service, nor where
// policies are stored.
package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Policy is a policy document, parsed.
type Policy struct {
	Version    string
	ID         string
	Statements []Statement
}

// Statement is one statement of a policy. Of each pair (Action and NotAction, …) at
// most one is set.
type Statement struct {
	SID                     string
	Deny                    bool
	Actions, NotActions     []string
	Resources, NotResources []string
	Principal, NotPrincipal Principals
	Conditions              []Condition
}

// Principals are who a statement is about, by kind: AWS, Service, Federated,
// CanonicalUser. "*" alone is {"AWS": ["*"]}. nil: the statement has no such element.
type Principals map[string][]string

// Condition is one operator on one key.
type Condition struct {
	Operator, Key string
	Values        []string
}

// ErrJSON: the document is no JSON at all.
//
//lint:ignore ST1005 IAM's own words
var ErrJSON = errors.New("This policy contains invalid Json")

// Parse reads a document. Errors are in IAM's words; ErrJSON where it is no JSON.
func Parse(doc string) (*Policy, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal([]byte(doc), &top); err != nil {
		return nil, ErrJSON
	}
	p := &Policy{Version: "2008-10-17"}
	for k, v := range top {
		var err error
		switch k {
		case "Version":
			if err = json.Unmarshal(v, &p.Version); err == nil && p.Version != "2012-10-17" && p.Version != "2008-10-17" {
				return nil, said("The policy version %s is not valid", p.Version)
			}
		case "Id":
			err = json.Unmarshal(v, &p.ID)
		case "Statement":
			p.Statements, err = statements(v)
		default:
			return nil, said("Unknown field %s", k)
		}
		if err != nil {
			return nil, err
		}
	}
	if top["Statement"] == nil {
		return nil, said("Missing required field Statement")
	}
	return p, p.unique()
}

func said(format string, a ...any) error { return fmt.Errorf(format, a...) }

// unique refuses two statements of one Sid.
func (p *Policy) unique() error {
	seen := map[string]bool{}
	for _, s := range p.Statements {
		if s.SID != "" && seen[s.SID] {
			return said("Statement IDs (SID) in a single policy must be unique.")
		}
		seen[s.SID] = true
	}
	return nil
}

func statements(raw json.RawMessage) ([]Statement, error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	out := []Statement{}
	for _, r := range list {
		s, err := statement(r)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func statement(raw json.RawMessage) (Statement, error) {
	var s Statement
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return s, said("Syntax errors in policy.")
	}
	effect := ""
	for k, v := range m {
		var err error
		switch k {
		case "Sid":
			err = json.Unmarshal(v, &s.SID)
		case "Effect":
			err = json.Unmarshal(v, &effect)
		case "Action":
			s.Actions, err = texts(v)
		case "NotAction":
			s.NotActions, err = texts(v)
		case "Resource":
			s.Resources, err = texts(v)
		case "NotResource":
			s.NotResources, err = texts(v)
		case "Principal":
			s.Principal, err = principals(v)
		case "NotPrincipal":
			s.NotPrincipal, err = principals(v)
		case "Condition":
			s.Conditions, err = conditions(v)
		default:
			return s, said("Unknown field %s", k)
		}
		if err != nil {
			return s, err
		}
	}
	if effect != "Allow" && effect != "Deny" {
		return s, said("Invalid effect: %s", effect)
	}
	s.Deny = effect == "Deny"
	if s.Actions != nil && s.NotActions != nil || s.Resources != nil && s.NotResources != nil || s.Principal != nil && s.NotPrincipal != nil {
		return s, said("Syntax errors in policy.")
	}
	return s, nil
}

// Texts is what JSON of AWS's writes as one text or as a list of them.
type Texts []string

// UnmarshalJSON reads both forms.
func (t *Texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = Texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// texts reads a string or a list of strings; numbers and booleans become text.
func texts(raw json.RawMessage) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, said("Syntax errors in policy.")
	}
	l, ok := v.([]any)
	if !ok {
		l = []any{v}
	}
	out := []string{}
	for _, x := range l {
		switch x.(type) {
		case string, bool, json.Number:
			out = append(out, fmt.Sprint(x))
		default:
			return nil, said("Syntax errors in policy.")
		}
	}
	return out, nil
}

func principals(raw json.RawMessage) (Principals, error) {
	var all string
	if json.Unmarshal(raw, &all) == nil {
		if all != "*" {
			return nil, said("Invalid principal in policy: %q", all)
		}
		return Principals{"AWS": {"*"}}, nil
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil, said("Syntax errors in policy.")
	}
	out := Principals{}
	for k, v := range m {
		if !slices.Contains([]string{"AWS", "Service", "Federated", "CanonicalUser"}, k) {
			return nil, said("Invalid principal in policy: %q", k)
		}
		l, err := texts(v)
		if err != nil {
			return nil, err
		}
		out[k] = l
	}
	return out, nil
}

func conditions(raw json.RawMessage) ([]Condition, error) {
	var m map[string]map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil, said("Syntax errors in policy.")
	}
	out := []Condition{}
	for _, op := range sorted(m) {
		if _, err := operatorOf(op); err != nil {
			return nil, err
		}
		for _, k := range sorted(m[op]) {
			v, err := texts(m[op][k])
			if err != nil {
				return nil, err
			}
			out = append(out, Condition{op, k, v})
		}
	}
	return out, nil
}
