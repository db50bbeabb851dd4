package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestWayOut(t *testing.T) {
	closed := func(r *testregion.Region) {
		out, err := r.AWS.EC2.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{Filters: []types.Filter{{Name: new("association.subnet-id"),
			Values: []string{"subnet-b"}}}})
		if err != nil || len(out.RouteTables) != 1 {
			t.Fatalf("%v %v", out, err)
		}
		if _, err := r.Region.EC2.DeleteRoute(nil, &ec2.DeleteRouteInput{RouteTableId: out.RouteTables[0].RouteTableId,
			DestinationCidrBlock: new("0.0.0.0/0")}); err != nil {
			t.Fatal(err)
		}
	}
	groups := "nodeGroups: [{name: g, desiredCapacity: 1, privateNetworking: true}]\n"
	finds(t, look(t, testregion.Cluster+existing+groups, closed), "subnet-no-route-out", "vpc.subnets.private.us-west-2b",
		"the subnet subnet-b has no route out",
		"the nodes of g could not join", "ec2, ecr.api, ecr.dkr, s3, sts")

	endpoints := func(r *testregion.Region) {
		closed(r)
		for _, s := range []string{"ec2", "ecr.api", "ecr.dkr", "s3", "sts"} {
			if _, err := r.Region.EC2.CreateVpcEndpoint(nil, &ec2.CreateVpcEndpointInput{VpcId: new("vpc-mine"),
				ServiceName: new("com.amazonaws.us-west-2." + s), VpcEndpointType: types.VpcEndpointTypeInterface}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if fs := look(t, testregion.Cluster+existing+groups, endpoints); len(fs) > 0 {
		t.Errorf("with endpoints: %v", fs)
	}
	if fs := look(t, testregion.Cluster+existing+"managedNodeGroups: [{name: g, desiredCapacity: 1}]\n", closed); len(fs) > 0 {
		t.Errorf("no node is in the closed subnet: %v", fs)
	}
}

func TestAVPCWithoutNATHasNoWayOut(t *testing.T) {
	text := testregion.Cluster + "vpc: {nat: {gateway: Disable}}\nmanagedNodeGroups: [{name: g, privateNetworking: true}]\n"
	finds(t, look(t, text, nil), "subnet-no-route-out", "managedNodeGroups[0].privateNetworking", "set vpc.nat.gateway to Single")
}
