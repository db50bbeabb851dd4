// Package cfn simulates AWS CloudFormation: a real engine that parses templates,
// evaluates intrinsic functions, runs resources in parallel by dependency, logs
// events, rolls back, and guards exports that others import. Resources act on the
// simulated services through the same functions that answer API calls. It must not
// know who wrote a template.
package cfn

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

type template struct {
	Resources  map[string]*resource
	Outputs    map[string]map[string]any
	Parameters map[string]map[string]any
	Mappings   map[string]any
	Conditions map[string]any
}

type resource struct {
	Type      string
	Props     map[string]any
	DependsOn []string
	Condition string
	Retain    bool
}

// parse reads JSON or YAML; short tags (!Ref, !Sub) become their long forms.
func parse(body string) (*template, error) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(body), &n); err != nil {
		return nil, said("Template format error: %v", err)
	}
	if len(n.Content) == 0 {
		return nil, said("Template format error: unsupported structure.")
	}
	v, err := plain(n.Content[0])
	if err != nil {
		return nil, err
	}
	top, ok := v.(map[string]any)
	if !ok {
		return nil, said("Template format error: unsupported structure.")
	}
	t := &template{Resources: map[string]*resource{}, Outputs: map[string]map[string]any{}, Parameters: map[string]map[string]any{}}
	t.Mappings, _ = top["Mappings"].(map[string]any)
	t.Conditions, _ = top["Conditions"].(map[string]any)
	section := func(k string, dst map[string]map[string]any) {
		m, _ := top[k].(map[string]any)
		for n, x := range m {
			dst[n], _ = x.(map[string]any)
		}
	}
	section("Outputs", t.Outputs)
	section("Parameters", t.Parameters)
	rs, _ := top["Resources"].(map[string]any)
	if len(rs) == 0 {
		return nil, said("Template format error: At least one Resources member must be defined.")
	}
	for n, x := range rs {
		m, _ := x.(map[string]any)
		r := &resource{}
		r.Type, _ = m["Type"].(string)
		if r.Type == "" {
			return nil, said("Template format error: [/Resources/%s] Every Resources object must contain a Type member.", n)
		}
		r.Props, _ = m["Properties"].(map[string]any)
		r.Condition, _ = m["Condition"].(string)
		r.Retain = m["DeletionPolicy"] == "Retain"
		switch d := m["DependsOn"].(type) {
		case string:
			r.DependsOn = []string{d}
		case []any:
			for _, y := range d {
				r.DependsOn = append(r.DependsOn, fmt.Sprint(y))
			}
		}
		t.Resources[n] = r
	}
	return t, t.check()
}

func plain(n *yaml.Node) (any, error) {
	var v any
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			x, err := plain(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[n.Content[i].Value] = x
		}
		v = m
	case yaml.SequenceNode:
		l := []any{}
		for _, c := range n.Content {
			x, err := plain(c)
			if err != nil {
				return nil, err
			}
			l = append(l, x)
		}
		v = l
	case yaml.AliasNode:
		return plain(n.Alias)
	default:
		if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
			v = n.Value
		} else if n.Tag == "!!timestamp" {
			v = n.Value // policy versions are strings, not dates
		} else if err := n.Decode(&v); err != nil {
			return nil, err
		}
	}
	if tag, ok := strings.CutPrefix(n.Tag, "!"); ok && !strings.HasPrefix(tag, "!") {
		if tag == "GetAtt" {
			if s, ok := v.(string); ok {
				a, b, _ := strings.Cut(s, ".")
				v = []any{a, b}
			}
		}
		if tag != "Ref" && tag != "Condition" {
			tag = "Fn::" + tag
		}
		return map[string]any{tag: v}, nil
	}
	return v, nil
}

// check finds references to what does not exist, and cycles.
func (t *template) check() error {
	for _, n := range slices.Sorted(maps.Keys(t.Resources)) {
		for _, d := range t.needs(n) {
			if t.Resources[d] == nil {
				return said("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", d)
			}
		}
	}
	state := map[string]int{}
	var visit func(string) error
	visit = func(n string) error {
		if state[n] == 1 {
			return said("Circular dependency between resources: [%s]", n)
		}
		if state[n] == 2 {
			return nil
		}
		state[n] = 1
		for _, d := range t.needs(n) {
			if err := visit(d); err != nil {
				return err
			}
		}
		state[n] = 2
		return nil
	}
	for _, n := range slices.Sorted(maps.Keys(t.Resources)) {
		if err := visit(n); err != nil {
			return err
		}
	}
	return nil
}

var subRE = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// needs lists the resources that a resource refers to.
func (t *template) needs(name string) []string {
	set := map[string]bool{}
	for _, d := range t.Resources[name].DependsOn {
		set[d] = true
	}
	t.refs(t.Resources[name].Props, set)
	delete(set, name)
	return slices.Sorted(maps.Keys(set))
}

func (t *template) refs(v any, set map[string]bool) {
	note := func(n string) {
		n, _, _ = strings.Cut(n, ".")
		if t.Parameters[n] == nil && !strings.HasPrefix(n, "AWS::") {
			set[n] = true
		}
	}
	switch x := v.(type) {
	case map[string]any:
		if len(x) == 1 {
			if r, ok := x["Ref"].(string); ok {
				note(r)
				return
			}
			switch g := x["Fn::GetAtt"].(type) {
			case []any:
				note(fmt.Sprint(g[0]))
				return
			case string:
				note(g)
				return
			}
			switch s := x["Fn::Sub"].(type) {
			case string:
				for _, m := range subRE.FindAllStringSubmatch(s, -1) {
					note(m[1])
				}
				return
			case []any:
				vars, _ := s[1].(map[string]any)
				for _, m := range subRE.FindAllStringSubmatch(fmt.Sprint(s[0]), -1) {
					if _, ok := vars[m[1]]; !ok {
						note(m[1])
					}
				}
				t.refs(s[1], set)
				return
			}
		}
		for _, y := range x {
			t.refs(y, set)
		}
	case []any:
		for _, y := range x {
			t.refs(y, set)
		}
	}
}

// said makes an error in CloudFormation's own words, capitals and full stops
// included: clients match on them.
func said(format string, a ...any) error { return fmt.Errorf(format, a...) }
