package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
)

// services that a node must reach to join and to pull its images (EKS user guide,
// "Deploy private clusters with limited internet access").
var nodeServices = []string{"ec2", "ecr.api", "ecr.dkr", "s3", "sts"}

var wayOut = Check{
	Name:   "way-out",
	Title:  "Nodes' subnets have a route out, or endpoints for what nodes need",
	Source: "ec2:DescribeRouteTables, ec2:DescribeVpcEndpoints",
	Codes:  []string{"subnet-no-route-out", "cannot-read"},
	When:   Preflight | Doctor,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		if in.Net.VPC == "" {
			return in.noNAT()
		}
		tables, err := in.routeTables(ctx)
		if err != nil {
			return in.unseen("the route tables of "+in.Net.VPC, err)
		}
		endpoints, err := in.vpcEndpoints(ctx)
		if err != nil {
			return in.unseen("the endpoints of "+in.Net.VPC, err)
		}
		byID, err := in.subnetsByID(ctx)
		if err != nil {
			return in.unseen(in.theSubnets(), err)
		}
		missing := in.missingEndpoints(endpoints)
		var out finding.Findings
		var said []string
		in.groups(func(g config.Group) {
			for _, s := range in.subnetsOf(g) {
				table := awsc.RouteTableOf(tables, s.ID)
				if _, there := byID[s.ID]; !there { // its own finding
					continue
				}
				if s.ID == "" || slices.Contains(said, s.ID) || table == nil || leadsOut(table) || len(missing) == 0 {
					continue
				}
				said = append(said, s.ID)
				f := in.at(
					"subnet-no-route-out",
					in.pathOf(g, s),
					fmt.Sprintf("add a default route to %s (NAT gateway, internet gateway, transit gateway), or VPC endpoints for %s",
						aws.ToString(table.RouteTableId), strings.Join(missing, ", ")),
					"the subnet %s has no route out: its route table %s has no default route, and the VPC has no endpoints for %s",
					s.ID,
					aws.ToString(table.RouteTableId),
					strings.Join(missing, ", "),
				)
				f.Breaks = "the nodes of " + g.Name + " could not join"
				out = append(out, f)
			}
		})
		return out
	},
}

// noNAT: the VPC is to be made, without NAT, and nodes are to be in private subnets.
func (in *Input) noNAT() finding.Findings {
	var out finding.Findings
	if in.Live.Cluster != nil || in.Config.VPC.NAT.Gateway != "Disable" || in.Config.IPv6() {
		return nil
	}
	in.groups(func(g config.Group) {
		if config.On(g.PrivateNetworking, false) {
			f := in.at("subnet-no-route-out", g.Path+".privateNetworking", "set vpc.nat.gateway to Single, or privateNetworking to false",
				"with vpc.nat.gateway: Disable the private subnets have no route out")
			f.Breaks = "the nodes of " + g.Name + " could not join"
			out = append(out, f)
		}
	})
	return out
}

// missingEndpoints are the services that nodes need and the VPC has no endpoint for.
func (in *Input) missingEndpoints(endpoints []ec2types.VpcEndpoint) []string {
	var out []string
	for _, s := range nodeServices {
		if !slices.ContainsFunc(endpoints, func(e ec2types.VpcEndpoint) bool {
			return strings.HasSuffix(aws.ToString(e.ServiceName), "."+in.AWS.Region+"."+s)
		}) {
			out = append(out, s)
		}
	}
	return out
}

// leadsOut tells whether a table has a default route to something that stands.
func leadsOut(t *ec2types.RouteTable) bool {
	return slices.ContainsFunc(t.Routes, func(r ec2types.Route) bool {
		everywhere := aws.ToString(r.DestinationCidrBlock) == "0.0.0.0/0" || aws.ToString(r.DestinationIpv6CidrBlock) == "::/0" ||
			r.DestinationPrefixListId != nil && r.TransitGatewayId != nil
		return everywhere && r.State != ec2types.RouteStateBlackhole
	})
}
