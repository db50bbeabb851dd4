package ec2

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerEndpoints(s *wire.Service) {
	handle(e, s, "CreateVpcEndpoint", e.CreateVpcEndpoint)
	handle(e, s, "ModifyVpcEndpoint", e.ModifyVpcEndpoint)
	handle(e, s, "DescribeVpcEndpoints", e.DescribeVpcEndpoints)
	handle(e, s, "DeleteVpcEndpoints", e.DeleteVpcEndpoints)
	handle(e, s, "DescribeVpcEndpointServices", e.DescribeVpcEndpointServices)
}

// openPolicy is an endpoint's policy when none is given, as EC2 writes it.
const openPolicy = `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`

// HasEndpoints tells whether a VPC has interface or gateway endpoints for all the
// named services (ec2, ecr.api, …).
func (e *EC2) HasEndpoints(vpcID string, names ...string) bool {
	for _, n := range names {
		if e.endpoints.Find(func(v *types.VpcEndpoint) bool {
			return *v.VpcId == vpcID && strings.HasSuffix(*v.ServiceName, "."+n)
		}) == nil {
			return false
		}
	}
	return true
}

// CreateVpcEndpoint makes an endpoint.
func (e *EC2) CreateVpcEndpoint(by *wire.Caller, in *ec2.CreateVpcEndpointInput) (*ec2.CreateVpcEndpointOutput, error) {
	if had := e.endpoints.Get(by.Before()); had != nil {
		return &ec2.CreateVpcEndpointOutput{VpcEndpoint: new(e.viewEndpoint(had)), ClientToken: in.ClientToken}, nil
	}
	v := e.vpcs.Get(aws.ToString(in.VpcId))
	if v == nil {
		return nil, notFound("InvalidVpcId.NotFound", "Vpc Id", aws.ToString(in.VpcId))
	}
	t := in.VpcEndpointType
	if t == "" {
		t = types.VpcEndpointTypeGateway
	}
	if !slices.ContainsFunc(e.services(), func(d types.ServiceDetail) bool {
		return *d.ServiceName == aws.ToString(in.ServiceName) && slices.ContainsFunc(d.ServiceType, func(x types.ServiceTypeDetail) bool {
			return string(x.ServiceType) == string(t)
		})
	}) {
		return nil, wire.Errorf("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", aws.ToString(in.ServiceName))
	}
	if t == types.VpcEndpointTypeInterface && aws.ToBool(in.PrivateDnsEnabled) && !(v.DNSHostnames && v.DNSSupport) {
		return nil, wire.Errorf("InvalidParameter",
			"Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for %s", *v.VpcId)
	}
	p := &types.VpcEndpoint{VpcEndpointId: new(e.w.ID("vpce-", *in.VpcId, aws.ToString(in.ServiceName))), VpcId: in.VpcId, ServiceName: in.ServiceName,
		VpcEndpointType: t, State: types.StateAvailable, OwnerId: new(e.Account), RequesterManaged: new(false), PolicyDocument: new(openPolicy),
		PrivateDnsEnabled: new(aws.ToBool(in.PrivateDnsEnabled)), CreationTimestamp: new(e.w.Date()), DnsEntries: []types.DnsEntry{},
		RouteTableIds: []string{}, SubnetIds: []string{}, Groups: []types.SecurityGroupIdentifier{}, NetworkInterfaceIds: []string{}}
	groups := in.SecurityGroupIds
	if t == types.VpcEndpointTypeInterface {
		if len(groups) == 0 {
			groups = []string{v.DefaultGroup}
		}
		p.IpAddressType, p.DnsOptions = types.IpAddressTypeIpv4, &types.DnsOptions{DnsRecordIpType: types.DnsRecordIpTypeIpv4}
		if in.IpAddressType != "" {
			p.IpAddressType = in.IpAddressType
		}
	}
	if err := e.setEndpoint(p, &ec2.ModifyVpcEndpointInput{AddRouteTableIds: in.RouteTableIds, AddSubnetIds: in.SubnetIds, AddSecurityGroupIds: groups,
		PolicyDocument: in.PolicyDocument, DnsOptions: in.DnsOptions}); err != nil {
		return nil, err
	}
	e.endpoints.Put(*p.VpcEndpointId, p)
	e.tagSpec(*p.VpcEndpointId, in.TagSpecifications)
	by.Note(*p.VpcEndpointId)
	return &ec2.CreateVpcEndpointOutput{VpcEndpoint: new(e.viewEndpoint(p)), ClientToken: in.ClientToken}, nil
}

