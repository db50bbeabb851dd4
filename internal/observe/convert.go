package observe

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Set is a list whose order means nothing; it is kept sorted.
type Set []string

// UnmarshalJSON sorts, so that one state is one document.
func (s *Set) UnmarshalJSON(b []byte) error {
	var l []string
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	slices.Sort(l)
	*s = l
	return nil
}

// Tags are a resource's tags: in AWS's answers a list of keys and values or a map,
// here a map.
type Tags map[string]string

// UnmarshalJSON takes both forms.
func (t *Tags) UnmarshalJSON(b []byte) error {
	var m map[string]string
	if json.Unmarshal(b, &m) == nil {
		*t = m
		return nil
	}
	var l []struct{ Key, Value string }
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	*t = Tags{}
	for _, x := range l {
		(*t)[x.Key] = x.Value
	}
	return nil
}

// Sorted is a list of structs whose order means nothing; it is kept in the order of
// its JSON.
type Sorted[T any] []T

// UnmarshalJSON sorts.
func (s *Sorted[T]) UnmarshalJSON(b []byte) error {
	var l []T
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	slices.SortFunc(l, func(a, b T) int { return slices.Compare(text(a), text(b)) })
	*s = l
	return nil
}

func text(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("observe: %v", err)) // plain data
	}
	return b
}
