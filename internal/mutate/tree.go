package mutate

import (
	"encoding/json"
	"strconv"
	"strings"
)

// A tree is what JSON, YAML and forms say: an Object, a []any, a string, a Number, a bool
// or nil.

// Object is a map in its order, which may say a key twice.
type Object []Member

// Member is one of an object's.
type Member struct {
	Key   string
	Value any
}

// Number is a number as it is written, whether it is one or not.
type Number string

// Get is an object's member; nil where it has none.
func (o Object) Get(key string) any {
	for _, m := range o {
		if m.Key == key {
			return m.Value
		}
	}
	return nil
}

// Parse reads JSON; nil where it is none.
func Parse(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := parse(d)
	if err != nil {
		return nil
	}
	return v
}

func parse(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		o := Object{}
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := parse(d)
			if err != nil {
				return nil, err
			}
			o = append(o, Member{k.(string), v})
		}
		_, err := d.Token()
		return o, err
	case json.Delim('['):
		l := []any{}
		for d.More() {
			v, err := parse(d)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		_, err := d.Token()
		return l, err
	}
	if n, is := t.(json.Number); is {
		return Number(n), nil
	}
	return t, nil
}

// JSON writes a tree. Strings keep bytes that are no UTF-8, and numbers what they are.
func JSON(v any) string {
	b := strings.Builder{}
	write(&b, v)
	return b.String()
}

func write(b *strings.Builder, v any) {
	switch x := v.(type) {
	case Object:
		b.WriteByte('{')
		for i, m := range x {
			if i > 0 {
				b.WriteByte(',')
			}
			quote(b, m.Key)
			b.WriteByte(':')
			write(b, m.Value)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range x {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, e)
		}
		b.WriteByte(']')
	case string:
		quote(b, x)
	case Number:
		b.WriteString(string(x))
	case bool:
		b.WriteString(strconv.FormatBool(x))
	default:
		b.WriteString("null")
	}
}

func quote(b *strings.Builder, s string) {
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ':
			b.WriteString(`\u00`)
			b.WriteByte("0123456789abcdef"[c>>4])
			b.WriteByte("0123456789abcdef"[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}

// Clone is a tree that may be changed while another keeps what it is.
func Clone(v any) any {
	switch x := v.(type) {
	case Object:
		o := make(Object, len(x))
		for i, m := range x {
			o[i] = Member{m.Key, Clone(m.Value)}
		}
		return o
	case []any:
		l := make([]any, len(x))
		for i, e := range x {
			l[i] = Clone(e)
		}
		return l
	}
	return v
}

// Tree changes a tree, which is no longer the caller's, in one to three places.
func (s *Source) Tree(v any) any {
	for range 1 + s.IntN(3) {
		var all []*any
		slots(&v, &all)
		s.edit(Pick(s, all), all)
	}
	return v
}

// slots are the places of a tree's values. What is deep is one place.
func slots(v *any, all *[]*any) {
	if len(*all) > 2000 {
		return
	}
	*all = append(*all, v)
	switch x := (*v).(type) {
	case Object:
		for i := range x {
			slots(&x[i].Value, all)
		}
	case []any:
		for i := range x {
			slots(&x[i], all)
		}
	}
}

func (s *Source) edit(at *any, all []*any) {
	switch s.IntN(8) {
	case 0:
		*at = s.scalar()
		return
	case 1:
		*at = s.retyped(*at)
		return
	case 2: // a copy, for the values might hold each other
		*at = Clone(*Pick(s, all))
		return
	}
	switch x := (*at).(type) {
	case Object:
		*at = s.object(x)
	case []any:
		*at = s.list(x)
	case string:
		*at = s.Text(x)
	case Number:
		*at = Number(s.Word())
	case bool:
		*at = !x
	default:
		*at = s.scalar()
	}
}

func (s *Source) object(o Object) any {
	if len(o) == 0 || s.Chance(8) {
		return append(o, Member{s.Word(), s.scalar()})
	}
	i := s.IntN(len(o))
	switch s.IntN(4) {
	case 0:
		return append(o[:i:i], o[i+1:]...)
	case 1:
		return append(o, Member{o[i].Key, Clone(Pick(s, o).Value)})
	case 2:
		o[i].Key = s.Word()
	default:
		j := s.IntN(len(o))
		o[i].Value, o[j].Value = o[j].Value, o[i].Value
	}
	return o
}

func (s *Source) list(l []any) any {
	if len(l) == 0 || s.Chance(8) {
		return append(l, s.scalar())
	}
	i := s.IntN(len(l))
	switch s.IntN(3) {
	case 0:
		return append(l[:i:i], l[i+1:]...)
	case 1:
		for range min(1+s.Few(), 1+4000/len(l)) {
			l = append(l, Clone(l[i]))
		}
	default:
		j := s.IntN(len(l))
		l[i], l[j] = l[j], l[i]
	}
	return l
}

func (s *Source) scalar() any {
	switch s.IntN(8) {
	case 0:
		return nil
	case 1:
		return s.Chance(2)
	case 2, 3:
		return Number(Pick(s, Words))
	case 4:
		return Number(strconv.Itoa(s.IntN(300) - 20))
	}
	return s.Word()
}

// retyped is a value as another type says it.
func (s *Source) retyped(v any) any {
	switch s.IntN(5) {
	case 0:
		return []any{v}
	case 1:
		return Object{{s.Word(), v}}
	case 2:
		return nil
	}
	switch x := v.(type) {
	case string:
		return Number(x)
	case Number:
		return string(x)
	case bool:
		return strconv.FormatBool(x)
	case Object:
		l := []any{}
		for _, m := range x {
			l = append(l, m.Value)
		}
		return l
	case []any:
		o := Object{}
		for i, e := range x {
			o = append(o, Member{strconv.Itoa(i), e})
		}
		return o
	}
	return "null"
}

// Pair is a field of a form.
type Pair [2]string

// Form changes a form's fields in one to three places: their values, names, numbers and
// prefixes.
func (s *Source) Form(f []Pair) []Pair {
	for range 1 + s.IntN(3) {
		if len(f) == 0 {
			f = append(f, Pair{s.Word(), s.Word()})
			continue
		}
		i := s.IntN(len(f))
		switch s.IntN(8) {
		case 0:
			f = append(f[:i:i], f[i+1:]...)
		case 1:
			f = append(f, Pair{f[i][0], s.Word()})
		case 2:
			j := s.IntN(len(f))
			f[i][1], f[j][1] = f[j][1], f[i][1]
		case 3:
			f[i][0] = s.Text(f[i][0], f[s.IntN(len(f))][0])
		case 4: // a part of the name, which may be a number
			parts := strings.Split(f[i][0], ".")
			parts[s.IntN(len(parts))] = s.Word()
			f[i][0] = strings.Join(parts, ".")
		case 5: // the same of another element
			parts := strings.Split(f[i][0], ".")
			for j, p := range parts {
				if n, err := strconv.Atoi(p); err == nil {
					parts[j] = strconv.Itoa(n + 1 + s.Few())
				}
			}
			f = append(f, Pair{strings.Join(parts, "."), f[i][1]})
		default:
			f[i][1] = s.Text(f[i][1])
		}
	}
	return f
}
