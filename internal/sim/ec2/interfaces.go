package ec2

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerInterfaces(s *wire.Service) {
	handle(e, s, "CreateNetworkInterface", e.CreateNetworkInterface)
	handle(e, s, "DescribeNetworkInterfaces", e.DescribeNetworkInterfaces)
	handle(e, s, "DeleteNetworkInterface", e.DeleteNetworkInterface)
	handle(e, s, "AttachNetworkInterface", e.AttachNetworkInterface)
	handle(e, s, "DetachNetworkInterface", e.DetachNetworkInterface)
	handle(e, s, "ModifyNetworkInterfaceAttribute", e.ModifyNetworkInterfaceAttribute)
	handle(e, s, "AssignPrivateIpAddresses", e.AssignPrivateIpAddresses)
	handle(e, s, "UnassignPrivateIpAddresses", e.UnassignPrivateIpAddresses)
	handle(e, s, "AssignIpv6Addresses", e.AssignIpv6Addresses)
	handle(e, s, "UnassignIpv6Addresses", e.UnassignIpv6Addresses)
}

// newInterface makes a network interface with one address; nil when the subnet
// is full.
func (e *EC2) newInterface(s *subnet, desc string, t types.NetworkInterfaceType, groups []string) *types.NetworkInterface {
	id := e.w.ID("eni-", *s.SubnetId, desc, string(t))
	ip, ok := e.takeIP(s, id)
	if !ok {
		return nil
	}
	return e.interfaceAt(s, id, ip, desc, t, groups)
}

// interfaceAt makes an interface of an address that is taken for it.
func (e *EC2) interfaceAt(s *subnet, id, ip, desc string, t types.NetworkInterfaceType, groups []string) *types.NetworkInterface {
	h := e.hash("mac " + id)
	n := &types.NetworkInterface{NetworkInterfaceId: new(id), SubnetId: s.SubnetId, VpcId: s.VpcId, AvailabilityZone: s.AvailabilityZone,
		AvailabilityZoneId: s.AvailabilityZoneId, Description: new(desc), InterfaceType: t, PrivateIpAddress: new(ip), PrivateDnsName: new(e.privateName(ip)),
		MacAddress: new(fmt.Sprintf("02:%s:%s:%s:%s:%s", h[:2], h[2:4], h[4:6], h[6:8], h[8:10])), SourceDestCheck: new(t != types.NetworkInterfaceTypeNatGateway),
		PrivateIpAddresses: []types.NetworkInterfacePrivateIpAddress{{Primary: new(true), PrivateIpAddress: new(ip), PrivateDnsName: new(e.privateName(ip))}},
		Status:             types.NetworkInterfaceStatusInUse, OwnerId: new(e.Account), RequesterManaged: new(t != types.NetworkInterfaceTypeInterface)}
	e.setGroups(n, groups)
	return e.enis.Put(id, n)
}

// setGroups gives an interface its security groups.
func (e *EC2) setGroups(n *types.NetworkInterface, groups []string) {
	if n == nil {
		return
	}
	n.Groups = e.identifiers(groups)
	if n.Attachment != nil {
		e.showInterfaces(aws.ToString(n.Attachment.InstanceId))
	}
}

// identifiers are groups with their names.
func (e *EC2) identifiers(groups []string) []types.GroupIdentifier {
	out := []types.GroupIdentifier{}
	for _, g := range groups {
		x := types.GroupIdentifier{GroupId: new(g)}
		if r := e.groups.Get(g); r != nil {
			x.GroupName = r.GroupName
		}
		out = append(out, x)
	}
	return out
}

// NewInterface makes a requester-managed interface in a subnet; nil if full.
func (e *EC2) NewInterface(subnetID, desc string, groups []string) *types.NetworkInterface {
	if s := e.subnets.Get(subnetID); s != nil {
		return e.newInterface(s, desc, types.NetworkInterfaceTypeInterface, groups)
	}
	return nil
}

// DropInterface removes an interface and frees its addresses.
func (e *EC2) DropInterface(id string) { e.dropInterface(id) }

func (e *EC2) dropInterface(id string) {
	n := e.enis.Get(id)
	if n == nil {
		return
	}
	for _, a := range e.addresses.Select(func(a *types.Address) bool { return aws.ToString(a.NetworkInterfaceId) == id }) {
		e.dissociate(a)
	}
	e.freeHeldBy(n)
	drop(e, e.enis, id)
}

