// Package twin derives, from a config, the resources that the config takes for
// granted, so that a simulated region can hold them before the launch. It is the one
// place where a config meets the simulator, and must not know who launches it.
package twin

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
)

// gathering is existing resources and what is said of them.
type gathering struct {
	x    sim.Existing
	said []string
	c    *config.ClusterConfig
	seen map[string]bool
	next int
	// taken are the blocks of subnets.
	taken map[string]bool
}

// Existing lists the resources that a config names by ID, and says so in lines.
func Existing(c *config.ClusterConfig, account string) (sim.Existing, []string) {
	w := &gathering{c: c, seen: map[string]bool{}, taken: map[string]bool{}}
	w.network()
	w.groups()
	w.roles(account)
	w.rest()
	if len(w.said) > 0 {
		w.said = append([]string{"made the existing resources that the config names"}, w.said...)
	}
	return w.x, w.said
}

func (w *gathering) say(what, id string) bool {
	if id == "" || w.seen[what+id] {
		return false
	}
	w.seen[what+id] = true
	w.said = append(w.said, "  "+what+" "+id)
	return true
}

// network makes the VPC and subnets; blocks that the config does not give are
// chosen.
func (w *gathering) network() {
	v := w.c.VPC
	if !w.c.ExistingVPC() {
		return
	}
	vpc := v.ID
	if vpc == "" {
		vpc = "vpc-0000000000existing"
	}
	cidr := string(v.CIDR)
	if cidr == "" {
		cidr = "192.168.0.0/16"
	}
	w.say("VPC", vpc)
	w.x.VPCs = append(w.x.VPCs, sim.ExistingVPC{ID: vpc, CIDR: cidr, Internet: true})
	for _, m := range []map[string]config.Subnet{v.Subnets.Public, v.Subnets.Private} {
		for _, s := range m {
			w.taken[string(s.CIDR)] = true
		}
	}
	zones := []string{"a", "b", "c"}
	if w.c.Metadata.Region == "us-west-1" {
		zones = []string{"a", "c"}
	}
	subnet := func(id, block, zone string, public bool) {
		if block == "" {
			block = w.block(cidr, w.taken)
		}
		if zone == "" {
			zone = w.c.Metadata.Region + zones[w.next%len(zones)]
		}
		w.next++
		if id == "" {
			id = fmt.Sprintf("subnet-%016dx", w.next)
		}
		if w.say("subnet", id) {
			w.x.Subnets = append(w.x.Subnets, sim.ExistingSubnet{ID: id, VPC: vpc, CIDR: block, Zone: zone, Public: public})
		}
	}
	for _, side := range []struct {
		m      map[string]config.Subnet
		public bool
	}{{v.Subnets.Public, true}, {v.Subnets.Private, false}} {
		for _, k := range slices.Sorted(maps.Keys(side.m)) {
			s := side.m[k]
			zone := s.AZ
			if zone == "" && strings.HasPrefix(k, w.c.Metadata.Region) {
				zone = k
			}
			subnet(s.ID, string(s.CIDR), zone, side.public)
		}
	}
	for _, id := range v.ControlPlaneSubnetIDs {
		if !w.seen["subnet"+id] {
			subnet(id, "", "", true)
		}
	}
	for _, g := range append(slices.Clone(v.ControlPlaneSecurityGroupIDs), v.SecurityGroup, v.SharedNodeSecurityGroup) {
		w.group(g, vpc)
	}
}

// block finds a free /20 of the VPC, from its end.
func (w *gathering) block(cidr string, taken map[string]bool) string {
	p := netip.MustParsePrefix(cidr)
	size := uint32(1) << 12
	last := binary.BigEndian.Uint32(p.Masked().Addr().AsSlice()) + 1<<(32-p.Bits())
	for at := last - size; ; at -= size {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], at)
		s := netip.PrefixFrom(netip.AddrFrom4(b), 20)
		free := !taken[s.String()]
		for t := range taken {
			if q, err := netip.ParsePrefix(t); err == nil && q.Overlaps(s) {
				free = false
			}
		}
		if free {
			taken[s.String()] = true
			return s.String()
		}
	}
}

func (w *gathering) group(id, vpc string) {
	if w.say("security group", id) {
		w.x.SecurityGroups = append(w.x.SecurityGroups, sim.ExistingGroup{ID: id, VPC: vpc})
	}
}

