package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/pace"
)

// update is one change that EKS makes to something that stands.
type update struct {
	what string // "the cluster", "add-on coredns"
	in   eks.DescribeUpdateInput
	// look says the status of what is changed, and whether it is as wanted already.
	look func(context.Context) (status string, wanted bool, err error)
	// why says more of an update that failed; nil: EKS says all.
	why func(context.Context, *types.Update) string
	// begin starts the change; no update: there was nothing to change.
	begin func(context.Context) (*types.Update, error)
}

// run looks, begins once, and polls. A change that is under way already, this
// step's own whose answer was lost or somebody else's, is awaited before another.
func (u update) run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	if m.Update != "" {
		r, err := u.poll(ctx, e, m.Update)
		if err != nil || r.State != engine.Done {
			return r, err
		}
		status, _, err := u.look(ctx) // the status lags the update's
		if err != nil || !moving(status) {
			return r, err
		}
		return engine.Waiting(u.what + " is " + status)
	}
	status, wanted, err := u.look(ctx)
	switch {
	case err != nil:
		return engine.Result{}, err
	case moving(status):
		return engine.Waiting("EKS is changing " + u.what + " already: it is " + status)
	case wanted:
		return engine.Finished("as wanted")
	}
	up, err := u.begin(ctx)
	if pace.Done(err) { // there was nothing to change
		return engine.Finished("as wanted")
	}
	if err != nil {
		return engine.Result{}, fmt.Errorf("updating %s: %w", u.what, err)
	}
	m.Update = aws.ToString(up.Id)
	m.Attempt++
	return engine.Started("EKS is updating " + u.what)
}

// poll reads one update.
func (u update) poll(ctx context.Context, e *Env, id string) (engine.Result, error) {
	in := u.in
	in.Name, in.UpdateId = &e.Name, &id
	d, err := e.AWS.EKS.DescribeUpdate(ctx, &in)
	if err != nil {
		return engine.Result{}, err
	}
	switch x := d.Update; x.Status {
	case types.UpdateStatusSuccessful:
		return engine.Finished("updated")
	case types.UpdateStatusFailed, types.UpdateStatusCancelled:
		msg := fmt.Sprintf("the update %s of %s is %s", x.Type, u.what, x.Status)
		for _, i := range x.Errors {
			msg += fmt.Sprintf("; %s: %s", i.ErrorCode, aws.ToString(i.ErrorMessage))
		}
		if u.why != nil {
			msg += u.why(ctx, x)
		}
		return engine.Result{}, fmt.Errorf("%s", msg)
	}
	return engine.Waiting("EKS is updating " + u.what)
}

// moving tells whether a status is one that something passes through.
func moving(status string) bool {
	return slices.Contains([]string{"CREATING", "UPDATING", "DELETING", "PENDING"}, status)
}

// within tells whether everything that a request asks for is so in what EKS answers:
// fields of the same name, lists in any order.
func within(want, have any) bool {
	return covers(plain(want), plain(have))
}

func plain(v any) any {
	b, err := json.Marshal(v)
	var out any
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("steps: %v", err)) // requests and answers are plain data
	}
	return out
}

func covers(want, have any) bool {
	switch w := want.(type) {
	case nil:
		return true
	case map[string]any:
		h, _ := have.(map[string]any)
		for k, x := range w {
			if !covers(x, h[k]) {
				return false
			}
		}
		return true
	case []any:
		h, _ := have.([]any)
		return len(w) == len(h) && !slices.ContainsFunc(w, func(x any) bool {
			return !slices.ContainsFunc(h, func(y any) bool { return covers(x, y) })
		})
	}
	return reflect.DeepEqual(want, have)
}
