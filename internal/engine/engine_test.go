package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/graph"
	"github.com/slipway-eks/slipway/internal/pace"
)

// ticking is a clock whose only mover is the engine's own wait.
type ticking struct{ now time.Duration }

func (c *ticking) Now() time.Duration { return c.now }
func (c *ticking) Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.now += d
	return nil
}

type stepFunc func(context.Context) (Result, error)

func (f stepFunc) Run(ctx context.Context) (Result, error) { return f(ctx) }

// lasting is done once the clock has moved on by d.
func lasting(c *ticking, d time.Duration) stepFunc {
	start := time.Duration(-1)
	return func(context.Context) (Result, error) {
		if start < 0 {
			start = c.now
		}
		if c.now-start >= d {
			return Finished("over")
		}
		return Waiting("not over")
	}
}

func plan(t *testing.T, edges [][2]string, tasks map[string]*Task) *graph.Graph {
	t.Helper()
	g := graph.New(4)
	for _, id := range []string{"a", "b", "c", "d"} {
		if tasks[id] != nil {
			tasks[id].ID, tasks[id].Title = id, id
			g.Add(id)
		}
	}
	for _, e := range edges {
		if err := g.Connect(graph.Edge{Before: e[0], After: e[1], Reason: "needs it"}); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func TestStepsRunSideBySideAndInOrder(t *testing.T) {
	c := &ticking{}
	tasks := map[string]*Task{}
	for _, id := range []string{"a", "b", "c"} {
		tasks[id] = &Task{Step: lasting(c, time.Minute), Typical: time.Minute}
	}
	rep, err := Run(t.Context(), plan(t, [][2]string{{"a", "c"}, {"b", "c"}}, tasks), tasks, Options{Clock: c})
	if err != nil || !rep.OK() || rep.Done != 3 {
		t.Fatalf("%+v %v", rep, err)
	}
	if rep.Elapsed < 2*time.Minute || rep.Elapsed > 2*time.Minute+10*time.Second {
		t.Errorf("a and b did not run side by side, or polling is slack: %s", rep.Elapsed)
	}
	if s := rep.Spans[2]; s.ID != "c" || s.Why != "needs it" {
		t.Errorf("the last span does not say what it waited for: %+v", s)
	}
}

func TestFailureStopsOnlyWhatDependsOnIt(t *testing.T) {
	c := &ticking{}
	tasks := map[string]*Task{
		"a": {Step: stepFunc(func(context.Context) (Result, error) { return Result{}, errors.New("no") })},
		"b": {Step: lasting(c, time.Second)}, "c": {Step: lasting(c, time.Second)}, "d": {Step: lasting(c, time.Second)},
	}
	rep, err := Run(t.Context(), plan(t, [][2]string{{"a", "b"}, {"b", "c"}}, tasks), tasks, Options{Clock: c})
	if err != nil || rep.Failed != 1 || rep.Skipped != 2 || rep.Done != 1 {
		t.Fatalf("%+v %v", rep, err)
	}
}

func TestThrottlingBacksOffAndGoesOn(t *testing.T) {
	c := &ticking{}
	n := 0
	throttle := &pace.Error{Class: pace.Throttled, Reason: "slowly"}
	tasks := map[string]*Task{"a": {Service: "eks", Step: stepFunc(func(context.Context) (Result, error) {
		if n++; n < 4 {
			return Result{}, throttle
		}
		return Finished("through")
	})}}
	rep, err := Run(t.Context(), plan(t, nil, tasks), tasks, Options{Clock: c})
	if err != nil || !rep.OK() {
		t.Fatalf("%+v %v", rep, err)
	}
	if rep.Elapsed < 14*time.Second {
		t.Errorf("three throttled calls were retried within %s", rep.Elapsed)
	}
}

func TestTimeoutLeavesTheRestStanding(t *testing.T) {
	c := &ticking{}
	tasks := map[string]*Task{
		"a": {Step: lasting(c, time.Hour), Timeout: time.Minute, Typical: 10 * time.Second},
		"b": {Step: lasting(c, time.Second)}, "c": {Step: lasting(c, time.Second)},
	}
	rep, err := Run(t.Context(), plan(t, [][2]string{{"a", "b"}}, tasks), tasks, Options{Clock: c})
	if err != nil || rep.TimedOut != 1 || rep.Skipped != 1 || rep.Done != 1 {
		t.Fatalf("%+v %v", rep, err)
	}
	if rep.Elapsed != time.Minute {
		t.Errorf("timed out after %s, not a minute", rep.Elapsed)
	}
}

func TestInterruptAwaitsTheCallInFlight(t *testing.T) {
	c := &ticking{}
	ctx, cancel := context.WithCancel(t.Context())
	tasks := map[string]*Task{
		"a": {Step: stepFunc(func(ctx context.Context) (Result, error) {
			cancel()
			return Result{State: Done, Changed: true}, ctx.Err() // its own context lives on
		})},
		"b": {Step: lasting(c, time.Hour)},
	}
	rep, err := Run(ctx, plan(t, nil, tasks), tasks, Options{Clock: c})
	if err != nil || !rep.Interrupted || rep.Done != 1 || !rep.Changed {
		t.Fatalf("%+v %v", rep, err)
	}
}

func TestPollingIsDenseAroundTheExpectedEnd(t *testing.T) {
	early, late, over := pollAfter(0, 10*time.Minute), pollAfter(10*time.Minute, 10*time.Minute), pollAfter(30*time.Minute, 10*time.Minute)
	if early < 30*time.Second || late > 5*time.Second || over < 10*time.Second {
		t.Errorf("early %s, at the end %s, overdue %s", early, late, over)
	}
	turns := 0
	for at := time.Duration(0); at < 10*time.Minute; at += pollAfter(at, 10*time.Minute) {
		turns++
	}
	if turns > 90 {
		t.Errorf("a ten-minute wait takes %d polls", turns)
	}
}
