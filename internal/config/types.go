package config

// AccessConfig specifies the access config for a cluster.
type AccessConfig struct {
	AccessEntries                           []AccessEntry `json:"accessEntries,omitempty"`
	AuthenticationMode                      string        `json:"authenticationMode,omitempty" enum:"API|API_AND_CONFIG_MAP|CONFIG_MAP"`
	BootstrapClusterCreatorAdminPermissions *bool         `json:"bootstrapClusterCreatorAdminPermissions,omitempty"`
}

// AccessEntry represents an access entry for managing access to a cluster.
type AccessEntry struct {
	AccessPolicies     []AccessPolicy `json:"accessPolicies,omitempty"`
	KubernetesGroups   []string       `json:"kubernetesGroups,omitempty"`
	KubernetesUsername string         `json:"kubernetesUsername,omitempty"`
	PrincipalARN       string         `json:"principalARN,omitempty"`
	Type               string         `json:"type,omitempty"`
}

// AccessPolicy An AccessPolicy represents a policy to associate with an access entry.
type AccessPolicy struct {
	AccessScope *AccessScope `json:"accessScope,omitempty"`
	PolicyARN   string       `json:"policyARN,omitempty"`
}

// AccessScope defines the scope of an access policy.
type AccessScope struct {
	Namespaces []string `json:"namespaces,omitempty"`
	Type       string   `json:"type,omitempty" enum:"cluster|namespace"`
}

// Addon holds the EKS addon configuration.
type Addon struct {
	AttachPolicy                      Document                 `json:"attachPolicy,omitempty"`
	AttachPolicyARNs                  []string                 `json:"attachPolicyARNs,omitempty"`
	ConfigurationValues               string                   `json:"configurationValues,omitempty"`
	Name                              string                   `json:"name" required:"true"`
	NamespaceConfig                   *AddonNamespaceConfig    `json:"namespaceConfig,omitempty"`
	Owners                            []string                 `json:"owners,omitempty"`
	PermissionsBoundary               string                   `json:"permissionsBoundary,omitempty"`
	PodIdentityAssociations           []PodIdentityAssociation `json:"podIdentityAssociations,omitempty"`
	Publishers                        []string                 `json:"publishers,omitempty"`
	ResolveConflicts                  string                   `json:"resolveConflicts,omitempty" enum:"none|overwrite|preserve"`
	ServiceAccountRoleARN             string                   `json:"serviceAccountRoleARN,omitempty"`
	Tags                              map[string]string        `json:"tags,omitempty"`
	Types                             []string                 `json:"types,omitempty"`
	UseDefaultPodIdentityAssociations *bool                    `json:"useDefaultPodIdentityAssociations,omitempty"`
	Version                           string                   `json:"version,omitempty"`
	WellKnownPolicies                 *WellKnownPolicies       `json:"wellKnownPolicies,omitempty"`
	// Implied marks an add-on that the defaults added.
	Implied bool `json:"-"`
	// BeforeCompute, Timeout and DependsOn are Slipway's own.
	BeforeCompute *bool    `json:"beforeCompute,omitempty" slipway:"true"`
	Timeout       string   `json:"timeout,omitempty" slipway:"true"`
	DependsOn     []string `json:"dependsOn,omitempty" slipway:"true"`
}

// AddonNamespaceConfig holds namespace configuration for addon deployment.
type AddonNamespaceConfig struct {
	Namespace string `json:"namespace,omitempty"`
}

// AddonsConfig holds the addons config.
type AddonsConfig struct {
	AutoApplyPodIdentityAssociations *bool `json:"autoApplyPodIdentityAssociations,omitempty"`
	DisableDefaultAddons             *bool `json:"disableDefaultAddons,omitempty"`
}

// ArgoCDAWSIDC holds AWS IDC configuration for ArgoCD.
type ArgoCDAWSIDC struct {
	IdcInstanceArn string `json:"idcInstanceArn" required:"true"`
	IdcRegion      string `json:"idcRegion,omitempty"`
}

// ArgoCDConfiguration holds ArgoCD-specific configuration.
type ArgoCDConfiguration struct {
	AwsIdc           *ArgoCDAWSIDC        `json:"awsIdc,omitempty"`
	Namespace        string               `json:"namespace,omitempty"`
	NetworkAccess    *ArgoCDNetworkAccess `json:"networkAccess,omitempty"`
	RbacRoleMappings []ArgoCDRoleMapping  `json:"rbacRoleMappings,omitempty"`
}

// ArgoCDNetworkAccess holds network access configuration for ArgoCD.
type ArgoCDNetworkAccess struct {
	VpceIds []string `json:"vpceIds,omitempty"`
}

// ArgoCDRoleMapping holds RBAC role mapping for ArgoCD.
type ArgoCDRoleMapping struct {
	Identities []SSOIdentity `json:"identities" required:"true"`
	Role       string        `json:"role" required:"true"`
}

