// Package table is the simulator's storage for one kind of resource: a map that
// remembers the order of insertion, so that every listing is stable. It must not
// know what it stores.
package table

import "encoding/json"

// Table maps identifiers to resources, in order of insertion. It is saved as JSON, in
// that order.
type Table[T any] struct {
	at   map[string]int // where a row is among all
	rows []row[T]       // a deleted one is nil, until enough are
	gone int
}

type row[T any] struct {
	ID  string `json:"id"`
	Row *T     `json:"row"`
}

// Put stores a row, replacing one with the same identifier in place.
func (t *Table[T]) Put(id string, v *T) *T {
	if i, ok := t.at[id]; ok {
		t.rows[i].Row = v
		return v
	}
	if t.at == nil {
		t.at = map[string]int{}
	}
	t.at[id] = len(t.rows)
	t.rows = append(t.rows, row[T]{id, v})
	return v
}

// Get is the row with that identifier, or nil.
func (t *Table[T]) Get(id string) *T {
	if i, ok := t.at[id]; ok {
		return t.rows[i].Row
	}
	return nil
}

// Delete removes a row; an absent one is no error.
func (t *Table[T]) Delete(id string) {
	i, ok := t.at[id]
	if !ok {
		return
	}
	delete(t.at, id)
	t.rows[i].Row = nil
	if t.gone++; t.gone > 16 && t.gone > len(t.rows)/2 {
		t.compact()
	}
}

// compact forgets the places of deleted rows; once in as many deletions as there are
// rows, so that each costs the same.
func (t *Table[T]) compact() {
	rows := t.rows
	t.rows, t.gone = nil, 0
	for _, r := range rows {
		if r.Row != nil {
			t.at[r.ID] = len(t.rows)
			t.rows = append(t.rows, r)
		}
	}
}

// Len counts the rows.
func (t *Table[T]) Len() int { return len(t.at) }

// All lists the rows in order of insertion.
func (t *Table[T]) All() []*T { return t.Select(func(*T) bool { return true }) }

// Select lists the rows for which keep is true.
func (t *Table[T]) Select(keep func(*T) bool) []*T {
	out := make([]*T, 0, len(t.at))
	for _, r := range t.rows {
		if r.Row != nil && keep(r.Row) {
			out = append(out, r.Row)
		}
	}
	return out
}

// Find is the first row for which keep is true, or nil.
func (t *Table[T]) Find(keep func(*T) bool) *T {
	for _, r := range t.rows {
		if r.Row != nil && keep(r.Row) {
			return r.Row
		}
	}
	return nil
}

// IDs lists the identifiers in order of insertion.
func (t *Table[T]) IDs() []string {
	out := make([]string, 0, len(t.at))
	for _, r := range t.rows {
		if r.Row != nil {
			out = append(out, r.ID)
		}
	}
	return out
}

// MarshalJSON saves the rows.
func (t Table[T]) MarshalJSON() ([]byte, error) {
	out := make([]row[T], 0, len(t.at))
	for _, r := range t.rows {
		if r.Row != nil {
			out = append(out, r)
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON loads saved rows instead of those that are there.
func (t *Table[T]) UnmarshalJSON(b []byte) error {
	var rows []row[T]
	if err := json.Unmarshal(b, &rows); err != nil {
		return err
	}
	*t = Table[T]{}
	for _, r := range rows {
		t.Put(r.ID, r.Row)
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