// groups makes what node groups name: security groups, AMIs, templates, keys.
func (w *gathering) groups() {
	vpc := ""
	if len(w.x.VPCs) > 0 {
		vpc = w.x.VPCs[0].ID
	}
	for _, n := range w.c.Groups() {
		if n.SecurityGroups != nil {
			for _, g := range n.SecurityGroups.AttachIDs {
				w.group(g, vpc)
			}
		}
		if s := n.SSH; s != nil {
			for _, g := range s.SourceSecurityGroupIds {
				w.group(g, vpc)
			}
			if w.say("key pair", s.PublicKeyName) {
				w.x.KeyPairs = append(w.x.KeyPairs, s.PublicKeyName)
			}
		}
		for _, s := range n.Subnets {
			if strings.HasPrefix(s, "subnet-") && vpc != "" && w.say("subnet", s) {
				block := w.block(w.x.VPCs[0].CIDR, w.taken)
				w.x.Subnets = append(w.x.Subnets, sim.ExistingSubnet{ID: s, VPC: vpc, CIDR: block, Zone: w.c.Metadata.Region + "a", Public: true})
			}
		}
		if strings.HasPrefix(n.AMI, "ami-") && w.say("AMI", n.AMI) {
			family := "amazon-eks-node-al2023"
			for prefix, name := range map[string]string{
				"AmazonLinux2": "amazon-eks-node-al2", "Bottlerocket": "bottlerocket", "Windows": "windows", "Ubuntu": "ubuntu",
			} {
				if strings.HasPrefix(n.AmiFamily, prefix) && n.AmiFamily != "AmazonLinux2023" {
					family = name
				}
			}
			arch := "x86_64"
			if eksfacts.ARM(n.InstanceType) {
				arch = "arm64"
			}
			w.x.Images = append(w.x.Images, sim.ExistingImage{ID: n.AMI, Family: family, Arch: arch})
		}
	}
	for _, m := range w.c.ManagedNodeGroups {
		if lt := m.LaunchTemplate; lt != nil && w.say("launch template", lt.ID) {
			versions := 1
			fmt.Sscan(lt.Version, &versions) //nolint:errcheck // $Latest needs one
			typ := "m5.large"
			if len(m.InstanceTypes) > 0 || m.InstanceType != "" {
				typ = ""
			}
			w.x.LaunchTemplates = append(w.x.LaunchTemplates, sim.ExistingTemplate{ID: lt.ID, Versions: max(3, versions), Type: typ})
		}
	}
}

// roles makes the IAM roles, policies and instance profiles that the config names
// in this account.
func (w *gathering) roles(account string) {
	role := func(arn string, policies []string, services ...string) {
		if strings.Contains(arn, ":role/") && w.say("role", arn) {
			w.x.Roles = append(w.x.Roles, sim.ExistingRole{ARN: arn, Services: services, Policies: policies})
		}
	}
	policy := func(arns ...string) {
		for _, a := range arns {
			if !strings.Contains(a, ":iam::aws:policy/") && strings.Contains(a, ":policy/") && w.say("policy", a) {
				w.x.Policies = append(w.x.Policies, a)
			}
		}
	}
	c := w.c
	role(c.IAM.ServiceRoleARN, []string{"AmazonEKSClusterPolicy"}, "eks.amazonaws.com")
	role(c.IAM.FargatePodExecutionRoleARN, nil, "eks-fargate-pods.amazonaws.com")
	policy(c.IAM.ServiceRolePermissionsBoundary, c.IAM.FargatePodExecutionRolePermissionsBoundary)
	for _, p := range c.IAM.PodIdentityAssociations {
		role(p.RoleARN, nil, "pods.eks.amazonaws.com")
		policy(p.PermissionPolicyARNs...)
		policy(p.PermissionsBoundaryARN)
	}
	for _, s := range c.IAM.ServiceAccounts {
		policy(s.AttachPolicyARNs...)
		policy(s.PermissionsBoundary)
	}
	for _, a := range c.Addons {
		grants := eksfacts.AddonNamed(a.Name).Policies
		if a.Name == eksfacts.VPCCNI && c.IPv6() {
			grants = []string{"AmazonEC2FullAccess"} // AWS has no policy for it
		}
		role(a.ServiceAccountRoleARN, grants, "pods.eks.amazonaws.com")
		policy(a.AttachPolicyARNs...)
		policy(a.PermissionsBoundary)
		for _, p := range a.PodIdentityAssociations {
			role(p.RoleARN, grants, "pods.eks.amazonaws.com")
			policy(p.PermissionPolicyARNs...)
			policy(p.PermissionsBoundaryARN)
		}
	}
	for _, p := range c.FargateProfiles {
		role(p.PodExecutionRoleARN, nil, "eks-fargate-pods.amazonaws.com")
	}
	if c.AutoMode() {
		role(c.AutoModeConfig.NodeRoleARN, nil, "ec2.amazonaws.com")
		policy(c.AutoModeConfig.PermissionsBoundaryARN)
	}
	for _, n := range c.Groups() {
		if n.IAM == nil {
			continue
		}
		role(n.IAM.InstanceRoleARN, []string{"AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"}, "ec2.amazonaws.com")
		policy(n.IAM.AttachPolicyARNs...)
		policy(n.IAM.InstanceRolePermissionsBoundary)
		if p := n.IAM.InstanceProfileARN; w.say("instance profile", p) {
			w.x.InstanceProfiles = append(w.x.InstanceProfiles, sim.ExistingProfile{ARN: p, Role: n.IAM.InstanceRoleARN})
		}
	}
	for _, e := range c.AccessConfig.AccessEntries {
		if strings.Contains(e.PrincipalARN, ":"+account+":") {
			role(e.PrincipalARN, nil, "ec2.amazonaws.com")
		}
	}
}

func (w *gathering) rest() {
	if s := w.c.SecretsEncryption; s != nil && w.say("KMS key", s.KeyARN) {
		w.x.Keys = append(w.x.Keys, s.KeyARN)
	}
	q := ec2.Quotas{VPCs: 5, Addresses: 5, VCPUs: 1920}
	w.x.Quotas = &q
}
