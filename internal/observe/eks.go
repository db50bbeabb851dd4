package observe

import (
	"slices"
	"time"
)

// Cluster is a control plane: all that EKS's DescribeCluster says.
type Cluster struct {
	Name                        string         `json:"name"`
	ARN                         string         `json:"arn,omitempty"`
	Version                     string         `json:"version,omitempty"`
	PlatformVersion             string         `json:"platformVersion,omitempty"`
	Status                      string         `json:"status"`
	CreatedAt                   time.Time      `json:"createdAt,omitzero"`
	Endpoint                    string         `json:"endpoint,omitempty"`
	RoleARN                     string         `json:"roleArn,omitempty"`
	DeletionProtection          bool           `json:"deletionProtection,omitempty"`
	Tags                        Tags           `json:"tags,omitempty"`
	CertificateAuthority        *Certificate   `json:"certificateAuthority,omitempty"`
	AccessConfig                *AccessConfig  `json:"accessConfig,omitempty"`
	ComputeConfig               *ComputeConfig `json:"computeConfig,omitempty"` // Auto Mode
	StorageConfig               *StorageConfig `json:"storageConfig,omitempty"`
	ConnectorConfig             any            `json:"connectorConfig,omitempty"`
	ControlPlaneScalingConfig   *ScalingTier   `json:"controlPlaneScalingConfig,omitempty"`
	EncryptionConfig            []Encryption   `json:"encryptionConfig,omitempty"`
	Health                      *Health        `json:"health,omitempty"`
	Identity                    *Identity      `json:"identity,omitempty"`
	KubernetesNetworkConfig     *ServiceNet    `json:"kubernetesNetworkConfig,omitempty"`
	KubeAPIServerConfig         any            `json:"kubeApiServerConfig,omitempty"`
	KubeControllerManagerConfig any            `json:"kubeControllerManagerConfig,omitempty"`
	KubeSchedulerConfig         any            `json:"kubeSchedulerConfig,omitempty"`
	Logging                     *Logging       `json:"logging,omitempty"`
	OutpostConfig               any            `json:"outpostConfig,omitempty"`
	RemoteNetworkConfig         any            `json:"remoteNetworkConfig,omitempty"`
	ResourcesVPCConfig          *VPCConfig     `json:"resourcesVpcConfig,omitempty"`
	UpgradePolicy               *UpgradePolicy `json:"upgradePolicy,omitempty"`
	ZonalShiftConfig            *ZonalShift    `json:"zonalShiftConfig,omitempty"`
}

