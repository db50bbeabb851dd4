package drift

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Wanted is the cluster as it should be, by the record and by the file where one is given:
// what is live, with what was wanted put over it. What nobody says, and what somebody added
// beside it, stays as it is live. A restore without a snapshot goes by it.
func Wanted(t *Truths) *observe.Observed {
	out := &observe.Observed{}
	copied(t.Live, out)
	if out.Network == nil {
		out.Network = &observe.Network{}
	}
	w := &wanted{t, out, out.Network, map[string]any{}}
	if t.Desired != nil {
		copied(t.Desired, &w.file)
	}
	w.vpc()
	w.subnets()
	w.associations()
	w.routes()
	w.gateways()
	w.rules()
	if out.Cluster != nil {
		w.controlPlane()
		w.groups()
	}
	return out
}

// copied copies plain data.
func copied(from, to any) {
	b, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		panic(fmt.Sprintf("drift: %v", err)) // observations and configs are plain data
	}
}

type wanted struct {
	*Truths
	out *observe.Observed
	net *observe.Network

	file map[string]any // what is desired, as plain JSON
}

// held is a map that can be written to.
func held[T any](m *map[string]T) map[string]T {
	if *m == nil {
		*m = map[string]T{}
	}
	return *m
}

// flag is a switch of a recorded resource, or AWS's default; is stays where it cannot be known.
func flag(r *record.Resource, name string, otherwise, is bool) bool {
	switch v := property(name, otherwise)(nil, Thing{Data: r}).Is.(type) {
	case bool:
		return v
	}
	return is
}

// said is a text of a recorded resource; "": it does not say, or it cannot be known.
func said(r *record.Resource, property string) string {
	if s, ok := r.Text(property); ok {
		return s
	}
	return ""
}

func (w *wanted) vpc() {
	for _, x := range w.made("AWS::EC2::VPC") {
		v, r := w.net.VPC, x.Data.(*record.Resource)
		if v == nil || v.ID != x.Key || v.DNSSupport == nil || v.DNSHostnames == nil {
			continue
		}
		*v.DNSSupport = flag(r, "EnableDnsSupport", true, *v.DNSSupport)
		*v.DNSHostnames = flag(r, "EnableDnsHostnames", false, *v.DNSHostnames)
	}
}

// subnets are those of the stack; one that is gone is as its template has it.
func (w *wanted) subnets() {
	for _, x := range w.made("AWS::EC2::Subnet") {
		r := x.Data.(*record.Resource)
		s := w.net.Subnets[x.Key]
		if s == nil {
			s = &observe.Subnet{ID: x.Key, Tags: observe.Tags{}}
			s.VPC = said(r, "VpcId")
			s.CIDR = said(r, "CidrBlock")
			s.Zone = said(r, "AvailabilityZone")
			s.ZoneID = said(r, "AvailabilityZoneId")
			if stack := w.Live.Stacks[r.Stack]; stack != nil { // CloudFormation gives resources their stack's tags
				maps.Copy(s.Tags, stack.Tags)
			}
			held(&w.net.Subnets)[x.Key] = s
			if block := said(r, "Ipv6CidrBlock"); block != "" {
				s.IPv6CIDRs = append(s.IPv6CIDRs, observe.IPv6CIDR{Block: block})
			}
			for _, b := range w.of("AWS::EC2::SubnetCidrBlock") {
				if block, ok := b.Text("Ipv6CidrBlock"); ok && b.Properties["SubnetId"] == x.Key {
					s.IPv6CIDRs = append(s.IPv6CIDRs, observe.IPv6CIDR{Block: block})
				}
			}
		}
		s.PublicOnLaunch = flag(r, "MapPublicIpOnLaunch", false, s.PublicOnLaunch)
		s.IPv6OnCreation = flag(r, "AssignIpv6AddressOnCreation", false, s.IPv6OnCreation)
		s.DNS64 = flag(r, "EnableDns64", false, s.DNS64)
		if s.Tags == nil {
			s.Tags = observe.Tags{}
		}
		l, _ := r.Properties["Tags"].([]any)
		for _, tag := range l {
			m, _ := tag.(map[string]any)
			if k, v := text(m["Key"]), text(m["Value"]); k != "" && !strings.Contains(v, record.Unknown) {
				if have, there := s.Tags[k]; !there || (k != tagPublic && k != tagPrivate) || have != "" {
					s.Tags[k] = v
				}
			}
		}
	}
}

