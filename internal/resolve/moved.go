package resolve

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
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// Moved is the network of a cluster that stands and whose subnets somebody replaced:
// where none is left of those that were made with it, and a new node group wants one,
// the live ones that EKS names take their place. notes say so. The error is
// finding.Findings where EKS names none of that side.
func Moved(ctx context.Context, c *awsc.Clients, f *config.File, net vpc.Network, live *observe.Observed) (vpc.Network, []string, error) {
	cfg := f.Cluster
	if live.Cluster == nil || live.Cluster.ResourcesVPCConfig == nil || net.VPC != "" {
		return net, nil, nil // it is to be made, or the file names subnets that exist
	}
	wants := map[bool]string{} // by privacy: the first new group that wants such a subnet
	cfg.EachGroup(func(g config.Group) {
		private := config.On(g.PrivateNetworking, false)
		if live.Groups[g.Name] == nil && live.ScalingGroupOf(g.Name) == nil && len(g.Subnets) == 0 && wants[private] == "" {
			wants[private] = g.Path
		}
	})
	if len(wants) == 0 {
		return net, nil, nil
	}
	now, err := inVPC(ctx, c, live.Cluster.ResourcesVPCConfig)
	if awsc.Denied(err) {
		return net, []string{"Not checked: whether the subnets of the cluster still exist: " + awsc.Message(err)}, nil
	}
	if err != nil {
		return net, nil, err
	}
	var notes []string
	var missing finding.Findings
	for _, side := range []struct {
		private bool
		word    string
		subnets *[]vpc.Subnet
		live    []vpc.Subnet
	}{{false, "public", &net.Public, now.public}, {true, "private", &net.Private, now.private}} {
		at := wants[side.private]
		if at == "" || slices.ContainsFunc(*side.subnets, func(s vpc.Subnet) bool { return slices.Contains(now.blocks, s.CIDR) }) {
			continue
		}
		gone := fmt.Sprintf("%s has none of the %s subnets that the file means (%s)", live.Cluster.ResourcesVPCConfig.VPCID, side.word, blocks(*side.subnets))
		if len(side.live) == 0 {
			missing = append(missing, f.At("subnets-gone", at+".name", "the VPC %s, and EKS names no live %s subnet for its control plane", gone, side.word).
				With("name the group's subnets (subnets: [subnet-…]), or give the control plane live ones (vpc.controlPlaneSubnetIDs)"))
			continue
		}
		var ids []string
		for _, s := range side.live {
			ids = append(ids, s.ID)
		}
		notes = append(notes, fmt.Sprintf("The VPC %s: somebody replaced them, or the cluster was made otherwise. "+
			"New node groups go where EKS has the control plane: %s. To say otherwise, name a group's subnets.", gone, strings.Join(ids, ", ")))
		*side.subnets = side.live
	}
	if len(missing) > 0 {
		return net, notes, missing
	}
	return net, notes, nil
}

func blocks(of []vpc.Subnet) string {
	var out []string
	for _, s := range of {
		out = append(out, s.CIDR)
	}
	return strings.Join(out, ", ")
}

// present are the subnets of a VPC as they are now.
type present struct {
	blocks          []string     // of all of them
	public, private []vpc.Subnet // those that EKS names for the control plane
}

func inVPC(ctx context.Context, c *awsc.Clients, of *observe.VPCConfig) (present, error) {
	var out present
	subnets, err := c.Subnets(ctx, of.VPCID)
	if err != nil {
		return out, fmt.Errorf("listing the subnets of %s: %w", of.VPCID, err)
	}
	tables, err := c.RouteTables(ctx, of.VPCID)
	if err != nil {
		return out, fmt.Errorf("listing the route tables of %s: %w", of.VPCID, err)
	}
	for _, x := range subnets {
		s := vpc.Subnet{Key: aws.ToString(x.AvailabilityZone), ID: aws.ToString(x.SubnetId), Zone: aws.ToString(x.AvailabilityZone), CIDR: aws.ToString(x.CidrBlock)}
		out.blocks = append(out.blocks, s.CIDR)
		switch {
		case !slices.Contains(of.SubnetIDs, s.ID):
		case public(tables, s.ID):
			out.public = append(out.public, s)
		default:
			out.private = append(out.private, s)
		}
	}
	return out, nil
}

// public tells whether a subnet's route table leads to an internet gateway, which is what
// makes a subnet public (VPC user guide, "Subnet types").
func public(tables []ec2types.RouteTable, subnet string) bool {
	table := awsc.RouteTableOf(tables, subnet)
	return table != nil && slices.ContainsFunc(table.Routes, func(r ec2types.Route) bool {
		return strings.HasPrefix(aws.ToString(r.GatewayId), "igw-") && r.State != ec2types.RouteStateBlackhole
	})
}
