package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/veil"
)

// Veiled is a config's JSON tree with a hash in place of what may hold a secret: the
// commands of bootstrapping, which carry tokens, and Bottlerocket's user data and
// credentials. Records hold configs so; two of them, or one and a file, are compared
// with both veiled, which still tells a change. What is veiled stays as it is. Settings that
// the file does not know by name, Bottlerocket's, are gone through for what is
// named or looks like a secret; so are all texts for passwords in URLs, such as a proxy's.
func Veiled(tree any) any { return veiled("", tree) }

// foreign tells whether what is below a key is somebody else's settings.
func foreign(key string) bool { return key == "settings" }

// veiled leaves what has nothing to veil as it is, the same tree: most have nothing.
func veiled(key string, v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := x
		for k, y := range x {
			inner := k
			if secret(key) {
				inner = key // all below it
			}
			was := y
			if foreign(k) && !secret(inner) {
				y = veil.Tree(y)
			}
			if y = veiled(inner, y); !same(y, was) {
				if same(out, x) {
					out = maps.Clone(x)
				}
				out[k] = y
			}
		}
		return out
	case []any:
		out := x
		for i, y := range x {
			if z := veiled(key, y); !same(z, y) {
				if same(out, x) {
					out = slices.Clone(x)
				}
				out[i] = z
			}
		}
		return out
	case string:
		if secret(key) || strings.Contains(x, "://") && veil.Value(x) != x {
			return veil.Text(x)
		}
	}
	return v
}

// same tells whether two values are one: trees by where they are, all else by what it is.
func same(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	switch x.Kind() {
	case reflect.Map, reflect.Slice:
		return x.Kind() == y.Kind() && x.Pointer() == y.Pointer() && x.Len() == y.Len()
	}
	return a == b
}

func secret(key string) bool {
	switch key {
	case "overrideBootstrapCommand", "preBootstrapCommands", "user-data", "credentials":
		return true
	}
	return false
}
