package sim

import (
	"slices"

	"github.com/slipway-eks/slipway/internal/sim/ec2"
)

// known tells whether AWS has a region of that name.
func known(region string) bool { return slices.Contains(ec2.Regions, region) }
