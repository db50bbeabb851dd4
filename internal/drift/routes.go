package drift

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
)

// Where a subnet's default route leads, in words.
const (
	toInternet = "an internet gateway"
	toNAT      = "a NAT gateway"
	nowhere    = "nowhere"
	blackhole  = "something that is gone"
)

// leads is where a route table leads traffic that stays not in the VPC.
type leads struct{ to, id string }

// way finds a table's default route for IPv4.
func way(table *observe.RouteTable) leads {
	if table == nil {
		return leads{to: nowhere}
	}
	for _, r := range table.Routes {
		if r.Destination != "0.0.0.0/0" {
			continue
		}
		id := r.Target()
		switch {
		case r.State == "blackhole":
			return leads{blackhole, id}
		case strings.HasPrefix(id, "igw-"):
			return leads{toInternet, id}
		case strings.HasPrefix(id, "nat-"):
			return leads{toNAT, id}
		}
		return leads{id, id}
	}
	return leads{to: nowhere}
}

// routes are fields of route tables and of their subnets.
var routes = []Field{
	{
		Path: "network.subnets.routeTable", Doc: "The route table that serves a subnet.",
		From:  networking,
		Needs: []string{"the subnets", "the route tables", "the NAT gateways"},
		Things: func(t *Truths) []Thing {
			var out []Thing
			for _, r := range t.of("AWS::EC2::SubnetRouteTableAssociation") {
				id, ok := r.Text("SubnetId")
				if ok && t.network().Subnets[id] != nil {
					out = append(out, Thing{id, r})
				}
			}
			return out
		},
		Want: property("RouteTableId", nil),
		Live: func(t *Truths, x Thing) Reading {
			if table := t.network().RoutesOf(x.Key); table != nil {
				return says(table.ID)
			}
			return says(nil)
		},
		Judge: judgeTable,
	},
	{
		Path: "network.routeTables.exists", Doc: "A route table that the stack made exists.",
		From:   networking,
		Needs:  []string{"the subnets", "the route tables", "the NAT gateways"},
		Things: func(t *Truths) []Thing { return t.made("AWS::EC2::RouteTable") },
		Want:   exists, Live: func(t *Truths, x Thing) Reading { return there(t.network().RouteTables[x.Key] != nil, x) },
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity, d.Breaks = Gone, finding.Warning, []string{eksctlUpgrade + ": an update of the stack touches it"}
			d.What = "the route table " + x.Key + " does not exist any more"
			d.About = About{Resource: x.Key, Calls: []string{"DeleteRouteTable"}}
		},
	},
	{
		Path: "network.routes", Doc: "Where each route that the stack made leads.",
		From:  networking,
		Needs: []string{"the subnets", "the route tables", "the NAT gateways"},
		Things: func(t *Truths) []Thing {
			var out []Thing
			for _, r := range t.of("AWS::EC2::Route") {
				table, ok := r.Text("RouteTableId")
				if ok && t.network().RouteTables[table] != nil {
					out = append(out, Thing{table + " " + toward(r), r})
				}
			}
			return out
		},
		Want: func(_ *Truths, x Thing) Reading {
			for _, k := range targets {
				if v, set := x.Data.(*record.Resource).Properties[k]; set {
					if v == record.Unknown {
						return Reading{Unknown: "what the template says of " + k + " cannot be known"}
					}
					return says(v)
				}
			}
			return silent
		},
		Live: func(t *Truths, x Thing) Reading {
			r := x.Data.(*record.Resource)
			for _, have := range t.network().RouteTables[text(r.Properties["RouteTableId"])].Routes {
				if have.Block() == toward(r) {
					if have.State == "blackhole" {
						return says(have.Target() + ", which is gone")
					}
					return says(have.Target())
				}
			}
			return says(nil)
		},
		Judge: judgeRoute,
	},
	{
		Path: "network.routes.added", Doc: "Routes in the stack's tables that somebody added.",
		From:  networking,
		Needs: []string{"the subnets", "the route tables", "the NAT gateways"},
		Things: func(t *Truths) []Thing {
			return slices.DeleteFunc(t.made("AWS::EC2::RouteTable"), func(x Thing) bool { return t.network().RouteTables[x.Key] == nil })
		},
		Want: func(t *Truths, x Thing) Reading {
			want := []string{}
			for _, r := range t.of("AWS::EC2::Route") {
				if r.Properties["RouteTableId"] == x.Key {
					want = append(want, toward(r))
				}
			}
			return says(want)
		},
		Live: func(t *Truths, x Thing) Reading {
			have := []string{}
			for _, r := range t.network().RouteTables[x.Key].Routes {
				if r.Gateway != "local" && !strings.HasPrefix(r.Gateway, "vpce-") { // endpoints of gateways add their own
					have = append(have, r.Block())
				}
			}
			return says(have)
		},
		Same: func(want, live any) bool { _, extra := sets(want, live); return len(extra) == 0 },
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity, d.Lacks = Foreign, finding.Info, nil
			d.What = "somebody added routes to " + x.Key + ": " + list(d.Extra)
			d.About = About{Resource: x.Key, Calls: []string{"CreateRoute"}}
		},
	},
}

