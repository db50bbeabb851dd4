package config_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
)

// A tree that is veiled stays as it is itself, and what has nothing to veil is not copied.
func TestVeilingLeavesTheTreeItIsGiven(t *testing.T) {
	const plain = `{"metadata":{"name":"c"},"managedNodeGroups":[{"name":"a"},{"name":"b","preBootstrapCommands":["join --token x"]}]}`
	var tree any
	if err := json.Unmarshal([]byte(plain), &tree); err != nil {
		t.Fatal(err)
	}
	veiled := config.Veiled(tree).(map[string]any)
	if b, _ := json.Marshal(tree); !reflect.DeepEqual(parsed(t, string(b)), parsed(t, plain)) {
		t.Errorf("the tree itself is now %s", b)
	}
	groups := veiled["managedNodeGroups"].([]any)
	if got := groups[1].(map[string]any)["preBootstrapCommands"].([]any)[0]; got == "join --token x" {
		t.Errorf("%v is not veiled", got)
	}
	was := tree.(map[string]any)
	if reflect.ValueOf(veiled["metadata"]).Pointer() != reflect.ValueOf(was["metadata"]).Pointer() {
		t.Error("metadata, which has nothing to veil, was copied")
	}
	if quiet := map[string]any{"a": []any{"b", nil, 1.0}}; reflect.ValueOf(config.Veiled(quiet)).Pointer() != reflect.ValueOf(quiet).Pointer() {
		t.Error("a tree with nothing to veil was copied")
	}
}

func parsed(t *testing.T, s string) (v any) {
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
