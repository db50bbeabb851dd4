package drift

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
)

// rule is one permission of a security group: a direction, a protocol with its ports, and
// one peer. However many a request or a template bundles, they are compared one by one.
type rule struct {
	out      bool
	protocol string // -1: all
	from, to int
	peer     string // a block, a group, or a prefix list
}

// words are the rule for a person: in tcp 443 from sg-1.
func (r rule) words() string {
	ports := &observe.PortRange{From: r.from, To: r.to}
	if r.protocol == "-1" {
		ports = nil
	}
	what := traffic(cmp.Or(protocolNumbers[r.protocol], r.protocol), ports)
	if r.out {
		return "out " + what + " to " + r.peer
	}
	return "in " + what + " from " + r.peer
}

var protocolNumbers = map[string]string{"tcp": "6", "udp": "17", "icmp": "1"}

// covers tells whether a rule lets through all that another does.
func (r rule) covers(x rule) bool {
	switch {
	case r.out != x.out || r.peer != x.peer:
		return false
	case r.protocol == "-1":
		return true
	}
	return r.protocol == x.protocol && r.from <= x.from && r.to >= x.to
}

// securityGroups are fields of the groups that nodes and control plane need.
var securityGroups = []Field{
	{
		Path: "network.securityGroups.exists", Cheap: true, Doc: "A security group that a stack made, or that the control plane has, exists.",
		From:  networking,
		Needs: []string{"the security groups"},
		Things: func(t *Truths) []Thing {
			out := t.made("AWS::EC2::SecurityGroup")
			if c := t.Live.Cluster; c != nil && c.ResourcesVPCConfig != nil {
				for _, id := range append(slices.Clone(c.ResourcesVPCConfig.SecurityGroupIDs), c.ResourcesVPCConfig.ClusterSecurityGroupID) {
					if id != "" && !slices.ContainsFunc(out, func(x Thing) bool { return x.Key == id }) {
						out = append(out, Thing{Key: id})
					}
				}
			}
			return out
		},
		Want: exists, Live: func(t *Truths, x Thing) Reading {
			return there(t.network().SecurityGroups[x.Key] != nil, x)
		},
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity, d.What = Gone, finding.Error, "the security group "+x.Key+" does not exist any more"
			d.Breaks = []string{upgradeFails + " (SecurityGroupNotFound), or " + nodegroupFails}
			d.About = About{Resource: x.Key, Calls: []string{"DeleteSecurityGroup"}}
		},
	},
	{
		Path: "network.rules", Doc: "The rules that nodes and control plane need, one by one; others' are foreign.",
		From:   networking,
		Needs:  []string{"the security groups"},
		Things: groupsWithRules,
		Want:   func(t *Truths, x Thing) Reading { return says(inWords(t.needed(x.Key))) },
		Live: func(t *Truths, x Thing) Reading {
			want, have := t.needed(x.Key), t.allowed(x.Key)
			var out []rule
			for _, w := range want {
				if slices.ContainsFunc(have, func(h rule) bool { return h.covers(w) }) {
					out = append(out, w)
				}
			}
			for _, h := range have {
				if !slices.ContainsFunc(want, func(w rule) bool { return w.covers(h) || h.covers(w) }) {
					out = append(out, h)
				}
			}
			return says(inWords(out))
		},
		Judge: judgeRules,
	},
}

