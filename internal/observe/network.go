package observe

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
)

// Network is the VPC that the control plane is attached to, and all in it that
// decides whether nodes and control plane reach each other and the world.
type Network struct {
	VPC              *VPC                         `json:"vpc,omitempty"` // nil: the VPC is gone
	Subnets          map[string]*Subnet           `json:"subnets,omitempty"`
	RouteTables      map[string]*RouteTable       `json:"routeTables,omitempty"`
	InternetGateways map[string]*InternetGateway  `json:"internetGateways,omitempty"`
	EgressOnly       map[string]*InternetGateway  `json:"egressOnlyInternetGateways,omitempty"` // for IPv6
	NATGateways      map[string]*NATGateway       `json:"natGateways,omitempty"`
	Addresses        map[string]*Address          `json:"addresses,omitempty"` // elastic IPs of the NAT gateways, by allocation
	ACLs             map[string]*ACL              `json:"networkAcls,omitempty"`
	SecurityGroups   map[string]*SecurityGroup    `json:"securityGroups,omitempty"`
	Endpoints        map[string]*VPCEndpoint      `json:"vpcEndpoints,omitempty"`
	Interfaces       map[string]*NetworkInterface `json:"networkInterfaces,omitempty"` // the control plane's
}

// Parts of a network, named and shaped as in EC2's API.
type (
	// VPC is a virtual network.
	VPC struct {
		ID           string           `json:"vpcId"`
		CIDR         string           `json:"cidrBlock"`
		CIDRs        Sorted[CIDR]     `json:"cidrBlockAssociationSet,omitempty"`
		IPv6CIDRs    Sorted[IPv6CIDR] `json:"ipv6CidrBlockAssociationSet,omitempty"`
		State        string           `json:"state,omitempty"`
		DHCPOptions  string           `json:"dhcpOptionsId,omitempty"`
		Tenancy      string           `json:"instanceTenancy,omitempty"`
		IsDefault    bool             `json:"isDefault,omitempty"`
		DNSSupport   *bool            `json:"enableDnsSupport,omitempty"` // nil: not read
		DNSHostnames *bool            `json:"enableDnsHostnames,omitempty"`
		OwnerID      string           `json:"ownerId,omitempty"`
		Tags         Tags             `json:"tags,omitempty"`
	}
	// CIDR is an IPv4 block of a VPC.
	CIDR struct {
		Block string `json:"cidrBlock"`
	}
	// IPv6CIDR is an IPv6 block.
	IPv6CIDR struct {
		Block string `json:"ipv6CidrBlock"`
	}
	// Subnet is a subnet of the VPC.
	Subnet struct {
		ID               string           `json:"subnetId"`
		VPC              string           `json:"vpcId,omitempty"`
		Zone             string           `json:"availabilityZone"`
		ZoneID           string           `json:"availabilityZoneId,omitempty"`
		CIDR             string           `json:"cidrBlock,omitempty"`
		IPv6CIDRs        Sorted[IPv6CIDR] `json:"ipv6CidrBlockAssociationSet,omitempty"`
		State            string           `json:"state,omitempty"`
		FreeAddresses    int              `json:"availableIpAddressCount"`
		PublicOnLaunch   bool             `json:"mapPublicIpOnLaunch"`
		IPv6OnCreation   bool             `json:"assignIpv6AddressOnCreation"`
		IPv6Native       bool             `json:"ipv6Native,omitempty"`
		DNS64            bool             `json:"enableDns64,omitempty"`
		PrivateDNSLaunch any              `json:"privateDnsNameOptionsOnLaunch,omitempty"`
		OutpostARN       string           `json:"outpostArn,omitempty"`
		OwnerID          string           `json:"ownerId,omitempty"`
		Tags             Tags             `json:"tags,omitempty"`
	}
	// RouteTable says where traffic leads.
	RouteTable struct {
		ID           string              `json:"routeTableId"`
		Associations Sorted[Association] `json:"associations,omitempty"`
		Routes       Sorted[Route]       `json:"routes,omitempty"`
		Tags         Tags                `json:"tags,omitempty"`
	}
	// Association is a subnet that a table serves; the main table serves those without.
	Association struct {
		ID     string `json:"routeTableAssociationId,omitempty"`
		Subnet string `json:"subnetId,omitempty"`
		Main   bool   `json:"main,omitempty"`
	}
	// Route leads one block somewhere.
	Route struct {
		Destination       string `json:"destinationCidrBlock,omitempty"`
		DestinationIPv6   string `json:"destinationIpv6CidrBlock,omitempty"`
		DestinationPrefix string `json:"destinationPrefixListId,omitempty"`
		Gateway           string `json:"gatewayId,omitempty"` // local, igw-…, vpce-…, vgw-…
		NATGateway        string `json:"natGatewayId,omitempty"`
		EgressOnly        string `json:"egressOnlyInternetGatewayId,omitempty"`
		TransitGateway    string `json:"transitGatewayId,omitempty"`
		Peering           string `json:"vpcPeeringConnectionId,omitempty"`
		Interface         string `json:"networkInterfaceId,omitempty"`
		Instance          string `json:"instanceId,omitempty"`
		LocalGateway      string `json:"localGatewayId,omitempty"`
		CarrierGateway    string `json:"carrierGatewayId,omitempty"`
		CoreNetwork       string `json:"coreNetworkArn,omitempty"`
		State             string `json:"state,omitempty"` // blackhole: what it leads to is gone
		Origin            string `json:"origin,omitempty"`
	}
	// InternetGateway is a VPC's door, or the one that lets IPv6 only out.
	InternetGateway struct {
		ID           string `json:"internetGatewayId,omitempty"`
		EgressOnlyID string `json:"egressOnlyInternetGatewayId,omitempty"`
		Tags         Tags   `json:"tags,omitempty"`
	}
	// NATGateway lets private subnets out.
	NATGateway struct {
		ID             string             `json:"natGatewayId"`
		Subnet         string             `json:"subnetId,omitempty"`
		State          string             `json:"state,omitempty"`
		Connectivity   string             `json:"connectivityType,omitempty"`
		Addresses      Sorted[NATAddress] `json:"natGatewayAddresses,omitempty"`
		FailureCode    string             `json:"failureCode,omitempty"`
		FailureMessage string             `json:"failureMessage,omitempty"`
		Tags           Tags               `json:"tags,omitempty"`
		CreateTime     time.Time          `json:"createTime,omitzero"`
	}
	// NATAddress is an address of a NAT gateway.
	NATAddress struct {
		Allocation string `json:"allocationId,omitempty"`
		PublicIP   string `json:"publicIp,omitempty"`
		PrivateIP  string `json:"privateIp,omitempty"`
	}
	// Address is an elastic IP.
	Address struct {
		Allocation string `json:"allocationId"`
		PublicIP   string `json:"publicIp,omitempty"`
		Interface  string `json:"networkInterfaceId,omitempty"`
		Tags       Tags   `json:"tags,omitempty"`
	}
	// ACL is a network ACL.
	ACL struct {
		ID           string                 `json:"networkAclId"`
		IsDefault    bool                   `json:"isDefault,omitempty"`
		Associations Sorted[ACLAssociation] `json:"associations,omitempty"`
		Entries      Sorted[ACLEntry]       `json:"entries,omitempty"`
		Tags         Tags                   `json:"tags,omitempty"`
	}
	// ACLAssociation is a subnet that an ACL guards.
	ACLAssociation struct {
		Subnet string `json:"subnetId"`
	}
	// ACLEntry allows or denies.
	ACLEntry struct {
		Number    int        `json:"ruleNumber"`
		Egress    bool       `json:"egress"`
		Action    string     `json:"ruleAction"`
		Protocol  string     `json:"protocol"` // a number; -1: all
		CIDR      string     `json:"cidrBlock,omitempty"`
		IPv6CIDR  string     `json:"ipv6CidrBlock,omitempty"`
		PortRange *PortRange `json:"portRange,omitempty"`
		ICMP      any        `json:"icmpTypeCode,omitempty"`
	}
	// PortRange is from and to, both included.
	PortRange struct {
		From int `json:"from"`
		To   int `json:"to"`
	}
	// SecurityGroup is a security group with its rules.
	SecurityGroup struct {
		ID          string       `json:"groupId"`
		Name        string       `json:"groupName,omitempty"`
		Description string       `json:"description,omitempty"`
		Ingress     Sorted[Rule] `json:"ipPermissions,omitempty"`
		Egress      Sorted[Rule] `json:"ipPermissionsEgress,omitempty"`
		Tags        Tags         `json:"tags,omitempty"`
	}
	// Rule lets a protocol's ports through, for each of its sources or targets.
	Rule struct {
		Protocol string           `json:"ipProtocol"` // -1: all
		From     *int             `json:"fromPort,omitempty"`
		To       *int             `json:"toPort,omitempty"`
		CIDRs    Sorted[RuleCIDR] `json:"ipRanges,omitempty"`
		IPv6     Sorted[RuleIPv6] `json:"ipv6Ranges,omitempty"`
		Groups   Sorted[RulePair] `json:"userIdGroupPairs,omitempty"`
		Prefixes Sorted[RuleList] `json:"prefixListIds,omitempty"`
	}
	// RuleCIDR is an IPv4 block.
	RuleCIDR struct {
		CIDR        string `json:"cidrIp"`
		Description string `json:"description,omitempty"`
	}
	// RuleIPv6 is an IPv6 block.
	RuleIPv6 struct {
		CIDR        string `json:"cidrIpv6"`
		Description string `json:"description,omitempty"`
	}
	// RulePair is another security group.
	RulePair struct {
		Group       string `json:"groupId"`
		User        string `json:"userId,omitempty"` // its account
		Description string `json:"description,omitempty"`
	}
	// RuleList is a prefix list.
	RuleList struct {
		ID          string `json:"prefixListId"`
		Description string `json:"description,omitempty"`
	}
	// VPCEndpoint is a private door to a service of AWS.
	VPCEndpoint struct {
		ID          string        `json:"vpcEndpointId"`
		Service     string        `json:"serviceName,omitempty"`
		Type        string        `json:"vpcEndpointType,omitempty"`
		State       string        `json:"state,omitempty"`
		Subnets     Set           `json:"subnetIds,omitempty"`
		RouteTables Set           `json:"routeTableIds,omitempty"`
		Groups      Sorted[Group] `json:"groups,omitempty"`
		PrivateDNS  bool          `json:"privateDnsEnabled,omitempty"`
		Tags        Tags          `json:"tags,omitempty"`
	}
	// NetworkInterface is an interface of the control plane in a subnet.
	NetworkInterface struct {
		ID          string        `json:"networkInterfaceId"`
		Subnet      string        `json:"subnetId,omitempty"`
		Description string        `json:"description,omitempty"`
		PrivateIP   string        `json:"privateIpAddress,omitempty"`
		Status      string        `json:"status,omitempty"`
		Groups      Sorted[Group] `json:"groups,omitempty"`
	}
)

