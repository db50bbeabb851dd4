package cfn

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// parameter is one that a template declares.
type parameter struct {
	Type, Description string
	Default           *string
	Allowed           []string
	Pattern           *regexp.Regexp
	Constraint        string // ConstraintDescription
	MinLength, MaxLen *float64
	Min, Max          *float64
	NoEcho            bool
}

// list tells whether the parameter's value is a list.
func (p parameter) list() bool {
	return p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<") || strings.Contains(p.Type, "Value<List<")
}

var parameterTypeRE = regexp.MustCompile(`^(String|Number|CommaDelimitedList|List<(Number|String|AWS::[A-Za-z0-9:]+)>|AWS::[A-Za-z0-9:]+(<.+>)?)$`)

func (t *template) readParameters(top map[string]any) error {
	ps, err := section(top, "Parameters")
	if err != nil {
		return err
	}
	if err := within("parameter", ps, maxParameters); err != nil {
		return err
	}
	t.Parameters = map[string]parameter{}
	for _, n := range sorted(ps) {
		m, _ := ps[n].(map[string]any)
		if t.Parameters[n], err = readParameter(n, m); err != nil {
			return err
		}
	}
	return nil
}

func readParameter(n string, m map[string]any) (parameter, error) {
	p := parameter{}
	p.Type, _ = m["Type"].(string)
	if p.Type == "" {
		return p, said("Template format error: Every Parameters object must contain a Type member.")
	}
	if !parameterTypeRE.MatchString(p.Type) {
		return p, said("Template format error: Unrecognized parameter type: %s", p.Type)
	}
	p.Description, _ = m["Description"].(string)
	p.Constraint, _ = m["ConstraintDescription"].(string)
	echo, _ := scalarText(m["NoEcho"])
	p.NoEcho = echo == "true"
	if d, ok := m["Default"]; ok {
		s, ok := scalarText(d)
		if !ok {
			return p, said("Template format error: Every Default member must be a string.")
		}
		p.Default = &s
	}
	allowed, _ := m["AllowedValues"].([]any)
	for _, a := range allowed {
		s, _ := scalarText(a)
		p.Allowed = append(p.Allowed, s)
	}
	if s, ok := m["AllowedPattern"].(string); ok {
		re, err := regexp.Compile(`^(?:` + s + `)$`) // RE2: linear whatever the pattern
		if err != nil {
			return p, said("Template format error: AllowedPattern of parameter %s is not a valid regular expression", n)
		}
		p.Pattern = re
	}
	p.MinLength, p.MaxLen, p.Min, p.Max = number(m["MinLength"]), number(m["MaxLength"]), number(m["MinValue"]), number(m["MaxValue"])
	return p, nil
}

func number(v any) *float64 {
	s, _ := scalarText(v)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil
	}
	return &f
}

// values are the parameters of a stack: those given, and defaults.
func (t *template) values(given map[string]string) (map[string]string, error) {
	var unknown, missing []string
	for _, n := range sorted(given) {
		if _, ok := t.Parameters[n]; !ok {
			unknown = append(unknown, n)
		}
	}
	if len(unknown) > 0 {
		return nil, said("Parameters: [%s] do not exist in the template", strings.Join(unknown, ", "))
	}
	out := map[string]string{}
	for _, n := range sorted(t.Parameters) {
		p := t.Parameters[n]
		v, ok := given[n]
		if !ok && p.Default != nil {
			v, ok = *p.Default, true
		}
		if !ok {
			missing = append(missing, n)
			continue
		}
		if err := p.fits(n, v); err != nil {
			return nil, err
		}
		out[n] = v
	}
	if len(missing) > 0 {
		return nil, said("Parameters: [%s] must have values", strings.Join(missing, ", "))
	}
	return out, nil
}

// fits refuses a value that the parameter's declaration does not allow.
func (p parameter) fits(n, v string) error {
	if len(v) > maxParameterBytes {
		return said("Parameter '%s' must contain at most %d characters", n, maxParameterBytes)
	}
	each := []string{v}
	if p.list() {
		each = split(v)
	}
	for _, x := range each {
		if err := p.fitsOne(n, x); err != nil {
			if p.Constraint != "" {
				return said("Parameter %s failed to satisfy constraint: %s", n, p.Constraint)
			}
			return err
		}
	}
	return nil
}

func (p parameter) fitsOne(n, x string) error {
	switch {
	case len(p.Allowed) > 0 && !slices.Contains(p.Allowed, x):
		return said("Parameter '%s' must be one of AllowedValues", n)
	case p.Pattern != nil && !p.Pattern.MatchString(x):
		return said("Parameter '%s' must match pattern %s", n, strings.TrimSuffix(strings.TrimPrefix(p.Pattern.String(), "^(?:"), ")$"))
	case p.MinLength != nil && float64(len(x)) < *p.MinLength:
		return said("Parameter '%s' must contain at least %g characters", n, *p.MinLength)
	case p.MaxLen != nil && float64(len(x)) > *p.MaxLen:
		return said("Parameter '%s' must contain at most %g characters", n, *p.MaxLen)
	}
	if p.Type != "Number" && p.Type != "List<Number>" {
		return nil
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
	switch {
	case err != nil:
		return said("Parameter '%s' must be a number.", n)
	case p.Min != nil && f < *p.Min:
		return said("Parameter '%s' must be a number not less than %g", n, *p.Min)
	case p.Max != nil && f > *p.Max:
		return said("Parameter '%s' must be a number not greater than %g", n, *p.Max)
	}
	return nil
}

// split reads a comma-delimited list; CloudFormation drops the spaces around members.
func split(v string) []string {
	if v == "" {
		return nil
	}
	out := strings.Split(v, ",")
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}
