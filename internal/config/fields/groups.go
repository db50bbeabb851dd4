package fields

import (
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
)

const anotherGroup = "put it back, or have the group replaced by a new one beside it: --replace GROUP (slipway up -f FILE --replace GROUP)"

func group(read func(*observe.Nodegroup) any) func(*observe.Observed, string) (any, bool) {
	return of(func(o *observe.Observed) map[string]*observe.Nodegroup { return o.Groups }, read)
}

// scaling reads a field of a node group's Auto Scaling group.
func scaling(read func(*observe.ScalingGroup) any) func(*observe.Observed, string) (any, bool) {
	return func(o *observe.Observed, key string) (any, bool) {
		g := o.ScalingGroupOf(key)
		if g == nil {
			return nil, false
		}
		return read(g), true
	}
}

// groups are the rows of one kind of node group: what both kinds have, and its own.
func groups(kind string, own func() []Field) []Field {
	managed := kind == "managedNodeGroups"
	head := f(kind, "Node groups that are an Auto Scaling group of their own stack.")
	if managed {
		head = f(kind, "EKS managed node groups.")
	}
	rows := []Field{head.is(Replace).remedy(anotherGroup).key("name")}
	rows = append(rows, prefix(kind, sizes(managed)...)...)
	rows = append(rows, prefix(kind, nodes(managed)...)...)
	return append(rows, prefix(kind, own()...)...)
}

// sizes are how many nodes, and what is set on them.
func sizes(managed bool) []Field {
	size := func(ofGroup func(*observe.Sizes) int, ofScaling func(*observe.ScalingGroup) int) func(*observe.Observed, string) (any, bool) {
		if !managed {
			return scaling(func(g *observe.ScalingGroup) any { return ofScaling(g) })
		}
		return group(func(g *observe.Nodegroup) any {
			if g.ScalingConfig == nil {
				return nil
			}
			return ofGroup(g.ScalingConfig)
		})
	}
	rows := []Field{
		f("name", "The group's name; another name is another group.").is(Identity),
		f("desiredCapacity", "How many nodes it is made with; the autoscaler's once it stands, unless the file's changes.").via("nodegroup-update").owned().
			live(size(func(s *observe.Sizes) int { return s.DesiredSize }, func(g *observe.ScalingGroup) int { return g.DesiredCapacity })),
		f("minSize", "The fewest nodes.").via("nodegroup-update").
			live(size(func(s *observe.Sizes) int { return s.MinSize }, func(g *observe.ScalingGroup) int { return g.MinSize })).
			breaks("an autoscaler goes lower, or not as low"),
		f("maxSize", "The most nodes.").via("nodegroup-update").
			live(size(func(s *observe.Sizes) int { return s.MaxSize }, func(g *observe.ScalingGroup) int { return g.MaxSize })).
			breaks("an autoscaler goes higher, or not as high"),
		f(
			"asgSuspendProcesses",
			"Processes of the Auto Scaling group that are suspended.",
		).via("nodegroup-scaling").
			additive().
			live(scaling(func(g *observe.ScalingGroup) any {
				out := []string{}
				for _, p := range g.SuspendedProcesses {
					out = append(out, p.ProcessName)
				}
				return out
			})),
	}
	if managed {
		return append(rows,
			f("labels", "Kubernetes labels of the nodes.").via("nodegroup-update").additive().live(group(func(g *observe.Nodegroup) any { return g.Labels })).
				breaks("pods that select nodes by them find none"),
			f("taints", "Kubernetes taints of the nodes.").asOne().via("nodegroup-update").live(group(groupTaints)).breaks("pods run where they should not, or nowhere"),
			f("tags", "Tags on the group.").via("tags").additive().live(group(func(g *observe.Nodegroup) any { return g.Tags })),
			f("propagateASGTags", "Put labels, taints and tags on the Auto Scaling group, for an autoscaler that starts from zero.").via("nodegroup-scaling"),
			f("updateConfig", "How many nodes an update takes away at once.").via("nodegroup-update"),
			f("updateConfig.maxUnavailable", "As a number.").live(group(func(g *observe.Nodegroup) any { return update(g).MaxUnavailable })),
			f("updateConfig.maxUnavailablePercentage", "As a percentage.").live(group(func(g *observe.Nodegroup) any { return update(g).MaxUnavailablePercentage })),
		)
	}
	return append(rows,
		f("labels", "Kubernetes labels of the nodes."),
		f("taints", "Kubernetes taints of the nodes.").asOne(),
		f("tags", "Tags on the Auto Scaling group and its instances.").additive().live(scaling(func(g *observe.ScalingGroup) any { return g.Tags })),
		f("propagateASGTags", "Put labels and taints on the Auto Scaling group as tags."),
		f("updateConfig", "EKS's, for managed groups only.").is(Ignore),
		f("updateConfig.maxUnavailable", "Likewise."), f("updateConfig.maxUnavailablePercentage", "Likewise."),
	)
}

