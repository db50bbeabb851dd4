package cmdutil

import (
	"context"
	"fmt"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/twin"
)

// Target is where a command acts: AWS, or an embedded simulated region.
type Target struct {
	AWS     *awsc.Clients
	Clock   clock.Clock
	Workers int
	Date    func() time.Time // the region's
	Sim     *sim.Sim         // nil: AWS, or whatever AWS_ENDPOINT_URL names
}

// workers against AWS: turns in flight at once. The simulated region takes one at
// a time, so that the same seed gives the same run.
const workers = 8

// OpenNamed reaches the region of a cluster that an argument names, and learns who asks.
func (a *App) OpenNamed(ctx context.Context, cluster string) (*Target, error) {
	a.Cluster = cluster
	t, err := a.Open(ctx, nil)
	if err != nil {
		return nil, err
	}
	return t, t.Identify(ctx)
}

// Identify asks AWS who the caller is, and says what stands in the way where it does not
// answer.
func (t *Target) Identify(ctx context.Context) error {
	if err := t.AWS.Identify(ctx); err != nil {
		return check.Identity(err)
	}
	return nil
}

// Open reaches the region that a config, a flag, or the AWS configuration names.
func (a *App) Open(ctx context.Context, f *config.File) (*Target, error) {
	region := a.Region
	if region == "" && f != nil {
		region = f.Cluster.Metadata.Region
	}
	if f != nil && a.Region != "" && a.Region != f.Cluster.Metadata.Region {
		return nil, finding.Findings{f.At("region-differs", "metadata.region", "is %s, and --region says %s", f.Cluster.Metadata.Region, a.Region)}
	}
	if !a.Sim && a.State != "" {
		return nil, Input("--state %s keeps a simulated region: give --sim too", a.State)
	}
	if !a.Sim {
		clk := clock.FromEnvironment()
		c, err := awsc.New(ctx, awsc.Options{Region: region, Profile: a.Profile, Clock: clk})
		return &Target{AWS: c, Clock: clk, Workers: workers, Date: time.Now}, err
	}
	if region == "" {
		region = "us-west-2"
	}
	s := sim.New(sim.Options{Seed: a.Seed, Start: time.Now()})
	if err := a.Keep(s); err != nil {
		return nil, err
	}
	if f != nil {
		x, said := twin.Existing(f.Cluster, sim.Account)
		if err := s.Region(region).Adopt(x); err != nil {
			return nil, fmt.Errorf("preparing the simulated region: %w", err)
		}
		for _, line := range said {
			fmt.Fprintln(a.Err, a.Style.Dim("simulated region: "+line))
		}
	}
	clk := clock.Virtual{World: s.World}
	c, err := awsc.New(ctx, awsc.Options{Region: region, Transport: s, Key: iam.Key, Secret: iam.Secret, Clock: clk})
	return &Target{AWS: c, Clock: clk, Workers: 1, Sim: s, Date: s.World.Date}, err
}