// AutoModeConfig is part of the config file.
type AutoModeConfig struct {
	Enabled                *bool    `json:"enabled,omitempty"`
	NodePools              []string `json:"nodePools,omitempty"`
	NodeRoleARN            string   `json:"nodeRoleARN,omitempty"`
	PermissionsBoundaryARN string   `json:"permissionsBoundaryARN,omitempty"`
}

// Capability represents an EKS capability configuration.
type Capability struct {
	AccessPolicies          []AccessPolicy    `json:"accessPolicies,omitempty"`
	AttachPolicy            Document          `json:"attachPolicy,omitempty"`
	AttachPolicyARNs        []string          `json:"attachPolicyARNs,omitempty"`
	Configuration           Document          `json:"configuration,omitempty"`
	DeletePropagationPolicy string            `json:"deletePropagationPolicy,omitempty"`
	Name                    string            `json:"name" required:"true"`
	PermissionsBoundary     string            `json:"permissionsBoundary,omitempty"`
	RoleArn                 string            `json:"roleArn,omitempty"`
	Tags                    map[string]string `json:"tags,omitempty"`
	Type                    string            `json:"type" enum:"ACK|KRO|ARGOCD" required:"true"`
}

// CapacityReservation defines a nodegroup's Capacity Reservation targeting option.
type CapacityReservation struct {
	CapacityReservationPreference string                     `json:"capacityReservationPreference,omitempty"`
	CapacityReservationTarget     *CapacityReservationTarget `json:"capacityReservationTarget,omitempty"`
}

// CapacityReservationTarget is part of the config file.
type CapacityReservationTarget struct {
	CapacityReservationID               string `json:"capacityReservationID,omitempty"`
	CapacityReservationResourceGroupARN string `json:"capacityReservationResourceGroupARN,omitempty"`
}

// ClusterCloudWatch contains config parameters related to CloudWatch.
type ClusterCloudWatch struct {
	ClusterLogging *ClusterCloudWatchLogging `json:"clusterLogging,omitempty"`
}

// ClusterCloudWatchLogging container config parameters related to cluster logging.
type ClusterCloudWatchLogging struct {
	EnableTypes        []string `json:"enableTypes,omitempty" enum:"api|audit|authenticator|controllerManager|scheduler|all|*"`
	LogRetentionInDays *int     `json:"logRetentionInDays,omitempty"`
}

// ClusterConfig a simple config, to be replaced with Cluster API.
type ClusterConfig struct {
	AccessConfig                *AccessConfig                `json:"accessConfig,omitempty"`
	Addons                      []Addon                      `json:"addons,omitempty"`
	AddonsConfig                *AddonsConfig                `json:"addonsConfig,omitempty"`
	APIVersion                  string                       `json:"apiVersion" enum:"eksctl.io/v1alpha5" required:"true"`
	AutoModeConfig              *AutoModeConfig              `json:"autoModeConfig,omitempty"`
	AvailabilityZones           []string                     `json:"availabilityZones,omitempty"`
	Capabilities                []Capability                 `json:"capabilities,omitempty"`
	CloudWatch                  *ClusterCloudWatch           `json:"cloudWatch,omitempty"`
	ControlPlaneScalingConfig   *ControlPlaneScalingConfig   `json:"controlPlaneScalingConfig,omitempty"`
	FargateProfiles             []FargateProfile             `json:"fargateProfiles,omitempty"`
	Gitops                      *GitOps                      `json:"gitops,omitempty"`
	IAM                         *ClusterIAM                  `json:"iam,omitempty"`
	IamIdentityMappings         []IAMIdentityMapping         `json:"iamIdentityMappings,omitempty"`
	IdentityProviders           []IdentityProvider           `json:"identityProviders,omitempty"`
	Karpenter                   *Karpenter                   `json:"karpenter,omitempty"`
	Kind                        string                       `json:"kind" enum:"ClusterConfig" required:"true"`
	KubeAPIServerConfig         *KubeAPIServerConfig         `json:"kubeAPIServerConfig,omitempty"`
	KubeControllerManagerConfig *KubeControllerManagerConfig `json:"kubeControllerManagerConfig,omitempty"`
	KubeSchedulerConfig         *KubeSchedulerConfig         `json:"kubeSchedulerConfig,omitempty"`
	KubernetesNetworkConfig     *KubernetesNetworkConfig     `json:"kubernetesNetworkConfig,omitempty"`
	LocalZones                  []string                     `json:"localZones,omitempty"`
	ManagedNodeGroups           []ManagedNodeGroup           `json:"managedNodeGroups,omitempty"`
	Metadata                    *ClusterMeta                 `json:"metadata" required:"true"`
	NodeGroups                  []NodeGroup                  `json:"nodeGroups,omitempty"`
	Outpost                     *Outpost                     `json:"outpost,omitempty"`
	PrivateCluster              *PrivateCluster              `json:"privateCluster,omitempty"`
	RemoteNetworkConfig         *RemoteNetworkConfig         `json:"remoteNetworkConfig,omitempty"`
	SecretsEncryption           *SecretsEncryption           `json:"secretsEncryption,omitempty"`
	UpgradePolicy               *UpgradePolicy               `json:"upgradePolicy,omitempty"`
	VPC                         *ClusterVPC                  `json:"vpc,omitempty"`
	ZonalShiftConfig            *ZonalShiftConfig            `json:"zonalShiftConfig,omitempty"`
	// CNI is Slipway's own: a network plugin that the user installs.
	CNI *CNI `json:"cni,omitempty" slipway:"true"`
}

