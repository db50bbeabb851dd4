package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/config/fields"
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
