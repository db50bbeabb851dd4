package bench_test

import (
	"context"
	"time"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/steps"
)

// sleeper is done thirty simulated seconds after its first turn.
type sleeper struct{ turns int }

func (s *sleeper) Run(context.Context, *steps.Env, *steps.Memo) (engine.Result, error) {
	if s.turns++; s.turns < 3 {
		return engine.Result{State: engine.Wait, Reason: "sleeping", Next: 15 * time.Second}, nil
	}
	return engine.Finished("slept")
}
