package config

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// veil begins what stands for a text that is not shown.
const veil = "sha256:"

// Veiled is a config's JSON tree with a hash in place of what may hold a secret: the
// commands of bootstrapping, which carry tokens, and Bottlerocket's user data and
// credentials. Records hold configs so; two of them, or one and a file, are compared
// with both veiled, which still tells a change. What is veiled stays as it is.
func Veiled(tree any) any { return veiled("", tree) }

func veiled(key string, v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, y := range x {
			inner := k
			if secret(key) {
				inner = key // all below it
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
		if secret(key) && x != "" && !strings.HasPrefix(x, veil) {
			return fmt.Sprintf("%s%x", veil, sha256.Sum256([]byte(x)))
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
