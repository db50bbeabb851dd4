package plan

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// subnets makes those again that are gone, and brings back what is theirs.
func (r *restoration) subnets() {
	for _, id := range slices.Sorted(maps.Keys(network(r.Was).Subnets)) {
		was := network(r.Was).Subnets[id]
		if !r.ours(id) || len(r.Subnets) > 0 && !slices.Contains(r.Subnets, id) {
			continue
		}
		place := steps.Place{VPC: was.VPC, CIDR: was.CIDR}
		now := network(r.Live).Subnets[id]
		if now == nil {
			if now = r.twin(was); now != nil {
				r.place[id], r.now[id] = place, now.ID
				r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("The subnet %s has the block and the zone of %s, and takes its place.", now.ID, id))
			} else if !r.makeAgain(id, was, place) {
				continue
			}
		}
		r.attributes(id, was, now, place)
		r.tagsOf(id, was, now, place)
		r.tableOf(id, now, place)
		r.aclOf(id, now, place)
	}
	for _, id := range r.Subnets {
		if network(r.Was).Subnets[id] == nil {
			r.stop("restore-unknown", "subnet "+id, "is not in the earlier state, and nothing tells what it was",
				"name a snapshot that has it (slipway snapshot list "+r.Name+"), or leave it out")
		}
	}
}

// ours tells whether a subnet was the cluster's: its VPC may hold others'.
func (r *restoration) ours(id string) bool {
	if slices.Contains(r.Subnets, id) || slices.Contains(attachment(r.Was).SubnetIDs, id) {
		return true
	}
	for _, g := range r.Was.Groups {
		if slices.Contains(g.Subnets, id) {
			return true
		}
	}
	for _, g := range r.Was.ScalingGroups {
		if strings.Contains(g.VPCZoneIdentifier, id) {
			return true
		}
	}
	return r.stacked(r.Was, id)
}

// stacked tells whether a stack of the cluster made a thing.
func (r *restoration) stacked(o *observe.Observed, id string) bool {
	for _, s := range o.Stacks {
		if slices.ContainsFunc(s.Resources, func(x observe.StackResource) bool { return x.PhysicalID == id }) {
			return true
		}
	}
	return false
}

// twin is a live subnet that has the block of one that is gone, in its zone: somebody made
// it again already, or we did, in a run that was interrupted.
func (r *restoration) twin(was *observe.Subnet) *observe.Subnet {
	for _, id := range slices.Sorted(maps.Keys(network(r.Live).Subnets)) {
		s := network(r.Live).Subnets[id]
		if s.VPC == was.VPC && s.CIDR == was.CIDR && (s.Zone == was.Zone || was.ZoneID != "" && s.ZoneID == was.ZoneID) {
			return s
		}
	}
	return nil
}

// makeAgain adds the step that makes a subnet again, or says why it cannot be.
func (r *restoration) makeAgain(id string, was *observe.Subnet, place steps.Place) bool {
	if !r.wants("network.subnets.exists", id) {
		return false
	}
	switch {
	case network(r.Live).VPC == nil || network(r.Live).VPC.ID != was.VPC:
		r.cannot("subnet %s: its VPC %s is not the cluster's any more, or is gone", id, was.VPC)
		return false
	case was.IPv6Native || was.CIDR == "":
		r.cannot("subnet %s: it had no IPv4 block, or nothing tells which", id)
		return false
	case was.Zone == "":
		r.cannot("subnet %s (%s): nothing tells in which zone it was", id, was.CIDR)
		return false
	}
	remedy := "free the block, or leave the subnet out: --subnet with the others, or --only"
	if taken := r.overlaps(was.CIDR); taken != nil {
		r.stop("restore-block-taken", "subnet "+id, fmt.Sprintf("cannot be made again: its block %s is taken by the subnet %s (%s, in %s)",
			was.CIDR, taken.ID, taken.CIDR, taken.Zone), remedy)
		return false
	}
	if v := network(r.Live).VPC; !inside(was.CIDR, blocks(v)) {
		r.stop("restore-block-outside", "subnet "+id, fmt.Sprintf("cannot be made again: the VPC %s has its block %s no longer", v.ID, was.CIDR),
			"give the VPC the block again (aws ec2 associate-vpc-cidr-block), or leave the subnet out: --subnet with the others, or --only")
		return false
	}
	for _, b := range was.IPv6CIDRs {
		if v := network(r.Live).VPC; !inside(b.Block, blocks(v)) {
			r.stop("restore-block-outside", "subnet "+id, fmt.Sprintf("cannot be made again: the VPC %s has its IPv6 block %s no longer", v.ID, b.Block),
				"leave the subnet out: --subnet with the others, or --only")
			return false
		}
	}
	run := &steps.Subnet{Was: id, Place: place, Zone: was.ZoneID, Outpost: was.OutpostARN, Tags: ownTags(was.Tags)}
	if run.Zone == "" {
		run.Zone = was.Zone
	}
	title := fmt.Sprintf("subnet %s in %s, for %s", was.CIDR, was.Zone, id)
	for _, b := range was.IPv6CIDRs {
		if taken := r.overlaps(b.Block); taken != nil {
			r.stop("restore-block-taken", "subnet "+id, fmt.Sprintf("cannot be made again: its IPv6 block %s is taken by the subnet %s", b.Block, taken.ID), remedy)
			return false
		}
		run.IPv6 = b.Block
	}
	if len(r.place) == len(r.now) { // the first of them
		r.plan.Notes = append(r.plan.Notes, "AWS gives subnets that are made again new IDs; which replaced which is said at the end.")
	}
	r.place[id] = place
	r.step(rules.Step{Kind: rules.Subnet, Name: id}, Create, title, run)
	return true
}

