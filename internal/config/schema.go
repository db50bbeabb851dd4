package config

import (
	"encoding/json"
	"reflect"
	"strings"
)

// Schema is the JSON schema of the config file, generated from the Go types.
func Schema() ([]byte, error) {
	g := &schemaGen{defs: map[string]any{}}
	root := g.of(reflect.TypeFor[ClusterConfig]())
	doc := map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ClusterConfig (" + APIVersion + ") with Slipway's extensions", "$ref": root["$ref"], "$defs": g.defs}
	return json.MarshalIndent(doc, "", "  ")
}

type schemaGen struct{ defs map[string]any }

func (g *schemaGen) of(t reflect.Type) map[string]any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[Taints]():
		return map[string]any{"oneOf": []any{map[string]any{"type": "array", "items": g.of(reflect.TypeFor[Taint]())}, map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}}}
	case reflect.TypeFor[CIDR]():
		return map[string]any{"type": "string", "format": "cidr"}
	case reflect.TypeFor[Document]():
		return map[string]any{"type": "object"}
	}
	switch t.Kind() {
	case reflect.Struct:
		return g.object(t)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": g.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.of(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	}
	return map[string]any{"type": "string"}
}

func (g *schemaGen) object(t reflect.Type) map[string]any {
	ref := map[string]any{"$ref": "#/$defs/" + t.Name()}
	if _, seen := g.defs[t.Name()]; seen {
		return ref
	}
	def := map[string]any{"type": "object", "additionalProperties": false}
	g.defs[t.Name()] = def
	props := map[string]any{}
	required := []string{}
	known := fields(t)
	for _, k := range sorted(known) {
		f := known[k]
		p := g.of(f.Type)
		if e := f.Tag.Get("enum"); e != "" {
			values := strings.Split(e, "|")
			if items, ok := p["items"].(map[string]any); ok {
				items["enum"] = values
			} else {
				p["enum"] = values
			}
		}
		if f.Tag.Get("slipway") == "true" {
			p["description"] = "Slipway's own; a file without it is a plain eksctl file"
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