// Parts of a control plane, named and shaped as in EKS's API.
type (
	// Certificate is the API server's CA, base64 of PEM.
	Certificate struct {
		Data string `json:"data"`
	}
	// AccessConfig is how callers are let in.
	AccessConfig struct {
		AuthenticationMode                      string `json:"authenticationMode,omitempty"`
		BootstrapClusterCreatorAdminPermissions bool   `json:"bootstrapClusterCreatorAdminPermissions,omitempty"`
	}
	// ComputeConfig is Auto Mode's compute.
	ComputeConfig struct {
		Enabled     bool   `json:"enabled"`
		NodePools   Set    `json:"nodePools,omitempty"`
		NodeRoleARN string `json:"nodeRoleArn,omitempty"`
	}
	// StorageConfig is Auto Mode's storage.
	StorageConfig struct {
		BlockStorage *Switch `json:"blockStorage,omitempty"`
	}
	// Switch is on or off.
	Switch struct {
		Enabled bool `json:"enabled"`
	}
	// ScalingTier is the provisioned control plane's size.
	ScalingTier struct {
		Tier string `json:"tier,omitempty"`
	}
	// Encryption is a key over resources of the Kubernetes API.
	Encryption struct {
		Resources Set       `json:"resources,omitempty"`
		Provider  *Provider `json:"provider,omitempty"`
	}
	// Provider is a KMS key.
	Provider struct {
		KeyARN string `json:"keyArn,omitempty"`
	}
	// Identity is the cluster's OIDC issuer.
	Identity struct {
		OIDC *Issuer `json:"oidc,omitempty"`
	}
	// Issuer is an OIDC issuer's URL.
	Issuer struct {
		Issuer string `json:"issuer,omitempty"`
	}
	// ServiceNet is the network of Kubernetes services.
	ServiceNet struct {
		IPFamily             string  `json:"ipFamily,omitempty"`
		ServiceIPv4CIDR      string  `json:"serviceIpv4Cidr,omitempty"`
		ServiceIPv6CIDR      string  `json:"serviceIpv6Cidr,omitempty"`
		ElasticLoadBalancing *Switch `json:"elasticLoadBalancing,omitempty"`
	}
	// Logging is which of the control plane's logs are on.
	Logging struct {
		ClusterLogging []LogSetup `json:"clusterLogging,omitempty"`
	}
	// LogSetup turns some log types on or off.
	LogSetup struct {
		Enabled bool `json:"enabled"`
		Types   Set  `json:"types,omitempty"`
	}
	// VPCConfig is where the control plane is attached and who reaches it.
	VPCConfig struct {
		VPCID                  string `json:"vpcId,omitempty"`
		SubnetIDs              Set    `json:"subnetIds,omitempty"`
		SecurityGroupIDs       Set    `json:"securityGroupIds,omitempty"`
		ClusterSecurityGroupID string `json:"clusterSecurityGroupId,omitempty"`
		ControlPlaneEgressMode string `json:"controlPlaneEgressMode,omitempty"`
		EndpointPrivateAccess  bool   `json:"endpointPrivateAccess"`
		EndpointPublicAccess   bool   `json:"endpointPublicAccess"`
		PublicAccessCIDRs      Set    `json:"publicAccessCidrs,omitempty"`
	}
	// UpgradePolicy is what happens at the end of standard support.
	UpgradePolicy struct {
		SupportType string `json:"supportType,omitempty"`
	}
	// ZonalShift lets EKS move traffic out of a zone.
	ZonalShift struct {
		Enabled bool `json:"enabled"`
	}
	// Health is what EKS finds wrong.
	Health struct {
		Issues []Issue `json:"issues,omitempty"`
	}
	// Issue is one finding of EKS.
	Issue struct {
		Code        string `json:"code"`
		Message     string `json:"message,omitempty"`
		ResourceIDs Set    `json:"resourceIds,omitempty"`
	}
)

// Addon is an EKS add-on.
type Addon struct {
	Name                    string          `json:"addonName"`
	ARN                     string          `json:"addonArn,omitempty"`
	Version                 string          `json:"addonVersion,omitempty"`
	Status                  string          `json:"status"`
	Health                  *Health         `json:"health,omitempty"`
	ConfigurationValues     string          `json:"configurationValues,omitempty"`
	ServiceAccountRoleARN   string          `json:"serviceAccountRoleArn,omitempty"`
	PodIdentityAssociations Set             `json:"podIdentityAssociations,omitempty"` // ARNs
	NamespaceConfig         *AddonNamespace `json:"namespaceConfig,omitempty"`
	Owner                   string          `json:"owner,omitempty"`
	Publisher               string          `json:"publisher,omitempty"`
	Tags                    Tags            `json:"tags,omitempty"`
	CreatedAt               time.Time       `json:"createdAt,omitzero"`
	ModifiedAt              time.Time       `json:"modifiedAt,omitzero"`
}

// AddonNamespace is where an add-on's pods run.
type AddonNamespace struct {
	Namespace string `json:"namespace,omitempty"`
}

