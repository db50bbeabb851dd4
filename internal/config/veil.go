package config

import (
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

func veiled(key string, v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, y := range x {
			inner := k
			if secret(key) {
				inner = key // all below it
			}
			if foreign(k) && !secret(inner) {
				y = veil.Tree(y)
			}
			out[k] = veiled(inner, y)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, y := range x {
			out[i] = veiled(key, y)
		}
		return out
	case string:
		if secret(key) || strings.Contains(x, "://") && veil.Value(x) != x {
			return veil.Text(x)
		}
	}
	return v
}

func secret(key string) bool {
	switch key {
	case "overrideBootstrapCommand", "preBootstrapCommands", "user-data", "credentials":
		return true
	}
	return false
}
