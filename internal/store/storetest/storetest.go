// Package storetest is the contract of a store, as tests: every implementation runs it.
// It must not know any of them.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/slipway-eks/slipway/internal/store"
)

// Run holds a store to the contract. open makes an empty one, and then the same one once
// more: what another process would open.
func Run(t *testing.T, open func(t *testing.T) (one, same store.Store)) {
	for name, test := range map[string]func(*testing.T, store.Store, store.Store){
		"an object is put once":                   puts,
		"what was read is replaced once":          replaces,
		"what was read is deleted, and else not":  deletes,
		"keys are listed by prefix, sorted":       lists,
		"of many who put one wins":                putsAtOnce,
		"of many who replace one wins":            replacesAtOnce,
		"of a putter and a deleter none is lost":  turns,
		"keys cannot lead out of the store":       escapes,
		"a reader never sees half of an object":   whole,
		"an object may be empty, and of any byte": bytes,
	} {
		t.Run(name, func(t *testing.T) {
			one, same := open(t)
			test(t, one, same)
		})
	}
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wants(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func holds(t *testing.T, s store.Store, key, want string) string {
	t.Helper()
	b, tag, err := s.Get(t.Context(), key)
	if err != nil || string(b) != want {
		t.Errorf("%s holds %q (%v), want %q", key, b, err, want)
	}
	return tag
}

func puts(t *testing.T, s, same store.Store) {
	ctx := t.Context()
	_, _, err := s.Get(ctx, "a/b")
	wants(t, err, store.ErrAbsent)
	tag := must[string](t)(s.Put(ctx, "a/b", []byte("one")))
	if read := holds(t, same, "a/b", "one"); read != tag {
		t.Errorf("put gave tag %q and get %q", tag, read)
	}
	_, err = same.Put(ctx, "a/b", []byte("two"))
	wants(t, err, store.ErrExists)
	holds(t, s, "a/b", "one")
}

func replaces(t *testing.T, s, same store.Store) {
	ctx := t.Context()
	_, err := s.Replace(ctx, "a", []byte("x"), "tag")
	wants(t, err, store.ErrMoved)
	first := must[string](t)(s.Put(ctx, "a", []byte("one")))
	second := must[string](t)(same.Replace(ctx, "a", []byte("two"), first))
	if first == second {
		t.Error("a write did not change the tag")
	}
	_, err = s.Replace(ctx, "a", []byte("three"), first)
	wants(t, err, store.ErrMoved)
	if read := holds(t, s, "a", "two"); read != second {
		t.Errorf("replace gave tag %q and get %q", second, read)
	}
}

func deletes(t *testing.T, s, same store.Store) {
	ctx := t.Context()
	wants(t, s.Delete(ctx, "a", "tag"), store.ErrAbsent)
	first := must[string](t)(s.Put(ctx, "a", []byte("one")))
	second := must[string](t)(s.Replace(ctx, "a", []byte("two"), first))
	wants(t, same.Delete(ctx, "a", first), store.ErrMoved)
	holds(t, s, "a", "two")
	wants(t, same.Delete(ctx, "a", second), nil)
	_, _, err := s.Get(ctx, "a")
	wants(t, err, store.ErrAbsent)
	must[string](t)(s.Put(ctx, "a", []byte("again")))
}

func lists(t *testing.T, s, same store.Store) {
	ctx := t.Context()
	if got := must[[]string](t)(s.List(ctx, "")); len(got) != 0 {
		t.Errorf("an empty store lists %v", got)
	}
	keys := []string{"x/b/000000002.json", "x/a/000000001.json", "x/a-b/1", "xy", "x/b/000000010.json"}
	for _, k := range keys {
		must[string](t)(s.Put(ctx, k, []byte(k)))
	}
	for prefix, want := range map[string][]string{
		"":         {"x/a-b/1", "x/a/000000001.json", "x/b/000000002.json", "x/b/000000010.json", "xy"},
		"x/":       {"x/a-b/1", "x/a/000000001.json", "x/b/000000002.json", "x/b/000000010.json"},
		"x/b/":     {"x/b/000000002.json", "x/b/000000010.json"},
		"x/b/0000": {"x/b/000000002.json", "x/b/000000010.json"},
		"nothing/": nil,
	} {
		if got := must[[]string](t)(same.List(ctx, prefix)); !slices.Equal(got, want) {
			t.Errorf("%q lists %v, want %v", prefix, got, want)
		}
	}
}

// A server takes seconds over one round in which all want the same.
const (
	crowd  = 16
	rounds = 4
)

// once lets a crowd do the same at once, half of it by the other opening, and counts
// who succeeded; all others must have got the error.
func once(t *testing.T, s, same store.Store, other error, do func(s store.Store, me string) error) {
	t.Helper()
	var won sync.Map
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for n := range crowd {
		wg.Go(func() {
			<-begin
			by := s
			if n%2 == 1 {
				by = same
			}
			switch err := do(by, fmt.Sprint(n)); {
			case err == nil:
				won.Store(n, true)
			case !errors.Is(err, other):
				t.Errorf("%d: %v", n, err)
			}
		})
	}
	close(begin)
	wg.Wait()
	count := 0
	won.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d of %d won", count, crowd)
	}
}

func putsAtOnce(t *testing.T, s, same store.Store) {
	for round := range rounds {
		key := fmt.Sprintf("at/once/%d", round)
		once(t, s, same, store.ErrExists, func(s store.Store, me string) error {
			_, err := s.Put(t.Context(), key, []byte(me))
			return err
		})
	}
}

func replacesAtOnce(t *testing.T, s, same store.Store) {
	tag := must[string](t)(s.Put(t.Context(), "k", []byte("begin")))
	for round := range rounds {
		once(t, s, same, store.ErrMoved, func(s store.Store, me string) error {
			_, err := s.Replace(t.Context(), "k", fmt.Appendf(nil, "%d by %s", round, me), tag)
			return err
		})
		_, now, err := s.Get(t.Context(), "k")
		wants(t, err, nil)
		tag = now
	}
}

// turns lets many put, hold and delete one object: never do two hold it.
func turns(t *testing.T, s, same store.Store) {
	var mu sync.Mutex
	holder, held := "", 0
	var wg sync.WaitGroup
	for n := range 4 {
		by := []store.Store{s, same}[n%2]
		wg.Go(func() {
			for round := range 50 {
				me := fmt.Sprintf("%d in %d", n, round)
				tag, err := by.Put(t.Context(), "lock", []byte(me))
				if errors.Is(err, store.ErrExists) {
					continue
				}
				mu.Lock()
				if err != nil || holder != "" {
					t.Errorf("%s holds it, and so does %q (%v)", me, holder, err)
				}
				holder, held = me, held+1
				mu.Unlock()
				mu.Lock()
				holder = ""
				mu.Unlock()
				if err := by.Delete(t.Context(), "lock", tag); err != nil {
					t.Errorf("%s gives it back: %v", me, err)
				}
			}
		})
	}
	wg.Wait()
	if held == 0 {
		t.Error("nobody ever held it")
	}
}

func escapes(t *testing.T, s, _ store.Store) {
	for _, key := range []string{"", "../a", "a/../b", "/a", "a//b", ".hidden", "a/.slipway-lock", "c:\\x"} {
		if _, err := s.Put(t.Context(), key, []byte("x")); err == nil {
			t.Errorf("%q was taken for a key", key)
		}
	}
}

func whole(t *testing.T, s, same store.Store) {
	const size = 1 << 16
	fill := func(b byte) []byte { return slices.Repeat([]byte{b}, size) }
	tag := must[string](t)(s.Put(t.Context(), "k", fill('a')))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		defer stop()
		for n := range 40 {
			next, err := s.Replace(t.Context(), "k", fill(byte('b'+n%20)), tag)
			if err != nil {
				t.Error(err)
				return
			}
			tag = next
		}
	})
	for ctx.Err() == nil {
		b, _, err := same.Get(t.Context(), "k")
		if err != nil || len(b) != size || b[0] != b[size-1] {
			t.Errorf("read %d bytes: %v", len(b), err)
			break
		}
	}
	wg.Wait()
}

func bytes(t *testing.T, s, same store.Store) {
	for key, data := range map[string]string{"empty": "", "binary": "\x00\xff\r\n\x1a", "unicode": "Grüße, 世界"} {
		must[string](t)(s.Put(t.Context(), key, []byte(data)))
		holds(t, same, key, data)
	}
}
