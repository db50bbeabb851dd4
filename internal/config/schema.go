package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/slipway-eks/slipway/internal/config/fields"
)

// Schema is the JSON schema of the config file: its shape from the Go types, its
// descriptions from the catalogue of fields.
func Schema() ([]byte, error) {
	g := &schemaGen{defs: map[string]any{}}
	root := g.of(reflect.TypeFor[ClusterConfig](), "")
	doc := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "ClusterConfig (" + APIVersion + ") with Slipway's extensions",
		"$ref":    root["$ref"],
		"$defs":   g.defs,
	}
	return json.MarshalIndent(doc, "", "  ")
}

type schemaGen struct{ defs map[string]any }

// of describes a type where it stands at a path.
func (g *schemaGen) of(t reflect.Type, path string) map[string]any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[Taints]():
		list := map[string]any{"type": "array", "items": g.of(reflect.TypeFor[Taint](), path)}
		older := map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
		return map[string]any{"oneOf": []any{list, older}}
	case reflect.TypeFor[CIDR]():
		return map[string]any{"type": "string", "format": "cidr"}
	case reflect.TypeFor[Document]():
		return map[string]any{"type": "object"}
	}
	switch t.Kind() {
	case reflect.Struct:
		return g.object(t, path)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": g.of(t.Elem(), path)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.of(t.Elem(), path)}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	}
	return map[string]any{"type": "string"}
}

// object describes a struct by its fields; one that stands in several places is
// described where it is met first, and means the same elsewhere.
func (g *schemaGen) object(t reflect.Type, path string) map[string]any {
	ref := map[string]any{"$ref": "#/$defs/" + t.Name()}
	if _, seen := g.defs[t.Name()]; seen {
		return ref
	}
	def := map[string]any{"type": "object", "additionalProperties": false}
	g.defs[t.Name()] = def
	props := map[string]any{}
	required := []string{}
	known := properties(t)
	for _, k := range sorted(known) {
		f := known[k]
		at := strings.TrimPrefix(path+"."+k, ".")
		p := g.of(f.Type, at)
		if row := fields.At(at); row != nil && row.Path == at {
			p["description"] = row.Doc
		}
		if e := f.Tag.Get("enum"); e != "" {
			values := strings.Split(e, "|")
			if items, ok := p["items"].(map[string]any); ok {
				items["enum"] = values
			} else {
				p["enum"] = values
			}
		}
		if f.Tag.Get("slipway") == "true" {
			p["description"] = fmt.Sprint(p["description"], " Slipway's own; a file without it is a plain eksctl file.")
		}
		if f.Tag.Get("required") == "true" {
			required = append(required, k)
		}
		props[k] = p
	}
	def["properties"] = props
	if len(required) > 0 {
		def["required"] = required
	}
	return ref
}
