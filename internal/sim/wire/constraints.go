package wire

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// constrain refuses an input that lacks a required member, or in which a value is none
// that the model allows, in the words of the service's protocol. EC2 has words of its
// own for values, which are its handlers'.
func (s *Service) constrain(op string, in any) error {
	c := constraints{Service: s}
	c.walk(reflect.ValueOf(in), &ref{T: s.Ops[op].In}, "")
	if len(c.said) == 0 {
		return nil
	}
	if s.Protocol == ec2Protocol {
		return Errorf("MissingParameter", "The request must contain the parameter %s", c.said[0])
	}
	errors := "errors"
	if len(c.said) == 1 {
		errors = "error"
	}
	code := "ValidationException"
	switch {
	case s.Protocol == "AwsQueryProtocol":
		code = "ValidationError"
	case s.name == "eks" || s.name == "logs":
		code = "InvalidParameterException"
	}
	return Errorf(code, "%d validation %s detected: %s", len(c.said), errors, strings.Join(c.said, "; "))
}

// Constrain refuses an input as constrain does, for those who call an operation without
// a request.
func Constrain(service, op string, in any) error {
	s, err := newService(service)
	if err != nil {
		return err
	}
	return s.constrain(op, in)
}

// constraints collects what is wrong with an input.
type constraints struct {
	*Service
	said []string
}

func (c *constraints) say(value, path, constraint string) {
	c.said = append(c.said, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, path, constraint))
}

func (c *constraints) walk(v reflect.Value, r *ref, path string) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if c.Protocol != ec2Protocol && path != "" {
		c.value(v, r, path)
	}
	kind, sh := c.norm(r)
	switch kind {
	case "struct":
		c.members(v, sh, path)
	case "list":
		for i := range v.Len() {
			c.walk(v.Index(i), sh.item, fmt.Sprintf("%s.%d.member", path, i+1))
		}
	case "map":
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			c.walk(v.MapIndex(k), sh.V, path+"."+k.String()+".member")
		}
	}
}

func (c *constraints) members(v reflect.Value, sh *shape, path string) {
	for _, n := range sh.Req {
		fv := field(v, n)
		switch {
		case !fv.IsValid() || isSet(fv):
		case c.Protocol == ec2Protocol:
			c.said = append(c.said, join(path, n))
		default:
			c.say("null", join(path, said(n)), "Member must not be null")
		}
	}
	for _, n := range sh.order {
		if fv := field(v, n); fv.IsValid() && isSet(fv) {
			name := n
			if c.Protocol != ec2Protocol {
				name = said(n)
			}
			c.walk(fv, sh.fields[n], join(path, name))
		}
	}
}

// anyCase are the enumerations that a service reads in any case, by the name of their
// type. EKS takes "overwrite", which eksctl's guide tells to write, and said "Resolve
// conflicts option preserve is not supported for operation CreateAddon" (eksctl #5880).
var anyCase = map[string][]string{"eks": {"ResolveConflicts"}}

// value holds one value against its length or range, its pattern, and the names that
// the SDK knows of its enumeration.
func (c *constraints) value(v reflect.Value, r *ref, path string) {
	what, n, isString := "length", 0.0, false
	switch {
	case v.Kind() == reflect.String:
		n, isString = float64(utf8.RuneCountInString(v.String())), true
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Map:
		n = float64(v.Len())
	case v.CanInt():
		what, n = "value", float64(v.Int())
	case v.CanFloat():
		what, n = "value", v.Float()
	default:
		return
	}
	shown := shownAs(v)
	if r.Max != nil && n > *r.Max {
		c.say(shown, path, fmt.Sprintf("Member must have %s less than or equal to %s", what, bound(*r.Max)))
	}
	// An empty map is taken though the models say otherwise: eksctl sends "tags": {} to EKS.
	if r.Min != nil && n < *r.Min && v.Kind() != reflect.Map {
		c.say(shown, path, fmt.Sprintf("Member must have %s greater than or equal to %s", what, bound(*r.Min)))
	}
	if !isString {
		return
	}
	// IAM has sentences of its own for names and paths, which are its handlers'.
	if p := compiled(r.Pattern); p != nil && c.name != "iam" && !p.MatchString(v.String()) {
		c.say(shown, path, "Member must satisfy regular expression pattern: "+r.Pattern)
	}
	allowed := names(v)
	if v.CanSet() && slices.Contains(anyCase[c.name], v.Type().Name()) {
		for _, name := range allowed {
			if strings.EqualFold(name, v.String()) {
				v.SetString(name)
			}
		}
	}
	if len(allowed) > 0 && !slices.Contains(allowed, v.String()) {
		c.say(shown, path, "Member must satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
	}
}

// shownAs is a value as an error shows it: a list or map as Java prints it, whole only
// where it is empty.
func shownAs(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Slice:
		return fmt.Sprintf("'%v'", v.Interface())
	case reflect.Map:
		if v.Len() == 0 {
			return "'{}'"
		}
		return fmt.Sprintf("'{%d entries}'", v.Len())
	}
	return fmt.Sprintf("'%v'", v.Interface())
}

func bound(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

var (
	patterns sync.Map // as the model has it -> *regexp.Regexp, nil where Go cannot say it
	escapeRE = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
)

// compiled is a pattern of a model, of the whole value; nil for none, and for the few
// with look-ahead or surrogates, which Go's expressions have not.
func compiled(pattern string) *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	if p, ok := patterns.Load(pattern); ok {
		return p.(*regexp.Regexp)
	}
	p, err := regexp.Compile(`^(?:` + escapeRE.ReplaceAllString(pattern, `\x{$1}`) + `)$`)
	if err != nil {
		p = nil
	}
	patterns.Store(pattern, p)
	return p
}

// names are the values of an enumeration, as the SDK's type has them.
func names(v reflect.Value) []string {
	m := v.MethodByName("Values")
	if !m.IsValid() {
		return nil
	}
	var out []string
	all := m.Call(nil)[0]
	for i := range all.Len() {
		out = append(out, all.Index(i).String())
	}
	return out
}

// said is a member's name as errors say it.
func said(n string) string { return strings.ToLower(n[:1]) + n[1:] }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
