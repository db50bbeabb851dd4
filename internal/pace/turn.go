package pace

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// Turn is the record of one turn of a run, which never waits: what its calls have
// done, and which are in the air.
type Turn struct {
	name    string
	mu      sync.Mutex
	changed bool
	buckets map[string]bool
	air     []*call
}

type turnKey struct{}

// Begin marks a context as a turn's: its calls go at once, on credit. name is what
// a Witness is told of whose turn it is.
func Begin(ctx context.Context, name string) (context.Context, *Turn) {
	t := &Turn{name: name, buckets: map[string]bool{}}
	return context.WithValue(ctx, turnKey{}, t), t
}

func turnOf(ctx context.Context) *Turn {
	t, _ := ctx.Value(turnKey{}).(*Turn)
	return t
}

// begin puts a call into the air; the function that it returns takes it out. An
// answer to a call that changes something is a change; so is a reply that was lost,
// for nobody knows better.
func (t *Turn) begin(c call) func(Verdict, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buckets[c.bucket] = true
	p := &c
	t.air = append(t.air, p)
	return func(v Verdict, err error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.air = slices.DeleteFunc(t.air, func(x *call) bool { return x == p })
		t.changed = t.changed || !c.reads && (err == nil || v.Class == Retry && !v.Unreachable && !refused(err))
	}
}

// Changed tells whether a call of the turn changed something, or may have.
func (t *Turn) Changed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// Buckets are those that the turn's calls used.
func (t *Turn) Buckets() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.buckets))
}

// Unanswered are the calls in the air; changes tells whether one of them may change
// something.
func (t *Turn) Unanswered() (names []string, changes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.air {
		names = append(names, c.name)
		changes = changes || !c.reads
	}
	return names, changes
}