// freeHeldBy gives an interface's addresses back to its subnet.
func (e *EC2) freeHeldBy(n *types.NetworkInterface) {
	for _, p := range n.PrivateIpAddresses {
		e.ReleaseAddress(*n.SubnetId, *p.PrivateIpAddress)
	}
	for _, p := range n.Ipv4Prefixes {
		e.freePrefix(*n.SubnetId, *p.Ipv4Prefix)
	}
}

// addressOf is the private address of an interface, or nil.
func addressOf(n *types.NetworkInterface, ip string) *types.NetworkInterfacePrivateIpAddress {
	for i := range n.PrivateIpAddresses {
		if *n.PrivateIpAddresses[i].PrivateIpAddress == ip {
			return &n.PrivateIpAddresses[i]
		}
	}
	return nil
}

// primary is an instance's first interface, or nil.
func (e *EC2) primary(instance string) *types.NetworkInterface {
	return e.enis.Find(func(n *types.NetworkInterface) bool {
		return n.Attachment != nil && aws.ToString(n.Attachment.InstanceId) == instance && aws.ToInt32(n.Attachment.DeviceIndex) == 0 &&
			aws.ToInt32(n.Attachment.NetworkCardIndex) == 0
	})
}

// attached are an instance's interfaces, in the order of their devices.
func (e *EC2) attached(instance string) []*types.NetworkInterface {
	l := e.enis.Select(func(n *types.NetworkInterface) bool {
		return n.Attachment != nil && aws.ToString(n.Attachment.InstanceId) == instance
	})
	slices.SortStableFunc(l, func(a, b *types.NetworkInterface) int {
		return int(aws.ToInt32(a.Attachment.NetworkCardIndex)-aws.ToInt32(b.Attachment.NetworkCardIndex))*100 +
			int(aws.ToInt32(a.Attachment.DeviceIndex)-aws.ToInt32(b.Attachment.DeviceIndex))
	})
	return l
}

// showInterfaces writes into an instance what its interfaces are now.
func (e *EC2) showInterfaces(instance string) {
	if i := e.instances.Get(instance); i != nil {
		e.show(i, e.attached(instance))
	}
}

// show writes interfaces into an instance.
func (e *EC2) show(i *types.Instance, l []*types.NetworkInterface) {
	i.NetworkInterfaces = []types.InstanceNetworkInterface{}
	for _, n := range l {
		x := types.InstanceNetworkInterface{NetworkInterfaceId: n.NetworkInterfaceId, SubnetId: n.SubnetId, VpcId: n.VpcId, Description: n.Description,
			Groups: n.Groups, InterfaceType: new(string(n.InterfaceType)), MacAddress: n.MacAddress, OwnerId: n.OwnerId, PrivateDnsName: n.PrivateDnsName,
			PrivateIpAddress: n.PrivateIpAddress, SourceDestCheck: n.SourceDestCheck, Status: n.Status, Association: shown(n.Association),
			Attachment: &types.InstanceNetworkInterfaceAttachment{AttachTime: n.Attachment.AttachTime, AttachmentId: n.Attachment.AttachmentId,
				DeleteOnTermination: n.Attachment.DeleteOnTermination, DeviceIndex: n.Attachment.DeviceIndex, NetworkCardIndex: n.Attachment.NetworkCardIndex,
				Status: n.Attachment.Status}}
		for _, p := range n.PrivateIpAddresses {
			x.PrivateIpAddresses = append(x.PrivateIpAddresses, types.InstancePrivateIpAddress{Primary: p.Primary, PrivateIpAddress: p.PrivateIpAddress,
				PrivateDnsName: p.PrivateDnsName, Association: shown(p.Association)})
		}
		for _, p := range n.Ipv6Addresses {
			x.Ipv6Addresses = append(x.Ipv6Addresses, types.InstanceIpv6Address{Ipv6Address: p.Ipv6Address, IsPrimaryIpv6: p.IsPrimaryIpv6})
		}
		for _, p := range n.Ipv4Prefixes {
			x.Ipv4Prefixes = append(x.Ipv4Prefixes, types.InstanceIpv4Prefix{Ipv4Prefix: p.Ipv4Prefix})
		}
		for _, p := range n.Ipv6Prefixes {
			x.Ipv6Prefixes = append(x.Ipv6Prefixes, types.InstanceIpv6Prefix{Ipv6Prefix: p.Ipv6Prefix})
		}
		i.NetworkInterfaces = append(i.NetworkInterfaces, x)
	}
	if len(l) == 0 {
		return
	}
	first := l[0]
	i.SecurityGroups, i.PrivateIpAddress, i.PrivateDnsName, i.SourceDestCheck = first.Groups, first.PrivateIpAddress, first.PrivateDnsName, first.SourceDestCheck
	i.PublicIpAddress, i.PublicDnsName, i.Ipv6Address = nil, nil, nil
	if first.Association != nil {
		i.PublicIpAddress, i.PublicDnsName = first.Association.PublicIp, first.Association.PublicDnsName
	}
	if len(first.Ipv6Addresses) > 0 {
		i.Ipv6Address = first.Ipv6Addresses[0].Ipv6Address
	}
}

