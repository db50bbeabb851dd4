package wire

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-eks/slipway/internal/mutate"
)

// Asked is a request, before it is sent.
type Asked struct{ Service, Method, Path, Query, Target, Type, Body string }

func (a Asked) String() string {
	return fmt.Sprintf("%s %s %q?%q %q %q", a.Service, a.Method, a.Path, a.Query, a.Target, a.Body)
}

// HTTP is the request as the server gets it, signed with a key as far as anybody looks.
func (a Asked) HTTP(key string) *http.Request {
	u := &url.URL{Scheme: "http", Host: "localhost", RawQuery: a.Query}
	if p, err := url.PathUnescape(a.Path); err == nil {
		u.Path, u.RawPath = p, a.Path
	} else {
		u.Path = a.Path
	}
	r := &http.Request{Method: a.Method, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(a.Body)),
		Body: io.NopCloser(strings.NewReader(a.Body)), Header: http.Header{"Content-Type": {a.Type}, "User-Agent": {"mutate"},
			"Authorization": {"AWS4-HMAC-SHA256 Credential=" + key + "/20261122/us-west-2/" + a.Service + "/aws4_request, SignedHeaders=host, Signature=0"}}}
	if a.Target != "" {
		r.Header["X-Amz-Target"] = []string{a.Target}
	}
	return r
}

// Op is an operation that a server answers.
type Op struct {
	Signing, Name string
	svc           *Service
	h             handler
}

// Ops are a server's operations, in order.
func (s *Server) Ops() []Op {
	var out []Op
	for _, o := range s.Operations() {
		svc := s.service(o.Service)
		for _, n := range o.Served {
			out = append(out, Op{o.Service, n, svc, svc.handlers[n]})
		}
	}
	return out
}

// Stub lets f answer every operation instead of its handler: with a value of the type, or
// an error.
func (s *Server) Stub(f func(o Op, out reflect.Type) (any, error)) {
	for _, o := range s.Ops() {
		h := o.h
		h.call = o.svc.once(o.Name, h.in, func(*Caller, any) (any, error) { return f(o, h.out) })
		o.svc.handlers[o.Name] = h
	}
}

// Known is a value that a member of a request may have, if one is known.
type Known func(member string) (string, bool)

// Input makes up what an operation takes.
func (o Op) Input(s *mutate.Source, known Known) mutate.Object {
	m := maker{s, o.svc, known}
	in, _ := m.value(&ref{T: o.svc.Ops[o.Name].In}, o.h.in, "", 0).(mutate.Object)
	return in
}

// Output makes up what an operation answers: changed, and yet of its type.
func (o Op) Output(s *mutate.Source) (any, error) {
	r := &ref{T: o.svc.Ops[o.Name].Out}
	m := maker{s, o.svc, nil}
	out := reflect.New(o.h.out)
	tree := m.value(r, o.h.out, "", 0)
	if s.Chance(2) {
		tree = s.Tree(tree)
	}
	if err := o.svc.decodeJSON(loose(tree), r, out.Elem()); err != nil {
		return nil, Errorf("X", "%v", err)
	}
	return out.Interface(), nil
}

// loose is a tree as encoding/json reads it.
func loose(v any) any {
	switch x := v.(type) {
	case mutate.Object:
		o := map[string]any{}
		for _, m := range x {
			o[m.Key] = loose(m.Value)
		}
		return o
	case []any:
		l := make([]any, len(x))
		for i, e := range x {
			l[i] = loose(e)
		}
		return l
	case mutate.Number:
		if _, err := strconv.ParseFloat(string(x), 64); err != nil {
			return string(x)
		}
		return json.Number(x)
	}
	return v
}

// maker makes values up, by the models.
type maker struct {
	*mutate.Source
	svc   *Service
	known Known
}

func (m maker) value(r *ref, t reflect.Type, name string, depth int) any {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kind, sh := m.svc.norm(r)
	switch kind {
	case "struct", "union", "error":
		return m.object(sh, t, depth)
	case "list":
		l, n := []any{}, 1
		if m.Chance(4) {
			n = m.Few()
		}
		for range min(n, 200) {
			l = append(l, m.value(sh.item, elem(t), strings.TrimSuffix(name, "s"), depth+1))
		}
		return l
	case "map":
		o := mutate.Object{}
		for range 1 + m.IntN(2) {
			o = append(o, mutate.Member{Key: m.text(r, nil, "key"), Value: m.value(sh.V, elem(t), name, depth+1)})
		}
		return o
	case "number":
		return m.number(r)
	case "boolean":
		return m.Chance(2)
	case "timestamp":
		if strings.HasSuffix(m.svc.Protocol, "QueryProtocol") {
			return "2026-11-22T00:00:0" + strconv.Itoa(m.IntN(10)) + "Z"
		}
		return mutate.Number(strconv.Itoa(1795305600 + m.IntN(100000)))
	case "blob":
		return base64.StdEncoding.EncodeToString([]byte(m.Word()))
	}
	return m.text(r, t, name)
}

