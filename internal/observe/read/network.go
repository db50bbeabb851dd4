package read

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/observe"
)

// network reads the VPC of the control plane, or of the cluster's stack where EKS has no
// cluster any more. Everything is asked for by VPC: a question by ID fails whole where one
// of the IDs is gone.
func (o *observer) network(ctx context.Context) error {
	vpc := o.vpcID()
	if vpc == "" {
		if o.Cluster == nil && len(o.Observed.Stacks) > 0 {
			why := "EKS has no cluster, and no stack says which VPC it was in"
			o.NotRead = append(o.NotRead, observe.NotRead{Part: observe.Networking, What: "the network", Why: why})
		}
		return nil
	}
	o.Observed.Network = &observe.Network{}
	for _, x := range []struct {
		what string
		read func(context.Context, *observe.Network, string) error
		rich bool // no comparison needs it
		deep bool // none that is cheap does
	}{
		{"the VPC", o.vpc, false, true},
		{"the subnets", o.subnets, false, false},
		{"the route tables", o.routeTables, false, false},
		{"the internet gateways", o.gateways, false, true},
		{"the egress-only gateways", o.egressOnly, !o.ipv6(), true},
		{"the NAT gateways", o.natGateways, false, true},
		{"the elastic IPs", o.addresses, false, true},
		{"the network ACLs", o.acls, false, true},
		{"the security groups", o.securityGroups, false, false},
		{"the VPC endpoints", o.endpoints, true, true},
		{"the control plane's network interfaces", o.interfaces, true, true},
	} {
		if o.s.Lean && x.rich || o.s.Brief && x.deep {
			continue
		}
		if err := o.missed(ctx, observe.Networking, x.what+" of "+vpc, x.read(ctx, o.Observed.Network, vpc)); err != nil {
			return err
		}
	}
	return nil
}

func (o *observer) vpcID() string {
	if c := o.Cluster; c != nil {
		if c.ResourcesVPCConfig == nil {
			return ""
		}
		return c.ResourcesVPCConfig.VPCID
	}
	for n, s := range o.Observed.Stacks {
		if o.ofTheCluster(n) {
			return s.Outputs["VPC"]
		}
	}
	return ""
}

func (o *observer) ipv6() bool {
	if o.Cluster == nil {
		return true // not known: it is asked for
	}
	n := o.Cluster.KubernetesNetworkConfig
	return n != nil && n.IPFamily == "ipv6"
}

func in(filter string, values ...string) []types.Filter {
	return []types.Filter{{Name: &filter, Values: values}}
}

func (o *observer) vpc(ctx context.Context, n *observe.Network, id string) error {
	if o.s.Lean { // that it exists is told by its attributes
		n.VPC = &observe.VPC{ID: id}
		err := o.attributes(ctx, n, id)
		if awsc.NotFound(err) {
			n.VPC, err = nil, nil
		}
		return err
	}
	pages := ec2.NewDescribeVpcsPaginator(o.c.EC2, &ec2.DescribeVpcsInput{Filters: in("vpc-id", id)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeVpcsOutput) []types.Vpc { return p.Vpcs })
	if err != nil || len(list) == 0 {
		return err
	}
	n.VPC = like[observe.VPC](list[0])
	return o.attributes(ctx, n, id)
}

// attributes are those of a VPC that its description does not have.
func (o *observer) attributes(ctx context.Context, n *observe.Network, id string) error {
	for _, a := range []types.VpcAttributeName{types.VpcAttributeNameEnableDnsSupport, types.VpcAttributeNameEnableDnsHostnames} {
		d, err := o.c.EC2.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &id, Attribute: a})
		if err != nil {
			return err
		}
		if d.EnableDnsSupport != nil {
			n.VPC.DNSSupport = d.EnableDnsSupport.Value
		}
		if d.EnableDnsHostnames != nil {
			n.VPC.DNSHostnames = d.EnableDnsHostnames.Value
		}
	}
	return nil
}

func (o *observer) subnets(ctx context.Context, n *observe.Network, vpc string) error {
	list, err := o.c.Subnets(ctx, vpc)
	n.Subnets = byKey[types.Subnet, observe.Subnet](list, func(s types.Subnet) *string { return s.SubnetId })
	for _, s := range n.Subnets {
		s.PrivateDNSLaunch = prune(s.PrivateDNSLaunch)
	}
	return err
}

func (o *observer) routeTables(ctx context.Context, n *observe.Network, vpc string) error {
	list, err := o.c.RouteTables(ctx, vpc)
	n.RouteTables = byKey[types.RouteTable, observe.RouteTable](list, func(t types.RouteTable) *string { return t.RouteTableId })
	return err
}

