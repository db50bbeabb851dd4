package steps

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/observe/read"
)

// UpgradeReady has EKS look again at what stands in the way of the next version: what it
// found earlier was of the version before. It is done when nothing does.
type UpgradeReady struct {
	Version string `json:"version"` // that the control plane is to go to
	Back    bool   `json:"back,omitempty"`
	// Force goes on whatever EKS finds, and says it.
	Force bool `json:"force,omitempty"`
}

// Run begins a look unless there was one since the version changed last, waits for it, and
// reads what it found.
func (s *UpgradeReady) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	look, err := e.AWS.EKS.DescribeInsightsRefresh(ctx, &eks.DescribeInsightsRefreshInput{ClusterName: &e.Name})
	if err != nil && !awsc.NotFound(err) {
		return engine.Result{}, fmt.Errorf("reading when EKS looked last at what stands in the way of an upgrade: %w", err)
	}
	if err == nil && look.Status == types.InsightsRefreshStatusInProgress {
		return engine.Waiting("EKS looks at what stands in the way of " + s.Version)
	}
	fresh := err == nil && look.Status == types.InsightsRefreshStatusCompleted && m.Phase == looked
	if err == nil && !fresh {
		if fresh, err = s.since(ctx, e, look); err != nil {
			return engine.Result{}, err
		}
	}
	if fresh {
		return s.found(ctx, e)
	}
	if _, err := e.AWS.EKS.StartInsightsRefresh(ctx, &eks.StartInsightsRefreshInput{ClusterName: &e.Name}); err != nil {
		return engine.Result{}, fmt.Errorf("asking EKS to look at what stands in the way of %s: %w", s.Version, err)
	}
	m.Phase = looked
	return engine.Waiting("EKS looks at what stands in the way of " + s.Version)
}

// looked is the phase once a look was asked for.
const looked = "looked"

// since tells whether a look began after the last change of version.
func (s *UpgradeReady) since(ctx context.Context, e *Env, look *eks.DescribeInsightsRefreshOutput) (bool, error) {
	if look.Status != types.InsightsRefreshStatusCompleted || look.StartedAt == nil {
		return false, nil
	}
	last, err := read.LastVersionChange(ctx, e.AWS, e.Name)
	if err != nil {
		return false, fmt.Errorf("reading when the version changed last: %w", err)
	}
	return last == nil || last.CreatedAt.Before(*look.StartedAt), nil
}

// found says what stands in the way.
func (s *UpgradeReady) found(ctx context.Context, e *Env) (engine.Result, error) {
	category := types.CategoryUpgradeReadiness
	if s.Back {
		category = types.CategoryRollbackReadiness
	}
	all, err := awsc.Collect(ctx, eks.NewListInsightsPaginator(e.AWS.EKS, &eks.ListInsightsInput{ClusterName: &e.Name, Filter: &types.InsightsFilter{
		Categories: []types.Category{category}, KubernetesVersions: []string{s.Version}, Statuses: []types.InsightStatusValue{types.InsightStatusValueError}}}),
		func(p *eks.ListInsightsOutput) []types.InsightSummary { return p.Insights })
	if err != nil {
		return engine.Result{}, fmt.Errorf("reading what stands in the way of %s: %w", s.Version, err)
	}
	var why []string
	for _, i := range all {
		line := aws.ToString(i.Name)
		if i.InsightStatus != nil {
			line += ": " + strings.TrimSuffix(aws.ToString(i.InsightStatus.Reason), ".")
		}
		why = append(why, line)
	}
	switch text := strings.Join(why, "; "); {
	case text == "":
		return engine.Finished("EKS finds nothing in the way of " + s.Version)
	case s.Force:
		return engine.Finished("--force goes on although EKS finds: " + text)
	default:
		return engine.Result{}, fmt.Errorf(
			"EKS finds in the way of %s: %s. The cluster is whole, at the version before: mend it, and run the same command again", s.Version, text)
	}
}
