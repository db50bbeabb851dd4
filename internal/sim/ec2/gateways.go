package ec2

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerGateways(s *wire.Service) {
	handle(e, s, "CreateInternetGateway", e.CreateInternetGateway)
	handle(e, s, "AttachInternetGateway", e.AttachInternetGateway)
	handle(e, s, "DetachInternetGateway", e.DetachInternetGateway)
	handle(e, s, "DeleteInternetGateway", e.DeleteInternetGateway)
	handle(e, s, "DescribeInternetGateways", e.DescribeInternetGateways)
	handle(e, s, "CreateEgressOnlyInternetGateway", e.CreateEgressOnlyInternetGateway)
	handle(e, s, "DeleteEgressOnlyInternetGateway", e.DeleteEgressOnlyInternetGateway)
	handle(e, s, "DescribeEgressOnlyInternetGateways", e.DescribeEgressOnlyInternetGateways)
	handle(e, s, "CreateNatGateway", e.CreateNatGateway)
	handle(e, s, "DescribeNatGateways", e.DescribeNatGateways)
	handle(e, s, "DeleteNatGateway", e.DeleteNatGateway)
}

// CreateInternetGateway makes a detached gateway.
func (e *EC2) CreateInternetGateway(_ *wire.Caller, in *ec2.CreateInternetGatewayInput) (*ec2.CreateInternetGatewayOutput, error) {
	id := e.w.ID("igw-", identity(in.TagSpecifications))
	g := e.igws.Put(id, &types.InternetGateway{InternetGatewayId: new(id), OwnerId: new(e.Account), Attachments: []types.InternetGatewayAttachment{}})
	e.tagSpec(id, in.TagSpecifications)
	return &ec2.CreateInternetGatewayOutput{InternetGateway: new(e.viewInternetGateway(g))}, nil
}

// AttachInternetGateway attaches a gateway to a VPC that has none.
func (e *EC2) AttachInternetGateway(_ *wire.Caller, in *ec2.AttachInternetGatewayInput) (*ec2.AttachInternetGatewayOutput, error) {
	g := e.igws.Get(aws.ToString(in.InternetGatewayId))
	if g == nil {
		return nil, notFound("InvalidInternetGatewayID.NotFound", "internetGateway ID", aws.ToString(in.InternetGatewayId))
	}
	if e.vpcs.Get(aws.ToString(in.VpcId)) == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	if len(g.Attachments) > 0 {
		return nil, wire.Errorf("Resource.AlreadyAssociated", "resource %s is already attached to network %s", *g.InternetGatewayId, *g.Attachments[0].VpcId)
	}
	if e.gatewayOf(*in.VpcId) != nil {
		return nil, wire.Errorf("InvalidParameterValue", "Network %s already has an internet gateway attached", *in.VpcId)
	}
	g.Attachments = []types.InternetGatewayAttachment{{VpcId: in.VpcId, State: "available"}}
	return &ec2.AttachInternetGatewayOutput{}, nil
}

// DetachInternetGateway refuses while public addresses are mapped through it.
func (e *EC2) DetachInternetGateway(_ *wire.Caller, in *ec2.DetachInternetGatewayInput) (*ec2.DetachInternetGatewayOutput, error) {
	g := e.igws.Get(aws.ToString(in.InternetGatewayId))
	if g == nil {
		return nil, notFound("InvalidInternetGatewayID.NotFound", "internetGateway ID", aws.ToString(in.InternetGatewayId))
	}
	if len(g.Attachments) == 0 || *g.Attachments[0].VpcId != aws.ToString(in.VpcId) {
		return nil, wire.Errorf("Gateway.NotAttached", "resource %s is not attached to network %s", *g.InternetGatewayId, aws.ToString(in.VpcId))
	}
	if e.mapped(*in.VpcId) || e.holdsPublic(*in.VpcId) || e.nats.Find(func(n *types.NatGateway) bool {
		return *n.VpcId == aws.ToString(in.VpcId) && n.State != types.NatGatewayStateDeleted && n.State != types.NatGatewayStateFailed
	}) != nil {
		return nil, wire.Errorf("DependencyViolation",
			"Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", aws.ToString(in.VpcId))
	}
	g.Attachments = nil
	return &ec2.DetachInternetGatewayOutput{}, nil
}

