package eks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// EKS looks at what a cluster and its node groups stand on from time to time, and
// reports what is missing as health issues. The user guide says within three
// hours; 9 minutes were measured (facts/eks.md §1).
func (c *cluster) watchHealth() {
	c.e.w.Schedule(c.e.w.Draw("eks:health-check", *c.Name, 9*time.Minute, 5*time.Minute, 15*time.Minute), "eks:health", c.ID, nil)
}

func (c *cluster) checkHealth() {
	if !c.Deleting {
		c.look()
		c.watchHealth()
	}
}

// look brings the health of the cluster and its groups up to date.
func (c *cluster) look() {
	c.Health = &types.ClusterHealth{Issues: findings(c, clusterChecks)}
	for _, g := range c.groups.All() {
		if !g.stands() {
			continue
		}
		g.Health = &types.NodegroupHealth{Issues: findings(g, groupChecks)}
		g.rest()
	}
}

// stands tells whether nothing is being done to a group.
func (g *nodegroup) stands() bool {
	return g.Status == types.NodegroupStatusActive || g.Status == types.NodegroupStatusDegraded
}

// rest is the status of a group that nothing is done to: its health says which.
func (g *nodegroup) rest() {
	g.Status = types.NodegroupStatusActive
	if len(g.Health.Issues) > 0 {
		g.Status = types.NodegroupStatusDegraded
	}
}

func findings[T, I any](x T, checks []func(T) *I) []I {
	out := []I{}
	for _, check := range checks {
		if i := check(x); i != nil {
			out = append(out, *i)
		}
	}
	return out
}

func clusterIssue(code types.ClusterIssueCode, ids []string, format string, a ...any) *types.ClusterIssue {
	if len(ids) == 0 {
		return nil
	}
	return &types.ClusterIssue{Code: code, Message: new(fmt.Sprintf(format, a...)), ResourceIds: ids}
}

// clusterChecks are what a control plane stands on (facts/eks.md §1, §5 rows 26-30).
var clusterChecks = []func(*cluster) *types.ClusterIssue{
	func(c *cluster) *types.ClusterIssue {
		return clusterIssue(types.ClusterIssueCodeEc2SubnetNotFound,
			missing(c.ResourcesVpcConfig.SubnetIds, func(id string) bool { return c.e.ec2.Subnet(id) != nil }),
			"We couldn't find one or more subnets associated with your cluster.")
	},
	func(c *cluster) *types.ClusterIssue {
		return clusterIssue(types.ClusterIssueCodeEc2SecurityGroupNotFound,
			missing(c.ResourcesVpcConfig.SecurityGroupIds, func(id string) bool { return c.e.ec2.Group(id) != nil }),
			"We couldn't find one or more security groups associated with your cluster.")
	},
	func(c *cluster) *types.ClusterIssue {
		return clusterIssue(types.ClusterIssueCodeVpcNotFound,
			missing([]string{*c.ResourcesVpcConfig.VpcId}, func(id string) bool { return c.e.ec2.Vpc(id) != nil }),
			"We couldn't find the VPC associated with your cluster.")
	},
	func(c *cluster) *types.ClusterIssue {
		return clusterIssue(types.ClusterIssueCodeInsufficientFreeAddresses, missing(c.ResourcesVpcConfig.SubnetIds, func(id string) bool {
			sub := c.e.ec2.Subnet(id)
			return sub == nil || *sub.AvailableIpAddressCount >= updateAddresses
		}), "One or more of the subnets associated with your cluster does not have enough available IP addresses for Amazon EKS to perform cluster "+
			"management operations.")
	},
	func(c *cluster) *types.ClusterIssue {
		return clusterIssue(types.ClusterIssueCodeIamRoleNotFound, missing([]string{*c.RoleArn}, func(arn string) bool { return c.e.iam.Role(arn) != nil }),
			"We couldn't find the cluster IAM role associated with your cluster.")
	},
	func(c *cluster) *types.ClusterIssue {
		return clusterIssue(types.ClusterIssueCodeAccessDenied, missing([]string{*c.RoleArn}, func(arn string) bool {
			return c.e.iam.Role(arn) == nil || c.e.iam.Assumable(arn, "eks.amazonaws.com")
		}), "Amazon EKS could not assume the cluster IAM role %s: its trust relationship does not allow eks.amazonaws.com.", *c.RoleArn)
	},
	keyIssue,
	func(c *cluster) *types.ClusterIssue {
		if c.kube == nil || c.kube.Down() == "" {
			return nil
		}
		return clusterIssue(types.ClusterIssueCodeClusterUnreachable, []string{*c.Name},
			"Amazon EKS is unable to communicate with your Kubernetes cluster API server: %s", c.kube.Down())
	},
}

// updateAddresses is how many free addresses a control-plane subnet needs for a
// version update (facts/eks.md §3).
const updateAddresses = 5

// keyIssue reports the KMS key of secrets encryption: gone, going or disabled.
func keyIssue(c *cluster) *types.ClusterIssue {
	for _, e := range c.EncryptionConfig {
		arn := *e.Provider.KeyArn
		switch k := c.e.kms.Key(arn); {
		case k == nil:
			return clusterIssue(types.ClusterIssueCodeKmsKeyNotFound, []string{arn}, "We couldn't find the KMS key associated with your cluster.")
		case k.KeyState == kmstypes.KeyStatePendingDeletion:
			return clusterIssue(types.ClusterIssueCodeKmsKeyMarkedForDeletion, []string{arn},
				"The KMS key associated with your cluster is marked for deletion.")
		case !k.Enabled:
			return clusterIssue(types.ClusterIssueCodeKmsKeyDisabled, []string{arn}, "The KMS key associated with your cluster is disabled.")
		}
	}
	return nil
}

