package drift

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
)

var networking = []observe.Part{observe.Networking}

// fewest are the free addresses that EKS wants in each subnet of a control plane for an
// upgrade (EKS user guide, "Subnet requirements for clusters").
const fewest = 5

// Tags by which the cloud provider and the AWS Load Balancer Controller find subnets.
const (
	tagPublic  = "kubernetes.io/role/elb"
	tagPrivate = "kubernetes.io/role/internal-elb"
)

// subnets are fields of the cluster's subnets: those of its stack, and those that the
// control plane has beside them.
var subnets = []Field{
	{
		Path: "network.vpc", Doc: "The VPC exists.",
		From:   networking,
		Needs:  []string{"the VPC", "the subnets", "the route tables"},
		Things: func(t *Truths) []Thing { return t.made("AWS::EC2::VPC") },
		Want:   exists, Live: func(t *Truths, x Thing) Reading {
			return there(t.network().VPC != nil && t.network().VPC.ID == x.Key, x)
		},
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity, d.Breaks, d.What = Gone, finding.Error, []string{"everything"}, "the VPC "+x.Key+" does not exist any more"
		},
	},
	{
		Path: "network.vpc.dnsHostnames", Doc: "Instances of the VPC get DNS names.",
		From:   networking,
		Needs:  []string{"the VPC", "the subnets", "the route tables"},
		Things: func(t *Truths) []Thing { return t.made("AWS::EC2::VPC") },
		Want:   property("EnableDnsHostnames", false),
		Live:   ofVPC(func(v *observe.VPC) *bool { return v.DNSHostnames }),
		Judge:  judgeDNS("EnableDnsHostnames"),
	},
	{
		Path: "network.vpc.dnsSupport", Doc: "The VPC answers DNS.",
		From:   networking,
		Needs:  []string{"the VPC", "the subnets", "the route tables"},
		Things: func(t *Truths) []Thing { return t.made("AWS::EC2::VPC") },
		Want:   property("EnableDnsSupport", true), Live: ofVPC(func(v *observe.VPC) *bool { return v.DNSSupport }), Judge: judgeDNS("EnableDnsSupport"),
	},
	{
		Path: "network.subnets.exists", Cheap: true, Doc: "A subnet that the stack made exists.",
		From:   networking,
		Needs:  []string{"the VPC", "the subnets", "the route tables"},
		Things: func(t *Truths) []Thing { return t.made("AWS::EC2::Subnet") },
		Want:   exists, Live: func(t *Truths, x Thing) Reading { return there(t.network().Subnets[x.Key] != nil, x) },
		Judge: func(t *Truths, x Thing, d *Difference) {
			r := x.Data.(*record.Resource)
			d.Kind, d.Severity = Gone, finding.Error
			d.What = fmt.Sprintf("the subnet %s of %s does not exist any more", x.Key, r.Owner())
			d.Breaks = []string{eksctlUpgrade + ": an update of the stack touches it"}
			if r.Stack == record.Terraform {
				d.Breaks = []string{"the next terraform apply makes another, or fails at what refers to it"}
			}
			d.About = About{Resource: x.Key, Calls: []string{"DeleteSubnet"}}
			d.Repairs = []Repair{t.template(), t.restore()}
		},
	},
	{
		Path: "network.subnets.publicOnLaunch", Doc: "Instances of a public subnet get a public address.",
		From:   networking,
		Needs:  []string{"the VPC", "the subnets", "the route tables"},
		Things: existingSubnets,
		Want:   property("MapPublicIpOnLaunch", false), Live: func(t *Truths, x Thing) Reading { return says(t.network().Subnets[x.Key].PublicOnLaunch) },
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.What = "instances of subnet " + x.Key + " get no public address any more, which the stack gives them"
			d.Severity, d.Breaks = finding.Error, []string{"new managed nodes in it do not join: Ec2SubnetInvalidConfiguration"}
			if d.Live.Is == true {
				d.Severity, d.Breaks, d.What = finding.Warning, []string{"nodes are reachable from the internet where their rules allow"},
					"instances of subnet "+x.Key+" get public addresses, which the stack does not give them"
			}
			t.attribute(d, x.Key, "MapPublicIpOnLaunch")
		},
	},
	{
		Path: "network.subnets.ipv6OnCreation", Doc: "Instances of a subnet get an IPv6 address.",
		From:   networking,
		Needs:  []string{"the VPC", "the subnets", "the route tables"},
		Things: existingSubnets,
		Want:   property("AssignIpv6AddressOnCreation", false),
		Live:   func(t *Truths, x Thing) Reading { return says(t.network().Subnets[x.Key].IPv6OnCreation) },
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.What, d.Severity = fmt.Sprintf("whether instances of subnet %s get IPv6 addresses is %v, not %v", x.Key, d.Live.Is, d.Recorded.Is), finding.Warning
			d.Breaks = []string{"nodes of an IPv6 cluster have no IPv6 address"}
			t.attribute(d, x.Key, "AssignIpv6AddressOnCreation")
		},
	},
	{
		Path: "network.subnets.tags", Doc: "The tags by which load balancers find a subnet.",
		From:   networking,
		Needs:  []string{"the VPC", "the subnets", "the route tables"},
		Things: clusterSubnets,
		Want:   discovery, Live: discoverable, Same: holds, Judge: judgeTags,
	},
	{
		Path: "network.subnets.freeAddresses", Doc: "A subnet of the control plane has addresses for an upgrade.",
		From:   networking,
		Needs:  []string{"the VPC", "the subnets", "the route tables"},
		Things: attachedSubnets,
		Live:   func(t *Truths, x Thing) Reading { return says(t.network().Subnets[x.Key].FreeAddresses) },
		Same:   func(_, live any) bool { return live.(float64) >= fewest },
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity, d.Breaks = Unwell, finding.Error, []string{upgradeFails}
			d.What = fmt.Sprintf("subnet %s has %v free addresses, and EKS wants %d", x.Key, d.Live.Is, fewest)
		},
	},
	{
		Path: "network.subnets.acl", Doc: "The network ACL of a subnet lets through what nodes and control plane need.",
		From:   networking,
		Needs:  []string{"the VPC", "the subnets", "the route tables"},
		Things: attachedSubnets,
		Want:   func(*Truths, Thing) Reading { return says([]string{}) }, Live: denials,
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Foreign, finding.Error
			d.What = "the network ACL of subnet " + x.Key + " denies: " + list(d.Extra)
			d.Breaks = []string{"nodes and the API server in it may not reach each other, nor the internet"}
			d.About = About{Calls: []string{"ReplaceNetworkAclAssociation", "CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "DeleteNetworkAclEntry"}}
		},
	},
}

