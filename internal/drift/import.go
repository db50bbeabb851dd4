package drift

import (
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/record"
	"github.com/slipway-eks/slipway/internal/stack"
)

// takeIn adds what the stack takes in once its record is right: the live subnets of the
// control plane in the VPC that the stack made, and which route table each has. By eksctl's
// logical IDs, so that eksctl, which adds to a template what it misses there by name, does
// not make them again (eksctl#7720). What another stack or Terraform keeps stays theirs.
func (c *Correction) takeIn(t *Truths) {
	s := t.Live.Stacks[c.Stack]
	c.Again = strings.HasPrefix(s.Status, "IMPORT_")
	n := t.network()
	if n.VPC == nil || !slices.ContainsFunc(t.of("AWS::EC2::VPC"), func(r *record.Resource) bool { return r.Stack == c.Stack && r.PhysicalID == n.VPC.ID }) {
		return
	}
	taken := map[string]bool{} // logical IDs
	for id := range stack.ResourceReferences(s.Template) {
		taken[id] = !slices.Contains(c.Edit.Gone, id)
	}
	owners := owner.Of(t.Live, nil)
	for _, id := range t.attached() {
		subnet := n.Subnets[id]
		by, known := owners.At(owner.Ref{Kind: owner.Resource, Name: id})
		switch {
		case subnet == nil || known && by.Kind == owner.Contract:
			continue
		case known && by.Kind != owner.Person:
			c.Left = append(c.Left, "subnet "+id+" stays out of the stack: it is kept by "+by.String())
			continue
		}
		c.take(t, subnet, taken)
	}
}

// take adds one subnet, and the association with its route table.
func (c *Correction) take(t *Truths, s *observe.Subnet, taken map[string]bool) {
	n := t.network()
	kind, role := "Private", tagPrivate
	table := n.RoutesOf(s.ID)
	if t.public(s.ID) {
		kind, role = "Public", tagPublic
	}
	ipv6 := t.Live.Cluster.KubernetesNetworkConfig != nil && t.Live.Cluster.KubernetesNetworkConfig.IPFamily == "ipv6"
	names := stack.SubnetNames(kind, s.Zone, ipv6)
	free := func(id string) string {
		for more := id; ; more += "x" {
			if !taken[more] {
				taken[more] = true
				return more
			}
		}
	}
	logical := free(names.Subnet)
	if c.Import == nil {
		c.Import = map[string]stack.Imported{}
	}
	properties := map[string]any{"VpcId": s.VPC, "AvailabilityZone": s.Zone, "CidrBlock": s.CIDR}
	if s.PublicOnLaunch {
		properties["MapPublicIpOnLaunch"] = true
	}
	if s.IPv6OnCreation {
		properties["AssignIpv6AddressOnCreation"] = true
	}
	if len(s.IPv6CIDRs) > 0 {
		properties["Ipv6CidrBlock"] = s.IPv6CIDRs[0].Block
	}
	wanted := map[string]string{role: "1"}
	maps.Copy(wanted, s.Tags) // and the tag by which load balancers find it, as eksctl's templates have it
	var tags []any
	for _, k := range slices.Sorted(maps.Keys(wanted)) {
		if !strings.HasPrefix(k, "aws:") && t.Live.Stacks[c.Stack].Tags[k] == "" {
			tags = append(tags, map[string]any{"Key": k, "Value": wanted[k]})
		}
	}
	if tags != nil {
		properties["Tags"] = tags
	}
	c.Import[logical] = stack.Imported{Type: "AWS::EC2::Subnet", Identifier: map[string]string{"SubnetId": s.ID}, Properties: properties}
	if table == nil {
		return
	}
	for _, a := range table.Associations {
		if a.Subnet == s.ID {
			c.Import[free(names.Association)] = stack.Imported{Type: "AWS::EC2::SubnetRouteTableAssociation", Identifier: map[string]string{"Id": a.ID},
				Properties: map[string]any{"SubnetId": s.ID, "RouteTableId": table.ID}} // no reference: both are taken in at once
		}
	}
}
