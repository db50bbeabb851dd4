package drift

import (
	"fmt"

	"github.com/slipway-eks/slipway/internal/finding"
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