// RoutesOf is the route table that serves a subnet: its own, or the VPC's main one.
func (n *Network) RoutesOf(subnet string) *RouteTable {
	var main *RouteTable
	for _, id := range slices.Sorted(maps.Keys(n.RouteTables)) {
		for _, a := range n.RouteTables[id].Associations {
			if a.Subnet == subnet {
				return n.RouteTables[id]
			}
			if a.Main {
				main = n.RouteTables[id]
			}
		}
	}
	return main
}

// network reads the VPC of the control plane. Everything is asked for by VPC: a
// question by ID fails whole where one of the IDs is gone.
func (o *observer) network(ctx context.Context) error {
	if o.Cluster == nil || o.Cluster.ResourcesVPCConfig == nil || o.Cluster.ResourcesVPCConfig.VPCID == "" {
		return nil
	}
	o.Observed.Network = &Network{}
	vpc := o.Cluster.ResourcesVPCConfig.VPCID
	for _, x := range []struct {
		what string
		read func(context.Context, *Network, string) error
	}{
		{"the VPC", o.vpc}, {"the subnets", o.subnets}, {"the route tables", o.routeTables}, {"the internet gateways", o.gateways},
		{"the egress-only gateways", o.egressOnly}, {"the NAT gateways", o.natGateways}, {"the elastic IPs", o.addresses}, {"the network ACLs", o.acls},
		{"the security groups", o.securityGroups}, {"the VPC endpoints", o.endpoints}, {"the control plane's network interfaces", o.interfaces},
	} {
		if err := o.missed(ctx, Networking, x.what+" of "+vpc, x.read(ctx, o.Observed.Network, vpc)); err != nil {
			return err
		}
	}
	return nil
}

