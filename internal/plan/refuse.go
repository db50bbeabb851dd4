package plan

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/diff"
	"github.com/slipway-eks/slipway/internal/stack"
)

// refuse names a field of the file that a live cluster cannot follow: nothing of
// the plan is then done.
func (b *builder) refuse(path, remedy, format string, a ...any) {
	b.refused = append(b.refused, b.in.File.At("cannot-change", path, format, a...).With(remedy))
}

var inList = regexp.MustCompile(`\[\d+\]`)

// row is the catalogue's row of a field of the file.
func row(path string) *fields.Field { return fields.At(inList.ReplaceAllString(path, "")) }

// refuseChanges refuses each field under a path of the file by which it differs from
// what was recorded, where the catalogue says that no step can follow. A default that
// went because of another change is not worth a line of its own.
func (b *builder) refuseChanges(under, what string, was, now any) {
	path := func(d config.Difference) string { return strings.TrimPrefix(under+"."+d.Path, ".") }
	ds := slices.DeleteFunc(config.Differences(was, now), func(d config.Difference) bool { return !row(path(d)).Refused() })
	written := slices.ContainsFunc(ds, func(d config.Difference) bool { return b.written(path(d)) })
	for _, d := range ds {
		at := path(d)
		switch remedy := row(at).Remedy; {
		case !set(d.Now) && written && !b.written(at):
		case !set(d.Now):
			b.refuse(at, remedy, "%s was made with %s, which cannot be changed in place; the file no longer says so", what, d.Was)
		case !set(d.Was):
			b.refuse(at, remedy, "%s was made without this, which cannot be changed in place; the file now says %s", what, d.Now)
		default:
			b.refuse(at, remedy, "%s was made with %s, which cannot be changed in place; the file now says %s", what, d.Was, d.Now)
		}
	}
}

// refuseWanted refuses what the file wants otherwise of a live element of a list, where
// the catalogue says that no step can follow; it tells whether there was any.
func (b *builder) refuseWanted(list, key, what string) (refused bool) {
	for _, d := range b.diffs {
		if !d.Wanted || !d.Drifted || !d.Field.Refused() || d.Key != key || !strings.HasPrefix(d.Path, list+".") || named(d) ||
			d.Path == "managedNodeGroups.releaseVersion" && b.versions.rolls(key) {
			continue
		}
		refused = true
		if d.Desired.Is == nil {
			b.refuse(d.At, d.Field.Remedy, "%s has %v, which cannot be changed in place; the file does not say so", what, shown(d.Live))
			continue
		}
		b.refuse(d.At, d.Field.Remedy, "%s has %v, which cannot be changed in place; the file says %v", what, shown(d.Live), shown(d.Desired))
	}
	return refused
}

// named tells whether a difference is only that the file names subnets by what they
// are called in vpc.subnets, and AWS by their IDs.
func named(d diff.Difference) bool {
	l, _ := d.Desired.Is.([]any)
	return d.Field.Name() == "subnets" && slices.ContainsFunc(l, func(x any) bool { return !strings.HasPrefix(fmt.Sprint(x), "subnet-") })
}

// shown is a value for a reader: a plain one as it is, others as JSON.
func shown(v *diff.Value) any {
	if v == nil || v.Is == nil {
		return "nothing"
	}
	switch v.Is.(type) {
	case map[string]any, []any:
		b, _ := json.Marshal(v.Is)
		return string(b)
	}
	return v.Is
}

func set(json string) bool { return json != "" && json != "null" }

// recorded is the config that a standing stack was made from; nil when it was made
// by another tool, or is not there.
func (b *builder) recorded(name string) *config.ClusterConfig {
	t, ok := b.template(name)
	if !ok {
		return nil
	}
	c, err := stack.Recorded(t)
	if err != nil {
		b.plan.Notes = append(b.plan.Notes, fmt.Sprintf("The stack %s: %v.", name, err))
	}
	if c == nil {
		b.foreign = append(b.foreign, name)
	}
	return c
}