func update(g *observe.Nodegroup) observe.UpdateConfig {
	if g.UpdateConfig == nil {
		return observe.UpdateConfig{}
	}
	return *g.UpdateConfig
}

func groupTaints(g *observe.Nodegroup) any {
	out := []any{}
	for _, t := range g.Taints {
		x := map[string]any{"key": t.Key, "effect": eksfacts.KubernetesEffect(t.Effect)}
		if t.Value != "" {
			x["value"] = t.Value
		}
		out = append(out, x)
	}
	return out
}

// nodes is what the instances are made of: to change it, they are made again.
func nodes(managed bool) []Field {
	rows := []Field{
		f("taints.key", "The taint's key."), f("taints.value", "Its value."), f("taints.effect", "What it does to pods that do not tolerate it."),
		f("ami", "An AMI of your own."),
		f("amiFamily", "The operating system."),
		f("instanceType", "The instance type."),
		f("instanceSelector", "Instance types by what they have."),
		f("instanceSelector.vCPUs", "Virtual CPUs."), f("instanceSelector.memory", "Memory, such as 4GiB."), f("instanceSelector.gpus", "GPUs."),
		f("instanceSelector.neuron_devices", "Neuron devices.").not("selecting by Neuron devices is not launched yet; name instance types, or use allow: \"inf2.*\""),
		f("instanceSelector.cpuArchitecture", "x86_64 or arm64."),
		f("instanceSelector.allow", "A pattern that types must match."), f("instanceSelector.deny", "A pattern that they must not."),
		f("instanceName", "The Name tag of the instances."),
		f("instancePrefix", "What stands before it."),
		f("availabilityZones", "The zones of the nodes."),
		f("subnets", "The subnets of the nodes, by ID or by their name in vpc.subnets."),
		f("privateNetworking", "Nodes in private subnets."),
		f("volumeSize", "The root volume, in GiB."), f("volumeType", "Its type."), f("volumeIOPS", "Its operations a second."),
		f("volumeThroughput", "Its throughput, in MiB a second."), f("volumeEncrypted", "Whether it is encrypted."),
		f("volumeKmsKeyID", "With which key."), f("volumeName", "Its device name."),
		f("additionalVolumes", "Further volumes.").asOne(),
		f(
			"additionalVolumes.volumeSize",
			"Its size, in GiB.",
		), f("additionalVolumes.volumeType", "Its type."), f("additionalVolumes.volumeIOPS", "Its operations a second."),
		f("additionalVolumes.volumeThroughput", "Its throughput, in MiB a second."), f("additionalVolumes.volumeEncrypted", "Whether it is encrypted."),
		f(
			"additionalVolumes.volumeKmsKeyID",
			"With which key.",
		), f("additionalVolumes.volumeName", "Its device name."), f("additionalVolumes.snapshotID", "A snapshot that it starts from."),
		f("ssh", "Who reaches the nodes by SSH."),
		f("ssh.allow", "Whether anybody does."), f("ssh.publicKey", "The public key."), f("ssh.publicKeyPath", "A file with it."),
		f("ssh.publicKeyName", "A key pair of EC2."), f("ssh.sourceSecurityGroupIds", "The security groups that reach them."),
		f("ssh.enableSsm", "Session Manager is always allowed.").is(Ignore),
		f("iam", "The nodes' role."),
		f("iam.instanceRoleARN", "An existing role."), f("iam.instanceRoleName", "The name of the role that is made otherwise."),
		f("iam.instanceProfileARN", "An existing instance profile."), f("iam.instanceRolePermissionsBoundary", "The role's permissions boundary."),
		f("iam.attachPolicyARNs", "Managed policies, in place of the usual ones."), f("iam.attachPolicy", "A policy document."),
		f("iam.withAddonPolicies", "Policies by what runs on the nodes."),
		f("iam.withAddonPolicies.albIngress", "For the ALB ingress controller."), f("iam.withAddonPolicies.appMesh", "For App Mesh."),
		f("iam.withAddonPolicies.appMeshPreview", "For App Mesh's preview."), f("iam.withAddonPolicies.autoScaler", "For the cluster autoscaler."),
		f("iam.withAddonPolicies.awsLoadBalancerController", "For the AWS Load Balancer Controller."), f("iam.withAddonPolicies.certManager", "For cert-manager."),
		f("iam.withAddonPolicies.cloudWatch", "For the CloudWatch agent."), f("iam.withAddonPolicies.ebs", "For EBS volumes."),
		f("iam.withAddonPolicies.efs", "For EFS file systems."), f("iam.withAddonPolicies.externalDNS", "For external-dns."),
		f("iam.withAddonPolicies.fsx", "For FSx for Lustre."), f("iam.withAddonPolicies.imageBuilder", "For pushing images to ECR."),
		f("iam.withAddonPolicies.xRay", "For X-Ray."),
		f("securityGroups", "The nodes' security groups."),
		f(
			"securityGroups.attachIDs",
			"Further ones.",
		), f("securityGroups.withLocal", "One of the group's own."), f("securityGroups.withShared", "The one that all nodes share."),
		f("bottlerocket", "Settings of Bottlerocket."),
		f("bottlerocket.enableAdminContainer", "Run the admin container."), f("bottlerocket.settings", "Bottlerocket's settings."),
		f("preBootstrapCommands", "Commands before a node joins.").ordered(),
		f("overrideBootstrapCommand", "What is run instead of the usual bootstrap."),
		f("maxPodsPerNode", "The most pods on a node."),
		f("disableIMDSv1", "Ask for tokens at the instance metadata service."), f("disablePodIMDS", "Keep pods away from it."),
		f("ebsOptimized", "Bandwidth of its own for volumes."),
		f("enableDetailedMonitoring", "Metrics each minute."),
		f("placement", "A placement group."),
		f("placement.groupName", "Its name."),
		f("placement.spreadLevel", "How it spreads on an Outpost.").not("spread levels belong to Outposts, which are not launched yet"),
		f("capacityReservation", "Capacity that you reserved."),
		f("capacityReservation.capacityReservationPreference", "Whether any that fits is used."),
		f("capacityReservation.capacityReservationTarget", "A certain one."),
		f("capacityReservation.capacityReservationTarget.capacityReservationID", "By its ID."),
		f("capacityReservation.capacityReservationTarget.capacityReservationResourceGroupARN", "By a resource group."),
		f("instanceMarketOptions", "How the instances are bought."),
		f("instanceMarketOptions.marketType", "spot or capacity-block."),
		f("efaEnabled", "Elastic Fabric Adapter interfaces.").not("Elastic Fabric Adapter interfaces are not launched yet"),
		f("outpostARN", "An Outpost.").not("node groups on Outposts are not launched yet"),
	}
	if !managed {
		return rows
	}
	live := map[string]func(*observe.Nodegroup) any{
		"iam.instanceRoleARN": func(g *observe.Nodegroup) any { return g.NodeRole },
		"subnets":             func(g *observe.Nodegroup) any { return g.Subnets },
	}
	for i := range rows {
		if read := live[rows[i].Path]; read != nil {
			rows[i] = rows[i].live(group(read))
		}
		if rows[i].Path == "instanceType" {
			rows[i] = rows[i].live(instanceType)
		}
	}
	return rows
}

