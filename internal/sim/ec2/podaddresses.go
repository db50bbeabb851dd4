package ec2

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// PodAddress is an address of an instance's interfaces for a pod, as the VPC CNI gets one: a
// secondary one that no pod has; else another one of the first interface with room; else one
// of an interface more. Addresses stay with their interface when their pods go. Those that the
// plugin keeps in reserve beforehand (WARM_ENI_TARGET) are left out.
func (e *EC2) PodAddress(instance string, taken map[string]bool) (string, error) {
	i := e.instances.Get(instance)
	if i == nil {
		return "", e.instances.Missing(instance)
	}
	l := e.attached(instance)
	for _, n := range l {
		for _, a := range n.PrivateIpAddresses {
			if !aws.ToBool(a.Primary) && !taken[*a.PrivateIpAddress] {
				return *a.PrivateIpAddress, nil
			}
		}
	}
	t, _ := TypeOf(string(i.InstanceType))
	for _, n := range l {
		if len(n.PrivateIpAddresses)+len(n.Ipv4Prefixes) >= t.IPs {
			continue
		}
		got, err := e.assign(n, nil, 1, 0)
		if err != nil {
			return "", err
		}
		e.reshow(n)
		return *got.addresses[0].PrivateIpAddress, nil
	}
	if len(l) == 0 || len(l) >= t.ENIs {
		return "", wire.Errorf("AttachmentLimitExceeded", "Interface count %d exceeds the limit for %s", len(l)+1, i.InstanceType)
	}
	return e.anotherInterface(i, l)
}

// anotherInterface is the plugin's: in the subnet and the groups of the first one.
func (e *EC2) anotherInterface(i *types.Instance, l []*types.NetworkInterface) (string, error) {
	s := e.subnets.Get(*l[0].SubnetId)
	var groups []string
	for _, g := range l[0].Groups {
		groups = append(groups, *g.GroupId)
	}
	n := e.newInterface(s, "aws-K8S-"+*i.InstanceId, types.NetworkInterfaceTypeInterface, groups)
	if n == nil {
		return "", fullSubnet(s)
	}
	last := l[len(l)-1]
	device := int32(1)
	if last.Attachment != nil {
		device = aws.ToInt32(last.Attachment.DeviceIndex) + 1
	}
	e.attach(n, *i.InstanceId, device, 0, true)
	tags := []types.Tag{{Key: new("node.k8s.amazonaws.com/instance_id"), Value: i.InstanceId},
		{Key: new("node.k8s.amazonaws.com/createdAt"), Value: new(e.w.Date().Format(time.RFC3339))}}
	e.tag(*n.NetworkInterfaceId, tags)
	got, err := e.assign(n, nil, 1, 0)
	e.reshow(n)
	if err != nil {
		return "", err
	}
	return *got.addresses[0].PrivateIpAddress, nil
}

// PodAddress6 is an address of the prefix that the VPC CNI gets for an instance's first
// interface in an IPv6 cluster; pick draws one of so many.
func (e *EC2) PodAddress6(instance string, taken map[string]bool, pick func(n int) int) (string, error) {
	l := e.attached(instance)
	if len(l) == 0 {
		return "", e.instances.Missing(instance)
	}
	n := l[0]
	if len(n.Ipv6Prefixes) == 0 {
		if _, _, err := e.assignIPv6(n, nil, 0, 1); err != nil {
			return "", err
		}
		e.reshow(n)
	}
	b := netip.MustParsePrefix(*n.Ipv6Prefixes[0].Ipv6Prefix).Addr().As16()
	for at := pick(1 << 24); ; at++ {
		binary.BigEndian.PutUint32(b[12:], uint32(at+1))
		if ip := netip.AddrFrom16(b).String(); !taken[ip] {
			return ip, nil
		}
	}
}

// PodAddressOn is a further address of an interface that a service holds for a host of its
// own, which is no instance of the account's.
func (e *EC2) PodAddressOn(eni string, taken map[string]bool) (string, error) {
	n, err := e.eni(&eni)
	if err != nil {
		return "", err
	}
	for _, a := range n.PrivateIpAddresses {
		if !aws.ToBool(a.Primary) && !taken[*a.PrivateIpAddress] {
			return *a.PrivateIpAddress, nil
		}
	}
	got, err := e.assign(n, nil, 1, 0)
	if err != nil {
		return "", err
	}
	return *got.addresses[0].PrivateIpAddress, nil
}

// AddressOf is the first address of an interface.
func (e *EC2) AddressOf(eni string) string {
	if n := e.enis.Get(eni); n != nil {
		return aws.ToString(n.PrivateIpAddress)
	}
	return ""
}