func shown(a *types.NetworkInterfaceAssociation) *types.InstanceNetworkInterfaceAssociation {
	if a == nil {
		return nil
	}
	return &types.InstanceNetworkInterfaceAssociation{IpOwnerId: a.IpOwnerId, PublicDnsName: a.PublicDnsName, PublicIp: a.PublicIp}
}

// attach ties an interface to an instance.
func (e *EC2) attach(n *types.NetworkInterface, instance string, device, card int32, withInstance bool) string {
	id := e.w.ID("eni-attach-", instance, *n.NetworkInterfaceId)
	n.Attachment = &types.NetworkInterfaceAttachment{AttachmentId: new(id), AttachTime: new(e.w.Date()), InstanceId: new(instance),
		InstanceOwnerId: new(e.Account), DeviceIndex: new(device), NetworkCardIndex: new(card), DeleteOnTermination: new(withInstance),
		Status: types.AttachmentStatusAttached}
	n.Status = types.NetworkInterfaceStatusInUse
	for _, a := range e.addresses.Select(func(a *types.Address) bool { return aws.ToString(a.NetworkInterfaceId) == *n.NetworkInterfaceId }) {
		a.InstanceId = new(instance)
	}
	return id
}

// detach unties an interface from its instance.
func (e *EC2) detach(n *types.NetworkInterface) {
	i := aws.ToString(n.Attachment.InstanceId)
	n.Attachment, n.Status = nil, types.NetworkInterfaceStatusAvailable
	for _, a := range e.addresses.Select(func(a *types.Address) bool { return aws.ToString(a.NetworkInterfaceId) == *n.NetworkInterfaceId }) {
		a.InstanceId = nil
	}
	e.showInterfaces(i)
}

// DescribeNetworkInterfaces lists interfaces.
func (e *EC2) DescribeNetworkInterfaces(_ *wire.Caller, in *ec2.DescribeNetworkInterfacesInput) (*ec2.DescribeNetworkInterfacesOutput, error) {
	l, err := res.List(e.enis, in.NetworkInterfaceIds, filters(in.Filters), e.viewInterface)
	return &ec2.DescribeNetworkInterfacesOutput{NetworkInterfaces: l}, err
}

// inSubnet checks that groups are of the subnet's VPC, and answers the VPC's default
// group where none is named.
func (e *EC2) inSubnet(s *subnet, groups []string) ([]string, error) {
	if len(groups) == 0 {
		return []string{e.vpcs.Get(*s.VpcId).DefaultGroup}, nil
	}
	for _, g := range groups {
		switch r := e.groups.Get(g); {
		case r == nil:
			return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in VPC '%s'", g, *s.VpcId)
		case *r.VpcId != *s.VpcId && *r.VpcId != "": // one that was adopted without a VPC goes anywhere
			return nil, wire.Errorf("InvalidParameter", "Security group %s and subnet %s belong to different networks.", g, *s.SubnetId)
		}
	}
	return groups, nil
}

func fullSubnet(s *subnet) error {
	return wire.Errorf("InsufficientFreeAddressesInSubnet",
		"The specified subnet does not have enough free addresses to satisfy the request.").Member("subnet", *s.SubnetId)
}

