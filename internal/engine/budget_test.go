package engine

import (
	"context"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/graph"
)

func TestBudgetsChargeWhatATurnReallyAsked(t *testing.T) {
	b := NewBudgets()
	made := map[string]int{"eks": 45}
	if w := b.admit("eks", 0); w != 0 {
		t.Fatalf("a full budget keeps a turn waiting %s", w)
	}
	b.charge(made, 0) // one turn made 45 requests of a burst of 40
	if w := b.admit("eks", 0); w != 750*time.Millisecond {
		t.Errorf("the next turn waits %s, expected the 6 requests at 8 a second", w)
	}
	if w := b.admit("eks", time.Second); w != 0 {
		t.Errorf("a second later it still waits %s", w)
	}
	b.charge(made, time.Second)
	if w := b.admit("eks", time.Second); w != 0 {
		t.Error("the same requests are charged twice")
	}
	if w := b.admit("unheard-of", 0); w != 0 {
		t.Errorf("a service without a budget waits %s", w)
	}
}

func TestThrottlingIsEverybodys(t *testing.T) {
	b := NewBudgets()
	b.throttled("eks", 0, 10*time.Second)
	if w := b.admit("eks", 4*time.Second); w != 6*time.Second {
		t.Errorf("waits %s", w)
	}
	if w := b.admit("ec2", 4*time.Second); w != 0 {
		t.Errorf("another service waits %s", w)
	}
}

type hour struct{ now time.Duration }

func (h *hour) Now() time.Duration { return h.now }
func (h *hour) Sleep(_ context.Context, d time.Duration) error {
	h.now += d
	return nil
}

var _ clock.Clock = (*hour)(nil)

type quick struct{}

func (quick) Run(context.Context) (Result, error) { return Finished("") }

// Two runs in one account and region keep to one budget between them.
func TestRunsShareABudget(t *testing.T) {
	b, clk := NewBudgets(), &hour{}
	for range 2 {
		g, tasks := graph.New(30), map[string]*Task{}
		for i := range 30 {
			id := string(rune('a' + i))
			g.Add(id)
			tasks[id] = &Task{ID: id, Service: "iam", Step: quick{}}
		}
		if rep, err := Run(t.Context(), g, tasks, Options{Clock: clk, Workers: 1, Budgets: b}); err != nil || rep.Done != 30 {
			t.Fatal(rep, err)
		}
	}
	// 60 requests: 20 at once, 40 at 5 a second.
	if clk.now < 7*time.Second || clk.now > 9*time.Second {
		t.Errorf("both runs took %s", clk.now)
	}
}
