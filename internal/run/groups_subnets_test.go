package run_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// ground is a cluster in the VPC that its stack made, which a case changes.
type ground struct {
	*testregion.Region
	t   *testing.T
	vpc string
}

// subnet is one of the cluster's, by what stack calls it and its zone.
func (g ground) subnet(side, zone string) string {
	g.t.Helper()
	all, err := g.AWS.EC2.DescribeSubnets(g.t.Context(), &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: new("vpc-id"), Values: []string{g.vpc}},
		{Name: new("availability-zone"), Values: []string{zone}}}})
	must(g.t, err)
	for _, s := range all.Subnets {
		if *s.MapPublicIpOnLaunch == (side == "public") {
			return *s.SubnetId
		}
	}
	g.t.Fatalf("no %s subnet in %s", side, zone)
	return ""
}

// made is a new subnet, in the cluster's VPC or in another one.
func (g ground) made(vpc, cidr, zone string) string {
	g.t.Helper()
	s, err := g.Region.Region.EC2.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &cidr, AvailabilityZone: &zone})
	must(g.t, err)
	return *s.Subnet.SubnetId
}

// closed takes the default route from the table that serves a subnet.
func (g ground) closed(subnet string) {
	g.t.Helper()
	out, err := g.AWS.EC2.DescribeRouteTables(g.t.Context(), &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{{Name: new("association.subnet-id"),
		Values: []string{subnet}}}})
	must(g.t, err)
	_, err = g.Region.Region.EC2.DeleteRoute(nil, &ec2.DeleteRouteInput{RouteTableId: out.RouteTables[0].RouteTableId, DestinationCidrBlock: new("0.0.0.0/0")})
	must(g.t, err)
}

func (g ground) silent(subnet string) {
	g.t.Helper()
	_, err := g.Region.Region.EC2.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: &subnet,
		MapPublicIpOnLaunch: &ec2types.AttributeBooleanValue{Value: new(false)}})
	must(g.t, err)
}

// The subnets of a new node group are asked whether nodes can live in them, in the VPC that
// the cluster's stack made too, whether a file or flags describe the group.
func TestSubnetsOfANewGroupAreChecked(t *testing.T) {
	standing := stood(t, testregion.Cluster)
	type group = map[string]any
	for _, c := range []struct {
		name string
		do   func(ground) group // what is done to the region, and the group that is wanted then
		says []string
		not  bool // checks of subnets do not find it: it is refused all the same without them
	}{
		{"gone", func(g ground) group {
			return group{"subnets": []string{"subnet-0123456789abcdef0"}}
		}, []string{"subnet-not-found", "has no subnet subnet-0123456789abcdef0"}, false},
		{"another VPC's", func(g ground) group {
			v, err := g.Region.Region.EC2.CreateVpc(nil, &ec2.CreateVpcInput{CidrBlock: new("10.9.0.0/16")})
			must(t, err)
			return group{"subnets": []string{g.made(*v.Vpc.VpcId, "10.9.0.0/20", "us-west-2a")}}
		}, []string{"subnet-not-found", "it does not exist, or is another VPC's"}, false},
		{"too small", func(g ground) group {
			s := g.made(g.vpc, "192.168.255.0/28", "us-west-2a")
			g.routed(s, g.subnet("private", "us-west-2a"))
			return group{"subnets": []string{s}, "desiredCapacity": 40, "maxSize": 40}
		}, []string{"too-few-addresses", "11 free addresses, and its 40 nodes"}, false},
		{"public, without addresses", func(g ground) group {
			g.silent(g.subnet("public", "us-west-2b"))
			return group{}
		}, []string{"subnet-no-public-addresses", "modify-subnet-attribute --subnet-id subnet-", "Ec2SubnetInvalidConfiguration"}, false},
		{"public by its route, without addresses", func(g ground) group {
			s := g.made(g.vpc, "192.168.192.0/20", "us-west-2a")
			g.routed(s, g.subnet("public", "us-west-2a"))
			return group{"subnets": []string{s}, "privateNetworking": true}
		}, []string{"subnet-no-public-addresses"}, false},
		{"private, without a way out", func(g ground) group {
			g.closed(g.subnet("private", "us-west-2c"))
			return group{"privateNetworking": true}
		}, []string{"subnet-no-route-out", "has no default route", "the nodes of g could not join"}, false},
		{"named, without a way out", func(g ground) group {
			return group{"subnets": []string{g.made(g.vpc, "192.168.192.0/20", "us-west-2a")}}
		}, []string{"subnet-no-route-out"}, false},
		{"no room in the quota", func(g ground) group {
			g.Region.Region.EC2.Quotas.VCPUs = 3
			return group{"desiredCapacity": 2}
		}, []string{"quota-vcpus", "want 4 vCPUs"}, true},
		{"a type that its zone does not have", func(g ground) group {
			s := g.made(g.vpc, "192.168.192.0/20", "us-west-2d")
			g.routed(s, g.subnet("private", "us-west-2a"))
			return group{"subnets": []string{s}, "instanceType": "c3.large"}
		}, []string{"type-not-in-zones", "c3.large is not offered in us-west-2d"}, true},
		{"a zone without a subnet", func(g ground) group {
			return group{"availabilityZones": []string{"us-west-2d"}}
		}, []string{"no-subnets", "public subnets in us-west-2d"}, false},
	} {
		for _, from := range []string{"file", "flags"} {
			t.Run(c.name+", from "+from, func(t *testing.T) {
				r := testregion.Again(t, standing)
				d, err := r.AWS.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: new("cidr"), Values: []string{"192.168.0.0/16"}}}})
				must(t, err)
				want := c.do(ground{r, t, *d.Vpcs[0].VpcId})
				want["name"] = "g"
				_, err = wanted(t, r, from, want, run.Wish{})
				if fs, _ := finding.Of(err); len(fs) != 1 || fs[0].Code != c.says[0] {
					t.Errorf("%v, expected %s", err, c.says[0])
				}
				for _, s := range c.says[1:] {
					if err == nil || !strings.Contains(err.Error(), s) {
						t.Errorf("%v, expected %q", err, s)
					}
				}
				s, err := wanted(t, r, from, want, run.Wish{SkipSubnets: true})
				switch {
				case c.not:
					if err == nil {
						t.Error("without checks of subnets it passes")
					}
				case err != nil:
					t.Errorf("without checks of subnets: %v", err)
				case !strings.Contains(strings.Join(s.Plan.Notes, "\n"), "Not checked, as it was asked for: whether the subnets exist"):
					t.Errorf("it does not say what was not checked: %v", s.Plan.Notes)
				}
			})
		}
	}
}

