package cfn

import (
	"fmt"
	"strings"
)

// scope is what a template's values are resolved against: the parameters, the
// pseudo parameters, and what the stack's resources and other stacks have become.
type scope struct {
	t          *template
	params     map[string]string
	pseudo     map[string]string // AWS::Region and the like
	zones      []string          // of Fn::GetAZs
	resource   func(logical string) (phys string, attrs map[string]any, there bool)
	export     func(name string) (value string, there bool) // of Fn::ImportValue
	conditions map[string]bool                              // worked out so far
	left       int                                          // bytes that functions may still make
}

// noValue stands for AWS::NoValue: the property is left out.
type noValue struct{}

// eval resolves a template value.
func (s *scope) eval(v any) (any, error) {
	switch x := v.(type) {
	case map[string]any:
		if fn, arg, ok := function(x); ok {
			return s.call(fn, arg)
		}
		if n, ok := x["Condition"].(string); ok && len(x) == 1 {
			if _, ok := s.t.Conditions[n]; ok {
				return s.condition(n)
			}
		}
		out := map[string]any{}
		for _, k := range sorted(x) {
			z, err := s.eval(x[k])
			if err != nil {
				return nil, err
			}
			if _, gone := z.(noValue); !gone {
				out[k] = z
			}
		}
		return out, nil
	case []any:
		out := []any{}
		for _, y := range x {
			z, err := s.eval(y)
			if err != nil {
				return nil, err
			}
			if _, gone := z.(noValue); !gone {
				out = append(out, z)
			}
		}
		return out, nil
	}
	return v, nil
}

// call resolves a function; what it makes counts against the template's size.
func (s *scope) call(fn string, arg any) (any, error) {
	f := s.functions(fn)
	if f == nil {
		return nil, said("Template error: %s is not supported", fn)
	}
	v, err := f(arg)
	if err != nil {
		return nil, err
	}
	if s.left -= size(v); s.left < 0 {
		return nil, said("Template error: the template with its functions resolved is larger than maximum allowed, %d", maxExpandedBytes)
	}
	return v, nil
}

// size is about how many bytes a value takes.
func size(v any) int {
	n := 0
	switch x := v.(type) {
	case string:
		return len(x) + 1
	case map[string]any:
		for k, y := range x {
			n += len(k) + size(y)
		}
	case []any:
		for _, y := range x {
			n += size(y)
		}
	}
	return n + 1
}

// scalarText is a string, number or boolean as text.
func scalarText(v any) (string, bool) {
	switch v.(type) {
	case map[string]any, []any, noValue, nil:
		return "", false
	}
	return fmt.Sprint(v), true
}

// text resolves a value that must be a string; otherwise bad is the error.
func (s *scope) text(v any, bad string) (string, error) {
	x, err := s.eval(v)
	if err != nil {
		return "", err
	}
	t, ok := scalarText(x)
	if !ok {
		return "", said("%s", bad)
	}
	return t, nil
}

func (s *scope) ref(arg any) (any, error) {
	n, ok := arg.(string)
	if !ok {
		return nil, said("Template error: every Ref object must have a single String value.")
	}
	if n == "AWS::NoValue" {
		return noValue{}, nil
	}
	if v, ok := s.pseudo[n]; ok {
		return v, nil
	}
	if p, ok := s.t.Parameters[n]; ok {
		if !p.list() {
			return s.params[n], nil
		}
		out := []any{}
		for _, x := range split(s.params[n]) {
			out = append(out, x)
		}
		return out, nil
	}
	if phys, _, there := s.resource(n); there {
		return phys, nil
	}
	return nil, said("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", n)
}

const getAttForm = "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"

func (s *scope) getAtt(arg any) (any, error) {
	var n, a string
	switch x := arg.(type) {
	case []any:
		if len(x) != 2 {
			return nil, said(getAttForm)
		}
		n, _ = x[0].(string)
		var err error
		if a, err = s.text(x[1], getAttForm); err != nil {
			return nil, err
		}
	case string:
		n, a, _ = strings.Cut(x, ".")
	}
	if n == "" || a == "" {
		return nil, said(getAttForm)
	}
	_, attrs, there := s.resource(n)
	if !there {
		return nil, said("Template error: instance of Fn::GetAtt references undefined resource %s", n)
	}
	if v, ok := attrs[a]; ok {
		return v, nil
	}
	return nil, said("Template error: resource %s does not support attribute type %s in Fn::GetAtt", n, a)
}
