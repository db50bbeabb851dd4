package engine

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
)

type still struct{}

func (still) Elapsed() time.Duration { return 0 }
func (still) Advance(time.Duration)  {}

func TestAVirtualClockTakesOneWorker(t *testing.T) {
	tasks := map[string]*Task{"a": {Step: stepFunc(func(context.Context) (Result, error) { return Finished("") })}}
	g := plan(t, nil, tasks)
	if _, err := Run(t.Context(), g, tasks, Options{Clock: clock.Virtual{World: still{}}, Workers: 2}); err == nil || !strings.Contains(err.Error(), "one worker") {
		t.Errorf("got %v", err)
	}
	if rep, err := Run(t.Context(), g, tasks, Options{Clock: clock.Virtual{World: still{}}, Workers: 1}); err != nil || !rep.OK() {
		t.Error(rep, err)
	}
}

// hangs is a step whose call is answered when its context ends, as a hung socket's is.
var hangs = stepFunc(func(ctx context.Context) (Result, error) {
	<-ctx.Done()
	return Result{}, ctx.Err()
})

// A turn that hangs is over in time, and the step has another one.
func TestATurnThatHangsIsOverInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		tasks := map[string]*Task{"a": {Step: stepFunc(func(ctx context.Context) (Result, error) {
			if n++; n == 1 {
				return hangs(ctx)
			}
			return Finished("through")
		})}}
		rep, err := Run(t.Context(), plan(t, nil, tasks), tasks, Options{Clock: &clock.Wall{Start: time.Now(), Speed: 1}, Workers: 4})
		if err != nil || !rep.OK() || rep.Elapsed < turnTime || rep.Elapsed > turnTime+10*time.Second {
			t.Errorf("%+v %v", rep, err)
		}
	})
}

// Other steps and the step's own timeout do not wait for a turn that hangs.
func TestAHungTurnHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var over time.Duration
		clk := &clock.Wall{Start: time.Now(), Speed: 1}
		tasks := map[string]*Task{"a": {Step: hangs, Timeout: 30 * time.Second}, "b": {Step: stepFunc(func(context.Context) (Result, error) { return Finished("") })}}
		var mu sync.Mutex
		rep, err := Run(t.Context(), plan(t, nil, tasks), tasks, Options{Clock: clk, Workers: 2, OnEvent: func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			if e.Type == "step_timeout" {
				over = clk.Now()
			}
		}})
		if err != nil || rep.TimedOut != 1 || rep.Done != 1 || over != 30*time.Second {
			t.Errorf("%+v %v, timed out at %s", rep, err, over)
		}
	})
}

// The first interrupt awaits what is in the air; the second ends the run at once, and
// the report names what nobody knows.
func TestTheSecondInterruptEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, workers := range []int{1, 4} {
			ctx, cancel := context.WithCancel(t.Context())
			atOnce := make(chan struct{})
			tasks := map[string]*Task{"a": {Step: stepFunc(func(ctx context.Context) (Result, error) {
				time.AfterFunc(time.Second, cancel)
				time.AfterFunc(5*time.Second, func() { close(atOnce) })
				return hangs(ctx)
			})}}
			began := time.Now()
			rep, err := Run(ctx, plan(t, nil, tasks), tasks, Options{Clock: &clock.Wall{Start: time.Now(), Speed: 1}, Workers: workers, AtOnce: atOnce})
			if took := time.Since(began); err != nil || !rep.Interrupted || took != 5*time.Second {
				t.Errorf("%d workers: %+v %v after %s", workers, rep, err, took)
			}
			if u := rep.Unknown(); len(u) != 1 || u[0].ID != "a" {
				t.Errorf("unknown: %+v", u)
			}
			cancel()
			synctest.Wait()
		}
	})
}
