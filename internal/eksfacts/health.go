package eksfacts

import "slices"

// Ailment is what an issue that EKS finds of a node group means (facts/eks.md §5; EKS API:
// Issue).
type Ailment struct {
	Cause string
	// Remedy is what must be done besides making the group again; "": that is enough.
	Remedy string
}

var ailments = map[string]Ailment{
	"AutoScalingGroupNotFound": {"somebody deleted its Auto Scaling group", ""},
	"AutoScalingGroupInstanceRefreshActive": {
		"somebody refreshes the instances of its Auto Scaling group, which is EKS's",
		"let that end, or cancel it (aws autoscaling cancel-instance-refresh)",
	},
	"AutoScalingGroupInvalidConfiguration": {"somebody changed its Auto Scaling group", ""},
	"Ec2LaunchTemplateNotFound":            {"somebody deleted the launch template that EKS made for it", ""},
	"Ec2LaunchTemplateVersionMismatch": {
		"somebody has its Auto Scaling group launch from another version of the template",
		"",
	},
	"Ec2LaunchTemplateInvalidConfiguration": {
		"its launch template says what EC2 or EKS does not take",
		"correct what the message names, in the file (-f FILE)",
	},
	"SourceEc2LaunchTemplateNotFound": {
		"the launch template that it was made from is gone",
		"name another one in a file (-f FILE)",
	},
	"IamInstanceProfileNotFound": {"somebody deleted its instance profile", ""},
	"IamNodeRoleNotFound": {
		"somebody deleted its node role",
		"a role that its own stack made comes with it; another one must be there first",
	},
	"Ec2SecurityGroupNotFound": {
		"the cluster's security group is gone, or was replaced",
		"see slipway drift NAME",
	},
	"Ec2SubnetNotFound": {
		"subnets of its are gone",
		"name others in a file (-f FILE), or bring them back (slipway restore NAME)",
	},
	"Ec2SubnetInvalidConfiguration": {
		"its subnets are public, and give no public addresses",
		"have them give some (MapPublicIpOnLaunch), or use private ones",
	},
	"Ec2SubnetMissingIpv6Assignment": {
		"its subnets give no IPv6 addresses",
		"have them give some (AssignIpv6AddressOnCreation)",
	},
	"InsufficientFreeAddresses": {
		"its subnets have no free addresses",
		"free some, or name larger subnets in a file (-f FILE)",
	},
	"InstanceLimitExceeded": {
		"the account's quota of instances is used up",
		"have it raised (Service Quotas)",
	},
	"AsgInstanceLaunchFailures": {
		"EC2 does not start its instances",
		"the message says why: a quota, no capacity for the type in a zone, or what the launch template asks for",
	},
	"NodeCreationFailure": {
		"its instances ran, and their nodes did not join or become Ready",
		"what keeps them away must go first: the checks below name what can be seen of it",
	},
	"AccessDenied": {
		"EKS may not see to nodes in the cluster (ClusterRole eks:node-manager)",
		"put its RBAC back (EKS user guide, troubleshooting)",
	},
	"ClusterUnreachable":     {"EKS does not reach the cluster's API server", "see slipway status NAME"},
	"KubernetesLabelInvalid": {"Kubernetes does not take its labels", "correct them in a file (-f FILE)"},
	"PodEvictionFailure": {
		"a disruption budget held pods of it back",
		"let the budget allow a disruption, and upgrade it again",
	},
	"InternalFailure":                          {"EKS itself failed", ""},
	"Ec2LaunchTemplateVersionMaxLimitExceeded": {"its launch template has as many versions as EC2 allows", "delete old ones"},
	"Ec2LaunchTemplateMaxLimitExceeded":        {"the account has as many launch templates as EC2 allows", "delete those that nobody uses"},
	"Ec2InstanceTypeDoesNotExist": {
		"there is no such instance type in the region",
		"name another one in a file (-f FILE)",
	},
	"AmiIdNotFound": {"its AMI is gone", "name another one in a file (-f FILE)"},
	"AutoScalingGroupOptInRequired": {
		"the account has not opted in to what its Auto Scaling group asks for",
		"opt in",
	},
	"AutoScalingGroupRateLimitExceeded": {"Auto Scaling is asked too often", ""},
	"Ec2LaunchTemplateDeletionFailure":  {"EKS could not delete its launch template", ""},
	"Ec2SecurityGroupDeletionFailure": {
		"EKS could not delete its remote access security group: something uses it",
		"find what does (aws ec2 describe-network-interfaces)",
	},
	"Ec2SubnetListTooLong":  {"it has more subnets than Auto Scaling takes", "name fewer in a file (-f FILE)"},
	"Ec2SubnetNotSupported": {"nodes cannot be in one of its subnets", "name others in a file (-f FILE)"},
	"IamLimitExceeded": {
		"the account's quota of IAM resources is used up",
		"have it raised, or delete what nobody uses",
	},
	"IamThrottling":          {"IAM is asked too often", ""},
	"LimitExceeded":          {"a quota of the account is used up", "have it raised (Service Quotas)"},
	"NodeTerminationFailure": {"nodes of it do not end", "see the instances that the message names"},
	"Unknown":                {"EKS does not say", ""},
	"SourceEc2LaunchTemplateVersionNotFound": {
		"the version of the launch template that it was made from is gone",
		"name another one in a file (-f FILE)",
	},
}

// AilmentOf is what an issue's code means; false of one that is not known.
func AilmentOf(code string) (Ailment, bool) {
	a, ok := ailments[code]
	return a, ok
}

// Upgradable tells whether EKS upgrades a node group in place that has an issue of a code
// (EKS API: UpdateNodegroupVersion's precheck).
func Upgradable(code string) bool {
	return slices.Contains([]string{"AsgInstanceLaunchFailures", "InstanceLimitExceeded", "InsufficientFreeAddresses", "ClusterUnreachable"}, code)
}
