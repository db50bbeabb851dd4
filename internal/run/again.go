package run

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/observe"
)

// Loop is how long after a repair of ours a field that drifted again is taken for one that
// another owner sets: a repair that is repeated then goes on without end (ops case 10).
const Loop = 24 * time.Hour

// repairs are the commands whose calls bring live values back.
var repairs = []string{"restore", "up"}

// older are the calls about what stood before: what an operation made itself, it did not
// bring back.
func older(calls []journal.Call) []journal.Call {
	made := map[string]bool{}
	return slices.DeleteFunc(calls, func(c journal.Call) bool {
		var in request
		_ = json.Unmarshal(c.Request, &in) // what is no request names nothing
		name := in.StackName + in.AddonName
		if c.Call == "cloudformation:CreateStack" || c.Call == "eks:CreateAddon" {
			made[name] = true
		}
		return made[name]
	})
}

// repaired is what one operation of ours brought back.
type repaired struct {
	*touched
	of journal.Record
}

// repairedSince reads what operations brought back within the loop's time.
func repairedSince(ctx context.Context, book journal.Book, was *observe.Observed, now time.Time) ([]repaired, error) {
	all, err := book.List(ctx, now.Add(-Loop))
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	var out []repaired
	for _, r := range all { // the newest first
		if !slices.Contains(repairs, r.Command) {
			continue
		}
		a, err := book.Show(ctx, r.ID)
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		calls := a.Calls
		if r.Command == "up" {
			calls = older(calls)
		}
		t := touchedBy(calls, was)
		t.things = slices.DeleteFunc(t.things, func(x thing) bool { return x.path == "stacks" || x.at.Before(now.Add(-Loop)) })
		out = append(out, repaired{t, r})
	}
	return out, nil
}

// again marks the differences of fields that an operation of ours brought back within the
// loop's time.
func again(r *drift.Report, done []repaired) {
	for i := range r.Differences {
		d := &r.Differences[i]
		for _, x := range done {
			if at := x.when(d.Path, d.Key); !at.IsZero() && d.Again == nil {
				d.Again = &drift.Again{Operation: x.of.ID, Command: x.of.Command, At: at}
			}
		}
	}
}

// when is when a field of a thing was touched last; zero: it was not.
func (t *touched) when(path, key string) (at time.Time) {
	for _, x := range t.things {
		if drift.Fits(x.path, path) && (x.key == "" || x.key == key) && x.at.After(at) {
			at = x.at
		}
	}
	return at
}
