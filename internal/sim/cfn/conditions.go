package cfn

import (
	"slices"
	"strings"
)

// checkConditions refuses conditions that name resources, unknown conditions or,
// over however many others, themselves.
func (t *template) checkConditions() error {
	for _, n := range sorted(t.Conditions) {
		m, _ := t.Conditions[n].(map[string]any)
		if !boolean(m) {
			return said("Template format error: Conditions can only be boolean operations on parameters and other conditions")
		}
		if imports(m) {
			return said("Template error: Cannot use Fn::ImportValue in Conditions.")
		}
		refs := t.references(m, nil)
		if len(refs.resources) > 0 {
			return said("Template format error: Unresolved dependencies %s. Cannot reference resources in the Conditions block of the template", refs.resources)
		}
		if err := t.known(refs); err != nil {
			return err
		}
		for _, d := range conditionsIn(m) {
			if t.Conditions[d] == nil {
				return said("Template format error: Unresolved condition dependency %s in the Conditions block of the template", d)
			}
		}
	}
	loop := loopIn(sorted(t.Conditions), func(n string) []string { return conditionsIn(t.Conditions[n]) })
	if loop != nil {
		return said("Template format error: Circular dependency between conditions: [%s]", strings.Join(loop, ", "))
	}
	return nil
}

// imports tells whether a value asks for another stack's export.
func imports(v any) bool {
	switch x := v.(type) {
	case map[string]any:
		for k, y := range x {
			if k == "Fn::ImportValue" || imports(y) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(x, imports)
	}
	return false
}

// boolean tells whether a value is a condition function.
func boolean(m map[string]any) bool {
	if len(m) != 1 {
		return false
	}
	for k := range m {
		switch k {
		case "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition":
			return true
		}
	}
	return false
}

// conditionsIn lists the conditions that a condition is made of.
func conditionsIn(v any) []string {
	var out []string
	switch x := v.(type) {
	case map[string]any:
		for _, k := range sorted(x) {
			n, named := x[k].(string)
			l, _ := x[k].([]any)
			switch {
			case k == "Condition" && named:
				out = append(out, n)
			case k == "Fn::If" && len(l) > 0:
				if c, ok := l[0].(string); ok {
					out = append(out, c)
				}
				out = append(out, conditionsIn(l[1:])...)
			default:
				out = append(out, conditionsIn(x[k])...)
			}
		}
	case []any:
		for _, y := range x {
			out = append(out, conditionsIn(y)...)
		}
	}
	return out
}

// condition is what a named condition says; it is worked out once.
func (s *scope) condition(name string) (bool, error) {
	if v, known := s.conditions[name]; known {
		return v, nil
	}
	c, there := s.t.Conditions[name]
	if !there {
		return false, said("Template error: unresolved condition dependency %s in Fn::If", name)
	}
	v, err := s.truth(c)
	if err == nil {
		s.conditions[name] = v
	}
	return v, err
}

// truth evaluates a condition function.
func (s *scope) truth(v any) (bool, error) {
	m, _ := v.(map[string]any)
	if !boolean(m) {
		return false, said("Template format error: Conditions can only be boolean operations on parameters and other conditions")
	}
	for fn, arg := range m {
		l, _ := arg.([]any)
		switch fn {
		case "Condition":
			n, _ := arg.(string)
			return s.condition(n)
		case "Fn::Equals":
			return s.equals(l)
		case "Fn::Not":
			if len(l) != 1 {
				return false, said("Template error: every Fn::Not object requires a list with exactly 1 boolean parameter.")
			}
			x, err := s.truth(l[0])
			return !x, err
		default:
			return s.combined(fn, l)
		}
	}
	return false, nil
}

func (s *scope) equals(l []any) (bool, error) {
	if len(l) != 2 {
		return false, said("Template error: every Fn::Equals object requires a list of 2 string parameters.")
	}
	var text [2]string
	for i, x := range l {
		y, err := s.eval(x)
		if err != nil {
			return false, err
		}
		var ok bool
		if text[i], ok = scalarText(y); !ok {
			return false, said("Template error: every Fn::Equals object requires a list of 2 string parameters.")
		}
	}
	return text[0] == text[1], nil
}

// combined is Fn::And and Fn::Or.
func (s *scope) combined(fn string, l []any) (bool, error) {
	if len(l) < 2 || len(l) > maxConditionArgs {
		return false, said("Template error: every %s object requires a list of at least 2 and at most %d boolean parameters.", fn, maxConditionArgs)
	}
	out := fn == "Fn::And"
	for _, x := range l {
		v, err := s.truth(x)
		if err != nil {
			return false, err
		}
		if fn == "Fn::And" {
			out = out && v
		} else {
			out = out || v
		}
	}
	return out, nil
}