// overlaps is a live subnet that has a part of a block; nil: none has.
func (r *restoration) overlaps(block string) *observe.Subnet {
	p, err := netip.ParsePrefix(block)
	if err != nil {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(network(r.Live).Subnets)) {
		s := network(r.Live).Subnets[id]
		has := []string{s.CIDR}
		for _, b := range s.IPv6CIDRs {
			has = append(has, b.Block)
		}
		for _, b := range has {
			if q, err := netip.ParsePrefix(b); err == nil && q.Overlaps(p) {
				return s
			}
		}
	}
	return nil
}

// blocks are a VPC's, of both kinds.
func blocks(v *observe.VPC) []string {
	out := []string{v.CIDR}
	for _, b := range v.CIDRs {
		out = append(out, b.Block)
	}
	for _, b := range v.IPv6CIDRs {
		out = append(out, b.Block)
	}
	return out
}

func inside(block string, of []string) bool {
	p, err := netip.ParsePrefix(block)
	return err == nil && slices.ContainsFunc(of, func(b string) bool {
		q, err := netip.ParsePrefix(b)
		return err == nil && q.Contains(p.Addr()) && q.Bits() <= p.Bits()
	})
}

// ownTags are those that a caller may set: AWS keeps its own.
func ownTags(tags observe.Tags) map[string]string {
	out := map[string]string{}
	for k, v := range tags {
		if !strings.HasPrefix(k, "aws:") {
			out[k] = v
		}
	}
	return out
}

// ofSubnet is a step about a subnet, by the ID that it had in the earlier state.
func ofSubnet(kind, id string) rules.Step { return rules.Step{Kind: kind, Name: id} }

// attributes brings back what a subnet gives its instances. now is nil for one that is made
// again, which has AWS's defaults then.
func (r *restoration) attributes(id string, was, now *observe.Subnet, place steps.Place) {
	if now == nil {
		now = &observe.Subnet{PrivateDNSLaunch: map[string]any{"HostnameType": "ip-name"}}
	}
	run := &steps.SubnetAttributes{Place: place}
	var what []string
	differs := func(field, name string, was, now bool) *bool {
		if was == now || !r.wants("network.subnets."+field, id) {
			return nil
		}
		what = append(what, fmt.Sprintf("%s %t", name, was))
		return &was
	}
	run.PublicOnLaunch = differs("publicOnLaunch", "public addresses", was.PublicOnLaunch, now.PublicOnLaunch)
	run.IPv6OnCreation = differs("ipv6OnCreation", "IPv6 addresses", was.IPv6OnCreation, now.IPv6OnCreation)
	run.DNS64 = differs("dns64", "DNS64", was.DNS64, now.DNS64)
	if a, ok := was.PrivateDNSLaunch.(map[string]any); ok {
		b, _ := now.PrivateDNSLaunch.(map[string]any)
		if h, _ := a["HostnameType"].(string); h != "" && h != b["HostnameType"] && r.wants("network.subnets.dns", id) {
			run.HostnameType = h
			what = append(what, "host names "+h)
		}
		set := func(m map[string]any, k string) bool { v, _ := m[k].(bool); return v }
		const a4, a6 = "EnableResourceNameDnsARecord", "EnableResourceNameDnsAAAARecord"
		run.RecordA = differs("dns", "DNS A records", set(a, a4), set(b, a4))
		run.RecordAAAA = differs("dns", "DNS AAAA records", set(a, a6), set(b, a6))
	}
	if len(what) > 0 {
		r.step(ofSubnet(rules.SubnetAttributes, id), Update, "subnet "+r.called(id)+": "+strings.Join(what, ", "), run)
	}
}

