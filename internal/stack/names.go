package stack

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
)

// Limits of names, in characters.
const (
	stackNameLimit  = 128 // CloudFormation's: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html
	policyNameLimit = 128 // IAM's: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
)

// fit is a name within a limit: its own, or what fits of it and a hash of the whole,
// so that the same long name is always cut to the same short one.
func fit(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))[:8]
	return strings.TrimRight(name[:limit-len(hash)-1], "-") + "-" + hash
}

// stackName joins a stack's name. eksctl's names go beyond CloudFormation's limit
// with long parts; ours are cut. Either tool finds a stack by its prefix and tags.
func stackName(parts ...string) string {
	return fit("eksctl-"+strings.Join(parts, "-"), stackNameLimit)
}

// ClusterName is the cluster stack's name.
func ClusterName(cluster string) string { return stackName(cluster, "cluster") }

// GroupName is a node group stack's name.
func GroupName(cluster, group string) string { return stackName(cluster, "nodegroup", group) }

// ServiceAccountName is the stack of an IAM role for a service account.
func ServiceAccountName(cluster, ns, name string) string {
	return stackName(cluster, "addon-iamserviceaccount", ns, name)
}

// AddonRoleName is the stack of an add-on's IRSA role.
func AddonRoleName(cluster, addon string) string { return stackName(cluster, "addon", addon) }

// AddonPodRoleName is the stack of an add-on's pod identity role.
func AddonPodRoleName(cluster, addon, sa string) string {
	return stackName(cluster, "addon", addon, "podidentityrole", sa)
}

// PodRoleName is the stack of a pod identity association's role.
func PodRoleName(cluster, ns, sa string) string {
	return stackName(cluster, "podidentityrole", ns, sa)
}

// FargateName is the stack of a pod execution role that the cluster stack lacks.
func FargateName(cluster string) string { return stackName(cluster, "fargate") }

// AccessEntryName is the stack of an access entry.
func AccessEntryName(cluster, principal string) string {
	h := sha1.Sum([]byte(principal))
	return stackName(cluster, "accessentry", base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(h[:]))
}

// policyName is an inline policy's name: eksctl's, the stack's name and the logical
// ID, where IAM takes it.
func policyName(stack, id string) any {
	if len(stack)+1+len(id) <= policyNameLimit {
		return Sub("${AWS::StackName}-" + id)
	}
	return fit(stack, policyNameLimit-1-len(id)) + "-" + id
}

// letters numbers logical IDs A to Z, AA, AB, …
func letters(i int) string {
	last := string(rune('A' + i%26))
	if i < 26 {
		return last
	}
	return letters(i/26-1) + last
}

// zoneID turns us-west-2a into USWEST2A, as logical IDs carry it.
func zoneID(az string) string { return strings.ToUpper(strings.ReplaceAll(az, "-", "")) }

// OfSubnet are the logical IDs of a subnet's resources.
type OfSubnet struct{ Subnet, Association string }

// SubnetNames are the logical IDs of a zone's subnet in a cluster stack, public or private,
// whose names differ in IPv6 networks.
func SubnetNames(kind, zone string, ipv6 bool) OfSubnet {
	z := zoneID(zone)
	if ipv6 {
		return OfSubnet{kind + "Subnet" + z, kind + "RouteTableAssociation" + z}
	}
	return OfSubnet{"Subnet" + kind + z, "RouteTableAssociation" + kind + z}
}
