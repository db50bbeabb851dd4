package ec2

import (
	"fmt"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// AddDefaultVPC makes what EC2 makes in every region of an account: a VPC with a public
// subnet in each zone, an internet gateway and the route to it (VPC user guide, default
// VPCs).
func (e *EC2) AddDefaultVPC() {
	must := func(err error) {
		if err != nil {
			panic(fmt.Sprintf("the default VPC of %s: %v", e.Region, err)) // constants of ours
		}
	}
	id := e.w.ID("vpc-", "default")
	v := &vpc{Vpc: types.Vpc{VpcId: new(id), CidrBlock: new("172.31.0.0/16")}, DNSSupport: true, DNSHostnames: true}
	must(e.completeVpc(v))
	v.IsDefault = new(true)
	e.vpcs.Put(id, v)
	n := 0
	for _, z := range e.Zones {
		if z.Type != "availability-zone" {
			continue
		}
		sid := e.w.ID("subnet-", id, z.Name)
		s := &subnet{Subnet: types.Subnet{SubnetId: new(sid), VpcId: new(id), CidrBlock: new(fmt.Sprintf("172.31.%d.0/20", 16*n)),
			AvailabilityZone: new(z.Name), MapPublicIpOnLaunch: new(true)}}
		must(e.completeSubnet(s))
		s.DefaultForAz = new(true)
		e.subnets.Put(sid, s)
		n++
	}
	gid := e.w.ID("igw-", id)
	e.igws.Put(gid, &types.InternetGateway{InternetGatewayId: new(gid), OwnerId: new(e.Account),
		Attachments: []types.InternetGatewayAttachment{{VpcId: new(id), State: "available"}}})
	_, err := e.CreateRoute(nil, &ec2.CreateRouteInput{RouteTableId: new(v.MainRouteTable), DestinationCidrBlock: new("0.0.0.0/0"), GatewayId: new(gid)})
	must(err)
}

// defaultVPC is the region's default VPC, or nil.
func (e *EC2) defaultVPC() *vpc {
	return e.vpcs.Find(func(v *vpc) bool { return v.IsDefault != nil && *v.IsDefault })
}

// defaultSubnet is where an instance goes that names no subnet: the default VPC's in a
// zone, or the first.
func (e *EC2) defaultSubnet(zone string) *subnet {
	return e.subnets.Find(func(s *subnet) bool {
		return s.DefaultForAz != nil && *s.DefaultForAz && (zone == "" || *s.AvailabilityZone == zone)
	})
}

// DefaultSubnets are the default VPC's subnets in zones.
func (e *EC2) DefaultSubnets(zones []string) []string {
	var out []string
	for _, z := range zones {
		if s := e.defaultSubnet(z); s != nil {
			out = append(out, *s.SubnetId)
		}
	}
	return out
}