// ClusterEndpoints holds cluster api server endpoint access information.
type ClusterEndpoints struct {
	PrivateAccess *bool `json:"privateAccess,omitempty"`
	PublicAccess  *bool `json:"publicAccess,omitempty"`
}

// ClusterIAM holds all IAM attributes of a cluster.
type ClusterIAM struct {
	FargatePodExecutionRoleARN                 string                     `json:"fargatePodExecutionRoleARN,omitempty"`
	FargatePodExecutionRolePermissionsBoundary string                     `json:"fargatePodExecutionRolePermissionsBoundary,omitempty"`
	PodIdentityAssociations                    []PodIdentityAssociation   `json:"podIdentityAssociations,omitempty"`
	ServiceAccounts                            []ClusterIAMServiceAccount `json:"serviceAccounts,omitempty"`
	ServiceRoleARN                             string                     `json:"serviceRoleARN,omitempty"`
	ServiceRolePermissionsBoundary             string                     `json:"serviceRolePermissionsBoundary,omitempty"`
	VpcResourceControllerPolicy                *bool                      `json:"vpcResourceControllerPolicy,omitempty"`
	WithOIDC                                   *bool                      `json:"withOIDC,omitempty"`
}

// ClusterIAMMeta holds information we can use to create ObjectMeta for service accounts.
type ClusterIAMMeta struct {
	Annotations map[string]string `json:"annotations,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Name        string            `json:"name,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`
}

// ClusterIAMServiceAccount holds an IAM service account metadata and configuration.
type ClusterIAMServiceAccount struct {
	AttachPolicy        Document                        `json:"attachPolicy,omitempty"`
	AttachPolicyARNs    []string                        `json:"attachPolicyARNs,omitempty"`
	AttachRoleARN       string                          `json:"attachRoleARN,omitempty"`
	Metadata            *ClusterIAMMeta                 `json:"metadata,omitempty"`
	PermissionsBoundary string                          `json:"permissionsBoundary,omitempty"`
	RoleName            string                          `json:"roleName,omitempty"`
	RoleOnly            *bool                           `json:"roleOnly,omitempty"`
	Status              *ClusterIAMServiceAccountStatus `json:"status,omitempty"`
	SubjectPattern      string                          `json:"subjectPattern,omitempty"`
	Tags                map[string]string               `json:"tags,omitempty"`
	WellKnownPolicies   *WellKnownPolicies              `json:"wellKnownPolicies,omitempty"`
}

// ClusterMeta contains general cluster information.
type ClusterMeta struct {
	Annotations        map[string]string `json:"annotations,omitempty"`
	ForceUpdateVersion *bool             `json:"forceUpdateVersion,omitempty"`
	Name               string            `json:"name" required:"true"`
	Region             string            `json:"region" required:"true"`
	RollbackConfig     *RollbackConfig   `json:"rollbackConfig,omitempty"`
	Tags               map[string]string `json:"tags,omitempty"`
	Version            string            `json:"version,omitempty"`
}

// ClusterNAT NAT config.
type ClusterNAT struct {
	Gateway string `json:"gateway,omitempty" enum:"HighlyAvailable|Single|Disable"`
}

// ClusterSubnets holds private and public subnets.
type ClusterSubnets struct {
	Private map[string]Subnet `json:"private,omitempty"`
	Public  map[string]Subnet `json:"public,omitempty"`
}