// network is the observed network, never nil.
func (t *Truths) network() *observe.Network {
	if t.Live.Network == nil {
		return &observe.Network{}
	}
	return t.Live.Network
}

// exists is the wish that a thing be there.
func exists(_ *Truths, x Thing) Reading { return says(x.Key) }

func there(is bool, x Thing) Reading {
	if is {
		return says(x.Key)
	}
	return says(nil)
}

// property is one of the recorded resource, or AWS's default.
func property(name string, otherwise any) func(*Truths, Thing) Reading {
	return func(_ *Truths, x Thing) Reading {
		switch v, ok := x.Data.(*record.Resource).Properties[name]; {
		case !ok:
			return says(otherwise)
		case v == record.Unknown:
			return Reading{Unknown: "what the template says of " + name + " cannot be known"}
		case v == "true", v == "false":
			return says(v == "true")
		default:
			return says(v)
		}
	}
}

func ofVPC(read func(*observe.VPC) *bool) func(*Truths, Thing) Reading {
	return func(t *Truths, _ Thing) Reading {
		v := t.network().VPC
		if v == nil {
			return silent
		}
		if b := read(v); b != nil {
			return says(*b)
		}
		return silent // attributes cost a request each; not every scope asks
	}
}

func judgeDNS(attribute string) func(*Truths, Thing, *Difference) {
	return func(t *Truths, x Thing, d *Difference) {
		d.What = fmt.Sprintf("%s of %s is %v, and the stack sets %v", attribute, x.Key, d.Live.Is, d.Recorded.Is)
		d.Severity, d.Breaks = finding.Error, []string{"nodes do not register, and cannot resolve the API server's private name"}
		d.About = About{Resource: x.Key, Calls: []string{"ModifyVpcAttribute"}}
		d.Repairs = []Repair{t.ask("puts it as the stack has it", "ec2", "ModifyVpcAttribute",
			map[string]any{"VpcId": x.Key, attribute: map[string]any{"Value": d.Recorded.Is}})}
	}
}

// existingSubnets are the stack's that are there.
func existingSubnets(t *Truths) []Thing {
	return slices.DeleteFunc(t.made("AWS::EC2::Subnet"), func(x Thing) bool { return t.network().Subnets[x.Key] == nil })
}

// attachedSubnets are the control plane's that are there.
func attachedSubnets(t *Truths) []Thing {
	var out []Thing
	for _, id := range t.attached() {
		if t.network().Subnets[id] != nil {
			out = append(out, Thing{Key: id})
		}
	}
	return out
}

// clusterSubnets are both, with the recorded resource where there is one.
func clusterSubnets(t *Truths) []Thing {
	out := existingSubnets(t)
	for _, x := range attachedSubnets(t) {
		if !slices.ContainsFunc(out, func(y Thing) bool { return y.Key == x.Key }) {
			out = append(out, x)
		}
	}
	return out
}