func missing(ids []string, there func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(ids), there)
}

// groupIssue words an issue as EKS's API reference does.
func groupIssue(code types.NodegroupIssueCode, bad bool, id, text string) *types.Issue {
	if !bad {
		return nil
	}
	return &types.Issue{Code: code, Message: new(text), ResourceIds: []string{id}}
}

// groupChecks are what a managed node group stands on (facts/eks.md §5 rows 22-26).
var groupChecks = []func(*nodegroup) *types.Issue{
	func(g *nodegroup) *types.Issue {
		return groupIssue(types.NodegroupIssueCodeAutoScalingGroupNotFound, g.c.e.asg.Group(g.ASG) == nil, g.ASG,
			"We couldn't find the Auto Scaling group associated with the managed node group. You may be able to recreate an Auto Scaling group with the "+
				"same settings to recover.")
	},
	func(g *nodegroup) *types.Issue {
		_, _, err := g.c.e.ec2.TemplateData(&g.Template, nil, g.templateVersion())
		return groupIssue(types.NodegroupIssueCodeEc2LaunchTemplateNotFound, err != nil, g.Template,
			"We couldn't find the Amazon EC2 launch template for your managed node group. You may be able to recreate a launch template with the same "+
				"settings to recover.")
	},
	func(g *nodegroup) *types.Issue {
		id, version := g.c.e.asg.Template(g.ASG)
		return groupIssue(types.NodegroupIssueCodeEc2LaunchTemplateVersionMismatch, id != "" && (id != g.Template || version != g.templateVersion()), g.Template,
			"The Amazon EC2 launch template version for your managed node group does not match the version that Amazon EKS created. You may be able to "+
				"revert to the version that Amazon EKS created to recover.")
	},
	func(g *nodegroup) *types.Issue {
		if g.UserLT == nil {
			return nil
		}
		_, _, err := g.c.e.ec2.TemplateData(g.UserLT.Id, nil, *g.UserLT.Version)
		return groupIssue(types.NodegroupIssueCodeSourceEc2LaunchTemplateNotFound, err != nil, *g.UserLT.Id,
			"We couldn't find the source Amazon EC2 launch template for your managed node group.")
	},
	func(g *nodegroup) *types.Issue {
		return groupIssue(types.NodegroupIssueCodeIamNodeRoleNotFound, g.c.e.iam.Role(*g.NodeRole) == nil, *g.NodeRole,
			"We couldn't find the IAM role for your managed node group. You may be able to recreate an IAM role with the same settings to recover.")
	},
	func(g *nodegroup) *types.Issue {
		return groupIssue(types.NodegroupIssueCodeIamInstanceProfileNotFound, !g.c.e.iam.HasProfile(g.Profile), g.Profile,
			"We couldn't find the IAM instance profile for your managed node group. You may be able to recreate an instance profile with the same "+
				"settings to recover.")
	},
	func(g *nodegroup) *types.Issue {
		gone := missing(g.Subnets, func(id string) bool { return g.c.e.ec2.Subnet(id) != nil })
		return groupIssue(types.NodegroupIssueCodeEc2SubnetNotFound, len(gone) > 0, strings.Join(gone, ","),
			"We couldn't find one or more subnets of your managed node group.")
	},
	func(g *nodegroup) *types.Issue {
		return groupIssue(types.NodegroupIssueCodeClusterUnreachable, g.c.kube.Down() != "", *g.c.Name,
			"Amazon EKS or one or more of your managed nodes is unable to to communicate with your Kubernetes cluster API server. This can happen if "+
				"there are network disruptions or if API servers are timing out processing requests.")
	},
	func(g *nodegroup) *types.Issue {
		return groupIssue(types.NodegroupIssueCodeAccessDenied, !g.c.nodeManaged(), *g.c.Name,
			"Amazon EKS or one or more of your managed nodes is failing to authenticate or authorize with your Kubernetes cluster API server.")
	},
	// A failed scale-out stays until one succeeds, even at size 0 (RM#2326).
	func(g *nodegroup) *types.Issue { return launchIssue(g.ASG, g.c.e.asg.LastFailure(g.ASG)) },
}

// launchIssue is how EKS words why the group's instances could not be started.
func launchIssue(asg, why string) *types.Issue {
	switch {
	case why == "":
		return nil
	case strings.Contains(why, "InsufficientFreeAddressesInSubnet"):
		return groupIssue(types.NodegroupIssueCodeInsufficientFreeAddresses, true, asg,
			"Amazon Autoscaling was unable to launch instances because there are not enough free addresses in the subnet associated with your AutoScaling "+
				"group(s).")
	}
	return groupIssue(types.NodegroupIssueCodeAsgInstanceLaunchFailures, true, asg, why)
}

// nodeManager is the role by which EKS looks after managed nodes (facts/eks.md §5 row 25).
const nodeManager = "eks:node-manager"

func (c *cluster) grantNodeManager() {
	r := &rbacv1.ClusterRole{Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"},
		Verbs: []string{"get", "list", "watch", "delete"}}, {APIGroups: []string{""}, Resources: []string{"nodes"},
		Verbs: []string{"get", "list", "watch", "patch"}}, {APIGroups: []string{""}, Resources: []string{"pods/eviction"}, Verbs: []string{"create"}}}}
	b := &rbacv1.ClusterRoleBinding{RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: nodeManager},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: nodeManager}}}
	r.Name, b.Name = nodeManager, nodeManager
	c.kube.Save(r)
	c.kube.Save(b)
}

func (c *cluster) nodeManaged() bool {
	return kubeapi.Get[rbacv1.ClusterRole](c.kube, "", nodeManager) != nil && kubeapi.Get[rbacv1.ClusterRoleBinding](c.kube, "", nodeManager) != nil
}
