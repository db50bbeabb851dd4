package observe

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
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
	Addresses        map[string]*Address          `json:"addresses,omitempty"` // elastic IPs of NAT gateways and of stacks, by allocation
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
		Allocation  string `json:"allocationId"`
		PublicIP    string `json:"publicIp,omitempty"`
		Interface   string `json:"networkInterfaceId,omitempty"`
		Association string `json:"associationId,omitempty"`
		Tags        Tags   `json:"tags,omitempty"`
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

// Target is what a route leads to: local, igw-…, nat-….
func (r Route) Target() string {
	return cmp.Or(r.Gateway, r.NATGateway, r.EgressOnly, r.TransitGateway, r.Peering, r.Interface, r.Instance, r.LocalGateway, r.CarrierGateway, r.CoreNetwork)
}

// Block is what a route is for: a block, or a prefix list.
func (r Route) Block() string { return cmp.Or(r.Destination, r.DestinationIPv6, r.DestinationPrefix) }

// OfBalancers tells by a rule's description that one of Kubernetes' controllers added it
// for a load balancer.
func OfBalancers(description string) bool {
	return strings.HasPrefix(description, "kubernetes.io/rule/") || strings.HasPrefix(description, "elbv2.k8s.aws/")
}

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
