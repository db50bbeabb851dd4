package world_test

import (
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/world"
)

func TestAWorldOutlivesABug(t *testing.T) {
	w := world.New(time.Now(), 1, 0)
	ran, told := false, ""
	world.On(w, "bug", func(string, struct{}) { panic("oh") })
	world.On(w, "next", func(string, struct{}) { ran = true })
	w.Survive(func(what string, bug any, stack []byte) { told = what })
	w.Schedule(time.Second, "bug", "x", nil)
	w.Schedule(2*time.Second, "next", "x", nil)
	w.Advance(time.Minute)
	if !ran || told != "the event bug of x" {
		t.Errorf("ran %v, told %q", ran, told)
	}
}
