package resolve

import (
	"context"
	"fmt"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// Standing is where a live cluster is: its VPC, and those subnets that exist of the ones
// that EKS has its control plane in, told apart by where their routes lead.
func Standing(ctx context.Context, c *awsc.Clients, live *observe.Observed) (vpc.Network, error) {
	of := live.Cluster.ResourcesVPCConfig
	if of == nil {
		return vpc.Network{}, fmt.Errorf("EKS says of cluster %s no VPC", live.Name)
	}
	now, err := inVPC(ctx, c, of)
	return vpc.Network{VPC: of.VPCID, Public: now.public, Private: now.private}, err
}
