package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/store"
)

var day = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func book(t *testing.T) (Book, string) {
	dir := t.TempDir()
	return Book{Store: store.NewFiles(dir, false), Prefix: "clusters/1/us-west-2/test"}, dir
}

func begin(t *testing.T, b Book, at time.Time, command string) *Operation {
	t.Helper()
	o, err := b.Begin(t.Context(), func() time.Time { return at }, Entry{Command: command, Reason: "why", Actor: &Actor{Who: "ann@laptop"}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func add(t *testing.T, o *Operation, e Entry) int {
	t.Helper()
	n, err := o.Add(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	b, _ := book(t)
	o := begin(t, b, day, "up")
	n := add(t, o, Entry{Kind: Intent, Step: "addon/x", Call: "eks:UpdateAddon", Request: []byte(`{"a":1}`), Before: []byte(`{"a":0}`)})
	add(t, o, Entry{Kind: Outcome, Of: n, RequestID: "r-1", UpdateID: "u-1"})
	m := add(t, o, Entry{Kind: Intent, Step: "addon/y", Call: "eks:CreateAddon"})
	add(t, o, Entry{Kind: End, Result: "done", Verified: "2 of 2 nodes Ready"})
	begin(t, b, day.Add(time.Hour), "down")

	a, err := b.Show(t.Context(), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Calls) != 2 || !a.Calls[0].Answered || a.Calls[0].UpdateID != "u-1" || string(a.Calls[0].Before) != `{"a":0}` ||
		a.Calls[1].Answered || a.Calls[1].Seq != m || a.Result != "done" || a.Changes != 2 || a.Reason != "why" || a.Verified == "" {
		t.Errorf("got %+v", a)
	}
	list, err := b.List(t.Context(), time.Time{})
	if err != nil || len(list) != 2 || list[0].Command != "down" || list[0].Result != Unfinished || list[1].Changes != 2 {
		t.Errorf("got %+v %v", list, err)
	}
	if list, _ := b.List(t.Context(), day.Add(time.Minute)); len(list) != 1 || list[0].Command != "down" {
		t.Errorf("since a minute later: %+v", list)
	}
	if _, err := b.Show(t.Context(), 9); err != store.ErrAbsent {
		t.Errorf("an operation that never was: %v", err)
	}
}

// A crash, a full disk or an editor leaves halves: the rest is read, and the halves are
// named.
func TestHalfWrittenEntriesAreReadOver(t *testing.T) {
	b, dir := book(t)
	o := begin(t, b, day, "up")
	n := add(t, o, Entry{Kind: Intent, Call: "eks:CreateAddon"})
	half := filepath.Join(dir, filepath.FromSlash(b.key(o.ID, n)))
	whole, err := os.ReadFile(half)
	if err != nil {
		t.Fatal(err)
	}
	add(t, o, Entry{Kind: Outcome, Of: n, RequestID: "r"})
	add(t, o, Entry{Kind: End, Result: "done"})
	for cut := range len(whole) - 2 {
		if err := os.WriteFile(half, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := b.Show(t.Context(), o.ID)
		if err != nil || a.Result != "done" || len(a.Calls) != 0 || !slices.Equal(a.Damaged, []string{b.key(o.ID, n)}) {
			t.Fatalf("cut at %d: %+v %v", cut, a, err)
		}
	}
	first := filepath.Join(dir, filepath.FromSlash(b.key(o.ID, 0)))
	if err := os.WriteFile(first, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err := b.List(t.Context(), time.Time{}); err != nil || len(list) != 1 || list[0].Command != "?" || list[0].Result != "done" || len(list[0].Damaged) != 1 {
		t.Errorf("without its first entry: %+v %v", list, err)
	}
	if next := begin(t, b, day, "down"); next.ID != o.ID+1 {
		t.Errorf("the next operation is %d", next.ID)
	}
}

// What a newer Slipway wrote is not half understood.
func TestANewerEntryIsRefused(t *testing.T) {
	b, _ := book(t)
	if _, err := b.Store.Put(t.Context(), b.key(1, 0), []byte(`{"version":2,"kind":"begin"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.List(t.Context(), time.Time{}); err == nil {
		t.Error("it was read")
	}
}

// gone is a store that takes nothing any more.
type gone struct{ store.Store }

func (gone) Put(context.Context, string, []byte) (string, error) {
	return "", errors.New("no route to host")
}

// What is known is not lost with a store that fails in the middle.
func TestWhatCameOfACallIsKeptElsewhere(t *testing.T) {
	b, _ := book(t)
	b.Spare = store.NewMemory()
	o := begin(t, b, day, "up")
	o.book.Store = gone{b.Store}
	if _, err := o.Add(t.Context(), Entry{Kind: Intent, Call: "x"}); err == nil || strings.Contains(err.Error(), "kept") {
		t.Errorf("an intent: %v", err)
	}
	n, err := o.Add(t.Context(), Entry{Kind: Outcome, RequestID: "r"})
	if err == nil || !strings.Contains(err.Error(), "no route to host; it is kept as "+b.key(o.ID, n)+" in memory") {
		t.Errorf("an outcome: %v", err)
	}
	if e, err := (Book{Store: b.Spare, Prefix: b.Prefix}).entry(t.Context(), b.key(o.ID, n)); err != nil || e.RequestID != "r" {
		t.Errorf("%+v %v", e, err)
	}
}

func TestManyWriteAtOnce(t *testing.T) {
	b, _ := book(t)
	ids := make([]int, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			o := begin(t, b, day, "up")
			ids[i] = o.ID
			var each sync.WaitGroup
			for range 8 {
				each.Go(func() { add(t, o, Entry{Kind: Intent, Call: "x"}) })
			}
			each.Wait()
		})
	}
	wg.Wait()
	slices.Sort(ids)
	if !slices.Equal(ids, []int{1, 2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("operations %v", ids)
	}
	for _, id := range ids {
		if a, err := b.Show(t.Context(), id); err != nil || len(a.Calls) != 8 {
			t.Errorf("%d: %+v %v", id, a, err)
		}
	}
}

func TestTheRunOfCI(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"":                                       {},
		"https://github.com/o/r/actions/runs/7":  {"GITHUB_RUN_ID": "7", "GITHUB_REPOSITORY": "o/r"},
		"https://gitlab/job/1":                   {"CI_JOB_URL": "https://gitlab/job/1"},
		"https://dev/p/_build/results?buildId=3": {"SYSTEM_COLLECTIONURI": "https://dev/", "SYSTEM_TEAMPROJECT": "p", "BUILD_BUILDID": "3"},
	} {
		if got := ci(func(k string) string { return env[k] }); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if Here().Who == "" {
		t.Error("nobody is here")
	}
}
