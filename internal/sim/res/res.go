// Package res is the simulator's registry of resources: a service says once of each
// kind how it is named, filtered and tagged, and has describe, tags, adoption, save
// and load of it. It must not know any service, nor how an answer goes over the wire.
package res

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Kind is one kind of resource of a service, and all resources of that kind.
type Kind[T any] struct {
	// Name is the kind's name within its service: vpc, nodegroup.
	Name string
	// Key is a resource's identifier in the table.
	Key func(*T) string
	// Missing is the service's error about an identifier that there is no resource of.
	Missing func(id string) error
	// Filters are the names by which a description selects, with a resource's values.
	// A filter that is documented and has nothing to compare with here is nil: it
	// matches no resource.
	Filters map[string]func(*T) []string
	// ARN is a resource's Amazon Resource Name, by which it can be tagged; nil: it
	// has none.
	ARN func(*T) string
	// Tags are a resource's tags; nil: the kind cannot be tagged.
	Tags func(*T) map[string]string
	// SetTags replaces a resource's tags; nil: not by ARN.
	SetTags func(*T, map[string]string)
	// Complete makes a resource that came from outside whole: defaults, and what the
	// service makes beside it. nil: nothing is to do.
	Complete func(*T) error

	table.Table[T]
}

// Filter is one condition of a description: any of the values.
type Filter struct {
	Name   string
	Values []string
}

// Describe selects resources by identifiers, all or nothing, and by filters.
func (k *Kind[T]) Describe(ids []string, filters []Filter) ([]*T, error) {
	for _, f := range filters {
		if _, ok := k.Filters[f.Name]; !ok && !(k.Tags != nil && (f.Name == "tag-key" || strings.HasPrefix(f.Name, "tag:"))) {
			return nil, UnknownFilter(f.Name)
		}
	}
	if len(ids) == 0 {
		return k.Select(func(r *T) bool { return k.matches(r, filters) }), nil
	}
	var out []*T
	for _, id := range ids {
		r := k.Get(id)
		if r == nil {
			return nil, k.Missing(id)
		}
		if k.matches(r, filters) {
			out = append(out, r)
		}
	}
	return out, nil
}

// UnknownFilter is the refusal of a filter that AWS does not know.
func UnknownFilter(name string) error {
	return wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", name)
}

func (k *Kind[T]) matches(r *T, filters []Filter) bool {
	for _, f := range filters {
		if !f.Matches(k.values(r, f.Name)) {
			return false
		}
	}
	return true
}

func (k *Kind[T]) values(r *T, name string) []string {
	if get, known := k.Filters[name]; get != nil {
		return get(r)
	} else if known || k.Tags == nil {
		return nil
	}
	tags := k.Tags(r)
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		if v, ok := tags[key]; ok {
			return []string{v}
		}
		return nil
	}
	return slices.Sorted(maps.Keys(tags))
}

// Matches tells whether any of a resource's values is one that the filter wants.
func (f Filter) Matches(have []string) bool {
	return slices.ContainsFunc(f.Values, func(want string) bool {
		return slices.ContainsFunc(have, func(h string) bool { return wild(want, h) })
	})
}

// wild matches AWS's filter patterns: * any run, ? one character. It takes no longer
// than the product of their lengths.
func wild(p, s string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(p[i:], "*") == ""
}

// kind is what a registry does with a Kind of any type.
type kind interface {
	name() string
	save() (json.RawMessage, error)
	load(json.RawMessage) error
	adopt(json.RawMessage) error
	tagged(arn string) (get func() map[string]string, set func(map[string]string))
}

func (k *Kind[T]) name() string                   { return k.Name }
func (k *Kind[T]) save() (json.RawMessage, error) { return json.Marshal(k.Table) }
func (k *Kind[T]) load(b json.RawMessage) error   { return json.Unmarshal(b, &k.Table) }

func (k *Kind[T]) adopt(b json.RawMessage) error {
	r := new(T)
	if err := json.Unmarshal(b, r); err != nil {
		return err
	}
	id := k.Key(r)
	if id == "" {
		return fmt.Errorf("a %s without identifier: %s", k.Name, b)
	}
	if k.Get(id) != nil {
		return nil
	}
	k.Put(id, r)
	if k.Complete == nil {
		return nil
	}
	if err := k.Complete(r); err != nil {
		k.Delete(id)
		return fmt.Errorf("%s %s: %w", k.Name, id, err)
	}
	return nil
}

func (k *Kind[T]) tagged(arn string) (func() map[string]string, func(map[string]string)) {
	if k.ARN == nil || k.SetTags == nil {
		return nil, nil
	}
	r := k.Find(func(r *T) bool { return k.ARN(r) == arn })
	if r == nil {
		return nil, nil
	}
	return func() map[string]string { return k.Tags(r) }, func(t map[string]string) { k.SetTags(r, t) }
}