// ClusterVPC holds global subnet and all child subnets.
type ClusterVPC struct {
	AutoAllocateIPv6                   *bool             `json:"autoAllocateIPv6,omitempty"`
	CIDR                               CIDR              `json:"cidr,omitempty"`
	ClusterEndpoints                   *ClusterEndpoints `json:"clusterEndpoints,omitempty"`
	ControlPlaneEgressMode             string            `json:"controlPlaneEgressMode,omitempty"`
	ControlPlaneOnPrivateSubnets       *bool             `json:"controlPlaneOnPrivateSubnets,omitempty"`
	ControlPlaneSecurityGroupIDs       []string          `json:"controlPlaneSecurityGroupIDs,omitempty"`
	ControlPlaneSubnetIDs              []string          `json:"controlPlaneSubnetIDs,omitempty"`
	ExtraCIDRs                         []string          `json:"extraCIDRs,omitempty"`
	ExtraIPv6CIDRs                     []string          `json:"extraIPv6CIDRs,omitempty"`
	HostnameType                       string            `json:"hostnameType,omitempty" enum:"ip-name|resource-name"`
	ID                                 string            `json:"id,omitempty"`
	Ipv6Cidr                           string            `json:"ipv6Cidr,omitempty"`
	Ipv6Pool                           string            `json:"ipv6Pool,omitempty"`
	ManageSharedNodeSecurityGroupRules *bool             `json:"manageSharedNodeSecurityGroupRules,omitempty"`
	NAT                                *ClusterNAT       `json:"nat,omitempty"`
	PublicAccessCIDRs                  []string          `json:"publicAccessCIDRs,omitempty"`
	SecurityGroup                      string            `json:"securityGroup,omitempty"`
	SharedNodeSecurityGroup            string            `json:"sharedNodeSecurityGroup,omitempty"`
	Subnets                            *ClusterSubnets   `json:"subnets,omitempty"`
}

// ControlPlaneScalingConfig holds control plane scaling configuration.
type ControlPlaneScalingConfig struct {
	Tier string `json:"tier,omitempty" enum:"standard|tier-xl|tier-2xl|tier-4xl|tier-8xl"`
}

// FargateProfile defines the settings used to schedule workload onto Fargate.
type FargateProfile struct {
	Name                string                   `json:"name" required:"true"`
	PodExecutionRoleARN string                   `json:"podExecutionRoleARN,omitempty"`
	Selectors           []FargateProfileSelector `json:"selectors,omitempty"`
	Status              string                   `json:"status,omitempty"`
	Subnets             []string                 `json:"subnets,omitempty"`
	Tags                map[string]string        `json:"tags,omitempty"`
}

// FargateProfileSelector defines rules to select workload to schedule onto Fargate.
type FargateProfileSelector struct {
	Labels    map[string]string `json:"labels,omitempty"`
	Namespace string            `json:"namespace" required:"true"`
}

// Flux groups all configuration options related to a Git repository used for GitOps Toolkit (Flux v2).
type Flux struct {
	Flags       map[string]string `json:"flags,omitempty"`
	GitProvider string            `json:"gitProvider,omitempty"`
}

// GitOps lets the GitOps Toolkit apply a Git repository to the cluster.
type GitOps struct {
	Flux *Flux `json:"flux,omitempty"`
}

// HorizontalPodAutoscalerControllerConfig holds the horizontal pod autoscaler controller configuration.
type HorizontalPodAutoscalerControllerConfig struct {
	HorizontalPodAutoscalerSyncPeriod string `json:"horizontalPodAutoscalerSyncPeriod,omitempty"`
}

// IAMIdentityMapping contains IAM accounts, users, roles and services that will be added to the aws-auth configmap to enable access to the cluster.
type IAMIdentityMapping struct {
	Account         string   `json:"account,omitempty"`
	ARN             string   `json:"arn,omitempty"`
	Groups          []string `json:"groups,omitempty"`
	Namespace       string   `json:"namespace,omitempty"`
	NoDuplicateARNs *bool    `json:"noDuplicateARNs,omitempty"`
	ServiceName     string   `json:"serviceName,omitempty"`
	Username        string   `json:"username,omitempty"`
}

// InstanceMarketOptions describes the market (purchasing) option for the instances.
type InstanceMarketOptions struct {
	MarketType string `json:"marketType,omitempty"`
}

// InstanceSelector holds EC2 instance selector options.
type InstanceSelector struct {
	Allow           string `json:"allow,omitempty"`
	CpuArchitecture string `json:"cpuArchitecture,omitempty" enum:"x86_64|amd64|arm64"`
	Deny            string `json:"deny,omitempty"`
	GPUs            *int   `json:"gpus,omitempty"`
	Memory          string `json:"memory,omitempty"`
	NeuronDevices   *int   `json:"neuron_devices,omitempty"`
	VCPUs           *int   `json:"vCPUs,omitempty"`
}

// Karpenter provides configuration options.
type Karpenter struct {
	CreateServiceAccount      *bool  `json:"createServiceAccount,omitempty"`
	DefaultInstanceProfile    string `json:"defaultInstanceProfile,omitempty"`
	Version                   string `json:"version" required:"true"`
	WithSpotInterruptionQueue *bool  `json:"withSpotInterruptionQueue,omitempty"`
}

