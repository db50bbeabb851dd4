package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestSubnets(t *testing.T) {
	one := "vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}}}}\n"
	finds(t, look(t, testregion.Cluster+one, nil), "too-few-zones", "the subnets are all in us-west-2a")

	small := "vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a, cidr: 192.168.0.0/28}, us-west-2b: {id: subnet-b}}}}\n"
	fs := look(t, testregion.Cluster+small+"managedNodeGroups: [{name: g, availabilityZones: [us-west-2a], desiredCapacity: 40}]\n", nil)
	finds(t, fs, "too-few-addresses", "managedNodeGroups[0]", "11 free addresses, and its 40 nodes")

	two := "vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}}}\n"
	fs = look(t, testregion.Cluster+two+"managedNodeGroups: [{name: g, subnets: [subnet-c]}]\n", func(r *testregion.Region) {
		if _, err := r.Region.EC2.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: new("subnet-c")}); err != nil {
			t.Fatal(err)
		}
	})
	finds(t, fs, "subnet-not-found", "managedNodeGroups[0].subnets", "the VPC vpc-mine has no subnet subnet-c", "subnet-a (us-west-2a)")

	fs = look(t, testregion.Cluster+"vpc: {id: vpc-mine, subnets: {private: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}}}\nmanagedNodeGroups: [{name: g}]\n", nil)
	finds(t, fs, "no-subnets", "wants public subnets and the file names none", "set privateNetworking")
}