func (o *observer) gateways(ctx context.Context, n *observe.Network, vpc string) error {
	pages := ec2.NewDescribeInternetGatewaysPaginator(o.c.EC2, &ec2.DescribeInternetGatewaysInput{Filters: in("attachment.vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeInternetGatewaysOutput) []types.InternetGateway { return p.InternetGateways })
	n.InternetGateways = byKey[types.InternetGateway, observe.InternetGateway](list, func(g types.InternetGateway) *string { return g.InternetGatewayId })
	return err
}

// egressOnly: EC2 filters these gateways by tag only.
func (o *observer) egressOnly(ctx context.Context, n *observe.Network, vpc string) error {
	pages := ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(o.c.EC2, &ec2.DescribeEgressOnlyInternetGatewaysInput{})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeEgressOnlyInternetGatewaysOutput) []types.EgressOnlyInternetGateway {
		return slices.DeleteFunc(p.EgressOnlyInternetGateways, func(g types.EgressOnlyInternetGateway) bool {
			return !slices.ContainsFunc(g.Attachments, func(a types.InternetGatewayAttachment) bool { return aws.ToString(a.VpcId) == vpc })
		})
	})
	n.EgressOnly = byKey[types.EgressOnlyInternetGateway, observe.InternetGateway](
		list,
		func(g types.EgressOnlyInternetGateway) *string { return g.EgressOnlyInternetGatewayId },
	)
	return err
}

func (o *observer) natGateways(ctx context.Context, n *observe.Network, vpc string) error {
	pages := ec2.NewDescribeNatGatewaysPaginator(o.c.EC2, &ec2.DescribeNatGatewaysInput{Filter: in("vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeNatGatewaysOutput) []types.NatGateway {
		return slices.DeleteFunc(p.NatGateways, func(g types.NatGateway) bool { return g.State == types.NatGatewayStateDeleted })
	})
	n.NATGateways = byKey[types.NatGateway, observe.NATGateway](list, func(g types.NatGateway) *string { return g.NatGatewayId })
	return err
}

// addresses are the elastic IPs of the NAT gateways, and those that a stack of the cluster
// made: one whose gateway is gone is nobody's. Where all are on gateways, a comparison has
// seen them there. EC2 pages none, and joins filters by and.
func (o *observer) addresses(ctx context.Context, n *observe.Network, _ string) error {
	mine, alone := map[string]bool{}, false
	for _, g := range n.NATGateways {
		for _, a := range g.Addresses {
			mine[a.PublicIP] = true
		}
	}
	for _, s := range o.Observed.Stacks {
		for _, r := range s.Resources {
			if r.Type == "AWS::EC2::EIP" && r.PhysicalID != "" { // the address
				alone = alone || !mine[r.PhysicalID]
				mine[r.PhysicalID] = true
			}
		}
	}
	delete(mine, "")
	if len(mine) == 0 || o.s.Lean && !alone {
		return nil
	}
	d, err := o.c.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: in("public-ip", slices.Sorted(maps.Keys(mine))...)})
	if err != nil {
		return err
	}
	n.Addresses = byKey[types.Address, observe.Address](d.Addresses, func(a types.Address) *string { return a.AllocationId })
	return nil
}

func (o *observer) acls(ctx context.Context, n *observe.Network, vpc string) error {
	pages := ec2.NewDescribeNetworkAclsPaginator(o.c.EC2, &ec2.DescribeNetworkAclsInput{Filters: in("vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeNetworkAclsOutput) []types.NetworkAcl { return p.NetworkAcls })
	n.ACLs = byKey[types.NetworkAcl, observe.ACL](list, func(a types.NetworkAcl) *string { return a.NetworkAclId })
	return err
}

func (o *observer) securityGroups(ctx context.Context, n *observe.Network, vpc string) error {
	pages := ec2.NewDescribeSecurityGroupsPaginator(o.c.EC2, &ec2.DescribeSecurityGroupsInput{Filters: in("vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return p.SecurityGroups })
	n.SecurityGroups = byKey[types.SecurityGroup, observe.SecurityGroup](list, func(g types.SecurityGroup) *string { return g.GroupId })
	return err
}

func (o *observer) endpoints(ctx context.Context, n *observe.Network, vpc string) error {
	pages := ec2.NewDescribeVpcEndpointsPaginator(o.c.EC2, &ec2.DescribeVpcEndpointsInput{Filters: in("vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeVpcEndpointsOutput) []types.VpcEndpoint { return p.VpcEndpoints })
	n.Endpoints = byKey[types.VpcEndpoint, observe.VPCEndpoint](list, func(e types.VpcEndpoint) *string { return e.VpcEndpointId })
	return err
}

func (o *observer) interfaces(ctx context.Context, n *observe.Network, _ string) error {
	pages := ec2.NewDescribeNetworkInterfacesPaginator(o.c.EC2, &ec2.DescribeNetworkInterfacesInput{Filters: in("description", "Amazon EKS "+o.Name)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeNetworkInterfacesOutput) []types.NetworkInterface { return p.NetworkInterfaces })
	n.Interfaces = byKey[types.NetworkInterface, observe.NetworkInterface](list, func(i types.NetworkInterface) *string { return i.NetworkInterfaceId })
	return err
}
