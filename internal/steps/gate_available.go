package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// GateAvailable is the gate that every replacement has, and every change of one add-on: no Deployment, StatefulSet or
// DaemonSet is less available than before the start, and no pod crashes again and again
// that did not. It waits for that until its timeout.
type GateAvailable struct {
	Group string `json:"group,omitempty"` // that is replaced
	Addon string `json:"addon,omitempty"` // that changes, where no group is replaced
	// Soak is how long it must stay so, in seconds, once it is.
	Soak int `json:"soakSeconds,omitempty"`
}

// soakLook is how often a soaking gate looks.
const soakLook = 30 * time.Second

// Run looks at everything.
func (s *GateAvailable) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	before, err := s.before(ctx, k)
	if err != nil {
		return engine.Result{}, err
	}
	now, err := kube.Lacks(ctx, k, before.Begun)
	if err != nil {
		return engine.Result{}, err
	}
	if worse := worse(before.Before, now); len(worse) > 0 {
		m.Attempt = 0 // it is watched anew, as long as its time lasts: a rollout passes, and a loss does not
		return engine.Result{State: engine.Wait, Reason: strings.Join(worse, "; "), Next: drainLook}, nil
	}
	if left := time.Duration(s.Soak)*time.Second - time.Duration(m.Attempt)*soakLook; left > 0 {
		m.Attempt++
		return engine.Result{State: engine.Wait, Reason: fmt.Sprintf("all is as available as before; watched for %s more", left), Next: min(left, soakLook)}, nil
	}
	return engine.Finished("all is as available as before")
}

// before is what lacked before anything changed.
func (s *GateAvailable) before(ctx context.Context, k kubernetes.Interface) (b *kube.Baseline, err error) {
	if s.Addon != "" {
		b, err = kube.AddonBaseline(ctx, k, s.Addon)
	} else if r, e := kube.ReplacementOf(ctx, k, s.Group); r != nil {
		b = &r.Baseline
	} else {
		err = e
	}
	if b == nil && err == nil {
		err = fmt.Errorf("what was before %s is no longer written down (ConfigMap in kube-system): run again", guarded(s.Group, s.Addon))
	}
	return b, err
}

// guarded is what a gate is of, in words: an add-on's change, or a group's replacement.
func guarded(group, addon string) string {
	if addon != "" {
		return "the change of add-on " + addon
	}
	return "the replacement of " + group
}

// worse is what lacks more than before, in words; the first few.
func worse(before, now kube.Lacking) []string {
	const most = 3
	var out []string
	for _, w := range slices.Sorted(maps.Keys(now.Pods)) {
		n := now.Pods[w]
		if was, known := before.Want[w]; known { // what somebody wants besides is no loss
			n -= max(0, now.Want[w]-was)
		}
		if n > before.Pods[w] {
			out = append(out, fmt.Sprintf("%s lacks %d of its pods, and lacked %d before", w, n, before.Pods[w]))
		}
	}
	for _, w := range slices.Sorted(maps.Keys(now.Crashing)) {
		if !before.Crashing[w] {
			out = append(out, "pods of "+w+" crash again and again, and did not before")
		}
	}
	if n := len(out) - most; n > 0 {
		return append(out[:most], fmt.Sprintf("and %d more", n))
	}
	return out
}