// associations are the route tables of the stack's subnets.
func (w *wanted) associations() {
	for _, r := range w.of("AWS::EC2::SubnetRouteTableAssociation") {
		subnet, ok := r.Text("SubnetId")
		id, known := r.Text("RouteTableId")
		if !ok || !known || w.net.Subnets[subnet] == nil {
			continue
		}
		for _, t := range w.net.RouteTables {
			t.Associations = slices.DeleteFunc(t.Associations, func(a observe.Association) bool { return a.Subnet == subnet })
		}
		table := held(&w.net.RouteTables)[id]
		if table == nil {
			table = &observe.RouteTable{ID: id}
			w.net.RouteTables[id] = table
		}
		table.Associations = append(table.Associations, observe.Association{Subnet: subnet})
	}
}

// routes are the stack's; others in its tables stay.
func (w *wanted) routes() {
	for _, r := range w.of("AWS::EC2::Route") {
		id := said(r, "RouteTableId")
		table := w.net.RouteTables[id]
		if table == nil {
			continue
		}
		want := observe.Route{Destination: said(r, "DestinationCidrBlock"), DestinationIPv6: said(r, "DestinationIpv6CidrBlock"),
			DestinationPrefix: said(r, "DestinationPrefixListId")}
		for property, into := range map[string]*string{"GatewayId": &want.Gateway, "NatGatewayId": &want.NATGateway, "EgressOnlyInternetGatewayId": &want.EgressOnly,
			"TransitGatewayId": &want.TransitGateway, "VpcPeeringConnectionId": &want.Peering, "NetworkInterfaceId": &want.Interface, "InstanceId": &want.Instance} {
			*into = said(r, property)
		}
		if want.Target() == "" || want.Block() == "" {
			continue // what the template says of it cannot be known
		}
		table.Routes = slices.DeleteFunc(table.Routes, func(x observe.Route) bool { return x.Block() == want.Block() })
		table.Routes = append(table.Routes, want)
	}
}

// gateways are the stack's NAT gateways, with their elastic IPs.
func (w *wanted) gateways() {
	for _, x := range w.made("AWS::EC2::NatGateway") {
		r := x.Data.(*record.Resource)
		if n := w.net.NATGateways[x.Key]; n != nil && (n.State == "available" || n.State == "pending") {
			continue
		}
		n := &observe.NATGateway{ID: x.Key, State: "available", Tags: observe.Tags{}}
		n.Subnet = said(r, "SubnetId")
		a := observe.NATAddress{}
		a.Allocation = said(r, "AllocationId")
		if s := w.Live.Stacks[r.Stack]; s != nil {
			maps.Copy(n.Tags, s.Tags)
			for _, id := range stack.ResourceReferences(s.Template)[r.LogicalID] {
				for _, e := range w.of("AWS::EC2::EIP") {
					if e.Stack == r.Stack && e.LogicalID == id {
						a.PublicIP = e.PhysicalID // as CloudFormation names an address
					}
				}
			}
		}
		n.Addresses = append(n.Addresses, a)
		held(&w.net.NATGateways)[x.Key] = n
	}
}

// rules are those that the groups need; others' stay.
func (w *wanted) rules() {
	for _, x := range w.made("AWS::EC2::SecurityGroup") {
		if held(&w.net.SecurityGroups)[x.Key] == nil {
			w.net.SecurityGroups[x.Key] = &observe.SecurityGroup{ID: x.Key, Name: x.Data.(*record.Resource).LogicalID}
		}
	}
	for _, x := range groupsWithRules(w.Truths) {
		g, have := w.net.SecurityGroups[x.Key], w.allowed(x.Key)
		for _, r := range w.needed(x.Key) {
			if slices.ContainsFunc(have, func(h rule) bool { return h.covers(r) }) {
				continue
			}
			if r.out {
				g.Egress = append(g.Egress, r.observed())
			} else {
				g.Ingress = append(g.Ingress, r.observed())
			}
		}
	}
}

// observed is the rule as EC2 answers.
func (r rule) observed() observe.Rule {
	out := observe.Rule{Protocol: r.protocol}
	if r.protocol != "-1" {
		out.From, out.To = &r.from, &r.to
	}
	switch {
	case strings.HasPrefix(r.peer, "sg-"):
		out.Groups = append(out.Groups, observe.RulePair{Group: r.peer})
	case strings.HasPrefix(r.peer, "pl-"):
		out.Prefixes = append(out.Prefixes, observe.RuleList{ID: r.peer})
	case strings.Contains(r.peer, ":"):
		out.IPv6 = append(out.IPv6, observe.RuleIPv6{CIDR: r.peer})
	default:
		out.CIDRs = append(out.CIDRs, observe.RuleCIDR{CIDR: r.peer})
	}
	return out
}

