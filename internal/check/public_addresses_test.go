package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestPublicAddresses(t *testing.T) {
	without := func(r *testregion.Region) {
		if _, err := r.Region.EC2.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: new("subnet-pb"),
			MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: new(false)}}); err != nil {
			t.Fatal(err)
		}
	}
	groups := "managedNodeGroups: [{name: g, desiredCapacity: 1}, {name: h, desiredCapacity: 1}, {name: p, desiredCapacity: 1, privateNetworking: true}]\n"
	finds(t, look(t, testregion.Cluster+existing+groups, without), "subnet-no-public-addresses", "vpc.subnets.public.us-west-2b",
		"aws ec2 modify-subnet-attribute --subnet-id subnet-pb --map-public-ip-on-launch --region us-west-2", "Ec2SubnetInvalidConfiguration")

	// Self-managed instances ask for the address themselves; other zones are not asked.
	for _, groups := range []string{"nodeGroups: [{name: g, desiredCapacity: 1}]\n", "managedNodeGroups: [{name: g, availabilityZones: [us-west-2a]}]\n"} {
		if fs := look(t, testregion.Cluster+existing+groups, without); len(fs) > 0 {
			t.Errorf("%s%v", groups, fs)
		}
	}
}
