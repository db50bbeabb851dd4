package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder fills the typed config from YAML nodes, noting every problem and every
// position on the way.
type decoder struct {
	file     *File
	problems Problems
}

func valueOf(p any) reflect.Value { return reflect.ValueOf(p).Elem() }

func (d *decoder) problem(n ast.Node, path, suggestion, format string, a ...any) {
	pos := n.GetToken().Position
	d.problems = append(d.problems, Problem{File: d.file.Name, Line: pos.Line, Column: pos.Column, Path: path, Message: fmt.Sprintf(format, a...), Suggestion: suggestion})
}

// describe says what a node is, for "expected X, found Y".
func describe(n ast.Node) string {
	switch x := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode:
		return fmt.Sprintf("the text %q", x.Value)
	case *ast.LiteralNode:
		return "a text"
	case *ast.IntegerNode, *ast.FloatNode:
		return "the number " + n.GetToken().Value
	case *ast.BoolNode:
		return n.GetToken().Value
	case *ast.NullNode:
		return "nothing"
	}
	return n.Type().String()
}

func entries(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch x := n.(type) {
	case *ast.MappingNode:
		return x.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{x}, true
	}
	return nil, false
}

func unwrap(n ast.Node) ast.Node {
	for {
		switch x := n.(type) {
		case *ast.AnchorNode:
			n = x.Value
		case *ast.TagNode:
			n = x.Value
		default:
			return n
		}
	}
}