// CreateNetworkInterface makes an interface that is attached to nothing.
func (e *EC2) CreateNetworkInterface(by *wire.Caller, in *ec2.CreateNetworkInterfaceInput) (*ec2.CreateNetworkInterfaceOutput, error) {
	if had := e.enis.Get(by.Before()); had != nil {
		return &ec2.CreateNetworkInterfaceOutput{NetworkInterface: new(e.viewInterface(had)), ClientToken: in.ClientToken}, nil
	}
	s := e.subnets.Get(aws.ToString(in.SubnetId))
	if s == nil {
		return nil, e.subnets.Missing(aws.ToString(in.SubnetId))
	}
	groups, err := e.inSubnet(s, in.Groups)
	if err != nil {
		return nil, err
	}
	n, err := e.claim(s, aws.ToString(in.Description), groups, in.PrivateIpAddress, in.PrivateIpAddresses)
	if err != nil {
		return nil, err
	}
	n.Status = types.NetworkInterfaceStatusAvailable
	if in.InterfaceType == types.NetworkInterfaceCreationTypeEfa {
		n.InterfaceType = types.NetworkInterfaceTypeEfa
	}
	prefixes := int(aws.ToInt32(in.Ipv4PrefixCount)) + len(in.Ipv4Prefixes)
	if _, err := e.assign(n, nil, int(aws.ToInt32(in.SecondaryPrivateIpAddressCount)), prefixes); err != nil {
		e.dropInterface(*n.NetworkInterfaceId)
		return nil, err
	}
	v6 := int(aws.ToInt32(in.Ipv6AddressCount))
	if v6+len(in.Ipv6Addresses) == 0 && aws.ToBool(s.AssignIpv6AddressOnCreation) {
		v6 = 1
	}
	if _, _, err := e.assignIPv6(n, v6Names(in.Ipv6Addresses), v6, int(aws.ToInt32(in.Ipv6PrefixCount))+len(in.Ipv6Prefixes)); err != nil {
		e.dropInterface(*n.NetworkInterfaceId)
		return nil, err
	}
	e.tagSpec(*n.NetworkInterfaceId, in.TagSpecifications)
	by.Note(*n.NetworkInterfaceId)
	return &ec2.CreateNetworkInterfaceOutput{NetworkInterface: new(e.viewInterface(n)), ClientToken: in.ClientToken}, nil
}

// claim makes an interface with the addresses that are asked for, or any.
func (e *EC2) claim(s *subnet, desc string, groups []string, first *string, all []types.PrivateIpAddressSpecification) (*types.NetworkInterface, error) {
	var more []string
	for _, p := range all {
		if aws.ToBool(p.Primary) || first == nil && len(all) == 1 {
			first = p.PrivateIpAddress
		} else {
			more = append(more, aws.ToString(p.PrivateIpAddress))
		}
	}
	var n *types.NetworkInterface
	if first == nil {
		if n = e.newInterface(s, desc, types.NetworkInterfaceTypeInterface, groups); n == nil {
			return nil, fullSubnet(s)
		}
	} else {
		id := e.w.ID("eni-", *s.SubnetId, desc, *first)
		if err := s.take(*first, id); err != nil {
			return nil, err
		}
		n = e.interfaceAt(s, id, *first, desc, types.NetworkInterfaceTypeInterface, groups)
	}
	if _, err := e.assign(n, more, 0, 0); err != nil {
		e.dropInterface(*n.NetworkInterfaceId)
		return nil, err
	}
	return n, nil
}

// take claims one address of the subnet.
func (s *subnet) take(ip, holder string) error {
	a, err := netip.ParseAddr(ip)
	p := netip.MustParsePrefix(*s.CidrBlock)
	switch {
	case err != nil || !p.Contains(a):
		return wire.Errorf("InvalidParameterValue", "Address %s does not fall within the subnet's address range", ip)
	case s.Used[ip] != "":
		return wire.Errorf("PrivateIpAddress.InUse", "Address %s is in use.", ip)
	}
	first, size := binary.BigEndian.Uint32(p.Masked().Addr().AsSlice()), uint32(1)<<(32-p.Bits())
	if at := binary.BigEndian.Uint32(a.AsSlice()) - first; at < 4 || at == size-1 {
		return wire.Errorf("InvalidParameterValue", "Address %s is in subnet's reserved address range", ip)
	}
	s.Used[ip] = holder
	return nil
}

