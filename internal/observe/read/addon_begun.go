package read

import (
	"context"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
)

// AddonBegun tells whether an add-on's change was begun, and its gates have not opened yet; and as
// what it was written down then.
func AddonBegun(ctx context.Context, c *awsc.Clients, live *observe.Observed, addon string) (begun bool, was string, err error) {
	if live.Cluster == nil || live.Kubernetes == nil {
		return false, "", nil
	}
	k, err := kube.Client(ctx, c, Described(live.Cluster))
	if err != nil {
		return false, "", err
	}
	b, err := kube.AddonBaseline(ctx, k, addon)
	if err != nil || b == nil {
		return false, "", err
	}
	return true, b.Was, nil
}
