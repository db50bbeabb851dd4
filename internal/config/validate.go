package config

import (
	"strconv"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
)

// Rule is one kind of thing that can be found wrong in a file without asking AWS.
type Rule struct {
	Title  string   // what is checked
	Source string   // whose rule it is
	Codes  []string // of the findings it makes
	find   func(*File) finding.Findings
}

// rules in the order in which they are looked at.
var rules = []Rule{
	{"Form, cluster name, region and version", "eksctl; EKS CreateCluster; CloudFormation CreateStack",
		[]string{"api-version", "kind-unknown", "name-invalid", "region-invalid", "version-invalid"}, meta},
	{"Parts of eksctl's schema that Slipway does not launch", "DESIGN.md", []string{"not-launched"}, unsupported},
	{"VPC, endpoint access and address blocks", "EKS CreateCluster; eksctl", []string{"block-invalid", "endpoint-closed", "too-many-blocks"}, network},
	{"What an IPv6 cluster needs", "EKS user guide; eksctl", []string{"ipv6-addon-missing", "ipv6-needs-oidc", "ipv6-needs-nat"}, ipv6},
	{"Subnets that the file names", "eksctl", []string{"subnet-undescribed", "subnet-twice"}, subnetsNamed},
	{"Node groups' names and number", "CloudFormation CreateStack; EKS quotas", []string{"name-invalid", "name-twice", "too-many-groups"}, groupNames},
	{"Node groups' sizes and updates", "EKS CreateNodegroup; eksctl", []string{"sizes-order", "sizes-limit", "update-config-invalid", "fields-conflict"},
		groupSizes},
	{"Fields of a node group that exclude each other", "eksctl", []string{"fields-conflict", "not-for-managed", "not-for-family", "repair-action"}, groupFields},
	{"Fields beside a launch template", "eksctl; EKS CreateNodegroup", []string{"beside-launch-template", "launch-template-version"}, besideTemplate},
	{
		"AMI families and custom AMIs",
		"eksctl; EKS user guide",
		[]string{"ami-family-ended", "ami-needs-bootstrap", "ami-invalid", "override-invalid"},
		groupImages,
	},
	{"What a node group's instances run when they start fits into user data", "EC2 RunInstances", []string{"user-data-size"}, userDataSize},
	{"Instance types: their form, and one architecture in a group", "EC2; EKS CreateNodegroup",
		[]string{"type-invalid", "architectures-mixed", "architecture-of-family"}, groupTypes},
	{"Volumes: sizes, IOPS and throughput by type", "EC2 CreateVolume", []string{"volume-invalid"}, volumes},
	{"Labels: Kubernetes' syntax and reserved prefixes", "Kubernetes; EKS CreateNodegroup; eksctl", []string{"label-invalid", "label-reserved"}, labels},
	{"Taints: Kubernetes' syntax and effects", "Kubernetes; EKS CreateNodegroup", []string{"taint-invalid", "taint-twice"}, taints},
	{"Tags: number, length, characters, reserved and ambiguous keys", "AWS tagging; IAM; CloudFormation",
		[]string{"tag-invalid", "tag-reserved", "tag-ambiguous", "too-many-tags"}, tags},
	{"Add-ons: permissions, timeouts, configuration values as YAML or JSON", "EKS CreateAddon; eksctl",
		[]string{"name-twice", "duration-invalid", "configuration-values-invalid", "addon-permissions-twice", "addon-account-unknown"}, addons},
	{"Pod identity associations of add-ons", "EKS CreateAddon; eksctl", []string{"not-for-addons"}, addonAssociations},
	{"A network plugin of the user's", "Slipway", []string{"cni-invalid", "cni-twice"}, cni},
	{"Service accounts with IAM roles", "eksctl", []string{"needs-oidc", "key-missing", "name-twice", "account-without-permissions"}, serviceAccounts},
	{"Pod identity associations", "eksctl", []string{"key-missing", "fields-conflict", "account-without-permissions"},
		podIdentities},
	{"Names of namespaces, service accounts, roles, policies and profiles", "Kubernetes; IAM; CloudFormation; EKS", []string{"name-invalid"}, otherNames},
	{"Access: modes, entries, and that somebody is let in", "EKS CreateCluster; eksctl",
		[]string{"access-needs-api", "access-nobody", "mapping-unread", "arn-invalid", "name-twice", "access-entry-invalid"}, access},
	{"Identity mappings", "eksctl", []string{"mapping-invalid"}, mappings},
	{"ARNs: their form, and the region's partition", "AWS", []string{"arn-invalid", "arn-partition"}, arns},
	{"Fargate profiles", "EKS CreateFargateProfile", []string{"too-many-profiles", "name-twice", "selectors-count"}, fargate},
	{"Identity providers, encryption and log retention", "EKS; CloudWatch Logs PutRetentionPolicy",
		[]string{"too-many-providers", "arn-invalid", "log-retention-invalid"}, services},
}

// reading is what the loader itself finds.
var reading = Rule{Title: "Text, YAML, keys and types of values", Source: "YAML 1.2; eksctl's schema",
	Codes: []string{"file-unreadable", "file-encoding", "file-empty", "second-document", "no-such-group",
		"yaml-syntax", "yaml-alias", "key-unknown", "key-twice", "key-missing", "value-type", "value-not-possible", "item-empty", "block-invalid"}}

// Rules lists what is checked without asking AWS, for the documentation.
func Rules() []Rule { return append([]Rule{reading}, rules...) }

// validate finds what is wrong without asking AWS, all of it.
func (f *File) validate() finding.Findings {
	var ps finding.Findings
	for _, r := range rules {
		ps = append(ps, r.find(f)...)
	}
	return ps
}

func minor(v string) int {
	_, m, _ := strings.Cut(v, ".")
	n, _ := strconv.Atoi(m)
	return n
}
