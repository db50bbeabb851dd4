package fields

import (
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
)

const (
	clusterUpdate = "cluster-update"
	anotherOne    = "put it back, or make another cluster; Slipway does not rebuild a live cluster's network and roles"
)

// cluster reads a field of the control plane.
func cluster(read func(*observe.Cluster) any) func(*observe.Observed, string) (any, bool) {
	return func(o *observe.Observed, _ string) (any, bool) {
		if o.Cluster == nil {
			return nil, false
		}
		return read(o.Cluster), true
	}
}

// attached reads a field of where the control plane is attached.
func attached(read func(*observe.VPCConfig) any) func(*observe.Observed, string) (any, bool) {
	return func(o *observe.Observed, _ string) (any, bool) {
		if o.Cluster == nil || o.Cluster.ResourcesVPCConfig == nil {
			return nil, false
		}
		return read(o.Cluster.ResourcesVPCConfig), true
	}
}

// standardTier takes silence of EKS for its default.
func standardTier(v any) any {
	if v == nil || v == "" {
		return "standard"
	}
	return v
}

// head is the file's head and what names the cluster.
var head = []Field{
	f("apiVersion", "The format of the file: eksctl.io/v1alpha5.").is(Ignore),
	f("kind", "The kind of the file: ClusterConfig.").is(Ignore),
	f("metadata", "What the cluster is called, and where it is.").is(Ignore),
	f("metadata.name", "The cluster's name; it never changes.").is(Identity).live(cluster(func(c *observe.Cluster) any { return c.Name })),
	f("metadata.region", "The AWS region.").is(Identity).live(func(o *observe.Observed, _ string) (any, bool) { return o.Region, true }),
	f("metadata.version", "The Kubernetes minor version.").is(Ignore).remedy("up takes the whole cluster to a newer one, as slipway upgrade does").
		live(cluster(func(c *observe.Cluster) any { return c.Version })),
	f("metadata.tags", "Tags on the cluster and on every stack.").via("tags").additive().live(cluster(func(c *observe.Cluster) any { return c.Tags })),
	f("metadata.annotations", "Notes for eksctl; nothing in AWS carries them."),
	f("metadata.forceUpdateVersion", "Upgrade although a check of EKS says no; a launch does not look at it."),
	f("metadata.rollbackConfig", "When EKS takes an upgrade back by itself.").not("version rollback belongs to upgrades, not to a launch"),
	f("metadata.rollbackConfig.timeoutMinutes", "Minutes after which EKS takes an upgrade back."),
	f("availabilityZones", "The zones of a new VPC; empty: three, and two in us-east-1.").is(Never).remedy(anotherOne),
	f("cni", "A network plugin that you install yourself, in place of the VPC CNI.").is(Ignore),
	f("cni.daemonSet", "Its DaemonSet, namespace/name; node groups wait for it.").live(func(o *observe.Observed, _ string) (any, bool) { return nil, false }),
	f("cni.timeout", "How long to wait for it: 30m."),
}

// network is the VPC.
var network = append([]Field{f("vpc", "The network of the control plane and the nodes.").is(Never).remedy(anotherOne)}, prefix(
	"vpc",
	f("id", "An existing VPC.").live(attached(func(v *observe.VPCConfig) any { return v.VPCID })).breaks("everything: the control plane is elsewhere"),
	f("cidr", "The VPC's IPv4 block.").live(func(o *observe.Observed, _ string) (any, bool) {
		if o.Network == nil || o.Network.VPC == nil || o.Network.VPC.CIDR == "" {
			return nil, false
		}
		return o.Network.VPC.CIDR, true
	}),
	f("subnets", "Existing subnets, or blocks and zones to find them by."),
	f("subnets.public", "Subnets with a route to an internet gateway, by zone or by any name.").asOne(),
	f("subnets.public.id", "The subnet."),
	f("subnets.public.az", "Its zone."),
	f("subnets.public.cidr", "Its block."),
	f("subnets.private", "Subnets without one.").asOne(),
	f("subnets.private.id", "The subnet."),
	f("subnets.private.az", "Its zone."),
	f("subnets.private.cidr", "Its block."),
	f("nat", "How private subnets get out."),
	f("nat.gateway", "One NAT gateway in each zone, a single one, or none."),
	f("clusterEndpoints", "Who reaches the Kubernetes API.").via(clusterUpdate),
	f("clusterEndpoints.publicAccess", "Reachable from the internet.").live(attached(func(v *observe.VPCConfig) any { return v.EndpointPublicAccess })).
		breaks("people and pipelines outside of the VPC cannot reach the Kubernetes API, or strangers can"),
	f("clusterEndpoints.privateAccess", "Reachable from inside the VPC.").live(attached(func(v *observe.VPCConfig) any { return v.EndpointPrivateAccess })).
		breaks("nodes reach the Kubernetes API over the internet, or not at all"),
	f(
		"publicAccessCIDRs",
		"The blocks that reach the public endpoint.",
	).via(clusterUpdate).
		live(attached(func(v *observe.VPCConfig) any { return v.PublicAccessCIDRs })).
		breaks("who may reach the public endpoint is not who the file says"),
	f(
		"controlPlaneSubnetIDs",
		"The subnets of the control plane's network interfaces.",
	).via(clusterUpdate).
		live(attached(func(v *observe.VPCConfig) any { return v.SubnetIDs })).
		breaks("eksctl create nodegroup fails where a recorded subnet is gone; the next control-plane upgrade fails where a live one is"),
	f(
		"controlPlaneSecurityGroupIDs",
		"Further security groups of those interfaces.",
	).via(clusterUpdate).
		live(attached(func(v *observe.VPCConfig) any { return v.SecurityGroupIDs })).
		breaks("nodes may not reach the control plane"),
	f("controlPlaneOnPrivateSubnets", "Only private subnets for those interfaces."),
	f(
		"controlPlaneEgressMode",
		"Whose network the control plane's own traffic takes.",
	).live(attached(func(v *observe.VPCConfig) any { return v.ControlPlaneEgressMode })),
	f("securityGroup", "An existing security group between control plane and nodes."),
	f("sharedNodeSecurityGroup", "An existing security group that all nodes share."),
	f("manageSharedNodeSecurityGroupRules", "Add the rules by which managed and self-managed nodes reach each other."),
	f("extraCIDRs", "Further blocks that reach the control plane's security group."),
	f("extraIPv6CIDRs", "Further IPv6 blocks that reach it."),
	f("autoAllocateIPv6", "Give the VPC an IPv6 block of Amazon's."),
	f("hostnameType", "How instances' host names are made: from the address or from the instance's ID."),
	f("ipv6Cidr", "An IPv6 block of your own.").not("bring-your-own IPv6 blocks are not launched yet"),
	f("ipv6Pool", "The pool that it comes from.").not("bring-your-own IPv6 pools are not launched yet"),
)...)

