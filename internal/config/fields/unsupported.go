package fields

import "slices"

// unsupported are parts of eksctl's schema that are read and refused by name.
var unsupported = slices.Concat(
	[]Field{
		f("gitops", "Flux in the cluster.").is(Never),
		f("gitops.flux", "Install Flux.").not("installing Flux is not launched yet; bootstrap it once the cluster is up"),
		f("gitops.flux.gitProvider", "Where the repository is."),
		f("gitops.flux.flags", "Flags of Flux's bootstrap."),
	},
	[]Field{f("karpenter", "Karpenter in the cluster.").is(Never).not("installing Karpenter is not launched yet; use node groups or Auto Mode"),
		f("karpenter.version", "Its version."), f("karpenter.createServiceAccount", "Make its service account."),
		f(
			"karpenter.defaultInstanceProfile",
			"The instance profile of its nodes.",
		), f("karpenter.withSpotInterruptionQueue", "Make a queue for spot interruptions.")},
	[]Field{f("outpost", "A control plane on an Outpost.").is(Never).not("clusters on AWS Outposts are not launched yet"),
		f("outpost.controlPlaneOutpostARN", "The Outpost."), f("outpost.controlPlaneInstanceType", "The control plane's instance type."),
		f(
			"outpost.controlPlanePlacement",
			"Its placement.",
		), f("outpost.controlPlanePlacement.groupName", "The placement group."), f("outpost.controlPlanePlacement.spreadLevel", "How it spreads."),
		f("outpost.etcdInstanceType", "etcd's instance type."),
		f(
			"outpost.etcdPlacement",
			"etcd's placement.",
		), f("outpost.etcdPlacement.groupName", "The placement group."), f("outpost.etcdPlacement.spreadLevel", "How it spreads.")},
	[]Field{f("remoteNetworkConfig", "Hybrid nodes.").is(Never).not("hybrid nodes are not launched yet"),
		f("remoteNetworkConfig.remoteNodeNetworks", "The nodes' networks."), f("remoteNetworkConfig.remoteNodeNetworks.cidrs", "Their blocks."),
		f("remoteNetworkConfig.remotePodNetworks", "The pods' networks."), f("remoteNetworkConfig.remotePodNetworks.cidrs", "Their blocks."),
		f("remoteNetworkConfig.vpcGatewayID", "The gateway that leads there."),
		f("remoteNetworkConfig.iam", "How the nodes get credentials."), f("remoteNetworkConfig.iam.provider", "SSM or IAM Roles Anywhere."),
		f("remoteNetworkConfig.iam.roleARN", "Their role."), f("remoteNetworkConfig.iam.caBundleCert", "The CA of their certificates.")},
	[]Field{f("capabilities", "EKS capabilities: ACK, Argo CD, kro.").is(Never).not("EKS capabilities are not launched yet")},
	prefix("capabilities",
		f("name", "The capability's name."), f("type", "Which one."), f("roleArn", "Its role."), f("attachPolicyARNs", "Managed policies of the role."),
		f("attachPolicy", "A policy document for it."), f("permissionsBoundary", "Its permissions boundary."), f("tags", "Tags on it."),
		f("deletePropagationPolicy", "What becomes of what it made."), f("configuration", "Its settings."),
		f("accessPolicies", "Access policies of its role."), f("accessPolicies.policyARN", "The policy."), f("accessPolicies.accessScope", "Where it holds."),
		f("accessPolicies.accessScope.type", "In the whole cluster or in namespaces."), f("accessPolicies.accessScope.namespaces", "The namespaces."),
	),
	[]Field{f("localZones", "Local zones of the VPC's subnets.").is(Never).not("subnets in local zones are not launched yet")},
	[]Field{f("privateCluster", "A cluster without a way to the internet.").is(Never),
		f("privateCluster.enabled", "Whether it is one.").not("fully private clusters are not launched yet; vpc.clusterEndpoints makes the endpoint private"),
		f(
			"privateCluster.additionalEndpointServices",
			"Further services with an endpoint in the VPC.",
		), f("privateCluster.skipEndpointCreation", "Leave the endpoints to you.")},
	[]Field{f("kubeAPIServerConfig", "Settings of the API server.").is(Never).not(settings),
		f("kubeAPIServerConfig.eventTTL", "How long events are kept."), f("kubeAPIServerConfig.serviceNodePortRange", "The ports of NodePort services."),
		f("kubeAPIServerConfig.serviceNodePortRange.minPort", "The first."), f("kubeAPIServerConfig.serviceNodePortRange.maxPort", "The last.")},
	[]Field{f("kubeControllerManagerConfig", "Settings of the controller manager.").is(Never).not(settings),
		f("kubeControllerManagerConfig.horizontalPodAutoscalerControllerConfig", "Of the pod autoscaler."),
		f("kubeControllerManagerConfig.horizontalPodAutoscalerControllerConfig.horizontalPodAutoscalerSyncPeriod", "How often it looks.")},
	[]Field{f("kubeSchedulerConfig", "Settings of the scheduler.").is(Never).not(settings),
		f("kubeSchedulerConfig.nodeResourcesFit", "How nodes are scored by what is free."),
		f("kubeSchedulerConfig.nodeResourcesFit.scoringStrategy", "The strategy."), f("kubeSchedulerConfig.nodeResourcesFit.scoringStrategy.type", "Its kind."),
		f("kubeSchedulerConfig.nodeResourcesFit.scoringStrategy.resources", "Its weights."),
		f(
			"kubeSchedulerConfig.nodeResourcesFit.scoringStrategy.resources.name",
			"The resource.",
		), f("kubeSchedulerConfig.nodeResourcesFit.scoringStrategy.resources.weight", "Its weight.")},
)

const settings = "control-plane component settings are not launched yet"
