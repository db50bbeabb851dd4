package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

var timeType = reflect.TypeFor[time.Time]()

type fieldKey struct {
	t reflect.Type
	n string
}

var fieldCache sync.Map // fieldKey -> []int

// field finds the Go field of a wire member: the SDK capitalises names, and adds
// an underscore where that would collide.
func field(v reflect.Value, name string) reflect.Value {
	k := fieldKey{v.Type(), name}
	if i, ok := fieldCache.Load(k); ok {
		if i.([]int) == nil {
			return reflect.Value{}
		}
		return v.FieldByIndex(i.([]int))
	}
	var index []int
	cap := strings.ToUpper(name[:1]) + name[1:]
	for _, n := range []string{cap, cap + "_"} {
		if f, ok := v.Type().FieldByName(n); ok {
			index = f.Index
			break
		}
	}
	if index == nil {
		if f, ok := v.Type().FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, name) }); ok {
			index = f.Index
		}
	}
	fieldCache.Store(k, index)
	if index == nil {
		return reflect.Value{}
	}
	return v.FieldByIndex(index)
}

func alloc(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return v.Elem()
	}
	return v
}

// The first second that RFC 3339 can say, and the first that it cannot.
const (
	earliest = -62167219200 // 0000-01-01
	latest   = 253402300800 // 10000-01-01
)

func setScalar(v reflect.Value, s string, epoch bool) error {
	v = alloc(v)
	switch {
	case v.Type() == timeType:
		if f, err := strconv.ParseFloat(s, 64); err == nil && epoch {
			if !(f >= earliest && f < latest) { // or is none at all
				return fmt.Errorf("%q is no time", s)
			}
			sec, frac := math.Modf(f)
			v.Set(reflect.ValueOf(time.Unix(int64(sec), int64(frac*1e9)).UTC()))
			return nil
		}
		t, err := time.Parse(time.RFC3339Nano, s)
		v.Set(reflect.ValueOf(t))
		return err
	case v.Kind() == reflect.String:
		v.SetString(s)
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(s)
		v.SetBool(b)
		return err
	case v.CanInt():
		n, err := strconv.ParseInt(s, 10, v.Type().Bits()) // one too large would become another number
		v.SetInt(n)
		return err
	case v.CanFloat():
		f, err := strconv.ParseFloat(s, 64)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%q is no number", s) // JSON cannot answer it
		}
		v.SetFloat(f)
		return err
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		b, err := base64.StdEncoding.DecodeString(s)
		v.SetBytes(b)
		return err
	default:
		return fmt.Errorf("cannot read %q as %s", s, v.Type())
	}
	return nil
}

// queryName is the name of a member in a query request.
func (m *model) queryName(name string, r *ref) string {
	up := func(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
	if m.Protocol == ec2Protocol {
		switch {
		case r.EC2Name != "":
			return r.EC2Name
		case r.XMLName != "":
			return up(r.XMLName)
		}
		return up(name)
	}
	if r.XMLName != "" {
		return r.XMLName
	}
	return name
}

// form is a query request's fields with the set of all their dotted prefixes, so
// that presence is one lookup.
type form struct {
	v        url.Values
	prefixes map[string]bool
}

// deepest is how many dots of a field's name are looked at: more than any operation's
// members have. Hashing every prefix of a name as long as a body took a minute.
const deepest = 64

func newForm(v url.Values) form {
	f := form{v, map[string]bool{}}
	for k := range v {
		f.prefixes[k] = true
		for i, n := 0, 0; i < len(k) && n < deepest; i++ {
			if k[i] == '.' {
				f.prefixes[k[:i]] = true
				n++
			}
		}
	}
	return f
}

func (m *model) decodeQuery(f form, prefix string, r *ref, v reflect.Value) error {
	if r.T == "unit" || r.T == "" {
		return nil
	}
	k, s := m.norm(r)
	switch k {
	case "struct", "union":
		return m.decodeQueryStruct(f, prefix, s, v)
	case "list":
		if m.Protocol != ec2Protocol && len(r.XMLFlattened) == 0 {
			n := "member"
			if s.item.XMLName != "" {
				n = s.item.XMLName
			}
			prefix += "." + n
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 1))
		for i := 1; f.prefixes[fmt.Sprintf("%s.%d", prefix, i)]; i++ {
			e := reflect.New(v.Type().Elem()).Elem()
			if err := m.decodeQuery(f, fmt.Sprintf("%s.%d", prefix, i), s.item, e); err != nil {
				return err
			}
			v.Set(reflect.Append(v, e))
		}
		return nil
	case "map":
		return m.decodeQueryMap(f, prefix, r, s, v)
	}
	return setScalar(v, f.v.Get(prefix), false)
}

