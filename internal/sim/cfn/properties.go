package cfn

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// str reads a string property, "" when absent.
func (o *op) str(k string) string {
	if v, ok := o.props[k]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

func (o *op) opt(k string) *string {
	if v, ok := o.props[k]; ok {
		return new(fmt.Sprint(v))
	}
	return nil
}

func (o *op) strs(k string) []string { return stringsOf(o.props[k]) }

func stringsOf(v any) []string {
	l, _ := v.([]any)
	var out []string
	for _, x := range l {
		out = append(out, fmt.Sprint(x))
	}
	return out
}

// name is a property, or the name that CloudFormation makes up:
// stack-logical-RANDOM.
func (o *op) name(k string, limit int) string {
	if n := o.str(k); n != "" {
		return n
	}
	base := o.s.Name + "-" + o.r.Logical
	if len(base) > limit-13 {
		base = base[:limit-13]
	}
	return base + "-" + strings.ToUpper(o.w.Hex("cfnname\x00"+base, 12))
}

// tags are the resource's own tags and the stack's.
func (o *op) tags() []ec2types.Tag {
	var out []ec2types.Tag
	seen := map[string]bool{}
	l, _ := o.props["Tags"].([]any)
	for _, x := range l {
		if m, ok := x.(map[string]any); ok {
			k := fmt.Sprint(m["Key"])
			seen[k] = true
			out = append(out, ec2types.Tag{Key: new(k), Value: new(fmt.Sprint(m["Value"]))})
		}
	}
	for _, t := range o.s.Tags {
		if !seen[*t.Key] {
			out = append(out, ec2types.Tag{Key: t.Key, Value: t.Value})
		}
	}
	own := func(k, v string) ec2types.Tag { return ec2types.Tag{Key: new("aws:cloudformation:" + k), Value: &v} }
	return append(out, own("stack-name", o.s.Name), own("logical-id", o.r.Logical), own("stack-id", o.s.ID))
}

func (o *op) tagSpecs(t ec2types.ResourceType) []ec2types.TagSpecification {
	return []ec2types.TagSpecification{{ResourceType: t, Tags: o.tags()}}
}

func (o *op) tagMap() map[string]string {
	out := map[string]string{}
	for _, t := range o.tags() {
		out[*t.Key] = *t.Value
	}
	if m, ok := o.props["Tags"].(map[string]any); ok {
		for k, v := range m {
			out[k] = fmt.Sprint(v)
		}
	}
	return out
}

// userTags are the tags for services that keep AWS's own keys to themselves.
func (o *op) userTags() map[string]string {
	out := o.tagMap()
	maps.DeleteFunc(out, func(k, _ string) bool { return strings.HasPrefix(k, "aws:") })
	return out
}

// without is the properties but some.
func (o *op) without(names ...string) values { return o.props.without(names...) }

func (v values) without(names ...string) values {
	out := values{}
	for k, x := range v {
		if !slices.Contains(names, k) {
			out[k] = x
		}
	}
	return out
}

// changed tells whether a property is not as it was.
func (o *op) changed(k string) bool { return !reflect.DeepEqual(o.props[k], o.old[k]) }

// changes are the properties in which two sets differ, sorted.
func changes(a, b values) []string {
	all := maps.Clone(a)
	if all == nil {
		all = values{}
	}
	maps.Copy(all, b)
	return slices.DeleteFunc(sorted(all), func(k string) bool { return reflect.DeepEqual(a[k], b[k]) })
}

// difference is what is in a and not in b.
func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return slices.Contains(b, x) })
}

// listOf is the members of a list of maps.
func listOf(v any) []map[string]any {
	l, _ := v.([]any)
	var out []map[string]any
	for _, x := range l {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}
