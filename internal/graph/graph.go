// Package graph is a directed acyclic graph of named steps whose edges carry their
// reason in words. It orders, finds cycles and tells them in words, and computes
// the critical path. It must not know what a step does, nor EKS.
package graph

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Edge says that After waits for Before, and why.
type Edge struct {
	Before, After string
	Reason        string
	Rule          string // the rule that added it
}

type link struct {
	to   int32
	edge int32
}

// Graph holds steps and edges in order of insertion.
type Graph struct {
	ids   []string
	index map[string]int32
	out   [][]link // before -> after
	in    [][]link // after -> before
	edges []Edge
}

// New is an empty graph with room for n steps.
func New(n int) *Graph {
	return &Graph{ids: make([]string, 0, n), index: make(map[string]int32, n), out: make([][]link, 0, n), in: make([][]link, 0, n)}
}

// Add adds a step; adding it again is no error.
func (g *Graph) Add(id string) {
	if _, ok := g.index[id]; ok {
		return
	}
	g.index[id] = int32(len(g.ids))
	g.ids = append(g.ids, id)
	g.out = append(g.out, nil)
	g.in = append(g.in, nil)
}

// Has tells whether a step is in the graph.
func (g *Graph) Has(id string) bool { _, ok := g.index[id]; return ok }

// Connect makes e.After wait for e.Before; both must have been added. A second
// edge between the same two is kept as a second reason only if it says more.
func (g *Graph) Connect(e Edge) error {
	b, ok := g.index[e.Before]
	if !ok {
		return fmt.Errorf("%s waits for %s, which is no step of this plan", e.After, e.Before)
	}
	a, ok := g.index[e.After]
	if !ok {
		return fmt.Errorf("%s is no step of this plan", e.After)
	}
	for _, l := range g.in[a] {
		if l.to == b {
			return nil
		}
	}
	n := int32(len(g.edges))
	g.edges = append(g.edges, e)
	g.out[b] = append(g.out[b], link{a, n})
	g.in[a] = append(g.in[a], link{b, n})
	return nil
}

// Steps lists the steps in order of insertion.
func (g *Graph) Steps() []string { return g.ids }

// Edges lists the edges in order of insertion.
func (g *Graph) Edges() []Edge { return g.edges }

// Waits lists the edges that a step waits on.
func (g *Graph) Waits(id string) []Edge { return g.links(g.in, id) }

// Unblocks lists the edges that wait on a step.
func (g *Graph) Unblocks(id string) []Edge { return g.links(g.out, id) }

func (g *Graph) links(side [][]link, id string) []Edge {
	i, ok := g.index[id]
	if !ok {
		return nil
	}
	out := make([]Edge, len(side[i]))
	for k, l := range side[i] {
		out[k] = g.edges[l.edge]
	}
	return out
}

// CycleError is a circle of steps that wait for each other.
type CycleError struct{ Edges []Edge }

// Input is true: who wrote what waits for what made the circle.
func (e *CycleError) Input() bool { return true }

func (e *CycleError) Error() string {
	var b strings.Builder
	b.WriteString("these steps wait for each other, so none could ever start:")
	for _, x := range e.Edges {
		fmt.Fprintf(&b, "\n  %s waits for %s: %s", x.After, x.Before, x.Reason)
	}
	return b.String()
}

// Order is a topological order, stable by insertion; the error is a *CycleError.
func (g *Graph) Order() ([]string, error) {
	wait := make([]int32, len(g.ids))
	for i := range g.in {
		wait[i] = int32(len(g.in[i]))
	}
	queue := make([]int32, 0, len(g.ids))
	for i := range wait {
		if wait[i] == 0 {
			queue = append(queue, int32(i))
		}
	}
	for k := 0; k < len(queue); k++ {
		for _, l := range g.out[queue[k]] {
			if wait[l.to]--; wait[l.to] == 0 {
				queue = append(queue, l.to)
			}
		}
	}
	if len(queue) < len(g.ids) {
		return nil, g.cycle(wait)
	}
	out := make([]string, len(queue))
	for i, n := range queue {
		out[i] = g.ids[n]
	}
	return out, nil
}

// cycle walks back from the first stuck step until one repeats.
func (g *Graph) cycle(wait []int32) *CycleError {
	at := int32(slices.IndexFunc(wait, func(w int32) bool { return w > 0 }))
	seen := map[int32]int{}
	var path []Edge
	for {
		if from, ok := seen[at]; ok {
			return &CycleError{Edges: path[from:]}
		}
		seen[at] = len(path)
		for _, l := range g.in[at] {
			if wait[l.to] > 0 {
				path = append(path, g.edges[l.edge])
				at = l.to
				break
			}
		}
	}
}

// Path is the longest chain of steps by duration.
type Path struct {
	Steps []string
	Total time.Duration
}

// CriticalPath is the chain that a run cannot be faster than, given how long each
// step takes.
func (g *Graph) CriticalPath(d func(id string) time.Duration) (Path, error) {
	order, err := g.Order()
	if err != nil {
		return Path{}, err
	}
	end := make([]time.Duration, len(g.ids))
	from := make([]int32, len(g.ids))
	best := int32(-1)
	for _, id := range order {
		i := g.index[id]
		from[i] = -1
		var start time.Duration
		for _, l := range g.in[i] {
			if end[l.to] > start || from[i] < 0 {
				if end[l.to] >= start {
					start, from[i] = end[l.to], l.to
				}
			}
		}
		end[i] = start + d(id)
		if best < 0 || end[i] > end[best] {
			best = i
		}
	}
	p := Path{}
	if best >= 0 {
		p.Total = end[best]
	}
	for i := best; i >= 0; i = from[i] {
		p.Steps = append(p.Steps, g.ids[i])
	}
	slices.Reverse(p.Steps)
	return p, nil
}

// Walk tracks which steps may start as others finish: the scheduler's view.
type Walk struct {
	g    *Graph
	wait []int32
	done []bool
}

// NewWalk begins with nothing done, and returns the steps that wait for nothing.
func (g *Graph) NewWalk() (*Walk, []string) {
	w := &Walk{g: g, wait: make([]int32, len(g.ids)), done: make([]bool, len(g.ids))}
	var ready []string
	for i := range g.ids {
		w.wait[i] = int32(len(g.in[i]))
		if w.wait[i] == 0 {
			ready = append(ready, g.ids[i])
		}
	}
	return w, ready
}

// Finish marks a step done and returns those that may start now.
func (w *Walk) Finish(id string) []string {
	i := w.g.index[id]
	if w.done[i] {
		return nil
	}
	w.done[i] = true
	var ready []string
	for _, l := range w.g.out[i] {
		if w.wait[l.to]--; w.wait[l.to] == 0 {
			ready = append(ready, w.g.ids[l.to])
		}
	}
	return ready
}

// Downstream lists everything that waits, at any distance, for a step.
func (w *Walk) Downstream(id string) []string {
	seen := map[int32]bool{}
	var out []string
	queue := []int32{w.g.index[id]}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, l := range w.g.out[n] {
			if !seen[l.to] {
				seen[l.to] = true
				out = append(out, w.g.ids[l.to])
				queue = append(queue, l.to)
			}
		}
	}
	return out
}

// Blocking is the first edge that still holds a step back, and whether there is one.
func (w *Walk) Blocking(id string) (Edge, bool) {
	for _, l := range w.g.in[w.g.index[id]] {
		if !w.done[l.to] {
			return w.g.edges[l.edge], true
		}
	}
	return Edge{}, false
}
