package ec2

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// kinds registers what the region holds. The filters of each kind are those of the EC2
// API reference (25 Nov 2026).
func (e *EC2) kinds() {
	e.vpcs = kind(e, "vpc", func(v *vpc) *string { return v.VpcId }, "InvalidVpcID.NotFound", "vpc ID", vpcFilters)
	e.vpcs.Complete = e.completeVpc
	e.subnets = kind(e, "subnet", func(s *subnet) *string { return s.SubnetId }, "InvalidSubnetID.NotFound", "subnet ID", subnetFilters)
	e.subnets.Filters["available-ip-address-count"] = func(s *subnet) []string { return number(s.free()) }
	e.subnets.Complete = e.completeSubnet
	e.igws = kind(e, "internet-gateway", func(g *types.InternetGateway) *string { return g.InternetGatewayId },
		"InvalidInternetGatewayID.NotFound", "internetGateway ID", igwFilters)
	e.eigws = kind(e, "egress-only-internet-gateway", func(g *types.EgressOnlyInternetGateway) *string { return g.EgressOnlyInternetGatewayId },
		"InvalidGatewayID.NotFound", "egressOnlyInternetGateway ID", nil)
	e.addresses = kind(e, "elastic-ip", func(a *types.Address) *string { return a.AllocationId }, "InvalidAllocationID.NotFound", "allocation ID",
		addressFilters)
	e.nats = kind(e, "natgateway", func(n *types.NatGateway) *string { return n.NatGatewayId }, "", "", natFilters)
	e.nats.Missing = func(id string) error { return wire.Errorf("NatGatewayNotFound", "NAT gateway %s was not found", id) }
	e.routes = kind(e, "route-table", func(r *types.RouteTable) *string { return r.RouteTableId }, "InvalidRouteTableID.NotFound", "routeTable ID",
		routeFilters)
	e.groups = kind(e, "security-group", func(g *types.SecurityGroup) *string { return g.GroupId }, "InvalidGroup.NotFound", "security group", groupFilters)
	e.groups.Complete = e.completeGroup
	for name, get := range e.permissionFilters() {
		e.groups.Filters[name] = get
	}
	e.rules = kind(e, "security-group-rule", func(r *types.SecurityGroupRule) *string { return r.SecurityGroupRuleId },
		"InvalidSecurityGroupRuleId.NotFound", "security group rule ID", ruleFilters)
	e.templates = kind(e, "launch-template", func(t *launchTemplate) *string { return t.LaunchTemplateId }, "", "", templateFilters)
	e.templates.Missing = noTemplate
	e.templates.Complete = e.completeTemplate
	e.instances = kind(e, "instance", func(i *types.Instance) *string { return i.InstanceId }, "InvalidInstanceID.NotFound", "instance ID", instanceFilters)
	e.instances.Filters["owner-id"] = func(*types.Instance) []string { return []string{e.Account} }
	e.instances.Filters["reservation-id"] = func(i *types.Instance) []string { return []string{e.reservationOf(i)} }
	e.images = kind(e, "image", func(i *types.Image) *string { return i.ImageId }, "", "", imageFilters)
	e.images.Missing = noImage
	e.images.Complete = completeImage
	e.keys = kind(e, "key-pair", func(k *types.KeyPairInfo) *string { return k.KeyName }, "InvalidKeyPair.NotFound", "key pair", keyFilters)
	e.keys.Tags = func(k *types.KeyPairInfo) map[string]string { return e.tags[aws.ToString(k.KeyPairId)] }
	e.keys.Complete = e.completeKey
	e.enis = kind(e, "network-interface", func(n *types.NetworkInterface) *string { return n.NetworkInterfaceId },
		"InvalidNetworkInterfaceID.NotFound", "networkInterface ID", interfaceFilters)
	e.endpoints = kind(e, "vpc-endpoint", func(v *types.VpcEndpoint) *string { return v.VpcEndpointId }, "InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id",
		endpointFilters)
	e.placements = kind(e, "placement-group", func(p *types.PlacementGroup) *string { return p.GroupName }, "", "", placementFilters)
	e.acls = kind(e, "network-acl", func(a *types.NetworkAcl) *string { return a.NetworkAclId }, "InvalidNetworkAclID.NotFound", "networkAcl ID", aclFilters)
	e.dhcp = kind(e, "dhcp-options", func(d *types.DhcpOptions) *string { return d.DhcpOptionsId }, "InvalidDhcpOptionID.NotFound", "dhcpOption ID", dhcpFilters)
	e.volumes = kind(e, "volume", func(v *types.Volume) *string { return v.VolumeId }, "", "", volumeFilters)
	e.volumes.Missing = func(id string) error {
		return wire.Errorf("InvalidVolume.NotFound", "The volume '%s' does not exist.", id)
	}
	e.snapshots = kind(e, "snapshot", func(s *types.Snapshot) *string { return s.SnapshotId }, "", "", snapshotFilters)
	e.snapshots.Missing = func(id string) error {
		return wire.Errorf("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", id)
	}
	e.flowLogs = kind(e, "vpc-flow-log", func(f *types.FlowLog) *string { return f.FlowLogId }, "", "", flowLogFilters)
	e.flowLogs.Missing = noFlowLog
	e.placements.Missing = func(n string) error {
		return wire.Errorf("InvalidPlacementGroup.Unknown", "The Placement Group '%s' is unknown.", n)
	}
	for name, p := range map[string]any{"userData": &e.userData, "tags": &e.tags, "done": &e.tokens, "quotas": &e.Quotas,
		"noCapacity": &e.NoCapacity, "freeTierOnly": &e.FreeTierOnly, "reservations": &e.reservations, "defaultDHCP": &e.DefaultDHCP,
		"modifications": &e.modifications, "attributes": &e.attributes, "optedIn": &e.optedIn} {
		e.Keep(name, p)
	}
}

// kind registers resources with EC2's own words about a missing one, and its tags.
func kind[T any](e *EC2, name string, id func(*T) *string, code, noun string, filters map[string]string) *res.Kind[T] {
	key := func(r *T) string { return aws.ToString(id(r)) }
	return res.Add(&e.Registry, &res.Kind[T]{Name: name, Key: key, Filters: res.Fields[T](filters),
		Missing: func(id string) error { return notFound(code, noun, id) },
		Tags:    func(r *T) map[string]string { return e.tags[key(r)] }})
}

// filters reads EC2's filters.
func filters(in []types.Filter) []res.Filter {
	var out []res.Filter
	for _, f := range in {
		out = append(out, res.Filter{Name: aws.ToString(f.Name), Values: f.Values})
	}
	return out
}

// identity is what tells a resource without any name of its own from others: its tags.
func identity(specs []types.TagSpecification) string {
	all := map[string]string{}
	for _, s := range specs {
		for _, t := range s.Tags {
			all[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(all)) {
		b.WriteString(k + "=" + all[k] + "\x00")
	}
	return b.String()
}