// KubeAPIServerConfig holds the kube-apiserver configuration.
type KubeAPIServerConfig struct {
	EventTTL             string                `json:"eventTTL,omitempty"`
	ServiceNodePortRange *ServiceNodePortRange `json:"serviceNodePortRange,omitempty"`
}

// KubeControllerManagerConfig holds the kube-controller-manager configuration.
type KubeControllerManagerConfig struct {
	HorizontalPodAutoscalerControllerConfig *HorizontalPodAutoscalerControllerConfig `json:"horizontalPodAutoscalerControllerConfig,omitempty"`
}

// KubeSchedulerConfig holds the kube-scheduler configuration.
type KubeSchedulerConfig struct {
	NodeResourcesFit *NodeResourcesFitConfig `json:"nodeResourcesFit,omitempty"`
}

// KubernetesNetworkConfig contains cluster networking options.
type KubernetesNetworkConfig struct {
	IpFamily        string `json:"ipFamily,omitempty" enum:"IPv4|IPv6"`
	ServiceIPv4CIDR string `json:"serviceIPv4CIDR,omitempty"`
	ServiceIPv6CIDR string `json:"serviceIPv6CIDR,omitempty"`
}

// LaunchTemplate is part of the config file.
type LaunchTemplate struct {
	ID      string `json:"id" required:"true"`
	Version string `json:"version,omitempty"`
}

// ManagedNodeGroup represents an EKS-managed nodegroup.
type ManagedNodeGroup struct {
	NodeGroupBase    `json:",inline"`
	InstanceTypes    []string                   `json:"instanceTypes,omitempty"`
	LaunchTemplate   *LaunchTemplate            `json:"launchTemplate,omitempty"`
	NodeRepairConfig *NodeGroupNodeRepairConfig `json:"nodeRepairConfig,omitempty"`
	ReleaseVersion   string                     `json:"releaseVersion,omitempty"`
	Spot             *bool                      `json:"spot,omitempty"`
	Taints           Taints                     `json:"taints,omitempty"`
	// DependsOn is Slipway's own.
	DependsOn []string `json:"dependsOn,omitempty" slipway:"true"`
}

// MetricsCollection used by the scaling config, see cloudformation docs.
type MetricsCollection struct {
	Granularity string   `json:"granularity" required:"true"`
	Metrics     []string `json:"metrics,omitempty"`
}

// NodeGroup holds configuration attributes that are specific to an unmanaged nodegroup.
type NodeGroup struct {
	NodeGroupBase            `json:",inline"`
	AsgMetricsCollection     []MetricsCollection             `json:"asgMetricsCollection,omitempty"`
	ClassicLoadBalancerNames []string                        `json:"classicLoadBalancerNames,omitempty"`
	ClusterDNS               string                          `json:"clusterDNS,omitempty"`
	ContainerRuntime         string                          `json:"containerRuntime,omitempty"`
	CpuCredits               string                          `json:"cpuCredits,omitempty"`
	EnclaveEnabled           *bool                           `json:"enclaveEnabled,omitempty"`
	InstancesDistribution    *NodeGroupInstancesDistribution `json:"instancesDistribution,omitempty"`
	KubeletExtraConfig       Document                        `json:"kubeletExtraConfig,omitempty"`
	LocalZones               []string                        `json:"localZones,omitempty"`
	MaxInstanceLifetime      *int                            `json:"maxInstanceLifetime,omitempty"`
	Taints                   Taints                          `json:"taints,omitempty"`
	TargetGroupARNs          []string                        `json:"targetGroupARNs,omitempty"`
}

// NodeGroupBottlerocket holds the configuration for Bottlerocket based NodeGroups.
type NodeGroupBottlerocket struct {
	EnableAdminContainer *bool    `json:"enableAdminContainer,omitempty"`
	Settings             Document `json:"settings,omitempty"`
}

// NodeGroupIAM holds all IAM attributes of a NodeGroup.
type NodeGroupIAM struct {
	AttachPolicy                    Document                   `json:"attachPolicy,omitempty"`
	AttachPolicyARNs                []string                   `json:"attachPolicyARNs,omitempty"`
	InstanceProfileARN              string                     `json:"instanceProfileARN,omitempty"`
	InstanceRoleARN                 string                     `json:"instanceRoleARN,omitempty"`
	InstanceRoleName                string                     `json:"instanceRoleName,omitempty"`
	InstanceRolePermissionsBoundary string                     `json:"instanceRolePermissionsBoundary,omitempty"`
	WithAddonPolicies               *NodeGroupIAMAddonPolicies `json:"withAddonPolicies,omitempty"`
}

