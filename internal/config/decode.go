package config

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/slipway-eks/slipway/internal/finding"
)

// decoder fills the typed config from YAML nodes, noting every problem and every
// position on the way. Where a value is wrong and what was meant is plain, it takes
// what was meant, so that nothing else is found wrong because of it.
type decoder struct {
	file     *File
	problems finding.Findings
	faulty   []string // paths whose value could not be taken as it stands

	anchors anchors
	open    map[ast.Node]bool // values that are being read
	depth   int               // aliases that are being followed
	copied  int               // values that were read through aliases
	full    bool              // copied is over its limit, and that was said
}

func newDecoder(f *File, body ast.Node) *decoder {
	d := &decoder{file: f, open: map[ast.Node]bool{}, anchors: anchors{named: map[string]ast.Node{}, target: map[*ast.AliasNode]ast.Node{}}}
	ast.Walk(&d.anchors, body)
	return d
}

func valueOf(p any) reflect.Value { return reflect.ValueOf(p).Elem() }

// plainNumber is a number that the parser took for a text: too long, or written in a
// way that only other versions of YAML know.
var plainNumber = regexp.MustCompile(`^[-+]?\d+(\.\d*)?([eE][-+]?\d+)?$`)

func (d *decoder) problem(code string, n ast.Node, path, suggestion, format string, a ...any) {
	pos := n.GetToken().Position
	x := wrong(code, d.file.Name, pos.Line, pos.Column, fmt.Sprintf(format, a...), suggestion)
	x.Where.Path = path
	d.problems = append(d.problems, x)
	d.faulty = append(d.faulty, path)
}

