package read

import (
	"context"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/observe"
)

// keys finds the key pairs by eksctl's tag; EC2 does not page them.
func (o *observer) keys(ctx context.Context) error {
	d, err := o.c.EC2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{Filters: in("tag:alpha.eksctl.io/cluster-name", o.Name)})
	if err != nil {
		return err
	}
	o.KeyPairs = byKey[types.KeyPairInfo, observe.KeyPair](d.KeyPairs, func(k types.KeyPairInfo) *string { return k.KeyName })
	return nil
}
