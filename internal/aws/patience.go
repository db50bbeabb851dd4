package aws

import (
	"context"
	"errors"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/engine"
)

type patienceKey struct{}

// patientTries is how often a read is tried before its error counts: with pauses
// that double to a minute, some four minutes of throttling.
const patientTries = 9

// Patient is a context whose calls are tried again, on the clock, when AWS throttles
// or stumbles. It is for observing: reads, outside of a run, where the engine is
// not there to retry. A call that changes something must never be made with it.
func Patient(ctx context.Context, c clock.Clock) context.Context {
	return context.WithValue(ctx, patienceKey{}, c)
}

// patience is the outermost middleware: each try is the whole call, signed anew.
func patience(s *middleware.Stack) error {
	return s.Initialize.Add(middleware.InitializeMiddlewareFunc("SlipwayPatience", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, md middleware.Metadata, err error) {
		clk, ok := ctx.Value(patienceKey{}).(clock.Clock)
		for try := 1; ; try++ {
			out, md, err = next.HandleInitialize(ctx, in)
			if err == nil || !ok || try == patientTries || !passing(err) {
				return out, md, err
			}
			if clk.Sleep(ctx, min(time.Second<<(try-1), time.Minute)) != nil {
				return out, md, err
			}
		}
	}), middleware.Before)
}

// passing tells whether an error may be gone in a moment: throttling, a service that
// stumbles, an answer that broke off. That AWS cannot be reached at all is told at
// once.
func passing(err error) bool {
	var answered *smithyhttp.ResponseError
	p := Policy(err)
	return p == engine.Throttled || p == engine.Retry && (Code(err) != "" || errors.As(err, &answered) && answered.HTTPStatusCode() > 0)
}