// routed gives a subnet the route table that serves another one.
func (g ground) routed(subnet, as string) {
	g.t.Helper()
	out, err := g.AWS.EC2.DescribeRouteTables(g.t.Context(), &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{{Name: new("association.subnet-id"),
		Values: []string{as}}}})
	must(g.t, err)
	_, err = g.Region.Region.EC2.AssociateRouteTable(nil, &ec2.AssociateRouteTableInput{RouteTableId: out.RouteTables[0].RouteTableId, SubnetId: &subnet})
	must(g.t, err)
}

// wanted prepares one new managed group, beside one in the file that stands and is not asked about.
func wanted(t *testing.T, r *testregion.Region, from string, group map[string]any, w run.Wish) (*run.Session, error) {
	t.Helper()
	if from == "flags" {
		return run.PrepareGroup(t.Context(), r.AWS, "test", run.NewGroup{Managed: true, Properties: group}, w)
	}
	b, err := json.Marshal(group)
	must(t, err)
	w.GroupsAlone = true
	return run.PrepareWith(t.Context(), r.AWS, testregion.Load(t, fmt.Sprintf("%smanagedNodeGroups: [%s]\n", testregion.Cluster, b)), w)
}

// What stands is not asked whether it could be made: its subnets may be full, and its type
// offered no more.
func TestOnlyTheGroupsThatAreMadeAreChecked(t *testing.T) {
	const two = testregion.Cluster + "managedNodeGroups: [{name: w, desiredCapacity: 1, privateNetworking: true, instanceType: c3.large}, {name: g, desiredCapacity: 1}]\n"
	r := up(t, testregion.Cluster+"managedNodeGroups: [{name: w, desiredCapacity: 1, privateNetworking: true, instanceType: c3.large}]\n")
	d, err := r.AWS.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: new("cidr"), Values: []string{"192.168.0.0/16"}}}})
	must(t, err)
	g := ground{r, t, *d.Vpcs[0].VpcId}
	g.closed(g.subnet("private", "us-west-2a"))
	s := groupsOnly(t, r, testregion.Load(t, two), run.Wish{})
	if k := kinds(s); k[rules.NodeGroup] != 1 || s.Live.Groups["w"] == nil {
		t.Errorf("the plan has %v", k)
	}
}