func elem(t reflect.Type) reflect.Type {
	if t == nil || t.Kind() != reflect.Slice && t.Kind() != reflect.Map {
		return nil
	}
	return t.Elem()
}

func (m maker) object(sh *shape, t reflect.Type, depth int) mutate.Object {
	o := mutate.Object{}
	odds := 3 + 3*depth
	if len(sh.order) > 30 {
		odds *= 3
	}
	for _, n := range sh.order {
		if n == "DryRun" && !m.Chance(16) || !(slices.Contains(sh.Req, n) && !m.Chance(32)) && (depth > 6 || !m.Chance(odds)) {
			continue
		}
		var of reflect.Type
		if t != nil && t.Kind() == reflect.Struct {
			if f := field(reflect.New(t).Elem(), n); f.IsValid() {
				of = f.Type()
			}
		}
		o = append(o, mutate.Member{Key: n, Value: m.value(sh.fields[n], of, n, depth+1)})
	}
	return o
}

func (m maker) number(r *ref) any {
	lo, hi := 0, 100
	if r.Min != nil {
		lo = int(*r.Min)
	}
	if r.Max != nil {
		hi = int(*r.Max)
	}
	switch m.IntN(16) {
	case 0:
		return mutate.Number(strconv.Itoa(lo - 1))
	case 1:
		return mutate.Number(strconv.Itoa(hi + 1))
	case 2:
		return mutate.Number(strconv.Itoa(hi))
	case 3:
		return mutate.Number(m.Word())
	}
	return mutate.Number(strconv.Itoa(lo + m.IntN(max(1, min(hi-lo+1, 1+m.Few())))))
}

// text is a value of a string: one of its enumeration, one that is known by the member's
// name, one of its pattern or any.
func (m maker) text(r *ref, t reflect.Type, name string) string {
	if t != nil && t.Kind() == reflect.String && !m.Chance(16) {
		if all := names(reflect.New(t).Elem()); len(all) > 0 {
			return mutate.Pick(m.Source, all)
		}
	}
	if m.known != nil && !m.Chance(6) {
		if v, ok := m.known(name); ok {
			return v
		}
	}
	if r.Max != nil && *r.Max < 5000 && m.Chance(32) {
		return strings.Repeat("a", int(*r.Max)+m.IntN(2))
	}
	if p := r.Pattern; p != "" && !m.Chance(4) {
		if re, err := syntax.Parse(escapeRE.ReplaceAllString(p, `\x{$1}`), syntax.Perl); err == nil {
			b := strings.Builder{}
			m.match(re, &b)
			return b.String()
		}
	}
	if m.Chance(2) {
		return mutate.Pick(m.Source, []string{"a", "b", "c", "x", "name", "default"})
	}
	return m.Word()
}

// match writes a text that an expression matches.
func (m maker) match(re *syntax.Regexp, b *strings.Builder) {
	few := func(lo, hi int) {
		n := lo + m.IntN(4)
		if hi >= 0 {
			n = min(n, hi)
		}
		for range n {
			m.match(re.Sub[0], b)
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		if len(re.Rune) > 0 {
			i := 2 * m.IntN(len(re.Rune)/2)
			b.WriteRune(re.Rune[i] + rune(m.IntN(int(min(re.Rune[i+1]-re.Rune[i], 100))+1)))
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte(byte(' ' + m.IntN(95)))
	case syntax.OpStar:
		few(0, -1)
	case syntax.OpPlus:
		few(1, -1)
	case syntax.OpQuest:
		few(0, 1)
	case syntax.OpRepeat:
		few(re.Min, re.Max)
	case syntax.OpAlternate:
		m.match(mutate.Pick(m.Source, re.Sub), b)
	default:
		for _, x := range re.Sub {
			m.match(x, b)
		}
	}
}

// Request is an input in its operation's protocol. hostile changes the tree, the form or
// the text: one in as many is left as it is, none if 0 and all if 1.
func (o Op) Request(s *mutate.Source, in mutate.Object, hostile int) Asked {
	var tree any = in
	change := func(odds int) bool { return hostile > 0 && (hostile == 1 || !s.Chance(hostile)) && s.Chance(odds) }
	if change(2) {
		tree = s.Tree(tree)
	}
	service, version, _ := strings.Cut(o.Signing, "@")
	a := Asked{Service: service, Method: http.MethodPost, Path: "/"}
	switch {
	case strings.HasSuffix(o.svc.Protocol, "QueryProtocol"):
		a.Type = "application/x-www-form-urlencoded"
		f := []mutate.Pair{{"Action", o.Name}, {"Version", cmp.Or(version, o.svc.Version)}}
		o.flatten("", &ref{T: o.svc.Ops[o.Name].In}, tree, &f)
		if change(3) {
			f = s.Form(f)
		}
		a.Body = encoded(f)
	case strings.HasPrefix(o.svc.Protocol, "AwsJson1_"):
		a.Type, a.Target, a.Body = "application/x-amz-json-1.1", o.svc.Target+"."+o.Name, mutate.JSON(tree)
	default:
		o.rest(s, tree, &a)
	}
	if change(3) {
		switch s.IntN(12) {
		case 0:
			a.Path = s.Text(a.Path)
		case 1:
			a.Query = s.Text(a.Query, a.Body)
		case 2:
			a.Target = s.Text(a.Target)
		case 3:
			a.Type, a.Method = s.Text(a.Type), mutate.Pick(s, []string{"GET", "PUT", "DELETE", "PATCH", "HEAD"})
		default:
			a.Body = s.Text(a.Body, a.Path)
		}
	}
	return a
}

func encoded(f []mutate.Pair) string {
	b := strings.Builder{}
	for i, p := range f {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p[0]) + "=" + url.QueryEscape(p[1]))
	}
	return b.String()
}

