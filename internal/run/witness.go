package run

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/pace"
	"github.com/slipway-eks/slipway/internal/veil"
)

// witnessed is a context whose every changing call is written down before it is sent and
// after it is answered. This is the one place that does: whatever is added to Slipway
// goes through it.
func (h *Hold) witnessed(ctx context.Context) context.Context {
	return pace.Witnessed(ctx, func(ctx context.Context, c pace.Change) (func(pace.Answer), error) {
		if err := h.halted(); err != nil {
			return nil, notSent(c.Call, err)
		}
		if err := h.lease.Check(ctx); err != nil {
			h.halt(err)
			return nil, notSent(c.Call, err)
		}
		request := asked(c.Input)
		e := journal.Entry{Kind: journal.Intent, Step: c.Turn, Call: c.Call, On: c.On, Request: request, Before: before(h.before, request)}
		seq, err := h.op.Add(ctx, e)
		if err != nil {
			err = fmt.Errorf("the journal cannot be written: %w", err)
			h.halt(err)
			return nil, notSent(c.Call, err)
		}
		return func(a pace.Answer) {
			ctx, cancel := unhurried(ctx)
			defer cancel()
			if _, err := h.op.Add(ctx, outcomeOf(seq, a)); err != nil {
				h.halt(fmt.Errorf("%s was sent, and what came of it cannot be written down: %w", c.Call, err))
			}
		}, nil
	})
}

// notSent is a call that was held back. It is no failure of its step, which waits: the
// run ends, and says why once.
func notSent(call string, err error) error {
	return &pace.Error{Class: pace.Wait, Reason: "the run stops", Err: fmt.Errorf("%s was not sent: %w", call, err)}
}

// long are texts of a request that are written down by their hash: the templates of
// stacks, which snapshots have whole.
const long = 4096 // bytes

// asked is what a call asks for or answers, as JSON without what is not set.
func asked(said any) json.RawMessage {
	b, err := json.Marshal(said)
	var v any
	if err != nil || json.Unmarshal(b, &v) != nil || v == nil {
		return nil
	}
	if b, err = json.Marshal(set(v)); err != nil {
		return nil
	}
	return b
}

func set(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, y := range x {
			if y == nil || k == "ResultMetadata" {
				delete(x, k)
			} else {
				x[k] = set(y)
			}
		}
	case []any:
		for i, y := range x {
			x[i] = set(y)
		}
	case string:
		if len(x) > long {
			return veil.Text(x)
		}
	}
	return v
}

// outcomeOf is what came of a call.
func outcomeOf(seq int, a pace.Answer) journal.Entry {
	e := journal.Entry{Kind: journal.Outcome, Of: seq, RequestID: a.RequestID, Unknown: a.Unknown}
	if a.Err != nil {
		e.Error = a.Err.Error()
		return e
	}
	e.Answer = asked(a.Output)
	var update struct{ Update struct{ Id string } } //nolint:revive // the SDK's name
	if json.Unmarshal(e.Answer, &update) == nil {
		e.UpdateID = update.Update.Id
	}
	return e
}