// controlPlane is what EKS runs.
var controlPlane = []Field{
	f("kubernetesNetworkConfig", "The network of Kubernetes services.").is(Never).remedy(anotherOne),
	f("kubernetesNetworkConfig.ipFamily", "Whether pods and services get IPv4 or IPv6 addresses.").live(cluster(func(c *observe.Cluster) any {
		if n := c.KubernetesNetworkConfig; n != nil && n.IPFamily == "ipv6" {
			return "IPv6"
		}
		return "IPv4"
	})),
	f("kubernetesNetworkConfig.serviceIPv4CIDR", "The block of service addresses.").live(cluster(func(c *observe.Cluster) any {
		if c.KubernetesNetworkConfig == nil {
			return nil
		}
		return c.KubernetesNetworkConfig.ServiceIPv4CIDR
	})),
	f("kubernetesNetworkConfig.serviceIPv6CIDR", "The same for IPv6.").not("EKS chooses the IPv6 service block itself"),
	f("cloudWatch", "The control plane's logs.").via(clusterUpdate),
	f("cloudWatch.clusterLogging", "Which of them go to CloudWatch."),
	f("cloudWatch.clusterLogging.enableTypes", "The types; all or * for every one.").live(cluster(func(c *observe.Cluster) any { return c.EnabledLogs() })).
		breaks("the control plane's logs are not where they are looked for"),
	f("cloudWatch.clusterLogging.logRetentionInDays", "How many days they are kept.").via("log-retention").live(func(o *observe.Observed, _ string) (any, bool) {
		g := o.LogGroups[eksfacts.LogGroup(o.Name)]
		if g == nil || o.Missed(observe.Logs) != nil {
			return nil, false
		}
		return g.RetentionInDays, true
	}).breaks("logs are kept shorter than wanted, or cost longer"),
	f("secretsEncryption", "Encryption of Kubernetes secrets.").via(clusterUpdate),
	f("secretsEncryption.keyARN", "The KMS key; a key that is set never changes.").live(cluster(func(c *observe.Cluster) any {
		for _, e := range c.EncryptionConfig {
			if e.Provider != nil {
				return e.Provider.KeyARN
			}
		}
		return nil
	})).breaks("secrets are encrypted with another key, or with EKS's own"),
	f("upgradePolicy", "What happens at the end of standard support.").via(clusterUpdate),
	f("upgradePolicy.supportType", "STANDARD: EKS upgrades by itself; EXTENDED: it charges for more months.").live(cluster(func(c *observe.Cluster) any {
		if c.UpgradePolicy == nil {
			return nil
		}
		return c.UpgradePolicy.SupportType
	})).breaks("EKS upgrades the control plane by itself, or charges for extended support"),
	f("zonalShiftConfig", "Moving traffic out of an impaired zone.").via(clusterUpdate),
	f("zonalShiftConfig.enabled", "Let EKS do so.").live(cluster(func(c *observe.Cluster) any { return c.ZonalShiftConfig != nil && c.ZonalShiftConfig.Enabled })),
	f("controlPlaneScalingConfig", "A control plane of a provisioned size.").via(clusterUpdate),
	f("controlPlaneScalingConfig.tier", "The size.").live(cluster(func(c *observe.Cluster) any {
		if c.ControlPlaneScalingConfig == nil {
			return nil
		}
		return c.ControlPlaneScalingConfig.Tier
	})).plain(standardTier).breaks("the API server scales otherwise than wanted, and costs so"),
	f("autoModeConfig", "EKS Auto Mode: EKS runs the nodes itself.").is(Never).remedy("put it back; Slipway does not turn Auto Mode on a live cluster"),
	f("autoModeConfig.enabled", "Whether it does.").live(cluster(func(c *observe.Cluster) any { return c.ComputeConfig != nil && c.ComputeConfig.Enabled })),
	f("autoModeConfig.nodePools", "The node pools that EKS makes: general-purpose, system.").live(cluster(func(c *observe.Cluster) any {
		if c.ComputeConfig == nil {
			return nil
		}
		return c.ComputeConfig.NodePools
	})),
	f("autoModeConfig.nodeRoleARN", "An existing role for their nodes.").live(cluster(func(c *observe.Cluster) any {
		if c.ComputeConfig == nil {
			return nil
		}
		return c.ComputeConfig.NodeRoleARN
	})),
	f("autoModeConfig.permissionsBoundaryARN", "The boundary of the role that is made otherwise."),
}
