package cfn

import (
	"maps"
	"reflect"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// sameAs tells whether a deployment asks for nothing that another does not. The order and
// the layout of a template are no change, nor are its description, its own metadata and
// the policies of a resource (CloudFormation user guide, "No updates to perform").
func (d *deployment) sameAs(old *deployment) bool {
	if !slices.Equal(d.made, old.made) || !reflect.DeepEqual(d.outputs(), old.outputs()) || !maps.Equal(d.params, old.params) {
		return false
	}
	return !slices.ContainsFunc(d.made, func(n string) bool {
		a, b := d.t.Resources[n], old.t.Resources[n]
		return a.Type != b.Type || !reflect.DeepEqual(a.Props, b.Props) || !reflect.DeepEqual(a.Metadata, b.Metadata)
	})
}

// outputs are those whose condition holds.
func (d *deployment) outputs() map[string]output {
	out := maps.Clone(d.t.Outputs)
	maps.DeleteFunc(out, func(_ string, o output) bool { return o.Condition != "" && !d.conditions[o.Condition] })
	return out
}

// modification is how a change set sees a resource that stands: what differs, and whether
// that replaces it.
type modification struct {
	details     []sdk.ResourceChangeDetail
	scope       []sdk.ResourceAttribute
	replacement sdk.Replacement
}

// modified compares a resource that stands with what a deployment says of it; nil: nothing
// differs. moving are the resources whose references are known only when the set is
// executed: those that are made, and those that are replaced.
func (s *stack) modified(d *deployment, r *instance, tags []sdk.Tag, moving map[string]bool) *modification {
	now, was := d.t.Resources[r.Logical], s.d.t.Resources[r.Logical]
	h := resourceTypes[r.Type]
	m := &modification{replacement: sdk.ReplacementFalse}
	add := func(a sdk.ResourceAttribute, name *string, again sdk.RequiresRecreation, by sdk.ChangeSource, e sdk.EvaluationType, entity *string) {
		m.details = append(m.details, sdk.ResourceChangeDetail{ChangeSource: by, Evaluation: e, CausingEntity: entity,
			Target: &sdk.ResourceTargetDefinition{Attribute: a, Name: name, RequiresRecreation: again}})
		if !slices.Contains(m.scope, a) {
			m.scope = append(m.scope, a)
		}
	}
	probe := *s
	probe.d, probe.Imports, probe.Tags = d, map[string]bool{}, tags
	every, props := maps.Clone(now.Props), values{}
	if every == nil {
		every = values{}
	}
	maps.Copy(every, r.Props)
	for _, k := range sorted(every) {
		v, err := probe.eval(map[string]any{k: now.Props[k]})
		if x, ok := v.(map[string]any); ok && err == nil && now.Props[k] != nil && x[k] != nil {
			props[k] = x[k]
		}
		again := sdk.RequiresRecreationNever
		if follows := d.moving(now.Props[k], moving); follows != "" { // known when the set is executed
			if h.recreates(k) {
				if again = sdk.RequiresRecreationConditionally; m.replacement == sdk.ReplacementFalse {
					m.replacement = sdk.ReplacementConditional
				}
			}
			add(sdk.ResourceAttributeProperties, new(k), again, sdk.ChangeSourceResourceReference, sdk.EvaluationTypeDynamic, &follows)
			continue
		}
		if reflect.DeepEqual(props[k], r.Props[k]) {
			continue
		}
		if k == "Tags" && h.tag != nil {
			add(sdk.ResourceAttributeTags, nil, again, sdk.ChangeSourceDirectModification, sdk.EvaluationTypeStatic, nil)
			continue
		}
		if h.recreates(k) {
			again, m.replacement = sdk.RequiresRecreationAlways, sdk.ReplacementTrue
		}
		source := sdk.ChangeSourceDirectModification
		if reflect.DeepEqual(now.Props[k], was.Props[k]) {
			source = sdk.ChangeSourceParameterReference
		}
		add(sdk.ResourceAttributeProperties, new(k), again, source, sdk.EvaluationTypeStatic, nil)
	}
	if h.tag != nil && !slices.Contains(m.scope, sdk.ResourceAttributeTags) && r.Tags != nil && !maps.Equal(r.Tags, probe.tagsOf(r, props)) {
		add(sdk.ResourceAttributeTags, nil, sdk.RequiresRecreationNever, sdk.ChangeSourceDirectModification, sdk.EvaluationTypeStatic, nil)
	}
	if !reflect.DeepEqual(now.Metadata, was.Metadata) {
		add(sdk.ResourceAttributeMetadata, nil, sdk.RequiresRecreationNever, sdk.ChangeSourceDirectModification, sdk.EvaluationTypeStatic, nil)
	}
	if now.Type != r.Type {
		m.replacement = sdk.ReplacementTrue
	} else if len(m.details) == 0 {
		return nil
	}
	return m
}

// moving is the first of some resources that a value refers to, or "".
func (d *deployment) moving(v any, some map[string]bool) string {
	for _, n := range d.t.references(v, func(c string) bool { return d.conditions[c] }).resources {
		if some[n] {
			return n
		}
	}
	return ""
}