// ModifyVpcEndpoint changes where an endpoint is reached and by whom.
func (e *EC2) ModifyVpcEndpoint(_ *wire.Caller, in *ec2.ModifyVpcEndpointInput) (*ec2.ModifyVpcEndpointOutput, error) {
	p := e.endpoints.Get(aws.ToString(in.VpcEndpointId))
	if p == nil {
		return nil, e.endpoints.Missing(aws.ToString(in.VpcEndpointId))
	}
	if err := e.setEndpoint(p, in); err != nil {
		return nil, err
	}
	return &ec2.ModifyVpcEndpointOutput{Return: new(true)}, nil
}

// setEndpoint applies a change to an endpoint, all of it or nothing.
func (e *EC2) setEndpoint(p *types.VpcEndpoint, in *ec2.ModifyVpcEndpointInput) error {
	if err := e.checkEndpoint(p, in); err != nil {
		return err
	}
	p.RouteTableIds = change(p.RouteTableIds, in.AddRouteTableIds, in.RemoveRouteTableIds)
	for _, id := range in.RemoveSecurityGroupIds {
		p.Groups = slices.DeleteFunc(p.Groups, func(g types.SecurityGroupIdentifier) bool { return *g.GroupId == id })
	}
	for _, id := range in.AddSecurityGroupIds {
		if g := e.groups.Get(id); !slices.ContainsFunc(p.Groups, func(x types.SecurityGroupIdentifier) bool { return *x.GroupId == id }) {
			p.Groups = append(p.Groups, types.SecurityGroupIdentifier{GroupId: g.GroupId, GroupName: g.GroupName})
		}
	}
	var groups []string
	for _, g := range p.Groups {
		groups = append(groups, *g.GroupId)
	}
	for _, id := range in.RemoveSubnetIds {
		for _, ni := range slices.Clone(p.NetworkInterfaceIds) {
			if n := e.enis.Get(ni); n != nil && *n.SubnetId == id {
				e.dropInterface(ni)
				p.NetworkInterfaceIds = change(p.NetworkInterfaceIds, nil, []string{ni})
			}
		}
	}
	for _, id := range in.AddSubnetIds {
		if slices.Contains(p.SubnetIds, id) {
			continue
		}
		if ni := e.newInterface(e.subnets.Get(id), "VPC Endpoint Interface "+*p.VpcEndpointId, types.NetworkInterfaceTypeVpcEndpoint, groups); ni != nil {
			p.NetworkInterfaceIds = append(p.NetworkInterfaceIds, *ni.NetworkInterfaceId)
		}
	}
	for _, ni := range p.NetworkInterfaceIds {
		e.setGroups(e.enis.Get(ni), groups)
	}
	p.SubnetIds = change(p.SubnetIds, in.AddSubnetIds, in.RemoveSubnetIds)
	if in.PolicyDocument != nil {
		p.PolicyDocument = in.PolicyDocument
	}
	if aws.ToBool(in.ResetPolicy) {
		p.PolicyDocument = new(openPolicy)
	}
	if in.PrivateDnsEnabled != nil {
		p.PrivateDnsEnabled = in.PrivateDnsEnabled
	}
	if in.IpAddressType != "" {
		p.IpAddressType = in.IpAddressType
	}
	if o := in.DnsOptions; o != nil && p.DnsOptions != nil {
		p.DnsOptions.DnsRecordIpType, p.DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint = o.DnsRecordIpType, o.PrivateDnsOnlyForInboundResolverEndpoint
	}
	return nil
}

func (e *EC2) checkEndpoint(p *types.VpcEndpoint, in *ec2.ModifyVpcEndpointInput) error {
	for _, id := range in.AddRouteTableIds {
		if r := e.routes.Get(id); r == nil || *r.VpcId != *p.VpcId {
			return notFound("InvalidRouteTableId.NotFound", "routeTable ID", id)
		}
	}
	for _, id := range in.AddSubnetIds {
		if s := e.subnets.Get(id); s == nil || *s.VpcId != *p.VpcId {
			return notFound("InvalidSubnetId.NotFound", "subnet ID", id)
		}
	}
	for _, id := range in.AddSecurityGroupIds {
		if e.groups.Get(id) == nil {
			return notFound("InvalidSecurityGroupId.NotFound", "securityGroup ID", id)
		}
	}
	if in.PolicyDocument != nil && !json.Valid([]byte(*in.PolicyDocument)) {
		return wire.Errorf("InvalidPolicyDocument", "Invalid policy document: not valid JSON")
	}
	return nil
}

