package cfn

import (
	"maps"
	"slices"
	"strings"
)

var (
	topLevel = []string{"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Transform",
		"Rules", "Hooks", "Resources", "Outputs"}
	members = []string{"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy", "Metadata"}
)

// sections reads a template's parts, each within its quota.
func sections(top map[string]any) (*template, error) {
	if bad := others(top, topLevel); len(bad) > 0 {
		return nil, said("Invalid template property or properties [%s]", strings.Join(bad, ", "))
	}
	t := &template{}
	if d, ok := top["Description"]; ok {
		if t.Description, ok = d.(string); !ok {
			return nil, said("Template format error: Description must be a string.")
		}
		if len(t.Description) > maxDescriptionBytes {
			return nil, said("Template format error: 'Description' length is greater than %d.", maxDescriptionBytes)
		}
	}
	for _, read := range []func(map[string]any) error{t.readParameters, t.readMappings, t.readConditions, t.readResources, t.readOutputs} {
		if err := read(top); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// section is a part of a template: nil when it is absent.
func section(top map[string]any, name string) (map[string]any, error) {
	v, ok := top[name]
	if !ok {
		return nil, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, said("Template format error: [/%s] Expected a map", name)
	}
	return m, nil
}

func (t *template) readMappings(top map[string]any) error {
	m, err := section(top, "Mappings")
	if err != nil {
		return err
	}
	if err := within("mapping", m, maxMappings); err != nil {
		return err
	}
	t.Mappings = map[string]map[string]map[string]any{}
	for _, n := range sorted(m) {
		keys, ok := m[n].(map[string]any)
		if !ok {
			return said("Template format error: [/Mappings/%s] Every Mappings member must be a map", n)
		}
		if len(keys) > maxMappingKeys {
			return said("Template format error: Number of attributes for mapping %s, %d, is greater than maximum allowed, %d", n, len(keys), maxMappingKeys)
		}
		t.Mappings[n] = map[string]map[string]any{}
		for _, k := range sorted(keys) {
			if t.Mappings[n][k], ok = keys[k].(map[string]any); !ok {
				return said("Template format error: [/Mappings/%s/%s] Every Mappings attribute must be a map", n, k)
			}
		}
	}
	return nil
}

func (t *template) readConditions(top map[string]any) (err error) {
	t.Conditions, err = section(top, "Conditions")
	return err
}

func (t *template) readResources(top map[string]any) error {
	rs, err := section(top, "Resources")
	if err != nil {
		return err
	}
	if len(rs) == 0 {
		return said("Template format error: At least one Resources member must be defined.")
	}
	if err := within("resource", rs, maxResources); err != nil {
		return err
	}
	t.Resources = map[string]*resource{}
	for _, n := range sorted(rs) {
		if t.Resources[n], err = readResource(n, rs[n]); err != nil {
			return err
		}
	}
	return nil
}

func readResource(n string, x any) (*resource, error) {
	m, ok := x.(map[string]any)
	if !ok {
		return nil, said("Template format error: [/Resources/%s] resource definition is malformed", n)
	}
	if bad := others(m, members); len(bad) > 0 {
		return nil, said("Invalid template resource property '%s'", bad[0])
	}
	r := &resource{Metadata: m["Metadata"], Keeps: m["DeletionPolicy"] != nil,
		Retain: m["DeletionPolicy"] == "Retain" || m["DeletionPolicy"] == "RetainExceptOnCreate", Young: m["DeletionPolicy"] == "RetainExceptOnCreate",
		RetainOld: m["UpdateReplacePolicy"] == "Retain"}
	if r.Type, _ = m["Type"].(string); r.Type == "" {
		return nil, said("Template format error: [/Resources/%s] Every Resources object must contain a Type member.", n)
	}
	if p, there := m["Properties"]; there {
		if r.Props, ok = p.(map[string]any); !ok {
			return nil, said("Template format error: [/Resources/%s/Properties] Properties must be an object", n)
		}
	}
	if c, there := m["Condition"]; there {
		if r.Condition, ok = c.(string); !ok {
			return nil, said("Template format error: [/Resources/%s/Condition] Every Condition member must be a string.", n)
		}
	}
	switch d := m["DependsOn"].(type) {
	case nil:
	case string:
		r.DependsOn = []string{d}
	case []any:
		for _, y := range d {
			s, ok := y.(string)
			if !ok {
				return nil, said("Template format error: [/Resources/%s/DependsOn] Every DependsOn value must be a string.", n)
			}
			r.DependsOn = append(r.DependsOn, s)
		}
	default:
		return nil, said("Template format error: [/Resources/%s/DependsOn] DependsOn must be a string or list of strings.", n)
	}
	return r, nil
}

func (t *template) readOutputs(top map[string]any) error {
	outs, err := section(top, "Outputs")
	if err != nil {
		return err
	}
	if err := within("output", outs, maxOutputs); err != nil {
		return err
	}
	t.Outputs = map[string]output{}
	for _, n := range sorted(outs) {
		m, ok := outs[n].(map[string]any)
		if !ok {
			return said("Template format error: Output %s is malformed.", n)
		}
		if bad := others(m, []string{"Value", "Export", "Description", "Condition"}); len(bad) > 0 {
			return said("Template format error: Output %s is malformed. Unresolved property %s", n, bad[0])
		}
		o := output{}
		if o.Value, ok = m["Value"]; !ok {
			return said("Template format error: Every Outputs member must contain a Value object")
		}
		o.Condition, _ = m["Condition"].(string)
		if o.Description, _ = m["Description"].(string); len(o.Description) > maxDescriptionBytes {
			return said("Template format error: Output description of %s is longer than %d bytes.", n, maxDescriptionBytes)
		}
		if e, there := m["Export"]; there {
			x, _ := e.(map[string]any)
			if o.Export, ok = x["Name"]; !ok || len(x) != 1 {
				return said("Template format error: Output %s is malformed. The Export of every Outputs member must contain a Name.", n)
			}
		}
		t.Outputs[n] = o
	}
	return nil
}

// others are a map's keys that are not known, sorted.
func others(m map[string]any, known []string) []string {
	return slices.DeleteFunc(sorted(m), func(k string) bool { return slices.Contains(known, k) })
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
