// Package table is the simulator's storage for one kind of resource: a map that
// remembers the order of insertion, so that every listing is stable. It must not
// know what it stores.
package table

import "slices"

// Table maps identifiers to resources, in order of insertion.
type Table[T any] struct {
	rows  map[string]*T
	order []string
}

// Put stores a row, replacing one with the same identifier in place.
func (t *Table[T]) Put(id string, v *T) *T {
	if t.rows == nil {
		t.rows = map[string]*T{}
	}
	if _, ok := t.rows[id]; !ok {
		t.order = append(t.order, id)
	}
	t.rows[id] = v
	return v
}

// Get is the row with that identifier, or nil.
func (t *Table[T]) Get(id string) *T { return t.rows[id] }

// Delete removes a row; an absent one is no error.
func (t *Table[T]) Delete(id string) {
	if _, ok := t.rows[id]; ok {
		delete(t.rows, id)
		t.order = slices.DeleteFunc(t.order, func(s string) bool { return s == id })
	}
}

// Len counts the rows.
func (t *Table[T]) Len() int { return len(t.rows) }

// All lists the rows in order of insertion.
func (t *Table[T]) All() []*T {
	out := make([]*T, 0, len(t.order))
	for _, id := range t.order {
		out = append(out, t.rows[id])
	}
	return out
}

// Select lists the rows for which keep is true.
func (t *Table[T]) Select(keep func(*T) bool) []*T {
	var out []*T
	for _, id := range t.order {
		if keep(t.rows[id]) {
			out = append(out, t.rows[id])
		}
	}
	return out
}

// Find is the first row for which keep is true, or nil.
func (t *Table[T]) Find(keep func(*T) bool) *T {
	for _, id := range t.order {
		if keep(t.rows[id]) {
			return t.rows[id]
		}
	}
	return nil
}

// Values copies rows into a slice of values, never nil.
func Values[T any](rows []*T) []T {
	out := make([]T, 0, len(rows))
	for _, r := range rows {
		out = append(out, *r)
	}
	return out
}
