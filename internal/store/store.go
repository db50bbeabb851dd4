// Package store keeps small objects under keys, for one person or for a team: what is
// written down of clusters. Everything rests on two promises: of several who put a new
// object under one key one wins, and of several who replace what they have read one
// does. It must not know what the objects say.
package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Store is where objects are kept. A key is a path of plain names ("a/b/c.json"), and
// what is under it is replaced whole, never seen half-written.
type Store interface {
	// Get returns an object and its tag, which changes with what is written (one who writes
	// the same bytes again may find the same tag); ErrAbsent where there is none.
	Get(ctx context.Context, key string) (data []byte, tag string, err error)
	// Put writes an object where there is none yet; ErrExists where there is one.
	Put(ctx context.Context, key string, data []byte) (tag string, err error)
	// Replace writes an object in place of the one with that tag; ErrMoved where it is
	// another one by now, or gone.
	Replace(ctx context.Context, key string, data []byte, tag string) (next string, err error)
	// Delete takes away the object with that tag; ErrMoved where it is another one by
	// now, ErrAbsent where there is none.
	Delete(ctx context.Context, key, tag string) error
	// List returns the keys that begin with a prefix, sorted.
	List(ctx context.Context, prefix string) ([]string, error)
	// String is the place, as a person knows it.
	String() string
}

// What a store answers where it did as it should and the caller cannot have its way.
var (
	ErrAbsent = errors.New("there is no such object")
	ErrExists = errors.New("the object exists already")
	ErrMoved  = errors.New("the object has been changed by somebody else")
)

// Unusable is a store that cannot be read or written.
type Unusable struct {
	Store  string // where
	Doing  string // reading, writing, …
	Remedy string // "": the error says it
	Err    error
}

// Error says what of which store could not be done, and what to do.
func (e *Unusable) Error() string {
	s := fmt.Sprintf("%s the store %s: %v", e.Doing, e.Store, e.Err)
	if e.Remedy != "" {
		s += " (" + e.Remedy + ")"
	}
	return s
}

// Unwrap is what the system or the service said.
func (e *Unusable) Unwrap() error { return e.Err }

// Plain refuses keys that would lead out of the store or clash with its own files.
func Plain(key string) error {
	for name := range strings.SplitSeq(key, "/") {
		if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "\\:\x00") {
			return fmt.Errorf("%q is no key of a store", key)
		}
	}
	return nil
}
