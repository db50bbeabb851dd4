package plan

import (
	"fmt"
	"slices"
)

// addresses tells where the subnets of the new group have too few for its nodes and the pods that
// move: the interfaces of the old nodes hold theirs until these go. It is told and not refused, as
// the network plugin may be given prefixes, or other subnets, which nobody here sees.
func (r *replacing) addresses(m relocation) {
	n := r.live.Network
	if r.Slices != nil || n == nil || r.cfg.IPv6() || r.greenStands() {
		return
	}
	free, subnets := 0, r.greenSubnets()
	for _, id := range subnets {
		s := n.Subnets[id]
		if s == nil {
			return // nobody knows
		}
		free += s.FreeAddresses
	}
	pods := 0
	for _, p := range r.live.Kubernetes.Pods {
		if slices.Contains(m.nodes, p.Node) && !p.OnHost {
			pods++
		}
	}
	if need := m.come + pods; len(subnets) > 0 && free < need {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("The subnets of %s have %d addresses free, and its %s and the %s that move take %d at the least, "+
			"as the old nodes hold theirs until they go: pods would wait for one. Give it other subnets (--file), or let it go in slices (--batch).",
			r.Green, free, counted(m.come, "node"), counted(pods, "pod"), need))
	}
}

// greenStands tells whether the new group is there already, or is being made.
func (r *replacing) greenStands() bool {
	g, _ := r.live.NodeGroup(r.Green)
	return g.Stack != nil
}

// greenSubnets are the subnets that the new group's nodes are in.
func (r *replacing) greenSubnets() (ids []string) {
	g := r.greenGroup()
	if len(g.Subnets) > 0 {
		return g.Subnets
	}
	for _, s := range r.greenSide() {
		if len(g.AvailabilityZones) == 0 || slices.Contains(g.AvailabilityZones, s.Zone) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}
