package ec2

import (
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// NewServiceInterface makes an interface that a service of AWS holds in a subnet for
// somebody's resource, such as a load balancer, and answers its ID; "" when the subnet is
// full or gone. Only the service lets it go. A public one has an address that the service
// owns: the VPC's internet gateway cannot be detached meanwhile.
func (e *EC2) NewServiceInterface(subnetID, desc, requester string, t types.NetworkInterfaceType, groups []string, public bool) string {
	s := e.subnets.Get(subnetID)
	if s == nil {
		return ""
	}
	n := e.newInterface(s, desc, t, groups)
	if n == nil {
		return ""
	}
	id := *n.NetworkInterfaceId
	n.RequesterManaged, n.RequesterId, n.Status = new(true), new(requester), types.NetworkInterfaceStatusInUse
	n.Attachment = &types.NetworkInterfaceAttachment{AttachmentId: new(e.w.ID("ela-attach-", id)), DeviceIndex: new(int32(1)), DeleteOnTermination: new(false),
		InstanceOwnerId: new(requester), Status: types.AttachmentStatusAttached}
	if public {
		n.Association = &types.NetworkInterfaceAssociation{PublicIp: new(e.publicAddress(id, "203.0.113.0")), IpOwnerId: new(requester)}
	}
	return id
}

// SetInterfaceGroups replaces the security groups of an interface that a service holds.
func (e *EC2) SetInterfaceGroups(id string, groups []string) {
	n := e.enis.Get(id)
	if n == nil {
		return
	}
	n.Groups = nil
	for _, g := range groups {
		if x := e.groups.Get(g); x != nil {
			n.Groups = append(n.Groups, types.GroupIdentifier{GroupId: new(g), GroupName: x.GroupName})
		}
	}
}

// HasAddress tells whether an interface in a VPC has a private address.
func (e *EC2) HasAddress(vpcID, address string) bool {
	return e.subnets.Find(func(s *subnet) bool { return *s.VpcId == vpcID && s.Used[address] != "" }) != nil
}

// HasInternetGateway tells whether a VPC has an internet gateway.
func (e *EC2) HasInternetGateway(vpcID string) bool {
	return e.igws.Find(func(g *types.InternetGateway) bool {
		return len(g.Attachments) > 0 && aws.ToString(g.Attachments[0].VpcId) == vpcID
	}) != nil
}

// DefaultGroup is a VPC's default security group, "" where there is no such VPC.
func (e *EC2) DefaultGroup(vpcID string) string {
	if v := e.vpcs.Get(vpcID); v != nil {
		return v.DefaultGroup
	}
	return ""
}

// holdsPublic tells whether a service holds a public address in a VPC.
func (e *EC2) holdsPublic(vpcID string) bool {
	return e.enis.Find(func(n *types.NetworkInterface) bool {
		return *n.VpcId == vpcID && n.Association != nil && n.RequesterId != nil
	}) != nil
}

// InVPC tells whether an address is of a VPC's blocks.
func (e *EC2) InVPC(vpcID string, a netip.Addr) bool {
	v := e.vpcs.Get(vpcID)
	return v != nil && slices.ContainsFunc(v.CidrBlockAssociationSet, func(x types.VpcCidrBlockAssociation) bool {
		p, err := netip.ParsePrefix(aws.ToString(x.CidrBlock))
		return err == nil && p.Contains(a)
	})
}

// ZoneOf is the zone of the subnet that an address of a VPC is of, "" where none is.
func (e *EC2) ZoneOf(vpcID string, a netip.Addr) string {
	s := e.subnets.Find(func(s *subnet) bool {
		p, err := netip.ParsePrefix(aws.ToString(s.CidrBlock))
		return *s.VpcId == vpcID && err == nil && p.Contains(a)
	})
	if s == nil {
		return ""
	}
	return *s.AvailabilityZone
}