// Nodegroup is an EKS managed node group.
type Nodegroup struct {
	Name             string             `json:"nodegroupName"`
	ARN              string             `json:"nodegroupArn,omitempty"`
	Status           string             `json:"status"`
	Health           *Health            `json:"health,omitempty"`
	Version          string             `json:"version,omitempty"`
	ReleaseVersion   string             `json:"releaseVersion,omitempty"`
	AMIType          string             `json:"amiType,omitempty"`
	CapacityType     string             `json:"capacityType,omitempty"`
	InstanceTypes    []string           `json:"instanceTypes,omitempty"` // in order of preference
	DiskSize         int                `json:"diskSize,omitempty"`      // GiB
	NodeRole         string             `json:"nodeRole,omitempty"`      // ARN
	Subnets          Set                `json:"subnets,omitempty"`
	Labels           map[string]string  `json:"labels,omitempty"`
	Taints           Sorted[Taint]      `json:"taints,omitempty"`
	Tags             Tags               `json:"tags,omitempty"`
	ScalingConfig    *Sizes             `json:"scalingConfig,omitempty"`
	UpdateConfig     *UpdateConfig      `json:"updateConfig,omitempty"`
	NodeRepairConfig *NodeRepair        `json:"nodeRepairConfig,omitempty"`
	RemoteAccess     *RemoteAccess      `json:"remoteAccess,omitempty"`
	LaunchTemplate   *TemplateRef       `json:"launchTemplate,omitempty"`
	Resources        *NodegroupResource `json:"resources,omitempty"`
	WarmPoolConfig   any                `json:"warmPoolConfig,omitempty"`
	CreatedAt        time.Time          `json:"createdAt,omitzero"`
	ModifiedAt       time.Time          `json:"modifiedAt,omitzero"`
}

// Parts of a node group, named and shaped as in EKS's API.
type (
	// Taint keeps pods away; its effect is spelt as EKS does: NO_SCHEDULE.
	Taint struct {
		Key    string `json:"key"`
		Value  string `json:"value,omitempty"`
		Effect string `json:"effect"`
	}
	// Sizes are how many nodes a group may and should have.
	Sizes struct {
		MinSize     int `json:"minSize"`
		MaxSize     int `json:"maxSize"`
		DesiredSize int `json:"desiredSize"`
	}
	// UpdateConfig is how many nodes an update may take away at once.
	UpdateConfig struct {
		MaxUnavailable           int    `json:"maxUnavailable,omitempty"`
		MaxUnavailablePercentage int    `json:"maxUnavailablePercentage,omitempty"`
		UpdateStrategy           string `json:"updateStrategy,omitempty"`
	}
	// NodeRepair is whether and how EKS replaces nodes that are unwell.
	NodeRepair struct {
		Enabled                             bool             `json:"enabled"`
		MaxParallelNodesRepairedCount       int              `json:"maxParallelNodesRepairedCount,omitempty"`
		MaxParallelNodesRepairedPercentage  int              `json:"maxParallelNodesRepairedPercentage,omitempty"`
		MaxUnhealthyNodeThresholdCount      int              `json:"maxUnhealthyNodeThresholdCount,omitempty"`
		MaxUnhealthyNodeThresholdPercentage int              `json:"maxUnhealthyNodeThresholdPercentage,omitempty"`
		NodeRepairConfigOverrides           []RepairOverride `json:"nodeRepairConfigOverrides,omitempty"`
	}
	// RepairOverride is a repair action for one condition.
	RepairOverride struct {
		MinRepairWaitTimeMins   int    `json:"minRepairWaitTimeMins,omitempty"`
		NodeMonitoringCondition string `json:"nodeMonitoringCondition,omitempty"`
		NodeUnhealthyReason     string `json:"nodeUnhealthyReason,omitempty"`
		RepairAction            string `json:"repairAction,omitempty"`
	}
	// RemoteAccess is SSH as EKS sets it up.
	RemoteAccess struct {
		EC2SSHKey            string `json:"ec2SshKey,omitempty"`
		SourceSecurityGroups Set    `json:"sourceSecurityGroups,omitempty"`
	}
	// TemplateRef names a version of a launch template.
	TemplateRef struct {
		ID      string `json:"id,omitempty"`
		Name    string `json:"name,omitempty"`
		Version string `json:"version,omitempty"`
	}
	// NodegroupResource is what EKS made for a group.
	NodegroupResource struct {
		AutoScalingGroups         []Named `json:"autoScalingGroups,omitempty"`
		RemoteAccessSecurityGroup string  `json:"remoteAccessSecurityGroup,omitempty"`
	}
	// Named is a name.
	Named struct {
		Name string `json:"name"`
	}
)

// FargateProfile says which pods run on Fargate.
type FargateProfile struct {
	Name                string            `json:"fargateProfileName"`
	ARN                 string            `json:"fargateProfileArn,omitempty"`
	Status              string            `json:"status"`
	Health              *Health           `json:"health,omitempty"`
	PodExecutionRoleARN string            `json:"podExecutionRoleArn,omitempty"`
	Selectors           []FargateSelector `json:"selectors,omitempty"`
	Subnets             Set               `json:"subnets,omitempty"`
	Tags                Tags              `json:"tags,omitempty"`
	CreatedAt           time.Time         `json:"createdAt,omitzero"`
}

