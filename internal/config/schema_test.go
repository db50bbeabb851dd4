package config_test

import (
	"encoding/json"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
)

// Every property of the schema says what it means.
func TestTheSchemaDescribesEveryProperty(t *testing.T) {
	b, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Defs map[string]struct {
			Properties map[string]struct{ Description string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Defs) < 60 {
		t.Errorf("the schema has %d definitions", len(s.Defs))
	}
	for def, d := range s.Defs {
		for k, p := range d.Properties {
			if p.Description == "" {
				t.Errorf("%s.%s is not described", def, k)
			}
		}
	}
}
