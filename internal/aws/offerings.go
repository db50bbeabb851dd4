package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// Offerings are the zones, in their order, in which EC2 offers instance types; a type that is
// offered nowhere is not there.
func (c *Clients) Offerings(ctx context.Context, instanceTypes []string) (map[string][]string, error) {
	where := map[string][]string{}
	for part := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(instanceTypes))), 100) { // EC2 takes at most 200 values in a filter
		all, err := Collect(ctx, ec2.NewDescribeInstanceTypeOfferingsPaginator(c.EC2, &ec2.DescribeInstanceTypeOfferingsInput{
			LocationType: types.LocationTypeAvailabilityZone, Filters: []types.Filter{{Name: new("instance-type"), Values: part}}}),
			func(o *ec2.DescribeInstanceTypeOfferingsOutput) []types.InstanceTypeOffering {
				return o.InstanceTypeOfferings
			})
		if err != nil {
			return nil, err
		}
		for _, o := range all {
			where[string(o.InstanceType)] = append(where[string(o.InstanceType)], aws.ToString(o.Location))
		}
	}
	for _, zones := range where {
		slices.Sort(zones)
	}
	return where, nil
}
