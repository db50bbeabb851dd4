package config

import (
	"slices"

	"github.com/slipway-eks/slipway/internal/eksfacts"
)

// DefaultVersion is the Kubernetes minor that eksctl 0.230 creates when none is
// named (facts/eksctl.md §3).
const DefaultVersion = "1.34"

// LogTypes are the control plane's log types.
var LogTypes = []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}

// SetDefaults completes a config as eksctl does (facts/eksctl.md §3).
func (c *ClusterConfig) SetDefaults() {
	if c.Metadata == nil {
		c.Metadata = &ClusterMeta{}
	}
	if c.Metadata.Version == "" {
		c.Metadata.Version = DefaultVersion
	}
	if c.VPC == nil {
		c.VPC = &ClusterVPC{}
	}
	c.VPC.defaults(c)
	if c.IAM == nil {
		c.IAM = &ClusterIAM{}
	}
	if c.AccessConfig == nil {
		c.AccessConfig = &AccessConfig{}
	}
	if c.AccessConfig.AuthenticationMode == "" {
		c.AccessConfig.AuthenticationMode = "API_AND_CONFIG_MAP"
	}
	if c.KubernetesNetworkConfig == nil {
		c.KubernetesNetworkConfig = &KubernetesNetworkConfig{}
	}
	if f := c.KubernetesNetworkConfig.IpFamily; f == "" || f == "ipv4" {
		c.KubernetesNetworkConfig.IpFamily = "IPv4"
	} else if f == "ipv6" {
		c.KubernetesNetworkConfig.IpFamily = "IPv6"
	}
	if w := c.CloudWatch; w != nil && w.ClusterLogging != nil {
		if t := w.ClusterLogging.EnableTypes; slices.Contains(t, "*") || slices.Contains(t, "all") {
			w.ClusterLogging.EnableTypes = slices.Clone(LogTypes)
		}
	}
	if c.AutoMode() && c.AutoModeConfig.NodePools == nil {
		c.AutoModeConfig.NodePools = []string{"general-purpose", "system"}
	}
	c.defaultAddons()
	for i := range c.IAM.ServiceAccounts {
		if m := c.IAM.ServiceAccounts[i].Metadata; m != nil && m.Namespace == "" {
			m.Namespace = "default"
		}
	}
	for i := range c.ManagedNodeGroups {
		c.ManagedNodeGroups[i].defaults()
	}
	for i := range c.NodeGroups {
		n := &c.NodeGroups[i]
		n.NodeGroupBase.defaults(n.InstancesDistribution != nil, false)
	}
}

func (v *ClusterVPC) defaults(c *ClusterConfig) {
	if v.CIDR == "" && !c.ExistingVPC() {
		v.CIDR = "192.168.0.0/16"
	}
	if v.NAT == nil {
		v.NAT = &ClusterNAT{}
	}
	if v.NAT.Gateway == "" {
		v.NAT.Gateway = "Single"
	}
	if v.ClusterEndpoints == nil {
		v.ClusterEndpoints = &ClusterEndpoints{}
	}
	if v.ClusterEndpoints.PublicAccess == nil {
		v.ClusterEndpoints.PublicAccess = new(true)
	}
	if v.ClusterEndpoints.PrivateAccess == nil {
		v.ClusterEndpoints.PrivateAccess = new(false)
	}
	if v.ManageSharedNodeSecurityGroupRules == nil {
		v.ManageSharedNodeSecurityGroupRules = new(true)
	}
	if v.Subnets == nil {
		v.Subnets = &ClusterSubnets{}
	}
}

// defaultAddons adds the set that eksctl adds, after the ones that are listed.
func (c *ClusterConfig) defaultAddons() {
	if c.AddonsConfig != nil && On(c.AddonsConfig.DisableDefaultAddons, false) {
		return
	}
	for _, n := range eksfacts.DefaultAddons(c.AutoMode() && len(c.Groups()) == 0) {
		if n == eksfacts.VPCCNI && c.CNI != nil {
			continue // the user brings another network plugin
		}
		if c.Addon(n) == nil {
			c.Addons = append(c.Addons, Addon{Name: n, Implied: true})
		}
	}
}

func (m *ManagedNodeGroup) defaults() {
	m.NodeGroupBase.defaults(len(m.InstanceTypes) > 0, m.LaunchTemplate != nil)
	if m.LaunchTemplate == nil && m.DisableIMDSv1 == nil {
		m.DisableIMDSv1 = new(true)
	}
}

// defaults for both kinds; otherTypes: the instance types come from elsewhere,
// template: so does everything about the instances.
func (n *NodeGroupBase) defaults(otherTypes, template bool) {
	n.sizes()
	if n.PrivateNetworking == nil {
		n.PrivateNetworking = new(false)
	}
	if n.IAM == nil {
		n.IAM = &NodeGroupIAM{}
	}
	if n.SecurityGroups == nil {
		n.SecurityGroups = &NodeGroupSGs{}
	}
	if template {
		return
	}
	if n.AmiFamily == "" {
		n.AmiFamily = "AmazonLinux2023"
	}
	if n.InstanceType == "" && !otherTypes && n.InstanceSelector == nil {
		n.InstanceType = "m5.large"
	}
	if n.VolumeSize == nil {
		n.VolumeSize = new(80)
	}
	if n.VolumeType == "" {
		n.VolumeType = "gp3"
	}
	if n.VolumeType == "gp3" {
		if n.VolumeIOPS == nil {
			n.VolumeIOPS = new(3000)
		}
		if n.VolumeThroughput == nil {
			n.VolumeThroughput = new(125)
		}
	}
	if n.DisableIMDSv1 == nil {
		n.DisableIMDSv1 = new(true)
	}
	if s := n.SSH; s != nil && s.Allow == nil {
		s.Allow = new(s.PublicKey != "" || s.PublicKeyPath != "" || s.PublicKeyName != "")
	}
}

// sizes fills the capacities that are missing from those that are there.
func (n *NodeGroupBase) sizes() {
	if n.MinSize == nil {
		switch {
		case n.DesiredCapacity != nil:
			n.MinSize = new(*n.DesiredCapacity)
		case n.MaxSize != nil:
			n.MinSize = new(min(2, *n.MaxSize))
		default:
			n.MinSize = new(2)
		}
	}
	if n.DesiredCapacity == nil {
		n.DesiredCapacity = new(*n.MinSize)
	}
	if n.MaxSize == nil {
		n.MaxSize = new(max(*n.MinSize, *n.DesiredCapacity, 1))
	}
}