// NodeGroupIAMAddonPolicies holds all IAM addon policies.
type NodeGroupIAMAddonPolicies struct {
	AlbIngress                *bool `json:"albIngress,omitempty"`
	AppMesh                   *bool `json:"appMesh,omitempty"`
	AppMeshPreview            *bool `json:"appMeshPreview,omitempty"`
	AutoScaler                *bool `json:"autoScaler,omitempty"`
	AwsLoadBalancerController *bool `json:"awsLoadBalancerController,omitempty"`
	CertManager               *bool `json:"certManager,omitempty"`
	CloudWatch                *bool `json:"cloudWatch,omitempty"`
	EBS                       *bool `json:"ebs,omitempty"`
	EFS                       *bool `json:"efs,omitempty"`
	ExternalDNS               *bool `json:"externalDNS,omitempty"`
	FSx                       *bool `json:"fsx,omitempty"`
	ImageBuilder              *bool `json:"imageBuilder,omitempty"`
	XRay                      *bool `json:"xRay,omitempty"`
}

// NodeGroupInstancesDistribution holds the configuration for spot instances.
type NodeGroupInstancesDistribution struct {
	CapacityRebalance                   *bool    `json:"capacityRebalance,omitempty"`
	InstanceTypes                       []string `json:"instanceTypes" required:"true"`
	MaxPrice                            *float64 `json:"maxPrice,omitempty"`
	OnDemandBaseCapacity                *int     `json:"onDemandBaseCapacity,omitempty"`
	OnDemandPercentageAboveBaseCapacity *int     `json:"onDemandPercentageAboveBaseCapacity,omitempty"`
	SpotAllocationStrategy              string   `json:"spotAllocationStrategy,omitempty"`
	SpotInstancePools                   *int     `json:"spotInstancePools,omitempty"`
}

// NodeGroupNodeRepairConfig contains the auto repair configuration for the nodegroup.
type NodeGroupNodeRepairConfig struct {
	Enabled                             *bool                      `json:"enabled,omitempty"`
	MaxParallelNodesRepairedCount       *int                       `json:"maxParallelNodesRepairedCount,omitempty"`
	MaxParallelNodesRepairedPercentage  *int                       `json:"maxParallelNodesRepairedPercentage,omitempty"`
	MaxUnhealthyNodeThresholdCount      *int                       `json:"maxUnhealthyNodeThresholdCount,omitempty"`
	MaxUnhealthyNodeThresholdPercentage *int                       `json:"maxUnhealthyNodeThresholdPercentage,omitempty"`
	NodeRepairConfigOverrides           []NodeRepairConfigOverride `json:"nodeRepairConfigOverrides,omitempty"`
}

// NodeGroupSGs controls security groups for this nodegroup.
type NodeGroupSGs struct {
	AttachIDs  []string `json:"attachIDs,omitempty"`
	WithLocal  *bool    `json:"withLocal,omitempty"`
	WithShared *bool    `json:"withShared,omitempty"`
}

// NodeGroupSSH holds all the ssh access configuration to a NodeGroup.
type NodeGroupSSH struct {
	Allow                  *bool    `json:"allow,omitempty"`
	EnableSsm              *bool    `json:"enableSsm,omitempty"`
	PublicKey              string   `json:"publicKey,omitempty"`
	PublicKeyName          string   `json:"publicKeyName,omitempty"`
	PublicKeyPath          string   `json:"publicKeyPath,omitempty"`
	SourceSecurityGroupIds []string `json:"sourceSecurityGroupIds,omitempty"`
}

// NodeGroupUpdateConfig contains the configuration for updating NodeGroups.
type NodeGroupUpdateConfig struct {
	MaxUnavailable           *int `json:"maxUnavailable,omitempty"`
	MaxUnavailablePercentage *int `json:"maxUnavailablePercentage,omitempty"`
}

// NodeRepairConfigOverride says how EKS repairs nodes with one condition, and after how long.
type NodeRepairConfigOverride struct {
	MinRepairWaitTimeMins   *int   `json:"minRepairWaitTimeMins,omitempty"`
	NodeMonitoringCondition string `json:"nodeMonitoringCondition,omitempty"`
	NodeUnhealthyReason     string `json:"nodeUnhealthyReason,omitempty"`
	RepairAction            string `json:"repairAction,omitempty"`
}

// NodeResourcesFitConfig holds the NodeResourcesFit scheduler plugin configuration.
type NodeResourcesFitConfig struct {
	ScoringStrategy *ScoringStrategy `json:"scoringStrategy,omitempty"`
}

// Outpost holds the Outpost configuration.
type Outpost struct {
	ControlPlaneInstanceType string     `json:"controlPlaneInstanceType,omitempty"`
	ControlPlaneOutpostARN   string     `json:"controlPlaneOutpostARN,omitempty"`
	ControlPlanePlacement    *Placement `json:"controlPlanePlacement,omitempty"`
	EtcdInstanceType         string     `json:"etcdInstanceType,omitempty"`
	EtcdPlacement            *Placement `json:"etcdPlacement,omitempty"`
}