// claimed is what the file says at a path, where it does, or the record; nil: nobody does.
func (w *wanted) claimed(path string) any {
	if w.Desired != nil && w.Declared != nil && w.Declared(path) {
		if v := at(w.file, path); v != nil {
			return v
		}
	}
	return at(w.Claims, path)
}

func at(tree any, path string) any {
	for _, k := range strings.Split(path, ".") {
		m, _ := tree.(map[string]any)
		tree = m[k]
	}
	return tree
}

// controlPlane is what EKS changes in place.
func (w *wanted) controlPlane() {
	c := w.out.Cluster
	put := func(path string, into any) {
		if v := w.claimed(path); v != nil {
			copied(v, into)
		}
	}
	if v := c.ResourcesVPCConfig; v != nil {
		put("vpc.clusterEndpoints.publicAccess", &v.EndpointPublicAccess)
		put("vpc.clusterEndpoints.privateAccess", &v.EndpointPrivateAccess)
		put("vpc.publicAccessCIDRs", &v.PublicAccessCIDRs)
		put("vpc.controlPlaneSubnetIDs", &v.SubnetIDs)
		put("vpc.controlPlaneSecurityGroupIDs", &v.SecurityGroupIDs)
		for _, list := range []*observe.Set{&v.PublicAccessCIDRs, &v.SubnetIDs, &v.SecurityGroupIDs} {
			slices.Sort(*list)
		}
	}
	if l, ok := w.claimed("cloudWatch.clusterLogging.enableTypes").([]any); ok {
		c.Logging = &observe.Logging{ClusterLogging: []observe.LogSetup{{Enabled: true, Types: texts(l)}}}
	}
	if c.UpgradePolicy != nil {
		put("upgradePolicy.supportType", &c.UpgradePolicy.SupportType)
	}
	if c.ZonalShiftConfig != nil {
		put("zonalShiftConfig.enabled", &c.ZonalShiftConfig.Enabled)
	}
	if c.ControlPlaneScalingConfig != nil {
		put("controlPlaneScalingConfig.tier", &c.ControlPlaneScalingConfig.Tier)
	}
	if w.claimed("iam.withOIDC") == true && w.out.OIDCProvider == nil && c.Identity != nil && c.Identity.OIDC != nil {
		w.out.OIDCProvider = &observe.OIDCProvider{URL: c.Identity.OIDC.Issuer}
	}
}

// groups are the managed node groups, and what only Auto Scaling knows of any.
func (w *wanted) groups() {
	groups, _ := at(w.Claims, "managedNodeGroups").([]any)
	for _, x := range groups {
		g := w.out.Groups[text(at(x, "name"))]
		if g == nil {
			continue
		}
		if l, ok := at(x, "labels").(map[string]any); ok {
			for k, v := range l {
				held(&g.Labels)[k] = text(v)
			}
		}
		if l, ok := at(x, "taints").([]any); ok {
			g.Taints = nil
			copied(taints(l, nil)["addOrUpdateTaints"], &g.Taints)
		}
		if g.ScalingConfig != nil {
			whole(at(x, "minSize"), &g.ScalingConfig.MinSize)
			whole(at(x, "maxSize"), &g.ScalingConfig.MaxSize)
		}
		if g.UpdateConfig != nil {
			whole(at(x, "updateConfig.maxUnavailable"), &g.UpdateConfig.MaxUnavailable)
		}
		if on, ok := at(x, "nodeRepairConfig.enabled").(bool); ok && g.NodeRepairConfig != nil {
			g.NodeRepairConfig.Enabled = on
		}
	}
	for _, g := range w.out.ScalingGroups {
		if m := w.out.Groups[g.Nodegroup]; m != nil && m.ScalingConfig != nil {
			g.MinSize, g.MaxSize = m.ScalingConfig.MinSize, m.ScalingConfig.MaxSize
			if !equal(anything(split(g.VPCZoneIdentifier)), anything(m.Subnets)) {
				g.VPCZoneIdentifier = strings.Join(m.Subnets, ",")
			}
			want := w.suspensions(g.Nodegroup)
			g.SuspendedProcesses = slices.DeleteFunc(g.SuspendedProcesses, func(p observe.Suspended) bool { return !slices.Contains(want, p.ProcessName) })
		}
	}
}

// whole sets a number where one is said.
func whole(v any, into *int) {
	if n, ok := v.(float64); ok {
		*into = int(n)
	}
}