func in(filter string, values ...string) []types.Filter {
	return []types.Filter{{Name: &filter, Values: values}}
}

func (o *observer) vpc(ctx context.Context, n *Network, id string) error {
	pages := ec2.NewDescribeVpcsPaginator(o.c.EC2, &ec2.DescribeVpcsInput{Filters: in("vpc-id", id)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeVpcsOutput) []types.Vpc { return p.Vpcs })
	if err != nil || len(list) == 0 {
		return err
	}
	n.VPC = like[VPC](list[0])
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

func (o *observer) subnets(ctx context.Context, n *Network, vpc string) error {
	pages := ec2.NewDescribeSubnetsPaginator(o.c.EC2, &ec2.DescribeSubnetsInput{Filters: in("vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeSubnetsOutput) []types.Subnet { return p.Subnets })
	n.Subnets = byKey[types.Subnet, Subnet](list, func(s types.Subnet) *string { return s.SubnetId })
	for _, s := range n.Subnets {
		s.PrivateDNSLaunch = prune(s.PrivateDNSLaunch)
	}
	return err
}

func (o *observer) routeTables(ctx context.Context, n *Network, vpc string) error {
	pages := ec2.NewDescribeRouteTablesPaginator(o.c.EC2, &ec2.DescribeRouteTablesInput{Filters: in("vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeRouteTablesOutput) []types.RouteTable { return p.RouteTables })
	n.RouteTables = byKey[types.RouteTable, RouteTable](list, func(t types.RouteTable) *string { return t.RouteTableId })
	return err
}

func (o *observer) gateways(ctx context.Context, n *Network, vpc string) error {
	pages := ec2.NewDescribeInternetGatewaysPaginator(o.c.EC2, &ec2.DescribeInternetGatewaysInput{Filters: in("attachment.vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeInternetGatewaysOutput) []types.InternetGateway { return p.InternetGateways })
	n.InternetGateways = byKey[types.InternetGateway, InternetGateway](list, func(g types.InternetGateway) *string { return g.InternetGatewayId })
	return err
}

// egressOnly: EC2 filters these gateways by tag only.
func (o *observer) egressOnly(ctx context.Context, n *Network, vpc string) error {
	pages := ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(o.c.EC2, &ec2.DescribeEgressOnlyInternetGatewaysInput{})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeEgressOnlyInternetGatewaysOutput) []types.EgressOnlyInternetGateway {
		return slices.DeleteFunc(p.EgressOnlyInternetGateways, func(g types.EgressOnlyInternetGateway) bool {
			return !slices.ContainsFunc(g.Attachments, func(a types.InternetGatewayAttachment) bool { return aws.ToString(a.VpcId) == vpc })
		})
	})
	n.EgressOnly = byKey[types.EgressOnlyInternetGateway, InternetGateway](list, func(g types.EgressOnlyInternetGateway) *string { return g.EgressOnlyInternetGatewayId })
	return err
}

func (o *observer) natGateways(ctx context.Context, n *Network, vpc string) error {
	pages := ec2.NewDescribeNatGatewaysPaginator(o.c.EC2, &ec2.DescribeNatGatewaysInput{Filter: in("vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeNatGatewaysOutput) []types.NatGateway {
		return slices.DeleteFunc(p.NatGateways, func(g types.NatGateway) bool { return g.State == types.NatGatewayStateDeleted })
	})
	n.NATGateways = byKey[types.NatGateway, NATGateway](list, func(g types.NatGateway) *string { return g.NatGatewayId })
	return err
}

func (o *observer) addresses(ctx context.Context, n *Network, _ string) error {
	var ids []string
	for _, g := range n.NATGateways {
		for _, a := range g.Addresses {
			if a.Allocation != "" {
				ids = append(ids, a.Allocation)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	d, err := o.c.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: in("allocation-id", ids...)}) // EC2 does not page these
	if err != nil {
		return err
	}
	n.Addresses = byKey[types.Address, Address](d.Addresses, func(a types.Address) *string { return a.AllocationId })
	return nil
}

func (o *observer) acls(ctx context.Context, n *Network, vpc string) error {
	pages := ec2.NewDescribeNetworkAclsPaginator(o.c.EC2, &ec2.DescribeNetworkAclsInput{Filters: in("vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeNetworkAclsOutput) []types.NetworkAcl { return p.NetworkAcls })
	n.ACLs = byKey[types.NetworkAcl, ACL](list, func(a types.NetworkAcl) *string { return a.NetworkAclId })
	return err
}

func (o *observer) securityGroups(ctx context.Context, n *Network, vpc string) error {
	pages := ec2.NewDescribeSecurityGroupsPaginator(o.c.EC2, &ec2.DescribeSecurityGroupsInput{Filters: in("vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return p.SecurityGroups })
	n.SecurityGroups = byKey[types.SecurityGroup, SecurityGroup](list, func(g types.SecurityGroup) *string { return g.GroupId })
	return err
}

func (o *observer) endpoints(ctx context.Context, n *Network, vpc string) error {
	pages := ec2.NewDescribeVpcEndpointsPaginator(o.c.EC2, &ec2.DescribeVpcEndpointsInput{Filters: in("vpc-id", vpc)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeVpcEndpointsOutput) []types.VpcEndpoint { return p.VpcEndpoints })
	n.Endpoints = byKey[types.VpcEndpoint, VPCEndpoint](list, func(e types.VpcEndpoint) *string { return e.VpcEndpointId })
	return err
}

func (o *observer) interfaces(ctx context.Context, n *Network, _ string) error {
	pages := ec2.NewDescribeNetworkInterfacesPaginator(o.c.EC2, &ec2.DescribeNetworkInterfacesInput{Filters: in("description", "Amazon EKS "+o.Name)})
	list, err := awsc.Collect(ctx, pages, func(p *ec2.DescribeNetworkInterfacesOutput) []types.NetworkInterface { return p.NetworkInterfaces })
	n.Interfaces = byKey[types.NetworkInterface, NetworkInterface](list, func(i types.NetworkInterface) *string { return i.NetworkInterfaceId })
	return err
}
