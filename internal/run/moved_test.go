package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const withoutNAT = testregion.Cluster + "vpc: {nat: {gateway: Disable}}\n"

// replaced is a cluster whose public subnets somebody replaced by new ones, in the
// control plane too, and deleted.
func replaced(t *testing.T) (r *testregion.Region, now []string) {
	t.Helper()
	r = testregion.New(t, testregion.Load(t, withoutNAT), 1)
	if rep := drive(t, r, prepare(t, r, withoutNAT)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	return r, replace(t, r)
}

// replace does that to a cluster that stands.
func replace(t *testing.T, r *testregion.Region) (now []string) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := r.AWS.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: new("test")})
	must(err)
	vpcID := c.Cluster.ResourcesVpcConfig.VpcId
	filter := []ec2types.Filter{{Name: new("vpc-id"), Values: []string{*vpcID}}}
	tables, err := r.AWS.EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filter})
	must(err)
	console := r.Region.EC2 // whoever did it, did it elsewhere
	var out *string         // the table that leads to the internet
	var were []ec2types.RouteTableAssociation
	for _, x := range tables.RouteTables {
		for _, route := range x.Routes {
			if route.GatewayId != nil && strings.HasPrefix(*route.GatewayId, "igw-") {
				out, were = x.RouteTableId, x.Associations
			}
		}
	}
	for zone, block := range map[string]string{"us-west-2a": "192.168.192.0/20", "us-west-2b": "192.168.208.0/20", "us-west-2c": "192.168.224.0/20"} {
		s, err := console.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: vpcID, CidrBlock: &block, AvailabilityZone: &zone})
		must(err)
		now = append(now, *s.Subnet.SubnetId)
		_, err = console.AssociateRouteTable(nil, &ec2.AssociateRouteTableInput{RouteTableId: out, SubnetId: s.Subnet.SubnetId})
		must(err)
		_, err = console.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: s.Subnet.SubnetId,
			MapPublicIpOnLaunch: &ec2types.AttributeBooleanValue{Value: new(true)}})
		must(err)
	}
	_, err = r.AWS.EKS.UpdateClusterConfig(ctx, &eks.UpdateClusterConfigInput{Name: new("test"), ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: now}})
	must(err)
	r.Sim.World.Advance(time.Hour)
	for _, a := range were {
		if a.SubnetId == nil {
			continue
		}
		_, err = console.DisassociateRouteTable(nil, &ec2.DisassociateRouteTableInput{AssociationId: a.RouteTableAssociationId})
		must(err)
		_, err = console.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: a.SubnetId})
		must(err)
	}
	return now
}

// The second failure: with the control plane's subnets replaced and the old ones deleted,
// a new node group goes where EKS has the control plane now, and the plan says so.
func TestANodeGroupIsMadeWhereTheControlPlaneIsNow(t *testing.T) {
	r, now := replaced(t)
	text := withoutNAT + "managedNodeGroups: [{name: m, desiredCapacity: 1}]\n"
	s := prepare(t, r, text)
	notes := strings.Join(s.Plan.Notes, "\n")
	for _, want := range append([]string{"has none of the public subnets that the file means (192.168.0.0/19", "New node groups go where EKS has the control plane"}, now...) {
		if !strings.Contains(notes, want) {
			t.Errorf("the plan does not say %q: %s", want, notes)
		}
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("m")})
	if err != nil || len(g.Nodegroup.Subnets) != 3 {
		t.Fatalf("%+v %v", g, err)
	}
	for _, id := range g.Nodegroup.Subnets {
		if !strings.Contains(strings.Join(now, " "), id) {
			t.Errorf("the group is in %s", id)
		}
	}
	if p := prepare(t, r, text).Plan; !p.Empty() {
		t.Errorf("a second plan has %v", p.Entries)
	}
}

// Who may not look is told that nobody looked: where the subnets stand, the group is made all
// the same; where they are gone, nobody can tell which others are public.
func TestWhoMayNotLookAtSubnetsIsTold(t *testing.T) {
	const text = withoutNAT + "managedNodeGroups: [{name: m, desiredCapacity: 1}]\n"
	r := up(t, withoutNAT)
	r.Region.IAM.Deny("ec2:DescribeRouteTables")
	if notes := strings.Join(prepare(t, r, text).Plan.Notes, "\n"); !strings.Contains(notes, "Not checked: whether the subnets of the cluster still exist") ||
		!strings.Contains(notes, "Not checked: whether nodes can live in the subnets: the route tables of vpc-") {
		t.Error(notes)
	}
	r, _ = replaced(t)
	r.Region.IAM.Deny("ec2:DescribeRouteTables")
	_, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, text))
	if err == nil || !strings.Contains(err.Error(), "has none of the cluster's") || !strings.Contains(err.Error(), "ec2:DescribeRouteTables") {
		t.Error(err)
	}
}

// Where EKS names none of the wanted kind either, the plan is refused with what to do.
func TestANodeGroupWithoutALiveSubnetIsRefused(t *testing.T) {
	r, now := replaced(t)
	private, err := r.AWS.EC2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range private.Subnets {
		if !slices.Contains(now, *x.SubnetId) {
			if _, err := r.Region.EC2.DeleteSubnet(nil, &ec2.DeleteSubnetInput{SubnetId: x.SubnetId}); err != nil {
				t.Fatal(err)
			}
		}
	}
	text := withoutNAT + "managedNodeGroups: [{name: m, desiredCapacity: 1, privateNetworking: true}]\n"
	_, err = run.Prepare(t.Context(), r.AWS, testregion.Load(t, text))
	fs, ok := finding.Of(err)
	if !ok || fs[0].Code != "subnets-gone" || !strings.Contains(err.Error(), "no live private subnet") {
		t.Errorf("%v", err)
	}
}
