package observe

import (
	"maps"
	"slices"
	"time"
)

// ScalingGroup is an Auto Scaling group of the cluster's nodes.
type ScalingGroup struct {
	Name              string `json:"autoScalingGroupName"`
	ARN               string `json:"autoScalingGroupARN,omitempty"`
	Nodegroup         string `json:"nodegroup,omitempty"` // the node group that it is, by its tags
	Managed           bool   `json:"managed,omitempty"`   // EKS's; otherwise a self-managed group
	MinSize           int    `json:"minSize"`
	MaxSize           int    `json:"maxSize"`
	DesiredCapacity   int    `json:"desiredCapacity"`
	AvailabilityZones Set    `json:"availabilityZones,omitempty"`
	VPCZoneIdentifier string `json:"vpcZoneIdentifier,omitempty"` // subnets, comma separated

	LaunchTemplate       *TemplateSpec `json:"launchTemplate,omitempty"`
	MixedInstancesPolicy *MixedPolicy  `json:"mixedInstancesPolicy,omitempty"`

	SuspendedProcesses     Sorted[Suspended]     `json:"suspendedProcesses,omitempty"`
	EnabledMetrics         Sorted[Metric]        `json:"enabledMetrics,omitempty"`
	TerminationPolicies    []string              `json:"terminationPolicies,omitempty"` // in order
	TargetGroupARNs        Set                   `json:"targetGroupARNs,omitempty"`
	LoadBalancerNames      Set                   `json:"loadBalancerNames,omitempty"`
	HealthCheckType        string                `json:"healthCheckType,omitempty"`
	HealthCheckGracePeriod int                   `json:"healthCheckGracePeriod,omitempty"` // seconds
	MaxInstanceLifetime    int                   `json:"maxInstanceLifetime,omitempty"`    // seconds
	CapacityRebalance      bool                  `json:"capacityRebalance,omitempty"`
	NewInstancesProtected  bool                  `json:"newInstancesProtectedFromScaleIn,omitempty"`
	ServiceLinkedRoleARN   string                `json:"serviceLinkedRoleARN,omitempty"`
	PlacementGroup         string                `json:"placementGroup,omitempty"`
	Status                 string                `json:"status,omitempty"` // while it is deleted
	Tags                   Tags                  `json:"tags,omitempty"`
	Instances              Sorted[GroupInstance] `json:"instances,omitempty"`
	CreatedTime            time.Time             `json:"createdTime,omitzero"`
}

// Parts of an Auto Scaling group, named and shaped as in its API.
type (
	// TemplateSpec names a version of a launch template.
	TemplateSpec struct {
		ID      string `json:"launchTemplateId,omitempty"`
		Name    string `json:"launchTemplateName,omitempty"`
		Version string `json:"version,omitempty"`
	}
	// MixedPolicy is several instance types and purchase options in one group.
	MixedPolicy struct {
		InstancesDistribution any            `json:"instancesDistribution,omitempty"`
		LaunchTemplate        *MixedTemplate `json:"launchTemplate,omitempty"`
	}
	// MixedTemplate is the launch template of such a group, and where types differ from it.
	MixedTemplate struct {
		Spec      *TemplateSpec `json:"launchTemplateSpecification,omitempty"`
		Overrides []any         `json:"overrides,omitempty"`
	}
	// Suspended is a process that somebody stopped.
	Suspended struct {
		ProcessName string `json:"processName"`
		Reason      string `json:"suspensionReason,omitempty"`
	}
	// Metric is a group metric that is collected.
	Metric struct {
		Metric      string `json:"metric"`
		Granularity string `json:"granularity,omitempty"`
	}
	// GroupInstance is an instance as its group sees it.
	GroupInstance struct {
		ID               string        `json:"instanceId"`
		Type             string        `json:"instanceType,omitempty"`
		Zone             string        `json:"availabilityZone,omitempty"`
		HealthStatus     string        `json:"healthStatus,omitempty"`
		LifecycleState   string        `json:"lifecycleState,omitempty"`
		LaunchTemplate   *TemplateSpec `json:"launchTemplate,omitempty"`
		ProtectedScaleIn bool          `json:"protectedFromScaleIn,omitempty"`
	}
)

// LaunchTemplate is one version of a launch template that nodes are made from.
type LaunchTemplate struct {
	ID             string    `json:"launchTemplateId"`
	Name           string    `json:"launchTemplateName,omitempty"`
	Version        int64     `json:"versionNumber"`
	DefaultVersion bool      `json:"defaultVersion,omitempty"`
	CreatedBy      string    `json:"createdBy,omitempty"`
	CreateTime     time.Time `json:"createTime,omitzero"`
	Data           any       `json:"launchTemplateData,omitempty"` // as EC2 answers, without what is not set
}

// Instance is an EC2 instance of the cluster.
type Instance struct {
	ID               string         `json:"instanceId"`
	Type             string         `json:"instanceType,omitempty"`
	Image            string         `json:"imageId,omitempty"`
	State            *InstanceState `json:"state,omitempty"`
	Subnet           string         `json:"subnetId,omitempty"`
	Placement        any            `json:"placement,omitempty"`
	PrivateIP        string         `json:"privateIpAddress,omitempty"`
	PublicIP         string         `json:"publicIpAddress,omitempty"`
	IPv6             string         `json:"ipv6Address,omitempty"`
	PrivateDNSName   string         `json:"privateDnsName,omitempty"`
	Lifecycle        string         `json:"instanceLifecycle,omitempty"` // spot, scheduled, capacity-block
	KeyName          string         `json:"keyName,omitempty"`
	Profile          *Profile       `json:"iamInstanceProfile,omitempty"`
	SecurityGroups   Sorted[Group]  `json:"securityGroups,omitempty"`
	MetadataOptions  any            `json:"metadataOptions,omitempty"`
	BlockDevices     any            `json:"blockDeviceMappings,omitempty"`
	Tags             Tags           `json:"tags,omitempty"`
	LaunchTime       time.Time      `json:"launchTime,omitzero"`
	TransitionReason string         `json:"stateTransitionReason,omitempty"`
}

// Parts of an instance, named and shaped as in EC2's API.
type (
	// InstanceState is pending, running, stopping, …
	InstanceState struct {
		Name string `json:"name"`
	}
	// Profile is an instance profile.
	Profile struct {
		ARN  string `json:"arn"`
		Role string `json:"role,omitempty"` // ARN, read with the roles
	}
	// Group is a security group that an instance is in.
	Group struct {
		ID   string `json:"groupId"`
		Name string `json:"groupName,omitempty"`
	}
)

// Suspends tells whether somebody suspended a process of the group.
func (g *ScalingGroup) Suspends(process string) bool {
	return slices.ContainsFunc(g.SuspendedProcesses, func(s Suspended) bool { return s.ProcessName == process })
}

// ScalingGroupOf is the Auto Scaling group of a node group, or nil.
func (o *Observed) ScalingGroupOf(nodegroup string) *ScalingGroup {
	for _, n := range slices.Sorted(maps.Keys(o.ScalingGroups)) {
		if g := o.ScalingGroups[n]; g.Nodegroup == nodegroup {
			return g
		}
	}
	return nil
}
