package steps

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// ReplacementBegun writes down what is not available before a node group's replacement
// changes anything: what lacked before is not the replacement's doing.
type ReplacementBegun struct {
	Group string `json:"group"`
	With  string `json:"with"` // the group that takes its place
	// Slices are how it goes slice by slice; nil: it does not.
	Slices *Slices `json:"slices,omitempty"`
}

// Slices are how many nodes of a group are replaced at a time, and its sizes before.
type Slices struct {
	Nodes   int `json:"nodes"`
	Min     int `json:"minSize"`
	Max     int `json:"maxSize"`
	Desired int `json:"desiredSize"`
}

// Run looks for what was written down; what an earlier replacement by another group left
// is no longer true.
func (s *ReplacementBegun) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	have, err := kube.ReplacementOf(ctx, k, s.Group)
	switch {
	case err != nil:
		return engine.Result{}, err
	case have != nil && have.With == s.With:
		return engine.Finished("written down " + have.Begun.UTC().Format("2006-01-02 15:04 MST"))
	case have != nil:
		if _, err := kube.EndReplacement(ctx, k, s.Group); err != nil {
			return engine.Result{}, err
		}
		return engine.Started("what an earlier one by " + have.With + " left is taken away")
	}
	lacks, err := kube.Lacks(ctx, k, metav1.Time{})
	if err != nil {
		return engine.Result{}, err
	}
	r := &kube.Replacement{Group: s.Group, With: s.With, Baseline: kube.Baseline{Before: lacks}, Slices: (*kube.Slices)(s.Slices)}
	if err := kube.BeginReplacement(ctx, k, r); err != nil {
		return engine.Result{}, err
	}
	return engine.Result{State: engine.Done, Reason: fmt.Sprintf("written down: %d workloads lack pods", len(lacks.Pods)), Changed: true}, nil
}

// ReplacementPaused writes down after which stage a replacement stops for a person, whose
// next run goes on from there.
type ReplacementPaused struct {
	Group string `json:"group"`
	After string `json:"after"` // a stage
}

// Run writes it, once.
func (s *ReplacementPaused) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	have, err := kube.ReplacementOf(ctx, k, s.Group)
	if err != nil {
		return engine.Result{}, err
	}
	if have != nil && have.Paused == s.After {
		return engine.Finished("paused")
	}
	if err := kube.PauseReplacement(ctx, k, s.Group, s.After); err != nil {
		return engine.Result{}, err
	}
	return engine.Result{State: engine.Done, Reason: "paused " + s.After + "; the same command goes on", Changed: true}, nil
}

// ReplacementEnded takes away what was kept of a replacement.
type ReplacementEnded struct {
	Group string `json:"group"`
}

// Run looks, and takes it away.
func (s *ReplacementEnded) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	changed, err := kube.EndReplacement(ctx, k, s.Group)
	return engine.Result{State: engine.Done, Reason: "gone", Changed: changed}, err
}
