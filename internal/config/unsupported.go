package config

import (
	"fmt"
	"strings"

	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/finding"
)

// unsupported refuses, by name and before anything is created, what the file says
// about fields that are read and not launched.
func unsupported(f *File) finding.Findings {
	var ps finding.Findings
	whole := tree(f.Cluster)
	for _, row := range fields.All() {
		if row.NotLaunched == "" {
			continue
		}
		used(whole, "", strings.Split(row.Path, "."), func(path string, v any) {
			if says(v) && v != row.NotLaunchedBut {
				ps = append(ps, f.At("not-launched", path, "%s", row.NotLaunched))
			}
		})
	}
	return ps
}

// used walks to each value at a path, through lists, as a reader would name it.
func used(v any, at string, path []string, found func(string, any)) {
	switch x := v.(type) {
	case []any:
		if len(path) > 0 {
			for i, y := range x {
				used(y, fmt.Sprintf("%s[%d]", at, i), path, found)
			}
			return
		}
	case map[string]any:
		if len(path) > 0 {
			if y, ok := x[path[0]]; ok {
				used(y, strings.TrimPrefix(at+"."+path[0], "."), path[1:], found)
			}
			return
		}
	}
	if len(path) == 0 {
		found(at, v)
	}
}

// says tells whether a value asks for something: false, nothing and zero do not.
func says(v any) bool {
	switch x := v.(type) {
	case nil:
		return false
	case bool:
		return x
	case string:
		return x != ""
	case float64:
		return x != 0
	case []any:
		return len(x) > 0
	}
	return true
}