// change is a list with some more, each once, and some less.
func change(l, add, remove []string) []string {
	out := slices.DeleteFunc(slices.Clone(l), func(s string) bool { return slices.Contains(remove, s) })
	for _, s := range add {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// DescribeVpcEndpoints lists endpoints.
func (e *EC2) DescribeVpcEndpoints(_ *wire.Caller, in *ec2.DescribeVpcEndpointsInput) (*ec2.DescribeVpcEndpointsOutput, error) {
	l, err := res.List(e.endpoints, in.VpcEndpointIds, filters(in.Filters), e.viewEndpoint)
	return &ec2.DescribeVpcEndpointsOutput{VpcEndpoints: l}, err
}

// DeleteVpcEndpoints removes endpoints and their interfaces; those that are not there
// are told.
func (e *EC2) DeleteVpcEndpoints(_ *wire.Caller, in *ec2.DeleteVpcEndpointsInput) (*ec2.DeleteVpcEndpointsOutput, error) {
	out := &ec2.DeleteVpcEndpointsOutput{Unsuccessful: []types.UnsuccessfulItem{}}
	for _, id := range in.VpcEndpointIds {
		v := e.endpoints.Get(id)
		if v == nil {
			out.Unsuccessful = append(out.Unsuccessful, types.UnsuccessfulItem{ResourceId: new(id), Error: &types.UnsuccessfulItemError{
				Code: new("InvalidVpcEndpointId.NotFound"), Message: new("The Vpc Endpoint Id '" + id + "' does not exist")}})
			continue
		}
		for _, ni := range v.NetworkInterfaceIds {
			e.dropInterface(ni)
		}
		drop(e, e.endpoints, id)
	}
	return out, nil
}

// services are the AWS services reachable by endpoint.
func (e *EC2) services() []types.ServiceDetail {
	prefix := "com.amazonaws."
	if e.Partition == "aws-cn" {
		prefix = "cn.com.amazonaws."
	}
	var all []types.ServiceDetail
	var zones []string
	for _, z := range e.Zones {
		if z.Type == "availability-zone" {
			zones = append(zones, z.Name)
		}
	}
	for _, n := range []string{"ec2", "ecr.api", "ecr.dkr", "s3", "dynamodb", "sts", "logs", "autoscaling", "cloudformation", "eks", "eks-auth",
		"elasticloadbalancing", "ssm", "ssmmessages", "ec2messages", "kms", "sqs", "events", "monitoring", "secretsmanager"} {
		t := []types.ServiceTypeDetail{{ServiceType: types.ServiceTypeInterface}}
		if slices.Contains(listed, n) {
			t = append([]types.ServiceTypeDetail{{ServiceType: types.ServiceTypeGateway}}, t...)
		}
		d := types.ServiceDetail{ServiceName: new(prefix + e.Region + "." + n), ServiceType: t, AvailabilityZones: zones, Owner: new("amazon"),
			ServiceRegion: new(e.Region), AcceptanceRequired: new(false), ManagesVpcEndpoints: new(false), VpcEndpointPolicySupported: new(true),
			SupportedIpAddressTypes: []types.ServiceConnectivityType{types.ServiceConnectivityTypeIpv4},
			BaseEndpointDnsNames:    []string{n + "." + e.Region + ".vpce.amazonaws.com"}}
		if !slices.Contains(listed, n) {
			d.PrivateDnsName = new(n + "." + e.Region + ".amazonaws.com")
		}
		all = append(all, d)
	}
	return all
}

// DescribeVpcEndpointServices lists the AWS services reachable by endpoint.
func (e *EC2) DescribeVpcEndpointServices(_ *wire.Caller, in *ec2.DescribeVpcEndpointServicesInput) (*ec2.DescribeVpcEndpointServicesOutput, error) {
	all := e.services()
	for _, n := range in.ServiceNames {
		if !slices.ContainsFunc(all, func(d types.ServiceDetail) bool { return *d.ServiceName == n }) {
			return nil, wire.Errorf("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", n)
		}
	}
	// A service of both types is one row for each.
	var rows []types.ServiceDetail
	for _, d := range all {
		if len(in.ServiceNames) > 0 && !slices.Contains(in.ServiceNames, *d.ServiceName) {
			continue
		}
		for _, t := range d.ServiceType {
			r := d
			r.ServiceType = []types.ServiceTypeDetail{t}
			rows = append(rows, r)
		}
	}
	rows, err := res.Pick(rows, filters(in.Filters), res.Fields[types.ServiceDetail](serviceFilters))
	out := &ec2.DescribeVpcEndpointServicesOutput{ServiceNames: []string{}, ServiceDetails: rows}
	for _, d := range rows {
		if !slices.Contains(out.ServiceNames, *d.ServiceName) {
			out.ServiceNames = append(out.ServiceNames, *d.ServiceName)
		}
	}
	return out, err
}

func (e *EC2) viewEndpoint(p *types.VpcEndpoint) types.VpcEndpoint {
	v := *p
	v.Tags = e.tagsOf(*p.VpcEndpointId)
	return v
}