// DeleteInternetGateway refuses an attached gateway.
func (e *EC2) DeleteInternetGateway(_ *wire.Caller, in *ec2.DeleteInternetGatewayInput) (*ec2.DeleteInternetGatewayOutput, error) {
	g := e.igws.Get(aws.ToString(in.InternetGatewayId))
	if g == nil {
		return nil, notFound("InvalidInternetGatewayID.NotFound", "internetGateway ID", aws.ToString(in.InternetGatewayId))
	}
	if len(g.Attachments) > 0 {
		return nil, wire.Errorf("DependencyViolation", "The internetGateway '%s' has dependencies and cannot be deleted.", *g.InternetGatewayId)
	}
	drop(e, e.igws, *g.InternetGatewayId)
	return &ec2.DeleteInternetGatewayOutput{}, nil
}

// DescribeInternetGateways lists gateways.
func (e *EC2) DescribeInternetGateways(_ *wire.Caller, in *ec2.DescribeInternetGatewaysInput) (*ec2.DescribeInternetGatewaysOutput, error) {
	l, err := res.List(e.igws, in.InternetGatewayIds, filters(in.Filters), e.viewInternetGateway)
	return &ec2.DescribeInternetGatewaysOutput{InternetGateways: l}, err
}

// CreateEgressOnlyInternetGateway makes and attaches one.
func (e *EC2) CreateEgressOnlyInternetGateway(by *wire.Caller, in *ec2.CreateEgressOnlyInternetGatewayInput) (*ec2.CreateEgressOnlyInternetGatewayOutput,
	error) {
	if e.vpcs.Get(aws.ToString(in.VpcId)) == nil {
		return nil, notFound("InvalidVpcID.NotFound", "vpc ID", aws.ToString(in.VpcId))
	}
	if had := e.eigws.Get(by.Before()); had != nil {
		return &ec2.CreateEgressOnlyInternetGatewayOutput{EgressOnlyInternetGateway: new(e.viewEgressOnly(had)), ClientToken: in.ClientToken}, nil
	}
	id := e.w.ID("eigw-", aws.ToString(in.VpcId))
	by.Note(id)
	g := e.eigws.Put(id, &types.EgressOnlyInternetGateway{EgressOnlyInternetGatewayId: new(id),
		Attachments: []types.InternetGatewayAttachment{{VpcId: in.VpcId, State: "attached"}}})
	e.tagSpec(id, in.TagSpecifications)
	return &ec2.CreateEgressOnlyInternetGatewayOutput{EgressOnlyInternetGateway: new(e.viewEgressOnly(g)), ClientToken: in.ClientToken}, nil
}

// DeleteEgressOnlyInternetGateway removes one.
func (e *EC2) DeleteEgressOnlyInternetGateway(_ *wire.Caller, in *ec2.DeleteEgressOnlyInternetGatewayInput) (*ec2.DeleteEgressOnlyInternetGatewayOutput,
	error) {
	if id := aws.ToString(in.EgressOnlyInternetGatewayId); e.eigws.Get(id) == nil {
		return nil, e.eigws.Missing(id)
	}
	drop(e, e.eigws, *in.EgressOnlyInternetGatewayId)
	return &ec2.DeleteEgressOnlyInternetGatewayOutput{ReturnCode: new(true)}, nil
}

// DescribeEgressOnlyInternetGateways lists them.
func (e *EC2) DescribeEgressOnlyInternetGateways(_ *wire.Caller,
	in *ec2.DescribeEgressOnlyInternetGatewaysInput) (*ec2.DescribeEgressOnlyInternetGatewaysOutput, error) {
	l, err := res.List(e.eigws, in.EgressOnlyInternetGatewayIds, filters(in.Filters), e.viewEgressOnly)
	return &ec2.DescribeEgressOnlyInternetGatewaysOutput{EgressOnlyInternetGateways: l}, err
}

