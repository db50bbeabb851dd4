// Package cfn simulates AWS CloudFormation: a real engine that parses templates,
// evaluates intrinsic functions, runs resources in parallel by dependency, logs
// events, rolls back, and guards exports that others import. Resources act on the
// simulated services through the same functions that answer API calls. It must not
// know who wrote a template, and no template may crash it, hang it or make it grow:
// CloudFormation's own quotas bound what a template may say.
package cfn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// template is a template's text, checked. It is never changed.
type template struct {
	Description string
	Resources   map[string]*resource
	Outputs     map[string]output
	Parameters  map[string]parameter
	Mappings    map[string]map[string]map[string]any
	Conditions  map[string]any
}

type resource struct {
	Type      string
	Props     map[string]any
	DependsOn []string
	Condition string
	Retain    bool
	Young     bool // but not where its creation is rolled back
	RetainOld bool // what an update replaces stays (UpdateReplacePolicy)
	Keeps     bool // it has a DeletionPolicy
	Metadata  any
}

type output struct {
	Value, Export          any
	Description, Condition string
}

// parse reads JSON or YAML; short tags (!Ref, !Sub) become their long forms.
func parse(body string) (*template, error) {
	if strings.TrimSpace(body) == "" {
		return nil, said("Either Template URL or Template Body must be specified.")
	}
	v, err := read(body)
	if err != nil {
		return nil, err
	}
	top, ok := v.(map[string]any)
	if !ok {
		return nil, said("Template format error: unsupported structure.")
	}
	if p := nullAt(top, ""); p != "" {
		return nil, said("Template format error: [%s] 'null' values are not allowed in templates", p)
	}
	t, err := sections(top)
	if err != nil {
		return nil, err
	}
	return t, t.check()
}

// read makes plain values of a body: maps, lists, strings, numbers, booleans.
func read(body string) (any, error) {
	format := "YAML"
	if strings.HasPrefix(strings.TrimSpace(body), "{") {
		format = "JSON"
	}
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(body), &n); err != nil {
		return nil, said("Template format error: %s not well-formed.%s", format, where(format, body, err))
	}
	if len(n.Content) == 0 {
		return nil, said("Template format error: unsupported structure.")
	}
	return plain(n.Content[0], format == "JSON")
}

// where is the place of a syntax error, as CloudFormation words it.
func where(format, body string, err error) string {
	var syntax *json.SyntaxError
	if format == "JSON" {
		var v any
		if e, ok := json.NewDecoder(strings.NewReader(body)).Decode(&v).(*json.SyntaxError); ok {
			syntax = e
		}
	}
	if syntax == nil {
		var line int
		if _, e := fmt.Sscanf(strings.TrimPrefix(err.Error(), "yaml: "), "line %d:", &line); e != nil {
			return ""
		}
		return fmt.Sprintf(" (line %d)", line)
	}
	before := []byte(body)[:min(int(syntax.Offset), len(body))]
	return fmt.Sprintf(" (line %d, column %d)", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n')-1)
}

// plain converts a YAML node. CloudFormation takes no aliases, so the nodes are a
// tree, no larger than the body.
func plain(n *yaml.Node, isJSON bool) (any, error) {
	var v any
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode {
				return nil, said("Template format error: YAML not well-formed. (line %d, column %d)", k.Line, k.Column)
			}
			if _, twice := m[k.Value]; twice && !isJSON {
				return nil, said("Template format error: YAML not well-formed. (line %d, column %d)", k.Line, k.Column)
			}
			x, err := plain(n.Content[i+1], isJSON)
			if err != nil {
				return nil, err
			}
			m[k.Value] = x
		}
		v = m
	case yaml.SequenceNode:
		l := []any{}
		for _, c := range n.Content {
			x, err := plain(c, isJSON)
			if err != nil {
				return nil, err
			}
			l = append(l, x)
		}
		v = l
	case yaml.AliasNode:
		return nil, said("Template error: YAML aliases are not allowed in CloudFormation templates")
	default:
		var err error
		if v, err = scalar(n); err != nil {
			return nil, said("Template format error: YAML not well-formed. (line %d, column %d)", n.Line, n.Column)
		}
	}
	if tag, ok := strings.CutPrefix(n.Tag, "!"); ok && !strings.HasPrefix(tag, "!") {
		return long(tag, v), nil
	}
	return v, nil
}

func scalar(n *yaml.Node) (any, error) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") || n.Tag == "!!timestamp" {
		return n.Value, nil // policy versions are strings, not dates
	}
	return scalarOf(n)
}

// long is the long form of a short tag.
func long(tag string, v any) map[string]any {
	if s, ok := v.(string); ok && tag == "GetAtt" {
		a, b, _ := strings.Cut(s, ".")
		v = []any{a, b}
	}
	if tag != "Ref" && tag != "Condition" {
		tag = "Fn::" + tag
	}
	return map[string]any{tag: v}
}

// nullAt is the path of the first null value, "" without any.
func nullAt(v any, path string) string {
	switch x := v.(type) {
	case nil:
		return path
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			if p := nullAt(x[k], path+"/"+k); p != "" {
				return p
			}
		}
	case []any:
		for i, y := range x {
			if p := nullAt(y, fmt.Sprintf("%s/%d", path, i)); p != "" {
				return p
			}
		}
	}
	return ""
}

// said makes an error in CloudFormation's own words, capitals and full stops
// included: clients match on them.
func said(format string, a ...any) error { return fmt.Errorf(format, a...) }