func (m *model) decodeQueryStruct(f form, prefix string, s *shape, v reflect.Value) error {
	if v = alloc(v); v.Kind() != reflect.Struct {
		return unread(v.Type())
	}
	for _, n := range s.order {
		mr := s.fields[n]
		p := m.queryName(n, mr)
		if prefix != "" {
			p = prefix + "." + p
		}
		if !f.prefixes[p] {
			continue
		}
		fv := field(v, n)
		if !fv.IsValid() {
			return fmt.Errorf("no field %s in %s", n, v.Type())
		}
		if err := m.decodeQuery(f, p, mr, fv); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return nil
}

// unread refuses a structure where the SDK has none: in the place of a scalar, or of a
// union, whose members it does not tell.
func unread(t reflect.Type) error { return fmt.Errorf("unexpected object for %s", t) }

func (m *model) decodeQueryMap(f form, prefix string, r *ref, s *shape, v reflect.Value) error {
	if len(r.XMLFlattened) == 0 {
		prefix += ".entry"
	}
	kn, vn := "key", "value"
	if s.Key.XMLName != "" {
		kn = s.Key.XMLName
	}
	if s.V.XMLName != "" {
		vn = s.V.XMLName
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 1; f.prefixes[fmt.Sprintf("%s.%d", prefix, i)]; i++ {
		p := fmt.Sprintf("%s.%d", prefix, i)
		e := reflect.New(v.Type().Elem()).Elem()
		if err := m.decodeQuery(f, p+"."+vn, s.V, e); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(f.v.Get(p+"."+kn)).Convert(v.Type().Key()), e)
	}
	return nil
}

func (m *model) decodeJSON(j any, r *ref, v reflect.Value) error {
	if j == nil || !v.IsValid() {
		return nil
	}
	k, s := m.norm(r)
	switch x := j.(type) {
	case map[string]any:
		if k == "map" {
			v.Set(reflect.MakeMap(v.Type()))
			for kk, jv := range x {
				e := reflect.New(v.Type().Elem()).Elem()
				if err := m.decodeJSON(jv, s.V, e); err != nil {
					return err
				}
				v.SetMapIndex(reflect.ValueOf(kk).Convert(v.Type().Key()), e)
			}
			return nil
		}
		return m.decodeJSONStruct(x, s, v)
	case []any:
		if v.Kind() != reflect.Slice || s.item == nil {
			return fmt.Errorf("unexpected list")
		}
		v.Set(reflect.MakeSlice(v.Type(), len(x), len(x)))
		for i, jv := range x {
			if err := m.decodeJSON(jv, s.item, v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	case json.Number:
		return setScalar(v, x.String(), true)
	case string:
		return setScalar(v, x, true)
	case bool:
		return setScalar(v, strconv.FormatBool(x), true)
	}
	return nil
}

func (m *model) decodeJSONStruct(x map[string]any, s *shape, v reflect.Value) error {
	v = alloc(v)
	if v.Kind() != reflect.Struct {
		return unread(v.Type())
	}
	for _, n := range s.order {
		jn := n
		if s.fields[n].JSONName != "" {
			jn = s.fields[n].JSONName
		}
		if jv, ok := x[jn]; ok {
			if err := m.decodeJSON(jv, s.fields[n], field(v, n)); err != nil {
				return fmt.Errorf("%s: %w", n, err)
			}
		}
	}
	return nil
}