// CreateNatGateway makes a gateway that is available after its drawn duration
// (facts/eks.md §7: 1m45s, 1m25 to 2m05).
func (e *EC2) CreateNatGateway(by *wire.Caller, in *ec2.CreateNatGatewayInput) (*ec2.CreateNatGatewayOutput, error) {
	if had := e.nats.Get(by.Before()); had != nil {
		return &ec2.CreateNatGatewayOutput{NatGateway: new(e.viewNat(had)), ClientToken: in.ClientToken}, nil
	}
	s := e.subnets.Get(aws.ToString(in.SubnetId))
	if s == nil {
		return nil, notFound("InvalidSubnetID.NotFound", "subnet ID", aws.ToString(in.SubnetId))
	}
	var a *types.Address
	kind := in.ConnectivityType
	if kind == "" {
		kind = types.ConnectivityTypePublic
	}
	if kind == types.ConnectivityTypePublic {
		if in.AllocationId == nil {
			return nil, wire.Errorf("MissingParameter", "The request must include the AllocationId parameter. Add the required parameter and retry the request.")
		}
		if a = e.addresses.Get(*in.AllocationId); a == nil {
			return nil, notFound("InvalidAllocationID.NotFound", "allocation ID", *in.AllocationId)
		}
	}
	id := e.w.ID("nat-", *s.SubnetId, aws.ToString(in.AllocationId))
	ni := e.newInterface(s, "Interface for NAT Gateway "+id, types.NetworkInterfaceTypeNatGateway, nil)
	if ni == nil {
		return nil, wire.Errorf("InsufficientFreeAddressesInSubnet",
			"There are not enough free addresses in subnet '%s' to satisfy the requested number of instances.", *s.SubnetId)
	}
	n := e.nats.Put(id, &types.NatGateway{NatGatewayId: new(id), SubnetId: in.SubnetId, VpcId: s.VpcId, State: types.NatGatewayStatePending,
		CreateTime: new(e.w.Date()), ConnectivityType: kind})
	addr := types.NatGatewayAddress{NetworkInterfaceId: ni.NetworkInterfaceId, PrivateIp: ni.PrivateIpAddress, IsPrimary: new(true),
		Status: types.NatGatewayAddressStatusSucceeded}
	switch {
	case a == nil:
	case a.AssociationId != nil:
		n.FailureCode, n.FailureMessage = new("Resource.AlreadyAssociated"), new("Elastic IP address ["+*a.AllocationId+"] is already associated")
		addr.AllocationId = a.AllocationId
	default:
		e.associate(a, ni, *ni.PrivateIpAddress)
		addr.AllocationId, addr.AssociationId, addr.PublicIp = a.AllocationId, a.AssociationId, a.PublicIp
	}
	n.NatGatewayAddresses = []types.NatGatewayAddress{addr}
	e.tagSpec(id, in.TagSpecifications)
	by.Note(id)
	zone := *s.AvailabilityZone
	e.w.Start("ec2:natgateway", id, e.w.Draw("ec2:natgateway", zone, 105*time.Second, 85*time.Second, 125*time.Second), "ec2:nat-up", id, nil)
	return &ec2.CreateNatGatewayOutput{NatGateway: new(e.viewNat(n)), ClientToken: in.ClientToken}, nil
}

// DescribeNatGateways lists NAT gateways, deleted ones too, as EC2 does for an hour.
func (e *EC2) DescribeNatGateways(_ *wire.Caller, in *ec2.DescribeNatGatewaysInput) (*ec2.DescribeNatGatewaysOutput, error) {
	l, err := res.List(e.nats, in.NatGatewayIds, filters(in.Filter), e.viewNat)
	return &ec2.DescribeNatGatewaysOutput{NatGateways: l}, err
}

