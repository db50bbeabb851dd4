package kubeapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// yield walks what is to be applied (a map or a list) beside the fields that somebody owns,
// in the form of FieldsV1, and takes out those that are named. What is left of a list comes
// back.
func yield(x any, owned map[string]any, path string, named []string) any {
	for _, key := range slices.Sorted(maps.Keys(owned)) {
		below, _ := owned[key].(map[string]any)
		form, what, _ := strings.Cut(key, ":")
		if m, is := x.(map[string]any); is && form == "f" && m[what] != nil {
			if at := path + "." + what; slices.Contains(named, at) {
				delete(m, what)
			} else {
				m[what] = yield(m[what], below, at, named)
			}
			if sub, is := m[what].(map[string]any); is && len(sub) == 0 {
				delete(m, what) // an empty one would be owned for itself
			}
		}
		list, _ := x.([]any)
		i := slices.IndexFunc(list, func(e any) bool { return element(e, form, what) })
		if i < 0 {
			continue
		}
		if at := path + "[" + keyed(form, what) + "]"; slices.Contains(named, at) {
			x = slices.Delete(list, i, i+1)
		} else {
			list[i] = yield(list[i], below, at, named)
		}
	}
	return x
}

// element tells whether an element of a list is the one that a key (k:) or a value (v:) of
// FieldsV1 means.
func element(e any, form, what string) bool {
	var want any
	if json.Unmarshal([]byte(what), &want) != nil {
		return false
	}
	switch form {
	case "v":
		return reflect.DeepEqual(plain(e), want)
	case "k":
		m, is := e.(map[string]any)
		keys, _ := want.(map[string]any)
		for k, v := range keys {
			if !is || m[k] != nil && !reflect.DeepEqual(plain(m[k]), v) { // a key that is left out has its default
				return false
			}
		}
		return is && len(keys) > 0
	}
	return false
}

// plain is a value as JSON has it: numbers are float64.
func plain(x any) any {
	switch x := x.(type) {
	case int64:
		return float64(x)
	case int32:
		return float64(x)
	}
	return x
}

// keyed writes an element's key or value as paths have it: name="aws-node".
func keyed(form, what string) string {
	var fields map[string]any
	if form != "k" || json.Unmarshal([]byte(what), &fields) != nil {
		return "=" + what
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		b, err := json.Marshal(fields[k])
		if err != nil {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s=%s", k, b))
	}
	return strings.Join(parts, ",")
}
