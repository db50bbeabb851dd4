package drift

import (
	"fmt"
	"slices"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
)

// gateways are the doors of the VPC and their addresses.
var gateways = []Field{
	{
		Path: "network.natGateways", Doc: "A NAT gateway that the stack made works.",
		From:   networking,
		Needs:  []string{"the NAT gateways", "the internet gateways", "the egress-only gateways"},
		Things: func(t *Truths) []Thing { return t.made("AWS::EC2::NatGateway") },
		Want:   func(*Truths, Thing) Reading { return says("available") },
		Live: func(t *Truths, x Thing) Reading {
			if g := t.network().NATGateways[x.Key]; g != nil && g.State != "deleting" {
				return says(g.State)
			}
			return says(nil)
		},
		Judge: func(_ *Truths, x Thing, d *Difference) {
			r := x.Data.(*record.Resource)
			d.Kind, d.Severity = Gone, finding.Error
			d.What = fmt.Sprintf("the NAT gateway %s (%s) does not exist any more", x.Key, r.LogicalID)
			if d.Live.Is != nil {
				d.Kind, d.What = Unwell, fmt.Sprintf("the NAT gateway %s (%s) is %v", x.Key, r.LogicalID, d.Live.Is)
			}
			d.Breaks = []string{"nodes in private subnets cannot get out: images are not pulled, nodes do not join"}
			d.About = About{Resource: x.Key, Calls: []string{"DeleteNatGateway"}}
		},
	},
	{
		Path: "network.elasticIPs", Doc: "An elastic IP that the stack allocated is the account's, and serves a NAT gateway.",
		From:   networking,
		Needs:  []string{"the NAT gateways", "the elastic IPs"},
		Things: func(t *Truths) []Thing { return t.made("AWS::EC2::EIP") },
		Want:   func(*Truths, Thing) Reading { return says("serves") },
		Live: func(t *Truths, x Thing) Reading {
			for _, g := range t.network().NATGateways {
				if slices.ContainsFunc(g.Addresses, func(a observe.NATAddress) bool { return a.PublicIP == x.Key }) {
					return says("serves")
				}
			}
			for _, a := range t.network().Addresses {
				switch {
				case a.PublicIP != x.Key:
				case a.Interface == "" && a.Association == "":
					return says("idle")
				default:
					return says("serves")
				}
			}
			return says(nil)
		},
		Judge: func(_ *Truths, x Thing, d *Difference) {
			r := x.Data.(*record.Resource)
			d.Kind, d.What = Gone, fmt.Sprintf("the elastic IP %s (%s) is not the account's any more", x.Key, r.LogicalID)
			d.Breaks = []string{"what lets nodes in by their address, outside of AWS, lets in somebody else"}
			if d.Live.Is != nil {
				d.Kind, d.Severity, d.Breaks = Unwell, finding.Info, nil
				d.What = fmt.Sprintf("the elastic IP %s (%s) serves nothing, and is paid for", x.Key, r.LogicalID)
			}
			d.About = About{Resource: x.Key, Calls: []string{"ReleaseAddress", "DisassociateAddress"}}
		},
	},
	{
		Path: "network.internetGateway", Doc: "The internet gateway is attached to the VPC.",
		From:   networking,
		Needs:  []string{"the NAT gateways", "the internet gateways", "the egress-only gateways"},
		Things: func(t *Truths) []Thing { return t.made("AWS::EC2::InternetGateway") },
		Want:   exists, Live: func(t *Truths, x Thing) Reading { return there(t.network().InternetGateways[x.Key] != nil, x) },
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Gone, finding.Error
			d.What = "the internet gateway " + x.Key + " is not attached to the VPC any more"
			d.Breaks = []string{"nothing in the VPC reaches the internet, nor is reached from it"}
			d.About = About{Resource: x.Key, Calls: []string{"DetachInternetGateway", "DeleteInternetGateway"}}
			if v := t.network().VPC; v != nil {
				d.Repairs = []Repair{t.ask("attaches it again, if it was not deleted", "ec2", "AttachInternetGateway",
					map[string]any{"InternetGatewayId": x.Key, "VpcId": v.ID})}
			}
		},
	},
	{
		Path: "network.egressOnlyGateway", Doc: "The gateway by which IPv6 gets out.",
		From:   networking,
		Needs:  []string{"the NAT gateways", "the internet gateways", "the egress-only gateways"},
		Things: func(t *Truths) []Thing { return t.made("AWS::EC2::EgressOnlyInternetGateway") },
		Want:   exists, Live: func(t *Truths, x Thing) Reading {
			return there(t.network().EgressOnly[x.Key] != nil, x)
		},
		Judge: func(_ *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Gone, finding.Error
			d.What, d.Breaks = "the egress-only gateway "+x.Key+" does not exist any more", []string{"pods and nodes cannot get out by IPv6"}
			d.About = About{Resource: x.Key, Calls: []string{"DeleteEgressOnlyInternetGateway"}}
		},
	},
}
