package cli

import (
	"context"
	"fmt"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/rehearsal"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
)

// world is where a command acts: AWS, or an embedded simulated region.
type world struct {
	aws     *awsc.Clients
	clock   clock.Clock
	workers int
	sim     *sim.Sim
}

// workers against AWS: turns in flight at once. The simulated region takes one at
// a time, so that the same seed gives the same run.
const workers = 8

// open reaches the region that a config, a flag, or the AWS configuration names.
func (a *app) open(ctx context.Context, f *config.File) (*world, error) {
	region := a.region
	if region == "" && f != nil {
		region = f.Cluster.Metadata.Region
	}
	if f != nil && a.region != "" && a.region != f.Cluster.Metadata.Region {
		return nil, config.Problems{f.At("metadata.region", "is %s, and --region says %s", f.Cluster.Metadata.Region, a.region)}
	}
	if !a.sim {
		clk := clock.FromEnvironment()
		c, err := awsc.New(ctx, awsc.Options{Region: region, Profile: a.profile, Clock: clk})
		return &world{aws: c, clock: clk, workers: workers}, err
	}
	if region == "" {
		region = "us-west-2"
	}
	s := sim.New(sim.Options{Seed: a.seed, Start: time.Now()})
	if f != nil {
		x, said := rehearsal.Existing(f.Cluster, sim.Account)
		if err := s.Region(region).Adopt(x); err != nil {
			return nil, fmt.Errorf("preparing the simulated region: %w", err)
		}
		for _, line := range said {
			fmt.Fprintln(a.err, a.style.Dim("simulated region: "+line))
		}
	}
	clk := clock.Virtual{World: s.World}
	c, err := awsc.New(ctx, awsc.Options{Region: region, Transport: s, Key: iam.Key, Secret: iam.Secret, Clock: clk})
	return &world{aws: c, clock: clk, workers: 1, sim: s}, err
}