// FargateSelector matches pods.
type FargateSelector struct {
	Namespace string            `json:"namespace,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
}

// AccessEntry lets an IAM principal in.
type AccessEntry struct {
	PrincipalARN     string               `json:"principalArn"`
	ARN              string               `json:"accessEntryArn,omitempty"`
	Type             string               `json:"type,omitempty"`
	Username         string               `json:"username,omitempty"`
	KubernetesGroups Set                  `json:"kubernetesGroups,omitempty"`
	Policies         Sorted[AccessPolicy] `json:"policies,omitempty"`
	Tags             Tags                 `json:"tags,omitempty"`
	CreatedAt        time.Time            `json:"createdAt,omitzero"`
	ModifiedAt       time.Time            `json:"modifiedAt,omitzero"`
}

// AccessPolicy is an EKS access policy on an entry.
type AccessPolicy struct {
	PolicyARN    string       `json:"policyArn"`
	AccessScope  *AccessScope `json:"accessScope,omitempty"`
	AssociatedAt time.Time    `json:"associatedAt,omitzero"`
	ModifiedAt   time.Time    `json:"modifiedAt,omitzero"`
}

// AccessScope is where a policy holds.
type AccessScope struct {
	Type       string `json:"type"` // cluster, namespace
	Namespaces Set    `json:"namespaces,omitempty"`
}

// PodIdentity gives a service account's pods a role.
type PodIdentity struct {
	ID                 string    `json:"associationId"`
	ARN                string    `json:"associationArn,omitempty"`
	Namespace          string    `json:"namespace"`
	ServiceAccount     string    `json:"serviceAccount"`
	RoleARN            string    `json:"roleArn,omitempty"`
	TargetRoleARN      string    `json:"targetRoleArn,omitempty"`
	DisableSessionTags bool      `json:"disableSessionTags,omitempty"`
	Policy             string    `json:"policy,omitempty"`
	ExternalID         string    `json:"externalId,omitempty"`
	OwnerARN           string    `json:"ownerArn,omitempty"` // of the add-on that it belongs to
	Tags               Tags      `json:"tags,omitempty"`
	CreatedAt          time.Time `json:"createdAt,omitzero"`
	ModifiedAt         time.Time `json:"modifiedAt,omitzero"`
}

// IdentityProvider is an OIDC provider of the Kubernetes API.
type IdentityProvider struct {
	Name           string            `json:"identityProviderConfigName"`
	ARN            string            `json:"identityProviderConfigArn,omitempty"`
	Status         string            `json:"status,omitempty"`
	IssuerURL      string            `json:"issuerUrl,omitempty"`
	ClientID       string            `json:"clientId,omitempty"`
	UsernameClaim  string            `json:"usernameClaim,omitempty"`
	UsernamePrefix string            `json:"usernamePrefix,omitempty"`
	GroupsClaim    string            `json:"groupsClaim,omitempty"`
	GroupsPrefix   string            `json:"groupsPrefix,omitempty"`
	RequiredClaims map[string]string `json:"requiredClaims,omitempty"`
	Tags           Tags              `json:"tags,omitempty"`
}

// OIDCProvider is the cluster's issuer as IAM trusts it.
type OIDCProvider struct {
	ARN            string    `json:"arn"`
	URL            string    `json:"url,omitempty"`
	ClientIDList   Set       `json:"clientIDList,omitempty"`
	ThumbprintList Set       `json:"thumbprintList,omitempty"`
	Tags           Tags      `json:"tags,omitempty"`
	CreateDate     time.Time `json:"createDate,omitzero"`
}

// EnabledLogs are the types of the control plane's logs that are on.
func (c *Cluster) EnabledLogs() Set {
	out := Set{}
	if c.Logging != nil {
		for _, s := range c.Logging.ClusterLogging {
			if s.Enabled {
				out = append(out, s.Types...)
			}
		}
	}
	slices.Sort(out)
	return out
}
