package graph

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func build(t testing.TB, edges ...string) *Graph {
	t.Helper()
	g := New(8)
	for _, e := range edges {
		b, a, _ := strings.Cut(e, ">")
		g.Add(b)
		g.Add(a)
		if err := g.Connect(Edge{Before: b, After: a, Reason: "because " + e}); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func TestOrderIsStableAndComplete(t *testing.T) {
	got, err := build(t, "a>b", "a>c", "c>d", "b>d").Order()
	if err != nil || strings.Join(got, "") != "abcd" {
		t.Fatalf("order %v, error %v", got, err)
	}
}

func TestCycleIsToldInWords(t *testing.T) {
	_, err := build(t, "x>a", "a>b", "b>c", "c>a").Order()
	var c *CycleError
	if !errors.As(err, &c) || len(c.Edges) != 3 {
		t.Fatalf("got %v", err)
	}
	for i, e := range c.Edges {
		if next := c.Edges[(i+1)%3]; e.Before != next.After {
			t.Errorf("the edges do not close a circle: %v", c.Edges)
		}
	}
	if !strings.Contains(err.Error(), "a waits for c: because c>a") {
		t.Errorf("no reason in: %v", err)
	}
}

func TestConnectRefusesUnknownSteps(t *testing.T) {
	g := New(1)
	g.Add("a")
	if err := g.Connect(Edge{Before: "ghost", After: "a"}); err == nil {
		t.Error("an edge to a step that is not there was taken")
	}
}

func TestCriticalPath(t *testing.T) {
	d := map[string]time.Duration{"a": 1, "b": 10, "c": 2, "d": 1}
	p, err := build(t, "a>b", "a>c", "c>d", "b>d").CriticalPath(func(id string) time.Duration { return d[id] })
	if err != nil || p.Total != 12 || strings.Join(p.Steps, "") != "abd" {
		t.Fatalf("%v %v", p, err)
	}
}

// Any walk, in any order of finishing, starts a step only after all it waits for.
func TestWalkNeverStartsEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "steps")
		g := New(n)
		for i := range n {
			g.Add(fmt.Sprint(i))
		}
		for range rapid.IntRange(0, 60).Draw(t, "edges") {
			a, b := rapid.IntRange(0, n-1).Draw(t, "a"), rapid.IntRange(0, n-1).Draw(t, "b")
			if a < b {
				if err := g.Connect(Edge{Before: fmt.Sprint(a), After: fmt.Sprint(b)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		w, ready := g.NewWalk()
		done := map[string]bool{}
		for len(ready) > 0 {
			k := rapid.IntRange(0, len(ready)-1).Draw(t, "next")
			id := ready[k]
			ready = append(ready[:k:k], ready[k+1:]...)
			for _, e := range g.Waits(id) {
				if !done[e.Before] {
					t.Fatalf("%s started before %s", id, e.Before)
				}
			}
			done[id] = true
			ready = append(ready, w.Finish(id)...)
		}
		if len(done) != n {
			t.Fatalf("%d of %d steps ran", len(done), n)
		}
	})
}

// 100,000 steps with 200,000 edges: built, checked, ordered and walked.
func BenchmarkGraph100k(b *testing.B) {
	const n = 100_000
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("step/%d", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		g := New(n)
		for _, id := range ids {
			g.Add(id)
		}
		for i := 1; i < n; i++ {
			for _, j := range [2]int{i / 2, i - 1 - i%7*min(1, i/8)} {
				if j < i {
					if err := g.Connect(Edge{Before: ids[j], After: ids[i], Reason: "r"}); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		if _, err := g.Order(); err != nil {
			b.Fatal(err)
		}
		w, ready := g.NewWalk()
		seen := 0
		for len(ready) > 0 {
			id := ready[len(ready)-1]
			ready = append(ready[:len(ready)-1], w.Finish(id)...)
			seen++
		}
		if seen != n {
			b.Fatalf("walked %d of %d", seen, n)
		}
	}
}