// DeleteNatGateway takes 65 to 95 s (facts/eks.md §7).
func (e *EC2) DeleteNatGateway(_ *wire.Caller, in *ec2.DeleteNatGatewayInput) (*ec2.DeleteNatGatewayOutput, error) {
	n := e.nats.Get(aws.ToString(in.NatGatewayId))
	if n == nil {
		return nil, e.nats.Missing(aws.ToString(in.NatGatewayId))
	}
	if n.State == types.NatGatewayStateDeleting || n.State == types.NatGatewayStateDeleted {
		return &ec2.DeleteNatGatewayOutput{NatGatewayId: n.NatGatewayId}, nil
	}
	n.State = types.NatGatewayStateDeleting
	id := *n.NatGatewayId
	d := e.w.Draw("ec2:natgateway-delete", id, 80*time.Second, 65*time.Second, 95*time.Second)
	e.w.Start("ec2:natgateway-delete", id, d, "ec2:nat-down", id, nil)
	return &ec2.DeleteNatGatewayOutput{NatGatewayId: n.NatGatewayId}, nil
}

// natUp ends the creation: only now EC2 says what was wrong with the request.
func (e *EC2) natUp(id string, _ struct{}) {
	n := e.nats.Get(id)
	if n == nil || n.State != types.NatGatewayStatePending {
		return
	}
	if n.FailureCode == nil && n.ConnectivityType == types.ConnectivityTypePublic && e.gatewayOf(*n.VpcId) == nil {
		n.FailureCode, n.FailureMessage = new("Gateway.NotAttached"), new("Network ["+*n.VpcId+"] has no Internet gateway attached")
	}
	if n.State = types.NatGatewayStateAvailable; n.FailureCode != nil {
		n.State = types.NatGatewayStateFailed
		e.freeNat(n)
		e.forget("ec2:nat-gone", id)
	}
}

func (e *EC2) natDown(id string, _ struct{}) {
	n := e.nats.Get(id)
	if n == nil {
		return
	}
	n.State, n.DeleteTime = types.NatGatewayStateDeleted, new(e.w.Date())
	e.freeNat(n)
	e.forget("ec2:nat-gone", id)
}

// freeNat gives back the gateway's interface and addresses.
func (e *EC2) freeNat(n *types.NatGateway) {
	for _, a := range n.NatGatewayAddresses {
		e.dropInterface(aws.ToString(a.NetworkInterfaceId))
	}
}

// gatewayOf is the internet gateway attached to a VPC, or nil.
func (e *EC2) gatewayOf(vpcID string) *types.InternetGateway {
	return e.igws.Find(func(g *types.InternetGateway) bool { return len(g.Attachments) > 0 && *g.Attachments[0].VpcId == vpcID })
}

// mapped tells whether an instance of a VPC has a public address of its own, or an
// Elastic IP address is associated in it.
func (e *EC2) mapped(vpcID string) bool {
	return e.instances.Find(func(i *types.Instance) bool {
		return aws.ToString(i.VpcId) == vpcID && i.PublicIpAddress != nil && i.State.Name != types.InstanceStateNameTerminated
	}) != nil || e.addresses.Find(func(a *types.Address) bool {
		n := e.enis.Get(aws.ToString(a.NetworkInterfaceId))
		return n != nil && *n.VpcId == vpcID
	}) != nil
}

// Nat is a NAT gateway, or nil.
func (e *EC2) Nat(id string) *types.NatGateway { return e.nats.Get(id) }

func (e *EC2) viewInternetGateway(g *types.InternetGateway) types.InternetGateway {
	v := *g
	v.Tags = e.tagsOf(*g.InternetGatewayId)
	return v
}

func (e *EC2) viewEgressOnly(g *types.EgressOnlyInternetGateway) types.EgressOnlyInternetGateway {
	v := *g
	v.Tags = e.tagsOf(*g.EgressOnlyInternetGatewayId)
	return v
}

func (e *EC2) viewNat(n *types.NatGateway) types.NatGateway {
	v := *n
	v.Tags = e.tagsOf(*n.NatGatewayId)
	return v
}
