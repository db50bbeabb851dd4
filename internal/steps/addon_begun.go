package steps

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// AddonBegun writes down what is not available before an add-on is changed: what lacked before is
// not the change's doing. What an earlier run wrote, whose gates have not opened, stays.
type AddonBegun struct {
	Addon string `json:"addon"`
	Was   string `json:"was,omitempty"` // the add-on, as it is before
	// Anew: what an earlier run wrote is of a change that was undone, or never came about.
	Anew bool `json:"anew,omitempty"`
}

// Run looks for what was written down, and writes it.
func (s *AddonBegun) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	have, err := kube.AddonBaseline(ctx, k, s.Addon)
	if err != nil {
		return engine.Result{}, err
	}
	if have != nil && s.Anew {
		if _, err := kube.EndAddonChange(ctx, k, s.Addon); err != nil {
			return engine.Result{}, err
		}
	} else if have != nil {
		return engine.Finished("written down " + have.Begun.UTC().Format("2006-01-02 15:04 MST"))
	}
	lacks, err := kube.Lacks(ctx, k, metav1.Time{})
	if err != nil {
		return engine.Result{}, err
	}
	if err := kube.BeginAddonChange(ctx, k, s.Addon, s.Was, lacks); err != nil {
		return engine.Result{}, err
	}
	return engine.Result{State: engine.Done, Reason: fmt.Sprintf("written down: %d workloads lack pods", len(lacks.Pods)), Changed: true}, nil
}

// AddonEnded takes away what was kept of an add-on's change: its gates have opened.
type AddonEnded struct {
	Addon string `json:"addon"`
}

// Run looks, and takes it away.
func (s *AddonEnded) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	changed, err := kube.EndAddonChange(ctx, k, s.Addon)
	return engine.Result{State: engine.Done, Reason: "gone", Changed: changed}, err
}