func (d *decoder) decode(n ast.Node, v reflect.Value, path, enum string) {
	n, leave, ok := d.enter(n, path)
	if !ok {
		return
	}
	defer leave()
	if path != "" {
		if _, seen := d.file.where[path]; !seen {
			pos := n.GetToken().Position
			d.file.where[path] = [2]int{pos.Line, pos.Column}
		}
	}
	if n.Type() == ast.NullType {
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
	es, ok := d.entries(n, path)
	if !ok {
		d.problem("value-type", n, path, "", "expected a mapping, found %s", describe(n))
		return
	}
	known := properties(v.Type())
	seen := map[string]bool{}
	for _, e := range es {
		p := join(path, e.key)
		pos := e.node.GetToken().Position
		d.file.where[p] = [2]int{pos.Line, pos.Column}
		f, ok := known[e.key]
		if !ok {
			if path == "" && strings.HasPrefix(e.key, "x-") {
				continue // where files keep anchors, as in Compose
			}
			if f, ok = d.unknown(e, v.Type(), known, p); !ok {
				continue
			}
		}
		seen[strings.Split(f.Tag.Get("json"), ",")[0]] = true
		d.within(e, func() { d.decode(e.value, v.FieldByIndex(f.Index), p, f.Tag.Get("enum")) })
	}
	for _, k := range sorted(known) {
		if known[k].Tag.Get("required") == "true" && !seen[k] {
			d.problem("key-missing", n, path, "", "the key %q is missing", k)
			d.faulty[len(d.faulty)-1] = join(path, k)
		}
	}
}

// unknown says what may have been meant by a key that is not known here. One that
// differs only in case from a known one is taken for it.
func (d *decoder) unknown(e entry, t reflect.Type, known map[string]reflect.StructField, path string) (reflect.StructField, bool) {
	what, hint := suggest(e.key, t, known)
	d.problem("key-unknown", e.node, path, hint, "%s", what)
	for k, f := range known {
		if strings.EqualFold(k, e.key) {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func join(path, k string) string {
	if path == "" {
		return k
	}
	return path + "." + k
}

func (d *decoder) list(n ast.Node, v reflect.Value, path, enum string) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		d.problem("value-type", n, path, oneItem(n), "expected a list, found %s", describe(n))
		if _, isText := text(n); isText && v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			d.scalar(n, v.Index(0), path, enum)
		}
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, len(s.Values))
	for i, e := range s.Values {
		p := fmt.Sprintf("%s[%d]", path, i)
		out = reflect.Append(out, reflect.Zero(v.Type().Elem()))
		if d.empty(e, p) {
			continue
		}
		d.decode(e, out.Index(i), p, enum)
	}
	v.Set(out)
}

// empty refuses a list's item that is nothing: null, or a dash alone.
func (d *decoder) empty(n ast.Node, path string) bool {
	v, leave, ok := d.enter(n, path)
	if !ok {
		return true // said
	}
	leave()
	if v.Type() != ast.NullType {
		return false
	}
	d.problem("item-empty", n, path, "remove it, or write what it is to be", "the list has an empty item")
	return true
}

// oneItem suggests how a single value is written as a list.
func oneItem(n ast.Node) string {
	if s, ok := text(n); ok && !strings.Contains(s, "\n") {
		return "put it in a list: - " + short(s)
	}
	if _, isMap := n.(*ast.MappingNode); isMap {
		return "begin each item with a dash (-)"
	}
	return "put it in a list"
}

func (d *decoder) mapping(n ast.Node, v reflect.Value, path string) {
	es, ok := d.entries(n, path)
	if !ok {
		d.problem("value-type", n, path, "", "expected a mapping, found %s", describe(n))
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, e := range es {
		x := reflect.New(v.Type().Elem()).Elem()
		p := join(path, e.key)
		pos := e.node.GetToken().Position
		d.file.where[p] = [2]int{pos.Line, pos.Column}
		d.within(e, func() { d.decode(e.value, x, p, "") })
		out.SetMapIndex(reflect.ValueOf(e.key), x)
	}
	v.Set(out)
}

func (d *decoder) scalar(n ast.Node, v reflect.Value, path, enum string) {
	switch v.Kind() {
	case reflect.String:
		d.text(n, v, path, enum)
	case reflect.Bool:
		d.bool(n, v, path)
	case reflect.Int:
		d.int(n, v, path)
	case reflect.Float64:
		x, err := strconv.ParseFloat(n.GetToken().Value, 64)
		if err != nil || n.Type() != ast.FloatType && n.Type() != ast.IntegerType {
			d.problem("value-type", n, path, "", "expected a number, found %s", describe(n))
			return
		}
		v.SetFloat(x)
	}
}

func (d *decoder) text(n ast.Node, v reflect.Value, path, enum string) {
	s, ok := text(n)
	if !ok {
		hint := ""
		switch n.Type() {
		case ast.FloatType, ast.IntegerType, ast.BoolType:
			s = n.GetToken().Value
			hint = fmt.Sprintf("quote it: %q", s)
		}
		d.problem("value-type", n, path, hint, "expected a text, found %s", describe(n))
	}
	if enum == "" {
		v.SetString(s)
		return
	}
	for _, e := range strings.Split(enum, "|") {
		if strings.EqualFold(s, e) {
			v.SetString(e)
			return
		}
	}
	if ok {
		d.problem("value-not-possible", n, path, "one of "+strings.ReplaceAll(enum, "|", ", "), "%q is not possible here", short(s))
	}
}

// bools are the words that other versions of YAML, and people, take for true and
// false.
var bools = map[string]bool{"true": true, "yes": true, "on": true, "y": true, "false": false, "no": false, "off": false, "n": false}

func (d *decoder) bool(n ast.Node, v reflect.Value, path string) {
	if b, ok := n.(*ast.BoolNode); ok {
		v.SetBool(b.Value)
		return
	}
	hint := ""
	if s, ok := text(n); ok {
		if b, meant := bools[strings.ToLower(s)]; meant {
			v.SetBool(b)
			hint = fmt.Sprintf("write %t", b)
			if quoted(n) {
				hint += ", without quotes"
			}
		}
	}
	d.problem("value-type", n, path, hint, "expected true or false, found %s", describe(n))
}

func (d *decoder) int(n ast.Node, v reflect.Value, path string) {
	s := n.GetToken().Value
	i, err := strconv.ParseInt(strings.TrimPrefix(s, "+"), 0, 32)
	if err != nil {
		i, err = strconv.ParseInt(s, 10, 32) // with leading zeros
	}
	if n.Type() == ast.IntegerType && err == nil {
		v.SetInt(i)
		return
	}
	hint := ""
	if err == nil && quoted(n) {
		v.SetInt(i)
		hint = fmt.Sprintf("write %d, without quotes", i)
	} else if x, ferr := strconv.ParseFloat(s, 64); ferr == nil && math.Abs(x) <= math.MaxInt32 && x == math.Trunc(x) && !quoted(n) {
		v.SetInt(int64(x))
		hint = fmt.Sprintf("write %d", int64(x))
	} else if ferr == nil && math.Abs(x) > math.MaxInt32 {
		hint = fmt.Sprintf("from %d to %d", math.MinInt32, math.MaxInt32)
	}
	d.problem("value-type", n, path, hint, "expected a whole number, found %s", describe(n))
}

// quoted tells whether a value was written in quotes.
func quoted(n ast.Node) bool {
	t := n.GetToken().Type
	return t == token.SingleQuoteType || t == token.DoubleQuoteType
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
		d.problem("block-invalid", n, path, "for example 192.168.0.0/16", "expected an address block, found %s", describe(n))
	case p.Masked() != p:
		d.problem("block-invalid", n, path, "its first address is "+p.Masked().String(), "%q is not the start of a block", s)
	default:
		v.SetString(s)
	}
}

func (d *decoder) taints(n ast.Node, v reflect.Value, path string) {
	es, isMap := d.entries(n, path)
	if !isMap {
		var l []Taint
		d.list(n, valueOf(&l), path, "")
		v.Set(reflect.ValueOf(Taints(l)))
		return
	}
	var out Taints
	for _, e := range es {
		p := join(path, e.key)
		pos := e.node.GetToken().Position
		d.file.where[p] = [2]int{pos.Line, pos.Column}
		x, leave, ok := d.enter(e.value, p)
		if !ok {
			continue
		}
		leave()
		s, ok := text(x)
		val, effect, cut := strings.Cut(s, ":")
		if !ok || !cut {
			d.problem("value-type", x, p, `write it as "value:NoSchedule"`, "expected value:effect, found %s", describe(x))
			continue
		}
		out = append(out, Taint{Key: e.key, Value: val, Effect: effect})
	}
	v.Set(reflect.ValueOf(out))
}

func (d *decoder) document(n ast.Node, v reflect.Value, path string) {
	m, ok := d.plain(n, path).(map[string]any)
	if !ok {
		d.problem("value-type", n, path, "", "expected a mapping, found %s", describe(n))
		return
	}
	v.Set(reflect.ValueOf(Document(m)))
}

// plain turns any node into JSON's types.
func (d *decoder) plain(n ast.Node, path string) any {
	n, leave, ok := d.enter(n, path)
	if !ok {
		return nil
	}
	defer leave()
	if es, ok := d.entries(n, path); ok {
		m := map[string]any{}
		for _, e := range es {
			d.within(e, func() { m[e.key] = d.plain(e.value, join(path, e.key)) })
		}
		return m
	}
	switch x := n.(type) {
	case *ast.SequenceNode:
		l := []any{}
		for i, e := range x.Values {
			l = append(l, d.plain(e, fmt.Sprintf("%s[%d]", path, i)))
		}
		return l
	case *ast.BoolNode:
		return x.Value
	case *ast.IntegerNode, *ast.FloatNode:
		f, err := strconv.ParseFloat(strings.ReplaceAll(n.GetToken().Value, "_", ""), 64)
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
