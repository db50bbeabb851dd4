package steps

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// subnets finds the IDs of the cluster's subnets, live: by the IDs that the config
// names, or by their blocks in the cluster's VPC. zones and names narrow the choice.
func (e *Env) subnets(ctx context.Context, private bool, zones, names []string) ([]string, error) {
	c, err := e.Cluster(ctx)
	if err != nil {
		return nil, err
	}
	vpc := aws.ToString(c.ResourcesVpcConfig.VpcId)
	all, err := e.AWS.Subnets(ctx, vpc)
	if err != nil {
		return nil, fmt.Errorf("listing the subnets of %s: %w", vpc, err)
	}
	side := e.Net.Public
	word := "public"
	if private {
		side, word = e.Net.Private, "private"
	}
	var ids []string
	if len(names) > 0 {
		for _, n := range names {
			id, err := e.named(n, all)
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		return ids, nil
	}
	for _, s := range side {
		if len(zones) > 0 && !slices.Contains(zones, s.Zone) {
			continue
		}
		for _, x := range all {
			if s.ID == *x.SubnetId || s.ID == "" && s.CIDR == *x.CidrBlock {
				ids = append(ids, *x.SubnetId)
			}
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("the cluster's VPC %s has no %s subnets for this: vpc.subnets.%s lists none that exist", vpc, word, word)
	}
	return ids, nil
}

// named resolves a subnet by the config's name for it, its zone, or its ID.
func (e *Env) named(n string, live []ec2types.Subnet) (string, error) {
	for _, s := range slices.Concat(e.Net.Public, e.Net.Private) {
		if s.Key == n && s.ID != "" {
			return s.ID, nil
		}
		if s.Key == n {
			for _, x := range live {
				if *x.CidrBlock == s.CIDR {
					return *x.SubnetId, nil
				}
			}
		}
	}
	for _, x := range live {
		if *x.SubnetId == n {
			return n, nil
		}
	}
	return "", fmt.Errorf("the subnet %s does not exist in the cluster's VPC", n)
}