// discovery are the tags that a subnet should have: those of its template, or, for one
// that was added, of its kind.
func discovery(t *Truths, x Thing) Reading {
	want := []string{}
	if r, ok := x.Data.(*record.Resource); ok {
		l, _ := r.Properties["Tags"].([]any)
		for _, tag := range l {
			m, _ := tag.(map[string]any)
			if k := text(m["Key"]); strings.HasPrefix(k, "kubernetes.io/") || strings.HasPrefix(k, "karpenter.sh/") {
				want = append(want, k+"="+text(m["Value"]))
			}
		}
		return says(want)
	}
	switch way(t.network().RoutesOf(x.Key)).to {
	case toInternet:
		want = append(want, tagPublic+"=1")
	default:
		want = append(want, tagPrivate+"=1")
	}
	return says(want)
}

func discoverable(t *Truths, x Thing) Reading {
	have := []string{}
	for k, v := range t.network().Subnets[x.Key].Tags {
		if strings.HasPrefix(k, "kubernetes.io/") || strings.HasPrefix(k, "karpenter.sh/") {
			if (k == tagPublic || k == tagPrivate) && v == "" {
				v = "1" // the controllers take both
			}
			have = append(have, k+"="+v)
		}
	}
	slices.Sort(have)
	return says(have)
}

func judgeTags(t *Truths, x Thing, d *Difference) {
	d.Kind, d.Severity, d.Extra = Missing, finding.Warning, nil
	d.What = "the subnet " + x.Key + " has not the tags " + list(d.Lacks)
	d.Breaks = []string{"new load balancers stay pending: no subnet of that kind is found in its zone"}
	d.About = About{Resource: x.Key, Calls: []string{"DeleteTags"}}
	if by := t.otherTool(t.network().Subnets[x.Key].Tags); by != "" {
		d.What += "; its tags say that " + by + " manages it, which takes them away again unless its code has them"
	}
	var tags []any
	for _, tag := range d.Lacks {
		k, v, _ := strings.Cut(tag, "=")
		tags = append(tags, map[string]any{"Key": k, "Value": v})
	}
	d.Repairs = []Repair{t.ask("adds the tags, and nothing else", "ec2", "CreateTags", map[string]any{"Resources": []string{x.Key}, "Tags": tags})}
}

// otherTool is who manages a resource by its tags, where it is not CloudFormation.
func (t *Truths) otherTool(tags observe.Tags) string {
	for k, v := range tags {
		if l := strings.ToLower(k + "=" + v); strings.Contains(l, "terraform") {
			return "Terraform"
		} else if strings.Contains(l, "pulumi") {
			return "Pulumi"
		}
	}
	return ""
}

// denials are what a subnet's network ACL keeps out beyond the default, which lets
// everything through. Rules that are evaluated after one that allows all do nothing.
func denials(t *Truths, x Thing) Reading {
	n := t.network()
	if why := t.unanswered("the network ACLs"); why != "" {
		return Reading{Unknown: "the network ACLs: " + why}
	}
	var acl *observe.ACL
	for _, of := range n.ACLs { // a subnet has one
		if slices.ContainsFunc(of.Associations, func(s observe.ACLAssociation) bool { return s.Subnet == x.Key }) {
			acl = of
		}
	}
	out := []string{}
	if acl == nil {
		return says(out)
	}
	for _, egress := range []bool{false, true} {
		entries := slices.DeleteFunc(slices.Clone(acl.Entries), func(e observe.ACLEntry) bool { return e.Egress != egress || e.CIDR == "" })
		slices.SortFunc(entries, func(a, b observe.ACLEntry) int { return a.Number - b.Number })
		out = append(out, denied(entries, egress)...)
	}
	return says(out)
}

// denied reads entries of one direction in their order, up to the one that lets all
// through.
func denied(entries []observe.ACLEntry, egress bool) []string {
	way := map[bool]string{false: "in from ", true: "out to "}[egress]
	var out []string
	for _, e := range entries {
		all := e.Protocol == "-1" && e.CIDR == "0.0.0.0/0"
		switch {
		case all && e.Action == "allow":
			return out
		case all:
			return append(out, way+"anywhere, but for what its earlier rules allow")
		case e.Action == "deny":
			out = append(out, way+e.CIDR+" "+traffic(e.Protocol, e.PortRange))
		}
	}
	return append(out, way+"anywhere, but for what its rules allow")
}

var protocolNames = map[string]string{"-1": "all traffic", "6": "tcp", "17": "udp", "1": "icmp"}

func traffic(protocol string, ports *observe.PortRange) string {
	name := protocolNames[protocol]
	if name == "" {
		name = "protocol " + protocol
	}
	switch {
	case ports == nil:
		return name
	case ports.From == ports.To:
		return name + " " + strconv.Itoa(ports.From)
	}
	return name + " " + strconv.Itoa(ports.From) + "-" + strconv.Itoa(ports.To)
}

// attribute says who sets an attribute of a subnet, and how it becomes what the stack has.
func (t *Truths) attribute(d *Difference, subnet, name string) {
	d.About = About{Resource: subnet, Calls: []string{"ModifySubnetAttribute"}}
	d.Repairs = []Repair{t.ask("puts it as the stack has it", "ec2", "ModifySubnetAttribute",
		map[string]any{"SubnetId": subnet, name: map[string]any{"Value": d.Recorded.Is}})}
}