// flatten writes a tree as a form says it, also where it is no longer of its shape.
func (o Op) flatten(prefix string, r *ref, v any, f *[]mutate.Pair) {
	kind, sh := "", &shape{}
	if r != nil && r.T != "" && r.T != "unit" {
		kind, sh = o.svc.norm(r)
	}
	switch x := v.(type) {
	case mutate.Object:
		if kind == "map" && len(r.XMLFlattened) == 0 {
			prefix += ".entry"
		}
		for i, m := range x {
			if kind == "map" {
				p := fmt.Sprintf("%s.%d.", prefix, i+1)
				*f = append(*f, mutate.Pair{p + cmp.Or(sh.Key.XMLName, "key"), m.Key})
				o.flatten(p+cmp.Or(sh.V.XMLName, "value"), sh.V, m.Value, f)
				continue
			}
			p := m.Key
			if mr := sh.fields[m.Key]; mr != nil {
				p = o.svc.queryName(m.Key, mr)
			}
			if prefix != "" {
				p = prefix + "." + p
			}
			o.flatten(p, sh.fields[m.Key], m.Value, f)
		}
	case []any:
		if kind == "list" && o.svc.Protocol != ec2Protocol && len(r.XMLFlattened) == 0 {
			prefix += "." + cmp.Or(sh.item.XMLName, "member")
		}
		for i, e := range x {
			o.flatten(fmt.Sprintf("%s.%d", prefix, i+1), sh.item, e, f)
		}
	case string:
		*f = append(*f, mutate.Pair{prefix, x})
	case nil:
	default:
		*f = append(*f, mutate.Pair{prefix, strings.Trim(mutate.JSON(x), `"`)})
	}
}

// rest puts an input's members where REST has them: into the path, the query and the body.
func (o Op) rest(s *mutate.Source, tree any, a *Asked) {
	what := o.svc.Ops[o.Name]
	a.Type, a.Method, a.Path = "application/json", what.HTTP[0].(string), what.HTTP[1].(string)
	in, is := tree.(mutate.Object)
	if !is {
		a.Body = mutate.JSON(tree)
	}
	_, sh := o.svc.norm(&ref{T: what.In})
	body := mutate.Object{}
	var q []mutate.Pair
	for _, m := range in {
		mr := sh.fields[m.Key]
		switch {
		case mr != nil && mr.HTTPLabel != 0:
			a.Path = strings.Replace(a.Path, "{"+m.Key+"}", url.PathEscape(plainText(m.Value)), 1)
		case mr != nil && mr.HTTPQuery != "":
			if l, is := m.Value.([]any); is {
				for _, e := range l {
					q = append(q, mutate.Pair{mr.HTTPQuery, plainText(e)})
				}
				continue
			}
			q = append(q, mutate.Pair{mr.HTTPQuery, plainText(m.Value)})
		default:
			body = append(body, m)
		}
	}
	a.Path = labelRE.ReplaceAllLiteralString(a.Path, url.PathEscape(s.Word()))
	a.Query = encoded(q)
	if len(body) > 0 {
		a.Body = mutate.JSON(body)
	}
}

func plainText(v any) string {
	if s, is := v.(string); is {
		return s
	}
	return mutate.JSON(v)
}
