package res

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Fields makes filters from paths into a resource: "Routes.GatewayId" gives the
// gateway of every route. An empty path is a filter that AWS documents and that has
// nothing to compare with here. A path that is not there is a mistake, and panics.
func Fields[T any](paths map[string]string) map[string]func(*T) []string {
	out := map[string]func(*T) []string{}
	for name, path := range paths {
		if path == "" {
			out[name] = nil
			continue
		}
		steps := strings.Split(path, ".")
		check(reflect.TypeFor[T](), steps, name)
		out[name] = func(r *T) []string { return walk(reflect.ValueOf(r), steps, nil) }
	}
	return out
}

func check(t reflect.Type, steps []string, name string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if len(steps) == 0 {
		return
	}
	f, ok := t.FieldByName(steps[0])
	if !ok {
		panic(fmt.Sprintf("filter %s: %s has no field %s", name, t, steps[0]))
	}
	check(f.Type, steps[1:], name)
}

func walk(v reflect.Value, steps []string, out []string) []string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return out
		}
		return walk(v.Elem(), steps, out)
	case reflect.Slice:
		for i := range v.Len() {
			out = walk(v.Index(i), steps, out)
		}
		return out
	}
	if len(steps) > 0 {
		return walk(v.FieldByName(steps[0]), steps[1:], out)
	}
	if t, ok := v.Interface().(time.Time); ok {
		return append(out, t.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	return append(out, fmt.Sprint(v.Interface()))
}

// Pick selects, by filters, of rows that are in no table.
func Pick[T any](rows []T, filters []Filter, by map[string]func(*T) []string) ([]T, error) {
	for _, f := range filters {
		if _, ok := by[f.Name]; !ok {
			return nil, UnknownFilter(f.Name)
		}
	}
	out := []T{}
	for i := range rows {
		ok := true
		for _, f := range filters {
			get := by[f.Name]
			ok = ok && get != nil && f.Matches(get(&rows[i]))
		}
		if ok {
			out = append(out, rows[i])
		}
	}
	return out, nil
}

// List is what a description answers: the selected resources as view shows them.
func List[T, V any](k *Kind[T], ids []string, filters []Filter, view func(*T) V) ([]V, error) {
	rows, err := k.Describe(ids, filters)
	return Views(rows, view), err
}

// Views shows resources, never nil.
func Views[T, V any](rows []*T, view func(*T) V) []V {
	out := make([]V, 0, len(rows))
	for _, r := range rows {
		out = append(out, view(r))
	}
	return out
}
