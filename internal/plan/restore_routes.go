package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// gateways makes NAT gateways again that are gone, with the elastic IPs that they had.
func (r *restoration) gateways() {
	for _, id := range slices.Sorted(maps.Keys(network(r.Was).NATGateways)) {
		was := network(r.Was).NATGateways[id]
		if !works(was) || works(network(r.Live).NATGateways[id]) || !r.ours(was.Subnet) || !r.wants("network.natGateways", id) {
			continue
		}
		subnet := network(r.Was).Subnets[was.Subnet]
		if subnet == nil {
			r.cannot("NAT gateway %s: nothing tells of its subnet %s", id, was.Subnet)
			continue
		}
		if there := r.natIn(was.Subnet); there != "" {
			r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("The NAT gateway %s is in the subnet of %s, and takes its place.", there, id))
			r.gateway[id] = was.Subnet
			continue
		}
		if network(r.Live).Subnets[was.Subnet] == nil && r.place[was.Subnet] == (steps.Place{}) {
			r.cannot("NAT gateway %s: its subnet %s is gone, and is not brought back", id, was.Subnet)
			continue
		}
		address := ""
		for _, a := range was.Addresses {
			address = a.Allocation
		}
		if a := network(r.Live).Addresses[address]; a == nil {
			r.cannot("NAT gateway %s: its elastic IP %s was released, and another gateway would leave by another address", id, address)
			continue
		} else if a.Interface != "" {
			r.cannot("NAT gateway %s: its elastic IP %s is in use at %s", id, address, a.Interface)
			continue
		}
		r.gateway[id] = was.Subnet
		r.step(rules.Step{Kind: rules.NATGateway, Name: id}.Label(rules.With(rules.For, was.Subnet)), Create,
			fmt.Sprintf("NAT gateway in subnet %s, for %s", r.called(was.Subnet), id),
			&steps.NATGateway{Was: id, Place: steps.Place{VPC: subnet.VPC, CIDR: subnet.CIDR}, Address: address, Tags: ownTags(was.Tags)}, 105*time.Second)
	}
}

func works(n *observe.NATGateway) bool {
	return n != nil && (n.State == "" || n.State == "available" || n.State == "pending")
}

// natIn is a NAT gateway that works in the place of a subnet; "": there is none.
func (r *restoration) natIn(subnet string) string {
	here := subnet
	if id := r.now[subnet]; id != "" {
		here = id
	}
	for _, id := range slices.Sorted(maps.Keys(network(r.Live).NATGateways)) {
		if n := network(r.Live).NATGateways[id]; works(n) && n.Subnet == here {
			return id
		}
	}
	return ""
}

// routes brings back where the cluster's route tables lead.
func (r *restoration) routes() {
	for _, id := range slices.Sorted(maps.Keys(network(r.Was).RouteTables)) {
		was, now := network(r.Was).RouteTables[id], network(r.Live).RouteTables[id]
		serves := slices.ContainsFunc(was.Associations, func(a observe.Association) bool { return a.Subnet != "" && r.ours(a.Subnet) })
		if !serves && !r.stacked(r.Was, id) {
			continue
		}
		if now == nil {
			if r.wants("network.routeTables.exists", id) {
				r.cannot("route table %s: it is gone, and another one would serve no subnet", id)
			}
			continue
		}
		for _, want := range was.Routes {
			r.route(id, want, now)
		}
		r.routesSince(was, now)
	}
}

// route brings back one route of a table that is there.
func (r *restoration) route(table string, want observe.Route, now *observe.RouteTable) {
	to, key := want.Target(), table+" "+want.Block()
	if to == "local" || strings.HasPrefix(to, "vpce-") || want.State == "blackhole" || !r.wants("network.routes", key) {
		return
	}
	have := slices.IndexFunc(now.Routes, func(x observe.Route) bool { return x.Block() == want.Block() })
	run := &steps.Route{Table: table, Destination: want.Block(), To: to}
	title := fmt.Sprintf("route table %s: %s to %s", table, want.Block(), to)
	step := rules.Step{Kind: rules.Route, Name: key}
	if subnet, again := r.gateway[to]; again {
		s := network(r.Was).Subnets[subnet]
		run.To, run.ToNAT = "", &steps.Place{VPC: s.VPC, CIDR: s.CIDR}
		title = fmt.Sprintf("route table %s: %s to the NAT gateway in %s, which takes the place of %s", table, want.Block(), r.called(subnet), to)
		step = step.Label(rules.With(rules.For, to))
		if have >= 0 && now.Routes[have].State != "blackhole" && now.Routes[have].NATGateway == r.natIn(subnet) && r.natIn(subnet) != "" {
			return
		}
	} else if have >= 0 && now.Routes[have].Target() == to && now.Routes[have].State != "blackhole" {
		return
	} else if !r.leadsSomewhere(to) {
		r.cannot("the route of %s for %s: it led to %s, which is gone", table, want.Block(), to)
		return
	}
	action := Update
	if have < 0 {
		action = Create
	}
	r.step(step, action, title, run)
}

// leadsSomewhere tells whether what a route leads to is there, as far as it was looked for.
func (r *restoration) leadsSomewhere(to string) bool {
	n := network(r.Live)
	switch kind, _, _ := strings.Cut(to, "-"); kind {
	case "igw":
		return n.InternetGateways[to] != nil
	case "eigw":
		return n.EgressOnly[to] != nil
	case "nat":
		return works(n.NATGateways[to])
	}
	return to != ""
}

// routesSince names routes that somebody added.
func (r *restoration) routesSince(was, now *observe.RouteTable) {
	for _, x := range now.Routes {
		key := now.ID + " " + x.Block()
		had := slices.ContainsFunc(was.Routes, func(y observe.Route) bool { return y.Block() == x.Block() })
		if had || x.Gateway == "local" || strings.HasPrefix(x.Gateway, "vpce-") || !r.wants("network.routes.added", key) {
			continue
		}
		if r.since("the route of %s for %s", now.ID, x.Block()) {
			r.step(rules.Step{Kind: rules.RouteGoes, Name: key}, Delete, "route of "+now.ID+" for "+x.Block(),
				&steps.Route{Table: now.ID, Destination: x.Block(), Remove: true})
		}
	}
}