// instanceType is the type of a group's instances; a launch template may name it
// instead of the group, which then does not say.
func instanceType(o *observe.Observed, key string) (any, bool) {
	g := o.Groups[key]
	if g == nil || len(g.InstanceTypes) == 0 {
		return nil, false
	}
	return strings.Join(g.InstanceTypes, ", "), true
}

func managedOnly() []Field {
	repair := func(read func(*observe.NodeRepair) any) func(*observe.Observed, string) (any, bool) {
		return group(func(g *observe.Nodegroup) any {
			if g.NodeRepairConfig == nil {
				return nil
			}
			return read(g.NodeRepairConfig)
		})
	}
	return []Field{
		f("instanceTypes", "Instance types, in order of preference.").ordered().live(group(func(g *observe.Nodegroup) any { return g.InstanceTypes })),
		f("spot", "Spot capacity.").live(group(func(g *observe.Nodegroup) any { return g.CapacityType == "SPOT" })),
		f("releaseVersion", "The release of EKS's AMI.").live(group(func(g *observe.Nodegroup) any { return g.ReleaseVersion })),
		f("launchTemplate", "A launch template of your own."),
		f("launchTemplate.id", "Its ID."),
		f("launchTemplate.version", "Its version."),
		f("nodeRepairConfig", "Whether and how EKS replaces nodes that are unwell.").via("nodegroup-update"),
		f(
			"nodeRepairConfig.enabled",
			"Whether it does.",
		).live(repair(func(r *observe.NodeRepair) any { return r.Enabled })).
			breaks("nodes that are unwell stay, or go"),
		f(
			"nodeRepairConfig.maxParallelNodesRepairedCount",
			"The most at once.",
		).live(repair(func(r *observe.NodeRepair) any { return r.MaxParallelNodesRepairedCount })),
		f("nodeRepairConfig.maxParallelNodesRepairedPercentage", "The most at once, as a percentage.").
			live(repair(func(r *observe.NodeRepair) any { return r.MaxParallelNodesRepairedPercentage })),
		f("nodeRepairConfig.maxUnhealthyNodeThresholdCount", "With more than these unwell, it does nothing.").
			live(repair(func(r *observe.NodeRepair) any { return r.MaxUnhealthyNodeThresholdCount })),
		f("nodeRepairConfig.maxUnhealthyNodeThresholdPercentage", "The same as a percentage.").
			live(repair(func(r *observe.NodeRepair) any { return r.MaxUnhealthyNodeThresholdPercentage })),
		f(
			"nodeRepairConfig.nodeRepairConfigOverrides",
			"What it does about single conditions.",
		).asOne().live(repair(func(r *observe.NodeRepair) any { return r.NodeRepairConfigOverrides })),
		f("nodeRepairConfig.nodeRepairConfigOverrides.nodeMonitoringCondition", "The condition."),
		f("nodeRepairConfig.nodeRepairConfigOverrides.nodeUnhealthyReason", "Its reason."),
		f("nodeRepairConfig.nodeRepairConfigOverrides.minRepairWaitTimeMins", "Minutes to wait first."),
		f("nodeRepairConfig.nodeRepairConfigOverrides.repairAction", "What is done."),
		f("dependsOn", "Steps that the group waits for: addon/x, nodegroup/y.").is(CreateOnly),
	}
}

