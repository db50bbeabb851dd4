package ec2

import (
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerAddresses(s *wire.Service) {
	handle(e, s, "AllocateAddress", e.AllocateAddress)
	handle(e, s, "ReleaseAddress", e.ReleaseElasticAddress)
	handle(e, s, "DescribeAddresses", e.DescribeAddresses)
	handle(e, s, "DescribeAddressesAttribute", e.DescribeAddressesAttribute)
	handle(e, s, "AssociateAddress", e.AssociateAddress)
	handle(e, s, "DisassociateAddress", e.DisassociateAddress)
}

// AllocateAddress hands out an Elastic IP address within the quota.
func (e *EC2) AllocateAddress(_ *wire.Caller, in *ec2.AllocateAddressInput) (*ec2.AllocateAddressOutput, error) {
	if e.addresses.Len() >= e.Quotas.Addresses {
		return nil, wire.Errorf("AddressLimitExceeded", "The maximum number of addresses has been reached.")
	}
	id := e.w.ID("eipalloc-", identity(in.TagSpecifications))
	a := e.addresses.Put(id, &types.Address{AllocationId: new(id), PublicIp: new(e.publicAddress(id, "203.0.113.0")), Domain: types.DomainTypeVpc,
		NetworkBorderGroup: new(e.Region), PublicIpv4Pool: new("amazon")})
	e.tagSpec(id, in.TagSpecifications)
	return &ec2.AllocateAddressOutput{AllocationId: a.AllocationId, PublicIp: a.PublicIp, Domain: a.Domain, NetworkBorderGroup: a.NetworkBorderGroup,
		PublicIpv4Pool: a.PublicIpv4Pool}, nil
}

// publicAddress is a public IPv4 address that nobody has: of 250 from a pool (a block
// for documentation), drawn by identifier, or else of the blocks for benchmarks.
func (e *EC2) publicAddress(id, pool string) string {
	taken := map[string]bool{}
	for _, a := range e.addresses.All() {
		taken[*a.PublicIp] = true
	}
	for _, i := range e.instances.All() {
		if i.State.Name != types.InstanceStateNameTerminated {
			taken[aws.ToString(i.PublicIpAddress)] = true
		}
	}
	for _, n := range e.enis.All() {
		if n.Association != nil {
			taken[aws.ToString(n.Association.PublicIp)] = true
		}
	}
	first := netip.MustParseAddr(pool).As4()
	for at, n := e.w.Pick(id, 250), 0; n < 250; at, n = (at+1)%250, n+1 {
		first[3] = byte(at + 1)
		if a := netip.AddrFrom4(first).String(); !taken[a] {
			return a
		}
	}
	a := netip.MustParseAddr("198.18.0.1")
	for taken[a.String()] {
		a = a.Next()
	}
	return a.String()
}

// address is an Elastic IP address by its allocation or by itself.
func (e *EC2) address(allocation, public *string) (*types.Address, error) {
	switch {
	case allocation != nil:
		if a := e.addresses.Get(*allocation); a != nil {
			return a, nil
		}
		return nil, e.addresses.Missing(*allocation)
	case public != nil:
		if a := e.addresses.Find(func(a *types.Address) bool { return *a.PublicIp == *public }); a != nil {
			return a, nil
		}
		return nil, wire.Errorf("InvalidAddress.NotFound", "Address '%s' not found.", *public)
	}
	return nil, wire.Errorf("MissingParameter", "Either public IP or allocation id must be specified")
}

// ReleaseElasticAddress refuses an address in use.
func (e *EC2) ReleaseElasticAddress(_ *wire.Caller, in *ec2.ReleaseAddressInput) (*ec2.ReleaseAddressOutput, error) {
	a, err := e.address(in.AllocationId, in.PublicIp)
	if err != nil {
		return nil, err
	}
	if a.AssociationId != nil {
		n := e.enis.Get(aws.ToString(a.NetworkInterfaceId))
		if n != nil && aws.ToBool(n.RequesterManaged) { // a NAT gateway's
			return nil, wire.Errorf("AuthFailure", "You do not have permission to access the specified resource.")
		}
		return nil, wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", *a.PublicIp)
	}
	drop(e, e.addresses, *a.AllocationId)
	return &ec2.ReleaseAddressOutput{}, nil
}

// DescribeAddresses lists Elastic IP addresses.
func (e *EC2) DescribeAddresses(_ *wire.Caller, in *ec2.DescribeAddressesInput) (*ec2.DescribeAddressesOutput, error) {
	ids := in.AllocationIds
	for _, p := range in.PublicIps {
		a, err := e.address(nil, new(p))
		if err != nil {
			return nil, err
		}
		ids = append(ids, *a.AllocationId)
	}
	l, err := res.List(e.addresses, ids, filters(in.Filters), e.viewAddress)
	return &ec2.DescribeAddressesOutput{Addresses: l}, err
}

// DescribeAddressesAttribute lists the reverse names of addresses: none has one.
func (e *EC2) DescribeAddressesAttribute(_ *wire.Caller, in *ec2.DescribeAddressesAttributeInput) (*ec2.DescribeAddressesAttributeOutput, error) {
	l, err := res.List(e.addresses, in.AllocationIds, nil, func(a *types.Address) types.AddressAttribute {
		return types.AddressAttribute{AllocationId: a.AllocationId, PublicIp: a.PublicIp}
	})
	return &ec2.DescribeAddressesAttributeOutput{Addresses: l}, err
}

// AssociateAddress maps an address to an interface's private one.
func (e *EC2) AssociateAddress(_ *wire.Caller, in *ec2.AssociateAddressInput) (*ec2.AssociateAddressOutput, error) {
	a, err := e.address(in.AllocationId, in.PublicIp)
	if err != nil {
		return nil, err
	}
	var n *types.NetworkInterface
	switch {
	case in.NetworkInterfaceId != nil:
		if n = e.enis.Get(*in.NetworkInterfaceId); n == nil {
			return nil, e.enis.Missing(*in.NetworkInterfaceId)
		}
	case in.InstanceId != nil:
		i := e.instances.Get(*in.InstanceId)
		if i == nil {
			return nil, e.instances.Missing(*in.InstanceId)
		}
		if i.State.Name != types.InstanceStateNameRunning {
			return nil, wire.Errorf("InvalidInstanceID", "The pending instance '%s' is not in a valid state for this operation.", *i.InstanceId)
		}
		n = e.primary(*i.InstanceId)
	default:
		return nil, wire.Errorf("MissingParameter", "Either instance ID or network interface id must be specified")
	}
	if e.gatewayOf(*n.VpcId) == nil {
		return nil, wire.Errorf("Gateway.NotAttached", "Network %s is not attached to any internet gateway", *n.VpcId)
	}
	private := aws.ToString(in.PrivateIpAddress)
	if private == "" {
		private = *n.PrivateIpAddress
	}
	if addressOf(n, private) == nil {
		return nil, wire.Errorf("InvalidParameterValue", "The private IP address %s is not assigned to %s", private, *n.NetworkInterfaceId)
	}
	if a.AssociationId != nil {
		if aws.ToString(a.NetworkInterfaceId) == *n.NetworkInterfaceId && aws.ToString(a.PrivateIpAddress) == private {
			return &ec2.AssociateAddressOutput{AssociationId: a.AssociationId}, nil
		}
		if in.AllowReassociation != nil && !*in.AllowReassociation {
			return nil, wire.Errorf("Resource.AlreadyAssociated", "resource %s is already associated with associate-id %s", *a.AllocationId, *a.AssociationId)
		}
		e.dissociate(a)
	}
	e.associate(a, n, private)
	return &ec2.AssociateAddressOutput{AssociationId: a.AssociationId}, nil
}

// DisassociateAddress unmaps an address; a NAT gateway keeps its own.
func (e *EC2) DisassociateAddress(_ *wire.Caller, in *ec2.DisassociateAddressInput) (*ec2.DisassociateAddressOutput, error) {
	a := e.addresses.Find(func(a *types.Address) bool {
		return in.AssociationId != nil && aws.ToString(a.AssociationId) == *in.AssociationId ||
			in.AssociationId == nil && *a.PublicIp == aws.ToString(in.PublicIp)
	})
	if a == nil && in.AssociationId != nil {
		return nil, notFound("InvalidAssociationID.NotFound", "association ID", *in.AssociationId)
	}
	if a == nil {
		return nil, wire.Errorf("InvalidAddress.NotFound", "Address '%s' not found.", aws.ToString(in.PublicIp))
	}
	if n := e.enis.Get(aws.ToString(a.NetworkInterfaceId)); n != nil && aws.ToBool(n.RequesterManaged) {
		return nil, wire.Errorf("AuthFailure", "You do not have permission to access the specified resource.")
	}
	e.dissociate(a)
	return &ec2.DisassociateAddressOutput{}, nil
}

// associate maps a free address to an interface's private one.
func (e *EC2) associate(a *types.Address, n *types.NetworkInterface, private string) {
	a.AssociationId = new(e.w.ID("eipassoc-", *a.AllocationId, *n.NetworkInterfaceId, private))
	a.NetworkInterfaceId, a.NetworkInterfaceOwnerId, a.PrivateIpAddress = n.NetworkInterfaceId, new(e.Account), new(private)
	a.SubnetId = n.SubnetId
	if n.Attachment != nil {
		a.InstanceId = n.Attachment.InstanceId
	}
	at := addressOf(n, private)
	at.Association = &types.NetworkInterfaceAssociation{AllocationId: a.AllocationId, AssociationId: a.AssociationId, IpOwnerId: new(e.Account),
		PublicIp: a.PublicIp, PublicDnsName: new(e.publicName(*a.PublicIp))}
	if aws.ToBool(at.Primary) {
		n.Association = at.Association
	}
	e.showInterfaces(aws.ToString(a.InstanceId))
}

// dissociate unmaps an address.
func (e *EC2) dissociate(a *types.Address) {
	i := aws.ToString(a.InstanceId)
	if n := e.enis.Get(aws.ToString(a.NetworkInterfaceId)); n != nil {
		if at := addressOf(n, aws.ToString(a.PrivateIpAddress)); at != nil {
			at.Association = nil
			if aws.ToBool(at.Primary) {
				n.Association = nil
			}
		}
	}
	a.AssociationId, a.NetworkInterfaceId, a.NetworkInterfaceOwnerId, a.PrivateIpAddress, a.InstanceId, a.SubnetId = nil, nil, nil, nil, nil, nil
	e.showInterfaces(i)
}

func (e *EC2) viewAddress(a *types.Address) types.Address {
	v := *a
	v.Tags = e.tagsOf(*a.AllocationId)
	return v
}