// called is a subnet for a title: the ID that it has, or had, with its block where it is
// another by now.
func (r *restoration) called(id string) string {
	if p, moved := r.place[id]; moved {
		return p.CIDR
	}
	return id
}

// tagsOf brings back tags; those of one that is made again come with it.
func (r *restoration) tagsOf(id string, was, now *observe.Subnet, place steps.Place) {
	if now == nil || !r.wants("network.subnets.tags", id) {
		return
	}
	missing, want := map[string]string{}, ownTags(was.Tags)
	for k, v := range want {
		if x, ok := now.Tags[k]; !ok || x != v {
			missing[k] = v
		}
	}
	if len(missing) > 0 {
		r.step(ofSubnet(rules.SubnetTags, id), Update, "subnet "+r.called(id)+": tags "+strings.Join(keys(missing), ", "),
			&steps.SubnetTags{Place: place, Tags: missing})
	}
	var extra []string
	for k := range ownTags(now.Tags) {
		if _, had := want[k]; !had {
			extra = append(extra, k)
		}
	}
	slices.Sort(extra)
	if len(extra) > 0 && r.since("tags of subnet %s: %s", r.called(id), strings.Join(extra, ", ")) {
		r.step(ofSubnet(rules.SubnetTagsGo, id), Delete, "tags of subnet "+r.called(id)+": "+strings.Join(extra, ", "),
			&steps.SubnetTags{Place: place, Remove: extra})
	}
}

// tableOf brings back which route table serves a subnet.
func (r *restoration) tableOf(id string, now *observe.Subnet, place steps.Place) {
	was := network(r.Was).RoutesOf(id)
	if was == nil || !r.wants("network.subnets.routeTable", id) {
		return
	}
	here := ""
	if now != nil {
		here = now.ID
	}
	if have := network(r.Live).RoutesOf(here); have != nil && have.ID == was.ID {
		return
	}
	if network(r.Live).RouteTables[was.ID] == nil {
		r.cannot("the route table %s of subnet %s: it is gone; the VPC's main table serves the subnet, and leads where that leads", was.ID, r.called(id))
		return
	}
	r.step(ofSubnet(rules.SubnetRoutes, id), Update, "subnet "+r.called(id)+": route table "+was.ID, &steps.SubnetRoutes{Place: place, Table: was.ID})
}

// aclOf brings back which network ACL guards a subnet.
func (r *restoration) aclOf(id string, now *observe.Subnet, place steps.Place) {
	was := guard(r.Was, id)
	if was == nil || !r.wants("network.subnets.acl", id) {
		return
	}
	var have *observe.ACL
	if now != nil {
		have = guard(r.Live, now.ID)
	} else {
		for _, a := range network(r.Live).ACLs {
			if a.IsDefault {
				have = a
			}
		}
	}
	if have != nil && have.ID == was.ID {
		return
	}
	if network(r.Live).ACLs[was.ID] == nil {
		r.cannot("the network ACL %s of subnet %s: it is gone; the VPC's default one guards the subnet", was.ID, r.called(id))
		return
	}
	r.step(ofSubnet(rules.SubnetACL, id), Update, "subnet "+r.called(id)+": network ACL "+was.ID, &steps.SubnetACL{Place: place, ACL: was.ID})
}

// guard is the network ACL of a subnet; nil: it is not known.
func guard(o *observe.Observed, subnet string) *observe.ACL {
	for _, a := range network(o).ACLs {
		if slices.ContainsFunc(a.Associations, func(x observe.ACLAssociation) bool { return x.Subnet == subnet }) {
			return a
		}
	}
	return nil
}
