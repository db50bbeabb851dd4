package ec2

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerDHCP(s *wire.Service) {
	handle(e, s, "CreateDhcpOptions", e.CreateDhcpOptions)
	handle(e, s, "DescribeDhcpOptions", e.DescribeDhcpOptions)
	handle(e, s, "DeleteDhcpOptions", e.DeleteDhcpOptions)
	handle(e, s, "AssociateDhcpOptions", e.AssociateDhcpOptions)
}

var dhcpFilters = map[string]string{"dhcp-options-id": "DhcpOptionsId", "key": "DhcpConfigurations.Key",
	"value": "DhcpConfigurations.Values.Value", "owner-id": "OwnerId"}

// defaultDHCP is the set of the region's VPCs that name no other; it is made with the
// first of them.
func (e *EC2) defaultDHCP() *types.DhcpOptions {
	if d := e.dhcp.Get(e.DefaultDHCP); d != nil {
		return d
	}
	e.DefaultDHCP = e.w.ID("dopt-", "default")
	return e.dhcp.Put(e.DefaultDHCP, &types.DhcpOptions{DhcpOptionsId: new(e.DefaultDHCP), OwnerId: new(e.Account),
		DhcpConfigurations: []types.DhcpConfiguration{{Key: new("domain-name"), Values: []types.AttributeValue{{Value: new(e.domain())}}},
			{Key: new("domain-name-servers"), Values: []types.AttributeValue{{Value: new("AmazonProvidedDNS")}}}}})
}

// domain is the domain of the region's instances.
func (e *EC2) domain() string {
	if e.Region == "us-east-1" {
		return "ec2.internal"
	}
	return e.Region + ".compute.internal"
}

// privateName is an instance's or an interface's name in the VPC.
func (e *EC2) privateName(ip string) string {
	return "ip-" + strings.ReplaceAll(ip, ".", "-") + "." + e.domain()
}

// publicName is the name of a public address.
func (e *EC2) publicName(ip string) string {
	zone := "." + e.Region + ".compute.amazonaws.com"
	if e.Region == "us-east-1" {
		zone = ".compute-1.amazonaws.com"
	}
	return "ec2-" + strings.ReplaceAll(ip, ".", "-") + zone
}

// CreateDhcpOptions makes a set of options.
func (e *EC2) CreateDhcpOptions(_ *wire.Caller, in *ec2.CreateDhcpOptionsInput) (*ec2.CreateDhcpOptionsOutput, error) {
	d := &types.DhcpOptions{OwnerId: new(e.Account)}
	words := identity(in.TagSpecifications)
	for _, c := range in.DhcpConfigurations {
		x := types.DhcpConfiguration{Key: c.Key}
		switch aws.ToString(c.Key) {
		case "domain-name", "domain-name-servers", "ntp-servers", "netbios-name-servers", "netbios-node-type", "ipv6-address-preferred-lease-time":
		default:
			return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter name is invalid. Unknown DHCP option", aws.ToString(c.Key))
		}
		for _, v := range c.Values {
			x.Values = append(x.Values, types.AttributeValue{Value: new(v)})
		}
		d.DhcpConfigurations = append(d.DhcpConfigurations, x)
		words += *c.Key + strings.Join(c.Values, ",")
	}
	if len(d.DhcpConfigurations) == 0 {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter dhcpConfigurations")
	}
	d.DhcpOptionsId = new(e.w.ID("dopt-", words))
	e.dhcp.Put(*d.DhcpOptionsId, d)
	e.tagSpec(*d.DhcpOptionsId, in.TagSpecifications)
	return &ec2.CreateDhcpOptionsOutput{DhcpOptions: new(e.viewDHCP(d))}, nil
}

// DescribeDhcpOptions lists sets of options.
func (e *EC2) DescribeDhcpOptions(_ *wire.Caller, in *ec2.DescribeDhcpOptionsInput) (*ec2.DescribeDhcpOptionsOutput, error) {
	l, err := res.List(e.dhcp, in.DhcpOptionsIds, filters(in.Filters), e.viewDHCP)
	return &ec2.DescribeDhcpOptionsOutput{DhcpOptions: l}, err
}

// DeleteDhcpOptions refuses a set that a VPC uses.
func (e *EC2) DeleteDhcpOptions(_ *wire.Caller, in *ec2.DeleteDhcpOptionsInput) (*ec2.DeleteDhcpOptionsOutput, error) {
	id := aws.ToString(in.DhcpOptionsId)
	if e.dhcp.Get(id) == nil {
		return nil, e.dhcp.Missing(id)
	}
	if e.vpcs.Find(func(v *vpc) bool { return *v.DhcpOptionsId == id }) != nil {
		return nil, wire.Errorf("DependencyViolation", "The dhcpOptions '%s' has dependencies and cannot be deleted.", id)
	}
	drop(e, e.dhcp, id)
	return &ec2.DeleteDhcpOptionsOutput{}, nil
}

// AssociateDhcpOptions gives a VPC a set, or none: "default".
func (e *EC2) AssociateDhcpOptions(_ *wire.Caller, in *ec2.AssociateDhcpOptionsInput) (*ec2.AssociateDhcpOptionsOutput, error) {
	v := e.vpcs.Get(aws.ToString(in.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	id := aws.ToString(in.DhcpOptionsId)
	if id != "default" && e.dhcp.Get(id) == nil {
		return nil, e.dhcp.Missing(id)
	}
	v.DhcpOptionsId = new(id)
	return &ec2.AssociateDhcpOptionsOutput{}, nil
}

func (e *EC2) viewDHCP(d *types.DhcpOptions) types.DhcpOptions {
	v := *d
	v.Tags = e.tagsOf(*d.DhcpOptionsId)
	return v
}