// Placement specifies placement group information.
type Placement struct {
	GroupName   string `json:"groupName,omitempty"`
	SpreadLevel string `json:"spreadLevel,omitempty"`
}

// PodIdentityAssociation is part of the config file.
type PodIdentityAssociation struct {
	CreateServiceAccount   *bool              `json:"createServiceAccount,omitempty"`
	DisableSessionTags     *bool              `json:"disableSessionTags,omitempty"`
	Namespace              string             `json:"namespace,omitempty"`
	PermissionPolicy       Document           `json:"permissionPolicy,omitempty"`
	PermissionPolicyARNs   []string           `json:"permissionPolicyARNs,omitempty"`
	PermissionPolicyName   string             `json:"permissionPolicyName,omitempty"`
	PermissionsBoundaryARN string             `json:"permissionsBoundaryARN,omitempty"`
	Policy                 string             `json:"policy,omitempty"`
	RoleARN                string             `json:"roleARN,omitempty"`
	RoleName               string             `json:"roleName,omitempty"`
	ServiceAccountName     string             `json:"serviceAccountName,omitempty"`
	Tags                   map[string]string  `json:"tags,omitempty"`
	TargetRoleARN          string             `json:"targetRoleARN,omitempty"`
	WellKnownPolicies      *WellKnownPolicies `json:"wellKnownPolicies,omitempty"`
}

// PrivateCluster defines the configuration for a fully-private cluster.
type PrivateCluster struct {
	AdditionalEndpointServices []string `json:"additionalEndpointServices,omitempty"`
	Enabled                    *bool    `json:"enabled,omitempty"`
	SkipEndpointCreation       *bool    `json:"skipEndpointCreation,omitempty"`
}

// RemoteNetwork RemoteNetwork.
type RemoteNetwork struct {
	CIDRs []string `json:"cidrs,omitempty"`
}

// RemoteNetworkConfig RemoteNetworkConfig.
type RemoteNetworkConfig struct {
	IAM                *RemoteNodesIAM `json:"iam,omitempty"`
	RemoteNodeNetworks []RemoteNetwork `json:"remoteNodeNetworks"`
	RemotePodNetworks  []RemoteNetwork `json:"remotePodNetworks,omitempty"`
	VpcGatewayID       string          `json:"vpcGatewayID"`
}

// RemoteNodesIAM is part of the config file.
type RemoteNodesIAM struct {
	CaBundleCert string `json:"caBundleCert,omitempty"`
	Provider     string `json:"provider,omitempty"`
	RoleARN      string `json:"roleARN,omitempty"`
}

// ResourceWeight holds a resource weight entry for the scheduler scoring strategy.
type ResourceWeight struct {
	Name   string `json:"name,omitempty"`
	Weight *int   `json:"weight,omitempty"`
}

// RollbackConfig says after how long EKS gives up an update of the cluster's version.
type RollbackConfig struct {
	TimeoutMinutes *int `json:"timeoutMinutes,omitempty"`
}

// SSOIdentity represents an SSO identity.
type SSOIdentity struct {
	ID   string `json:"id" required:"true"`
	Type string `json:"type" required:"true"`
}

// ScoringStrategy holds the scoring strategy for the NodeResourcesFit scheduler plugin.
type ScoringStrategy struct {
	Resources []ResourceWeight `json:"resources,omitempty"`
	Type      string           `json:"type,omitempty"`
}

// SecretsEncryption defines the configuration for KMS encryption provider.
type SecretsEncryption struct {
	KeyARN string `json:"keyARN" required:"true"`
}

// ServiceNodePortRange holds the port range for NodePort services.
type ServiceNodePortRange struct {
	MaxPort *int `json:"maxPort,omitempty"`
	MinPort *int `json:"minPort,omitempty"`
}

// UpgradePolicy holds the upgrade policy configuration for the cluster.
type UpgradePolicy struct {
	SupportType string `json:"supportType,omitempty" enum:"STANDARD|EXTENDED"`
}

// VolumeMapping Additional Volume Configurations.
type VolumeMapping struct {
	SnapshotID       string `json:"snapshotID,omitempty"`
	VolumeEncrypted  *bool  `json:"volumeEncrypted,omitempty"`
	VolumeIOPS       *int   `json:"volumeIOPS,omitempty"`
	VolumeKmsKeyID   string `json:"volumeKmsKeyID,omitempty"`
	VolumeName       string `json:"volumeName,omitempty"`
	VolumeSize       *int   `json:"volumeSize,omitempty"`
	VolumeThroughput *int   `json:"volumeThroughput,omitempty"`
	VolumeType       string `json:"volumeType,omitempty" enum:"gp2|gp3|io1|io2|sc1|st1"`
}

