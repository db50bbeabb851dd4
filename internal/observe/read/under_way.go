package read

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
)

// UnderWay is the update of EKS's that is in progress of a cluster, or of its node group or
// add-on, where one is named; nil: none is. EKS has one at a time of each.
func UnderWay(ctx context.Context, c *awsc.Clients, cluster string, group, addon *string) (*types.Update, error) {
	in := &eks.ListUpdatesInput{Name: &cluster, NodegroupName: group, AddonName: addon}
	ids, err := awsc.Collect(ctx, eks.NewListUpdatesPaginator(c.EKS, in), func(p *eks.ListUpdatesOutput) []string { return p.UpdateIds })
	if err != nil {
		return nil, fmt.Errorf("listing the updates of cluster %s: %w", cluster, err)
	}
	for _, id := range ids {
		u, err := c.EKS.DescribeUpdate(ctx, &eks.DescribeUpdateInput{Name: &cluster, NodegroupName: group, AddonName: addon, UpdateId: &id})
		if err != nil {
			return nil, fmt.Errorf("describing update %s of cluster %s: %w", id, cluster, err)
		}
		if u.Update.Status == types.UpdateStatusInProgress {
			return u.Update, nil
		}
	}
	return nil, nil
}