func (d *decoder) decode(n ast.Node, v reflect.Value, path, enum string) {
	n = unwrap(n)
	if path != "" {
		if _, seen := d.file.where[path]; !seen {
			pos := n.GetToken().Position
			d.file.where[path] = [2]int{pos.Line, pos.Column}
		}
	}
	if n.Type() == ast.NullType {
		return
	}
	if n.Type() == ast.AliasType {
		d.problem(n, path, "write the value out", "YAML aliases are not read here")
		return
	}
	switch v.Interface().(type) {
	case Taints:
		d.taints(n, v, path)
		return
	case Document:
		d.document(n, v, path)
		return
	case CIDR:
		d.cidr(n, v, path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.decode(n, v.Elem(), path, enum)
	case reflect.Struct:
		d.object(n, v, path)
	case reflect.Slice:
		d.list(n, v, path, enum)
	case reflect.Map:
		d.mapping(n, v, path)
	default:
		d.scalar(n, v, path, enum)
	}
}

// properties lists a struct's keys, embedded structs included.
func properties(t reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(t) {
		if k, _, _ := strings.Cut(f.Tag.Get("json"), ","); k != "" && k != "-" && !f.Anonymous {
			out[k] = f
		}
	}
	return out
}

func (d *decoder) object(n ast.Node, v reflect.Value, path string) {
	es, ok := entries(n)
	if !ok {
		d.problem(n, path, "", "expected a mapping, found %s", describe(n))
		return
	}
	known := properties(v.Type())
	seen := map[string]bool{}
	for _, e := range es {
		k := e.Key.GetToken().Value
		p := join(path, k)
		pos := e.Key.GetToken().Position
		d.file.where[p] = [2]int{pos.Line, pos.Column}
		f, ok := known[k]
		switch {
		case !ok:
			d.problem(e.Key, p, nearest(k, known), "unknown key %q", k)
		case seen[k]:
			d.problem(e.Key, p, "remove one of the two", "the key is written twice")
		default:
			seen[k] = true
			d.decode(e.Value, v.FieldByIndex(f.Index), p, f.Tag.Get("enum"))
		}
	}
	for _, k := range sorted(known) {
		if known[k].Tag.Get("required") == "true" && !seen[k] {
			d.problem(n, path, "", "the key %q is missing", k)
		}
	}
}

func join(path, k string) string {
	if path == "" {
		return k
	}
	return path + "." + k
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// nearest suggests the known key that a typo meant.
func nearest(k string, known map[string]reflect.StructField) string {
	best, dist := "", len(k)/2+1
	for _, c := range sorted(known) {
		n := distance(strings.ToLower(k), strings.ToLower(c))
		if n < dist {
			best, dist = c, n
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "known keys here: " + strings.Join(sorted(known), ", ")
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			prev, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, prev+cost)
		}
	}
	return row[len(b)]
}

func (d *decoder) list(n ast.Node, v reflect.Value, path, enum string) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		d.problem(n, path, "put it in a list: - "+n.GetToken().Value, "expected a list, found %s", describe(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(s.Values), len(s.Values))
	for i, e := range s.Values {
		d.decode(e, out.Index(i), fmt.Sprintf("%s[%d]", path, i), enum)
	}
	v.Set(out)
}

func (d *decoder) mapping(n ast.Node, v reflect.Value, path string) {
	es, ok := entries(n)
	if !ok {
		d.problem(n, path, "", "expected a mapping, found %s", describe(n))
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, e := range es {
		k := e.Key.GetToken().Value
		x := reflect.New(v.Type().Elem()).Elem()
		d.decode(e.Value, x, join(path, k), "")
		out.SetMapIndex(reflect.ValueOf(k), x)
	}
	v.Set(out)
}

func (d *decoder) scalar(n ast.Node, v reflect.Value, path, enum string) {
	switch v.Kind() {
	case reflect.String:
		s, ok := text(n)
		if !ok {
			hint := ""
			if n.Type() == ast.FloatType || n.Type() == ast.IntegerType || n.Type() == ast.BoolType {
				hint = fmt.Sprintf("quote it: %q", n.GetToken().Value)
			}
			d.problem(n, path, hint, "expected a text, found %s", describe(n))
			return
		}
		if enum != "" && !oneOf(s, enum) {
			d.problem(n, path, "one of "+strings.ReplaceAll(enum, "|", ", "), "%q is not possible here", s)
			return
		}
		v.SetString(s)
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.problem(n, path, "write it without quotes", "expected true or false, found %s", describe(n))
			return
		}
		v.SetBool(b.Value)
	case reflect.Int:
		i, err := strconv.ParseInt(n.GetToken().Value, 0, 32)
		if n.Type() != ast.IntegerType || err != nil {
			d.problem(n, path, "", "expected a whole number, found %s", describe(n))
			return
		}
		v.SetInt(i)
	case reflect.Float64:
		x, err := strconv.ParseFloat(n.GetToken().Value, 64)
		if err != nil || n.Type() != ast.FloatType && n.Type() != ast.IntegerType {
			d.problem(n, path, "", "expected a number, found %s", describe(n))
			return
		}
		v.SetFloat(x)
	}
}

func oneOf(s, enum string) bool {
	for _, e := range strings.Split(enum, "|") {
		if strings.EqualFold(s, e) {
			return true
		}
	}
	return false
}

func text(n ast.Node) (string, bool) {
	switch x := n.(type) {
	case *ast.StringNode:
		return x.Value, true
	case *ast.LiteralNode:
		return x.Value.Value, true
	}
	return "", false
}

func (d *decoder) cidr(n ast.Node, v reflect.Value, path string) {
	s, ok := text(n)
	p, err := netip.ParsePrefix(s)
	switch {
	case !ok || err != nil:
		d.problem(n, path, "for example 192.168.0.0/16", "expected an address block, found %s", describe(n))
	case p.Masked() != p:
		d.problem(n, path, "its first address is "+p.Masked().String(), "%q is not the start of a block", s)
	default:
		v.SetString(s)
	}
}

func (d *decoder) taints(n ast.Node, v reflect.Value, path string) {
	es, isMap := entries(n)
	if !isMap {
		var l []Taint
		d.list(n, valueOf(&l), path, "")
		v.Set(reflect.ValueOf(Taints(l)))
		return
	}
	var out Taints
	for _, e := range es {
		s, ok := text(e.Value)
		val, effect, cut := strings.Cut(s, ":")
		if !ok || !cut {
			d.problem(e.Value, join(path, e.Key.GetToken().Value), `write it as "value:NoSchedule"`, "expected value:effect, found %s", describe(e.Value))
			continue
		}
		out = append(out, Taint{Key: e.Key.GetToken().Value, Value: val, Effect: effect})
	}
	v.Set(reflect.ValueOf(out))
}

func (d *decoder) document(n ast.Node, v reflect.Value, path string) {
	if _, ok := entries(n); !ok {
		d.problem(n, path, "", "expected a mapping, found %s", describe(n))
		return
	}
	v.Set(reflect.ValueOf(Document(plain(n).(map[string]any))))
}

// plain turns any node into JSON's types.
func plain(n ast.Node) any {
	n = unwrap(n)
	if es, ok := entries(n); ok {
		m := map[string]any{}
		for _, e := range es {
			m[e.Key.GetToken().Value] = plain(e.Value)
		}
		return m
	}
	switch x := n.(type) {
	case *ast.SequenceNode:
		l := []any{}
		for _, e := range x.Values {
			l = append(l, plain(e))
		}
		return l
	case *ast.BoolNode:
		return x.Value
	case *ast.IntegerNode, *ast.FloatNode:
		f, err := strconv.ParseFloat(n.GetToken().Value, 64)
		if err == nil {
			return f
		}
	case *ast.NullNode:
		return nil
	}
	if s, ok := text(n); ok {
		return s
	}
	return n.GetToken().Value
}
