package pace

import (
	"cmp"
	"context"
	"net/http"
	"strings"
)

// Change is a call that may change something, as it is about to be sent.
type Change struct {
	Turn string // whose turn it belongs to; "" outside of any
	Call string // eks:CreateAddon, PATCH /api/v1/…
	On   string // the host of the API server, of a call to Kubernetes
	// Input is what is asked for: the SDK's input, or a request's body as JSON.
	Input any
}

// Answer is what came of it.
type Answer struct {
	Err       error
	Unknown   bool   // there was no answer: it may have taken effect
	RequestID string // as the service gave it, or Kubernetes' audit ID
	Output    any    // the SDK's output; nil: there is none
}

// Witness is told of every call that may change something before it is sent, and by the
// function that it returns of its answer. Where it returns an error, nothing is sent.
type Witness func(ctx context.Context, c Change) (func(Answer), error)

type (
	witnessKey struct{}
	answerKey  struct{}
)

// Witnessed is a context whose calls are told to a witness.
func Witnessed(ctx context.Context, w Witness) context.Context {
	return context.WithValue(ctx, witnessKey{}, w)
}

// witnessed sends a call, and tells the context's witness of it if it may change
// something. What the witness takes is not the call's time.
func witnessed(ctx context.Context, c call, send func(context.Context) error) error {
	w, _ := ctx.Value(witnessKey{}).(Witness)
	if w == nil || c.reads {
		return send(ctx)
	}
	x := Change{Call: c.name, Input: c.input}
	if t := turnOf(ctx); t != nil {
		x.Turn = t.name
	}
	if host, ok := strings.CutPrefix(c.bucket, "kubernetes/"); ok {
		x.On = host
	}
	end, err := w(ctx, x)
	if err != nil {
		return err
	}
	a := &Answer{}
	a.Err = send(context.WithValue(ctx, answerKey{}, a))
	a.Unknown = a.Err != nil && !refused(a.Err) && !Classify(a.Err).Unreachable
	end(*a)
	return a.Err
}

// answered notes for the witness what a service answered.
func answered(ctx context.Context, output any) {
	if a, ok := ctx.Value(answerKey{}).(*Answer); ok {
		a.Output = output
	}
}

// request notes the ID that a service gave a request, in one of these headers.
func request(ctx context.Context, h http.Header, names ...string) {
	a, ok := ctx.Value(answerKey{}).(*Answer)
	if !ok {
		return
	}
	for _, n := range names {
		a.RequestID = cmp.Or(a.RequestID, h.Get(n))
	}
}
