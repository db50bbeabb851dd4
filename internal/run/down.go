package run

import (
	"context"
	"maps"
	"slices"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// named is a config that knows only a cluster's name and region.
func named(c *awsc.Clients, name string) *config.File {
	cfg := &config.ClusterConfig{Metadata: &config.ClusterMeta{Name: name, Region: c.Region}}
	cfg.SetDefaults()
	return &config.File{Name: name, Cluster: cfg}
}

// looked is the session of a cluster that was named, locked for who keeps books, and looked
// at as far as a scope says: for a plan that no file is behind.
func looked(ctx context.Context, c *awsc.Clients, name string, b *Books, scope read.Scope) (s *Session, err error) {
	if err := c.Identify(ctx); err != nil {
		return nil, check.Identity(err)
	}
	hold, err := b.Open(ctx, c, name)
	if err != nil {
		return nil, err
	}
	s, err = seen(ctx, c, name, hold, scope)
	return s, hold.unless(ctx, err)
}

// seen is looked of a cluster that is locked already.
func seen(ctx context.Context, c *awsc.Clients, name string, hold *Hold, scope read.Scope) (*Session, error) {
	live, err := read.Cluster(ctx, c, name, scope)
	if err != nil {
		return nil, check.Reach(err)
	}
	return &Session{AWS: c, File: named(c, name), Live: live, Env: &steps.Env{AWS: c, Name: name}, hold: hold}, nil
}

// foreign is the code of a cluster that another tool made.
const foreign = "cluster-foreign"

// PrepareDown observes a cluster and plans its removal.
func PrepareDown(ctx context.Context, c *awsc.Clients, name string) (*Session, error) {
	return PrepareDownWith(ctx, c, name, nil)
}

// PrepareDownWith is PrepareDown for a caller who means to run the plan, and keeps books.
func PrepareDownWith(ctx context.Context, c *awsc.Clients, name string, b *Books) (s *Session, err error) {
	seen, err := looked(ctx, c, name, b, read.Removal())
	if err != nil {
		return nil, err
	}
	defer func() { err = seen.hold.unless(ctx, err) }()
	live := seen.Live
	if live.Cluster != nil && live.Stacks[stack.ClusterName(name)] == nil {
		return nil, finding.Findings{{
			Code: foreign, Severity: finding.Error, Where: finding.Where{Resource: "cluster " + name},
			What:   "was made neither by eksctl nor by Slipway: there is no stack " + stack.ClusterName(name),
			Remedy: "delete it with the tool that made it",
		}}
	}
	s = seen
	s.again = func(ctx context.Context) (*Session, error) { return PrepareDown(ctx, c, name) }
	left, err := remains(ctx, c, live)
	if err != nil {
		return nil, check.Reach(err)
	}
	s.Plan, err = plan.Down(plan.Removal{Name: name, Region: c.Region, Account: c.Account, Partition: c.Partition, Live: live,
		Keys: slices.Sorted(maps.Keys(live.KeyPairs)), SecurityGroups: left})
	if err != nil {
		return nil, err
	}
	if err := owned(live, s.Plan, b); err != nil {
		return nil, err
	}
	if s.Drift, err = brief(ctx, c, live); err != nil {
		return nil, check.Reach(err)
	}
	if p := s.Drift.Paragraph(); p != "" { // a removal goes on whatever of it is gone
		s.Plan.Notes = append(s.Plan.Notes, p)
	}
	return s, nil
}
