package stack

import (
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// network adds the VPC's resources, or nothing where it exists. It returns the
// references to VPC and subnets.
func (t *Template) network(c *config.ClusterConfig, n vpc.Network) (vpc any, public, private L) {
	if n.VPC != "" {
		for _, s := range n.Public {
			public = append(public, s.ID)
		}
		for _, s := range n.Private {
			private = append(private, s.ID)
		}
		return n.VPC, public, private
	}
	if c.IPv6() {
		return t.networkIPv6(n)
	}
	named := func(id string) L { return L{M{"Key": "Name", "Value": Sub("${AWS::StackName}/" + id)}} }
	t.add("VPC", "AWS::EC2::VPC", M{"CidrBlock": n.CIDR, "EnableDnsSupport": true, "EnableDnsHostnames": true, "Tags": named("VPC")})
	for i, x := range c.VPC.ExtraCIDRs {
		t.add("VPCCidr"+letters(i), "AWS::EC2::VPCCidrBlock", M{"VpcId": Ref("VPC"), "CidrBlock": x})
	}
	if config.On(c.VPC.AutoAllocateIPv6, false) {
		t.add("AutoAllocatedCIDRv6", "AWS::EC2::VPCCidrBlock", M{"VpcId": Ref("VPC"), "AmazonProvidedIpv6CidrBlock": true})
	}
	t.add("InternetGateway", "AWS::EC2::InternetGateway", M{"Tags": named("InternetGateway")})
	t.add("VPCGatewayAttachment", "AWS::EC2::VPCGatewayAttachment", M{"VpcId": Ref("VPC"), "InternetGatewayId": Ref("InternetGateway")})
	t.add("PublicRouteTable", "AWS::EC2::RouteTable", M{"VpcId": Ref("VPC"), "Tags": named("PublicRouteTable")})
	t.add("PublicSubnetRoute", "AWS::EC2::Route", M{"RouteTableId": Ref("PublicRouteTable"), "DestinationCidrBlock": "0.0.0.0/0",
		"GatewayId": Ref("InternetGateway")}, M{"DependsOn": L{"VPCGatewayAttachment"}})
	host := func(props M) M {
		if h := c.VPC.HostnameType; h != "" {
			props["PrivateDnsNameOptionsOnLaunch"] = M{"HostnameType": h}
		}
		return props
	}
	for _, s := range n.Public {
		id := "SubnetPublic" + zoneID(s.Zone)
		public = append(public, t.add(id, "AWS::EC2::Subnet", host(M{"VpcId": Ref("VPC"), "CidrBlock": s.CIDR, "AvailabilityZone": s.Zone,
			"MapPublicIpOnLaunch": true, "Tags": append(L{M{"Key": "kubernetes.io/role/elb", "Value": "1"}}, named(id)...)})))
		t.add("RouteTableAssociationPublic"+zoneID(s.Zone), "AWS::EC2::SubnetRouteTableAssociation", M{"SubnetId": Ref(id),
			"RouteTableId": Ref("PublicRouteTable")})
	}
	for _, s := range n.Private {
		z := zoneID(s.Zone)
		id := "SubnetPrivate" + z
		private = append(private, t.add(id, "AWS::EC2::Subnet", host(M{"VpcId": Ref("VPC"), "CidrBlock": s.CIDR, "AvailabilityZone": s.Zone,
			"Tags": append(L{M{"Key": "kubernetes.io/role/internal-elb", "Value": "1"}}, named(id)...)})))
		t.add("PrivateRouteTable"+z, "AWS::EC2::RouteTable", M{"VpcId": Ref("VPC"), "Tags": named("PrivateRouteTable" + z)})
		t.add("RouteTableAssociationPrivate"+z, "AWS::EC2::SubnetRouteTableAssociation", M{"SubnetId": Ref(id),
			"RouteTableId": Ref("PrivateRouteTable" + z)})
	}
	t.nat(c.VPC.NAT.Gateway, n, named)
	return Ref("VPC"), public, private
}

// nat adds one NAT gateway, one in each zone, or none.
func (t *Template) nat(mode string, n vpc.Network, named func(string) L) {
	gateway := func(suffix, subnet string) string {
		t.add("NATIP"+suffix, "AWS::EC2::EIP", M{"Domain": "vpc", "Tags": named("NATIP" + suffix)}, M{"DependsOn": L{"VPCGatewayAttachment"}})
		t.add("NATGateway"+suffix, "AWS::EC2::NatGateway", M{"AllocationId": Att("NATIP"+suffix, "AllocationId"), "SubnetId": Ref(subnet),
			"Tags": named("NATGateway" + suffix)})
		return "NATGateway" + suffix
	}
	if mode == "Disable" || len(n.Public) == 0 || len(n.Private) == 0 {
		return
	}
	single := ""
	if mode == "Single" {
		single = gateway("", "SubnetPublic"+zoneID(n.Public[0].Zone))
	}
	for i, s := range n.Private {
		z := zoneID(s.Zone)
		gw := single
		if gw == "" {
			gw = gateway(z, "SubnetPublic"+zoneID(n.Public[min(i, len(n.Public)-1)].Zone))
		}
		t.add("NATPrivateSubnetRoute"+z, "AWS::EC2::Route", M{"RouteTableId": Ref("PrivateRouteTable" + z), "DestinationCidrBlock": "0.0.0.0/0",
			"NatGatewayId": Ref(gw)})
	}
}

// networkIPv6 follows eksctl's IPv6 layout, whose logical IDs differ.
func (t *Template) networkIPv6(n vpc.Network) (vpc any, public, private L) {
	named := func(id string) L { return L{M{"Key": "Name", "Value": Sub("${AWS::StackName}/" + id)}} }
	t.add("VPC", "AWS::EC2::VPC", M{"CidrBlock": n.CIDR, "EnableDnsSupport": true, "EnableDnsHostnames": true, "Tags": named("VPC")})
	t.add("IPv6CidrBlock", "AWS::EC2::VPCCidrBlock", M{"VpcId": Ref("VPC"), "AmazonProvidedIpv6CidrBlock": true})
	t.add("InternetGateway", "AWS::EC2::InternetGateway", M{"Tags": named("InternetGateway")})
	t.add("VPCGatewayAttachment", "AWS::EC2::VPCGatewayAttachment", M{"VpcId": Ref("VPC"), "InternetGatewayId": Ref("InternetGateway")})
	t.add("EgressOnlyInternetGateway", "AWS::EC2::EgressOnlyInternetGateway", M{"VpcId": Ref("VPC")})
	t.add("EIP", "AWS::EC2::EIP", M{"Domain": "vpc", "Tags": named("EIP")}, M{"DependsOn": L{"VPCGatewayAttachment"}})
	t.add("PublicRouteTable", "AWS::EC2::RouteTable", M{"VpcId": Ref("VPC"), "Tags": named("PublicRouteTable")})
	t.add("PublicSubnetDefaultRoute", "AWS::EC2::Route", M{"RouteTableId": Ref("PublicRouteTable"), "DestinationCidrBlock": "0.0.0.0/0",
		"GatewayId": Ref("InternetGateway")}, M{"DependsOn": L{"VPCGatewayAttachment"}})
	t.add("PublicSubnetIPv6DefaultRoute", "AWS::EC2::Route", M{"RouteTableId": Ref("PublicRouteTable"), "DestinationIpv6CidrBlock": "::/0",
		"GatewayId": Ref("InternetGateway")}, M{"DependsOn": L{"VPCGatewayAttachment"}})
	all := len(n.Public) + len(n.Private)
	v6 := func(i int) M {
		return M{"Fn::Select": L{i, M{"Fn::Cidr": L{M{"Fn::Select": L{0, Att("VPC", "Ipv6CidrBlocks")}}, all, 64}}}}
	}
	for i, s := range n.Public {
		z := zoneID(s.Zone)
		id := "PublicSubnet" + z
		public = append(public, t.add(id, "AWS::EC2::Subnet", M{"VpcId": Ref("VPC"), "CidrBlock": s.CIDR, "AvailabilityZone": s.Zone,
			"MapPublicIpOnLaunch": true, "AssignIpv6AddressOnCreation": true, "Ipv6CidrBlock": v6(i), "Tags": append(L{M{"Key": "kubernetes.io/role/elb",
				"Value": "1"}}, named(id)...)}, M{"DependsOn": L{"IPv6CidrBlock"}}))
		t.add("PublicRouteTableAssociation"+z, "AWS::EC2::SubnetRouteTableAssociation", M{"SubnetId": Ref(id), "RouteTableId": Ref("PublicRouteTable")})
	}
	t.add("NATGateway", "AWS::EC2::NatGateway", M{"AllocationId": Att("EIP", "AllocationId"), "SubnetId": Ref("PublicSubnet" + zoneID(n.Public[0].Zone)),
		"Tags": named("NATGateway")})
	for i, s := range n.Private {
		z := zoneID(s.Zone)
		id := "PrivateSubnet" + z
		private = append(private, t.add(id, "AWS::EC2::Subnet", M{"VpcId": Ref("VPC"), "CidrBlock": s.CIDR, "AvailabilityZone": s.Zone,
			"AssignIpv6AddressOnCreation": true, "Ipv6CidrBlock": v6(len(n.Public) + i), "Tags": append(L{M{"Key": "kubernetes.io/role/internal-elb",
				"Value": "1"}}, named(id)...)}, M{"DependsOn": L{"IPv6CidrBlock"}}))
		t.add("PrivateRouteTable"+z, "AWS::EC2::RouteTable", M{"VpcId": Ref("VPC"), "Tags": named("PrivateRouteTable" + z)})
		t.add("PrivateRouteTableAssociation"+z, "AWS::EC2::SubnetRouteTableAssociation", M{"SubnetId": Ref(id),
			"RouteTableId": Ref("PrivateRouteTable" + z)})
		t.add("PrivateSubnetDefaultRoute"+z, "AWS::EC2::Route", M{"RouteTableId": Ref("PrivateRouteTable" + z), "DestinationCidrBlock": "0.0.0.0/0",
			"NatGatewayId": Ref("NATGateway")})
		t.add("PrivateSubnetDefaultIpv6Route"+z, "AWS::EC2::Route", M{"RouteTableId": Ref("PrivateRouteTable" + z), "DestinationIpv6CidrBlock": "::/0",
			"EgressOnlyInternetGatewayId": Ref("EgressOnlyInternetGateway")})
	}
	return Ref("VPC"), public, private
}
