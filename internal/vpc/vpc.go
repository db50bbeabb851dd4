// Package vpc says where a cluster lives: a VPC to make with its subnets laid out, or one
// that exists. It is pure data, and must not know how either is made or found.
package vpc

import (
	"net/netip"
	"slices"

	"go4.org/netipx"
)

// Subnet is one subnet of a cluster: existing ones have an ID.
type Subnet struct {
	Key  string `json:"key"` // how the config names it: a zone, unless it says otherwise
	ID   string `json:"id,omitempty"`
	Zone string `json:"zone"`
	CIDR string `json:"cidr"`
}

// Network is where a cluster lives: a VPC to make, or one that exists.
type Network struct {
	VPC     string   `json:"vpc,omitempty"` // ID of an existing VPC; "" to make one
	CIDR    string   `json:"cidr,omitempty"`
	Public  []Subnet `json:"public,omitempty"`
	Private []Subnet `json:"private,omitempty"`
}

// Split lays out the subnets of a new VPC as eksctl does: eight blocks (sixteen
// above four zones), public first.
func Split(cidr string, zones []string, public, private bool) Network {
	p := netip.MustParsePrefix(cidr)
	bits := p.Bits() + 3
	if len(zones) > 4 {
		bits++
	}
	var b netipx.IPSetBuilder
	b.AddPrefix(p)
	free, err := b.IPSet()
	if err != nil {
		panic(err) // one valid prefix is a set
	}
	var blocks []string
	for range 2 * len(zones) {
		block, rest, ok := free.RemoveFreePrefix(uint8(bits))
		if !ok {
			panic("vpc: " + cidr + " has no room for the subnets") // config refuses blocks this small
		}
		blocks, free = append(blocks, block.String()), rest
	}
	n := Network{CIDR: cidr}
	for i, z := range zones {
		if public {
			n.Public = append(n.Public, Subnet{Key: z, Zone: z, CIDR: blocks[i]})
		}
		if private {
			n.Private = append(n.Private, Subnet{Key: z, Zone: z, CIDR: blocks[len(zones)+i]})
		}
	}
	return n
}

// Zones are the zones of a network's subnets, sorted.
func (n Network) Zones() []string {
	var out []string
	for _, s := range slices.Concat(n.Public, n.Private) {
		if !slices.Contains(out, s.Zone) {
			out = append(out, s.Zone)
		}
	}
	slices.Sort(out)
	return out
}
