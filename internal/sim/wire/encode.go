package wire

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

// isSet mirrors the SDK's rules: nil pointers, slices and maps and empty enums
// are absent.
func isSet(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return !v.IsNil()
	case reflect.String:
		return v.Len() > 0
	}
	return v.IsValid()
}

func (m *model) encodeJSON(v reflect.Value, r *ref) any {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	k, s := m.norm(r)
	switch k {
	case "struct", "error":
		o := map[string]any{}
		for _, n := range s.order {
			if fv := field(v, n); fv.IsValid() && isSet(fv) {
				jn := n
				if s.fields[n].JSONName != "" {
					jn = s.fields[n].JSONName
				}
				o[jn] = m.encodeJSON(fv, s.fields[n])
			}
		}
		return o
	case "list":
		a := make([]any, v.Len())
		for i := range a {
			a[i] = m.encodeJSON(v.Index(i), s.item)
		}
		return a
	case "map":
		o := map[string]any{}
		for it := v.MapRange(); it.Next(); {
			o[it.Key().String()] = m.encodeJSON(it.Value(), s.V)
		}
		return o
	}
	if v.Type() == timeType {
		return float64(v.Interface().(time.Time).UnixMilli()) / 1e3
	}
	return v.Interface()
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#xD;")

// xmlText is a text as XML says it. A character that XML has not is said as U+FFFD, as it
// is where it is no UTF-8: an answer that repeats it could not be read.
func xmlText(s string) string {
	return xmlEscaper.Replace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return utf8.RuneError
		}
		return r
	}, s))
}

type xmlWriter struct {
	m *model
	b strings.Builder
}

func (x *xmlWriter) open(t string)  { x.b.WriteString("<" + t + ">") }
func (x *xmlWriter) close(t string) { x.b.WriteString("</" + t + ">") }

func (x *xmlWriter) write(v reflect.Value, r *ref, tag string) {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	k, s := x.m.norm(r)
	switch k {
	case "struct":
		x.writeStruct(v, s, tag)
	case "list":
		x.writeList(v, r, s, tag)
	case "map":
		x.writeMap(v, s, tag)
	default:
		x.open(tag)
		switch {
		case v.Type() == timeType:
			x.b.WriteString(v.Interface().(time.Time).UTC().Format("2006-01-02T15:04:05.000Z"))
		case v.Kind() == reflect.Slice:
			x.b.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
		default:
			x.b.WriteString(xmlText(fmt.Sprint(v.Interface())))
		}
		x.close(tag)
	}
}

func (x *xmlWriter) writeStruct(v reflect.Value, s *shape, tag string) {
	if tag != "" {
		x.open(tag)
	}
	for _, n := range s.order {
		if fv := field(v, n); fv.IsValid() && isSet(fv) {
			t := n
			if s.fields[n].XMLName != "" {
				t = s.fields[n].XMLName
			}
			x.write(fv, s.fields[n], t)
		}
	}
	if tag != "" {
		x.close(tag)
	}
}

func (x *xmlWriter) writeList(v reflect.Value, r *ref, s *shape, tag string) {
	item, flat := "member", len(r.XMLFlattened) > 0
	if s.item.XMLName != "" {
		item = s.item.XMLName
	}
	if flat {
		item = tag
	} else {
		x.open(tag)
	}
	for i := range v.Len() {
		x.write(v.Index(i), s.item, item)
	}
	if !flat {
		x.close(tag)
	}
}

func (x *xmlWriter) writeMap(v reflect.Value, s *shape, tag string) {
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	x.open(tag)
	for _, k := range keys {
		x.open("entry")
		x.write(k, s.Key, "key")
		x.write(v.MapIndex(k), s.V, "value")
		x.close("entry")
	}
	x.close(tag)
}