// WellKnownPolicies for attaching common IAM policies.
type WellKnownPolicies struct {
	AutoScaler                *bool `json:"autoScaler,omitempty"`
	AwsLoadBalancerController *bool `json:"awsLoadBalancerController,omitempty"`
	CertManager               *bool `json:"certManager,omitempty"`
	EbsCSIController          *bool `json:"ebsCSIController,omitempty"`
	EfsCSIController          *bool `json:"efsCSIController,omitempty"`
	ExternalDNS               *bool `json:"externalDNS,omitempty"`
	ImageBuilder              *bool `json:"imageBuilder,omitempty"`
}

// ZonalShiftConfig holds the zonal shift configuration.
type ZonalShiftConfig struct {
	Enabled *bool `json:"enabled,omitempty"`
}

// NodeGroupBase is what managed and self-managed node groups share.
type NodeGroupBase struct {
	AdditionalVolumes        []VolumeMapping        `json:"additionalVolumes,omitempty"`
	AMI                      string                 `json:"ami,omitempty"`
	AmiFamily                string                 `json:"amiFamily,omitempty" enum:"AmazonLinux2023|AmazonLinux2|UbuntuPro2604|Ubuntu2604|UbuntuPro2404|Ubuntu2404|UbuntuPro2204|Ubuntu2204|UbuntuPro2004|Ubuntu2004|Bottlerocket|BottlerocketFips|WindowsServer2019CoreContainer|WindowsServer2019FullContainer|WindowsServer2022CoreContainer|WindowsServer2022FullContainer|WindowsServer2025CoreContainer|WindowsServer2025FullContainer"`
	AsgSuspendProcesses      []string               `json:"asgSuspendProcesses,omitempty"`
	AvailabilityZones        []string               `json:"availabilityZones,omitempty"`
	Bottlerocket             *NodeGroupBottlerocket `json:"bottlerocket,omitempty"`
	CapacityReservation      *CapacityReservation   `json:"capacityReservation,omitempty"`
	DesiredCapacity          *int                   `json:"desiredCapacity,omitempty"`
	DisableIMDSv1            *bool                  `json:"disableIMDSv1,omitempty"`
	DisablePodIMDS           *bool                  `json:"disablePodIMDS,omitempty"`
	EbsOptimized             *bool                  `json:"ebsOptimized,omitempty"`
	EfaEnabled               *bool                  `json:"efaEnabled,omitempty"`
	EnableDetailedMonitoring *bool                  `json:"enableDetailedMonitoring,omitempty"`
	IAM                      *NodeGroupIAM          `json:"iam,omitempty"`
	InstanceMarketOptions    *InstanceMarketOptions `json:"instanceMarketOptions,omitempty"`
	InstanceName             string                 `json:"instanceName,omitempty"`
	InstancePrefix           string                 `json:"instancePrefix,omitempty"`
	InstanceSelector         *InstanceSelector      `json:"instanceSelector,omitempty"`
	InstanceType             string                 `json:"instanceType,omitempty"`
	Labels                   map[string]string      `json:"labels,omitempty"`
	MaxPodsPerNode           *int                   `json:"maxPodsPerNode,omitempty"`
	MaxSize                  *int                   `json:"maxSize,omitempty"`
	MinSize                  *int                   `json:"minSize,omitempty"`
	Name                     string                 `json:"name" required:"true"`
	OutpostARN               string                 `json:"outpostARN,omitempty"`
	OverrideBootstrapCommand string                 `json:"overrideBootstrapCommand,omitempty"`
	Placement                *Placement             `json:"placement,omitempty"`
	PreBootstrapCommands     []string               `json:"preBootstrapCommands,omitempty"`
	PrivateNetworking        *bool                  `json:"privateNetworking,omitempty"`
	PropagateASGTags         *bool                  `json:"propagateASGTags,omitempty"`
	SecurityGroups           *NodeGroupSGs          `json:"securityGroups,omitempty"`
	SSH                      *NodeGroupSSH          `json:"ssh,omitempty"`
	Subnets                  []string               `json:"subnets,omitempty"`
	Tags                     map[string]string      `json:"tags,omitempty"`
	UpdateConfig             *NodeGroupUpdateConfig `json:"updateConfig,omitempty"`
	VolumeEncrypted          *bool                  `json:"volumeEncrypted,omitempty"`
	VolumeIOPS               *int                   `json:"volumeIOPS,omitempty"`
	VolumeKmsKeyID           string                 `json:"volumeKmsKeyID,omitempty"`
	VolumeName               string                 `json:"volumeName,omitempty"`
	VolumeSize               *int                   `json:"volumeSize,omitempty"`
	VolumeThroughput         *int                   `json:"volumeThroughput,omitempty"`
	VolumeType               string                 `json:"volumeType,omitempty" enum:"gp2|gp3|io1|io2|sc1|st1"`
}
