package read

import (
	"context"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
)

// AddonBegun tells whether an add-on's change was begun, and its gates have not opened yet.
func AddonBegun(ctx context.Context, c *awsc.Clients, live *observe.Observed, addon string) (bool, error) {
	if live.Cluster == nil || live.Kubernetes == nil {
		return false, nil
	}
	k, err := kube.Client(ctx, c, Described(live.Cluster))
	if err != nil {
		return false, err
	}
	b, err := kube.AddonBaseline(ctx, k, addon)
	return b != nil, err
}