// DeleteNetworkInterface refuses an attached interface.
func (e *EC2) DeleteNetworkInterface(_ *wire.Caller, in *ec2.DeleteNetworkInterfaceInput) (*ec2.DeleteNetworkInterfaceOutput, error) {
	n, err := e.eni(in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	if n.Status == types.NetworkInterfaceStatusInUse {
		return nil, wire.Errorf("InvalidParameterValue", "Network interface '%s' is currently in use.", *n.NetworkInterfaceId)
	}
	e.dropInterface(*n.NetworkInterfaceId)
	return &ec2.DeleteNetworkInterfaceOutput{}, nil
}

func (e *EC2) eni(id *string) (*types.NetworkInterface, error) {
	if n := e.enis.Get(aws.ToString(id)); n != nil {
		return n, nil
	}
	return nil, e.enis.Missing(aws.ToString(id))
}

// AttachNetworkInterface ties an interface to an instance of its zone that has room.
func (e *EC2) AttachNetworkInterface(_ *wire.Caller, in *ec2.AttachNetworkInterfaceInput) (*ec2.AttachNetworkInterfaceOutput, error) {
	n, err := e.eni(in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	i := e.instances.Get(aws.ToString(in.InstanceId))
	if i == nil {
		return nil, e.instances.Missing(aws.ToString(in.InstanceId))
	}
	if s := i.State.Name; s != types.InstanceStateNameRunning && s != types.InstanceStateNameStopped {
		return nil, wire.Errorf("IncorrectState", "Instance '%s' is not in a valid state for this operation.", *i.InstanceId)
	}
	if n.Attachment != nil || n.Status == types.NetworkInterfaceStatusInUse {
		return nil, wire.Errorf("InvalidNetworkInterface.InUse", "Interface: [%s] in use.", *n.NetworkInterfaceId)
	}
	if *n.AvailabilityZone != *i.Placement.AvailabilityZone {
		return nil, wire.Errorf("InvalidParameterCombination", "You may not attach a network interface to an instance if they are not in the same "+
			"availability zone")
	}
	device, card := aws.ToInt32(in.DeviceIndex), aws.ToInt32(in.NetworkCardIndex)
	have := e.attached(*i.InstanceId)
	for _, x := range have {
		if aws.ToInt32(x.Attachment.DeviceIndex) == device && aws.ToInt32(x.Attachment.NetworkCardIndex) == card {
			return nil, wire.Errorf("InvalidParameterValue", "Instance '%s' already has an interface attached at device index '%d'.", *i.InstanceId, device)
		}
	}
	if t, _ := TypeOf(string(i.InstanceType)); len(have) >= t.ENIs {
		return nil, wire.Errorf("AttachmentLimitExceeded", "Interface count %d exceeds the limit for %s", len(have)+1, i.InstanceType)
	}
	id := e.attach(n, *i.InstanceId, device, card, false)
	e.showInterfaces(*i.InstanceId)
	return &ec2.AttachNetworkInterfaceOutput{AttachmentId: new(id), NetworkCardIndex: new(card)}, nil
}

// DetachNetworkInterface unties an interface, not an instance's first.
func (e *EC2) DetachNetworkInterface(_ *wire.Caller, in *ec2.DetachNetworkInterfaceInput) (*ec2.DetachNetworkInterfaceOutput, error) {
	n := e.enis.Find(func(n *types.NetworkInterface) bool {
		return n.Attachment != nil && aws.ToString(n.Attachment.AttachmentId) == aws.ToString(in.AttachmentId)
	})
	if n == nil {
		return nil, notFound("InvalidAttachmentID.NotFound", "interface attachment ID", aws.ToString(in.AttachmentId))
	}
	if aws.ToInt32(n.Attachment.DeviceIndex) == 0 && aws.ToInt32(n.Attachment.NetworkCardIndex) == 0 {
		return nil, wire.Errorf("OperationNotPermitted", "The network interface at device index 0 and networkCard index 0 cannot be detached.")
	}
	e.detach(n)
	return &ec2.DetachNetworkInterfaceOutput{}, nil
}

// ModifyNetworkInterfaceAttribute changes one attribute.
func (e *EC2) ModifyNetworkInterfaceAttribute(_ *wire.Caller,
	in *ec2.ModifyNetworkInterfaceAttributeInput) (*ec2.ModifyNetworkInterfaceAttributeOutput, error) {
	n, err := e.eni(in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	if len(in.Groups) > 0 {
		if _, err := e.inSubnet(e.subnets.Get(*n.SubnetId), in.Groups); err != nil {
			return nil, err
		}
		e.setGroups(n, in.Groups)
	}
	if c := in.Attachment; c != nil {
		if n.Attachment == nil || aws.ToString(n.Attachment.AttachmentId) != aws.ToString(c.AttachmentId) {
			return nil, notFound("InvalidAttachmentID.NotFound", "interface attachment ID", aws.ToString(c.AttachmentId))
		}
		n.Attachment.DeleteOnTermination = c.DeleteOnTermination
	}
	if in.Description != nil {
		n.Description = in.Description.Value
	}
	if in.SourceDestCheck != nil {
		n.SourceDestCheck = in.SourceDestCheck.Value
	}
	if n.Attachment != nil {
		e.showInterfaces(aws.ToString(n.Attachment.InstanceId))
	}
	return &ec2.ModifyNetworkInterfaceAttributeOutput{}, nil
}

// assigned is what an interface got.
type assigned struct {
	addresses []types.AssignedPrivateIpAddress
	prefixes  []types.Ipv4PrefixSpecification
}

// mostOfAny is how many addresses, and prefixes, of a family any instance type's interface
// takes.
const mostOfAny = 100

// mostAddresses is how many addresses and prefixes of a family an interface takes: as many
// as its instance's type says.
func (e *EC2) mostAddresses(n *types.NetworkInterface) int {
	if n.Attachment != nil {
		if i := e.instances.Get(aws.ToString(n.Attachment.InstanceId)); i != nil {
			t, _ := TypeOf(string(i.InstanceType))
			return t.IPs
		}
	}
	return mostOfAny
}

func addressLimit() error {
	return wire.Errorf("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit.")
}

// assign gives an interface more private addresses and prefixes: all or none.
func (e *EC2) assign(n *types.NetworkInterface, named []string, count, prefixes int) (assigned, error) {
	var out assigned
	s := e.subnets.Get(*n.SubnetId)
	if have := len(n.PrivateIpAddresses) + len(n.Ipv4Prefixes); have+len(named)+count+prefixes > e.mostAddresses(n) {
		return out, addressLimit()
	}
	undo := func(err error) (assigned, error) {
		for _, a := range out.addresses {
			e.ReleaseAddress(*n.SubnetId, *a.PrivateIpAddress)
		}
		for _, p := range out.prefixes {
			e.freePrefix(*n.SubnetId, *p.Ipv4Prefix)
		}
		return assigned{}, err
	}
	for _, ip := range named {
		if err := s.take(ip, *n.NetworkInterfaceId); err != nil {
			return undo(err)
		}
		out.addresses = append(out.addresses, types.AssignedPrivateIpAddress{PrivateIpAddress: new(ip)})
	}
	for range count {
		ip, ok := e.takeIP(s, *n.NetworkInterfaceId)
		if !ok {
			return undo(fullSubnet(s))
		}
		out.addresses = append(out.addresses, types.AssignedPrivateIpAddress{PrivateIpAddress: new(ip)})
	}
	for range prefixes {
		p, ok := s.takePrefix(*n.NetworkInterfaceId)
		if !ok {
			return undo(wire.Errorf("InsufficientCidrBlocks", "The specified subnet does not have enough free cidr blocks to satisfy the request."))
		}
		out.prefixes = append(out.prefixes, types.Ipv4PrefixSpecification{Ipv4Prefix: new(p)})
	}
	for _, a := range out.addresses {
		n.PrivateIpAddresses = append(n.PrivateIpAddresses, types.NetworkInterfacePrivateIpAddress{Primary: new(false), PrivateIpAddress: a.PrivateIpAddress,
			PrivateDnsName: new(e.privateName(*a.PrivateIpAddress))})
	}
	n.Ipv4Prefixes = append(n.Ipv4Prefixes, out.prefixes...)
	return out, nil
}

// takePrefix claims a free /28 of the subnet.
func (s *subnet) takePrefix(holder string) (string, bool) {
	p := netip.MustParsePrefix(*s.CidrBlock)
	first, size := binary.BigEndian.Uint32(p.Masked().Addr().AsSlice()), uint32(1)<<(32-p.Bits())
	for at := uint32(16); at+16 < size; at += 16 {
		block := netip.PrefixFrom(addr(first+at), 28)
		free := true
		for a := block.Addr(); block.Contains(a); a = a.Next() {
			free = free && s.Used[a.String()] == ""
		}
		if !free {
			continue
		}
		for a := block.Addr(); block.Contains(a); a = a.Next() {
			s.Used[a.String()] = holder
		}
		return block.String(), true
	}
	return "", false
}

func addr(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}

func (e *EC2) freePrefix(subnetID, prefix string) {
	p := netip.MustParsePrefix(prefix)
	for a := p.Addr(); p.Contains(a); a = a.Next() {
		e.ReleaseAddress(subnetID, a.String())
	}
}

// AssignPrivateIpAddresses gives an interface more addresses or prefixes, by number or
// by name.
func (e *EC2) AssignPrivateIpAddresses(_ *wire.Caller, in *ec2.AssignPrivateIpAddressesInput) (*ec2.AssignPrivateIpAddressesOutput, error) {
	n, err := e.eni(in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	got, err := e.assign(n, in.PrivateIpAddresses, int(aws.ToInt32(in.SecondaryPrivateIpAddressCount)),
		int(aws.ToInt32(in.Ipv4PrefixCount))+len(in.Ipv4Prefixes))
	if err != nil {
		return nil, err
	}
	e.reshow(n)
	return &ec2.AssignPrivateIpAddressesOutput{NetworkInterfaceId: n.NetworkInterfaceId, AssignedPrivateIpAddresses: got.addresses,
		AssignedIpv4Prefixes: got.prefixes}, nil
}

// reshow writes an interface's change into its instance.
func (e *EC2) reshow(n *types.NetworkInterface) {
	if n.Attachment != nil {
		e.showInterfaces(aws.ToString(n.Attachment.InstanceId))
	}
}

// UnassignPrivateIpAddresses takes addresses and prefixes back, not the first address.
func (e *EC2) UnassignPrivateIpAddresses(_ *wire.Caller, in *ec2.UnassignPrivateIpAddressesInput) (*ec2.UnassignPrivateIpAddressesOutput, error) {
	n, err := e.eni(in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	for _, ip := range in.PrivateIpAddresses {
		if a := addressOf(n, ip); a == nil || aws.ToBool(a.Primary) {
			return nil, wire.Errorf("InvalidParameterValue", "Some of [%s] are not assigned to interface %s", ip, *n.NetworkInterfaceId)
		}
	}
	for _, p := range in.Ipv4Prefixes {
		if !slices.ContainsFunc(n.Ipv4Prefixes, func(x types.Ipv4PrefixSpecification) bool { return *x.Ipv4Prefix == p }) {
			return nil, wire.Errorf("InvalidParameterValue", "Some of [%s] are not assigned to interface %s", p, *n.NetworkInterfaceId)
		}
	}
	for _, ip := range in.PrivateIpAddresses {
		for _, a := range e.addresses.Select(func(a *types.Address) bool {
			return aws.ToString(a.NetworkInterfaceId) == *n.NetworkInterfaceId && aws.ToString(a.PrivateIpAddress) == ip
		}) {
			e.dissociate(a)
		}
		e.ReleaseAddress(*n.SubnetId, ip)
		n.PrivateIpAddresses = slices.DeleteFunc(n.PrivateIpAddresses,
			func(a types.NetworkInterfacePrivateIpAddress) bool { return *a.PrivateIpAddress == ip })
	}
	for _, p := range in.Ipv4Prefixes {
		e.freePrefix(*n.SubnetId, p)
		n.Ipv4Prefixes = slices.DeleteFunc(n.Ipv4Prefixes, func(x types.Ipv4PrefixSpecification) bool { return *x.Ipv4Prefix == p })
	}
	e.reshow(n)
	return &ec2.UnassignPrivateIpAddressesOutput{}, nil
}

// assignIPv6 gives an interface addresses, named or any, and prefixes of its subnet's
// IPv6 block: all or none.
func (e *EC2) assignIPv6(n *types.NetworkInterface, named []string, count, prefixes int) (addresses, blocks []string, err error) {
	s := e.subnets.Get(*n.SubnetId)
	if len(named)+count+prefixes == 0 {
		return nil, nil, nil
	}
	if len(s.Ipv6CidrBlockAssociationSet) == 0 {
		return nil, nil, wire.Errorf("InvalidParameterValue", "No IPv6 CIDR block is associated with subnet %s", *s.SubnetId)
	}
	// A number that no interface can have would be counted to its end.
	if have := len(n.Ipv6Addresses) + len(n.Ipv6Prefixes); have+len(named)+count+prefixes > e.mostAddresses(n) {
		return nil, nil, addressLimit()
	}
	block, err := netip.ParsePrefix(*s.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range named {
		if ip, err := netip.ParseAddr(a); err != nil || !block.Contains(ip) {
			return nil, nil, wire.Errorf("InvalidParameterValue", "Address %s does not fall within the subnet's address range", a)
		}
		addresses = append(addresses, a)
	}
	for i := range count {
		b := block.Addr().As16()
		at := len(n.Ipv6Addresses) + i
		binary.BigEndian.PutUint32(b[10:], uint32(e.w.Pick(fmt.Sprint("ipv6 ", *n.NetworkInterfaceId, at), 1<<31)))
		b[15] = byte(16 + at) // the first ones are AWS's
		addresses = append(addresses, netip.AddrFrom16(b).String())
	}
	for i := range prefixes {
		b := block.Addr().As16()
		binary.BigEndian.PutUint16(b[8:], uint16(e.w.Pick(fmt.Sprint("ipv6 prefix ", *n.NetworkInterfaceId, len(n.Ipv6Prefixes)+i), 1<<16)))
		blocks = append(blocks, netip.PrefixFrom(netip.AddrFrom16(b), 80).String())
	}
	for _, a := range addresses {
		n.Ipv6Addresses = append(n.Ipv6Addresses, types.NetworkInterfaceIpv6Address{Ipv6Address: new(a), IsPrimaryIpv6: new(false)})
	}
	for _, p := range blocks {
		n.Ipv6Prefixes = append(n.Ipv6Prefixes, types.Ipv6PrefixSpecification{Ipv6Prefix: new(p)})
	}
	if len(n.Ipv6Addresses) > 0 {
		n.Ipv6Address = n.Ipv6Addresses[0].Ipv6Address
	}
	return addresses, blocks, nil
}

func v6Names(l []types.InstanceIpv6Address) []string {
	var out []string
	for _, a := range l {
		out = append(out, aws.ToString(a.Ipv6Address))
	}
	return out
}

// AssignIpv6Addresses gives an interface IPv6 addresses or prefixes.
func (e *EC2) AssignIpv6Addresses(_ *wire.Caller, in *ec2.AssignIpv6AddressesInput) (*ec2.AssignIpv6AddressesOutput, error) {
	n, err := e.eni(in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	addresses, prefixes, err := e.assignIPv6(n, in.Ipv6Addresses, int(aws.ToInt32(in.Ipv6AddressCount)),
		int(aws.ToInt32(in.Ipv6PrefixCount))+len(in.Ipv6Prefixes))
	if err != nil {
		return nil, err
	}
	e.reshow(n)
	return &ec2.AssignIpv6AddressesOutput{NetworkInterfaceId: n.NetworkInterfaceId, AssignedIpv6Addresses: addresses, AssignedIpv6Prefixes: prefixes}, nil
}

// UnassignIpv6Addresses takes IPv6 addresses and prefixes back.
func (e *EC2) UnassignIpv6Addresses(_ *wire.Caller, in *ec2.UnassignIpv6AddressesInput) (*ec2.UnassignIpv6AddressesOutput, error) {
	n, err := e.eni(in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	n.Ipv6Addresses = slices.DeleteFunc(n.Ipv6Addresses, func(a types.NetworkInterfaceIpv6Address) bool {
		return slices.Contains(in.Ipv6Addresses, *a.Ipv6Address)
	})
	n.Ipv6Prefixes = slices.DeleteFunc(n.Ipv6Prefixes, func(p types.Ipv6PrefixSpecification) bool {
		return slices.Contains(in.Ipv6Prefixes, *p.Ipv6Prefix)
	})
	if n.Ipv6Address = nil; len(n.Ipv6Addresses) > 0 {
		n.Ipv6Address = n.Ipv6Addresses[0].Ipv6Address
	}
	e.reshow(n)
	return &ec2.UnassignIpv6AddressesOutput{NetworkInterfaceId: n.NetworkInterfaceId, UnassignedIpv6Addresses: in.Ipv6Addresses,
		UnassignedIpv6Prefixes: in.Ipv6Prefixes}, nil
}

func (e *EC2) viewInterface(n *types.NetworkInterface) types.NetworkInterface {
	v := *n
	v.PrivateIpAddresses = slices.Clone(n.PrivateIpAddresses)
	v.TagSet = e.tagsOf(*n.NetworkInterfaceId)
	return v
}