// targets are the properties of AWS::EC2::Route that say where it leads.
var targets = []string{"GatewayId", "NatGatewayId", "EgressOnlyInternetGatewayId", "TransitGatewayId", "VpcPeeringConnectionId",
	"NetworkInterfaceId", "InstanceId"}

func toward(r *record.Resource) string {
	for _, k := range []string{"DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"} {
		if d := text(r.Properties[k]); d != "" {
			return d
		}
	}
	return ""
}

func judgeTable(t *Truths, x Thing, d *Difference) {
	table := text(d.Recorded.Is)
	was, now := way(t.network().RouteTables[table]), way(t.network().RoutesOf(x.Key))
	d.What = fmt.Sprintf("the subnet %s is served by route table %v, not %s; its traffic leads to %s", x.Key, d.Live.Is, table, now.to)
	d.Severity = finding.Warning
	if was.to != now.to {
		d.Severity = finding.Error
		d.Breaks = []string{"nodes in it get out by another way, or not at all: images are not pulled, nodes do not join"}
	}
	d.About = About{Resource: x.Key, Calls: []string{"AssociateRouteTable", "DisassociateRouteTable", "ReplaceRouteTableAssociation"}}
	if t.network().RouteTables[table] == nil {
		return
	}
	for _, a := range t.network().RoutesOf(x.Key).Associations {
		if a.Subnet == x.Key {
			d.Repairs = []Repair{t.ask("gives the subnet the stack's route table again", "ec2", "ReplaceRouteTableAssociation",
				map[string]any{"AssociationId": a.ID, "RouteTableId": table})}
			return
		}
	}
	d.Repairs = []Repair{t.ask("gives the subnet the stack's route table again", "ec2", "AssociateRouteTable",
		map[string]any{"SubnetId": x.Key, "RouteTableId": table})}
}

func judgeRoute(t *Truths, x Thing, d *Difference) {
	r := x.Data.(*record.Resource)
	table, want := text(r.Properties["RouteTableId"]), text(d.Recorded.Is)
	d.Severity = finding.Error
	d.Breaks = []string{"nodes behind it cannot get out: images are not pulled, nodes do not join"}
	d.About = About{Resource: table, Calls: []string{"DeleteRoute", "ReplaceRoute"}}
	request := map[string]any{"RouteTableId": table}
	for _, k := range append(slices.Clone(targets), "DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId") {
		if v := text(r.Properties[k]); v != "" {
			request[k] = v
		}
	}
	if request["EgressOnlyInternetGatewayId"] != nil || strings.HasPrefix(want, "igw-") || t.network().NATGateways[want] != nil {
		does, operation := "leads it there again", "ReplaceRoute"
		if d.Live.Is == nil {
			does, operation = "makes the route again", "CreateRoute"
		}
		d.Repairs = []Repair{t.ask(does, "ec2", operation, request)}
	}
	if d.Live.Is == nil {
		d.Kind, d.What = Missing, fmt.Sprintf("route table %s has no route for %s, which the stack leads to %s", table, toward(r), want)
		return
	}
	d.What = fmt.Sprintf("route table %s leads %s to %v, not to %s", table, toward(r), d.Live.Is, want)
	if gone := t.network().NATGateways[want] == nil && strings.HasPrefix(want, "nat-"); gone {
		d.About = About{Resource: want, Calls: []string{"DeleteNatGateway"}}
		return
	}
	if !strings.HasSuffix(text(d.Live.Is), "gone") {
		d.Severity, d.Breaks = finding.Warning, []string{"nodes behind it get out by another way"}
	}
}
