package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
)

// groupName is what a stack's name takes, of which a group's is a part.
var groupName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}$`)

// groupNames: names that EKS and CloudFormation take, each once.
func groupNames(f *File) finding.Findings {
	var ps finding.Findings
	seen := map[string]string{}
	f.Cluster.EachGroup(func(g Group) {
		if !groupName.MatchString(g.Name) {
			ps = append(ps, f.At(
				"name-invalid",
				g.Path+".name",
				"%q cannot be a node group's name: letters, digits and hyphens, at most 63, a letter or digit first (it is part of a CloudFormation stack's name)",
				g.Name,
			))
		}
		if at := seen[g.Name]; at != "" && g.Name != "" {
			ps = append(ps, f.At("name-twice", g.Path+".name", "the name %q is taken by %s", g.Name, at))
		}
		seen[g.Name] = g.Path
	})
	if n := len(f.Cluster.ManagedNodeGroups); n > 30 {
		ps = append(ps, f.At("too-many-groups", "managedNodeGroups", "EKS takes at most 30 managed node groups in a cluster, not %d", n))
	}
	return ps
}

// groupSizes: sizes in their order, and how many nodes an update may take at once.
func groupSizes(f *File) finding.Findings {
	var ps finding.Findings
	f.Cluster.EachGroup(func(g Group) {
		lo, want, hi := *g.MinSize, *g.DesiredCapacity, *g.MaxSize
		if lo < 0 || lo > want || want > hi {
			ps = append(ps, f.At("sizes-order", g.Path, "sizes must rise from minSize to desiredCapacity to maxSize, not %d, %d, %d", lo, want, hi))
		}
		if g.Managed != nil && hi > 450 {
			ps = append(ps, f.At("sizes-limit", g.Path+".maxSize", "EKS takes at most 450 nodes in a managed node group, not %d", hi))
		}
		if g.Managed != nil && hi < 1 {
			ps = append(ps, f.At("sizes-limit", g.Path+".maxSize", "EKS takes no managed node group that can hold no node: maxSize is at least 1, not %d", hi).
				With("desiredCapacity: 0 with maxSize: 1 makes a group without nodes"))
		}
		u := g.UpdateConfig
		if u == nil {
			return
		}
		if u.MaxUnavailable != nil && u.MaxUnavailablePercentage != nil {
			ps = append(ps, f.At("fields-conflict", g.Path+".updateConfig", "takes maxUnavailable or maxUnavailablePercentage, not both"))
		}
		if n := Int(u.MaxUnavailable, 1); n < 1 || n > 100 || n > max(hi, 1) {
			ps = append(ps, f.At("update-config-invalid", g.Path+".updateConfig.maxUnavailable",
				"is from 1 to 100 nodes, and no more than maxSize (%d), not %d", hi, n))
		}
		if n := Int(u.MaxUnavailablePercentage, 1); n < 1 || n > 100 {
			ps = append(ps, f.At("update-config-invalid", g.Path+".updateConfig.maxUnavailablePercentage", "is from 1 to 100, not %d", n))
		}
	})
	return ps
}

// groupFields: fields that exclude each other, or that mean nothing to this kind of
// group or AMI family.
func groupFields(f *File) finding.Findings {
	var ps finding.Findings
	f.Cluster.EachGroup(func(g Group) {
		no := func(code, field, format string, a ...any) {
			ps = append(ps, f.At(code, g.Path+"."+field, format, a...))
		}
		if g.InstanceSelector != nil && g.InstanceType != "" && g.InstanceType != "mixed" {
			no("fields-conflict", "instanceSelector", "cannot stand beside instanceType")
		}
		if len(g.AvailabilityZones) > 0 && len(g.Subnets) > 0 {
			no("fields-conflict", "subnets", "cannot stand beside availabilityZones: a subnet is in its zone")
		}
		if i := g.IAM; i.InstanceRoleARN != "" || i.InstanceProfileARN != "" {
			for field, used := range map[string]bool{
				"instanceRoleName":                i.InstanceRoleName != "",
				"attachPolicy":                    i.AttachPolicy != nil,
				"attachPolicyARNs":                len(i.AttachPolicyARNs) > 0,
				"instanceRolePermissionsBoundary": i.InstanceRolePermissionsBoundary != "",
				"withAddonPolicies":               i.WithAddonPolicies != nil && *i.WithAddonPolicies != (NodeGroupIAMAddonPolicies{}),
			} {
				if used {
					no("fields-conflict", "iam."+field, "describes a role to be made; the group has one: iam.instanceRoleARN or iam.instanceProfileARN")
				}
			}
		}
		if s := g.SSH; s != nil && count(s.PublicKey != "", s.PublicKeyName != "", s.PublicKeyPath != "") > 1 {
			no("fields-conflict", "ssh", "takes one of publicKey, publicKeyName and publicKeyPath")
		}
		if g.Managed != nil {
			managedFields(g, no)
		} else if d := g.Own.InstancesDistribution; d != nil && g.InstanceType != "" && g.InstanceType != "mixed" {
			no("fields-conflict", "instanceType", "cannot stand beside instancesDistribution, except as \"mixed\"")
		}
		familyFields(g, no)
	})
	return inOrder(ps)
}

func count(bs ...bool) (n int) {
	for _, b := range bs {
		if b {
			n++
		}
	}
	return n
}

func managedFields(g Group, no func(code, field, format string, a ...any)) {
	if len(g.Managed.InstanceTypes) > 0 && g.InstanceType != "" {
		no("fields-conflict", "instanceType", "cannot stand beside instanceTypes")
	}
	if s := g.SecurityGroups; s.WithLocal != nil || s.WithShared != nil {
		no("not-for-managed", "securityGroups",
			"withLocal and withShared are for self-managed groups; a managed group's nodes are in the cluster security group, and attachIDs adds others")
	}
	if g.IAM.InstanceProfileARN != "" {
		no("not-for-managed", "iam.instanceProfileARN", "EKS makes the instance profile of a managed group; give iam.instanceRoleARN")
	}
	if r := g.Managed.NodeRepairConfig; r != nil {
		for i, o := range r.NodeRepairConfigOverrides {
			if o.RepairAction != "" && !slices.Contains(repairActions, o.RepairAction) {
				no("repair-action", fmt.Sprintf("nodeRepairConfig.nodeRepairConfigOverrides[%d].repairAction", i), "EKS knows %s, not %q",
					strings.Join(repairActions, ", "), o.RepairAction)
			}
		}
	}
}

// repairActions are what EKS does with a node (RepairAction in its API of November 2026;
// eksctl's example has two of an earlier draft, which EKS refuses).
var repairActions = []string{"Replace", "Reboot", "NoAction"}

// familyFields: what only some AMI families read (eksctl refuses the same).
func familyFields(g Group, no func(code, field, format string, a ...any)) {
	bottlerocket := strings.HasPrefix(g.AmiFamily, "Bottlerocket")
	if g.Bottlerocket != nil && !bottlerocket && g.AmiFamily != "" {
		no("not-for-family", "bottlerocket", "is read by Bottlerocket nodes alone, and amiFamily is %s", g.AmiFamily)
	}
	if bottlerocket {
		for field, used := range map[string]bool{"preBootstrapCommands": len(g.PreBootstrapCommands) > 0,
			"overrideBootstrapCommand": g.OverrideBootstrapCommand != "",
			"kubeletExtraConfig":       g.Own != nil && g.Own.KubeletExtraConfig != nil} {
			if used {
				no("not-for-family", field, "cannot be used with %s, which runs no commands; see bottlerocket.settings", g.AmiFamily)
			}
		}
	}
	if g.Windows() && g.Own != nil && g.Own.KubeletExtraConfig != nil {
		no("not-for-family", "kubeletExtraConfig", "cannot be used with %s", g.AmiFamily)
	}
	if g.Own != nil {
		forbidden := []string{"kind", "apiVersion", "address", "clusterDomain", "authentication", "authorization", "serverTLSBootstrap"}
		for _, k := range sorted(g.Own.KubeletExtraConfig) {
			if slices.Contains(forbidden, k) {
				no("fields-conflict", "kubeletExtraConfig."+k, "cannot be changed: the node could not join with another")
			}
		}
	}
}

// groupImages: families that have ended, and AMIs of the user's.
func groupImages(f *File) finding.Findings {
	var ps finding.Findings
	f.Cluster.EachGroup(func(g Group) {
		if g.AmiFamily == "AmazonLinux2" && minor(f.Cluster.Metadata.Version) > 32 {
			ps = append(ps, f.At("ami-family-ended", g.Path+".amiFamily",
				"AmazonLinux2 has ended: EKS builds it for Kubernetes 1.32 and earlier; use AmazonLinux2023"))
		}
		if strings.HasPrefix(g.AmiFamily, "UbuntuPro2004") || g.AmiFamily == "Ubuntu2004" {
			ps = append(ps, f.At("ami-family-ended", g.Path+".amiFamily", "%s has ended; use Ubuntu2404", g.AmiFamily))
		}
		if g.AMI != "" && !strings.HasPrefix(g.AMI, "ami-") && !slices.Contains([]string{"auto", "auto-ssm", "static"}, g.AMI) {
			ps = append(ps, f.At("ami-invalid", g.Path+".ami", "%q is no AMI's ID, such as ami-0123456789abcdef0", g.AMI))
		}
		if strings.HasPrefix(g.AMI, "ami-") && g.OverrideBootstrapCommand == "" && (g.AmiFamily == "AmazonLinux2" || g.Windows()) && g.Managed != nil {
			ps = append(ps, f.At("ami-needs-bootstrap", g.Path+".ami", "a custom AMI of family %s needs overrideBootstrapCommand", g.AmiFamily))
		}
		if _, err := OverrideKind(g.NodeGroupBase); err != nil && g.AmiFamily == "AmazonLinux2023" {
			ps = append(ps, f.At("override-invalid", g.Path+".overrideBootstrapCommand", "%s", err).
				With("nodes would not join; see https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/"))
		}
	})
	return ps
}

// UserDataLimit is how many bytes of user data an instance takes, before base64 (EC2
// RunInstances).
const UserDataLimit = 16 << 10

// userDataSize: what the file gives alone must fit; with what joins a node to its
// cluster it is looked at before the first create.
func userDataSize(f *File) finding.Findings {
	var ps finding.Findings
	f.Cluster.EachGroup(func(g Group) {
		n := len(g.OverrideBootstrapCommand)
		for _, c := range g.PreBootstrapCommands {
			n += len(c)
		}
		if n > UserDataLimit {
			ps = append(
				ps,
				f.At("user-data-size", LongestCommands(g), "what the nodes are to run has %d bytes; EC2 takes at most %d of user data", n, UserDataLimit).
					With(ShorterUserData),
			)
		}
	})
	return ps
}

// ShorterUserData is what to do about user data that is too long.
const ShorterUserData = "fetch the script from S3, or bake it into an AMI of your own"

// LongestCommands is where most of a group's user data stands in the file.
func LongestCommands(g Group) string {
	field, longest := ".preBootstrapCommands", 0
	for _, c := range g.PreBootstrapCommands {
		longest += len(c)
	}
	if len(g.OverrideBootstrapCommand) > longest {
		field, longest = ".overrideBootstrapCommand", len(g.OverrideBootstrapCommand)
	}
	if g.Bottlerocket != nil && longest == 0 {
		field = ".bottlerocket.settings"
	}
	return g.Path + field
}