func inWords(rules []rule) []string {
	out := []string{}
	for _, r := range rules {
		out = append(out, r.words())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// groupsWithRules are the groups that a stack made and EKS's own, which are there.
func groupsWithRules(t *Truths) []Thing {
	var out []Thing
	for _, x := range t.made("AWS::EC2::SecurityGroup") {
		if t.network().SecurityGroups[x.Key] != nil {
			out = append(out, x)
		}
	}
	if c := t.Live.Cluster; c != nil && c.ResourcesVPCConfig != nil {
		if id := c.ResourcesVPCConfig.ClusterSecurityGroupID; t.network().SecurityGroups[id] != nil {
			out = append(out, Thing{Key: id})
		}
	}
	return out
}

// needed are the rules that a group should have: those of the stacks, of its own resource
// and of others', and those that EKS gives its own group (EKS user guide, "Amazon EKS
// security group requirements").
func (t *Truths) needed(group string) []rule {
	var out []rule
	egress := false
	for _, r := range t.Resources {
		switch {
		case r.Type == "AWS::EC2::SecurityGroup" && r.PhysicalID == group:
			for property, isOut := range map[string]bool{"SecurityGroupIngress": false, "SecurityGroupEgress": true} {
				l, set := r.Properties[property].([]any)
				egress = egress || isOut && set
				for _, x := range l {
					m, _ := x.(map[string]any)
					out = append(out, templated(m, isOut)...)
				}
			}
		case r.Type == "AWS::EC2::SecurityGroupIngress" && r.Properties["GroupId"] == group:
			out = append(out, templated(r.Properties, false)...)
		case r.Type == "AWS::EC2::SecurityGroupEgress" && r.Properties["GroupId"] == group:
			out = append(out, templated(r.Properties, true)...)
		}
	}
	if !egress { // EC2 lets everything out of a group that says nothing
		out = append(out, rule{out: true, protocol: "-1", peer: "0.0.0.0/0"})
	}
	if c := t.Live.Cluster; c != nil && c.ResourcesVPCConfig != nil && c.ResourcesVPCConfig.ClusterSecurityGroupID == group {
		out = append(out, rule{protocol: "-1", peer: group})
	}
	return out
}

// templated is a rule as templates write it; nothing where its peer cannot be known.
func templated(m map[string]any, out bool) []rule {
	r := rule{out: out, protocol: text(m["IpProtocol"]), from: port(m["FromPort"]), to: port(m["ToPort"])}
	for _, k := range []string{"SourceSecurityGroupId", "DestinationSecurityGroupId", "CidrIp", "CidrIpv6", "SourcePrefixListId", "DestinationPrefixListId"} {
		r.peer = cmp.Or(r.peer, text(m[k]))
	}
	if r.peer == "" || r.peer == record.Unknown {
		return nil
	}
	if r.protocol == "-1" {
		r.from, r.to = 0, 0
	}
	return []rule{r}
}

func port(v any) int {
	switch x := v.(type) {
	case float64:
		return int(x)
	case string:
		n, err := strconv.Atoi(x)
		if err == nil {
			return n
		}
	}
	return 0
}

// allowed are a group's rules as EC2 answers, but those of load balancers' controllers.
func (t *Truths) allowed(group string) []rule {
	g := t.network().SecurityGroups[group]
	var out []rule
	add := func(of observe.Rule, isOut bool) {
		r := rule{out: isOut, protocol: of.Protocol}
		if of.Protocol != "-1" && of.From != nil && of.To != nil {
			r.from, r.to = *of.From, *of.To
		}
		peer := func(id, description string) {
			if !observe.OfBalancers(description) && !t.balancer(id) {
				r.peer = id
				out = append(out, r)
			}
		}
		for _, x := range of.CIDRs {
			peer(x.CIDR, x.Description)
		}
		for _, x := range of.IPv6 {
			peer(x.CIDR, x.Description)
		}
		for _, x := range of.Groups {
			peer(x.Group, x.Description)
		}
		for _, x := range of.Prefixes {
			peer(x.ID, x.Description)
		}
	}
	for _, r := range g.Ingress {
		add(r, false)
	}
	for _, r := range g.Egress {
		add(r, true)
	}
	return out
}

// balancer tells whether a group is a load balancer's.
func (t *Truths) balancer(group string) bool {
	g := t.network().SecurityGroups[group]
	return g != nil && (strings.HasPrefix(g.Name, "k8s-elb-") || g.Tags["elbv2.k8s.aws/cluster"] != "")
}

func judgeRules(t *Truths, x Thing, d *Difference) {
	name := x.Key
	if r, ok := x.Data.(*record.Resource); ok {
		name += " (" + r.LogicalID + ")"
	} else {
		name += " (EKS's cluster security group)"
	}
	if len(d.Lacks) == 0 && t.Live.Stacks[clusterStack(t)] == nil {
		return // without a record, nobody knows what was wanted beside what EKS needs
	}
	if len(d.Lacks) == 0 {
		d.Kind, d.Severity = Foreign, finding.Info
		d.What = fmt.Sprintf("somebody added rules to the security group %s: %s", name, list(d.Extra))
		d.About = About{Resource: x.Key, Calls: []string{"AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"}}
		return
	}
	d.Kind, d.Severity = Missing, finding.Error
	d.What = fmt.Sprintf("the security group %s has not the rules it needs: %s", name, list(d.Lacks))
	d.About = About{Resource: x.Key, Calls: []string{"RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "ModifySecurityGroupRules"}}
	var in, out []any
	for _, r := range t.needed(x.Key) {
		if !slices.Contains(d.Lacks, r.words()) {
			continue
		}
		d.Breaks = append(d.Breaks, t.breaks(x.Key, r))
		if p := r.permission(); r.out {
			out = append(out, p)
		} else {
			in = append(in, p)
		}
	}
	slices.Sort(d.Breaks)
	d.Breaks = slices.Compact(d.Breaks)
	if len(in) > 0 {
		d.Repairs = append(d.Repairs, t.ask("adds what is missing, and takes nothing away", "ec2", "AuthorizeSecurityGroupIngress",
			map[string]any{"GroupId": x.Key, "IpPermissions": in}))
	}
	if len(out) > 0 {
		d.Repairs = append(d.Repairs, t.ask("adds what is missing, and takes nothing away", "ec2", "AuthorizeSecurityGroupEgress",
			map[string]any{"GroupId": x.Key, "IpPermissions": out}))
	}
}

// breaks is what a missing rule stops.
func (t *Truths) breaks(group string, r rule) string {
	own := t.Live.Cluster != nil && t.Live.Cluster.ResourcesVPCConfig != nil && t.Live.Cluster.ResourcesVPCConfig.ClusterSecurityGroupID == group
	switch {
	case r.out:
		return "what is in the group cannot get out: images are not pulled, nodes do not join"
	case own && r.peer == group:
		return "nodes cannot reach the API server, nor it the kubelets: kubectl logs and exec, webhooks and DNS fail"
	case own:
		return "self-managed nodes cannot reach the API server"
	case r.peer == group:
		return "nodes cannot reach each other: pods and DNS fail across nodes"
	case r.to == 443:
		return "who is behind " + r.peer + " cannot reach the API server"
	}
	return "what is behind " + r.peer + " cannot reach the nodes: kubectl logs and exec, webhooks and DNS fail"
}

// permission is the rule as EC2's requests have it.
func (r rule) permission() map[string]any {
	p := map[string]any{"IpProtocol": r.protocol}
	if r.protocol != "-1" {
		p["FromPort"], p["ToPort"] = r.from, r.to
	}
	switch {
	case strings.HasPrefix(r.peer, "sg-"):
		p["UserIdGroupPairs"] = []any{map[string]any{"GroupId": r.peer}}
	case strings.HasPrefix(r.peer, "pl-"):
		p["PrefixListIds"] = []any{map[string]any{"PrefixListId": r.peer}}
	case strings.Contains(r.peer, ":"):
		p["Ipv6Ranges"] = []any{map[string]any{"CidrIpv6": r.peer}}
	default:
		p["IpRanges"] = []any{map[string]any{"CidrIp": r.peer}}
	}
	return p
}
