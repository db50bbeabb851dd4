package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
)

type world struct{ at time.Duration }

func (w *world) Elapsed() time.Duration  { return w.at }
func (w *world) Advance(d time.Duration) { w.at += d }

func TestAVirtualWaitMovesTheWorld(t *testing.T) {
	w := &world{}
	c := clock.Virtual{World: w}
	if err := c.Sleep(t.Context(), 10*time.Minute); err != nil || c.Now() != 10*time.Minute {
		t.Errorf("%v at %s", err, c.Now())
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := c.Sleep(ended, time.Minute); !errors.Is(err, context.Canceled) || w.at != 10*time.Minute {
		t.Errorf("a wait that was called off moved the world to %s: %v", w.at, err)
	}
}

// A thousand simulated hours are an hour of the wall's at this speed: the test would not
// end if the wait did not run at it, and the clock tells the region's time.
func TestTheWallRunsAtTheRegionsSpeed(t *testing.T) {
	c := &clock.Wall{Start: time.Now().Add(-time.Second), Speed: 3.6e6}
	if now := c.Now(); now < 1000*time.Hour {
		t.Errorf("a second ago is %s", now)
	}
	if err := c.Sleep(t.Context(), time.Hour); err != nil {
		t.Error(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	slow := &clock.Wall{Start: time.Now(), Speed: 1}
	if err := slow.Sleep(ended, 1000*time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTheEnvironmentNamesTheSpeed(t *testing.T) {
	for value, want := range map[string]float64{"": 1, "60": 60, "0.5": 0.5, "fast": 1, "-3": 1, "0": 1} {
		t.Setenv(clock.SpeedVar, value)
		if got := clock.FromEnvironment().Speed; got != want {
			t.Errorf("%q: %v, not %v", value, got, want)
		}
	}
}
