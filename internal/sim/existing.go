package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
)

// Existing is what an account held before anybody called: `slipway sim --world
// FILE` reads it, and a twin is derived from a config.
type Existing struct {
	VPCs             []ExistingVPC
	Subnets          []ExistingSubnet
	SecurityGroups   []ExistingGroup
	Roles            []ExistingRole
	InstanceProfiles []ExistingProfile
	Policies         []string
	Keys             []string // KMS key ARNs
	KeyPairs         []string
	Images           []ExistingImage
	LaunchTemplates  []ExistingTemplate
	Quotas           *ec2.Quotas
	Deny             []string // actions the caller may not do

	// Resources are any others, in AWS's own JSON: the service with the kind, such as
	// ec2:natgateway or eks:cluster, and what a description of each says.
	Resources map[string][]json.RawMessage
}

type (
	// ExistingVPC is a VPC; Internet: it has an internet gateway.
	ExistingVPC struct {
		ID, CIDR string
		Internet bool
	}
	// ExistingSubnet is a subnet with its way to the internet: by a gateway when public.
	ExistingSubnet struct {
		ID, VPC, CIDR, Zone string
		Public              bool
	}
	// ExistingGroup is a security group that lets everything out.
	ExistingGroup struct{ ID, VPC string }
	// ExistingRole is an IAM role that services can assume.
	ExistingRole struct {
		ARN                string
		Services, Policies []string
	}
	// ExistingProfile is an instance profile with its role.
	ExistingProfile struct{ ARN, Role string }
	// ExistingImage is an AMI.
	ExistingImage struct{ ID, Family, Arch string }
	// ExistingTemplate is a launch template; its versions are alike.
	ExistingTemplate struct {
		ID       string
		Versions int
		Type     string
	}
)

// Adopt puts existing resources into a region.
func (r *Region) Adopt(x Existing) error {
	r.World.Lock()
	defer r.World.Unlock()
	if x.Quotas != nil {
		r.EC2.Quotas = *x.Quotas
	}
	r.IAM.Deny(x.Deny...)
	if err := r.adoptNetwork(x); err != nil {
		return err
	}
	for _, o := range x.Roles {
		r.IAM.AdoptRole(o.ARN, o.Services, o.Policies...)
	}
	for _, p := range x.InstanceProfiles {
		r.IAM.AdoptProfile(p.ARN, p.Role[strings.LastIndex(p.Role, "/")+1:])
	}
	for _, p := range x.Policies {
		r.IAM.AdoptPolicy(p, "")
	}
	for _, k := range x.Keys {
		if err := r.adopt("kms:key", kmstypes.KeyMetadata{Arn: &k}); err != nil {
			return err
		}
	}
	if err := r.adoptCompute(x); err != nil {
		return err
	}
	for _, kind := range slices.Sorted(maps.Keys(x.Resources)) {
		for _, row := range x.Resources[kind] {
			if err := r.adopt(kind, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// adopt adds one resource of a kind, such as ec2:vpc, from what describes it.
func (r *Region) adopt(kind string, resource any) error {
	b, err := json.Marshal(resource)
	if err != nil {
		return err
	}
	service, name, _ := strings.Cut(kind, ":")
	s := r.adopters()[service]
	if s == nil {
		return fmt.Errorf("existing resources: no service %q holds %s", service, kind)
	}
	if err := s.Adopt(name, b); err != nil {
		return fmt.Errorf("existing resources: %w", err)
	}
	return nil
}

// adopters are the services that take in resources in AWS's own JSON.
func (r *Region) adopters() map[string]interface {
	Adopt(kind string, resource json.RawMessage) error
} {
	return map[string]interface {
		Adopt(kind string, resource json.RawMessage) error
	}{"ec2": r.EC2, "autoscaling": r.ASG, "elasticloadbalancing": r.ELB, "eks": r.EKS, "kms": r.KMS, "logs": r.Logs}
}

func (r *Region) adoptNetwork(x Existing) error {
	for _, v := range x.VPCs {
		row := struct {
			types.Vpc
			DNSSupport, DNSHostnames bool
		}{types.Vpc{VpcId: &v.ID, CidrBlock: &v.CIDR}, true, true}
		if err := r.adopt("ec2:vpc", row); err != nil {
			return err
		}
	}
	for _, s := range x.Subnets {
		if err := r.adopt("ec2:subnet", types.Subnet{SubnetId: &s.ID, VpcId: &s.VPC, CidrBlock: &s.CIDR, AvailabilityZone: &s.Zone}); err != nil {
			return err
		}
		if err := r.EC2.AdoptRoutes(s.ID, s.Public); err != nil {
			return fmt.Errorf("existing subnet %s: %w", s.ID, err)
		}
	}
	for _, g := range x.SecurityGroups {
		if err := r.adopt("ec2:security-group", types.SecurityGroup{GroupId: &g.ID, VpcId: &g.VPC}); err != nil {
			return err
		}
	}
	return nil
}

func (r *Region) adoptCompute(x Existing) error {
	for _, k := range x.KeyPairs {
		if err := r.adopt("ec2:key-pair", types.KeyPairInfo{KeyName: &k}); err != nil {
			return err
		}
	}
	for _, i := range x.Images {
		row := types.Image{ImageId: &i.ID, Name: new(i.Family + "-" + i.Arch), Architecture: types.ArchitectureValues(i.Arch)}
		if err := r.adopt("ec2:image", row); err != nil {
			return err
		}
	}
	for _, t := range x.LaunchTemplates {
		row := struct {
			types.LaunchTemplate
			Versions []types.LaunchTemplateVersion
		}{LaunchTemplate: types.LaunchTemplate{LaunchTemplateId: &t.ID}}
		for range max(1, t.Versions) {
			row.Versions = append(row.Versions,
				types.LaunchTemplateVersion{LaunchTemplateData: &types.ResponseLaunchTemplateData{InstanceType: types.InstanceType(t.Type)}})
		}
		if err := r.adopt("ec2:launch-template", row); err != nil {
			return err
		}
	}
	return nil
}
