package res

import (
	"encoding/json"
	"fmt"

	"github.com/slipway-eks/slipway/internal/sim/table"
)

// Owned is a kind of resource of which others have some each: the node groups of a
// cluster. It is a Kind for each owner.
type Owned[T any] struct {
	// Kind says what a resource is; its own table is unused.
	Kind Kind[T]
	// Owner is the key of a resource's owner.
	Owner func(*T) string

	of table.Table[Kind[T]]
}

// AddOwned registers a kind, and returns it.
func AddOwned[T any](r *Registry, k *Owned[T]) *Owned[T] {
	if r.find(k.Kind.Name) != nil {
		panic("the kind " + k.Kind.Name + " is registered twice")
	}
	r.kinds = append(r.kinds, k)
	return k
}

// Of is an owner's resources.
func (o *Owned[T]) Of(owner string) *Kind[T] {
	if k := o.of.Get(owner); k != nil {
		return k
	}
	k := o.Kind
	k.Table = table.Table[T]{}
	return o.of.Put(owner, &k)
}

// Drop forgets an owner with all it has.
func (o *Owned[T]) Drop(owner string) { o.of.Delete(owner) }

// All lists the resources of all owners.
func (o *Owned[T]) All() []*T {
	var out []*T
	for _, k := range o.of.All() {
		out = append(out, k.All()...)
	}
	return out
}

func (o *Owned[T]) name() string { return o.Kind.Name }

func (o *Owned[T]) save() (json.RawMessage, error) {
	var out table.Table[table.Table[T]]
	for _, owner := range o.of.IDs() {
		out.Put(owner, &o.of.Get(owner).Table)
	}
	return json.Marshal(out)
}

func (o *Owned[T]) load(b json.RawMessage) error {
	var in table.Table[table.Table[T]]
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	o.of = table.Table[Kind[T]]{}
	for _, owner := range in.IDs() {
		o.Of(owner).Table = *in.Get(owner)
	}
	return nil
}

func (o *Owned[T]) adopt(b json.RawMessage) error {
	r := new(T)
	if err := json.Unmarshal(b, r); err != nil {
		return err
	}
	owner := o.Owner(r)
	if owner == "" {
		return fmt.Errorf("a %s without owner: %s", o.Kind.Name, b)
	}
	return o.Of(owner).adopt(b)
}

func (o *Owned[T]) tagged(arn string) (func() map[string]string, func(map[string]string)) {
	for _, k := range o.of.All() {
		if get, set := k.tagged(arn); get != nil {
			return get, set
		}
	}
	return nil, nil
}
