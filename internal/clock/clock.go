// Package clock is the time that waits are made of, injected everywhere: the
// wall's, the wall's divided by a region in a hurry, or a virtual one. Dates,
// signatures and certificates stay on wall time and do not come from here.
package clock

import (
	"context"
	"os"
	"strconv"
	"time"
)

// Clock tells time since some start and waits.
type Clock interface {
	// Now is the time since the clock began.
	Now() time.Duration
	// Sleep waits for d, or until ctx ends, whose error it returns then.
	Sleep(ctx context.Context, d time.Duration) error
}

// SpeedVar names the variable by which a simulated region says how fast it runs.
const SpeedVar = "SLIPWAY_CLOCK_SPEED"

// Wall is the wall clock, Speed times as fast: waits meant for ten minutes fit a
// region in a hurry.
type Wall struct {
	Start time.Time
	Speed float64
}

// FromEnvironment is the wall clock at the speed that SLIPWAY_CLOCK_SPEED names.
func FromEnvironment() *Wall {
	speed, err := strconv.ParseFloat(os.Getenv(SpeedVar), 64)
	if err != nil || speed <= 0 {
		speed = 1
	}
	return &Wall{Start: time.Now(), Speed: speed}
}

// Now is the time since Start, at the clock's speed.
func (w *Wall) Now() time.Duration {
	return time.Duration(float64(time.Since(w.Start)) * w.Speed)
}

// Sleep waits d at the clock's speed.
func (w *Wall) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(time.Duration(float64(d) / w.Speed))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// World is what a virtual clock drives.
type World interface {
	Elapsed() time.Duration
	Advance(time.Duration)
}

// Virtual is a simulated world's clock: a wait is what moves it.
type Virtual struct{ World World }

// Now is the world's time.
func (v Virtual) Now() time.Duration { return v.World.Elapsed() }

// Sleep moves the world on by d.
func (v Virtual) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.World.Advance(d)
	return nil
}