func selfManagedOnly() []Field {
	return slices.Concat([]Field{
		f("instancesDistribution", "Several instance types, on demand and spot."),
		f("instancesDistribution.instanceTypes", "The types, in order of preference.").ordered(),
		f("instancesDistribution.maxPrice", "The most to pay for spot, in dollars an hour."),
		f("instancesDistribution.onDemandBaseCapacity", "How many are on demand first."),
		f("instancesDistribution.onDemandPercentageAboveBaseCapacity", "How many of the rest are."),
		f("instancesDistribution.spotAllocationStrategy", "How spot pools are chosen."),
		f("instancesDistribution.spotInstancePools", "How many of them."),
		f("instancesDistribution.capacityRebalance", "Replace spot instances before they are taken."),
		f("asgMetricsCollection", "Metrics of the Auto Scaling group.").asOne(),
		f("asgMetricsCollection.granularity", "How fine: 1Minute."), f("asgMetricsCollection.metrics", "Which; empty: all."),
		f("maxInstanceLifetime", "Seconds after which an instance is replaced.").live(scaling(func(g *observe.ScalingGroup) any { return g.MaxInstanceLifetime })),
		f("targetGroupARNs", "Target groups that the nodes are in.").live(scaling(func(g *observe.ScalingGroup) any { return g.TargetGroupARNs })),
		f("classicLoadBalancerNames", "Classic load balancers that they are in.").live(scaling(func(g *observe.ScalingGroup) any { return g.LoadBalancerNames })),
		f("kubeletExtraConfig", "Settings of the kubelet."),
		f("clusterDNS", "The DNS server of the pods."),
		f("cpuCredits", "standard or unlimited, for burstable types."),
		f("enclaveEnabled", "Nitro Enclaves."),
		{Path: "containerRuntime", Doc: "containerd, the one that there is.", NotLaunchedBut: "containerd",
			NotLaunched: "another runtime has ended; containerd is the only container runtime of EKS's AMIs"},
		f("localZones", "Local zones of the nodes.").not("node groups in local zones are not launched yet"),
	})
}
