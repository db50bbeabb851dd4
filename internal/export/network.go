package export

import (
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/record"
)

// network says where the cluster is: by block and zones where its stack made the VPC, by
// IDs where somebody else did, and in a portable file by block always.
func (d *draft) network() {
	n, of := d.live.Network, d.live.Cluster.ResourcesVPCConfig
	if n == nil || n.VPC == nil || of == nil {
		return
	}
	by, _ := d.own.At(owner.Ref{Kind: owner.Resource, Name: n.VPC.ID})
	if own := by.Kind == owner.Contract; own || d.portable {
		d.blocks(n, own)
		return
	}
	if d.recordedCluster() {
		return // the record says by which names
	}
	remove(d.Config, "vpc.cidr")
	remove(d.Config, "vpc.nat")
	remove(d.Config, "vpc.controlPlaneSubnetIDs")
	record.Put(d.Config, "vpc.id", n.VPC.ID)
	record.Put(d.Config, "vpc.subnets", d.subnets(n))
}

// blocks describe a VPC that is made with the cluster.
func (d *draft) blocks(n *observe.Network, own bool) {
	if !own {
		remove(d.Config, "vpc.id")
		remove(d.Config, "vpc.subnets")
	}
	if get(d.Config, "vpc.cidr") == nil {
		record.Put(d.Config, "vpc.cidr", n.VPC.CIDR)
	}
	if get(d.base, "vpc.nat.gateway") == nil {
		record.Put(d.Config, "vpc.nat.gateway", natMode(n))
		d.Config["availabilityZones"] = d.zones(n)
	}
	if !own {
		d.leave("vpc", "the VPC "+n.VPC.ID+" is of this account: the new cluster gets one of the same block, with subnets that Slipway divides")
	}
}

// natMode is how private subnets get out: one gateway, one in each zone, or none.
func natMode(n *observe.Network) string {
	live := 0
	for _, g := range n.NATGateways {
		if g.State == "" || g.State == "available" || g.State == "pending" {
			live++
		}
	}
	switch live {
	case 0:
		return "Disable"
	case 1:
		return "Single"
	}
	return "HighlyAvailable"
}

func (d *draft) zones(n *observe.Network) any {
	var out []string
	for _, s := range n.Subnets {
		if !slices.Contains(out, s.Zone) && (d.own.Holds(s.ID) || slices.Contains(d.live.Cluster.ResourcesVPCConfig.SubnetIDs, s.ID)) {
			out = append(out, s.Zone)
		}
	}
	slices.Sort(out)
	return plain(out)
}

// subnets are those of the control plane and of its groups, told apart by where they lead.
func (d *draft) subnets(n *observe.Network) map[string]any {
	ids := slices.Clone(d.live.Cluster.ResourcesVPCConfig.SubnetIDs)
	for _, g := range d.live.Groups {
		ids = append(ids, g.Subnets...)
	}
	for _, g := range d.live.ScalingGroups {
		ids = append(ids, strings.Split(g.VPCZoneIdentifier, ",")...)
	}
	slices.Sort(ids)
	sides := map[string]any{}
	for _, id := range slices.Compact(ids) {
		s := n.Subnets[id]
		if s == nil {
			if id != "" {
				d.leave("vpc.subnets", "the subnet "+id+" is named by EKS, and does not exist")
			}
			continue
		}
		side := "private"
		if public(n, id) {
			side = "public"
		}
		m, _ := sides[side].(map[string]any)
		if m == nil {
			m = map[string]any{}
			sides[side] = m
		}
		name := s.Zone
		if m[name] != nil {
			name = id
		}
		m[name] = map[string]any{"id": id}
	}
	return sides
}

// public tells whether a subnet's default route leads to an internet gateway.
func public(n *observe.Network, subnet string) bool {
	t := n.RoutesOf(subnet)
	return t != nil && slices.ContainsFunc(t.Routes, func(r observe.Route) bool {
		return (r.Destination == "0.0.0.0/0" || r.DestinationIPv6 == "::/0") && strings.HasPrefix(r.Gateway, "igw-")
	})
}
