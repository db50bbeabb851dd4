package sim

import (
	"fmt"
	"strings"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
)

// Existing is what an account held before anybody called: `slipway sim --world
// FILE` reads it, and a rehearsal derives it from a config.
type Existing struct {
	VPCs []struct {
		ID, CIDR string
		Internet bool // attach an internet gateway and NAT gateways as subnets need
	}
	Subnets []struct {
		ID, VPC, CIDR, Zone string
		Public              bool
	}
	SecurityGroups []struct{ ID, VPC string }
	Roles          []struct {
		ARN      string
		Services []string
		Policies []string
	}
	InstanceProfiles []struct{ ARN, Role string }
	Policies         []string
	Keys             []string // KMS key ARNs
	KeyPairs         []string
	Images           []struct{ ID, Family, Arch string }
	LaunchTemplates  []struct {
		ID       string
		Versions int
		Type     string
	}
	Quotas *ec2.Quotas
	Deny   []string // actions the caller may not do
}

// Adopt puts existing resources into a region.
func (r *Region) Adopt(x Existing) error {
	r.World.Lock()
	defer r.World.Unlock()
	if x.Quotas != nil {
		r.EC2.Quotas = *x.Quotas
	}
	r.IAM.Deny(x.Deny...)
	for _, v := range x.VPCs {
		if err := r.EC2.AdoptVPC(v.ID, v.CIDR); err != nil {
			return fmt.Errorf("existing VPC %s: %w", v.ID, err)
		}
	}
	for _, s := range x.Subnets {
		if err := r.EC2.AdoptSubnet(s.ID, s.VPC, s.CIDR, s.Zone); err != nil {
			return fmt.Errorf("existing subnet %s: %w", s.ID, err)
		}
		if err := r.EC2.AdoptRoutes(s.ID, s.Public); err != nil {
			return fmt.Errorf("existing subnet %s: %w", s.ID, err)
		}
	}
	for _, g := range x.SecurityGroups {
		r.EC2.AdoptGroup(g.ID, g.VPC)
	}
	for _, o := range x.Roles {
		r.IAM.AdoptRole(o.ARN, o.Services, o.Policies...)
	}
	for _, p := range x.InstanceProfiles {
		r.IAM.AdoptProfile(p.ARN, p.Role[strings.LastIndex(p.Role, "/")+1:])
	}
	for _, p := range x.Policies {
		r.IAM.AdoptPolicy(p, `{"Version":"2012-10-17","Statement":[]}`)
	}
	for _, k := range x.Keys {
		r.KMS.Adopt(k)
	}
	for _, k := range x.KeyPairs {
		r.EC2.AdoptKey(k)
	}
	for _, i := range x.Images {
		r.EC2.AdoptImage(i.ID, i.Family+"-"+i.Arch, i.Arch)
	}
	for _, t := range x.LaunchTemplates {
		r.EC2.AdoptTemplate(t.ID, max(1, t.Versions), &types.RequestLaunchTemplateData{InstanceType: types.InstanceType(t.Type)})
	}
	return nil
}
